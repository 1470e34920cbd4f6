//! A software release: which bundle the boards of one class install. Two of the builders sign it; it
//! brings no content, and nobody who signs content can make one.

use crate::digest::Digest;
use crate::id::{BoardClass, SiteId};
use crate::reject::Reject;
use crate::time::TimeMs;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// How long a board may take to prove itself on new software, in seconds of powered-on time.
pub const HEALTH_S: std::ops::RangeInclusive<u32> = 30..=3_600;
/// The largest bundle, in bytes.
pub const MAX_BUNDLE_BYTES: u64 = 8 * 1024 * 1024 * 1024;

/// What the boards of one class shall run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Software {
    pub site: SiteId,
    /// The boards it is built for.
    pub class: BoardClass,
    pub epoch: u64,
    /// Counts up with every software release of the class; never goes back, whatever runs.
    pub version: u64,
    /// The oldest version from which a board may go to this one; 0: any.
    pub min_version: u64,
    pub issued_ms: TimeMs,
    /// The version as people call it.
    pub label: String,
    pub bundle: Bundle,
    /// Powered-on time within which picture, sound and receipt must be well after the first start,
    /// in seconds; else the board returns to what it ran before.
    pub health_timeout_s: u32,
    pub note: String,
}

/// The file that is installed, described as media are: every piece can be checked on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    pub sha256: Digest,
    pub size_bytes: u64,
    /// Length of every chunk but the last, in bytes.
    pub chunk_bytes: NonZeroU32,
    /// Digest of the list of the digests of all chunks.
    pub chunks_sha256: Digest,
}

impl Software {
    /// Checks the rules that a software release must keep by itself.
    ///
    /// # Errors
    /// [`Reject::BadSoftware`] naming the first broken rule.
    pub fn check(&self) -> Result<(), Reject> {
        let detail = if self.version == 0 || self.min_version >= self.version {
            "expected version >= 1, and min_version below it".to_owned()
        } else if !(1..=40).contains(&self.label.len()) || self.note.len() > 2_000 {
            "no label, or too long a label or note".to_owned()
        } else if !(1..=MAX_BUNDLE_BYTES).contains(&self.bundle.size_bytes) {
            let size = self.bundle.size_bytes;
            format!("a bundle of {size} bytes; expected 1 to {MAX_BUNDLE_BYTES}")
        } else if !HEALTH_S.contains(&self.health_timeout_s) {
            let (least, most) = (HEALTH_S.start(), HEALTH_S.end());
            let found = self.health_timeout_s;
            format!("health_timeout_s {found}; expected {least} to {most}")
        } else {
            return Ok(());
        };
        Err(Reject::BadSoftware { detail })
    }
}
