//! Text slides are read strictly.

use crate::samples::slide;
use cotmoc_proto::slide::{BadSlide, Slide};
use proptest::prelude::*;

/// Why the sample is refused with `to` in the place of `from`.
fn refusal(from: &str, to: &str) -> String {
    let text = String::from_utf8(slide().to_bytes()).unwrap();
    let changed = text.replacen(from, to, 1);
    assert_ne!(changed, text, "{from} is not in the sample");
    Slide::parse(changed.as_bytes()).unwrap_err().to_string()
}

#[test]
fn what_is_not_a_slide_is_refused_and_says_why() {
    let cases = [
        (
            "\"ground\":\"#c8102e\"",
            "\"ground\":\"red\"",
            "expected #rrggbb",
        ),
        (
            "\"ground\":",
            "\"script\":\"x\",\"ground\":",
            "unknown field",
        ),
        ("\"bold\":true", "\"bold\":1", "invalid type"),
        (
            "\"bold\":true",
            "\"bold\":true,\"bold\":false",
            "a key occurs twice",
        ),
        ("\"size_px\":64", "\"size_px\":64.0", "not an integer"),
        (
            "\"align\":\"center\"",
            "\"align\":\"justify\"",
            "unknown variant",
        ),
        (
            "\"typeface\":\"serif\"",
            "\"typeface\":\"comic\"",
            "unknown variant",
        ),
        (",\"fill\":\"#ffcd00\"", ",\"fill\":null", "a null"),
        ("\"width_px\":480", "\"width_px\":15", "slide of 15×880"),
        (
            "\"size_px\":64",
            "\"size_px\":4000",
            "block 1: type of 4000 px",
        ),
        (
            "\"x_px\":20",
            "\"x_px\":21",
            "block 1: 440×120 px at 21, 20; expected even",
        ),
        (
            "\"y_px\":160",
            "\"y_px\":200",
            "block 2: 440×700 px at 20, 200 reaches past",
        ),
        ("THÔNG BÁO", "THÔNG\\u0007", "block 1: text with control"),
        ("THÔNG BÁO", "THÔNG\\u202e", "block 1: text with control"),
    ];
    for (from, to, why) in cases {
        let said = refusal(from, to);
        assert!(said.contains(why), "{to}: {said}");
    }
}

#[test]
fn a_slide_is_no_larger_than_a_page() {
    let mut large = slide();
    large.blocks = vec![large.blocks[0].clone(); 21];
    assert!(large.defect().unwrap().contains("21 blocks"));
    let mut long = slide();
    long.blocks[1].text = "đ".repeat(2_001);
    assert!(long.defect().unwrap().contains("2001 characters"));
    long.blocks[1].text = "đ".repeat(2_000);
    long.blocks = vec![long.blocks[1].clone(); 20];
    assert_eq!(long.defect(), None);
    let bytes = long.to_bytes();
    assert_eq!(Slide::parse(&bytes), Err(BadSlide::TooLong(bytes.len())));
}

#[test]
fn a_coloured_page_without_text_is_a_slide() {
    let mut plain = slide();
    plain.blocks.clear();
    assert_eq!(Slide::parse(&plain.to_bytes()).unwrap(), plain);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_of_a_block_is_read_as_it_was_written_or_refused(text in "\\PC{0,60}", more: String) {
        for text in [text, more] {
            let mut slide = slide();
            slide.blocks[0].text = text;
            match Slide::parse(&slide.to_bytes()) {
                Ok(read) => prop_assert_eq!(read, slide),
                Err(BadSlide::Defect(_)) => prop_assert!(slide.defect().is_some()),
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }

    #[test]
    fn a_damaged_slide_is_read_or_refused_without_panic(
        at in any::<prop::sample::Index>(),
        byte: u8,
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = slide().to_bytes();
        let index = at.index(bytes.len());
        bytes[index] = byte;
        drop(Slide::parse(&bytes));
        drop(Slide::parse(&bytes[..cut.index(bytes.len())]));
    }
}
