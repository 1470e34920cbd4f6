//! Obligations: what is owed by the calendar begins, is told in time and is measured where the ledger can
//! tell. `cotmoc_controller_core` decides; this reads, writes and sends.

mod orders;

pub use orders::{period, short};

use crate::app::Shared;
use crate::clock;
use crate::ledger::{Cluster, Windows, clusters};
use crate::settings::Person;
use crate::status::OFFLINE_AFTER_MS;
use crate::store::{ObligationRow, Store, StoreError};
use cotmoc_controller_core::obligation::{
    self, Entry, Known, Measure, Obligation, Owed, Refused, Rules, Standing, Subject, What, due,
};
use cotmoc_proto::time::DAY;
use cotmoc_proto::{DeviceId, TimeMs};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const TICK: Duration = Duration::from_secs(5);
/// Records of a day may come so late and still decide about it.
const MEASURED_FOR: i64 = 40 * DAY;

/// Every obligation.
#[derive(Debug)]
pub struct Obligations {
    rules: Rules,
    all: BTreeMap<String, Held>,
    known: Known,
    /// Since when this run listens.
    since: TimeMs,
}

/// One obligation with its log.
#[derive(Debug, Clone)]
pub struct Held {
    pub id: String,
    pub obligation: Obligation,
    pub log: Vec<Entry>,
}

impl Held {
    /// A day of operation that is over and reached its quota: there are many, and nothing to do.
    #[must_use]
    pub fn is_settled_day(&self, now: TimeMs) -> bool {
        let is_day = matches!(self.obligation.terms().owed, Owed::OnAir { .. });
        let is_kept = matches!(self.obligation.standing(now), Standing::Satisfied { .. });
        is_day && is_kept
    }
}

/// Why nothing was written into a log.
#[derive(Debug, thiserror::Error)]
pub enum ObligationError {
    #[error("there is no obligation {0}")]
    Unknown(String),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Obligations {
    /// Reads every log again. A line that does not follow from those before it is told and left out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(store: &Store, rules: &Rules) -> Result<Self, StoreError> {
        let mut this = Self {
            rules: rules.clone(),
            all: BTreeMap::new(),
            known: Known::default(),
            since: clock::now(),
        };
        for row in store.obligations().await? {
            if let Err(error) = this.fold(&row) {
                tracing::error!(%error, obligation = row.obligation, "a line of an obligation's log does not follow");
            }
        }
        Ok(this)
    }

    /// Every obligation, by name.
    pub fn all(&self) -> impl Iterator<Item = &Held> {
        self.all.values()
    }

