use crate::film;
use crate::support::Place;
use cotmoc_test_kit::media::png;

#[test]
fn media_are_taken_for_what_their_bytes_are() {
    let place = Place::new();
    place.write("hinh.mp4", &png(320, 180, [9, 9, 9]));
    place.write("phim.mp4", &film::mp4(640, 360, 7_250));
    let ran = place
        .line("media add --check hinh.mp4 phim.mp4 --json")
        .good();
    assert!(
        ran.err.contains("it is named .mp4 but is image/png"),
        "{}",
        ran.err
    );
    let found: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(found["assets"][0]["mime"], "image/png");
    assert_eq!(found["assets"][0]["width_px"], 320);
    assert_eq!(found["assets"][1]["mime"], "video/mp4");
    assert_eq!(found["assets"][1]["dur_ms"], 7_250);
    assert_eq!(found["assets"][1]["height_px"], 360);
}

#[test]
fn bad_media_are_all_named_and_nothing_is_uploaded() {
    let place = Place::new();
    let good = png(320, 180, [9, 9, 9]);
    let film = film::mp4(640, 360, 7_250);
    place.write("text.mp4", b"hello, this is only text");
    place.write("zero.png", b"");
    place.write("cut.png", &good[..good.len() - 5]);
    place.write(
        "more.png",
        &[&good[..], b"PK\x03\x04 an archive behind the picture"].concat(),
    );
    place.write("cut.mp4", &film[..200]);
    let tone = ["-f", "lavfi", "-i", "sine=d=1"];
    film::make(&place.path("sound.mp4"), &tone, "-c:a aac");
    place.write("huge.png", &huge_png());
    place.write("tiny.png", &png(4, 4, [9, 9, 9]));
    let all = "text.mp4 zero.png cut.png more.png cut.mp4 sound.mp4 huge.png tiny.png gone.png";
    let said = place.line(&format!("media add {all}")).refused(&[
        "nothing was uploaded",
        "text.mp4: KHÔNG phát được · will NOT play (generic-amd64)",
        "not a picture, film or sound that walls play",
        "zero.png: KHÔNG",
        "tệp rỗng, 0 byte · it is empty",
        "cut.png: KHÔNG",
        "tệp bị cắt: mới có",
        "more.png: KHÔNG",
        "34 bytes stand behind the picture",
        "cut.mp4: KHÔNG",
        "sound.mp4: KHÔNG",
        "tệp không có hình · it has no picture",
        "huge.png: KHÔNG",
        "100000×100000",
        "tiny.png: KHÔNG",
        "gone.png",
    ]);
    assert!(!said.contains("a.png"), "{said}");
}

/// A header that promises ten thousand million pixels.
fn huge_png() -> Vec<u8> {
    let mut bytes = png(320, 180, [9, 9, 9]);
    let edge = 100_000_u32.to_be_bytes();
    bytes[16..20].copy_from_slice(&edge);
    bytes[20..24].copy_from_slice(&edge);
    bytes
}
