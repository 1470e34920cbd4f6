//! The playing engine of a wall: cues in, presented pictures and mixed sound out, on a group's common time.
//!
//! The owner announces cues to the [`Engine`]. Each becomes an item: a disposable pipeline on a thread of its own
//! that decodes into bounded queues. One frame clock chooses a frame for every zone on every output tick and feeds
//! the picture made of them to the outputs, which never stop; the mixer does the same for sound. Keepers rebuild a
//! lost output. The aired record listens at the sink and reports what was really presented. Nothing outside this
//! folder knows the media framework, and no callback of it does more than queue, count or send.

mod aired;
mod announce;
mod beat;
mod board;
mod clock;
mod compose;
mod config;
mod cue;
mod elements;
mod engine;
mod graveyard;
mod item;
mod keeper;
mod mixer;
mod output;
mod overlay;
mod path;
mod picture;
mod pulse;
mod report;
mod rgba;
mod scene;
mod shelf;
mod show;
mod size;
mod source;
mod zone;

pub use config::{
    AudioKind, EngineConfig, FrameRate, KmsPlane, LumaPlane, OutputConfig, PathChoice, Patience,
    PixelArea, PresentedFrame, Rotation, Showing, SinkKind, SoundBlock, View, Witness,
};
pub use cue::{Cue, CueId, ItemFault, MediaReader, Medium, MediumKind, OpenMedium, ZoneId};
pub use engine::{Engine, EngineError, monotonic_ns};
pub use overlay::Overlay;
pub use picture::PictureError;
pub use pulse::{Beats, Pulse};
pub use report::{AudioLevel, EngineEvent, Path, Status, ZoneStatus};
pub(crate) use rgba::{Rgba, decode_rgba};
pub use scene::{Scene, SceneId, ScenePlace};
