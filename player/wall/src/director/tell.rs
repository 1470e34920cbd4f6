//! What the wall tells: its report, its ledger, its pictures.

use super::Director;
use super::hear::Shown;
use crate::books::BooksEvent;
use cotmoc_player_core::ledger::{Condition, Fact};
use cotmoc_player_core::program::CueShow;
use cotmoc_proto::device::{
    ClockQuality, Event, EventKind, OutputHealth, RecordBody, ScreenKind, ScreenReport,
    ScreenStatus, Showing,
};
use cotmoc_proto::resolve::{FactoryReason, FallbackReason};
use cotmoc_proto::time::Millis;
use cotmoc_proto::window::OperatingWindow;
use cotmoc_service::notify;

const REPORT_EVERY_MS: u64 = 5_000;
/// A frame older than this is no longer what is on the glass.
const STALE_NS: i64 = 1_500_000_000;

impl Director {
    /// The ledger hears what the sink presents; closed intervals and the report go out.
    pub(super) fn keep_books(&mut self) {
        let window = self.window();
        if let Some(condition) = self.condition() {
            let fact = Fact::Presented(condition);
            let event = self.books.observe(fact, &self.belief, &window);
            self.tell_of_books(event);
        }
        self.hand_over();
        if self.belief.mono_ms.saturating_sub(self.reported_ms) >= REPORT_EVERY_MS {
            self.reported_ms = self.belief.mono_ms;
            let report = self.report(&window);
            notify::status(&format!(
                "{}, release {}",
                report.status.en(),
                report.release
            ));
            self.link.report(report);
        }
    }

    /// The last line of this process.
    pub(super) fn close_books(&mut self) {
        let window = self.window();
        let event = self.books.observe(Fact::Stopping, &self.belief, &window);
        self.tell_of_books(event);
        self.hand_over();
    }

    pub(super) fn take_picture(&mut self) {
        let Some(evidence) = &mut self.evidence else {
            return;
        };
        if let Err(error) = evidence.take_due(self.belief.now, &self.engine) {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "a picture of what is showing could not be kept");
        }
    }

    fn hand_over(&mut self) {
        let closed = self.books.take_closed();
        if closed.is_empty() {
            return;
        }
        for interval in closed {
            self.record(RecordBody::OnAir(interval));
        }
        let event = self.books.handed_over(&self.belief);
        self.tell_of_books(event);
    }

    fn tell_of_books(&self, event: Option<BooksEvent>) {
        match event {
            Some(BooksEvent::DiskFailed) => {
                let detail = [
                    ("what", "ledger".to_owned()),
                    ("reason", "not-written".to_owned()),
                ];
                self.record(RecordBody::Event(Event::new(
                    EventKind::StorageFault,
                    detail,
                )));
            }
            None => {}
        }
    }

    fn window(&self) -> OperatingWindow {
        self.gate
            .release()
            .map_or_else(OperatingWindow::default, |release| release.window.clone())
    }

    /// What the glass shows: nothing until the sink has presented something.
    fn condition(&self) -> Option<Condition> {
        let status = self.engine.status();
        let last_ns = status.last_presented_at_ns?;
        if self.on_stage.output_lost {
            return Some(Condition::OutputLost);
        }
        if status.now_ns.saturating_sub(last_ns) > STALE_NS {
            return Some(Condition::Stalled);
        }
        self.principal().map(Shown::condition)
    }

    fn report(&self, window: &OperatingWindow) -> ScreenReport {
        let status = self.engine.status();
        let state = self.gate.state();
        ScreenReport {
            kind: ScreenKind::Wall,
            at_ms: self.belief.now,
            status: self.status(),
            clock: self.belief.quality,
            showing: self.showing(),
            root_version: self.gate.root().version,
            release: self.gate.release().map_or(0, |release| release.version),
            release_sha256: self.gate.release_digest(),
            takedown: state.takedown,
            override_seq: state.override_seq,
            output: OutputHealth {
                presented: status.frames_presented,
                late: status.frames_late,
                dropped: status.frames_dropped,
                configured_sink: status.output_ok && !self.on_stage.output_lost,
                last_second: Some(self.watch.rates()),
            },
            display: self.display.look(),
            on_air_today_ms: self.on_air_today_ms(window),
            quota_ms: window.quota_ms(),
        }
    }

    fn on_air_today_ms(&self, window: &OperatingWindow) -> Millis {
        self.books.today(window, &self.belief).on_air_ms
    }

    fn status(&self) -> ScreenStatus {
        if !self.gate.is_chain_whole() || self.gate.is_recovering() {
            return ScreenStatus::IntegrityFault;
        }
        match self.condition() {
            None | Some(Condition::OutputLost | Condition::Stalled) => ScreenStatus::OnlineNotLit,
            Some(_) if self.belief.quality == ClockQuality::Untrusted => {
                ScreenStatus::ClockUntrusted
            }
            Some(Condition::Standby) => ScreenStatus::StandbyByPlan,
            Some(Condition::OnAir) if !self.gate.is_degraded() => ScreenStatus::OnAir,
            Some(Condition::OnAir | Condition::Fallback | Condition::Factory) => {
                ScreenStatus::Degraded
            }
        }
    }

    /// What the largest zone shows: it stands for the whole picture.
    fn principal(&self) -> Option<&Shown> {
        self.on_stage.shown.get(&self.stage.principal()?)
    }

    /// What every zone shows, back to front.
    fn showing(&self) -> Vec<Showing> {
        let shown = self.stage.zones();
        shown
            .filter_map(|zone| self.on_stage.shown.get(&zone))
            .map(Shown::showing)
            .collect()
    }
}

