//! The incident desk: what devices say and do not say becomes incidents, each a log on the disk, and
//! everybody who must hear of one does, in time. `cotmoc_controller_core` decides; this reads, writes and
//! sends.

mod case;
mod doubt;
mod evidence;
mod heard;
mod orders;
mod sending;

pub use case::Case;

use crate::app::Shared;
use crate::clock;
use crate::overview::{DeviceView, overview};
use crate::settings::Rules;
use crate::store::{EntryRow, MaintenanceRow, RecordKind, RecordQuery, Store, StoreError};
use cotmoc_controller_core::cause::{Cause, Source};
use cotmoc_controller_core::incident::{Entry, Incident, Refused, State, What};
use cotmoc_controller_core::liveness::{Beat, Change, Liveness, Patience};
use cotmoc_controller_core::timetable::Timetable;
use cotmoc_proto::device::ScreenStatus;
use cotmoc_proto::{ChannelId, DeviceId, TimeMs};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const TICK: Duration = Duration::from_secs(1);
const MOST_EVENTS: u32 = 500;
/// Every incident, and what is known of every device.
#[derive(Debug, Default)]
pub struct Desk {
    tables: Timetable,
    patience: Patience,
    devices: BTreeMap<DeviceId, Watched>,
    cases: BTreeMap<String, Case>,
    maintenance: Vec<MaintenanceRow>,
    /// When the controller was away before this run.
    away: Option<(TimeMs, TimeMs)>,
    /// When it last looked at everything.
    turned: Option<TimeMs>,
    /// The newest event that was weighed; `None`: what is newest comes first.
    weighed: Option<u64>,
}

#[derive(Debug)]
struct Watched {
    liveness: Liveness,
    /// The heartbeat that was judged last.
    heard: TimeMs,
}

