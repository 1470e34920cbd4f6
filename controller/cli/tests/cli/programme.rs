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
        "bad.toml has 5 mistakes:",
        "bad.toml:4: notes: no such key here; known are channel,",
        "bad.toml:13: daypart[1].to = \"25:00\": expected a time such as",
        "bad.toml:27: playlist[1].item[2].file = \"khong-co.png\": there is no file",
        "bad.toml:35: playlist[2].dayparts = [\"chieu\"]: there is no [[daypart]] with the id chieu",
        "bad.toml:42: playlist[2].item[1].dur_s = \"fifteen\": expected seconds from 0.5 to 86400",
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
        "channel: missing",
        "devices: name at least one wall",
        "playlist: name at least one playlist",
        "fallback: missing",
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
    draft(&place, &twice).refused(&["bad.toml:39:", "le-hoi is used in line 27 already"]);
}

#[test]
fn the_sample_programme_is_good() {
    let place = Place::with_people();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/programme.toml");
    std::fs::copy(sample, place.path("programme.toml")).unwrap();
    std::fs::create_dir(place.path("media")).unwrap();
    place.write("media/chao-mung.mp4", &film::mp4(1920, 1080, 30_000));
    for name in ["thu-tuc", "le-hoi", "du-phong", "khan-cap"] {
        let grey = u8::try_from(name.len()).unwrap();
        place.write(&format!("media/{name}.png"), &png(192, 108, [grey; 3]));
    }
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
}
