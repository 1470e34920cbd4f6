//! What there is to say about sound.

use super::{Remedy, Severity, Words};
use serde::Serialize;

/// What there is to say about sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum SoundReason {
    /// A sound file without sound.
    #[serde(rename = "no-sound")]
    NoneAtAll,
    #[serde(rename = "sound-not-played")]
    NotPlayed {
        codec: String,
    },
    /// A film whose sound the board does not decode.
    ShownSilent {
        codec: String,
    },
    /// A film without sound.
    #[serde(rename = "silent-film")]
    Missing,
    MixedDown {
        channels: u32,
    },
    #[serde(rename = "several-sounds")]
    Several {
        count: usize,
    },
}

impl SoundReason {
    pub fn severity(&self) -> Severity {
        match self {
            Self::NoneAtAll | Self::NotPlayed { .. } => Severity::Stop,
            Self::ShownSilent { .. } | Self::MixedDown { .. } | Self::Several { .. } => {
                Severity::Remark
            }
            Self::Missing => Severity::Note,
        }
    }

    pub fn remedy(&self) -> Remedy {
        match self {
            Self::NoneAtAll => Remedy::ExportAgain,
            Self::NotPlayed { .. } | Self::ShownSilent { .. } => Remedy::Convert,
            Self::Missing | Self::MixedDown { .. } | Self::Several { .. } => Remedy::Nothing,
        }
    }

    pub fn words(&self) -> Words {
        match self {
            Self::NoneAtAll => Words::new("tệp không có tiếng", "it has no sound"),
            Self::NotPlayed { codec } => Words::new(
                format!("loại máy này không phát được tiếng {codec}"),
                format!("this board does not play {codec} sound"),
            ),
            Self::ShownSilent { codec } => Words::new(
                format!("tiếng {codec} không phát được; phim chiếu không tiếng"),
                format!("{codec} sound is not played; the film is shown silently"),
            ),
            Self::Missing => Words::new("phim không có tiếng", "the film has no sound"),
            Self::MixedDown { channels } => Words::new(
                format!("{channels} kênh tiếng được trộn thành 2 kênh"),
                format!("{channels} channels are mixed down to 2"),
            ),
            Self::Several { count } => Words::new(
                format!("tệp có {count} luồng tiếng; chỉ luồng đầu được phát"),
                format!("it has {count} sound streams; only the first is played"),
            ),
        }
    }
}