impl Shown {
    fn showing(&self) -> Showing {
        match self {
            Self::Dark { since } => Showing::Dark { since_ms: *since },
            Self::Standby { since } => Showing::Factory {
                reason: "standby".to_owned(),
                since_ms: *since,
            },
            Self::Cue { cued, since } => match &cued.plan.show {
                CueShow::Item {
                    playlist,
                    item,
                    title,
                    ..
                } => Showing::Item {
                    zone: cued.plan.zone.clone().unwrap_or_else(canvas),
                    playlist: playlist.clone(),
                    item: item.clone(),
                    title: title.clone(),
                    since_ms: *since,
                },
                CueShow::Template { item, title, .. } => Showing::Template {
                    item: item.clone(),
                    title: title.clone(),
                    since_ms: *since,
                },
                CueShow::Fallback { item, reason, .. } => Showing::Fallback {
                    item: item.clone(),
                    reason: fallback_reason(*reason).to_owned(),
                    since_ms: *since,
                },
                CueShow::Factory { reason } => Showing::Factory {
                    reason: factory_reason(*reason).to_owned(),
                    since_ms: *since,
                },
                CueShow::Dark => Showing::Dark { since_ms: *since },
            },
        }
    }
}

pub(super) fn quality(quality: ClockQuality) -> String {
    match quality {
        ClockQuality::Untrusted => "untrusted",
        ClockQuality::Held => "held",
        ClockQuality::Synchronised => "synchronised",
    }
    .to_owned()
}

const fn fallback_reason(reason: FallbackReason) -> &'static str {
    match reason {
        FallbackReason::TakenDown => "taken-down",
        FallbackReason::Stale => "stale",
        FallbackReason::NothingPlayable => "nothing-playable",
    }
}

const fn factory_reason(reason: FactoryReason) -> &'static str {
    match reason {
        FactoryReason::NoRelease => "no-release",
        FactoryReason::FallbackUnavailable => "fallback-unavailable",
    }
}

fn canvas() -> cotmoc_proto::ZoneId {
    "main".parse().expect("a legal identifier")
}
