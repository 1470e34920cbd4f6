//! The paper of an incident (biên bản sự cố, Điều 8.3b), laid out as Nghị định 30/2020/NĐ-CP asks: what a
//! person has to fill in is left open, what the report says is printed, and its digest ties both together.

use anyhow::{Context as _, Result};
use cotmoc_controller_core::incident::{Duty, State};
use cotmoc_controller_core::report::{Figures, Report};
use cotmoc_controller_core::saying;
use cotmoc_proto::window::{OperatingWindow, Zone};
use cotmoc_proto::{Digest, TimeMs};
use docx_rs::{
    AlignmentType, Docx, LineSpacing, PageMargin, Paragraph, Run, RunFonts, SpecialIndentType,
    Table, TableBorders, TableCell, TableLayoutType, TableRow, WidthType,
};
use serde::Deserialize;
use std::io::Cursor;

const FONT: &str = "Times New Roman";
/// Sizes in half points.
const BODY: usize = 26;
const SMALL: usize = 24;
/// A4 and its margins in twentieths of a point: 20 mm above and below, 30 left, 15 right.
const PAGE: (u32, u32) = (11_906, 16_838);
const MARGINS: (i32, i32, i32) = (1_134, 1_701, 850);
/// The width between the margins.
const WIDTH: usize = 9_355;
const FIRST_LINE: i32 = 567;
const BLANK: &str = "……………………";

/// A notice, as the report hands it out.
#[derive(Debug, Deserialize)]
struct Notice {
    created_ms: TimeMs,
    recipient: String,
    route: String,
    state: String,
    accepted_ms: Option<TimeMs>,
    confirmed_ms: Option<TimeMs>,
}

#[derive(Debug, Deserialize)]
struct Notices {
    #[serde(default)]
    notices: Vec<Notice>,
}

/// The DOCX of a report; `text` is the report's file, whose digest is printed.
///
/// # Errors
/// If the notices in it cannot be read, or the document not be made.
pub fn docx(text: &[u8], report: &Report) -> Result<Vec<u8>> {
    let notices: Notices =
        serde_json::from_slice(text).context("the notices of the report cannot be read")?;
    let mut file = Cursor::new(Vec::new());
    document(&Digest::of(text), report, &notices.notices)
        .build()
        .pack(&mut file)
        .context("the document could not be made")?;
    Ok(file.into_inner())
}

fn document(digest: &Digest, report: &Report, notices: &[Notice]) -> Docx {
    let zone = OperatingWindow::default().zone;
    let (edge, left, right) = MARGINS;
    let margin = PageMargin::new()
        .top(edge)
        .bottom(edge)
        .left(left)
        .right(right);
    let paper = Docx::new()
        .page_size(PAGE.0, PAGE.1)
        .page_margin(margin)
        .default_fonts(fonts())
        .default_size(BODY)
        .created_at("1970-01-01T00:00:00Z")
        .updated_at("1970-01-01T00:00:00Z");
    let paper = paper
        .add_table(heading())
        .add_paragraph(centred(run("")).line_spacing(space(60)))
        .add_paragraph(centred(run("BIÊN BẢN").bold()))
        .add_paragraph(centred(run("Sự cố cụm thông tin đối ngoại").bold()))
        .add_paragraph(centred(run(&format!("(Mã sự cố: {})", report.incident))))
        .add_paragraph(body(&format!(
            "Lập từ nhật ký của hệ thống lúc {}, theo Điều 8 khoản 3 Quyết định 104/2016/QĐ-UBND.",
            zone.format(report.made_ms)
        )))
        .add_paragraph(chapter("I. Sự cố"))
        .add_table(grid(&figures(report, &zone), &[3_400, WIDTH - 3_400]))
        .add_paragraph(chapter("II. Diễn biến"))
        .add_table(grid(&log(report, &zone), &[2_400, WIDTH - 2_400]))
        .add_paragraph(chapter("III. Thông báo đã lập"))
        .add_table(grid(&told(notices, &zone), &[2_400, 3_000, 1_400, 2_555]));
    paper
        .add_paragraph(chapter("IV. Nguyên nhân và cách khắc phục"))
        .add_paragraph(body(&remedy(report)))
        .add_paragraph(body(
            "Mã băm SHA-256 của tệp biên bản điện tử (kiểm tra bằng lệnh cotmoc incident verify):",
        ))
        .add_paragraph(centred(run(&digest.to_string()).size(SMALL)))
        .add_paragraph(centred(run("")))
        .add_table(signatures())
}

/// Issuer and motto, side by side; number, place and date are filled in by hand.
fn heading() -> Table {
    let left = [
        centred(run("ĐƠN VỊ VẬN HÀNH").bold()),
        centred(run(BLANK)),
        centred(run("Số:        /BB-……")),
    ];
    let right = [
        centred(run("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM").bold().size(SMALL)),
        centred(run("Độc lập - Tự do - Hạnh phúc").bold()),
        centred(run("………………, ngày …… tháng …… năm ………").italic()),
    ];
    plain(left, right, &[3_500, WIDTH - 3_500])
}

