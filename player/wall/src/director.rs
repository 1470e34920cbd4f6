//! The wall's loop: facts in, the pure core decides, effects out. It waits for nothing but time
//! and the engine, so that neither agent, network nor controller can hold up a picture.

mod hear;
mod plans;
mod tell;

use crate::books::Books;
use crate::common_time::CommonTime;
use crate::evidence::Evidence;
use crate::medium::MediumFaults;
use crate::pipeline::{Engine, EngineEvent, monotonic_ns};
use crate::settings::{ClockSource, Settings};
use crate::stage::{Call, Stage, medium_of};
use crate::trials::Trials;
use crate::watch::{self, DisplaySource, Limits, Needs, Watch, Watched};
use anyhow::Context as _;
use cotmoc_gate::{Finding, Gate, GateConfig, Outcome};
use cotmoc_link::{LinkConfig, ScreenLink, Stamp};
use cotmoc_player_core::budget::Budget;
use cotmoc_player_core::clock::{Belief, Clock, ClockEffect, ClockRules, Reading, Support};
use cotmoc_player_core::program::{FaultRules, ItemFaults, plan};
use cotmoc_proto::device::{Event, EventKind, RecordBody, ScreenKind};
use cotmoc_proto::time::SECOND;
use cotmoc_proto::window::OperatingWindow;
use cotmoc_proto::{Digest, TimeMs};
use cotmoc_service::{boot, file, notify};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The longest the loop sleeps: how late it may notice what nobody tells it.
const TURN: Duration = Duration::from_millis(50);
/// How far ahead the engine knows what comes.
const HORIZON_MS: i64 = 20 * SECOND;
/// The inbox is looked at this often even if nobody says that it changed.
const LOOK_EVERY_MS: u64 = 5_000;
/// How long a release may wait for media before that is worth an event.
const WAITING_LIMIT_MS: u64 = 10_000;
/// Refusals that are told at once, and how often one more after that.
const MOST_REFUSALS: u32 = 64;
const REFUSAL_EVERY_MS: u64 = 60_000;
/// Pipelines that would not end; with as many, only a new process helps.
const MOST_LEAKED: usize = 3;
const STOP_LIMIT: Duration = Duration::from_secs(5);
const MAX_ROOT_BYTES: u64 = 1 << 20;

/// Everything a running wall holds.
#[derive(Debug)]
pub struct Director {
    clock_source: ClockSource,
    gate: Gate,
    clock: Clock,
    faults: ItemFaults,
    medium_faults: MediumFaults,
    engine: Engine,
    watch: Watch,
    display: DisplaySource,
    events: Receiver<EngineEvent>,
    link: ScreenLink,
    looks: Receiver<()>,
    stage: Stage,
    plans: plans::Plans,
    /// What the technician set, 0 to 1.
    volume: f64,
    books: Books,
    evidence: Option<Evidence>,
    belief: Belief,
    time: CommonTime,
    trials: Trials,
    refusals: Budget,
    on_stage: hear::OnStage,
    waiting: Option<(Digest, u64)>,
    looked_ms: u64,
    reported_ms: u64,
    powered_upto_ms: u64,
}

