//! How an engine is set up: picture, sound, time limits, and who may watch what is presented.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::cue::{CueId, ZoneId};

/// Where pictures go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkKind {
    /// Presents in real time to nobody.
    Headless,
    /// A window: Wayland when there is one, else X.
    Window,
    /// A plane of the kernel's display driver.
    Kms(KmsPlane),
    /// A pipeline description whose last element is the sink, for outputs that have no kind of their own.
    Custom { description: String },
}

/// A plane on a connector, in the display driver's own numbers. `None` leaves the choice to the driver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KmsPlane {
    pub driver: Option<String>,
    pub connector_id: Option<i32>,
    pub plane_id: Option<i32>,
}

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelArea {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

impl PixelArea {
    /// All of a picture of this size.
    #[must_use]
    pub fn whole(width: u32, height: u32) -> Self {
        Self {
            x: 0,
            y: 0,
            width: i32::try_from(width).unwrap_or(i32::MAX),
            height: i32::try_from(height).unwrap_or(i32::MAX),
        }
    }
}

/// A quarter turn or two, clockwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    #[default]
    None,
    Right,
    Half,
    Left,
}

/// Which part of the canvas an output shows, and where: cut out, mirrored left to right, turned, scaled to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// In pixels of the canvas.
    pub crop: PixelArea,
    pub rotate: Rotation,
    pub mirror: bool,
    /// In pixels of the output; what lies around it is black.
    pub place: PixelArea,
}

impl View {
    /// The canvas as it is, on an output of its size.
    #[must_use]
    pub fn whole(width: u32, height: u32) -> Self {
        Self {
            crop: PixelArea::whole(width, height),
            rotate: Rotation::None,
            mirror: false,
            place: PixelArea::whole(width, height),
        }
    }
}

/// One sink and what of the canvas it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputConfig {
    pub sink: SinkKind,
    /// Pixels of the picture that the sink is given.
    pub width: u32,
    pub height: u32,
    pub view: View,
}

impl OutputConfig {
    /// An output that shows all of a canvas of its own size.
    #[must_use]
    pub fn whole(sink: SinkKind, width: u32, height: u32) -> Self {
        Self {
            sink,
            width,
            height,
            view: View::whole(width, height),
        }
    }
}

/// How decoded pictures reach the outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PathChoice {
    /// As they are wherever nothing is drawn on them and every output takes them, else over the canvas.
    #[default]
    Auto,
    /// Always over the canvas.
    Mixed,
}

/// Where sound goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AudioKind {
    /// Mixed and metered, sent nowhere.
    None,
    /// An ALSA device, by name.
    Alsa { device: String },
    /// Whatever the machine offers.
    Auto,
    /// Presented in real time to nobody.
    Meter,
}

/// Output frames per second as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRate {
    pub num: u32,
    pub den: u32,
}

/// How long the engine waits before it calls something broken.
#[derive(Clone, Debug)]
pub struct Patience {
    /// A cue is opened this long before its slot.
    pub preroll_ahead: Duration,
    /// From opening to the first pictures.
    pub preroll_limit: Duration,
    /// A playing video may stay without a new picture this long.
    pub stall_after: Duration,
    /// The last picture stays this long when nothing follows, so that the owner can plan anew.
    pub hold_limit: Duration,
    /// The output may stay without presenting this long.
    pub output_stall_after: Duration,
    /// A lost output is tried again this often.
    pub output_retry_every: Duration,
    /// A pipeline or reader that has not ended after this long counts as leaked.
    pub leaked_after: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            preroll_ahead: Duration::from_secs(8),
            preroll_limit: Duration::from_secs(5),
            stall_after: Duration::from_millis(900),
            hold_limit: Duration::from_millis(500),
            output_stall_after: Duration::from_millis(900),
            output_retry_every: Duration::from_secs(3),
            leaked_after: Duration::from_secs(10),
        }
    }
}

/// Everything an engine needs to start.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Pixels of the canvas at the start.
    pub width: u32,
    pub height: u32,
    pub rate: FrameRate,
    /// The first is the one that proof of play counts.
    pub outputs: Vec<OutputConfig>,
    pub path: PathChoice,
    pub audio: AudioKind,
    /// 0.0 is silent, 1.0 is as recorded.
    pub volume: f64,
    /// The encoded standby picture, shown whenever no cue is ready. Held in memory from the start.
    pub standby_png: Arc<[u8]>,
    /// Group time minus monotonic time.
    pub offset_ns: i64,
    pub patience: Patience,
    pub witness: Option<Arc<dyn Witness>>,
}

/// What a presented frame belonged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Showing {
    Cue(CueId),
    Standby,
    Dark,
}

/// Brightness of a picture, row by row; 16 is black and 235 is white.
#[derive(Clone, Copy)]
pub struct LumaPlane<'a> {
    pub width: usize,
    pub height: usize,
    pub stride: usize,
    pub bytes: &'a [u8],
}

impl LumaPlane<'_> {
    #[must_use]
    pub fn at(&self, x: usize, y: usize) -> Option<u8> {
        (x < self.width && y < self.height)
            .then(|| self.bytes.get(y * self.stride + x).copied())
            .flatten()
    }
}

impl fmt::Debug for LumaPlane<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LumaPlane({}x{})", self.width, self.height)
    }
}

/// A frame that the sink has really presented.
#[derive(Clone, Copy, Debug)]
pub struct PresentedFrame<'a> {
    pub zone: ZoneId,
    /// Group time of its tick.
    pub at_ns: i64,
    pub showing: Showing,
    pub luma: LumaPlane<'a>,
}

/// A block of mixed sound on its way to the output: interleaved stereo at 48 kHz.
#[derive(Clone, Copy, Debug)]
pub struct SoundBlock<'a> {
    /// Group time of the first sample.
    pub at_ns: i64,
    pub samples: &'a [i16],
}

/// Sees every presented frame and every mixed block. Called from the output's own threads: return quickly, never panic.
pub trait Witness: Send + Sync + fmt::Debug {
    fn frame(&self, frame: &PresentedFrame<'_>);
    fn sound(&self, block: &SoundBlock<'_>);
}
