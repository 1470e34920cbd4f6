//! Brightness and gamma of a whole picture, for walls that shall not dazzle at night.

use crate::mix::halve;
use crate::picture::PictureMut;
use std::fmt;

const BLACK: u8 = 16;
const RANGE: f64 = 219.0;
const LEVELS: usize = 256;
/// Colour differences are multiplied by 256ths.
const UNIT: f64 = 256.0;
/// Dark pixels that a small gamma lifts do not become more colourful than this.
const MOST_GAIN: f64 = 4.0;

/// How every pixel of a picture is brightened or dimmed.
#[derive(Clone, PartialEq, Eq)]
pub struct Tone {
    neutral: bool,
    luma: [u8; LEVELS],
    /// By how much the colour of a pixel of each brightness grows, so that it stays the same colour.
    gain: [i32; LEVELS],
}

impl Tone {
    /// Everything times `brightness_percent`, after an exponent of `gamma_percent` (above 100 is darker between black
    /// and white). 100 and 100 change nothing.
    #[must_use]
    pub fn new(brightness_percent: u8, gamma_percent: u16) -> Self {
        let brightness = f64::from(brightness_percent.min(100)) / 100.0;
        let exponent = f64::from(gamma_percent.clamp(10, 1_000)) / 100.0;
        let mut tone = Self {
            neutral: brightness_percent >= 100 && gamma_percent == 100,
            luma: [0; LEVELS],
            gain: [0; LEVELS],
        };
        let levels = tone.luma.iter_mut().zip(&mut tone.gain);
        for (level, (luma, gain)) in (0..=u8::MAX).zip(levels) {
            let light = f64::from(level.max(BLACK) - BLACK) / RANGE;
            let shown = brightness * light.powf(exponent);
            *luma = byte(f64::from(BLACK) + RANGE * shown);
            let grown = (shown.max(1e-3) / light.max(1e-3)).min(MOST_GAIN);
            *gain = fixed(grown * UNIT);
        }
        tone
    }

    /// Whether it changes nothing.
    #[must_use]
    pub const fn is_neutral(&self) -> bool {
        self.neutral
    }

    /// Changes every pixel of `picture`.
    pub fn apply(&self, picture: &mut PictureMut<'_>) {
        if self.neutral {
            return;
        }
        let (width, stride) = (picture.width(), picture.planes.each_ref().map(|p| p.stride));
        let [luma, blue, red] = &mut picture.planes;
        let [rows, blue_stride, red_stride] = stride;
        let half = width.div_ceil(2);
        let mut means = vec![BLACK; half];
        let pairs = luma.bytes.chunks_mut(2 * rows);
        let blues = blue.bytes.chunks_mut(blue_stride);
        let reds = red.bytes.chunks_mut(red_stride);
        for ((pair, blue), red) in pairs.zip(blues).zip(reds) {
            let (top, bottom) = pair.split_at_mut(rows.min(pair.len()));
            let top = top.get_mut(..width).unwrap_or_default();
            let bottom = bottom.get_mut(..width).unwrap_or_default();
            let below: &[u8] = if bottom.is_empty() { top } else { bottom };
            halve(&mut means, top, below);
            if let (Some(last), Some(level)) = (means.last_mut(), top.last())
                && width % 2 == 1
            {
                *last = *level;
            }
            self.colour(blue, &means);
            self.colour(red, &means);
            self.light(top);
            self.light(bottom);
        }
    }

    fn light(&self, row: &mut [u8]) {
        for byte in row {
            *byte = self.luma.get(usize::from(*byte)).copied().unwrap_or(*byte);
        }
    }

    fn colour(&self, row: &mut [u8], means: &[u8]) {
        for (byte, mean) in row.iter_mut().zip(means) {
            let gain = self.gain.get(usize::from(*mean)).copied().unwrap_or(0);
            let difference = i32::from(*byte) - 128;
            let grown = (difference.wrapping_mul(gain).wrapping_add(128) >> 8).clamp(-112, 112);
            let [.., low] = grown.wrapping_add(128).to_be_bytes();
            *byte = low;
        }
    }
}

impl Default for Tone {
    fn default() -> Self {
        Self::new(100, 100)
    }
}

impl fmt::Debug for Tone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tone")
            .field("neutral", &self.neutral)
            .finish_non_exhaustive()
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded and kept between 0 and 255 first"
)]
fn byte(level: f64) -> u8 {
    level.round().clamp(0.0, 255.0) as u8
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "rounded and kept between 0 and 4 times 256 first"
)]
fn fixed(gain: f64) -> i32 {
    gain.round().clamp(0.0, MOST_GAIN * UNIT) as i32
}
