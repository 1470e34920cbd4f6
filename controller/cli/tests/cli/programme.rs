use crate::film;
use crate::support::Place;
use cotmoc_test_kit::media::png;

fn draft(place: &Place, programme: &str) -> crate::support::Ran {
    place.write("bad.toml", programme.as_bytes());
    place.line("release draft bad.toml --out bad.dsse --offline --root root.dsse")
}

#[test]
fn a_half_edited_programme_has_all_its_mistakes_reported_at_once() {
    let place = Place::with_programme();
    let text = String::from_utf8(place.read("chuong-trinh.toml")).unwrap();
    let bad = text
        .replace("\"11:00\"", "\"25:00\"")
        .replace("dayparts = [\"sang\"]", "dayparts = [\"chieu\"]")
        .replace("dur_s = 15", "dur_s = \"fifteen\"")
        .replace("file = \"a.png\"", "file = \"khong-co.png\"")
        .replace("note =", "notes =");
    let said = draft(&place, &bad).refused(&[
        "bad.toml có 5 chỗ sai · bad.toml has 5 mistakes:",
        "bad.toml:4: notes: ở đây không có mục này",
        "no such key here; known are announcement, channel,",
        "bad.toml:13: daypart[1].to = \"25:00\": cần giờ như \"07:00\"",
        "expected a time such as",
        "bad.toml:27: playlist[1].item[2].file = \"khong-co.png\": không có tệp khong-co.png",
        "there is no file khong-co.png",
        "bad.toml:35: playlist[2].dayparts = [\"chieu\"]: không có [[daypart]] nào mang id chieu",
        "bad.toml:42: playlist[2].item[1].dur_s = \"fifteen\": cần số giây từ 0.5 đến 86400",
    ]);
    assert_eq!(said.lines().count(), 6, "{said}");
    assert!(!place.path("bad.dsse").exists());
}

#[test]
fn mistakes_of_form_are_reported_with_their_lines() {
    let place = Place::with_programme();
    let bad = "channel = \"hall\ndevices = [\"W01\"\n[[playlist]\n";
    draft(&place, bad).refused(&["bad.toml:1: (form):", "bad.toml:3: (form):"]);
}

#[test]
fn an_empty_programme_says_everything_that_it_lacks() {
    let place = Place::with_programme();
    draft(&place, "").refused(&[
        "channel: còn thiếu:",
        "devices: nêu ít nhất một màn hình",
        "name at least one wall",
        "playlist: cần ít nhất một danh sách chiếu",
        "fallback: còn thiếu hình dự phòng",
    ]);
}

#[test]
fn damaged_media_are_mistakes_of_the_programme_with_the_line_that_names_them() {
    let place = Place::with_programme();
    place.write("phim.mp4", b"text");
    place.write("b.png", b"");
    let text = String::from_utf8(place.read("chuong-trinh.toml")).unwrap();
    draft(&place, &text).refused(&[
        "bad.toml has 2 mistakes",
        "bad.toml:20: playlist[1].item[1].file:",
        "bad.toml:39: playlist[2].item[1].file:",
    ]);
}

#[test]
fn a_programme_that_could_leave_the_wall_with_nothing_to_show_is_refused() {
    let place = Place::with_programme();
    let text = String::from_utf8(place.read("chuong-trinh.toml")).unwrap();
    let windowed = text.replace(
        "source = \"Sở VHTTDL\"",
        "source = \"Sở VHTTDL\"\nto = 2026-12-01T10:00:00",
    );
    draft(&place, &windowed).refused(&[
        "bad.toml is not a good programme",
        "no playlist without dayparts has an item without a time window",
    ]);
}

#[test]
fn one_item_id_is_used_once() {
    let place = Place::with_programme();
    let text = String::from_utf8(place.read("chuong-trinh.toml")).unwrap();
    let twice = text.replace("id = \"thu-tuc\"", "id = \"le-hoi\"");
    draft(&place, &twice).refused(&[
        "bad.toml:39:",
        "id le-hoi đã dùng ở dòng 27",
        "le-hoi is used in line 27 already",
    ]);
}

