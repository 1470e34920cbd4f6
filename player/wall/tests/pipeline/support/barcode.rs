//! A number in the top sixteenth of every frame: 32 cells, two for the mark, 6 bits item, 16 bits frame, 8 bits checksum.

/// What a frame says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}

/// A full I420 frame with the stamp on top and never-black stripes below.
pub fn paint(stamp: Stamp, width: usize, height: usize) -> Vec<u8> {
    let mut frame = vec![128u8; width * height * 3 / 2];
    for y in 0..height {
        for x in 0..width {
            frame[y * width + x] = if y < height / 16 {
                let bit = stamp.bits() >> (31 - x * 32 / width) & 1;
                if bit == 1 { 235 } else { 16 }
            } else {
                let band = (x * 8 / width + usize::from(stamp.item)) % 8;
                80 + u8::try_from(band * 16).unwrap() + u8::try_from(stamp.frame % 8).unwrap()
            };
        }
    }
    frame
}

/// Reads the stamp of a picture given as a function from place to brightness.
pub fn read(at: impl Fn(usize, usize) -> u8, width: usize, height: usize) -> Option<Stamp> {
    let row = height / 32;
    let bits = (0..32).fold(0u32, |bits, cell| {
        let x = (2 * cell + 1) * width / 64;
        bits << 1 | u32::from(at(x, row) > 125)
    });
    let stamp = Stamp {
        item: u8::try_from(bits >> 24 & 0x3f).unwrap(),
        frame: u16::try_from(bits >> 8 & 0xffff).unwrap(),
    };
    (stamp.bits() == bits).then_some(stamp)
}

/// No pixel of a coarse grid is brighter than near-black.
pub fn is_black(at: impl Fn(usize, usize) -> u8, width: usize, height: usize) -> bool {
    (0..96).all(|i| at((2 * (i % 32) + 1) * width / 64, height * (1 + i / 32) / 4) < 40)
}
