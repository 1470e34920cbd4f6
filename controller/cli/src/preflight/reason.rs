//! Reasons why a file does not play, or plays otherwise than people think: in Vietnamese and
//! English, with what helps.

mod file;
mod picture;
mod sound;
mod time;

pub use file::FileReason;
pub use picture::PictureReason;
pub use sound::SoundReason;
pub use time::TimeReason;

use serde::Serialize;

/// One thing that people must know about a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Reason {
    File(FileReason),
    Picture(PictureReason),
    Time(TimeReason),
    Sound(SoundReason),
}

/// What a reason does to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It is so, and nothing follows from it.
    Note,
    /// It plays all the same.
    Remark,
    /// It does not play, or not as it should.
    Stop,
}

/// What helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// `cotmoc media convert`.
    Convert,
    /// The program that it was made with must write it anew.
    ExportAgain,
    /// Its name is to be changed.
    Rename,
    /// Nothing needs to be done.
    Nothing,
}

/// A reason in two languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub vi: String,
    pub en: String,
}

impl Words {
    fn new(vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            vi: vi.into(),
            en: en.into(),
        }
    }
}

impl Reason {
    /// What it does to the file.
    pub fn severity(&self) -> Severity {
        match self {
            Self::File(reason) => reason.severity(),
            Self::Picture(reason) => reason.severity(),
            Self::Time(reason) => reason.severity(),
            Self::Sound(reason) => reason.severity(),
        }
    }

    /// Whether only the file's name is meant.
    pub fn is_about_the_name(&self) -> bool {
        matches!(self, Self::File(FileReason::Misnamed { .. }))
    }

    /// What helps against it.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::File(reason) => reason.remedy(),
            Self::Picture(reason) => reason.remedy(),
            Self::Time(reason) => reason.remedy(),
            Self::Sound(reason) => reason.remedy(),
        }
    }

    /// The reason as people read it.
    pub fn words(&self) -> Words {
        match self {
            Self::File(reason) => reason.words(),
            Self::Picture(reason) => reason.words(),
            Self::Time(reason) => reason.words(),
            Self::Sound(reason) => reason.words(),
        }
    }
}

impl From<FileReason> for Reason {
    fn from(reason: FileReason) -> Self {
        Self::File(reason)
    }
}

impl From<PictureReason> for Reason {
    fn from(reason: PictureReason) -> Self {
        Self::Picture(reason)
    }
}

impl From<TimeReason> for Reason {
    fn from(reason: TimeReason) -> Self {
        Self::Time(reason)
    }
}

impl From<SoundReason> for Reason {
    fn from(reason: SoundReason) -> Self {
        Self::Sound(reason)
    }
}