#[test]
fn the_sample_programme_is_good() {
    let place = Place::with_people();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/programme.toml");
    std::fs::copy(sample, place.path("programme.toml")).unwrap();
    std::fs::create_dir(place.path("media")).unwrap();
    place.write("media/chao-mung.mp4", &film::mp4(1920, 1080, 30_000));
    for name in ["thu-tuc", "le-hoi", "du-phong", "khan-cap", "bieu-trung"] {
        let grey = u8::try_from(name.len()).unwrap();
        place.write(&format!("media/{name}.png"), &png(192, 108, [grey; 3]));
    }
    place.write("media/loa.wav", &wav(3));
    let made = place.json("release draft programme.toml --out r.dsse --offline --root root.dsse");
    assert_eq!(made["version"], 1);
    let items = &made["release"]["playlists"][0]["items"];
    assert_eq!(
        items[0]["dur_ms"], 30_000,
        "a film is shown as long as it is"
    );
    assert_eq!(items[1]["dur_ms"], 15_000);
    assert_eq!(items[2]["dur_ms"], 12_500);
    assert_eq!(made["release"]["fallback"]["dur_ms"], 10_000);
    assert_eq!(made["release"]["window"]["quota_min"], 840);
    let release = &made["release"];
    assert_eq!(release["playlists"][0]["crossfade_ms"], 800);
    assert_eq!(release["layout"]["zones"][1]["id"], "thong-bao");
    let overlays = release["layout"]["overlays"].as_array().unwrap();
    assert_eq!(overlays.len(), 3);
    assert_eq!(overlays[0]["ticker"]["messages"][2]["language"], "zh");
    assert_eq!(overlays[1]["clock"]["format"], "time-and-date");
    assert_eq!(overlays[2]["logo"]["opacity_percent"], 90);
    let slide = &release["playlists"][2]["items"][0]["asset"];
    assert_eq!(slide["mime"], "application/vnd.cotmoc.slide+json");
    assert_eq!(release["sound"]["volume"][1]["percent"], 30);
    assert_eq!(release["light"]["steps"][1]["gamma_percent"], 110);
    let announcement = &release["announcements"][0];
    assert_eq!(announcement["item"]["dur_ms"], 3_000);
    assert_eq!(announcement["times"][1], "16:30");
}

/// A tone of `seconds`, as simple as a sound file can be.
fn wav(seconds: u32) -> Vec<u8> {
    let bytes = seconds * 16_000;
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(8_000_u32.to_le_bytes());
    wav.extend(16_000_u32.to_le_bytes());
    wav.extend(b"\x02\0\x10\0data");
    wav.extend(bytes.to_le_bytes());
    let beat = [0_i16, 6_000, 8_000, 6_000, 0, -6_000, -8_000, -6_000];
    let samples = beat.iter().cycle().take((bytes / 2) as usize);
    wav.extend(samples.flat_map(|sample| sample.to_le_bytes()));
    wav
}

/// The programme of the place with something more at its end.
fn with(place: &Place, more: &str) -> String {
    let text = String::from_utf8(place.read("chuong-trinh.toml")).unwrap();
    let own = "[layout]\nwidth_px = 320\nheight_px = 180\n";
    assert!(text.contains(own));
    let text = match more.contains("[layout]") {
        true => text.replace(own, ""),
        false => text,
    };
    format!("{text}\n{more}")
}

const TWO_ZONES: &str = r#"
[layout]
width_px = 640
height_px = 360
[[layout.zone]]
id = "main"
x_px = 0
y_px = 0
width_px = 480
height_px = 330
[[layout.zone]]
id = "ben"
x_px = 480
y_px = 30
width_px = 160
height_px = 300
[[layout.ticker]]
[[layout.ticker.message]]
text = "Chào mừng"
language = "vi"
[[layout.clock]]
[[playlist]]
id = "ben"
zone = "ben"
[[playlist.item]]
id = "gio"
title = "Giờ mở cửa"
languages = ["vi"]
[playlist.item.slide]
lines = ["7 giờ", "19 giờ"]
"#;

#[test]
fn what_is_not_said_of_a_layout_is_placed_where_people_expect_it() {
    let place = Place::with_programme();
    place.write("hai.toml", with(&place, TWO_ZONES).as_bytes());
    let made = place.json("release draft hai.toml --out r.dsse --offline --root root.dsse");
    let layout = &made["release"]["layout"];
    let ticker = &layout["overlays"][0]["ticker"];
    assert_eq!(ticker["area"]["y_px"], 328);
    assert_eq!(ticker["area"]["width_px"], 640);
    assert_eq!(ticker["style"]["size_px"], 19);
    let clock = &layout["overlays"][1]["clock"]["area"];
    assert_eq!(
        (clock["x_px"].as_u64(), clock["y_px"].as_u64()),
        (Some(560), Some(0))
    );
    let first = &made["release"]["playlists"][0];
    assert_eq!(first["zone"], "main");
}