impl Director {
    /// Opens everything: the gate, the engine with the factory slide on air, the link, the ledger.
    ///
    /// # Errors
    /// If the factory root cannot be used or the engine not be started.
    pub fn open(settings: Settings) -> anyhow::Result<Self> {
        let (gate, findings) = open_gate(&settings)?;
        let mut clock = Clock::new(ClockRules::default());
        let reading = reading(settings.clock, &gate);
        let belief = clock.observe(reading).belief;
        let (engine, events) = Engine::start(&crate::setup::engine(&settings, belief))
            .context("starting the playing engine")?;
        let watch = watch(&settings, &engine).context("starting the watch")?;
        let last_words = watch::read_note(&note_path(&settings));
        let (link, looks) = ScreenLink::start(LinkConfig {
            socket: settings.link.clone(),
            spool_dir: settings.data.join("spool"),
            kind: ScreenKind::Wall,
        })
        .context("starting the link to the agent")?;
        let books = Books::open(&settings.data.join("ledger"), belief);
        let evidence = settings.pictures.map(Evidence::new).transpose();
        let evidence = evidence.unwrap_or_else(|error| {
            tracing::warn!(%error, "the folder of pictures cannot be made; none are taken");
            None
        });
        let medium_faults = MediumFaults::default();
        let director = Self {
            clock_source: settings.clock,
            stage: Stage::new(
                gate.media(),
                medium_faults.clone(),
                (settings.width_px, settings.height_px),
            ),
            plans: plans::Plans::default(),
            volume: settings.volume,
            gate,
            clock,
            faults: ItemFaults::new(FaultRules::default()),
            medium_faults,
            engine,
            watch,
            display: DisplaySource::of(&settings.outputs),
            events,
            link,
            looks,
            books,
            evidence,
            belief,
            time: CommonTime::default(),
            trials: Trials::open(
                settings.data.join("trials"),
                &boot::boot_id().unwrap_or_default(),
            ),
            refusals: Budget::new(MOST_REFUSALS, REFUSAL_EVERY_MS),
            on_stage: hear::OnStage::default(),
            waiting: None,
            looked_ms: 0,
            reported_ms: 0,
            powered_upto_ms: reading.mono_ms,
        };
        let started = [("process", "cotmoc-wall".to_owned())];
        director.record(RecordBody::Event(Event::new(EventKind::Started, started)));
        if let Some(words) = last_words {
            director.tell_of_remedy(words.step(), "cotmoc-wall", &words.reason, &words.detail);
        }
        for finding in findings {
            tracing::warn!(code = finding.code(), "{finding}");
            director.record(RecordBody::Event(finding.event()));
        }
        Ok(director)
    }

    /// Whether [`Director::open`] would find what it needs on the disk.
    ///
    /// # Errors
    /// What it would not.
    pub fn check(settings: &Settings) -> anyhow::Result<()> {
        open_gate(settings).map(drop)
    }

    /// Runs until `shutdown`, or until only a new process helps.
    ///
    /// # Errors
    /// If the engine stops taking orders or has leaked too many pipelines: the service manager
    /// starts a new process.
    pub fn run(mut self, shutdown: &CancellationToken) -> anyhow::Result<()> {
        self.spare_suspects();
        self.look();
        notify::ready();
        while !shutdown.is_cancelled() {
            // Media are checked step by step, and nothing but the picture comes in between.
            let patience = if self.gate.is_checking() {
                Duration::ZERO
            } else {
                TURN
            };
            match self.events.recv_timeout(patience) {
                Ok(event) => self.hear(event),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => anyhow::bail!("the playing engine is gone"),
            }
            self.turn()?;
        }
        let stopped = [("process", "cotmoc-wall".to_owned())];
        self.record(RecordBody::Event(Event::new(EventKind::Stopped, stopped)));
        self.close_books();
        self.trials.decoding(BTreeSet::new());
        self.engine
            .stop(STOP_LIMIT)
            .context("stopping the playing engine")
    }

    fn turn(&mut self) -> anyhow::Result<()> {
        while let Ok(event) = self.events.try_recv() {
            self.hear(event);
        }
        self.read_clock()?;
        if self.is_time_to_look() {
            self.look();
        }
        self.refetched();
        self.direct()?;
        self.keep_books();
        self.take_picture();
        if self.watch.is_well() {
            notify::watchdog();
        }
        let leaked = self.engine.status().leaked;
        if leaked >= MOST_LEAKED {
            let detail = format!("{leaked} pipelines would not end");
            self.tell_of_remedy("process", "cotmoc-wall", "leaked", &detail);
            anyhow::bail!(detail);
        }
        Ok(())
    }

