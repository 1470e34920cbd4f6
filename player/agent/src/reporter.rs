//! Events of the agent itself, stamped by the device's clocks.

use crate::outbox::Outbox;
use crate::tls::Floor;
use cotmoc_link::Stamp;
use cotmoc_proto::TimeMs;
use cotmoc_proto::device::{ClockQuality, Event, EventKind, RecordBody};
use cotmoc_service::boot;

/// Puts events of the agent into the outbox.
#[derive(Debug, Clone)]
pub struct Reporter {
    outbox: Outbox,
    floor: Floor,
}

impl Reporter {
    /// A reporter into `outbox`; `floor` is what the clock may not be behind.
    #[must_use]
    pub const fn new(outbox: Outbox, floor: Floor) -> Self {
        Self { outbox, floor }
    }

    /// Something happened.
    pub fn event<const N: usize>(&self, kind: EventKind, detail: [(&str, String); N]) {
        self.tell(Event::new(kind, detail));
    }

    /// `event` happened.
    pub fn tell(&self, event: Event) {
        tracing::info!(kind = ?event.kind, detail = ?event.detail, "event");
        self.outbox.put(self.stamp(), RecordBody::Event(event));
    }

    /// Now, by both clocks.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp {
            clock: self.quality(),
            ..stamp_untrusted()
        }
    }

    /// How far the system clock can be believed.
    #[must_use]
    pub fn quality(&self) -> ClockQuality {
        if TimeMs(boot::wall_ms()) < self.floor.get() {
            ClockQuality::Untrusted
        } else if boot::clock_synchronised() {
            ClockQuality::Synchronised
        } else if boot::has_rtc() {
            ClockQuality::Held
        } else {
            ClockQuality::Untrusted
        }
    }
}

/// Now, by both clocks, without a word on whether they are right.
#[must_use]
pub fn stamp_untrusted() -> Stamp {
    Stamp {
        mono_ms: boot::since_boot_ms(),
        wall_ms: TimeMs(boot::wall_ms()),
        clock: ClockQuality::Untrusted,
    }
}
