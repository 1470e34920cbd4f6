//! Decoded sound of one item on its way to the mixer, addressed by sample.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use gstreamer as gst;

/// Samples per second and channel, everywhere in the engine.
pub(in crate::pipeline) const RATE_HZ: i64 = 48_000;
pub(in crate::pipeline) const CHANNELS: usize = 2;
/// Sound decoded ahead of the mixer.
const CAPACITY_FRAMES: i64 = RATE_HZ;
/// Buffers this close to the running position continue it; rounding in containers is not a gap.
const SNAP_FRAMES: i64 = 96;
/// Sound that can take the air without a mixer ever waiting for it.
const READY_FRAMES: i64 = RATE_HZ / 5;

/// One sample of each channel.
pub(in crate::pipeline) type SoundFrame = [i16; CHANNELS];

/// The queue between a decoder's streaming thread and the mixer. A frame is one sample of each channel.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct Sound {
    queue: Mutex<Queue>,
    room: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    generation: u64,
    chunks: VecDeque<Chunk>,
    next_frame: Option<i64>,
    skip_to_frame: i64,
    intake: Intake,
    closed: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Intake {
    #[default]
    Open,
    /// The decoder has given its last sample.
    Ended,
    /// The decoder is gone; what it still tries to hand over is refused.
    Sealed,
}

#[derive(Debug)]
struct Chunk {
    at_frame: i64,
    samples: Vec<i16>,
}

impl Chunk {
    fn end_frame(&self) -> i64 {
        self.at_frame + frames_in(&self.samples)
    }
}

impl Sound {
    pub(super) fn restart(&self, generation: u64, skip_to_ns: i64) {
        let mut queue = self.lock();
        *queue = Queue {
            generation,
            skip_to_frame: frame_at(skip_to_ns),
            closed: queue.closed,
            ..Queue::default()
        };
        self.room.notify_all();
    }

    /// Waits for room. Called from the decoder's streaming thread.
    pub(super) fn push(
        &self,
        generation: u64,
        at_ns: Option<i64>,
        samples: Vec<i16>,
    ) -> Result<(), gst::FlowError> {
        let mut queue = self.lock();
        while queue.queued_frames() >= CAPACITY_FRAMES && queue.check(generation).is_ok() {
            queue = self
                .room
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        queue.check(generation)?;
        let at_frame = queue.place(at_ns.map(frame_at));
        let chunk = Chunk { at_frame, samples };
        queue.next_frame = Some(chunk.end_frame());
        if chunk.end_frame() > queue.skip_to_frame {
            queue.chunks.push_back(chunk);
        }
        Ok(())
    }

    pub(super) fn end(&self, generation: u64) {
        let mut queue = self.lock();
        if queue.generation == generation && queue.intake == Intake::Open {
            queue.intake = Intake::Ended;
        }
    }

    /// What is queued is all there will be.
    pub(super) fn seal(&self) {
        self.lock().intake = Intake::Sealed;
        self.room.notify_all();
    }

    /// Enough is decoded to take the air.
    pub(super) fn ready(&self) -> bool {
        let queue = self.lock();
        let beyond = queue.next_frame.unwrap_or(0) - queue.skip_to_frame;
        beyond >= READY_FRAMES || (queue.is_over() && beyond > 0)
    }

    /// The frame at which it is over, once that is known.
    pub(in crate::pipeline) fn ends_at(&self) -> Option<i64> {
        let queue = self.lock();
        queue.is_over().then(|| queue.next_frame.unwrap_or(0))
    }

    pub(super) fn end_ns(&self) -> i64 {
        let frames = self.lock().next_frame.unwrap_or(0);
        frames * 1_000_000_000 / RATE_HZ
    }

    /// Lets producers go. What is decoded stays, so that the mixer can fade it out.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.room.notify_all();
    }

    /// Copies what is there from `from_frame` on into `out` and forgets everything before it.
    pub(in crate::pipeline) fn read(&self, from_frame: i64, out: &mut [Option<SoundFrame>]) {
        let mut queue = self.lock();
        let before = queue.chunks.len();
        while queue
            .chunks
            .front()
            .is_some_and(|c| c.end_frame() <= from_frame)
        {
            queue.chunks.pop_front();
        }
        if queue.chunks.len() != before {
            self.room.notify_all();
        }
        for chunk in &queue.chunks {
            let start = chunk.at_frame.max(from_frame);
            let skip_out = usize::try_from(start - from_frame).unwrap_or(usize::MAX);
            let skip_in = usize::try_from(start - chunk.at_frame).unwrap_or(usize::MAX);
            let (frames, _) = chunk.samples.as_chunks::<CHANNELS>();
            let source = frames.iter().skip(skip_in);
            for (slot, frame) in out.iter_mut().skip(skip_out).zip(source) {
                *slot = Some(*frame);
            }
        }
    }

    /// There is sound at or after `frame`.
    pub(in crate::pipeline) fn goes_beyond(&self, frame: i64) -> bool {
        self.lock().next_frame.is_some_and(|next| next > frame)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn check(&self, generation: u64) -> Result<(), gst::FlowError> {
        if self.closed || self.intake == Intake::Sealed || self.generation != generation {
            return Err(gst::FlowError::Flushing);
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.intake != Intake::Open
    }

    fn queued_frames(&self) -> i64 {
        self.chunks.iter().map(|c| frames_in(&c.samples)).sum()
    }

    fn place(&self, stamped: Option<i64>) -> i64 {
        match (stamped, self.next_frame) {
            (Some(at), Some(next)) if (at - next).abs() >= SNAP_FRAMES => at,
            (_, Some(next)) => next,
            (Some(at), None) => at,
            (None, None) => 0,
        }
    }
}

/// The frame that stands at `ns`.
pub(in crate::pipeline) fn frame_at(ns: i64) -> i64 {
    let frame = (i128::from(ns) * i128::from(RATE_HZ)).div_euclid(1_000_000_000);
    i64::try_from(frame).unwrap_or(i64::MAX)
}

fn frames_in(samples: &[i16]) -> i64 {
    i64::try_from(samples.len() / CHANNELS).unwrap_or(0)
}