    /// What to show now and next, as the core decides, handed to the engine.
    fn direct(&mut self) -> anyhow::Result<()> {
        let mut state = self.gate.screen_state();
        state
            .unavailable
            .extend(self.faults.unavailable(self.belief.mono_ms));
        let release = self.gate.release().cloned();
        let scenes = plan(release.as_deref(), &state, self.belief.moment(), HORIZON_MS);
        let regulation = OperatingWindow::default();
        let window = release
            .as_ref()
            .map_or(&regulation, |release| &release.window);
        let call = Call {
            engine: &self.engine,
            release: release.as_ref().map_or(0, |release| release.version),
            local: &window.zone,
            now: self.belief.now,
            mono_ms: self.belief.mono_ms,
        };
        self.stage.follow(call, &scenes)?;
        self.on_stage.keep_zones(self.stage.zones());
        self.follow_plans(release.as_deref(), &state);
        self.trials
            .decoding(self.stage.open_assets(self.belief.now));
        Ok(())
    }

    fn read_clock(&mut self) -> anyhow::Result<()> {
        let reading = reading(self.clock_source, &self.gate);
        let observed = self.clock.observe(reading);
        self.belief = observed.belief;
        let offset = self.time.offset_ns(self.belief.now, reading.system)?;
        self.engine.set_offset(offset);
        let powered = reading.mono_ms.saturating_sub(self.powered_upto_ms);
        self.powered_upto_ms = reading.mono_ms;
        self.gate
            .powered(i64::try_from(powered).unwrap_or_default());
        for effect in observed.effects {
            self.tell_of_clock(effect);
        }
        Ok(())
    }

    fn tell_of_clock(&mut self, effect: ClockEffect) {
        let event = match effect {
            ClockEffect::Stepped { by_ms } => Event::new(
                EventKind::ClockStep,
                [
                    ("by_ms", by_ms.to_string()),
                    ("reason", "not-followed".to_owned()),
                ],
            ),
            ClockEffect::Followed { by_ms } => {
                self.stage.start_over();
                Event::new(
                    EventKind::ClockStep,
                    [
                        ("by_ms", by_ms.to_string()),
                        ("reason", "followed".to_owned()),
                    ],
                )
            }
            ClockEffect::QualityChanged { quality } => Event::new(
                EventKind::ClockQuality,
                [("quality", tell::quality(quality))],
            ),
        };
        self.record(RecordBody::Event(event));
    }

    fn is_time_to_look(&self) -> bool {
        let told = self.looks.try_recv().is_ok();
        told || self.gate.is_checking()
            || self.belief.mono_ms.saturating_sub(self.looked_ms) >= LOOK_EVERY_MS
    }

    /// Lets the gate read the inbox, and tells what became of it.
    fn look(&mut self) {
        self.looked_ms = self.belief.mono_ms;
        while self.looks.try_recv().is_ok() {}
        let outcomes = self.gate.ingest_step();
        for outcome in &outcomes {
            match outcome {
                Outcome::ReleaseAccepted { .. } => self.faults.released(),
                Outcome::Damaged { asset, .. } => self.link.damaged(*asset),
                Outcome::TakedownAccepted { .. } => self.take_off_air(),
                // The next plan has it, and cuts.
                Outcome::OverrideAccepted { .. }
                | Outcome::OverrideHidden { .. }
                | Outcome::OverrideOver { .. }
                | Outcome::RootAccepted { .. }
                | Outcome::Refused { .. }
                | Outcome::NotKept { .. }
                | Outcome::Found(_) => {}
            }
            self.tell_of_outcome(outcome);
        }
        self.recheck();
        self.tell_of_waiting();
        if !outcomes.is_empty() {
            self.reported_ms = 0;
        }
    }

