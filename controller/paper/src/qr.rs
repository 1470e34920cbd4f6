//! The code that ties the paper to its report: dark modules, and the same as a picture.

use crate::PaperError;
use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code, as its standard asks.
const QUIET: usize = 4;
const PIXELS: usize = 4;

/// A code as rows of dark modules.
#[derive(Debug)]
pub(crate) struct Code {
    rows: Vec<Vec<bool>>,
}

impl Code {
    pub(crate) fn of(text: &str) -> Result<Self, PaperError> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)
            .map_err(|error| PaperError::Qr(error.to_string()))?;
        let is_dark = |colour: &Color| *colour == Color::Dark;
        let rows = code
            .to_colors()
            .chunks(code.width())
            .map(|row| row.iter().map(is_dark).collect())
            .collect();
        Ok(Self { rows })
    }

    /// Modules of one side, without the quiet zone.
    pub(crate) fn width(&self) -> usize {
        self.rows.len()
    }

    /// Every run of dark modules: row, first column, length.
    pub(crate) fn runs(&self) -> Vec<(usize, usize, usize)> {
        let mut runs = Vec::new();
        for (y, row) in self.rows.iter().enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|a, b| a == b) {
                if run.first() == Some(&true) {
                    runs.push((y, x, run.len()));
                }
                x += run.len();
            }
        }
        runs
    }

    /// The code with its quiet zone as PNG, and how many pixels wide it is.
    pub(crate) fn png(&self) -> Result<(Vec<u8>, u32), PaperError> {
        let side = (self.width() + 2 * QUIET) * PIXELS;
        let mut pixels = vec![u8::MAX; side * side];
        for (y, x, length) in self.runs() {
            let left = (x + QUIET) * PIXELS;
            let top = (y + QUIET) * PIXELS;
            for line in pixels.chunks_mut(side).skip(top).take(PIXELS) {
                line.iter_mut()
                    .skip(left)
                    .take(length * PIXELS)
                    .for_each(|pixel| *pixel = 0);
            }
        }
        let width = u32::try_from(side).unwrap_or_default();
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, width);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header()?.write_image_data(&pixels)?;
        Ok((file, width))
    }
}
