//! One item as it is heard: where its samples fall on the output, how loud, and without a step at either end.

use std::sync::Arc;

use super::law::{self, MICRO, Slip};
use super::seam::Seam;
use crate::pipeline::item::{CHANNELS, Item, SoundFrame, frame_at};
use crate::pipeline::zone::Span;

/// One sample of each channel, before the limit.
pub(super) type Pair = [f64; CHANNELS];

/// From silence to full within 5 ms where a medium is entered or left in its middle.
const RAMP_STEP: f64 = 1.0 / 240.0;
/// Frames read before and after a block, for values between samples.
const BEFORE: i64 = 2;
const AROUND: usize = 5;

/// A stretch of output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// First output frame.
    pub position: i64,
    /// Group time of that frame.
    pub at_ns: i64,
    pub frames: i64,
}

impl Block {
    fn frame_at(self, group_ns: i64) -> i64 {
        let away_ns = group_ns.saturating_sub(self.at_ns);
        self.position.saturating_add(frame_at(away_ns))
    }
}

/// How much of an item was mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pipeline) struct Heard {
    /// Output frames.
    pub first: i64,
    pub last: i64,
    pub frames: u64,
}

#[derive(Debug)]
pub(super) struct Voice {
    span: Span,
    gain: f64,
    slip: Option<Slip>,
    /// 0 is silent, 1 is full.
    level: f64,
    dropped: bool,
    /// The last frame came from the medium.
    sounding: bool,
    seam: Seam,
    heard: Option<Heard>,
}

/// The limits of a voice in output frames.
#[derive(Clone, Copy, Debug)]
struct Limits {
    starts: i64,
    ends: i64,
    fade_in: i64,
    fade_out: i64,
}

impl Limits {
    /// How loud the voice should be on `frame`.
    fn level(self, frame: i64) -> f64 {
        if frame < self.starts || frame >= self.ends {
            return 0.0;
        }
        law::equal_power(frame - self.starts, self.fade_in)
            * law::equal_power(self.ends - frame, self.fade_out)
    }
}

impl Voice {
    pub(super) fn new(span: Span) -> Self {
        let from_start = span.from_ns <= span.origin_ns && span.fade_in_ns <= 0;
        Self {
            gain: law::gain(span.gain_mdb),
            span,
            slip: None,
            level: if from_start { 1.0 } else { 0.0 },
            dropped: false,
            sounding: false,
            seam: Seam::default(),
            heard: None,
        }
    }

    /// Takes over changed limits; without a span the voice fades out.
    pub(super) fn follow(&mut self, span: Option<&Span>) {
        match span {
            Some(span) => self.span = span.clone(),
            None => self.dropped = true,
        }
    }

    /// Faded out for good.
    pub(super) fn is_silent(&self) -> bool {
        let quiet = self.level <= 0.0 && self.seam.is_closed() && !self.sounding;
        self.dropped && (quiet || self.slip.is_none())
    }

    pub(super) fn heard(&self) -> Option<Heard> {
        self.heard
    }

    pub(super) fn add(&mut self, block: Block, sum: &mut [Pair]) {
        let limits = self.limits(block);
        if limits.starts >= block.position + block.frames && self.slip.is_none() {
            return;
        }
        let moving = self.keep_time(block);
        let first = self.medium_micro(block.position).div_euclid(MICRO) - BEFORE;
        let mut frames = vec![None; sum.len() + AROUND];
        self.item().sound.read(first, &mut frames);
        for (frame, out) in (block.position..).zip(sum) {
            let stays = !moving && !self.dropped;
            let wanted = if stays { limits.level(frame) } else { 0.0 };
            self.turn(wanted, frame >= limits.starts);
            let value = self.value(frame, first, &frames);
            let value = value.filter(|_| frame >= limits.starts && self.level > 0.0);
            let heard = self.join_up(frame, value);
            for (slot, value) in out.iter_mut().zip(heard) {
                *slot += value;
            }
        }
    }

    fn item(&self) -> &Arc<Item> {
        &self.span.item
    }

    fn limits(&self, block: Block) -> Limits {
        Limits {
            starts: block.frame_at(self.span.from_ns),
            ends: block.frame_at(self.span.ends_ns),
            fade_in: frame_at(self.span.fade_in_ns),
            fade_out: frame_at(self.span.fade_out_ns),
        }
    }

    /// Follows the group's time: slowly where that is enough, else in one move, once the voice is silent. True
    /// while it has to become silent for that.
    fn keep_time(&mut self, block: Block) -> bool {
        let wanted = block.position - frame_at(block.at_ns - self.span.origin_ns);
        let slip = self.slip.get_or_insert_with(|| Slip::new(wanted));
        let far = slip.want(wanted);
        if far && self.level <= 0.0 {
            *slip = Slip::new(wanted);
            return false;
        }
        far
    }

    fn medium_micro(&self, frame: i64) -> i64 {
        let shift = self.slip.map_or(0, Slip::shift_micro);
        frame.saturating_mul(MICRO).saturating_sub(shift)
    }

    /// What the medium has for an output frame.
    fn value(&mut self, frame: i64, first: i64, frames: &[Option<SoundFrame>]) -> Option<Pair> {
        if let Some(slip) = &mut self.slip {
            slip.next();
        }
        let at = self.medium_micro(frame);
        let near = |away: i64| {
            let index = at.div_euclid(MICRO) - first + away;
            let index = usize::try_from(index).ok()?;
            frames.get(index).copied().flatten()
        };
        let here = near(0)?;
        let part = at.rem_euclid(MICRO);
        if part == 0 {
            return Some(here.map(f64::from));
        }
        let ahead = near(1).unwrap_or(here);
        let around = [
            near(-1).unwrap_or(here),
            here,
            ahead,
            near(2).unwrap_or(ahead),
        ];
        let around = around.map(|frame| frame.map(f64::from));
        let channel = |n: usize| around.map(|frame| frame.get(n).copied().unwrap_or(0.0));
        Some(std::array::from_fn(|n| law::between(channel(n), part)))
    }

    /// The frame as it is added to the sum, joined to the one before.
    fn join_up(&mut self, frame: i64, value: Option<Pair>) -> Pair {
        let pair = value.unwrap_or_default();
        let pair = pair.map(|sample| sample * self.gain * self.level);
        if value.is_some() != self.sounding {
            self.sounding = value.is_some();
            self.seam.open(pair);
        }
        if self.sounding {
            let heard = self.heard.get_or_insert(Heard {
                first: frame,
                last: frame,
                frames: 0,
            });
            heard.last = frame;
            heard.frames += 1;
        }
        self.seam.pass(pair)
    }

    fn turn(&mut self, wanted: f64, begun: bool) {
        if begun {
            self.level += (wanted - self.level).clamp(-RAMP_STEP, RAMP_STEP);
        }
    }
}