    /// What a stranger can make happen is not told without end.
    fn tell_of_outcome(&mut self, outcome: &Outcome) {
        let mut event = outcome.event();
        if matches!(outcome, Outcome::Refused { .. } | Outcome::Damaged { .. }) {
            match self.refusals.take(self.belief.mono_ms) {
                None => return,
                Some(0) => {}
                Some(count) => {
                    event
                        .detail
                        .insert("withheld".to_owned(), count.to_string());
                }
            }
        }
        tracing::info!(?outcome, "the gate has read the inbox");
        self.record(RecordBody::Event(event));
    }

    /// What was taken down leaves the air on the very next frame, before anything replaces it.
    fn take_off_air(&mut self) {
        let state = self.gate.screen_state();
        let is_down = |shown: &hear::Shown| match shown {
            hear::Shown::Cue { cued, .. } => medium_of(&cued.plan.show)
                .is_some_and(|(_, asset)| state.down || state.unavailable.contains(&asset.sha256)),
            hear::Shown::Standby { .. } | hear::Shown::Dark { .. } => false,
        };
        let shown = self.on_stage.shown.iter();
        let down: Vec<_> = shown
            .filter(|(_, shown)| is_down(shown))
            .map(|(zone, _)| *zone)
            .collect();
        for zone in down {
            self.stage.start_over_in(zone);
            if let Err(error) = self.engine.standby(zone, self.engine.now_ns()) {
                tracing::warn!(%error, "the engine takes no orders");
            }
        }
    }

    /// A release in the inbox that waits for media is no secret.
    fn tell_of_waiting(&mut self) {
        let now_ms = self.belief.mono_ms;
        let Some(blob) = self.gate.waiting_for() else {
            self.waiting = None;
            return;
        };
        let since = match self.waiting {
            Some((known, since)) if known == blob => since,
            Some(_) | None => now_ms,
        };
        let told = since == u64::MAX;
        self.waiting = Some((blob, since));
        if !told && now_ms.saturating_sub(since) >= WAITING_LIMIT_MS {
            self.waiting = Some((blob, u64::MAX));
            tracing::warn!(%blob, "a release in the inbox waits for media that are not here");
            let detail = [
                ("asset", blob.to_string()),
                ("reason", "media-missing".to_owned()),
            ];
            self.record(RecordBody::Event(Event::new(
                EventKind::MediaRefused,
                detail,
            )));
        }
    }

    fn record(&self, body: RecordBody) {
        self.link.record(self.stamp(), body);
    }

    const fn stamp(&self) -> Stamp {
        let Belief {
            mono_ms,
            now,
            quality,
        } = self.belief;
        Stamp {
            mono_ms,
            wall_ms: now,
            clock: quality,
        }
    }
}

pub(crate) fn watch(settings: &Settings, engine: &Engine) -> anyhow::Result<Watch> {
    let pulse = engine.pulse();
    Ok(Watch::start(Watched {
        limits: Limits::with_memory_mib(settings.memory_mib),
        note: note_path(settings),
        beats: move || pulse.beats(),
        needs: Needs::of_this_process,
        end: watch::end_process,
    })?)
}

fn note_path(settings: &Settings) -> PathBuf {
    settings.data.join("last-words.json")
}

fn open_gate(settings: &Settings) -> anyhow::Result<(Gate, Vec<Finding>)> {
    let factory_root = file::read_at_most(&settings.factory_root, MAX_ROOT_BYTES)
        .context("reading the factory root document")?;
    Ok(Gate::open(GateConfig {
        trust_dir: settings.data.join("trust"),
        inbox_dir: settings.inbox.clone(),
        media_dir: settings.media.clone(),
        me: settings.me.clone(),
        kind: ScreenKind::Wall,
        factory_root,
    })?)
}

fn reading(source: ClockSource, gate: &Gate) -> Reading {
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
        earliest_now: gate.state().earliest_now(),
    }
}

/// What the engine adds to its own clock to get the time that is believed.
pub(crate) fn offset_ns(belief: Belief) -> anyhow::Result<i64> {
    Ok(belief.now.0.saturating_mul(1_000_000) - monotonic_ns()?)
}
