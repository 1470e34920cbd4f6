//! Harms a media file in one of many ways; the same number always gives the same bytes.

/// Lengths and counts that parsers trip over.
const EXTREMES: [u32; 6] = [0, 1, 7, 0x7fff_ffff, 0x8000_0000, u32::MAX];

/// What the harm does not touch: the signature by which the kind of file is known.
const SIGNATURE_BYTES: usize = 8;

/// `good` in the `number`th harmed form.
pub fn harmed(good: &[u8], number: u64) -> Vec<u8> {
    let mut dice = Dice::new(number);
    let mut bytes = good.to_vec();
    let head = good.len().min(2048);
    let from = dice.between(SIGNATURE_BYTES, good.len() - 1);
    let length = dice.between(1, (good.len() - from).min(good.len() / 8));
    let stretch = from..from + length;
    match number % 8 {
        0 => bytes[from] ^= 1 << dice.between(0, 7),
        1 => {
            for _ in 0..64 {
                let at = dice.between(SIGNATURE_BYTES, good.len() - 1);
                bytes[at] = dice.next().to_le_bytes()[0];
            }
        }
        2 => {
            for _ in 0..4 {
                let at = dice.between(SIGNATURE_BYTES, head - 1);
                bytes[at] = dice.next().to_le_bytes()[0];
            }
        }
        3 => bytes.truncate(from),
        4 => bytes[stretch].fill(0),
        5 => drop(bytes.drain(stretch)),
        6 => drop(bytes.splice(from..from, good[stretch].iter().copied())),
        _ => {
            let at = dice.between(SIGNATURE_BYTES, head - 4);
            let extreme = EXTREMES[dice.between(0, EXTREMES.len() - 1)];
            bytes[at..at + 4].copy_from_slice(&extreme.to_be_bytes());
        }
    }
    bytes
}

/// Makes the sums of a PNG fit what its chunks hold, so that the harm gets past them.
pub fn with_sums_that_fit(mut png: Vec<u8>) -> Vec<u8> {
    let mut at = SIGNATURE_BYTES;
    while let Some(length) = png.get(at..at + 4) {
        let length = u32::from_be_bytes(length.try_into().unwrap());
        let end = at + 8 + usize::try_from(length).unwrap();
        if end + 4 > png.len() {
            break;
        }
        let sum = crc32(&png[at + 4..end]);
        png[end..end + 4].copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
    png
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// Numbers that look random and never change.
struct Dice(u64);

impl Dice {
    fn new(number: u64) -> Self {
        Self((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn between(&mut self, low: usize, high: usize) -> usize {
        let span = u64::try_from(high.max(low) - low + 1).unwrap();
        low + usize::try_from(self.next() % span).unwrap()
    }
}
