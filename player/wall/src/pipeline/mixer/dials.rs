//! What the owner turns while sound is playing.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is left of the programme under an announcement unless the owner says otherwise: 12 dB less.
const DUCK: f64 = 0.25;

#[derive(Debug)]
pub(in crate::pipeline) struct Dials {
    volume: AtomicU64,
    duck: AtomicU64,
}

impl Dials {
    pub(in crate::pipeline) fn new(volume: f64) -> Self {
        Self {
            volume: AtomicU64::new(sane(volume).to_bits()),
            duck: AtomicU64::new(DUCK.to_bits()),
        }
    }

    pub(in crate::pipeline) fn set_volume(&self, volume: f64) {
        self.volume.store(sane(volume).to_bits(), Ordering::Relaxed);
    }

    pub(in crate::pipeline) fn set_duck(&self, duck: f64) {
        self.duck.store(sane(duck).to_bits(), Ordering::Relaxed);
    }

    pub(super) fn volume(&self) -> f64 {
        f64::from_bits(self.volume.load(Ordering::Relaxed))
    }

    pub(super) fn duck(&self) -> f64 {
        f64::from_bits(self.duck.load(Ordering::Relaxed))
    }
}

/// Between silence and as recorded; what is no number is silence.
fn sane(value: f64) -> f64 {
    if value.is_nan() {
        return 0.0;
    }
    value.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dial_stays_between_silence_and_as_recorded() {
        let dials = Dials::new(7.0);
        assert!((dials.volume() - 1.0).abs() < f64::EPSILON);
        for value in [-1.0, f64::NAN, f64::NEG_INFINITY] {
            dials.set_volume(value);
            dials.set_duck(value);
            assert!(dials.volume().abs() < f64::EPSILON && dials.duck().abs() < f64::EPSILON);
        }
    }
}
