//! The fonts of the paper: shaped by rustybuzz, embedded by krilla. Liberation Serif has the measures of
//! Times New Roman and every Vietnamese letter.

use super::point;
use crate::PaperError;
use crate::content::Style;
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, Face, UnicodeBuffer};
use std::path::{Path, PathBuf};
use unicode_normalization::UnicodeNormalization as _;

const FILES: [&str; 3] = [
    "LiberationSerif-Regular.ttf",
    "LiberationSerif-Bold.ttf",
    "LiberationSerif-Italic.ttf",
];
/// What stands for a character that the font does not have.
const UNKNOWN: char = '?';

/// The files of the fonts, in memory.
#[derive(Debug, Clone)]
pub struct Fonts {
    files: [(PathBuf, Vec<u8>); 3],
}

/// A font that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "the font {path} cannot be read: install fonts-liberation2, or name the folder that holds it"
)]
pub struct FontsError {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

impl Fonts {
    /// Where Debian's package fonts-liberation2 puts them.
    pub const FOLDER: &str = "/usr/share/fonts/truetype/liberation2";

    /// Reads the fonts in `folder`.
    ///
    /// # Errors
    /// [`FontsError`] with the file.
    pub fn load(folder: &Path) -> Result<Self, FontsError> {
        let read = |name: &str| {
            let path = folder.join(name);
            match std::fs::read(&path) {
                Ok(bytes) => Ok((path, bytes)),
                Err(source) => Err(FontsError { path, source }),
            }
        };
        let [regular, bold, italic] = FILES;
        Ok(Self {
            files: [read(regular)?, read(bold)?, read(italic)?],
        })
    }

    pub(super) fn faces(&self) -> Result<Faces<'_>, PaperError> {
        let [regular, bold, italic] = &self.files;
        Ok(Faces {
            regular: Typeface::open(regular)?,
            bold: Typeface::open(bold)?,
            italic: Typeface::open(italic)?,
        })
    }
}

/// The three typefaces, ready to measure and to draw.
pub(super) struct Faces<'f> {
    regular: Typeface<'f>,
    bold: Typeface<'f>,
    italic: Typeface<'f>,
}

struct Typeface<'f> {
    face: Face<'f>,
    font: Font,
    em: f32,
}

impl<'f> Typeface<'f> {
    fn open((path, bytes): &'f (PathBuf, Vec<u8>)) -> Result<Self, PaperError> {
        let broken = || PaperError::Font {
            path: path.display().to_string(),
        };
        let face = Face::from_slice(bytes, 0).ok_or_else(broken)?;
        let font = Font::new(bytes.clone().into(), 0).ok_or_else(broken)?;
        Ok(Self {
            em: font.units_per_em(),
            face,
            font,
        })
    }

    /// The glyphs of one line, from left to right, in parts of the font's size.
    fn shape(&self, text: &str) -> Vec<KrillaGlyph> {
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(Direction::LeftToRight);
        let shaped = rustybuzz::shape(&self.face, &[], buffer);
        let infos = shaped.glyph_infos();
        let glyphs = infos.iter().zip(shaped.glyph_positions()).zip(1..);
        let units = |units: i32| f32::from(i16::try_from(units).unwrap_or_default()) / self.em;
        glyphs
            .map(|((info, position), next)| {
                let begin = cluster(info.cluster);
                let later = infos.iter().skip(next).map(|info| cluster(info.cluster));
                let end = later.into_iter().find(|at| *at > begin);
                KrillaGlyph::new(
                    GlyphId::new(info.glyph_id),
                    units(position.x_advance),
                    units(position.x_offset),
                    units(position.y_offset),
                    units(position.y_advance),
                    begin..end.unwrap_or(text.len()),
                    None,
                )
            })
            .collect()
    }
}

impl Faces<'_> {
    /// `text` as it can be set: composed, without what no reader sees, and with a question mark for what the
    /// font does not have.
    pub(super) fn clean(&self, text: &str, style: Style) -> String {
        let face = &self.of(style).face;
        let shown = text.nfc().filter(|c| !is_invisible(*c));
        shown
            .map(|c| if c.is_whitespace() { ' ' } else { c })
            .map(|c| face.glyph_index(c).map_or(UNKNOWN, |_| c))
            .collect()
    }

    /// How wide `text` is at `size`, in points.
    pub(super) fn width(&self, text: &str, style: Style, size: f32) -> f32 {
        let glyphs = self.of(style).shape(text);
        glyphs.iter().map(|glyph| glyph.x_advance).sum::<f32>() * size
    }

    /// Writes one line with its baseline at `at`; every space is `stretch` points wider.
    pub(super) fn write(
        &self,
        surface: &mut Surface<'_>,
        at: (f32, f32),
        (text, style, size): (&str, Style, f32),
        stretch: f32,
    ) {
        let typeface = self.of(style);
        let mut glyphs = typeface.shape(text);
        for glyph in &mut glyphs {
            if text.get(glyph.text_range.clone()) == Some(" ") {
                glyph.x_advance += stretch / size;
            }
        }
        surface.draw_glyphs(point(at), &glyphs, typeface.font.clone(), text, size, false);
    }

    const fn of(&self, style: Style) -> &Typeface<'_> {
        match style {
            Style::Regular => &self.regular,
            Style::Bold => &self.bold,
            Style::Italic => &self.italic,
        }
    }
}

fn cluster(index: u32) -> usize {
    usize::try_from(index).unwrap_or(usize::MAX)
}

/// Controls and marks of direction, with which a text could read differently from what is signed.
fn is_invisible(c: char) -> bool {
    let is_mark = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    is_mark || (c.is_control() && !c.is_whitespace())
}
