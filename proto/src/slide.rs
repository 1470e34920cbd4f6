//! Text slides: a small document of coloured areas and text that screens draw themselves. It is an
//! asset like any other, named by digest in the signed release; it cannot carry a program.

use crate::json;
use crate::media::Mime;
use crate::style::{Area, Colour, TextStyle, is_plain_text};
use serde::{Deserialize, Serialize};

/// The largest slide, in bytes.
pub const MAX_SLIDE_BYTES: usize = 64 << 10;
/// The most blocks of a slide.
pub const MAX_BLOCKS: usize = 20;
/// The longest text of a block, in characters.
pub const MAX_TEXT_CHARS: usize = 2_000;

/// A page of text on a coloured ground, in Vietnamese, English or Chinese (Điều 2.1, 7.2). Screens
/// scale it to the zone, keeping its shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slide {
    /// 16 to 16,384 pixels, like its height; usually those of the zone.
    pub width_px: u32,
    pub height_px: u32,
    pub ground: Colour,
    pub blocks: Vec<Block>,
}

/// Text in a rectangle; later blocks lie over earlier ones. Lines break between words; text that is
/// too long for its rectangle is made smaller until it fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    pub area: Area,
    /// At most 2,000 characters; `\n` begins a new line.
    pub text: String,
    pub style: TextStyle,
    pub align: Align,
    pub valign: Valign,
    /// What the rectangle is filled with first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<Colour>,
}

/// How lines lie between the left and the right edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Align {
    Left,
    Center,
    Right,
}

/// How the text lies between the upper and the lower edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Valign {
    Top,
    Middle,
    Bottom,
}

/// Why bytes are not a slide.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSlide {
    #[error("a slide of {0} bytes; expected at most {MAX_SLIDE_BYTES}")]
    TooLong(usize),
    #[error("not a slide: {0}")]
    Malformed(String),
    #[error("{0}")]
    Defect(String),
}

impl Slide {
    /// The media type of slides.
    pub const MIME: Mime = Mime::Slide;

    /// Reads a slide strictly: unknown fields, duplicate keys and floats are refused.
    ///
    /// # Errors
    /// [`BadSlide`] naming what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadSlide> {
        if bytes.len() > MAX_SLIDE_BYTES {
            return Err(BadSlide::TooLong(bytes.len()));
        }
        let slide: Self =
            json::parse_strict(bytes).map_err(|error| BadSlide::Malformed(error.to_string()))?;
        match slide.defect() {
            Some(defect) => Err(BadSlide::Defect(defect)),
            None => Ok(slide),
        }
    }

    /// The bytes of the asset: always the same for the same slide.
    ///
    /// # Panics
    /// Never: a slide holds nothing that JSON cannot.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a slide is plain data")
    }

    /// What is wrong with the slide, if anything.
    #[must_use]
    pub fn defect(&self) -> Option<String> {
        let edge = 16..=crate::layout::MAX_EDGE_PX;
        if !edge.contains(&self.width_px) || !edge.contains(&self.height_px) {
            return Some(format!("slide of {}×{} px", self.width_px, self.height_px));
        }
        if self.blocks.len() > MAX_BLOCKS {
            return Some(format!(
                "{} blocks; expected at most {MAX_BLOCKS}",
                self.blocks.len()
            ));
        }
        let defect = |(index, block): (usize, &Block)| {
            let defect = block.defect(self.width_px, self.height_px)?;
            Some(format!("block {}: {defect}", index + 1))
        };
        self.blocks.iter().enumerate().find_map(defect)
    }
}

impl Block {
    fn defect(&self, width_px: u32, height_px: u32) -> Option<String> {
        let chars = self.text.chars().count();
        if chars > MAX_TEXT_CHARS {
            return Some(format!(
                "{chars} characters; expected at most {MAX_TEXT_CHARS}"
            ));
        }
        if !self.text.split('\n').all(is_plain_text) {
            return Some("text with control or invisible characters".to_owned());
        }
        self.area
            .defect(width_px, height_px)
            .or_else(|| self.style.defect())
    }
}
