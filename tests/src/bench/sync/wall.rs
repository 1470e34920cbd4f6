//! One of the walls: follows the schedule from wherever it stands, on the time that all share.

use crate::bench::barcode::{self, Stamp};
use crate::bench::eye;
use crate::bench::media::Clip;
use crate::bench::player::{self, NS_PER_MS, Setup, ZONE};
use anyhow::Context as _;
use cotmoc_proto::TimeMs;
use cotmoc_wall::common_time::CommonTime;
use cotmoc_wall::pipeline::{AudioKind, Engine, PresentedFrame, SoundBlock, Witness, monotonic_ns};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The longest that the wall's own loop sleeps.
const TURN: Duration = Duration::from_millis(50);
const HORIZON_MS: i64 = 20_000;

/// How exactly the common time is told to the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exactness {
    /// As the wall does.
    Nanoseconds,
    /// As it would if what is believed, in milliseconds, were all.
    Milliseconds,
}

/// The schedule, and how long to follow it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    /// Played one after the other, again and again.
    pub clips: Vec<Clip>,
    /// When the first began, in milliseconds of the system clock.
    pub epoch_ms: i64,
    pub ends_ms: i64,
    pub exactness: Exactness,
}

/// A frame and a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub at_ns: i64,
    pub stamp: Stamp,
}

/// What this wall showed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    /// By the monotonic clock at the moment of presentation.
    pub by_clock: Vec<Shown>,
    /// By the tick, in group time, for which each frame was chosen.
    pub by_tick: Vec<Shown>,
    pub late: u64,
    pub dropped: u64,
}

/// Follows the order.
///
/// # Errors
/// If the engine does not start or stops taking orders.
pub fn play(order: &Order) -> anyhow::Result<Seen> {
    let ticks = Arc::new(Ticks::default());
    let (engine, _events) = player::start(Setup {
        size: super::SIZE,
        sink: eye::sink()?,
        audio: AudioKind::None,
        witness: Some(ticks.clone()),
    })?;
    let mut time = CommonTime::default();
    let mut slots = Slots::from(order, player::system_ms());
    let mut next = slots.next();
    let joins = next
        .as_ref()
        .is_some_and(|(_, _, starts_ms)| *starts_ms < player::system_ms());
    let mut has_joined = !joins;
    while player::system_ms() < order.ends_ms {
        engine.set_offset(offset_ns(&mut time, order.exactness)?);
        while let Some((number, clip, starts_ms)) = next
            && starts_ms < player::system_ms() + HORIZON_MS
        {
            let slot = (starts_ms, starts_ms + i64::from(clip.slot_ms));
            let cue = player::cue(clip, number, slot);
            if has_joined {
                engine.cue(ZONE, cue)?;
            } else {
                engine.cut(ZONE, cue)?;
                has_joined = true;
            }
            next = slots.next();
        }
        std::thread::sleep(TURN);
    }
    finish(engine, &ticks)
}

fn finish(engine: Engine, ticks: &Ticks) -> anyhow::Result<Seen> {
    let status = engine.status();
    engine
        .stop(Duration::from_secs(5))
        .context("stopping the engine")?;
    let glimpses = eye::take().into_iter();
    let by_clock = glimpses.filter_map(|glimpse| {
        Some(Shown {
            at_ns: glimpse.at_ns,
            stamp: glimpse.stamp?,
        })
    });
    Ok(Seen {
        by_clock: by_clock.collect(),
        by_tick: std::mem::take(&mut ticks.0.lock().unwrap_or_else(PoisonError::into_inner)),
        late: status.frames_late,
        dropped: status.frames_dropped,
    })
}

fn offset_ns(time: &mut CommonTime, exactness: Exactness) -> anyhow::Result<i64> {
    let now = player::system_ms();
    match exactness {
        Exactness::Nanoseconds => time.offset_ns(TimeMs(now), TimeMs(now)),
        Exactness::Milliseconds => Ok(now * NS_PER_MS - monotonic_ns()?),
    }
}

/// The schedule's showings, from the one that stands at some moment.
struct Slots<'o> {
    clips: &'o [Clip],
    number: u64,
    starts_ms: i64,
}

impl<'o> Slots<'o> {
    fn from(order: &'o Order, now_ms: i64) -> Self {
        let mut slots = Self {
            clips: &order.clips,
            number: 0,
            starts_ms: order.epoch_ms,
        };
        while slots
            .clip()
            .is_some_and(|clip| slots.starts_ms + i64::from(clip.slot_ms) <= now_ms)
        {
            slots.next();
        }
        slots
    }

    fn clip(&self) -> Option<&'o Clip> {
        let count = u64::try_from(self.clips.len()).ok()?;
        let index = usize::try_from(self.number.checked_rem(count)?).ok()?;
        self.clips.get(index)
    }
}

impl<'o> Iterator for Slots<'o> {
    type Item = (u64, &'o Clip, i64);

    fn next(&mut self) -> Option<Self::Item> {
        let clip = self.clip()?;
        let slot = (self.number, clip, self.starts_ms);
        self.number += 1;
        self.starts_ms += i64::from(clip.slot_ms);
        Some(slot)
    }
}

#[derive(Debug, Default)]
struct Ticks(Mutex<Vec<Shown>>);

impl Witness for Ticks {
    fn frame(&self, frame: &PresentedFrame<'_>) {
        let luma = frame.luma;
        let row = barcode::code_row(luma.height);
        let stamp = barcode::read(|x| luma.at(x, row).unwrap_or(0), luma.width);
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stamp) = stamp
            && shown.last().is_none_or(|last| last.stamp != stamp)
        {
            let at_ns = frame.at_ns;
            shown.push(Shown { at_ns, stamp });
        }
    }

    fn sound(&self, _: &SoundBlock<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn clip(item: u8, slot_ms: u32) -> Clip {
        Clip {
            item,
            path: PathBuf::new(),
            slot_ms,
            frames: Some(30),
            is_scaled: false,
            has_sound: false,
        }
    }

    #[test]
    fn a_wall_that_starts_later_finds_the_same_showing_under_the_same_number() {
        let order = Order {
            clips: vec![clip(1, 1_000), clip(2, 2_500)],
            epoch_ms: 10_000,
            ends_ms: 0,
            exactness: Exactness::Nanoseconds,
        };
        let early: Vec<_> = Slots::from(&order, 0).take(6).collect();
        let late: Vec<_> = Slots::from(&order, 16_999).take(3).collect();
        let show = |slots: &[(u64, &Clip, i64)]| -> Vec<(u64, u8, i64)> {
            slots.iter().map(|(n, c, at)| (*n, c.item, *at)).collect()
        };
        assert_eq!(
            show(&early[..4]),
            [
                (0, 1, 10_000),
                (1, 2, 11_000),
                (2, 1, 13_500),
                (3, 2, 14_500)
            ]
        );
        assert_eq!(show(&late), show(&early[3..]));
    }
}
