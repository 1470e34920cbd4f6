//! What is told to the agent, each with the time that is believed.

use crate::keeper::Time;
use cotmoc_link::{ScreenLink, Stamp};
use cotmoc_proto::device::{Event, RecordBody, ScreenReport};
use std::sync::Arc;

/// A handle to the link; records wait on the disk until the agent has them.
#[derive(Debug, Clone)]
pub struct Teller {
    link: Arc<ScreenLink>,
    time: Time,
}

impl Teller {
    /// A teller over the link.
    #[must_use]
    pub fn new(link: ScreenLink, time: Time) -> Self {
        Self {
            link: Arc::new(link),
            time,
        }
    }

    /// Keeps an event until the agent has stored it.
    pub fn tell(&self, event: Event) {
        let belief = *self.time.borrow();
        let stamp = Stamp {
            mono_ms: belief.mono_ms,
            wall_ms: belief.now,
            clock: belief.quality,
        };
        self.link.record(stamp, RecordBody::Event(event));
    }

    /// Says what the kiosk shows; the latest report counts.
    pub fn report(&self, report: ScreenReport) {
        self.link.report(report);
    }
}
