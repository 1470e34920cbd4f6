//! Resolver: whether a media file plays on a board, judged from what was found in it. It reads no
//! file and runs nothing; `crate::media` finds the facts.

mod board;
mod judge;
mod picture;
mod probe;
mod reason;
#[cfg(test)]
mod tests;

pub use board::{Board, DEFAULT_BOARD};
pub use judge::judge;
pub use picture::EDGE_PX;
pub use probe::{
    Bytes, Codec, Decoded, IndexPlace, Mark, Picture, PixelFormat, Probe, Scan, SoundTrack, Stopped,
};
pub use reason::{Reason, Remedy, Severity};

use serde::Serialize;

/// Whether a file plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Plays,
    /// It plays; people should know something about it.
    PlaysWithRemark,
    WillNotPlay,
}

impl Verdict {
    /// What `reasons` come to.
    pub fn of(reasons: &[Reason]) -> Self {
        let worst = reasons.iter().map(Reason::severity).max();
        match worst {
            None | Some(Severity::Note) => Self::Plays,
            Some(Severity::Remark) => Self::PlaysWithRemark,
            Some(Severity::Stop) => Self::WillNotPlay,
        }
    }
}
