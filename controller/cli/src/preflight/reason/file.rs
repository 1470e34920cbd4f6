//! What is wrong with a file as such.

use super::{Remedy, Severity, Words};
use serde::Serialize;

/// What is wrong with a file as such.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum FileReason {
    Empty,
    Unknown {
        beginning: String,
    },
    TooLong {
        bytes: u64,
        most: u64,
    },
    CutOff {
        bytes: u64,
        wants: u64,
    },
    MoreBehind {
        bytes: u64,
        wants: u64,
    },
    Encrypted,
    ContainerNotPlayed {
        container: &'static str,
    },
    Unreadable {
        detail: String,
    },
    Misnamed {
        extension: String,
        is: &'static str,
    },
    /// The index of an MP4 stands behind its pictures.
    IndexAtEnd,
    /// An Ogg stream whose last page is missing.
    NoLastPage,
}

impl FileReason {
    pub fn severity(&self) -> Severity {
        match self {
            Self::Empty
            | Self::Unknown { .. }
            | Self::TooLong { .. }
            | Self::CutOff { .. }
            | Self::MoreBehind { .. }
            | Self::Encrypted
            | Self::ContainerNotPlayed { .. }
            | Self::Unreadable { .. } => Severity::Stop,
            Self::Misnamed { .. } | Self::NoLastPage => Severity::Remark,
            Self::IndexAtEnd => Severity::Note,
        }
    }

    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Empty
            | Self::CutOff { .. }
            | Self::MoreBehind { .. }
            | Self::Encrypted
            | Self::Unreadable { .. }
            | Self::NoLastPage => Remedy::ExportAgain,
            Self::Unknown { .. } | Self::TooLong { .. } | Self::ContainerNotPlayed { .. } => {
                Remedy::Convert
            }
            Self::Misnamed { .. } => Remedy::Rename,
            Self::IndexAtEnd => Remedy::Nothing,
        }
    }

    pub fn words(&self) -> Words {
        match self {
            Self::Empty => Words::new("tệp rỗng, 0 byte", "it is empty"),
            Self::Unknown { beginning } => Words::new(
                format!(
                    "không phải ảnh, phim hay âm thanh mà màn hình phát được (mở đầu {beginning})"
                ),
                format!(
                    "not a picture, film or sound that walls play (it begins with {beginning})"
                ),
            ),
            Self::TooLong { bytes, most } => Words::new(
                format!("tệp quá lớn: {bytes} byte, nhiều nhất {most}"),
                format!("it is too large: {bytes} bytes, at most {most}"),
            ),
            Self::CutOff { bytes, wants } => Words::new(
                format!("tệp bị cắt: mới có {bytes} trong {wants} byte"),
                format!("it is cut off: {bytes} of {wants} bytes are there"),
            ),
            Self::MoreBehind { bytes, wants } => Words::new(
                format!("sau ảnh còn {} byte lạ", bytes.saturating_sub(*wants)),
                format!(
                    "{} bytes stand behind the picture",
                    bytes.saturating_sub(*wants)
                ),
            ),
            Self::Encrypted => Words::new(
                "tệp bị khoá bản quyền (mã hoá)",
                "it is encrypted (copy protection)",
            ),
            Self::ContainerNotPlayed { container } => Words::new(
                format!("loại máy này không phát tệp {container}"),
                format!("this board does not play {container} files"),
            ),
            Self::Unreadable { detail } => Words::new(
                format!("không đọc được tệp ({detail})"),
                format!("it cannot be read ({detail})"),
            ),
            Self::Misnamed { extension, is } => Words::new(
                format!(
                    "tên có đuôi .{extension} nhưng thật ra là {is}; tệp được phát đúng như nó là"
                ),
                format!("it is named .{extension} but is {is}; it is taken for what it is"),
            ),
            Self::IndexAtEnd => Words::new(
                "mục lục nằm cuối tệp; vẫn phát bình thường",
                "its index stands at its end; it plays all the same",
            ),
            Self::NoLastPage => Words::new(
                "thiếu trang cuối, có thể tệp đã bị cắt",
                "its last page is missing; it may be cut off",
            ),
        }
    }
}