fn signatures() -> Table {
    let left = [
        centred(run("ĐẠI DIỆN SỞ").bold()),
        centred(run("(Ký, ghi rõ họ tên)").italic()),
        centred(run("")),
    ];
    let right = [
        centred(run("NGƯỜI LẬP BIÊN BẢN").bold()),
        centred(run("(Ký, ghi rõ họ tên)").italic()),
        centred(run("")),
    ];
    plain(left, right, &[WIDTH / 2, WIDTH - WIDTH / 2])
}

fn figures(report: &Report, zone: &Zone) -> Vec<Vec<String>> {
    let figures = &report.figures;
    let at = |at: Option<TimeMs>| at.map_or_else(|| "chưa".to_owned(), |at| zone.format(at));
    let rows = [
        ("Cụm thông tin", report.about().full()),
        ("Thành phần không hoạt động", parts(report)),
        ("Nguyên nhân", figures.cause.words().0.to_owned()),
        ("Xảy ra lúc", zone.format(figures.occurred_ms)),
        ("Căn cứ", figures.occurred_by.words().0.to_owned()),
        ("Phát hiện lúc", zone.format(figures.detected_ms)),
        ("Thời hạn báo Sở", zone.format(figures.deadline_ms)),
        ("Sở nhận được thông báo lúc", at(figures.notified_ms)),
        ("Sở xác nhận lúc", at(figures.confirmed_ms)),
        ("Nghĩa vụ thông báo", duty(figures)),
        ("Hoạt động trở lại lúc", at(figures.recovered_ms)),
        ("Khắc phục xong lúc", at(figures.resolved_ms)),
        ("Tình trạng", state(figures.state).to_owned()),
    ];
    rows.map(|(name, value)| vec![name.to_owned(), value])
        .to_vec()
}

/// The components that did not work when it was detected, or failed since.
fn parts(report: &Report) -> String {
    let down = report.failed().into_iter().map(|device| device.to_string());
    let down: Vec<String> = down.collect();
    if down.is_empty() {
        "—".to_owned()
    } else {
        down.join(", ")
    }
}

fn log(report: &Report, zone: &Zone) -> Vec<Vec<String>> {
    let line = |entry: &cotmoc_controller_core::incident::Entry| {
        vec![zone.format(entry.at_ms), saying::of(&entry.what, zone).vi]
    };
    report.log.iter().map(line).collect()
}

fn told(notices: &[Notice], zone: &Zone) -> Vec<Vec<String>> {
    let fate = |notice: &Notice| match (notice.confirmed_ms, notice.accepted_ms) {
        (Some(at), _) => format!("xác nhận lúc {}", zone.format(at)),
        (None, Some(at)) => format!("đã chuyển lúc {}", zone.format(at)),
        (None, None) if notice.state == "dead" => "không gửi được".to_owned(),
        (None, None) => "đang gửi".to_owned(),
    };
    let row = |notice: &Notice| {
        vec![
            zone.format(notice.created_ms),
            notice.recipient.clone(),
            notice.route.clone(),
            fate(notice),
        ]
    };
    let names = ["Lập lúc", "Người nhận", "Đường gửi", "Kết quả"]
        .map(str::to_owned)
        .to_vec();
    [names].into_iter().chain(notices.iter().map(row)).collect()
}

/// What two people have signed; room to write while nobody has.
fn remedy(report: &Report) -> String {
    use cotmoc_controller_core::incident::What;
    let signed = report.log.iter().rev().find_map(|entry| {
        if let What::Closed {
            remedy,
            by,
            countersigned,
        } = &entry.what
        {
            Some(format!("{remedy} (ký: {by}; xác nhận: {countersigned})."))
        } else {
            None
        }
    });
    signed.unwrap_or_else(|| BLANK.repeat(8))
}

fn duty(figures: &Figures) -> String {
    match figures.duty {
        Duty::NotDue => "không phát sinh",
        Duty::Running { .. } => "còn trong thời hạn",
        Duty::Satisfied { .. } => "đã báo đúng hạn",
        Duty::Breached { late: Some(_), .. } => "đã báo, quá hạn",
        Duty::Breached { late: None, .. } => "quá hạn, chưa báo",
    }
    .to_owned()
}

const fn state(state: State) -> &'static str {
    match state {
        State::Open => "đang xảy ra",
        State::Recovering => "đang phục hồi",
        State::Resolved => "đã khắc phục",
        State::Dismissed => "đã bác bỏ",
        State::Closed => "đã kết thúc",
    }
}