#[test]
fn every_mistake_of_a_layout_is_named_where_it_stands_with_what_helps() {
    let place = Place::with_programme();
    let bad = with(&place, TWO_ZONES)
        .replace("x_px = 480\n", "x_px = 482\n")
        .replace(
            "id = \"ben\"\nzone = \"ben\"",
            "id = \"ben\"\nzone = \"trai\"",
        )
        .replace("text = \"Chào mừng\"\n", "text = \"\"\n")
        .replace(
            "[[layout.clock]]",
            "[[layout.clock]]\nformat = \"moon\"\ncolour = \"red\"",
        )
        .replace("lines =", "template = \"dep\"\nlines =");
    draft(&place, &bad).refused(&[
        "layout.zone[2]: không vừa khung hình 640×360",
        "zone ben: 160×300 px at 482, 30 reaches past the canvas of 640×360",
        "playlist[3].zone = \"trai\": cần tên một vùng hiển thị: main, ben",
        "layout.ticker[1]: không vừa khung hình 640×360 hoặc không đúng quy tắc · ticker: a message",
        "layout.clock[1].format = \"moon\": cần time, seconds",
        "layout.clock[1].colour = \"red\": cần màu như",
        "playlist[3].item[1].slide.template = \"dep\": cần \"thong-bao\"",
    ]);
}

#[test]
fn plans_and_announcements_are_read_strictly() {
    let place = Place::with_programme();
    let more = r#"
[sound]
target_lufs = 23
[[sound.volume]]
from = "22:00"
percent = 0
[[sound.volume]]
from = "07:00"
percent = 101
[[light.step]]
from = "18:00"
brightness_percent = 5
[[announcement]]
id = "loa"
file = "a.png"
title = "Loa"
languages = ["vi"]
times = ["8:00"]
"#;
    draft(&place, &with(&place, more)).refused(&[
        "sound.target_lufs = 23: cần độ lớn âm thanh từ -40 đến -10 LUFS",
        "sound.volume[2].percent = 101: cần phần trăm từ 0 đến 100",
        "light.step[1].brightness_percent = 5: cần độ sáng từ 10 đến 100",
        "announcement[1].times = \"8:00\": cần giờ phát như",
        "announcement[1].file: image/png: không phải âm thanh",
        "an announcement is Ogg, MP3 or WAV",
    ]);
}

#[test]
fn a_slide_and_a_file_are_not_given_together() {
    let place = Place::with_programme();
    let text = with(&place, TWO_ZONES).replace("id = \"gio\"", "id = \"gio\"\nfile = \"a.png\"");
    draft(&place, &text).refused(&["playlist[3].item[1].file", "bỏ file và sha256"]);
}

#[test]
fn whoever_signs_sees_the_layout_every_word_and_every_step() {
    let place = Place::with_programme();
    let more = format!(
        "{TWO_ZONES}\n[sound]\ntarget_lufs = -19.5\n[[sound.volume]]\nfrom = \"07:00\"\npercent = 55\n\
         [[light.step]]\nfrom = \"18:00\"\nbrightness_percent = 45\n"
    );
    place.write("hai.toml", with(&place, &more).as_bytes());
    place
        .line("release draft hai.toml --out r.dsse --offline --root root.dsse")
        .good();
    let shown = place
        .line("release show r.dsse --day 2026-11-24")
        .good()
        .out;
    for part in [
        "640×360 px",
        "480×330 @ 0,0",
        "| ",
        "~~~~",
        "::::",
        "Chào mừng",
        "-19.5 LUFS",
        "07:00 55 %",
        "45 %",
        "Vùng · Zone ben",
        "Vùng · Zone main",
    ] {
        assert!(shown.contains(part), "{part:?} is not in\n{shown}");
    }
    let louder = with(
        &place,
        &more.replace("Chào mừng", "Tạm biệt").replace("55", "90"),
    );
    place.write("khac.toml", louder.as_bytes());
    place
        .line("release draft khac.toml --out r2.dsse --offline --root root.dsse")
        .good();
    let diff = place.line("release diff r2.dsse r.dsse").good().out;
    for part in [
        "Tạm biệt (vi, –)",
        "Chào mừng (vi, –)",
        "07:00 90 %",
        "sound · volume",
    ] {
        assert!(diff.contains(part), "{part:?} is not in\n{diff}");
    }
}
