//! What a board plays, as data.

use serde::Deserialize;
use std::fmt::Write as _;

/// The board that is meant where nobody names one.
pub const DEFAULT_BOARD: &str = "generic-amd64";

const BUILT_IN: [(&str, &str); 3] = [
    (
        "generic-amd64",
        include_str!("../../profiles/generic-amd64.toml"),
    ),
    (
        "raspberry-pi-4",
        include_str!("../../profiles/raspberry-pi-4.toml"),
    ),
    (
        "raspberry-pi-5",
        include_str!("../../profiles/raspberry-pi-5.toml"),
    ),
];

/// What a board plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    pub name: String,
    pub abilities: Abilities,
}

/// A profile as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abilities {
    /// What people call the board.
    pub vi: String,
    pub en: String,
    /// Media types of films and sound files.
    pub containers: Vec<String>,
    /// Codecs of sound, as ffprobe names them.
    pub sound: Vec<String>,
    /// The most pixels of a still, in millions.
    pub max_still_mpx: u64,
    pub video: Vec<Ability>,
}

/// One thing that a board decodes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ability {
    /// As ffprobe names it.
    pub codec: String,
    pub decoder: Decoder,
    /// As ffprobe names them; empty: any.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// In tenths.
    pub max_level: Option<u32>,
    /// Bits of a sample.
    pub depths: Vec<u32>,
    pub chroma: Vec<String>,
    pub max_width_px: u32,
    pub max_height_px: u32,
    pub max_fps: u32,
    /// Pixels of a second, in millions.
    pub max_mpx_s: u64,
    pub max_mbps: u64,
}

/// What does the decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decoder {
    Hardware,
    Software,
}

/// Why a profile cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBoard {
    #[error(
        "không có loại máy {name:?}; hãy chọn một trong: {known}, hoặc chỉ ra tệp mô tả · no board \
         {name:?}; choose one of {known}, or give the file of a profile"
    )]
    Unknown { name: String, known: String },
    #[error("mô tả máy {name} không đúng · the profile of board {name} is malformed: {detail}")]
    Malformed { name: String, detail: String },
}

impl Board {
    /// The board of a name that is built in.
    pub fn built_in(name: &str) -> Result<Self, BadBoard> {
        let found = BUILT_IN.iter().find(|(known, _text)| *known == name);
        let Some((name, text)) = found else {
            return Err(BadBoard::Unknown {
                name: name.to_owned(),
                known: Self::names().collect::<Vec<_>>().join(", "),
            });
        };
        Self::parse(name, text)
    }

    /// The names of the boards that are built in.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _text)| *name)
    }

    /// The board called `name` that `text` describes.
    pub fn parse(name: &str, text: &str) -> Result<Self, BadBoard> {
        let malformed = |detail: String| BadBoard::Malformed {
            name: name.to_owned(),
            detail,
        };
        let abilities: Abilities =
            toml::from_str(text).map_err(|error| malformed(error.to_string()))?;
        if let Some(defect) = abilities.defect() {
            return Err(malformed(defect));
        }
        Ok(Self {
            name: name.to_owned(),
            abilities,
        })
    }

    /// Whether it decodes anything in hardware.
    pub fn has_hardware(&self) -> bool {
        let mut all = self.abilities.video.iter();
        all.any(|ability| ability.decoder == Decoder::Hardware)
    }

    /// One line for people.
    pub fn title(&self) -> String {
        let Abilities { vi, en, .. } = &self.abilities;
        format!("{} ({vi} · {en})", self.name)
    }
}

impl Abilities {
    fn defect(&self) -> Option<String> {
        let mut defects = String::new();
        for Ability { codec, .. } in self.video.iter().filter(|one| one.is_void()) {
            write!(
                defects,
                "{codec}: every limit must be above 0, depths and chroma not empty; "
            )
            .ok();
        }
        if self.max_still_mpx == 0 {
            defects.push_str("max_still_mpx must be above 0");
        }
        (!defects.is_empty()).then_some(defects)
    }
}

impl Ability {
    fn is_void(&self) -> bool {
        let edges = [self.max_width_px, self.max_height_px, self.max_fps];
        let rates = [self.max_mpx_s, self.max_mbps];
        edges.contains(&0) || rates.contains(&0) || self.depths.is_empty() || self.chroma.is_empty()
    }
}
