//! The kiosk's own loop: believes a time, tells the agent and the service manager how things are.

use crate::settings::ClockSource;
use crate::shelf::Current;
use cotmoc_player_core::clock::{Belief, Clock, ClockRules, Reading, Support};
use cotmoc_proto::TimeMs;
use cotmoc_service::{boot, notify};
use std::time::Duration;
use tokio::sync::watch;

/// A small part of the unit's `WatchdogSec`.
const TURN: Duration = Duration::from_secs(1);

/// The time that is believed, for everybody else.
pub type Time = watch::Receiver<Belief>;

/// Reads the clocks once a second and lives as long as its task.
#[derive(Debug)]
pub struct Keeper {
    source: ClockSource,
    clock: Clock,
    current: Current,
    time: watch::Sender<Belief>,
}

impl Keeper {
    /// A keeper that has read the clocks once.
    #[must_use]
    pub fn new(source: ClockSource, current: Current) -> Self {
        let mut clock = Clock::new(ClockRules::default());
        let earliest_now = current.borrow().trust.earliest_now;
        let belief = clock.observe(reading(source, earliest_now)).belief;
        Self {
            source,
            clock,
            current,
            time: watch::Sender::new(belief),
        }
    }

    /// The time, from now on.
    #[must_use]
    pub fn time(&self) -> Time {
        self.time.subscribe()
    }

    /// Keeps on for ever.
    pub async fn keep(mut self) {
        let mut tick = tokio::time::interval(TURN);
        loop {
            tick.tick().await;
            let earliest_now = self.current.borrow().trust.earliest_now;
            let observed = self.clock.observe(reading(self.source, earliest_now));
            self.time.send_replace(observed.belief);
            notify::watchdog();
        }
    }
}

fn reading(source: ClockSource, earliest_now: TimeMs) -> Reading {
    let support = match source {
        ClockSource::System => Support::Operator,
        ClockSource::Auto if boot::clock_synchronised() => Support::Synchronised,
        ClockSource::Auto if boot::has_rtc() => Support::Battery,
        ClockSource::Auto => Support::Nothing,
    };
    Reading {
        mono_ms: boot::since_boot_ms(),
        system: TimeMs(boot::wall_ms()),
        support,
        earliest_now,
    }
}