fn grid(rows: &[Vec<String>], widths: &[usize]) -> Table {
    let row = |cells: &Vec<String>| {
        let cells = cells.iter().zip(widths).map(|(text, width)| {
            let run = Run::new().add_text(text).size(SMALL).fonts(fonts());
            let paragraph = Paragraph::new().add_run(run).line_spacing(space(40));
            TableCell::new()
                .add_paragraph(paragraph)
                .width(*width, WidthType::Dxa)
        });
        TableRow::new(cells.collect()).cant_split()
    };
    fixed(rows.iter().map(row).collect(), widths)
}

/// Two columns without lines around them.
fn plain(left: [Paragraph; 3], right: [Paragraph; 3], widths: &[usize]) -> Table {
    let cell = |paragraphs: [Paragraph; 3], width: usize| {
        let empty = TableCell::new().width(width, WidthType::Dxa);
        paragraphs.into_iter().fold(empty, TableCell::add_paragraph)
    };
    let cells = [left, right]
        .into_iter()
        .zip(widths)
        .map(|(p, width)| cell(p, *width));
    let table = fixed(vec![TableRow::new(cells.collect())], widths);
    table.set_borders(TableBorders::new().clear_all())
}

fn fixed(rows: Vec<TableRow>, widths: &[usize]) -> Table {
    Table::new(rows)
        .set_grid(widths.to_vec())
        .layout(TableLayoutType::Fixed)
        .width(WIDTH, WidthType::Dxa)
}

fn chapter(text: &str) -> Paragraph {
    Paragraph::new()
        .add_run(run(text).bold())
        .line_spacing(space(120))
        .keep_next(true)
}

fn body(text: &str) -> Paragraph {
    Paragraph::new()
        .add_run(run(text))
        .align(AlignmentType::Both)
        .indent(
            None,
            Some(SpecialIndentType::FirstLine(FIRST_LINE)),
            None,
            None,
        )
        .line_spacing(space(120))
}

fn centred(run: Run) -> Paragraph {
    Paragraph::new().add_run(run).align(AlignmentType::Center)
}

fn run(text: &str) -> Run {
    Run::new().add_text(text).size(BODY).fonts(fonts())
}

/// Room before and after, in twentieths of a point.
fn space(twips: u32) -> LineSpacing {
    LineSpacing::new().before(twips).after(twips)
}

fn fonts() -> RunFonts {
    RunFonts::new()
        .ascii(FONT)
        .hi_ansi(FONT)
        .cs(FONT)
        .east_asia(FONT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_controller_core::cause::Cause;
    use cotmoc_controller_core::incident::{Entry, Incident, Opening, What};

    /// 24/11/2026 12:00 at Lào Cai.
    const NOON: TimeMs = TimeMs(1_795_496_400_000);

    fn report() -> Report {
        let opening = Opening::new(Cause::Power, NOON, OperatingWindow::default());
        let opened = What::Opened(opening);
        let log: Vec<Entry> = [
            (120_000, opened),
            (
                180_000,
                What::Confirmed {
                    by: "đ/c Hoa".to_owned(),
                },
            ),
            (240_000, What::Recovered),
            (480_000, What::Resolved),
        ]
        .map(|(after, what)| Entry {
            at_ms: NOON.plus(after),
            what,
        })
        .to_vec();
        let incident = Incident::replay(&log).unwrap();
        let name = ("cua-khau-1".to_owned(), "cua-khau".parse().unwrap());
        Report::of(name, log, &incident, NOON.plus(600_000))
    }

    fn with_notices(report: &Report) -> Vec<u8> {
        let mut value = serde_json::to_value(report).unwrap();
        value["notices"] = serde_json::json!([{
            "created_ms": NOON.0, "recipient": "Sở <TT&TT>", "route": "mail", "state": "accepted",
            "accepted_ms": NOON.0 + 130_000, "confirmed_ms": null,
        }]);
        serde_json::to_vec(&value).unwrap()
    }

    #[test]
    fn the_paper_says_what_the_report_says_and_is_the_same_each_time() {
        let (report, text) = (report(), with_notices(&report()));
        let notices: Notices = serde_json::from_slice(&text).unwrap();
        let digest = Digest::of(&text);
        let xml = document(&digest, &report, &notices.notices)
            .build()
            .document;
        let xml = String::from_utf8(xml).unwrap();
        for said in [
            "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
            "24/11/2026 12:00:00",
            "24/11/2026 13:00:00",
            "mất điện",
            "đã báo đúng hạn",
            "Sở xác nhận: đ/c Hoa",
            "Sở &lt;TT&amp;TT&gt;",
            "đã chuyển lúc 24/11/2026 12:02:10",
            &digest.to_string(),
        ] {
            assert!(xml.contains(said), "{said} in {xml}");
        }
        assert_eq!(docx(&text, &report).unwrap(), docx(&text, &report).unwrap());
    }
}
