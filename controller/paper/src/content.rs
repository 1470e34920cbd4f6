//! Resolver: what the paper says, block by block, before anybody lays it out. In Vietnamese, as official
//! documents are.

mod chapters;
mod notes;

use cotmoc_controller_core::report::{Report, Seal};
use cotmoc_proto::window::{OperatingWindow, Zone};
use cotmoc_proto::{Digest, TimeMs};

pub(crate) const BLANK: &str = "……………………";

/// Everything on the paper of one report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub(crate) title: String,
    pub(crate) made_ms: TimeMs,
    pub(crate) digest: Digest,
    pub(crate) blocks: Vec<Block>,
}

/// One part of the page, from its left margin to its right one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// Issuer and motto, side by side.
    Heading {
        left: [Line; 3],
        right: [Line; 3],
    },
    /// A centred line.
    Centred(Line),
    Chapter(String),
    Body(String),
    Grid(Grid),
    /// What a reader checks the paper with, beside its code, and who signs it: on one page.
    Proof(Proof),
    /// The appendix begins on a page of its own.
    NewPage,
}

/// One line with its style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub text: String,
    pub style: Style,
    /// In points.
    pub size: u16,
    /// A rule stands under it.
    pub is_underlined: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    Regular,
    Bold,
    Italic,
}

/// How the paper is checked, and room for those who sign it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proof {
    pub name: String,
    pub lines: Vec<String>,
    pub code: String,
    pub signers: [[Line; 2]; 2],
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grid {
    /// Repeated on every page; empty: there is none.
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// Of each column, in thousandths of the page's width between its margins.
    pub widths: Vec<u16>,
}

impl Content {
    /// The paper of `report`, whose signed bytes have the digest `digest`.
    #[must_use]
    pub fn of(report: &Report, seal: Seal, digest: Digest) -> Self {
        let zone = OperatingWindow::default().zone;
        let mut blocks = opening(report, &zone);
        blocks.extend(chapters::of(report, &zone));
        blocks.push(closing(report, seal, digest));
        blocks.extend(chapters::appendix(report));
        Self {
            title: format!("Biên bản sự cố {}", report.incident),
            made_ms: report.made_ms,
            digest,
            blocks,
        }
    }
}

impl Line {
    pub(crate) fn new(text: impl Into<String>, style: Style, size: u16) -> Self {
        Self {
            text: text.into(),
            style,
            size,
            is_underlined: false,
        }
    }

    fn underlined(self) -> Self {
        Self {
            is_underlined: true,
            ..self
        }
    }
}

/// Number, place and date are filled in by hand.
fn opening(report: &Report, zone: &Zone) -> Vec<Block> {
    let left = [
        Line::new("ĐƠN VỊ VẬN HÀNH", Style::Bold, 13),
        Line::new(BLANK, Style::Regular, 13),
        Line::new("Số:        /BB-……", Style::Regular, 13),
    ];
    let right = [
        Line::new("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", Style::Bold, 12),
        Line::new("Độc lập - Tự do - Hạnh phúc", Style::Bold, 13).underlined(),
        Line::new("…………, ngày …… tháng …… năm ………", Style::Italic, 13),
    ];
    let made = zone.format(report.made_ms);
    let form = if report.is_final {
        format!("Bản chính thức, lập từ nhật ký của hệ thống khi kết thúc sự cố lúc {made}")
    } else {
        format!("BẢN NHÁP: sự cố chưa kết thúc. Lập từ nhật ký của hệ thống lúc {made}")
    };
    vec![
        Block::Heading { left, right },
        Block::Centred(Line::new("", Style::Regular, 8)),
        Block::Centred(Line::new("BIÊN BẢN", Style::Bold, 14)),
        Block::Centred(Line::new("Sự cố cụm thông tin đối ngoại", Style::Bold, 14)),
        Block::Centred(Line::new(
            format!("(Mã sự cố: {})", report.incident),
            Style::Regular,
            13,
        )),
        Block::Centred(Line::new("", Style::Regular, 6)),
        Block::Body(format!(
            "{form}, theo Điều 8 khoản 3 Quyết định 104/2016/QĐ-UBND."
        )),
    ]
}

/// What the paper is checked with, and who signs it by hand.
fn closing(report: &Report, seal: Seal, digest: Digest) -> Block {
    let signed = match seal {
        Seal::None => "Hồ sơ điện tử chưa được ký số.".to_owned(),
        Seal::Unchecked { by } | Seal::Holds { by } => {
            format!("Máy chủ điều khiển đã ký số bằng khóa {by}.")
        }
        Seal::Broken => "CHỮ KÝ SỐ KHÔNG ĐÚNG.".to_owned(),
    };
    let lines = vec![
        "Mã băm SHA-256 của nội dung hồ sơ điện tử:".to_owned(),
        digest.to_string(),
        signed,
        "Kiểm tra bằng lệnh: cotmoc incident verify HỒ-SƠ --key beacon.pub. Mã QR chứa mã băm trên."
            .to_owned(),
    ];
    let sign = |who: &str| {
        [
            Line::new(who, Style::Bold, 13),
            Line::new("(Ký, ghi rõ họ tên)", Style::Italic, 13),
        ]
    };
    Block::Proof(Proof {
        name: "IX. Kiểm tra".to_owned(),
        lines,
        code: code(report, digest),
        signers: [sign("ĐẠI DIỆN SỞ"), sign("NGƯỜI LẬP BIÊN BẢN")],
    })
}

/// Where the controller serves pages for people, the page that knows final reports; else the digest itself.
fn code(report: &Report, digest: Digest) -> String {
    match &report.context.link {
        Some(link) => format!("{}/v/{digest}", link.trim_end_matches('/')),
        None => format!("cotmoc:{}:sha256:{digest}", report.incident),
    }
}
