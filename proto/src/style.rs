//! How text and coloured areas look: colours, typefaces, styles and rectangles of a canvas.

use serde::{Deserialize, Serialize};

/// An opaque colour, `"#rrggbb"` in sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour {
    pub red: u8,
    pub green: u8,
    pub blue: u8,
}

/// Text that is not a colour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("colour {0:?}: expected #rrggbb in lower-case hexadecimal digits")]
pub struct BadColour(String);

impl Colour {
    pub const BLACK: Self = Self::new(0, 0, 0);
    pub const WHITE: Self = Self::new(255, 255, 255);

    /// From red, green and blue, 0 to 255 each.
    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }
}

impl std::str::FromStr for Colour {
    type Err = BadColour;
    fn from_str(text: &str) -> Result<Self, BadColour> {
        let digits = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        let number = text
            .strip_prefix('#')
            .filter(|hex| hex.len() == 6 && hex.chars().all(digits))
            .and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match number.map(u32::to_be_bytes) {
            Some([_, red, green, blue]) => Ok(Self { red, green, blue }),
            None => Err(BadColour(text.chars().take(20).collect())),
        }
    }
}

impl TryFrom<String> for Colour {
    type Error = BadColour;
    fn try_from(text: String) -> Result<Self, BadColour> {
        text.parse()
    }
}

impl std::fmt::Display for Colour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

/// Whether text shows as it is written: no control characters, and none that hide, break lines or
/// turn the direction of writing, so that a wall shows what its signers read.
#[must_use]
pub fn is_plain_text(text: &str) -> bool {
    !text.chars().any(|c| {
        c.is_control()
            || matches!(c, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
    })
}

/// A family of typefaces that every screen has, for Vietnamese, English and Chinese alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Typeface {
    Sans,
    Serif,
}

/// How text is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextStyle {
    pub typeface: Typeface,
    pub bold: bool,
    /// Height of the type in pixels of the canvas, 8 to 2,000.
    pub size_px: u32,
    pub colour: Colour,
}

impl TextStyle {
    /// What is wrong with the style, if anything.
    #[must_use]
    pub fn defect(&self) -> Option<String> {
        (!(8..=2_000).contains(&self.size_px))
            .then(|| format!("type of {} px; expected 8 to 2000", self.size_px))
    }

    /// What is wrong with the style for one line of text in `area`, if anything.
    #[must_use]
    pub fn line_defect(&self, area: Area) -> Option<String> {
        let too_high = || {
            (self.size_px > area.height_px).then(|| {
                format!(
                    "type of {} px in an area of {} px; expected a smaller type or a higher area",
                    self.size_px, area.height_px
                )
            })
        };
        self.defect().or_else(too_high)
    }
}

/// What lies behind text: a colour that lets a part of the picture through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backing {
    pub colour: Colour,
    /// 0 is invisible, 100 hides the picture.
    pub opacity_percent: u8,
}

/// A rectangle of a canvas, in pixels from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    pub x_px: u32,
    pub y_px: u32,
    pub width_px: u32,
    pub height_px: u32,
}

impl Area {
    /// The whole canvas.
    #[must_use]
    pub const fn whole(width_px: u32, height_px: u32) -> Self {
        Self {
            x_px: 0,
            y_px: 0,
            width_px,
            height_px,
        }
    }

    /// What is wrong with it on a canvas of `width_px` × `height_px`, if anything. All sides are
    /// even: two pixels share one value of colour in the pictures that screens decode.
    #[must_use]
    pub fn defect(&self, width_px: u32, height_px: u32) -> Option<String> {
        let Self {
            x_px: x,
            y_px: y,
            width_px: w,
            height_px: h,
        } = *self;
        if w < 16 || h < 16 {
            return Some(format!("{w}×{h} px; expected at least 16×16"));
        }
        if [x, y, w, h].iter().any(|side| side % 2 != 0) {
            return Some(format!("{w}×{h} px at {x}, {y}; expected even numbers"));
        }
        let fits = x.checked_add(w).is_some_and(|right| right <= width_px)
            && y.checked_add(h).is_some_and(|bottom| bottom <= height_px);
        (!fits).then(|| {
            format!("{w}×{h} px at {x}, {y} reaches past the canvas of {width_px}×{height_px}")
        })
    }
}
