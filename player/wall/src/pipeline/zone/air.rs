//! What has the air in a zone, what it is accountable for, and what fades out under it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cotmoc_canvas::OPAQUE;
use gstreamer_video as gst_video;

use crate::pipeline::config::PixelArea;
use crate::pipeline::cue::{CueId, ItemFault};
use crate::pipeline::item::{Frame, Item, Taken};

/// The part of group time a cue is accountable for.
#[derive(Debug)]
pub(in crate::pipeline) struct Slot {
    pub cue: CueId,
    pub label: String,
    from_ns: AtomicI64,
    ends_ns: AtomicI64,
}

impl Slot {
    fn new(item: &Item, from_ns: i64) -> Self {
        Self {
            cue: item.cue.id,
            label: item.cue.medium.label.clone(),
            from_ns: AtomicI64::new(from_ns),
            ends_ns: AtomicI64::new(item.cue.ends_at_ns),
        }
    }

    pub(in crate::pipeline) fn since_ns(&self) -> i64 {
        self.from_ns.load(Ordering::Acquire)
    }

    pub(in crate::pipeline) fn ends_ns(&self) -> i64 {
        self.ends_ns.load(Ordering::Acquire)
    }

    /// The plan gave the rest of the slot to something else.
    pub(super) fn cut_at(&self, at_ns: i64) {
        self.ends_ns.fetch_min(at_ns, Ordering::AcqRel);
    }

    /// Nobody could see it before.
    pub(super) fn reveal(&self, at_ns: i64) {
        self.from_ns.fetch_max(at_ns, Ordering::AcqRel);
    }
}

/// What a frame belongs to.
#[derive(Clone, Debug)]
pub(in crate::pipeline) enum Owner {
    Cue(Arc<Slot>),
    Standby,
    Dark,
}

/// Where a zone lies on the canvas, and the format of its pictures.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Place {
    pub area: PixelArea,
    pub info: gst_video::VideoInfo,
}

/// The frame chosen for a tick.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Choice {
    pub frame: Frame,
    pub owner: Owner,
    pub place: Arc<Place>,
    pub under: Option<Under>,
}

/// The frame that shines through while one item fades into the next.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Under {
    pub frame: Frame,
    /// How much of the frame over it is seen, of 256.
    pub weight: u16,
}

/// Pictures that need no decoding.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Backdrops {
    pub standby: Frame,
    pub black: Frame,
}

/// What the sound mixer should play for a zone.
#[derive(Clone, Debug)]
pub(in crate::pipeline) struct Span {
    pub item: Arc<Item>,
    /// Group time at which the medium stands at 0.
    pub origin_ns: i64,
    pub from_ns: i64,
    pub ends_ns: i64,
    /// How long it rises from silence at its beginning and falls to silence at its end; 0 cuts.
    pub fade_in_ns: i64,
    pub fade_out_ns: i64,
    /// Thousandths of dB.
    pub gain_mdb: i32,
}

/// The cue that has the air.
#[derive(Debug)]
pub(super) struct OnAir {
    pub item: Arc<Item>,
    pub slot: Arc<Slot>,
    pub origin_ns: i64,
    pub frame: Option<Frame>,
    /// Tick on which the shown frame was new.
    pub fresh_ns: i64,
    /// Since when nothing more will come from it although its slot goes on.
    pub spent_ns: Option<i64>,
    pub fault: Option<ItemFault>,
    pub held_ticks: u64,
    /// How long it faded in.
    pub fade_ns: i64,
}

impl OnAir {
    pub(super) fn new(item: Arc<Item>, (origin_ns, from_ns): (i64, i64), tick_ns: i64) -> Self {
        Self {
            slot: Arc::new(Slot::new(&item, from_ns)),
            item,
            origin_ns,
            frame: None,
            fresh_ns: tick_ns,
            spent_ns: None,
            fault: None,
            held_ticks: 0,
            fade_ns: 0,
        }
    }

    pub(super) fn show(&mut self, taken: &Taken, tick_ns: i64) {
        if let Some(frame) = &taken.frame {
            self.frame = Some(frame.clone());
            self.fresh_ns = tick_ns;
        }
        if !taken.starved {
            self.fresh_ns = self.fresh_ns.max(tick_ns);
        }
    }

    /// A fault that is new at this tick.
    pub(super) fn fault_now(
        &mut self,
        taken: &Taken,
        tick_ns: i64,
        stall_ns: i64,
    ) -> Option<ItemFault> {
        if self.fault.is_some() {
            return None;
        }
        let stalled = taken.starved && tick_ns - self.fresh_ns > stall_ns;
        let fault = self
            .item
            .fault()
            .or(stalled.then_some(ItemFault::Stalled))?;
        self.fault = Some(fault.clone());
        Some(fault)
    }

    pub(super) fn spend(&mut self, tick_ns: i64) {
        self.spent_ns.get_or_insert(tick_ns);
    }

    /// Goes on under what comes now, if there is something to be seen of it.
    pub(super) fn fade_out(&mut self, (from_ns, until_ns): (i64, i64)) -> Option<Outgoing> {
        let frame = self.frame.take().filter(|_| self.fault.is_none())?;
        Some(Outgoing {
            item: Arc::clone(&self.item),
            origin_ns: self.origin_ns,
            since_ns: self.slot.since_ns(),
            frame,
            from_ns,
            until_ns,
        })
    }
}

/// The cue that had the air, while it fades.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub item: Arc<Item>,
    pub origin_ns: i64,
    /// Since when it has been on air.
    pub since_ns: i64,
    frame: Frame,
    pub from_ns: i64,
    pub until_ns: i64,
}

impl Outgoing {
    /// Its frame for this tick: the next that is due, or the last one, held.
    pub(super) fn advance(&mut self, tick_ns: i64) {
        let taken = self.item.pictures.take(tick_ns - self.origin_ns, false);
        if let Some(frame) = taken.frame {
            self.frame = frame;
        }
    }

    /// Of the group's time alone, so that all walls of a group show the same. Neither the first tick shows the old
    /// picture alone nor the last one the new.
    pub(super) fn under(&self, tick_ns: i64, period_ns: i64) -> Under {
        let gone = i128::from(tick_ns - self.from_ns + period_ns);
        let whole = i128::from((self.until_ns - self.from_ns + period_ns).max(1));
        let weight = gone * i128::from(OPAQUE) / whole;
        Under {
            frame: self.frame.clone(),
            weight: u16::try_from(weight.clamp(0, i128::from(OPAQUE))).unwrap_or(OPAQUE),
        }
    }
}
