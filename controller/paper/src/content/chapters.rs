//! The chapters: the incident, how its hour follows, its course, its notices, and what it cost.

use super::notes;
use super::{BLANK, Block, Grid};
use cotmoc_controller_core::incident::What;
use cotmoc_controller_core::report::{Downtime, Notice, Report, words};
use cotmoc_controller_core::saying;
use cotmoc_proto::TimeMs;
use cotmoc_proto::window::Zone;
use std::collections::BTreeMap;

pub(super) fn of(report: &Report, zone: &Zone) -> Vec<Block> {
    let mut blocks = vec![
        Block::Chapter("I. Sự cố".to_owned()),
        Block::Grid(figures(report, zone)),
    ];
    blocks.push(Block::Chapter(
        "II. Căn cứ xác định thời hạn thông báo".to_owned(),
    ));
    if let Ok(incident) = report.replayed() {
        let steps = words::derivation(report, &incident).into_iter().zip(1..);
        blocks.extend(steps.map(|(step, number)| Block::Body(format!("{number}. {}", step.vi))));
        blocks.extend(words::breach(report).map(|why| Block::Body(why.vi)));
    }
    blocks.push(Block::Chapter("III. Diễn biến".to_owned()));
    blocks.push(Block::Grid(log(report, zone)));
    blocks.push(Block::Chapter(
        "IV. Chứng cứ của thiết bị và chất lượng đồng hồ".to_owned(),
    ));
    blocks.extend(notes::of_devices(report, zone));
    blocks.push(Block::Chapter("V. Thông báo đã lập".to_owned()));
    blocks.extend(told(&report.notices, zone));
    blocks.push(Block::Chapter(
        "VI. Thời gian dừng và thời lượng 14 giờ mỗi ngày".to_owned(),
    ));
    blocks.extend(report.downtime.iter().flat_map(|cost| lost(cost, zone)));
    blocks.push(Block::Chapter(
        "VII. Tình trạng của hệ thống giám sát trong thời gian này".to_owned(),
    ));
    blocks.extend(notes::of_controller(report, zone));
    blocks.push(Block::Chapter(
        "VIII. Nguyên nhân và cách khắc phục".to_owned(),
    ));
    blocks.push(Block::Body(remedy(report)));
    blocks
}

/// The words of every notice, each once, with those who got them.
pub(super) fn appendix(report: &Report) -> Vec<Block> {
    if report.notices.is_empty() {
        return Vec::new();
    }
    let mut texts: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for notice in report.notices.iter().rev() {
        let to = texts.entry((&notice.subject, &notice.body)).or_default();
        if !to.contains(&notice.recipient.as_str()) {
            to.push(&notice.recipient);
        }
    }
    let mut blocks = vec![
        Block::NewPage,
        Block::Chapter("Phụ lục. Nội dung các thông báo".to_owned()),
    ];
    let rows = texts.into_iter().map(|((subject, body), to)| {
        vec![to.join(", "), format!("{subject}\n{}", body.trim_end())]
    });
    blocks.push(Block::Grid(Grid {
        head: names(["Người nhận", "Nội dung"]),
        rows: rows.collect(),
        widths: vec![250, 750],
    }));
    blocks
}

fn figures(report: &Report, zone: &Zone) -> Grid {
    let own = [
        ("Cụm thông tin", report.about().full()),
        ("Đơn vị vận hành", report.about().unit),
        ("Thành phần không hoạt động", parts(report)),
    ];
    let own = own.into_iter().filter(|(_, value)| !value.is_empty());
    let own = own.map(|(name, value)| vec![name.to_owned(), value]);
    let figures = report.figures.rows(zone);
    let figures = figures.map(|(name, value)| vec![name.vi.to_owned(), value]);
    Grid {
        head: Vec::new(),
        rows: own.chain(figures).collect(),
        widths: vec![360, 640],
    }
}

/// The components that did not work when it was detected, or failed since.
fn parts(report: &Report) -> String {
    let down = report.failed().into_iter().map(|device| device.to_string());
    down.collect::<Vec<_>>().join(", ")
}

fn log(report: &Report, zone: &Zone) -> Grid {
    let rows = report
        .log
        .iter()
        .map(|entry| vec![zone.format(entry.at_ms), saying::of(&entry.what, zone).vi]);
    Grid {
        head: names(["Ghi lúc", "Nội dung"]),
        rows: rows.collect(),
        widths: vec![250, 750],
    }
}

fn told(notices: &[Notice], zone: &Zone) -> Vec<Block> {
    if notices.is_empty() {
        return vec![Block::Body("Không có thông báo nào được lập.".to_owned())];
    }
    let row = |notice: &Notice| {
        let stage = saying::stage(&notice.stage).vi;
        vec![
            format!("{}\n{stage}", zone.format(notice.created_ms)),
            notice.recipient.clone(),
            format!("{}\n{}", notice.route, notice.address),
            fate(notice, zone),
        ]
    };
    vec![Block::Grid(Grid {
        head: names(["Lập lúc", "Người nhận", "Đường gửi", "Kết quả"]),
        rows: notices.iter().rev().map(row).collect(),
        widths: vec![200, 190, 340, 270],
    })]
}

fn fate(notice: &Notice, zone: &Zone) -> String {
    let at = |at: TimeMs| zone.format(at);
    let mut lines = Vec::new();
    if let Some(accepted) = notice.accepted_ms {
        lines.push(format!("đã chuyển lúc {}", at(accepted)));
    }
    if let Some(confirmed) = notice.confirmed_ms {
        let by = notice.confirmed_by.as_deref().unwrap_or_default();
        lines.push(format!("xác nhận lúc {} {by}", at(confirmed)));
    }
    if lines.is_empty() {
        let undone = if notice.state == "dead" {
            "không gửi được"
        } else {
            "chưa chuyển được"
        };
        lines.push(undone.to_owned());
    }
    lines.push(format!("số lần gửi: {}", notice.attempts));
    let provider = notice.provider_ref.iter();
    lines.extend(provider.map(|said| format!("nhà cung cấp: {said}")));
    let error = notice.last_error.iter();
    lines.extend(error.map(|said| format!("lỗi: {said}")));
    lines.join("\n")
}

fn lost(cost: &Downtime, zone: &Zone) -> Vec<Block> {
    let total = words::length(cost.lost_ms).vi;
    let mut blocks = vec![Block::Body(format!(
        "Tổng thời gian dừng trong giờ hoạt động: {total}."
    ))];
    if cost.days.is_empty() {
        return blocks;
    }
    let rows = cost.days.iter().map(|day| {
        let left = day.window.length_ms() - day.lost_ms;
        let verdict = if day.is_short {
            "không đủ"
        } else {
            "đủ"
        };
        vec![
            zone.format(day.window.from_ms).chars().take(10).collect(),
            words::length(day.lost_ms).vi,
            words::length(left).vi,
            format!("{} · {verdict}", words::length(day.quota_ms).vi),
        ]
    });
    blocks.push(Block::Grid(Grid {
        head: names(["Ngày", "Đã dừng", "Còn lại nhiều nhất", "Tối thiểu"]),
        rows: rows.collect(),
        widths: vec![200, 270, 270, 260],
    }));
    blocks
}

/// What two people have signed; room to write while nobody has.
fn remedy(report: &Report) -> String {
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

pub(super) fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}
