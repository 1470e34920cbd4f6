//! A number in the top sixteenth of every frame: 32 cells, two for the mark, 6 bits item, 16 bits
//! frame, 8 bits checksum. The rest of the frame is never black.

use serde::{Deserialize, Serialize};

const WHITE: u8 = 235;
const BLACK: u8 = 16;

/// What a frame says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub item: u8,
    pub frame: u16,
}

impl Stamp {
    fn bits(self) -> u32 {
        0b10 << 30 | u32::from(self.item) << 24 | u32::from(self.frame) << 8 | self.checksum()
    }

    fn checksum(self) -> u32 {
        let (item, frame) = (u32::from(self.item), u32::from(self.frame));
        (item * 37 + frame * 11 + (frame >> 8) * 7 + 0x5A) & 0xff
    }

    fn from_bits(bits: u32) -> Option<Self> {
        let [head, high, low, _] = bits.to_be_bytes();
        let stamp = Self {
            item: head & 0x3f,
            frame: u16::from_be_bytes([high, low]),
        };
        (stamp.bits() == bits).then_some(stamp)
    }
}

/// A full I420 frame with the stamp on top and slowly changing stripes below.
#[must_use]
pub fn paint(stamp: Stamp, width: usize, height: usize) -> Vec<u8> {
    let code: Vec<u8> = (0..width).map(|x| code_at(stamp, x, width)).collect();
    let stripe: Vec<u8> = (0..width).map(|x| stripe_at(stamp, x, width)).collect();
    let mut frame = Vec::with_capacity(width * height * 3 / 2);
    for y in 0..height {
        frame.extend_from_slice(if y < height / 16 { &code } else { &stripe });
    }
    frame.resize(width * height * 3 / 2, 128);
    frame
}

/// Reads the stamp of a picture given as a function from column to brightness, on the row in the
/// middle of the code.
#[must_use]
pub fn read(at: impl Fn(usize) -> u8, width: usize) -> Option<Stamp> {
    let bits = (0..32).fold(0_u32, |bits, cell| {
        bits << 1 | u32::from(at((2 * cell + 1) * width / 64) > 125)
    });
    Stamp::from_bits(bits)
}

/// The row in the middle of the code.
#[must_use]
pub const fn code_row(height: usize) -> usize {
    height / 32
}

/// The rows that tell whether a picture is black.
#[must_use]
pub const fn probe_rows(height: usize) -> [usize; 3] {
    [height / 4, height / 2, height * 3 / 4]
}

/// No place of a row is brighter than near-black.
#[must_use]
pub fn is_dark(at: impl Fn(usize) -> u8, width: usize) -> bool {
    (0..32).all(|cell| at((2 * cell + 1) * width / 64) < 40)
}

fn code_at(stamp: Stamp, x: usize, width: usize) -> u8 {
    let cell = u32::try_from(x * 32 / width).unwrap_or(31).min(31);
    if stamp.bits() >> (31 - cell) & 1 == 1 {
        WHITE
    } else {
        BLACK
    }
}

fn stripe_at(stamp: Stamp, x: usize, width: usize) -> u8 {
    let band = u8::try_from((x * 8 / width + usize::from(stamp.item)) % 8).unwrap_or(0);
    let drift = u8::try_from(stamp.frame % 8).unwrap_or(0);
    80 + band * 16 + drift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_painted_is_read_and_is_not_black() {
        for stamp in [(1, 0), (7, 29), (63, 40_000)].map(|(item, frame)| Stamp { item, frame }) {
            let picture = paint(stamp, 640, 360);
            let row = |y: usize| move |x: usize, p: &[u8]| p[y * 640 + x];
            assert_eq!(read(|x| row(code_row(360))(x, &picture), 640), Some(stamp));
            for y in probe_rows(360) {
                assert!(!is_dark(|x| row(y)(x, &picture), 640));
            }
        }
    }

    #[test]
    fn a_torn_or_black_code_is_no_stamp() {
        let (a, b) = (Stamp { item: 2, frame: 9 }, Stamp { item: 3, frame: 0 });
        let (left, right) = (paint(a, 640, 360), paint(b, 640, 360));
        let torn = |x: usize| if x < 470 { left[x] } else { right[x] };
        assert_eq!(read(torn, 640), None);
        assert_eq!(read(|_| 0, 640), None);
        assert!(is_dark(|_| 0, 640));
    }
}
