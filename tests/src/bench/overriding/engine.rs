//! The engine in this process is told to cut, and its sink tells when the first picture came.

use super::{Delays, Media, ORDERED_ITEM, PROGRAMME_ITEM, SCREEN};
use crate::bench::eye::{self, Glimpse};
use crate::bench::player::{self, Setup, ZONE};
use crate::wait::eventually;
use cotmoc_wall::pipeline::{AudioKind, Engine};
use std::time::Duration;

/// Between two orders, in milliseconds; no multiple of a tick, so that every phase comes up.
const APART_MS: u64 = 407;

pub fn measure(media: &Media, trials: u64) -> anyhow::Result<Delays> {
    let (engine, _events) = player::start(Setup {
        size: SCREEN,
        sink: eye::sink()?,
        audio: AudioKind::None,
        witness: None,
    })?;
    let mut delays = Delays::default();
    for trial in 0..trials {
        back_to_programme(&engine, media, trial)?;
        std::thread::sleep(Duration::from_millis(APART_MS + trial % 34));
        drop(eye::take());
        let ordered_ns = eye::now_ns();
        let now_ms = player::system_ms();
        let slot = (now_ms - 1, now_ms + 60_000);
        engine.cut(ZONE, player::cue(&media.ordered, 2 * trial + 2, slot))?;
        let on_ns = wait_for(ORDERED_ITEM);
        let off_ns = eye::first(|one| one.at_ns >= ordered_ns && !is(one, PROGRAMME_ITEM));
        delays.on_ms.push(millis(on_ns - ordered_ns));
        delays
            .off_ms
            .extend(off_ns.map(|ns| millis(ns - ordered_ns)));
        let seen = eye::take();
        let between = seen.iter().filter(|one| one.stamp.is_none()).count();
        delays.between += u64::try_from(between)?;
    }
    engine.stop(Duration::from_secs(5))?;
    Ok(delays.sorted())
}

fn back_to_programme(engine: &Engine, media: &Media, trial: u64) -> anyhow::Result<()> {
    let now_ms = player::system_ms();
    let slot = (now_ms, now_ms + i64::from(media.programme.slot_ms));
    engine.cut(ZONE, player::cue(&media.programme, 2 * trial + 1, slot))?;
    wait_for(PROGRAMME_ITEM);
    Ok(())
}

fn wait_for(item: u8) -> i64 {
    eventually("the picture is presented", || {
        eye::first(|one| is(one, item))
    })
}

fn is(glimpse: &Glimpse, item: u8) -> bool {
    glimpse.stamp.is_some_and(|stamp| stamp.item == item)
}

#[allow(clippy::cast_precision_loss, reason = "seconds in nanoseconds")]
fn millis(ns: i64) -> f64 {
    ns as f64 / 1e6
}
