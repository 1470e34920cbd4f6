//! Peak and effective level over the last second of sound.

use std::collections::VecDeque;

use crate::pipeline::report::AudioLevel;

const BLOCKS: usize = 50;
const FULL_SCALE: f64 = 32_768.0;

#[derive(Debug, Default)]
pub(super) struct Meter {
    blocks: VecDeque<(u16, f64)>,
}

impl Meter {
    /// Adds a block and returns the level of the last second.
    pub(super) fn add(&mut self, samples: &[i16]) -> AudioLevel {
        let peak = samples.iter().map(|s| s.unsigned_abs()).max().unwrap_or(0);
        let squares: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
        let count = u32::try_from(samples.len().max(1)).unwrap_or(u32::MAX);
        self.blocks.push_back((peak, squares / f64::from(count)));
        if self.blocks.len() > BLOCKS {
            self.blocks.pop_front();
        }
        let blocks = u32::try_from(self.blocks.len().max(1)).unwrap_or(u32::MAX);
        let peak = self.blocks.iter().map(|b| b.0).max().unwrap_or(0);
        let power: f64 = self.blocks.iter().map(|b| b.1).sum();
        AudioLevel {
            peak: f64::from(peak) / FULL_SCALE,
            rms: (power / f64::from(blocks)).sqrt() / FULL_SCALE,
        }
    }
}