    /// The obligation of this name.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Held> {
        self.all.get(id)
    }

    /// The windows of `cluster` that are written down, by local day.
    #[must_use]
    pub fn windows(&self, cluster: &Cluster) -> Windows {
        let subject = Subject::Cluster(cluster.of.id.clone());
        let terms = self.all.values().map(|held| held.obligation.terms());
        let ours = terms.filter(|terms| terms.subject == subject);
        ours.filter_map(|terms| match terms.owed {
            Owed::OnAir { quota_ms } => {
                let day = cluster.window.zone.date(terms.period.from_ms);
                Some((day, (terms.period, quota_ms)))
            }
            Owed::Deliveries { .. } => None,
        })
        .collect()
    }

    /// Writes what people did into the log of an obligation.
    ///
    /// # Errors
    /// [`ObligationError`]; then nothing was written.
    pub async fn write(
        &mut self,
        store: &Store,
        id: &str,
        what: What,
    ) -> Result<&Held, ObligationError> {
        let unknown = || ObligationError::Unknown(id.to_owned());
        let held = self.find(id).ok_or_else(unknown)?;
        let row = line(id, clock::now(), what);
        held.obligation.clone().add(&row.entry)?;
        self.keep(store, vec![row]).await?;
        self.find(id).ok_or_else(unknown)
    }

    /// Looks at the calendar, at the ledger and at what is due.
    async fn turn(&mut self, app: &Shared) -> Result<(), ObligationError> {
        let now = clock::now();
        let clusters = clusters(app);
        self.begin(app, &clusters, now).await?;
        self.measure(app, &clusters, now).await?;
        self.tell(app, &clusters, now).await
    }

    async fn begin(
        &mut self,
        app: &Shared,
        clusters: &[Cluster],
        now: TimeMs,
    ) -> Result<(), ObligationError> {
        let clusters: Vec<_> = clusters
            .iter()
            .map(|one| obligation::Cluster {
                name: one.of.id.clone(),
                window: one.window.clone(),
            })
            .collect();
        let begun = self.rules.begin(&clusters, &self.known, now);
        let rows = begun
            .into_iter()
            .map(|(id, terms)| line(&id, now, What::Opened(terms)));
        self.keep(&app.store, rows.collect()).await
    }

    /// What the ledger says of days that are over, as far as it is news.
    async fn measure(
        &mut self,
        app: &Shared,
        clusters: &[Cluster],
        now: TimeMs,
    ) -> Result<(), ObligationError> {
        app.airtime.catch_up(&app.store).await?;
        let touched = app.airtime.take_touched();
        let mut rows = Vec::new();
        for (id, cluster, day) in self.to_measure(clusters, &touched, now) {
            let windows = self.windows(cluster);
            let ledger = cluster.ledger(app, (day, day), &windows, now).await?;
            let Some(day) = ledger.days.first() else {
                continue;
            };
            let measure = Measure {
                until_ms: day.required.to_ms,
                on_air_ms: day.on_air_ms,
                unknown_ms: day.unknown_ms(),
                full_ms: day.full_ms,
            };
            let is_news = self
                .find(&id)
                .is_some_and(|held| held.obligation.measure() != Some(&measure));
            if is_news {
                rows.push(line(&id, now, What::Measured(measure)));
            }
        }
        self.keep(&app.store, rows).await
    }

    /// The days that are over and were not measured yet, or of which newer records have said something.
    fn to_measure<'c>(
        &self,
        clusters: &'c [Cluster],
        touched: &BTreeSet<(DeviceId, Date)>,
        now: TimeMs,
    ) -> Vec<(String, &'c Cluster, Date)> {
        let wanted = self.all.values().filter_map(|held| {
            let terms = held.obligation.terms();
            let cluster = cluster_of(clusters, &terms.subject)?;
            let day = cluster.window.zone.date(terms.period.from_ms);
            let is_over = terms.due_ms <= now && now.since(terms.due_ms) < MEASURED_FOR;
            let has_news = || {
                let mut walls = cluster.walls.iter();
                walls.any(|wall| touched.contains(&(wall.row.device.clone(), day)))
            };
            let is_wanted = is_over && (held.obligation.measure().is_none() || has_news());
            is_wanted.then(|| (held.id.clone(), cluster, day))
        });
        wanted.collect()
    }

    /// It is handed to the outbox first and noted after: what dies in between is handed over again, under
    /// the same keys.
    async fn tell(
        &mut self,
        app: &Shared,
        clusters: &[Cluster],
        now: TimeMs,
    ) -> Result<(), ObligationError> {
        let (mut orders, mut rows) = (Vec::new(), Vec::new());
        let people: Vec<&Person> = app
            .settings
            .people
            .iter()
            .filter(|person| person.is_in_office(now))
            .collect();
        for held in self.all.values() {
            let live = self.live(clusters, held, now);
            let calls = due(&held.obligation, live.as_ref(), now);
            if calls.is_empty() {
                continue;
            }
            if let Some(measure) = live {
                rows.push(line(&held.id, now, What::Measured(measure)));
            }
            orders.extend(orders::of(
                held,
                live.as_ref(),
                (&people, clusters, &calls),
                now,
            ));
            for call in calls {
                tracing::warn!(
                    obligation = held.id,
                    stage = call.stage,
                    "an obligation's stage is due"
                );
                let what = What::Fired { stage: call.stage };
                rows.push(line(&held.id, now, what));
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        app.notices.enqueue(orders).await?;
        self.keep(&app.store, rows).await
    }

    /// What is known of a day that is not over. Just after a start its walls have not been heard yet.
    fn live(&self, clusters: &[Cluster], held: &Held, now: TimeMs) -> Option<Measure> {
        let terms = held.obligation.terms();
        let cluster = cluster_of(clusters, &terms.subject)?;
        let is_running = terms.period.holds(now);
        let has_listened = now.since(self.since) > OFFLINE_AFTER_MS;
        (is_running && has_listened).then(|| Measure {
            until_ms: now,
            on_air_ms: cluster.on_air_today_ms(),
            unknown_ms: 0,
            full_ms: None,
        })
    }

    /// Onto the disk, then into the obligation.
    async fn keep(
        &mut self,
        store: &Store,
        rows: Vec<ObligationRow>,
    ) -> Result<(), ObligationError> {
        if rows.is_empty() {
            return Ok(());
        }
        store.add_to_obligations(rows.clone()).await?;
        for row in rows {
            self.fold(&row)?;
        }
        Ok(())
    }

    fn fold(&mut self, row: &ObligationRow) -> Result<(), Refused> {
        if let Some(held) = self.all.get_mut(&row.obligation) {
            held.obligation.add(&row.entry)?;
            held.log.push(row.entry.clone());
            return Ok(());
        }
        let obligation = Obligation::open(&row.entry)?;
        self.known.add(&row.obligation, obligation.terms());
        let held = Held {
            id: row.obligation.clone(),
            obligation,
            log: vec![row.entry.clone()],
        };
        self.all.insert(row.obligation.clone(), held);
        Ok(())
    }
}

/// Keeps the calendar until `stop`.
pub async fn keep(app: Shared, stop: CancellationToken) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let done = app.obligations.lock().await.turn(&app).await;
        if let Err(error) = done {
            tracing::error!(%error, "the obligations could not be looked at; it is tried again soon");
        }
    }
}

fn line(id: &str, at_ms: TimeMs, what: What) -> ObligationRow {
    ObligationRow {
        obligation: id.to_owned(),
        entry: Entry { at_ms, what },
    }
}

fn cluster_of<'c>(clusters: &'c [Cluster], subject: &Subject) -> Option<&'c Cluster> {
    let Subject::Cluster(name) = subject else {
        return None;
    };
    clusters.iter().find(|one| *name == one.of.id)
}
