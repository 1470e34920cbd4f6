//! The incident desk: what devices say and do not say becomes incidents of their clusters, each a log on
//! the disk, and everybody who must hear of one does, in time. `cotmoc_controller_core` decides; this
//! reads, writes and sends.

mod case;
mod doubt;
mod evidence;
mod group;
mod heard;
mod orders;
mod sending;
mod watching;

pub use case::{Case, Kind};
pub use group::{Group, groups};

use crate::app::Shared;
use crate::clock;
use crate::overview::{DeviceView, overview};
use crate::settings::Rules;
use crate::store::{EntryRow, MaintenanceRow, RecordKind, RecordQuery, Store, StoreError};
use cotmoc_controller_core::incident::{Entry, Refused, State, What};
use cotmoc_controller_core::liveness::Phase;
use cotmoc_proto::{ClusterId, DeviceId, TimeMs};
use cotmoc_service::notify;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use watching::Watch;

const TICK: Duration = Duration::from_secs(1);
/// Between two turns, whatever devices say.
const BREATH: Duration = Duration::from_millis(200);
const MOST_EVENTS: u32 = 500;
/// So many of a device's newest events are looked at when it fails.
const LAST_WORDS: u32 = 20;
/// So many pages of events are weighed in one turn; the next goes on from there.
const MOST_PAGES: usize = 20;

/// What the log of an incident gains, and what several do.
type Gain = (String, Vec<What>);
type Lines = Vec<Gain>;

