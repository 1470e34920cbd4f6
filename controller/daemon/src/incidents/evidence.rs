//! Resolver: what an event of a device says about when and why it stopped.

use crate::store::RecordRow;
use cotmoc_controller_core::cause::{Cause, Source};
use cotmoc_controller_core::incident::What;
use cotmoc_proto::TimeMs;
use cotmoc_proto::device::{ClockQuality, Event, EventKind};

/// What the event is evidence of; `None` if it says nothing about a stop, or by a clock that cannot be
/// believed.
pub(super) fn of(row: &RecordRow) -> Option<What> {
    let clock: ClockQuality = serde_json::from_value(row.clock.clone().into()).ok()?;
    let event: Event = serde_json::from_value(row.body.clone()).ok()?;
    if clock == ClockQuality::Untrusted {
        return None;
    }
    let time = |key: &str| event.detail.get(key)?.parse().ok().map(TimeMs);
    let since = time("since_ms");
    let cause = cause_of(&event.kind)?;
    let (occurred_ms, stopped_ms) = if event.kind == EventKind::PowerLost {
        (time("after_ms"), time("before_ms"))
    } else if cause == Cause::Power {
        // The wall may go on from its battery.
        (since, None)
    } else {
        (since, since)
    };
    occurred_ms?;
    Some(What::Evidence {
        source: Source::Device,
        cause: Some(cause),
        occurred_ms,
        stopped_ms,
    })
}

fn cause_of(kind: &EventKind) -> Option<Cause> {
    use EventKind::{
        MainsLost, OnBattery, PictureFrozen, PictureLost, PowerLost, PoweringOff, ScreenLost,
    };
    let causes = [
        (PowerLost, Cause::Power),
        (MainsLost, Cause::Power),
        (OnBattery, Cause::Power),
        (PoweringOff, Cause::Power),
        (ScreenLost, Cause::Player),
        (PictureFrozen, Cause::Player),
        (PictureLost, Cause::Display),
    ];
    let found = causes.into_iter().find(|(one, _)| one == kind);
    found.map(|(_, cause)| cause)
}

/// The time that the evidence names.
pub(super) const fn occurred(what: &What) -> Option<TimeMs> {
    if let What::Evidence { occurred_ms, .. } = what {
        *occurred_ms
    } else {
        None
    }
}
