//! Values: why a report is not to be believed, each in both languages.

use super::VERSION;
use super::words::Name;
use crate::incident::Refused;
use crate::saying::{Saying, say};
use cotmoc_proto::Digest;

/// One reason why a report is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("it is no report of an incident: {0}")]
    Unreadable(String),
    #[error("it has form {0}; this program reads forms up to {VERSION}")]
    Version(u32),
    #[error("nobody has signed it, although the controller's key is known")]
    Unsigned,
    #[error("another key has signed it: {}", found.map(|key| key.to_string()).unwrap_or_default())]
    OtherKey { found: Option<Digest> },
    #[error("the signature does not hold: something was changed after it was signed")]
    Signature,
    #[error("line {line} of the log does not follow from those before it: {reason}")]
    Log { line: usize, reason: Refused },
    #[error("line {line} of the log is later than the report")]
    Later { line: usize },
    #[error("{0}")]
    Differs(Difference),
}

/// A figure that the log gives differently.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: the report states {stated}, its log gives {found}", of.en)]
pub struct Difference {
    pub of: Name,
    pub stated: String,
    pub found: String,
}

impl Fault {
    /// The reason for people.
    #[must_use]
    pub fn saying(&self) -> Saying {
        let vi = match self {
            Self::Unreadable(_) => "tệp không phải hồ sơ sự cố".to_owned(),
            Self::Version(found) => {
                format!("hồ sơ theo mẫu {found}; chương trình này đọc mẫu 1 đến {VERSION}")
            }
            Self::Unsigned => "hồ sơ chưa được ký, dù đã biết khóa của máy chủ".to_owned(),
            Self::OtherKey { found } => {
                let found = found.map(|key| key.to_string()).unwrap_or_default();
                format!("hồ sơ được ký bằng khóa khác: {found}")
            }
            Self::Signature => "chữ ký không đúng: nội dung đã bị thay đổi sau khi ký".to_owned(),
            Self::Log { line, .. } => {
                format!("dòng {line} của nhật ký không nối tiếp các dòng trước")
            }
            Self::Later { line } => format!("dòng {line} của nhật ký muộn hơn lúc lập hồ sơ"),
            Self::Differs(Difference { of, stated, found }) => {
                format!("{}: hồ sơ ghi {stated}, nhật ký cho thấy {found}", of.vi)
            }
        };
        say(vi, self.to_string())
    }
}