/// Why nothing was written into a log.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error("there is no incident {0}")]
    Unknown(String),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Desk {
    /// Reads every log again. A line that does not follow from those before it is told and left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(store: &Store, rules: &Rules) -> Result<Self, StoreError> {
        let now = clock::now();
        let mut desk = Self {
            patience: rules.patience.clone(),
            tables: rules.tables.clone(),
            away: store.probed().await?.map(|since| (since, now)),
            maintenance: store.maintenance(now).await?,
            ..Self::default()
        };
        for row in store.entries().await? {
            if let Err(error) = desk.fold(&row) {
                tracing::error!(%error, incident = row.incident, "a line of an incident's log does not follow");
            }
        }
        Ok(desk)
    }

    /// Every incident, the newest first.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        let mut cases: Vec<&Case> = self.cases.values().collect();
        cases.sort_by_key(|case| std::cmp::Reverse(case.incident.detected()));
        cases.into_iter()
    }

    /// The incident of this name.
    #[must_use]
    pub fn case(&self, id: &str) -> Option<&Case> {
        self.cases.get(id)
    }

    /// When it last looked at everything.
    #[must_use]
    pub const fn turned(&self) -> Option<TimeMs> {
        self.turned
    }

    /// How many incidents a fresh reading of the logs gives otherwise, and how many stages were due at
    /// `then` and have not been fired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit(&self, store: &Store, then: TimeMs) -> Result<(usize, usize), StoreError> {
        let fresh = Self::load(store, &self.rules()).await?;
        let differs =
            |case: &&Case| self.case(&case.id).map(|held| &held.incident) != Some(&case.incident);
        let due = |case: &Case| {
            let is_over = matches!(case.incident.state(), State::Closed | State::Dismissed);
            // Under maintenance fewer stages are due, never more.
            let calls = self
                .tables
                .of(&case.incident)
                .due(&case.incident, true, then);
            if is_over { 0 } else { calls.len() }
        };
        let differences =
            fresh.cases().filter(differs).count() + self.cases.len().abs_diff(fresh.cases.len());
        Ok((differences, fresh.cases().map(due).sum()))
    }

    fn rules(&self) -> Rules {
        Rules {
            patience: self.patience.clone(),
            tables: self.tables.clone(),
        }
    }

    /// Reads again which maintenance is announced.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hear_of_maintenance(&mut self, store: &Store) -> Result<(), StoreError> {
        self.maintenance = store.maintenance(clock::now()).await?;
        Ok(())
    }

    /// The announced maintenance that covers the channel at `now`.
    #[must_use]
    pub fn maintenance(&self, channel: &ChannelId, now: TimeMs) -> Option<&MaintenanceRow> {
        let covers = |row: &&MaintenanceRow| row.maintenance.covers(channel, now);
        self.maintenance.iter().find(covers)
    }

    /// Writes what people did into the log of an incident.
    ///
    /// # Errors
    /// [`DeskError`]; then nothing was written.
    pub async fn write(&mut self, app: &Shared, id: &str, what: What) -> Result<(), DeskError> {
        let case = self
            .case(id)
            .ok_or_else(|| DeskError::Unknown(id.to_owned()))?;
        let row = EntryRow {
            incident: id.to_owned(),
            device: case.device.clone(),
            entry: Entry {
                at_ms: clock::now(),
                what,
            },
        };
        case.incident.clone().add(&row.entry)?;
        self.keep(app, vec![row]).await
    }

    /// Looks at every device and every incident.
    async fn turn(&mut self, app: &Shared) -> Result<(), DeskError> {
        let now = clock::now();
        let views = overview(app);
        for view in views.iter().filter(|view| view.status.is_some()) {
            for change in self.judge(view, now) {
                let rows = self.entries(view, change, now);
                self.keep(app, rows).await?;
            }
        }
        self.weigh(app, &views, now).await?;
        self.escalate(app, &views, now).await?;
        self.turned = Some(clock::now());
        Ok(())
    }

    /// What has changed about a device since it was judged last.
    fn judge(&mut self, view: &DeviceView, now: TimeMs) -> Vec<Change> {
        let Some(seen) = &view.seen else {
            return Vec::new();
        };
        let is_stopped = self
            .newest(&view.row.device)
            .is_some_and(|case| matches!(case.incident.state(), State::Open | State::Recovering));
        let patience = &self.patience;
        let watched = self
            .devices
            .entry(view.row.device.clone())
            .or_insert_with(|| {
                let last = seen.last_seen_ms;
                let mut liveness = if is_stopped {
                    Liveness::stopped(last)
                } else {
                    Liveness::new(last)
                };
                // The controller has just begun to listen.
                liveness.resume(patience, now);
                Watched {
                    liveness,
                    heard: last,
                }
            });
        let mut changes = Vec::new();
        if seen.last_seen_ms > watched.heard {
            watched.heard = seen.last_seen_ms;
            let beat = view.status.map_or(Beat::Bad, beat_of);
            changes.extend(watched.liveness.beat(patience, beat, seen.last_seen_ms));
        }
        changes.extend(watched.liveness.tick(patience, now));
        changes
    }

    /// The newest stop of a device.
    fn newest(&self, device: &DeviceId) -> Option<&Case> {
        let of = self.cases.values().filter(|case| case.device == *device);
        let stops = of.filter(|case| case.intrusion().is_none());
        stops.max_by_key(|case| case.incident.detected())
    }

    /// The lines that a change is worth.
    fn entries(&self, view: &DeviceView, change: Change, now: TimeMs) -> Vec<EntryRow> {
        let device = &view.row.device;
        let newest = self.newest(device);
        let line = |incident: &str, what| EntryRow {
            incident: incident.to_owned(),
            device: device.clone(),
            entry: Entry { at_ms: now, what },
        };
        let of_newest = |what| {
            let row = newest.map(|case| (case, line(&case.id, what)));
            let follows = row.filter(|(case, row)| case.incident.clone().add(&row.entry).is_ok());
            follows.map(|(_, row)| row).into_iter().collect()
        };
        match change {
            Change::Suspected | Change::Cleared => Vec::new(),
            Change::Recovering => of_newest(What::Recovered),
            Change::Resolved => of_newest(What::Resolved),
            Change::Relapsed => of_newest(What::Relapsed),
            Change::Stopped {
                last_proof,
                stopped,
            } => {
                let again = newest.filter(|case| {
                    case.incident.state() == State::Resolved && case.may_come_back(now)
                });
                if let Some(case) = again {
                    return vec![line(&case.id, What::Relapsed)];
                }
                let id = format!("{device}-{}", now.0 / 1_000);
                let opened = What::Opened {
                    // What it said before it fell silent is no cause.
                    cause: stopped.map_or(Cause::Unknown, |_said| cause_of(view.status)),
                    last_proof_ms: last_proof,
                    window: view.window.clone(),
                };
                let said = stopped.map(|at| What::Evidence {
                    source: Source::Device,
                    cause: None,
                    occurred_ms: Some(at),
                    stopped_ms: Some(at),
                });
                let whats = [opened].into_iter().chain(said);
                whats.map(|what| line(&id, what)).collect()
            }
        }
    }

    /// What devices say about their own stops, once they can.
    async fn weigh(
        &mut self,
        app: &Shared,
        views: &[DeviceView],
        now: TimeMs,
    ) -> Result<(), DeskError> {
        let query = RecordQuery {
            kind: RecordKind::Event,
            device: None,
            after: self.weighed,
            span: None,
            limit: MOST_EVENTS,
        };
        let events = app.store.records(query).await?;
        for event in &events {
            let of = |view: &&DeviceView| event.device.as_ref() == Some(&view.row.device);
            if let Some(view) = views.iter().find(of) {
                let (id, whats) = self.heard(view, event).unwrap_or_default();
                let line = |what| EntryRow {
                    incident: id.clone(),
                    device: view.row.device.clone(),
                    entry: Entry { at_ms: now, what },
                };
                self.keep(app, whats.into_iter().map(line).collect())
                    .await?;
            }
            self.weighed = Some(event.id);
        }
        Ok(())
    }

    /// Onto the disk, then into the incident.
    async fn keep(&mut self, app: &Shared, rows: Vec<EntryRow>) -> Result<(), DeskError> {
        if rows.is_empty() {
            return Ok(());
        }
        app.store.add_entries(rows.clone()).await?;
        for row in rows {
            if let What::Opened { cause, .. } = &row.entry.what {
                tracing::warn!(incident = row.incident, device = %row.device, ?cause, "an incident is open");
            }
            self.fold(&row)?;
        }
        Ok(())
    }

    fn fold(&mut self, row: &EntryRow) -> Result<(), Refused> {
        if let Some(case) = self.cases.get_mut(&row.incident) {
            case.incident.add(&row.entry)?;
            case.log.push(row.entry.clone());
            return Ok(());
        }
        let case = Case {
            id: row.incident.clone(),
            device: row.device.clone(),
            incident: Incident::open(&row.entry)?,
            log: vec![row.entry.clone()],
        };
        self.cases.insert(row.incident.clone(), case);
        Ok(())
    }
}

