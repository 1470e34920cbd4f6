//! The paper of one long night: what it says, on which page, and that it is the same each time.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]
use cotmoc_controller_core::cause::{Cause, Source};
use cotmoc_controller_core::incident::{Entry, Incident, Opening, What};
use cotmoc_controller_core::report::{Context, Heard, Notice, Report, Seal, Subject};
use cotmoc_paper::{Content, Fonts, docx, pdf};
use cotmoc_proto::device::ClockQuality;
use cotmoc_proto::time::{MINUTE, SECOND};
use cotmoc_proto::window::OperatingWindow;
use cotmoc_proto::{Digest, TimeMs};
use std::path::Path;
use std::process::Command;

/// 24/11/2026 12:00 at Lào Cai.
const NOON: TimeMs = TimeMs(1_795_496_400_000);

#[test]
fn the_pdf_says_what_the_report_says_with_every_vietnamese_letter() {
    let text = text_of(&pdf_of(&report(4)));
    for said in [
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc",
        "BIÊN BẢN",
        "Mã sự cố: W01-1",
        "24/11/2026 12:00:00",
        "24/11/2026 13:00:03",
        "mất điện",
        "đã báo đúng hạn",
        "Theo nhật ký của thiết bị: xảy ra lúc 24/11/2026 12:00:03",
        "trong giờ hoạt động: 12 phút",
        "14 giờ 48 phút",
        "14 giờ · đủ",
        "Sở xác nhận: đ/c Hoa",
        "Sở <TT&TT>",
        "truc.so@laocai.vn",
        "đã chuyển lúc 24/11/2026",
        "Mất điện lưới",
        "tự giữ giờ",
        "Máy chứng kiến không nhận tín hiệu",
        "Thay áp tô mát (ký: Nguyễn Văn A; xác nhận: Trần Thị B).",
        "ĐẠI DIỆN SỞ",
        "Bản chính thức",
        &Digest::of(b"payload").to_string(),
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
}

#[test]
fn tables_go_on_over_pages_with_their_heads_and_pages_have_numbers_but_the_first() {
    let text = text_of(&pdf_of(&report(120)));
    let pages: Vec<&str> = text
        .split('\u{c}')
        .filter(|page| !page.trim().is_empty())
        .collect();
    assert!(pages.len() > 4, "{} pages", pages.len());
    for (page, number) in pages.iter().zip(1..) {
        let first = page.lines().find(|line| !line.trim().is_empty()).unwrap();
        let is_numbered = first.trim() == number.to_string();
        assert_eq!(is_numbered, number > 1, "page {number} begins with {first}");
    }
    let heads = pages
        .iter()
        .filter(|page| page.contains("Đường gửi"))
        .count();
    assert!(heads > 2, "the head of the notices stands on {heads} pages");
    for number in 0..120 {
        let row = format!("nguoi{number}@laocai.vn");
        assert!(text.contains(&row), "{row} is on no page");
    }
}

#[test]
fn a_cell_longer_than_a_page_loses_nothing() {
    let mut report = report(1);
    let words: Vec<String> = (0..3_000).map(|number| format!("từ{number}")).collect();
    report.notices[0].body = words.join(" ");
    let text = text_of(&pdf_of(&report));
    let missing = words.iter().find(|word| !text.contains(word.as_str()));
    assert_eq!(missing, None);
}

#[test]
fn the_same_report_gives_the_same_bytes_and_its_title_and_language() {
    let report = report(4);
    let (first, again) = (pdf_of(&report), pdf_of(&report));
    assert_eq!(first, again);
    assert_eq!(docx_of(&report), docx_of(&report));
    let info = poppler("pdfinfo", &first, &[]);
    assert!(info.contains("Biên bản sự cố W01-1"), "{info}");
    assert!(info.contains("A4"), "{info}");
    assert!(String::from_utf8_lossy(&first).contains("/Lang"));
    let fonts = poppler("pdffonts", &first, &[]);
    let lines = fonts.lines().skip(2);
    let embedded = lines.clone().filter(|line| line.contains(" yes yes yes"));
    assert_eq!(embedded.count(), lines.count(), "{fonts}");
}

#[test]
fn what_the_font_lacks_or_would_turn_the_text_around_does_not_stop_the_paper() {
    let mut report = report(1);
    report.notices[0].recipient = "\u{202e}hướng 河口 🙂 e\u{302}\u{301}".to_owned();
    let text = text_of(&pdf_of(&report));
    assert!(text.contains("hướng ?? ? ế"), "{text}");
}

#[test]
fn a_draft_says_that_it_is_one_and_a_broken_hour_says_why() {
    let opened = What::Opened(Opening::new(
        Cause::Unknown,
        NOON,
        OperatingWindow::default(),
    ));
    let log = vec![entry(70 * MINUTE, opened)];
    let incident = Incident::replay(&log).unwrap();
    let at = NOON.plus(80 * MINUTE);
    let text = text_of(&pdf_of(&Report::of(
        subject(),
        (log, &incident),
        Vec::new(),
        at,
    )));
    for said in [
        "BẢN NHÁP",
        "chỉ được phát hiện sau khi đã hết",
        "chưa báo",
        "Không có thông báo nào",
    ] {
        assert!(text.contains(said), "{said} in {text}");
    }
}

fn report(notices: usize) -> Report {
    let opened = What::Opened(Opening::new(Cause::Power, NOON, OperatingWindow::default()));
    let proved = What::Evidence {
        source: Source::Device,
        cause: Some(Cause::Power),
        occurred_ms: Some(NOON.plus(3 * SECOND)),
        stopped_ms: None,
        device: None,
    };
    let fired = What::Fired {
        stage: "department".to_owned(),
    };
    let confirmed = What::Confirmed {
        by: "đ/c Hoa".to_owned(),
    };
    let closed = What::Closed {
        by: "Nguyễn Văn A".to_owned(),
        countersigned: "Trần Thị B".to_owned(),
        remedy: "Thay áp tô mát".to_owned(),
    };
    let log = vec![
        entry(120 * SECOND, opened),
        entry(125 * SECOND, proved),
        entry(126 * SECOND, fired),
        entry(180 * SECOND, confirmed),
        entry(12 * MINUTE + 3 * SECOND, What::Recovered),
        entry(15 * MINUTE, What::Resolved),
        entry(20 * MINUTE, closed),
    ];
    let incident = Incident::replay(&log).unwrap();
    let notices = (0..notices).map(notice).collect();
    Report::of(subject(), (log, &incident), notices, NOON.plus(20 * MINUTE))
}

fn entry(after: i64, what: What) -> Entry {
    Entry {
        at_ms: NOON.plus(after),
        what,
    }
}

fn subject() -> Subject {
    let heard = |device: Option<&str>, kind: &str, clock| Heard {
        device: device.map(|device| device.parse().unwrap()),
        at_ms: NOON.plus(3 * SECOND),
        received_ms: NOON.plus(125 * SECOND),
        clock,
        kind: kind.to_owned(),
        detail: [("line".to_owned(), "mains".to_owned())].into(),
    };
    Subject {
        incident: "W01-1".to_owned(),
        cluster: "cua-khau".parse().unwrap(),
        context: Context {
            link: Some("http://10.0.0.9:8090/".to_owned()),
            is_synchronised: true,
            heard: vec![
                heard(Some("W01"), "mains-lost", ClockQuality::Held),
                heard(None, "witness-deaf", ClockQuality::Synchronised),
            ],
        },
    }
}

fn notice(number: usize) -> Notice {
    Notice {
        key: format!("W01-1/department/{number}"),
        stage: "department".to_owned(),
        recipient: "Sở <TT&TT>".to_owned(),
        route: "mail".to_owned(),
        address: if number == 0 {
            "truc.so@laocai.vn, nguoi0@laocai.vn".to_owned()
        } else {
            format!("nguoi{number}@laocai.vn")
        },
        subject: "[Cột Mốc] Sự cố cụm Cửa khẩu".to_owned(),
        body: "Cụm: Cửa khẩu quốc tế Lào Cai\nNguyên nhân: mất điện\n\nThe cluster stopped.\n"
            .to_owned(),
        created_ms: NOON.plus(126 * SECOND),
        attempts: 1,
        state: "accepted".to_owned(),
        accepted_ms: Some(NOON.plus(130 * SECOND)),
        confirmed_ms: None,
        confirmed_by: None,
        provider_ref: Some("250 2.0.0 Ok: queued as 4F1".to_owned()),
        last_error: None,
    }
}

fn content(report: &Report) -> Content {
    let by = Digest::of(b"key");
    Content::of(report, Seal::Holds { by }, Digest::of(b"payload"))
}

fn pdf_of(report: &Report) -> Vec<u8> {
    let fonts = Fonts::load(Path::new(Fonts::FOLDER)).unwrap();
    pdf(&content(report), &fonts).unwrap()
}

fn docx_of(report: &Report) -> Vec<u8> {
    docx(&content(report)).unwrap()
}

/// The text as a reader copies it out, with its layout.
fn text_of(pdf: &[u8]) -> String {
    poppler("pdftotext", pdf, &["-layout"])
}

fn poppler(program: &str, pdf: &[u8], flags: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("paper.pdf");
    std::fs::write(&file, pdf).unwrap();
    let mut command = Command::new(program);
    command.args(flags).arg(&file);
    if program == "pdftotext" {
        command.arg("-");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
