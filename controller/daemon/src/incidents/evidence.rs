//! Resolver: what an event of a device says about when and why it stopped.

use crate::store::RecordRow;
use cotmoc_controller_core::cause::{Cause, Source};
use cotmoc_controller_core::incident::What;
use cotmoc_proto::device::{ClockQuality, Event, EventKind, RecordBody};
use cotmoc_proto::{DeviceId, TimeMs};

/// What the event is evidence of; `None` if it says nothing about a stop, or by a clock that cannot be
/// believed.
pub(super) fn of(row: &RecordRow) -> Option<What> {
    let clock: ClockQuality = serde_json::from_value(row.clock.clone().into()).ok()?;
    let event = event_in(row)?;
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
        device: row.device.clone(),
    })
}

fn event_in(row: &RecordRow) -> Option<Event> {
    let body: RecordBody = serde_json::from_value(row.body.clone()).ok()?;
    if let RecordBody::Event(event) = body {
        Some(event)
    } else {
        None
    }
}

/// What an event says about somebody at the cabinet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Intrusion {
    /// A door or a case was opened.
    Begun(Box<What>),
    /// It is shut again, since then if the clock can be believed.
    Over(Option<TimeMs>),
}

/// What the event says about somebody at the cabinet; `None` for every other event. A clock that
/// cannot be believed leaves the time open, never the intrusion out.
pub(super) fn intrusion(row: &RecordRow) -> Option<Intrusion> {
    let event = event_in(row)?;
    let clock: Option<ClockQuality> = serde_json::from_value(row.clock.clone().into()).ok();
    let is_known = clock.is_some_and(|clock| clock != ClockQuality::Untrusted);
    let time = |key: &str| {
        let ms = event.detail.get(key).and_then(|ms| ms.parse().ok());
        ms.filter(|_| is_known).map(TimeMs)
    };
    if [EventKind::DoorClosed, EventKind::TamperCleared].contains(&event.kind) {
        return Some(Intrusion::Over(time("until_ms")));
    }
    if ![EventKind::DoorOpened, EventKind::TamperDetected].contains(&event.kind) {
        return None;
    }
    Some(Intrusion::Begun(Box::new(What::Evidence {
        source: Source::Device,
        cause: Some(Cause::Access),
        occurred_ms: time("since_ms"),
        stopped_ms: None,
        device: row.device.clone(),
    })))
}

/// From when to when a device certainly had no power, if that is what the evidence says.
pub(super) const fn power_cut(what: &What) -> Option<(TimeMs, TimeMs)> {
    if let What::Evidence {
        cause: Some(Cause::Power),
        occurred_ms: Some(from),
        stopped_ms: Some(to),
        ..
    } = what
    {
        Some((*from, *to))
    } else {
        None
    }
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

/// The component that says so.
pub(super) const fn device(what: &What) -> Option<&DeviceId> {
    if let What::Evidence { device, .. } = what {
        device.as_ref()
    } else {
        None
    }
}
