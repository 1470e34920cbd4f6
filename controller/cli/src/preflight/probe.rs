//! What was found in a media file.

use cotmoc_proto::media::Mime;
use serde::Serialize;
use std::collections::BTreeSet;

/// Everything that was found in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// The end of its name, in lower case.
    pub extension: Option<String>,
    pub size_bytes: u64,
    /// Its first bytes, for people.
    pub beginning: String,
    /// What its bytes say that it is.
    pub mime: Option<Mime>,
    pub bytes: Bytes,
    /// How long its header says that it is.
    pub length_ms: Option<u64>,
    pub picture: Option<Picture>,
    /// How many streams of moving pictures it has.
    pub pictures: usize,
    pub sound: Option<SoundTrack>,
    pub sounds: usize,
    /// Why it could not be looked into.
    pub unreadable: Option<String>,
    /// Its packets, if they were counted.
    pub scan: Option<Scan>,
    /// What decoding it came to, if it was decoded.
    pub decoded: Option<Decoded>,
}

/// What its bytes show without decoding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Bytes {
    pub index: Option<IndexPlace>,
    /// How long it must be by its own word.
    pub wants_bytes: Option<u64>,
    pub marks: BTreeSet<Mark>,
    /// EXIF orientation, 1 to 8.
    pub orientation: Option<u8>,
}

/// Something about a file that its bytes show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// A stream whose last page is missing.
    Endless,
    Encrypted,
    /// A still that is several pictures.
    Animated,
    /// A picture in printing inks.
    Cmyk,
}

/// Where an MP4 keeps its index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IndexPlace {
    Front,
    End,
}

/// How something is coded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Codec {
    /// As ffprobe names it.
    pub name: String,
    pub profile: Option<String>,
    /// In tenths.
    pub level: Option<u32>,
}

/// A stream of pictures, or a still.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    pub codec: Codec,
    pub width_px: u32,
    pub height_px: u32,
    pub format: Option<PixelFormat>,
    /// Frames of a second, in thousandths.
    pub mfps: Option<u64>,
    /// The rate that all its times fit to, in thousandths.
    pub base_mfps: Option<u64>,
    pub bits_per_s: Option<u64>,
    pub is_interlaced: bool,
    /// The name of a transfer function for high dynamic range.
    pub hdr: Option<String>,
    /// How far it must be turned to stand upright, in degrees clockwise.
    pub turned_degrees: i64,
}

/// How samples of a picture are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PixelFormat {
    pub depth: u32,
    pub chroma: &'static str,
}

impl PixelFormat {
    /// The format that ffprobe calls `name`.
    pub fn named(name: &str) -> Option<Self> {
        let chroma = match name {
            _ if name.starts_with("gray") => "4:0:0",
            _ if ["420", "nv12", "nv21", "p010"]
                .iter()
                .any(|k| name.contains(k)) =>
            {
                "4:2:0"
            }
            _ if name.contains("422") || name.contains("411") => "4:2:2",
            _ if ["444", "440", "gbr", "rgb", "bgr", "pal8"]
                .iter()
                .any(|k| name.contains(k)) =>
            {
                "4:4:4"
            }
            _ => return None,
        };
        let deep = |bits: &str| {
            [format!("p{bits}"), format!("gray{bits}")]
                .iter()
                .any(|mark| name.contains(mark.as_str()))
        };
        let depth = match name {
            _ if deep("10") || name.starts_with("p010") => 10,
            _ if deep("9") => 9,
            _ if deep("12") => 12,
            _ if deep("14") => 14,
            _ if deep("16") || name.contains("48") || name.contains("64") => 16,
            _ => 8,
        };
        Some(Self { depth, chroma })
    }
}

/// A stream of sound.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SoundTrack {
    pub codec: Codec,
    pub channels: u32,
    pub rate_hz: u32,
}

/// What the packets of a film say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Scan {
    pub pictures: u64,
    /// Pictures before the first that can be decoded on its own; `None`: there is no such picture.
    pub before_first_key: Option<u64>,
    /// The longest way from one such picture to the next.
    pub longest_key_gap_ms: u64,
    /// Shortest and longest time that a picture stands, but for the last.
    pub shortest_ms: u64,
    pub longest_ms: u64,
    pub picture_end_ms: Option<u64>,
    pub sound_end_ms: Option<u64>,
    /// The first thing that was wrong.
    pub complaint: Option<String>,
}

/// What decoding came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decoded {
    pub stopped: Stopped,
    pub end_ms: u64,
    pub pictures: u64,
    /// How often the pictures change their size.
    pub size_changes: u64,
    pub has_interlaced: bool,
    /// The first thing that was wrong.
    pub complaint: Option<String>,
}

/// Why decoding stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    AtTheEnd,
    ByDamage,
    OutOfTime,
}
