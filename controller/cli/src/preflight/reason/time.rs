//! What there is to say about the course of a film.

use super::{Remedy, Severity, Words};
use crate::format;
use serde::Serialize;

/// What there is to say about the course of a film.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum TimeReason {
    NoLength,
    #[serde(rename = "absurd-length")]
    Absurd {
        header_ms: u64,
    },
    EndsEarly {
        header_ms: u64,
        found_ms: u64,
    },
    /// How many pictures come before the first that can be decoded; `None`: all.
    NoKeyAtStart {
        pictures: Option<u64>,
    },
    Damaged {
        at_ms: u64,
        detail: String,
    },
    GoesOn {
        header_ms: u64,
        found_ms: u64,
    },
    PictureEndsFirst {
        picture_ms: u64,
        sound_ms: u64,
    },
    #[serde(rename = "variable-rate")]
    Variable {
        shortest_ms: u64,
        longest_ms: u64,
    },
    #[serde(rename = "few-key-pictures")]
    FewKeys {
        gap_ms: u64,
    },
    /// The check was not finished in its time.
    NotFinished {
        at_ms: u64,
    },
}

impl TimeReason {
    pub fn severity(&self) -> Severity {
        match self {
            Self::NoLength
            | Self::Absurd { .. }
            | Self::EndsEarly { .. }
            | Self::NoKeyAtStart { .. }
            | Self::Damaged { .. } => Severity::Stop,
            Self::GoesOn { .. }
            | Self::PictureEndsFirst { .. }
            | Self::Variable { .. }
            | Self::FewKeys { .. }
            | Self::NotFinished { .. } => Severity::Remark,
        }
    }

    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Damaged { .. } | Self::EndsEarly { .. } | Self::Absurd { .. } => {
                Remedy::ExportAgain
            }
            Self::NoLength
            | Self::NoKeyAtStart { .. }
            | Self::GoesOn { .. }
            | Self::PictureEndsFirst { .. }
            | Self::Variable { .. }
            | Self::FewKeys { .. } => Remedy::Convert,
            Self::NotFinished { .. } => Remedy::Nothing,
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table: one row for each reason")]
    pub fn words(&self) -> Words {
        match self {
            Self::NoLength => {
                Words::new("tệp không ghi thời lượng", "it does not say how long it is")
            }
            Self::Absurd { header_ms } => Words::new(
                format!("thời lượng ghi trong tệp vô lý: {}", time(*header_ms)),
                format!("its header claims an absurd length: {}", time(*header_ms)),
            ),
            Self::EndsEarly {
                header_ms,
                found_ms,
            } => Words::new(
                format!(
                    "hết sớm ở {}, trong khi tệp ghi dài {}",
                    time(*found_ms),
                    time(*header_ms)
                ),
                format!(
                    "it ends at {}, its header promises {}",
                    time(*found_ms),
                    time(*header_ms)
                ),
            ),
            Self::NoKeyAtStart {
                pictures: Some(pictures),
            } => Words::new(
                format!("{pictures} hình đầu không giải mã được vì thiếu hình khoá (keyframe)"),
                format!(
                    "the first {pictures} pictures cannot be decoded: no key picture at the start"
                ),
            ),
            Self::NoKeyAtStart { pictures: None } => Words::new(
                "không có hình khoá (keyframe) nào, không hình nào giải mã được",
                "it has no key picture at all: none of it can be decoded",
            ),
            Self::Damaged { at_ms, detail } => Words::new(
                format!("tệp hỏng ở khoảng {} ({detail})", time(*at_ms)),
                format!("it is damaged at about {} ({detail})", time(*at_ms)),
            ),
            Self::GoesOn {
                header_ms,
                found_ms,
            } => Words::new(
                format!(
                    "dài {}, hơn thời lượng {} ghi trong tệp; phần dư không được chiếu",
                    time(*found_ms),
                    time(*header_ms)
                ),
                format!(
                    "it is {} long, its header says {}; the rest is not shown",
                    time(*found_ms),
                    time(*header_ms)
                ),
            ),
            Self::PictureEndsFirst {
                picture_ms,
                sound_ms,
            } => Words::new(
                format!(
                    "hình hết ở {} nhưng tiếng kéo tới {}; hình cuối đứng yên",
                    time(*picture_ms),
                    time(*sound_ms)
                ),
                format!(
                    "its picture ends at {}, its sound at {}: the last picture stands still",
                    time(*picture_ms),
                    time(*sound_ms)
                ),
            ),
            Self::Variable {
                shortest_ms,
                longest_ms,
            } => Words::new(
                format!(
                    "tốc độ hình không đều (mỗi hình {shortest_ms} đến {longest_ms} ms); chuyển động có thể giật"
                ),
                format!(
                    "variable frame rate ({shortest_ms} to {longest_ms} ms per picture): motion may judder"
                ),
            ),
            Self::FewKeys { gap_ms } => Words::new(
                format!(
                    "hình khoá cách nhau tới {}; màn hình vào giữa chừng sẽ chậm",
                    time(*gap_ms)
                ),
                format!(
                    "key pictures are up to {} apart: a wall that joins late is slow to start",
                    time(*gap_ms)
                ),
            ),
            Self::NotFinished { at_ms } => Words::new(
                format!(
                    "chưa kiểm hết: hết giờ ở {}; hãy tăng --patience-s",
                    time(*at_ms)
                ),
                format!(
                    "not checked to its end: time was up at {}; give more with --patience-s",
                    time(*at_ms)
                ),
            ),
        }
    }
}

fn time(ms: u64) -> String {
    i64::try_from(ms).map_or_else(|_over| "∞".to_owned(), format::length)
}
