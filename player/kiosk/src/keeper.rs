//! The kiosk's own loop: believes a time, tells the agent and the service manager how things are.

mod report;

use crate::beat::Beats;
use crate::looks::Looks;
use crate::settings::{ClockSource, Settings};
use crate::shelf::Current;
use crate::teller::Teller;
use cotmoc_link::ScreenLink;
use cotmoc_player_core::clock::{Belief, Clock, ClockEffect, ClockRules, Reading, Support};
use cotmoc_proto::TimeMs;
use cotmoc_proto::device::{ClockQuality, Event, EventKind};
use cotmoc_service::{boot, notify};
use std::time::Duration;
use tokio::sync::watch;

/// A small part of the unit's `WatchdogSec`.
const TURN: Duration = Duration::from_secs(1);
/// Reports come at least this often.
const REPORT_EVERY_MS: u64 = 10_000;

/// The time that is believed, for everybody else.
pub type Time = watch::Receiver<Belief>;

/// Reads the clocks once a second and lives as long as its task.
#[derive(Debug)]
pub struct Keeper {
    source: ClockSource,
    clock: Clock,
    current: Current,
    time: watch::Sender<Belief>,
    beats: Beats,
    looks: Looks,
    teller: Teller,
    /// When the last report was made, of which sign of the browser, and whether the glass was wrong.
    reported: (u64, Option<u64>, bool),
}

impl Keeper {
    /// A keeper that has read the clocks once.
    #[must_use]
    pub fn new(
        settings: &Settings,
        current: Current,
        (beats, looks): (Beats, Looks),
        link: ScreenLink,
    ) -> Self {
        let mut clock = Clock::new(ClockRules::default());
        let earliest_now = current.borrow().trust.earliest_now;
        let belief = clock.observe(reading(settings.clock, earliest_now)).belief;
        let time = watch::Sender::new(belief);
        let keeper = Self {
            source: settings.clock,
            clock,
            current,
            teller: Teller::new(link, time.subscribe()),
            time,
            beats,
            looks,
            reported: (0, None, false),
        };
        keeper.tell(EventKind::Started);
        keeper
    }

    /// The time, from now on.
    #[must_use]
    pub fn time(&self) -> Time {
        self.time.subscribe()
    }

    /// A handle to the link to the agent.
    #[must_use]
    pub fn teller(&self) -> Teller {
        self.teller.clone()
    }

    /// Keeps on until `shutdown`.
    pub async fn keep(mut self, shutdown: tokio_util::sync::CancellationToken) {
        let mut tick = tokio::time::interval(TURN);
        loop {
            tokio::select! {
                _ = tick.tick() => self.turn(),
                () = shutdown.cancelled() => break,
            }
        }
        self.tell(EventKind::Stopped);
    }

    fn turn(&mut self) {
        let earliest_now = self.current.borrow().trust.earliest_now;
        let observed = self.clock.observe(reading(self.source, earliest_now));
        self.time.send_replace(observed.belief);
        for effect in observed.effects {
            self.tell_of_clock(effect);
        }
        self.report();
        notify::watchdog();
    }

    /// At every sign of the browser, so that a picture that moves is never told of as standing still.
    fn report(&mut self) {
        let belief = *self.time.borrow();
        let heard = self.beats.last();
        let sign = heard.as_ref().map(|heard| heard.at_ms);
        let since = belief.mono_ms.saturating_sub(self.reported.0);
        let is_lit = report::is_fresh(heard.as_ref(), belief.mono_ms);
        let is_wrong = self.looks.found().is_wrong();
        let is_news = self.reported.1 != sign || self.reported.2 != is_wrong;
        if !is_news && (since < REPORT_EVERY_MS || is_lit) {
            return;
        }
        self.reported = (belief.mono_ms, sign, is_wrong);
        let seen = (heard.as_ref(), is_wrong);
        let report = report::make(&self.current.borrow(), &belief, seen);
        notify::status(report.status.en());
        self.teller.report(report);
    }

    fn tell(&self, kind: EventKind) {
        let detail = [("process", "cotmoc-kiosk".to_owned())];
        self.teller.tell(Event::new(kind, detail));
    }

    fn tell_of_clock(&self, effect: ClockEffect) {
        let step = |by_ms: i64, reason: &str| {
            let detail = [("by_ms", by_ms.to_string()), ("reason", reason.to_owned())];
            Event::new(EventKind::ClockStep, detail)
        };
        self.teller.tell(match effect {
            ClockEffect::Stepped { by_ms } => step(by_ms, "not-followed"),
            ClockEffect::Followed { by_ms } => step(by_ms, "followed"),
            ClockEffect::QualityChanged { quality } => {
                let quality = match quality {
                    ClockQuality::Untrusted => "untrusted",
                    ClockQuality::Held => "held",
                    ClockQuality::Synchronised => "synchronised",
                };
                let detail = [("quality", quality.to_owned())];
                Event::new(EventKind::ClockQuality, detail)
            }
        });
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