/// Watches until `stop`.
pub async fn keep_watch(app: Shared, stop: CancellationToken) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let done = app.desk.lock().await.turn(&app).await;
        if let Err(error) = done {
            tracing::error!(%error, "the incident desk could not do its turn; it tries again at once");
        }
    }
}

/// Degraded or with a doubtful clock, a wall still shows what was approved.
const fn beat_of(status: ScreenStatus) -> Beat {
    match status {
        ScreenStatus::OnAir
        | ScreenStatus::StandbyByPlan
        | ScreenStatus::Degraded
        | ScreenStatus::ClockUntrusted => Beat::Well,
        ScreenStatus::OnlineNotLit
        | ScreenStatus::OfflineShouldBeOnAir
        | ScreenStatus::IntegrityFault => Beat::Bad,
    }
}

const fn cause_of(status: Option<ScreenStatus>) -> Cause {
    match status {
        Some(ScreenStatus::IntegrityFault) => Cause::Integrity,
        Some(ScreenStatus::OnlineNotLit) => Cause::Player,
        Some(
            ScreenStatus::OnAir
            | ScreenStatus::StandbyByPlan
            | ScreenStatus::Degraded
            | ScreenStatus::ClockUntrusted
            | ScreenStatus::OfflineShouldBeOnAir,
        )
        | None => Cause::Unknown,
    }
}
