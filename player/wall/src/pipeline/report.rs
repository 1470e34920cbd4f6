//! What the engine tells its owner: events as they happen, a status at any time.

use super::config::Showing;
use super::cue::{CueId, ItemFault, ZoneId};
use super::scene::SceneId;

/// Something the owner should record or act on. Times are group time in ns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineEvent {
    /// The first frame of a cue was presented.
    Started {
        zone: ZoneId,
        cue: CueId,
        label: String,
        at_ns: i64,
        /// Digest of a 32×18 brightness thumbnail of that frame, lower-case hex.
        thumbnail_sha256: String,
    },
    /// Another picture was presented after the last frame of a cue.
    Ended {
        zone: ZoneId,
        cue: CueId,
        label: String,
        first_at_ns: i64,
        last_at_ns: i64,
        /// Frames presented.
        frames: u64,
        /// Of these, presented after their time.
        late: u64,
        /// Ticks of the slot on which the cue was not presented.
        lost: u64,
    },
    /// The standby picture took the air.
    Standby {
        zone: ZoneId,
        at_ns: i64,
    },
    /// Planned darkness began.
    Dark {
        zone: ZoneId,
        at_ns: i64,
    },
    /// A cue's last picture stayed on air past its slot because the next was not ready.
    Held {
        zone: ZoneId,
        cue: CueId,
        ticks: u64,
    },
    Fault {
        zone: ZoneId,
        cue: CueId,
        label: String,
        fault: ItemFault,
    },
    /// The hardware decoder gave up on a cue; it goes on with a software decoder.
    DecoderReplaced {
        zone: ZoneId,
        cue: CueId,
    },
    /// How the pictures of an item reach the outputs. Comes again when that changes while it is on air.
    PathChosen {
        zone: ZoneId,
        cue: CueId,
        path: Path,
    },
    /// The first sample of an announcement was mixed; it is heard at `at_ns`.
    AnnouncementStarted {
        cue: CueId,
        label: String,
        at_ns: i64,
    },
    /// An announcement is over, or was silenced.
    AnnouncementEnded {
        cue: CueId,
        label: String,
        /// Group time of the first and the last sample that was mixed.
        first_at_ns: i64,
        last_at_ns: i64,
        /// Samples of each channel, 48,000 a second.
        samples: u64,
    },
    OutputLost {
        /// Its place in the configuration, from 0.
        output: usize,
        reason: String,
    },
    OutputRestored {
        output: usize,
    },
    AudioLost {
        reason: String,
    },
    AudioRestored,
    /// Pipelines or readers that did not end in time; the process should leave when this grows.
    Leaked {
        count: usize,
    },
}

/// How pictures reach the outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// As the decoder makes them.
    Direct,
    /// In the canvas' format, ready to be drawn on.
    Mixed,
}

/// Loudness of the last second of mixed sound, 1.0 is full scale.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AudioLevel {
    pub peak: f64,
    pub rms: f64,
}

/// What a zone is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneStatus {
    pub zone: ZoneId,
    /// What the scheduler chose for the last tick.
    pub chosen: Showing,
    /// What the sink presented last.
    pub presented: Option<Showing>,
    /// Cues announced and not yet shown.
    pub announced: usize,
    /// The first of them is decoded and waiting.
    pub next_ready: bool,
}

/// A cheap snapshot of the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    pub now_ns: i64,
    pub frames_presented: u64,
    pub frames_late: u64,
    /// Frames handed to the output that it did not present, and ticks that were skipped.
    pub frames_dropped: u64,
    /// Ticks the frame clock has worked through; stands still only when it does.
    pub ticks: u64,
    /// Of these, the ones whose picture was drawn and not passed on as decoded.
    pub frames_composed: u64,
    /// The scene that is seen.
    pub scene: SceneId,
    pub last_presented_at_ns: Option<i64>,
    /// The first output presents where it is configured to.
    pub output_ok: bool,
    pub audio_ok: bool,
    pub level: AudioLevel,
    pub leaked: usize,
    /// Pictures that shall be held ready and are not decoded yet, over all zones.
    pub to_be_kept: usize,
    /// Of the scene that is seen and of prepared ones.
    pub zones: Vec<ZoneStatus>,
}
