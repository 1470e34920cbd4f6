//! One item as it is heard: where its samples fall on the output, and its short ramps at hard cuts.

use std::sync::Arc;

use crate::pipeline::item::{CHANNELS, Item, frame_at, samples_in};
use crate::pipeline::zone::Span;

/// Length of a ramp: 5 ms.
const RAMP_FRAMES: i32 = 240;
/// A medium further than this from where it should stand is moved.
const DRIFT_FRAMES: i64 = 240;

/// A stretch of output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// First output frame.
    pub position: i64,
    /// Group time of that frame.
    pub at_ns: i64,
    pub frames: i64,
}

#[derive(Debug)]
pub(super) struct Voice {
    item: Arc<Item>,
    origin_ns: i64,
    from_ns: i64,
    ends_ns: i64,
    /// Output frame minus medium frame, once it sounds.
    shift: Option<i64>,
    /// 0 is silent, `RAMP_FRAMES` is full.
    gain: i32,
    dropped: bool,
}

impl Voice {
    pub(super) fn new(span: Span) -> Self {
        let from_start = span.from_ns <= span.origin_ns;
        Self {
            item: span.item,
            origin_ns: span.origin_ns,
            from_ns: span.from_ns,
            ends_ns: span.ends_ns,
            shift: None,
            gain: if from_start { RAMP_FRAMES } else { 0 },
            dropped: false,
        }
    }

    /// Takes over changed limits; without a span the voice fades out.
    pub(super) fn follow(&mut self, span: Option<&Span>) {
        match span {
            Some(span) => {
                self.origin_ns = span.origin_ns;
                self.from_ns = span.from_ns;
                self.ends_ns = span.ends_ns;
            }
            None => self.dropped = true,
        }
    }

    /// Faded out for good.
    pub(super) fn is_silent(&self) -> bool {
        self.dropped && (self.gain == 0 || self.shift.is_none())
    }

    pub(super) fn add(&mut self, block: Block, sum: &mut [i32]) {
        let starts = block.position + frame_at(self.from_ns - block.at_ns);
        let ends = block
            .position
            .saturating_add(frame_at(self.ends_ns.saturating_sub(block.at_ns)));
        if starts >= block.position + block.frames {
            return;
        }
        let shift = self.place(block);
        let mut samples = vec![0i16; sum.len()];
        self.item.sound.read(block.position - shift, &mut samples);
        let hard_end = self.item.sound.goes_beyond(ends - shift);
        let fade_from = if hard_end {
            ends - i64::from(RAMP_FRAMES)
        } else {
            ends
        };
        let first = samples_in((starts - block.position).max(0)) / CHANNELS;
        let pairs = sum
            .chunks_exact_mut(CHANNELS)
            .zip(samples.chunks_exact(CHANNELS));
        for (frame, (out, heard)) in (block.position..).zip(pairs).skip(first) {
            let past = frame >= ends && !self.dropped;
            self.turn(!self.dropped && frame < fade_from);
            if past {
                continue;
            }
            for (slot, sample) in out.iter_mut().zip(heard) {
                *slot += i32::from(*sample) * self.gain / RAMP_FRAMES;
            }
        }
    }

    /// Keeps samples where they fell unless the group's time has moved away from them.
    fn place(&mut self, block: Block) -> i64 {
        let wanted = block.position - frame_at(block.at_ns - self.origin_ns);
        let shift = match self.shift {
            Some(shift) if (shift - wanted).abs() <= DRIFT_FRAMES => shift,
            Some(_) => {
                self.gain = 0;
                wanted
            }
            None => wanted,
        };
        self.shift = Some(shift);
        shift
    }

    fn turn(&mut self, up: bool) {
        let step = if up { 1 } else { -1 };
        self.gain = (self.gain + step).clamp(0, RAMP_FRAMES);
    }
}
