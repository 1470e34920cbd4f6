//! What is wrong with a content, where, and what to do about it.

use crate::language::Language;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {}. / {}.", problem.vi(), problem.en())]
pub struct Defect {
    pub place: Place,
    pub problem: Problem,
}

/// Where something is wrong: which list, which member (counted from 1, as lines are), which field.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub list: &'static str,
    pub line: usize,
    /// The member's own name, if it has one.
    pub id: String,
    pub field: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.list, self.line)?;
        if !self.id.is_empty() {
            write!(f, " ({})", self.id)?;
        }
        if !self.field.is_empty() {
            write!(f, ", {}", self.field)?;
        }
        Ok(())
    }
}

/// What is wrong, with the remedy in its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Nothing where something must be.
    Empty,
    TooLong {
        chars: usize,
        most: usize,
    },
    TooMany {
        count: usize,
        most: usize,
    },
    TooFew {
        count: usize,
        least: usize,
    },
    /// A control character or a mark that turns the direction of writing.
    Invisible {
        code: u32,
    },
    /// The same id, name or date twice.
    Duplicate {
        first_line: usize,
    },
    /// Something that the content does not have.
    Unknown {
        what: String,
    },
    /// A category that is its own ancestor.
    Cycle,
    /// An end that is not after its beginning.
    EndsBeforeStart,
    /// A number beyond its limit.
    TooHigh {
        value: u64,
        most: u64,
    },
    /// A text that only one language may have.
    WrongLanguage {
        language: Language,
    },
    /// Pinyin with another number of syllables than the name has characters.
    PinyinCount {
        syllables: usize,
        characters: usize,
    },
    /// An address that is not `https://`.
    NotHttps,
    /// A map whose corners do not span north up, west on the left.
    MapTurned,
}

impl Problem {
    /// What is wrong and what to do, in Vietnamese.
    #[must_use]
    pub fn vi(&self) -> String {
        match self {
            Self::Empty => "đang để trống, hãy điền vào".into(),
            Self::TooLong { chars, most } => {
                format!("dài {chars} ký tự, hãy rút còn nhiều nhất {most}")
            }
            Self::TooMany { count, most } => format!("có {count} mục, hãy giữ nhiều nhất {most}"),
            Self::TooFew { count, least } => format!("có {count} mục, hãy thêm cho đủ {least}"),
            Self::Invisible { code } => {
                format!("có ký tự ẩn U+{code:04X}, hãy xóa và gõ lại đoạn này")
            }
            Self::Duplicate { first_line } => {
                format!("trùng với dòng {first_line}, hãy sửa hoặc xóa một trong hai")
            }
            Self::Unknown { what } => {
                format!("không có {what:?} trong bộ dữ liệu, hãy thêm mục đó hoặc sửa lại tên")
            }
            Self::Cycle => "là cấp trên của chính nó, hãy chọn nhóm cha khác".into(),
            Self::EndsBeforeStart => "kết thúc trước khi bắt đầu, hãy sửa thời gian".into(),
            Self::TooHigh { value, most } => format!("là {value}, hãy chọn số không quá {most}"),
            Self::WrongLanguage { language } => {
                format!("không dùng cho ngôn ngữ {language}, hãy xóa")
            }
            Self::PinyinCount {
                syllables,
                characters,
            } => format!(
                "có {syllables} âm tiết cho {characters} chữ Hán, hãy viết mỗi chữ một âm tiết, cách nhau bằng dấu cách"
            ),
            Self::NotHttps => "phải bắt đầu bằng https://, hãy sửa địa chỉ".into(),
            Self::MapTurned => {
                "không nằm về phía đông nam của góc trên bên trái, hãy sửa tọa độ hai góc".into()
            }
        }
    }

    /// What is wrong and what to do, in English.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::Empty => "is empty, fill it in".into(),
            Self::TooLong { chars, most } => {
                format!("has {chars} characters, cut it to {most} at most")
            }
            Self::TooMany { count, most } => format!("has {count} items, keep {most} at most"),
            Self::TooFew { count, least } => format!("has {count} items, give {least} at least"),
            Self::Invisible { code } => {
                format!(
                    "holds the invisible character U+{code:04X}, delete it and type the text anew"
                )
            }
            Self::Duplicate { first_line } => {
                format!("is the same as line {first_line}, change or delete one of the two")
            }
            Self::Unknown { what } => {
                format!("the content has no {what:?}, add it or correct the name")
            }
            Self::Cycle => "is an ancestor of itself, choose another parent".into(),
            Self::EndsBeforeStart => "ends before it begins, correct the times".into(),
            Self::TooHigh { value, most } => format!("is {value}, choose {most} at most"),
            Self::WrongLanguage { language } => format!("means nothing in {language}, delete it"),
            Self::PinyinCount {
                syllables,
                characters,
            } => format!(
                "has {syllables} syllables for {characters} characters, write one syllable for each, separated by spaces"
            ),
            Self::NotHttps => "must begin with https://, correct the address".into(),
            Self::MapTurned => {
                "is not south-east of the upper left corner, correct the two corners".into()
            }
        }
    }
}
