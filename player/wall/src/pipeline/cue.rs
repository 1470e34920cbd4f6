//! What the owner of the engine hands over: a medium that can be read, the slot it fills, and what can be wrong with it.

use std::fmt;
use std::io;
use std::sync::Arc;

/// Anything bytes of a medium can be read from. The gate's verifying reader is one; a path never is.
pub trait MediaReader: io::Read + io::Seek + Send {}

impl<T: io::Read + io::Seek + Send> MediaReader for T {}

/// Opens a medium anew. Called on a worker thread, possibly more than once for one cue.
pub type OpenMedium = Arc<dyn Fn() -> io::Result<Box<dyn MediaReader>> + Send + Sync>;

/// Names one showing of one item. The owner chooses it; the engine only reports it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CueId(pub u64);

impl fmt::Display for CueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names a rectangle of the wall with a programme of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ZoneId(pub u16);

impl ZoneId {
    /// Where faults of announcements are reported: they sound beside all zones.
    pub const ANNOUNCEMENTS: Self = Self(u16::MAX);
}

impl fmt::Display for ZoneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediumKind {
    Video,
    /// One picture that a decoder makes.
    Still,
    /// One picture that is drawn from a text slide.
    Slide,
    /// Sound without a picture.
    Sound,
}

impl MediumKind {
    /// One picture for the whole slot.
    #[must_use]
    pub const fn is_still(self) -> bool {
        matches!(self, Self::Still | Self::Slide)
    }
}

/// One media file, readable through `open` only.
#[derive(Clone)]
pub struct Medium {
    /// Item id for logs and events.
    pub label: String,
    pub kind: MediumKind,
    /// Names the content: media with the same key are the same bytes.
    pub key: String,
    pub mime: String,
    pub size_bytes: u64,
    pub open: OpenMedium,
}

impl fmt::Debug for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Medium")
            .field("label", &self.label)
            .field("kind", &self.kind)
            .field("mime", &self.mime)
            .field("size_bytes", &self.size_bytes)
            .finish_non_exhaustive()
    }
}

/// A medium and the half-open slot `[starts_at_ns, ends_at_ns)` of group time that it fills.
#[derive(Clone, Debug)]
pub struct Cue {
    pub id: CueId,
    pub medium: Medium,
    /// Group time, ns since the unix epoch.
    pub starts_at_ns: i64,
    /// Group time, exclusive.
    pub ends_at_ns: i64,
    /// Where in the medium playback stands at `starts_at_ns`.
    pub offset_ns: i64,
    /// How long the picture before fades into this one; 0 cuts.
    pub crossfade_ns: i64,
    /// What brings its sound to the programme's loudness, in thousandths of dB.
    pub gain_mdb: i32,
}

/// Why an item could not be shown, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ItemFault {
    #[error("the medium has no bytes")]
    Empty,
    #[error("the medium could not be opened: {detail}")]
    Unreadable { detail: String },
    #[error("the medium's bytes were refused while reading: {detail}")]
    Integrity { detail: String },
    #[error("the medium cannot be decoded: {detail}")]
    Undecodable { detail: String },
    #[error("the medium ended at {ended_ms} ms, its container promises {promised_ms} ms")]
    Truncated { ended_ms: i64, promised_ms: i64 },
    #[error("the medium gave no first picture in time")]
    NotReady,
    #[error("the medium stopped giving pictures")]
    Stalled,
}

impl ItemFault {
    /// Stable reason code for events and reports.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Unreadable { .. } => "unreadable",
            Self::Integrity { .. } => "integrity",
            Self::Undecodable { .. } => "undecodable",
            Self::Truncated { .. } => "truncated",
            Self::NotReady => "not-ready",
            Self::Stalled => "stalled",
        }
    }
}