/// Every incident, and what is known of every device.
#[derive(Debug, Default)]
pub struct Desk {
    rules: Rules,
    devices: BTreeMap<DeviceId, Watch>,
    cases: BTreeMap<String, Case>,
    /// The names of a cluster's incidents of one kind, in the order in which they were opened.
    by_kind: BTreeMap<(ClusterId, Kind), Vec<String>>,
    maintenance: Vec<MaintenanceRow>,
    /// When the controller was away before this run.
    away: Option<(TimeMs, TimeMs)>,
    /// When it last looked at everything.
    turned: Option<TimeMs>,
    /// Lines that the disk did not take yet, in their order.
    unwritten: Vec<EntryRow>,
    /// The newest record whose event was weighed.
    weighed: u64,
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
            rules: rules.clone(),
            weighed: store.weighed().await?,
            away: store.probed().await?.map(|since| (since, now)),
            maintenance: store.maintenance(now).await?,
            ..Self::default()
        };
        for row in store.entries(rules.clusters.clone()).await? {
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
        let fresh = Self::load(store, &self.rules).await?;
        let differs =
            |case: &&Case| self.case(&case.id).map(|held| &held.incident) != Some(&case.incident);
        let due = |case: &Case| {
            let is_over = matches!(case.incident.state(), State::Closed | State::Dismissed);
            // Under maintenance fewer stages are due, never more.
            let calls = self
                .rules
                .tables
                .of(&case.incident)
                .due(&case.incident, true, then);
            if is_over { 0 } else { calls.len() }
        };
        let differences =
            fresh.cases().filter(differs).count() + self.cases.len().abs_diff(fresh.cases.len());
        Ok((differences, fresh.cases().map(due).sum()))
    }

    /// Reads again which maintenance is announced.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hear_of_maintenance(&mut self, store: &Store) -> Result<(), StoreError> {
        self.maintenance = store.maintenance(clock::now()).await?;
        Ok(())
    }

    /// The announced maintenance that covers the cluster at `now`.
    #[must_use]
    pub fn maintenance(&self, cluster: &ClusterId, now: TimeMs) -> Option<&MaintenanceRow> {
        let covers = |row: &&MaintenanceRow| row.maintenance.covers(cluster, now);
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
            cluster: case.cluster.clone(),
            entry: Entry {
                at_ms: clock::now(),
                what,
            },
        };
        case.incident.clone().add(&row.entry)?;
        let ended = matches!(row.entry.what, What::Closed { .. }).then(|| case.cluster.clone());
        // People are told that it is written only when it is.
        self.catch_up(app).await?;
        app.store.add_entries(vec![row.clone()]).await?;
        self.take(vec![row])?;
        if let Some(cluster) = ended {
            self.forgive(app, &cluster);
        }
        Ok(())
    }

    /// Where a device stands, if it was heard of.
    #[must_use]
    pub fn phase(&self, device: &DeviceId) -> Option<Phase> {
        self.devices.get(device).map(|watch| watch.liveness.phase())
    }

    /// Until when a device that stops again and again must stay well to count as that.
    #[must_use]
    pub fn flapping_until(&self, device: &DeviceId) -> Option<TimeMs> {
        let patience = &self.rules.patience;
        let liveness = &self.devices.get(device)?.liveness;
        let until = liveness.calm_at(patience);
        until.filter(|_| liveness.is_flapping(patience))
    }

    /// What people have closed does not count for the next stop of the cluster's devices.
    fn forgive(&mut self, app: &Shared, cluster: &ClusterId) {
        let views = overview(app);
        let groups = groups(&self.rules.clusters, &views);
        let of = groups
            .get(cluster)
            .into_iter()
            .flat_map(|group| &group.views);
        for view in of {
            if let Some(watch) = self.devices.get_mut(&view.row.device) {
                watch.liveness.forgive();
            }
        }
    }

    /// Looks at every device and every incident.
    async fn turn(&mut self, app: &Shared) -> Result<(), DeskError> {
        let now = clock::now();
        let views = overview(app);
        let groups = groups(&self.rules.clusters, &views);
        self.wake(now);
        if let Err(error) = self.catch_up(app).await {
            tracing::warn!(%error, lines = self.unwritten.len(), "lines of incidents wait for the disk");
        }
        for group in groups.values() {
            for view in &group.views {
                self.judge(&group.cluster.id, view, now);
            }
            let changes = self.changes(group, now);
            let failed = failed(&changes);
            let rows = rows(&group.cluster.id, changes, now);
            self.keep(app, rows).await?;
            if let Err(error) = self.look_back(app, (group, &failed), now).await {
                tracing::error!(%error, "what devices said before they stopped could not be read");
            }
        }
        // Logs are written in their order; what is due does not wait for what devices wrote down.
        if self.unwritten.is_empty()
            && let Err(error) = self.weigh(app, &groups, now).await
        {
            tracing::error!(%error, "what devices wrote down could not be weighed; tried again at the next turn");
        }
        self.escalate(app, &groups, now).await?;
        self.turned = Some(clock::now());
        Ok(())
    }

    /// The incidents of a cluster of one kind, in the order in which they were opened.
    fn of_kind(&self, cluster: &ClusterId, kind: &Kind) -> impl DoubleEndedIterator<Item = &Case> {
        let ids = self.by_kind.get(&(cluster.clone(), kind.clone()));
        let ids = ids.into_iter().flatten();
        ids.filter_map(|id| self.cases.get(id))
    }

    /// Every incident of a cluster.
    fn of_cluster(&self, cluster: &ClusterId) -> impl Iterator<Item = &Case> {
        let kinds = self
            .by_kind
            .iter()
            .filter(move |((one, _), _)| one == cluster);
        let ids = kinds.flat_map(|(_, ids)| ids);
        ids.filter_map(|id| self.cases.get(id))
    }

    /// The incident of a kind that is under way, else the newest.
    fn newest(&self, cluster: &ClusterId, kind: &Kind) -> Option<&Case> {
        let mut newest = self.of_kind(cluster, kind).rev();
        let under_way = self
            .of_kind(cluster, kind)
            .rev()
            .find(|case| case.is_under_way());
        under_way.or_else(|| newest.next())
    }

    /// This name, or one like it that no incident has.
    fn free(&self, name: String) -> String {
        let mut others = (2..).map(|number: u32| format!("{name}-{number}"));
        if self.cases.contains_key(&name) {
            others
                .find(|other| !self.cases.contains_key(other))
                .unwrap_or(name)
        } else {
            name
        }
    }

    /// What devices say about their own stops, once they can. Each event is weighed once, also over a
    /// restart.
    async fn weigh(
        &mut self,
        app: &Shared,
        groups: &BTreeMap<ClusterId, Group<'_>>,
        now: TimeMs,
    ) -> Result<(), DeskError> {
        for _page in 0..MOST_PAGES {
            let query = RecordQuery {
                kind: RecordKind::Event,
                device: None,
                after: Some(self.weighed),
                span: None,
                limit: MOST_EVENTS,
            };
            let events = app.store.records(query).await?;
            for event in &events {
                let of = |view: &&&DeviceView| event.device.as_ref() == Some(&view.row.device);
                let found = groups
                    .values()
                    .find_map(|group| Some((group, *group.views.iter().find(of)?)));
                let lines =
                    found.map_or_else(Lines::new, |(group, view)| self.heard(group, view, event));
                if let Some((group, _)) = found.filter(|_| !lines.is_empty()) {
                    let rows = self.fitting(rows(&group.cluster.id, lines, now));
                    app.store.add_weighed(rows.clone(), event.id).await?;
                    self.take(rows)?;
                }
                self.weighed = event.id;
            }
            let Some(last) = events.last() else {
                return Ok(());
            };
            app.store.add_weighed(Vec::new(), last.id).await?;
        }
        Ok(())
    }

    /// What devices said of a stop before it was one: their last words come before their silence is
    /// noticed.
    async fn look_back(
        &mut self,
        app: &Shared,
        (group, failed): (&Group<'_>, &[(String, DeviceId)]),
        now: TimeMs,
    ) -> Result<(), DeskError> {
        for (id, device) in failed {
            let query = RecordQuery {
                kind: RecordKind::Event,
                device: Some(device.clone()),
                after: None,
                span: None,
                limit: LAST_WORDS,
            };
            let events = app.store.records(query).await?;
            let case = self.case(id);
            let said = events.iter().filter_map(evidence::of);
            let said = said.filter(|what| case.is_some_and(|case| case.is_about(device, what)));
            let lines = vec![(id.clone(), said.collect())];
            self.keep(app, rows(&group.cluster.id, lines, now)).await?;
        }
        Ok(())
    }

    /// Writes what the disk did not take before.
    async fn catch_up(&mut self, app: &Shared) -> Result<(), StoreError> {
        if !self.unwritten.is_empty() {
            app.store.add_entries(self.unwritten.clone()).await?;
            self.unwritten.clear();
        }
        Ok(())
    }

    /// Onto the disk, then into the incident. While the disk takes nothing, incidents go on in memory and
    /// the lines are written later: no hour waits for a disk.
    async fn keep(&mut self, app: &Shared, rows: Vec<EntryRow>) -> Result<(), DeskError> {
        let rows = self.fitting(rows);
        if rows.is_empty() {
            return Ok(());
        }
        let written = async {
            self.catch_up(app).await?;
            app.store.add_entries(rows.clone()).await
        };
        match written.await {
            Ok(()) => {}
            Err(error) if error.is_of_the_disk() => {
                tracing::error!(%error, "the log of an incident cannot be written; it goes on in memory");
                self.unwritten.extend(rows.clone());
            }
            Err(error) => return Err(error.into()),
        }
        self.take(rows)
    }

    /// The lines that follow from the logs; what does not is told, and not written.
    fn fitting(&self, rows: Vec<EntryRow>) -> Vec<EntryRow> {
        let mut tried: BTreeMap<String, Case> = BTreeMap::new();
        let mut fits = |row: &EntryRow| {
            let known = || self.cases.get(&row.incident).cloned();
            let case = tried.get_mut(&row.incident);
            let done = match case {
                Some(case) => case.incident.add(&row.entry),
                None => match known() {
                    Some(mut case) => {
                        let done = case.incident.add(&row.entry);
                        tried.insert(row.incident.clone(), case);
                        done
                    }
                    None => match Case::open(&row.incident, &row.cluster, &row.entry) {
                        Some(case) => {
                            tried.insert(row.incident.clone(), case);
                            Ok(())
                        }
                        None => Err(Refused::Opening),
                    },
                },
            };
            if let Err(error) = &done {
                tracing::error!(%error, incident = row.incident, "a line does not follow from an incident's log");
            }
            done.is_ok()
        };
        rows.into_iter().filter(|row| fits(row)).collect()
    }

    fn take(&mut self, rows: Vec<EntryRow>) -> Result<(), DeskError> {
        for row in rows {
            if let What::Opened(opening) = &row.entry.what {
                let cause = opening.cause;
                tracing::warn!(incident = row.incident, cluster = %row.cluster, ?cause, "an incident is open");
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
        let case = Case::open(&row.incident, &row.cluster, &row.entry).ok_or(Refused::Opening)?;
        let kind = (row.cluster.clone(), case.kind.clone());
        self.by_kind
            .entry(kind)
            .or_default()
            .push(row.incident.clone());
        self.cases.insert(row.incident.clone(), case);
        Ok(())
    }
}

/// The devices that have failed by these lines, each with its incident.
fn failed(lines: &Lines) -> Vec<(String, DeviceId)> {
    let of = |what: &What| {
        if let What::Opened(opening) = what {
            let parts = opening.scope.iter().flat_map(|scope| &scope.parts);
            let down = parts.filter(|part| part.down_ms.is_some());
            return down.map(|part| part.device.clone()).collect();
        }
        if let What::Failed { device, .. } = what {
            return vec![device.clone()];
        }
        Vec::new()
    };
    let of_one = |(id, whats): &Gain| {
        let devices = whats.iter().flat_map(of);
        devices
            .map(|device| (id.clone(), device))
            .collect::<Vec<_>>()
    };
    lines.iter().flat_map(of_one).collect()
}

/// Lines as they are stored.
fn rows(cluster: &ClusterId, lines: Lines, now: TimeMs) -> Vec<EntryRow> {
    let row = |incident: &str, what| EntryRow {
        incident: incident.to_owned(),
        cluster: cluster.clone(),
        entry: Entry { at_ms: now, what },
    };
    let rows = lines.into_iter().flat_map(|(incident, whats)| {
        let rows: Vec<EntryRow> = whats.into_iter().map(|what| row(&incident, what)).collect();
        rows
    });
    rows.collect()
}

/// Watches until `stop`. The watchdog is fed by the turns, whether or not the disk took what they found:
/// a full disk is told, and no restart makes room.
pub async fn keep_watch(app: Shared, stop: CancellationToken) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
            () = app.attention.notified() => {}
        }
        let done = app.desk.lock().await.turn(&app).await;
        if let Err(error) = done {
            tracing::error!(%error, "the incident desk could not do its turn; it tries again at once");
        }
        notify::watchdog();
        tokio::time::sleep(BREATH).await;
    }
}
