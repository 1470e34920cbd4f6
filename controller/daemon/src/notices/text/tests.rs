use super::*;
use cotmoc_controller_core::cause::Cause;

fn facts() -> Facts {
    Facts {
        incident: "20261124-0012".to_owned(),
        cluster: "Cụm thông tin đối ngoại Cửa khẩu quốc tế đường bộ số II Kim Thành, phường Lào \
                  Cai, tỉnh Lào Cai (mặt hướng sang Hà Khẩu) [A]"
            .to_owned(),
        cause: "an toàn thông tin".to_owned(),
        cause_en: "information security".to_owned(),
        occurred: "24/11/2026 09:12:03".to_owned(),
        deadline: "24/11/2026 10:12:03".to_owned(),
        ..Facts::default()
    }
}

const NOTHING: Tail<'static> = Tail {
    link: None,
    has_code: false,
};
const CAUSES: [Cause; 9] = [
    Cause::Unknown,
    Cause::Power,
    Cause::Display,
    Cause::Player,
    Cause::Network,
    Cause::Cabinet,
    Cause::Operator,
    Cause::Integrity,
    Cause::Access,
];
/// The longest link: a base of 40 characters and a token of 128 bits.
const LONGEST: &str = "https://dieuhanh-cotmoc.laocai.gov.vn:80/a/0123456789abcdefghijkl";

#[test]
fn every_sms_fits_in_one_part_with_the_longest_names_and_still_says_where() {
    let texts = Texts::load(None).unwrap();
    let causes = CAUSES.map(|cause| cause.words().0);
    for (occasion, cause) in all_pairs(&causes) {
        let facts = Facts {
            cause: cause.to_owned(),
            ..facts()
        };
        for (link, has_code) in [
            (None, false),
            (None, true),
            (Some(LONGEST), false),
            (Some(LONGEST), true),
        ] {
            let tail = Tail { link, has_code };
            let written = texts.sms(occasion, &facts, tail, Letters::Plain);
            let sent = written.body.replace(LINK, link.unwrap_or_default());
            let sent = sent.replace(CODE, "4821");
            assert!(septets(&sent) <= SMS_SEPTETS, "{occasion:?}: {sent}");
            assert!(sent.is_ascii() && !sent.contains('{'), "{sent}");
            if texts.of(occasion).unwrap().sms.contains("{cluster}") {
                assert!(
                    sent.contains("Cum thong tin doi ngoai"),
                    "{occasion:?}: {sent}"
                );
                assert!(without_link(&written.body).contains("Cum thong tin"));
            }
            let has_link = link.is_some() && has_link(occasion);
            assert_eq!(has_link, sent.ends_with(LONGEST), "{sent}");
            let has_code = has_code && is_of_incident(occasion);
            assert_eq!(has_code, sent.contains("\nNhan OK 4821"), "{sent}");
        }
    }
}

#[test]
fn with_diacritics_an_sms_takes_at_most_three_parts_and_keeps_them() {
    let texts = Texts::load(None).unwrap();
    for occasion in Occasion::ALL {
        let tail = Tail {
            link: Some(LONGEST),
            has_code: true,
        };
        let written = texts.sms(occasion, &facts(), tail, Letters::Diacritics);
        let sent = written.body.replace(LINK, LONGEST).replace(CODE, "4821");
        assert!(sent.encode_utf16().count() <= 201, "{occasion:?}: {sent}");
        assert!(!sent.is_ascii() && !sent.contains('{'), "{sent}");
        assert_eq!(sent.ends_with(LONGEST), has_link(occasion), "{sent}");
        assert_eq!(
            sent.contains("Nhắn OK 4821"),
            is_of_incident(occasion),
            "{sent}"
        );
    }
}

/// Whether there is something to confirm.
fn has_link(occasion: Occasion) -> bool {
    use Occasion::{AnswerRefused, AnswerTaken, ControllerFault};
    ![AnswerRefused, AnswerTaken, ControllerFault].contains(&occasion)
}

/// The witness takes no answers.
fn is_of_incident(occasion: Occasion) -> bool {
    use Occasion::{ControllerBack, ControllerSilent};
    has_link(occasion) && ![ControllerBack, ControllerSilent].contains(&occasion)
}

fn all_pairs<'c>(causes: &[&'c str]) -> Vec<(Occasion, &'c str)> {
    let pairs = |occasion| causes.iter().map(move |cause| (occasion, *cause));
    Occasion::ALL.into_iter().flat_map(pairs).collect()
}

#[test]
fn a_mail_keeps_its_diacritics_and_has_one_line_of_subject() {
    let texts = Texts::load(None).unwrap();
    let mut facts = facts();
    facts.cluster.push_str("\r\nBcc: x@y.vn");
    for occasion in Occasion::ALL {
        let written = texts.mail(occasion, &facts, true);
        assert!(
            !written.subject.contains(['\r', '\n']),
            "{}",
            written.subject
        );
        if texts.of(occasion).unwrap().mail.contains("{cluster}") {
            assert!(
                written.body.contains("Cửa khẩu quốc tế"),
                "{}",
                written.body
            );
        }
        let links = usize::from(has_link(occasion));
        assert_eq!(written.body.matches(LINK).count(), links, "{occasion:?}");
        assert!(!written.body.contains("{c"), "{}", written.body);
        assert_eq!(
            without_link(&written.body),
            texts.mail(occasion, &facts, false).body
        );
        let without = texts.mail(occasion, &facts, false);
        assert!(!without.body.contains(LINK), "{}", without.body);
    }
}

#[test]
fn a_name_that_looks_like_a_placeholder_is_only_a_name() {
    let texts = Texts::load(None).unwrap();
    let facts = Facts {
        cluster: "{note}{link}{".to_owned(),
        note: "secret".to_owned(),
        ..facts()
    };
    let written = texts.mail(Occasion::Drill, &facts, true);
    assert!(written.body.contains("{note}(link){"), "{}", written.body);
    assert_eq!(written.body.matches(LINK).count(), 1);
}

#[test]
fn a_file_takes_the_place_of_the_built_in_text_and_a_wrong_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    put("drill.sms.txt", "Thử {cluster}");
    let texts = Texts::load(Some(folder.path())).unwrap();
    let written = texts.sms(Occasion::Drill, &facts(), NOTHING, Letters::Plain);
    assert!(
        written.body.starts_with("Thu Cum thong tin"),
        "{}",
        written.body
    );
    put("drill.sms.txt", "Thử {cluste}");
    let error = Texts::load(Some(folder.path())).unwrap_err();
    assert!(matches!(error, TextError::Unknown { .. }), "{error}");
    put("drill.sms.txt", &"x".repeat(161));
    let error = Texts::load(Some(folder.path())).unwrap_err();
    assert!(
        matches!(error, TextError::TooLong { septets: 161, .. }),
        "{error}"
    );
    put("drill.sms.txt", "x");
    put("drill.mail.txt", "only a text\nwithout a subject\n");
    let error = Texts::load(Some(folder.path())).unwrap_err();
    assert!(matches!(error, TextError::NoSubject { .. }), "{error}");
}
