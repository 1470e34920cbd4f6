use super::*;

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

/// The longest link: a base of 40 characters and a token of 128 bits.
const LONGEST: &str = "https://dieuhanh-cotmoc.laocai.gov.vn:80/a/0123456789abcdefghijkl";

#[test]
fn every_sms_fits_in_one_part_with_the_longest_names_and_still_says_where() {
    let texts = Texts::load(None).unwrap();
    for occasion in Occasion::ALL {
        for link in [None, Some(LONGEST)] {
            let written = texts.sms(occasion, &facts(), link);
            let sent = written.body.replace(LINK, link.unwrap_or_default());
            assert!(septets(&sent) <= SMS_SEPTETS, "{occasion:?}: {sent}");
            assert!(sent.is_ascii() && !sent.contains('{'), "{sent}");
            assert!(
                sent.contains("Cum thong tin doi ngoai"),
                "{occasion:?}: {sent}"
            );
            assert_eq!(link.is_some(), sent.ends_with(LONGEST), "{sent}");
            assert!(without_link(&written.body).contains("Cum thong tin"));
        }
    }
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
        assert!(
            written.body.contains("Cửa khẩu quốc tế"),
            "{}",
            written.body
        );
        assert_eq!(written.body.matches(LINK).count(), 1, "{occasion:?}");
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
    let written = texts.sms(Occasion::Drill, &facts(), None);
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
