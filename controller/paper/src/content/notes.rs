//! What devices and the controller noted meanwhile, with the clock that dated it.

use super::chapters::names;
use super::{Block, Grid};
use cotmoc_controller_core::report::{Heard, Report};
use cotmoc_proto::device::{ClockQuality, EventKind};
use cotmoc_proto::window::Zone;

pub(super) fn of_devices(report: &Report, zone: &Zone) -> Vec<Block> {
    let own = if report.context.is_synchronised {
        "đồng hồ được đồng bộ khi lập biên bản"
    } else {
        "đồng hồ không được đồng bộ khi lập biên bản, chạy tiếp từ lần đồng bộ trước"
    };
    let clock = format!(
        "Các dòng của nhật ký do máy chủ điều khiển ghi theo đồng hồ tin cậy của máy chủ ({own})."
    );
    let heard = report.context.heard.iter();
    let rows: Vec<_> = heard
        .filter_map(|one| Some((one, one.device.as_ref()?)))
        .map(|(one, device)| {
            vec![
                zone.format(one.at_ms),
                format!("{device}: {}", said(one)),
                clock_of(one.clock).to_owned(),
                zone.format(one.received_ms),
            ]
        })
        .collect();
    let rest = if rows.is_empty() {
        Block::Body("Thiết bị không gửi chứng cứ nào trong thời gian này.".to_owned())
    } else {
        Block::Grid(Grid {
            head: names(["Xảy ra lúc", "Thiết bị ghi", "Đồng hồ", "Nhận được lúc"]),
            rows,
            widths: vec![240, 360, 160, 240],
        })
    };
    vec![Block::Body(clock), rest]
}

pub(super) fn of_controller(report: &Report, zone: &Zone) -> Vec<Block> {
    let heard = report.context.heard.iter();
    let rows: Vec<_> = heard
        .filter(|one| one.device.is_none())
        .map(|one| vec![zone.format(one.at_ms), said(one)])
        .collect();
    if rows.is_empty() {
        let none = "Không có ghi nhận nào về lỗi của máy chủ điều khiển hay máy chứng kiến.";
        return vec![Block::Body(none.to_owned())];
    }
    vec![Block::Grid(Grid {
        head: names(["Ghi lúc", "Nội dung"]),
        rows,
        widths: vec![250, 750],
    })]
}

const fn clock_of(quality: ClockQuality) -> &'static str {
    match quality {
        ClockQuality::Synchronised => "đã đồng bộ",
        ClockQuality::Held => "tự giữ giờ",
        ClockQuality::Untrusted => "không đáng tin",
    }
}

fn said(one: &Heard) -> String {
    let kind = serde_json::from_value(one.kind.clone().into()).ok();
    let known = kind.as_ref().and_then(EventKind::words);
    let own = OWN.iter().find(|(kind, _)| *kind == one.kind);
    let words = known.map(|(vi, _)| vi).or(own.map(|(_, vi)| *vi));
    let details = one.detail.iter();
    let details: Vec<String> = details
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    let words = words.unwrap_or(&one.kind);
    if details.is_empty() {
        words.to_owned()
    } else {
        format!("{words} ({})", details.join(", "))
    }
}

/// What the controller notes about itself.
const OWN: [(&str, &str); 6] = [
    ("controller-started", "Máy chủ điều khiển khởi động"),
    (
        "controller-unwell",
        "Máy chủ tự phát hiện lỗi, ngừng báo bình thường",
    ),
    ("controller-well", "Máy chủ không còn thấy lỗi của mình"),
    (
        "witness-deaf",
        "Máy chứng kiến không nhận tín hiệu của máy chủ",
    ),
    (
        "witness-hears",
        "Máy chứng kiến lại nhận tín hiệu của máy chủ",
    ),
    ("notice-dead", "Một thông báo không gửi được trên đường này"),
];
