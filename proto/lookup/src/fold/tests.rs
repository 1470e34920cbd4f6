use super::*;
use proptest::prelude::*;

#[test]
fn marks_case_width_and_script_are_folded() {
    for (text, folded) in [
        ("Đồng Đăng", "dong dang"),
        ("Thị xã Sa Pả", "thi xa sa pa"),
        ("e\u{309}i", "ei"),
        ("Ｌａｏ　Ｃａｉ", "lao cai"),
        ("O’Quy Hồ", "oquy ho"),
        ("老街國際口岸", "老街国际口岸"),
        ("İSTANBUL", "istanbul"),
        ("ﬁ①", "fi1"),
    ] {
        assert_eq!(fold(text), folded, "{text}");
    }
}

#[test]
fn every_line_of_the_table_of_characters_is_found() {
    let mut count = 0;
    for line in TRADITIONAL.lines() {
        let mut pair = line.chars();
        let (traditional, simple) = (pair.next().unwrap(), pair.next().unwrap());
        assert_eq!(simplified(traditional), simple, "{line}");
        count += 1;
    }
    assert_eq!(count * LINE_BYTES, TRADITIONAL.len());
    assert_eq!(simplified('街'), '街');
    assert_eq!(simplified('a'), 'a');
}

#[test]
fn telex_and_vni_keys_mean_their_syllable() {
    for (keys, syllable) in [
        ("laof", "lao"),
        ("ddoongf", "dong"),
        ("ddaaux", "dau"),
        ("nguwowif", "nguoi"),
        ("nguoiwf", "nguoi"),
        ("vieejt", "viet"),
        ("vietej", "viet"),
        ("chowj", "cho"),
        ("thuyr", "thuy"),
        ("quas", "qua"),
        ("giaays", "giay"),
        ("xuwowngr", "xuong"),
        ("tw", "tu"),
        ("dad", "da"),
        ("khaschs", "khach"),
    ] {
        assert_eq!(telex(keys).as_deref(), Some(syllable), "{keys}");
    }
    for plain in ["lao", "chua", "x", "a1", "nhà", "trungtamthuongmai"] {
        assert_eq!(telex(plain), None, "{plain}");
    }
    for (keys, syllable) in [("lao2", "lao"), ("d9ong62", "dong"), ("ngu7o7i2", "nguoi")] {
        assert_eq!(vni(keys).as_deref(), Some(syllable), "{keys}");
    }
    for plain in ["lao", "24h", "113", "nhà1"] {
        assert_eq!(vni(plain), None, "{plain}");
    }
}

#[test]
fn pinyin_has_its_usual_reading_first_and_a_form_for_those_who_mix_sounds() {
    assert_eq!(readings('老'), ["lao"]);
    assert_eq!(readings('行').len(), 2);
    assert_eq!(readings('a').len(), 0);
    for (pinyin, fuzzy) in [
        ("zhongshan", "zonsan"),
        ("zongsan", "zonsan"),
        ("lvyou", "luyou"),
        ("chengshi", "censi"),
    ] {
        assert_eq!(fuzzy_pinyin(pinyin), fuzzy);
    }
    assert_eq!(stem("hotels"), stem("hotel"));
}

#[test]
fn a_query_loses_what_is_not_seen() {
    assert_eq!(clean("Lào\u{202e} \u{200b}Cai\u{7}"), "lào cai ");
    assert_eq!(clean("e\u{302}\u{301}"), "ế");
    assert_eq!(clean(&"a".repeat(4096)).len(), QUERY_CHARS);
}

proptest! {
    #[test]
    fn folding_is_done_once_for_all(text in any::<String>()) {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded);
    }

    #[test]
    fn a_cleaned_query_is_short_and_has_no_control_character(text in any::<String>()) {
        let cleaned = clean(&text);
        prop_assert!(cleaned.chars().count() <= 3 * QUERY_CHARS);
        prop_assert!(!cleaned.chars().any(char::is_control));
    }
}
