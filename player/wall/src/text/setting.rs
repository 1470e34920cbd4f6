//! Sets text in the typefaces that every screen has, and turns it into ink. Every worker has its own setter.

use cotmoc_canvas::Yuv;
use cotmoc_proto::playlist::Language;
use cotmoc_proto::style::{Colour, TextStyle, Typeface};
use pango::prelude::FontMapExt;

/// Units of the typesetter in a pixel.
pub(super) const UNITS: i32 = pango::SCALE;
/// Type is made no smaller than this to fit.
pub(super) const SMALLEST_PX: u32 = 8;

/// Why text is not drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    #[error("no typeface has the letters of {script}; install {}", script.package())]
    NoLetters { script: Script },
    #[error("the drawing surface failed: {detail}")]
    Surface { detail: String },
    #[error("{detail}")]
    Logo { detail: String },
    #[error("no thread could be started to draw: {detail}")]
    Thread { detail: String },
}

/// A script that a public screen must be able to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    Latin,
    Vietnamese,
    Han,
}

impl Script {
    pub(super) const ALL: [Self; 3] = [Self::Latin, Self::Vietnamese, Self::Han];

    /// The Debian package that has its letters.
    #[must_use]
    pub const fn package(self) -> &'static str {
        match self {
            Self::Latin | Self::Vietnamese => "fonts-noto-core",
            Self::Han => "fonts-noto-cjk",
        }
    }

    /// Letters that tell whether it can be written.
    const fn probe(self) -> &'static str {
        match self {
            Self::Latin => "AZaz09",
            Self::Vietnamese => "ĂÂĐÊÔƠƯ ẰẨẴẬ Ệ Ỗ Ỡ Ữ ỵ",
            Self::Han => "出入境手续国门",
        }
    }

    fn writes(self, letter: char) -> bool {
        match self {
            Self::Latin => letter.is_ascii_alphanumeric(),
            Self::Vietnamese => {
                matches!(
                    letter,
                    '\u{1ea0}'..='\u{1ef9}' | 'ă' | 'Ă' | 'đ' | 'Đ' | 'ơ' | 'Ơ' | 'ư' | 'Ư'
                )
            }
            Self::Han => {
                matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
            }
        }
    }
}

impl std::fmt::Display for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Latin => "Latin",
            Self::Vietnamese => "Vietnamese",
            Self::Han => "Chinese",
        })
    }
}

impl From<cairo::Error> for TextFault {
    fn from(error: cairo::Error) -> Self {
        Self::Surface {
            detail: error.to_string(),
        }
    }
}

impl From<cairo::BorrowError> for TextFault {
    fn from(error: cairo::BorrowError) -> Self {
        Self::Surface {
            detail: error.to_string(),
        }
    }
}

/// What sets text. Not shared between threads.
pub(super) struct Setter {
    context: pango::Context,
}

impl Setter {
    pub(super) fn new() -> Result<Self, TextFault> {
        let typefaces = pangocairo::FontMap::new();
        let mut options = cairo::FontOptions::new()?;
        options.set_antialias(cairo::Antialias::Gray);
        options.set_hint_style(cairo::HintStyle::None);
        options.set_hint_metrics(cairo::HintMetrics::Off);
        let context = typefaces.create_context();
        pangocairo::functions::context_set_font_options(&context, Some(&options));
        context.set_base_dir(pango::Direction::Ltr);
        context.set_round_glyph_positions(false);
        Ok(Self { context })
    }

    /// Text in one line of any length.
    pub(super) fn line(
        &self,
        text: &str,
        style: &TextStyle,
        size_px: u32,
        language: Language,
    ) -> pango::Layout {
        self.context.set_language(Some(&tongue(language)));
        let layout = pango::Layout::new(&self.context);
        layout.set_auto_dir(false);
        layout.set_single_paragraph_mode(true);
        layout.set_font_description(Some(&description(style, size_px)));
        layout.set_text(text);
        layout
    }

    /// Text in lines that break between words.
    pub(super) fn paragraph(&self, text: &str, style: &TextStyle, size_px: u32) -> pango::Layout {
        let layout = self.line(text, style, size_px, Language::Vi);
        layout.set_single_paragraph_mode(false);
        layout.set_wrap(pango::WrapMode::Word);
        layout
    }

    /// The scripts that nothing here can write.
    pub(super) fn missing(&self, style: &TextStyle) -> Vec<Script> {
        let lacks = |script: &Script| {
            let probe = self.line(script.probe(), style, 16, Language::Vi);
            probe.unknown_glyphs_count() > 0
        };
        Script::ALL.into_iter().filter(lacks).collect()
    }
}

/// The first of the `missing` scripts that `text` needs.
pub(super) fn unwritable(text: &str, missing: &[Script]) -> Option<TextFault> {
    let needs = |script: &Script| text.chars().any(|letter| script.writes(letter));
    let script = missing.iter().copied().find(needs)?;
    Some(TextFault::NoLetters { script })
}

/// `pixels` in the typesetter's units.
pub(super) fn units(pixels: u32) -> i32 {
    i32::try_from(pixels)
        .unwrap_or(i32::MAX)
        .saturating_mul(UNITS)
}

/// Whole pixels that `units` reach into.
pub(super) fn pixels_up(units: i32) -> i32 {
    units.div_euclid(UNITS) + i32::from(units.rem_euclid(UNITS) > 0)
}

/// Paints with `colour` from now on.
pub(super) fn paint_with(drawing: &cairo::Context, colour: Colour) {
    let part = |value: u8| f64::from(value) / 255.0;
    let Colour { red, green, blue } = colour;
    drawing.set_source_rgb(part(red), part(green), part(blue));
}

/// A colour as pictures hold it.
pub(super) fn yuv(colour: Colour) -> Yuv {
    Yuv::from_rgb(colour.red, colour.green, colour.blue)
}

fn tongue(language: Language) -> pango::Language {
    pango::Language::from_string(match language {
        Language::Vi | Language::None => "vi",
        Language::En => "en",
        Language::Zh => "zh-cn",
    })
}

fn description(style: &TextStyle, size_px: u32) -> pango::FontDescription {
    let mut description = pango::FontDescription::new();
    description.set_family(match style.typeface {
        Typeface::Sans => "Noto Sans,Noto Sans CJK SC",
        Typeface::Serif => "Noto Serif,Noto Serif CJK SC",
    });
    if style.bold {
        description.set_weight(pango::Weight::Bold);
    }
    description.set_absolute_size(f64::from(units(size_px)));
    description
}
