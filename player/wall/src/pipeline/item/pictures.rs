//! Decoded frames of one item on their way to the scheduler, bounded so that the decoder waits.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use gstreamer as gst;

use crate::pipeline::cue::MediumKind;

/// Frames decoded ahead of the scheduler.
pub(super) const CAPACITY: usize = 8;
/// A frame this much ahead of its tick is on time.
const EARLY_NS: i64 = 500_000;

/// A decoded picture.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Frame {
    /// Time in the medium.
    pub at_ns: i64,
    pub duration_ns: i64,
    pub buffer: gst::Buffer,
    /// What the decoder made, where that is not the zone's format.
    pub caps: Option<gst::Caps>,
}

impl Frame {
    fn end_ns(&self) -> i64 {
        self.at_ns + self.duration_ns
    }
}

/// The queue between a decoder's streaming thread and the scheduler.
#[derive(Debug)]
pub(in crate::pipeline) struct Pictures {
    kind: MediumKind,
    queue: Mutex<Queue>,
    room: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    generation: u64,
    frames: VecDeque<Frame>,
    received: u64,
    /// Earlier frames are not wanted.
    skip_to_ns: i64,
    /// The last frame that was not wanted: better than none when the medium ends before `skip_to_ns`.
    spare: Option<Frame>,
    ended: bool,
    end_ns: i64,
    intake: Intake,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Intake {
    #[default]
    Open,
    /// The decoder is gone; what it still tries to hand over is refused.
    Sealed,
    /// Nobody wants frames any more.
    Closed,
}

/// What the scheduler finds at a tick.
#[derive(Debug)]
pub(in crate::pipeline) struct Taken {
    /// The newest frame that is due, if any is new.
    pub frame: Option<Frame>,
    /// Nothing more will come and nothing is waiting.
    pub exhausted: bool,
    /// Nothing is waiting, but more should come.
    pub starved: bool,
    pub end_ns: i64,
}

impl Pictures {
    pub(super) fn new(kind: MediumKind) -> Self {
        Self {
            kind,
            queue: Mutex::default(),
            room: Condvar::new(),
        }
    }

    /// Begins anew for another decoder; frames of earlier ones are refused from now on.
    pub(super) fn restart(&self, generation: u64, skip_to_ns: i64) {
        let mut queue = self.lock();
        *queue = Queue {
            generation,
            skip_to_ns,
            received: queue.received,
            intake: match queue.intake {
                Intake::Open | Intake::Sealed => Intake::Open,
                Intake::Closed => Intake::Closed,
            },
            ..Queue::default()
        };
        self.room.notify_all();
    }

    /// Waits for room. Called from the decoder's streaming thread.
    pub(super) fn push(&self, generation: u64, frame: Frame) -> Result<(), gst::FlowError> {
        let mut queue = self.lock();
        if self.kind == MediumKind::Video && frame.end_ns() <= queue.skip_to_ns {
            queue.end_ns = queue.end_ns.max(frame.end_ns());
            queue.spare = Some(frame);
            return queue.check(generation);
        }
        while queue.frames.len() >= CAPACITY && queue.check(generation).is_ok() {
            queue = self
                .room
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
        queue.check(generation)?;
        queue.end_ns = queue.end_ns.max(frame.end_ns());
        queue.received += 1;
        queue.frames.push_back(frame);
        Ok(())
    }

    pub(super) fn end(&self, generation: u64) {
        let mut queue = self.lock();
        if queue.generation == generation {
            queue.end();
        }
    }

    /// What is queued is all there will be.
    pub(super) fn seal(&self) {
        let mut queue = self.lock();
        queue.end();
        if queue.intake == Intake::Open {
            queue.intake = Intake::Sealed;
        }
        self.room.notify_all();
    }

    pub(super) fn close(&self) {
        let mut queue = self.lock();
        queue.intake = Intake::Closed;
        queue.frames.clear();
        queue.spare = None;
        self.room.notify_all();
    }

    /// Enough is decoded to take the air.
    pub(in crate::pipeline) fn ready(&self) -> bool {
        let queue = self.lock();
        let enough = match self.kind {
            MediumKind::Video | MediumKind::Sound => 2,
            MediumKind::Still | MediumKind::Slide => 1,
        };
        queue.received >= enough || (queue.ended && queue.received > 0)
    }

    pub(super) fn end_ns(&self) -> i64 {
        self.lock().end_ns
    }

    /// Takes every frame that is due at `local_ns` and returns the newest; with `any`, the first frame whatever its time.
    pub(in crate::pipeline) fn take(&self, local_ns: i64, any: bool) -> Taken {
        let mut queue = self.lock();
        let mut frame = None;
        while let Some(first) = queue.frames.front() {
            if first.at_ns > local_ns + EARLY_NS && (!any || frame.is_some()) {
                break;
            }
            frame = queue.frames.pop_front();
        }
        if frame.is_some() {
            self.room.notify_all();
        }
        Taken {
            frame,
            exhausted: queue.ended && queue.frames.is_empty(),
            starved: !queue.ended && queue.frames.is_empty(),
            end_ns: queue.end_ns,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn check(&self, generation: u64) -> Result<(), gst::FlowError> {
        if self.intake != Intake::Open || self.generation != generation {
            return Err(gst::FlowError::Flushing);
        }
        Ok(())
    }

    fn end(&mut self) {
        self.ended = true;
        if self.received == 0
            && let Some(spare) = self.spare.take()
        {
            self.received += 1;
            self.frames.push_back(spare);
        }
    }
}
