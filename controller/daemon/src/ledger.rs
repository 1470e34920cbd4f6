//! The on-air ledger of clusters, fed by what the sinks of their walls presented and by the incidents that
//! explain what was missing.

use crate::app::App;
use crate::clock;
use crate::overview::{DeviceView, overview};
use crate::store::{Store, StoreError};
use cotmoc_controller_core::cluster::{self, StopsWhen};
use cotmoc_controller_core::ledger::{
    Air, Book, Day, Needs, Piece, Span, Stop, Totals, Wall, of_windows,
};
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::time::Millis;
use cotmoc_proto::window::{DayTime, OperatingWindow, Zone, next_day};
use cotmoc_proto::{ClusterId, DeviceId, TimeMs};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// The longest ledger that is asked for at once, in days.
pub const MOST_DAYS: usize = 400;

/// Where the ledger of records stands.
#[derive(Debug)]
pub struct Airtime {
    zone: Zone,
    /// Days of which newer records have said something since somebody last asked.
    touched: Mutex<BTreeSet<(DeviceId, Date)>>,
}

/// A cluster with its walls.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub of: cluster::Cluster,
    pub window: OperatingWindow,
    pub walls: Vec<DeviceView>,
}

/// Windows that held on days before, where they are known: whole, with the quota.
pub type Windows = BTreeMap<Date, (Span, Millis)>;

/// The ledger of a cluster.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub days: Vec<Day>,
    pub totals: Totals,
}

impl Airtime {
    /// Days are those of the regulation's zone.
    #[must_use]
    pub fn new() -> Self {
        Self {
            zone: OperatingWindow::default().zone,
            touched: Mutex::default(),
        }
    }

    /// Takes in every record that is new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn catch_up(&self, store: &Store) -> Result<(), StoreError> {
        loop {
            let laid = store.roll_up(self.zone.clone()).await?;
            let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
            touched.extend(laid.days);
            if !laid.has_more {
                return Ok(());
            }
        }
    }

    /// The days of which something new is known.
    pub fn take_touched(&self) -> BTreeSet<(DeviceId, Date)> {
        std::mem::take(&mut self.touched.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Default for Airtime {
    fn default() -> Self {
        Self::new()
    }
}

/// Every cluster that has a wall, by name.
#[must_use]
pub fn clusters(app: &App) -> Vec<Cluster> {
    let mut all: BTreeMap<ClusterId, Cluster> = BTreeMap::new();
    let known = &app.settings.rules.clusters;
    for view in overview(app) {
        let of = known.of(&view.row.device, &view.row.channel);
        let kind = of.kind_of(&view.row.device).unwrap_or_else(|| view.kind());
        if view.row.enrolled_ms.is_none() || kind != ScreenKind::Wall {
            continue;
        }
        let cluster = all.entry(of.id.clone()).or_insert_with(|| Cluster {
            of: of.into_owned(),
            window: view.window.clone(),
            walls: Vec::new(),
        });
        cluster.walls.push(view);
    }
    all.into_values().collect()
}

impl Cluster {
    /// A cluster that stops with any of its walls is on air by all of them.
    fn needs(&self) -> Needs {
        if self.of.rule.when.contains(&StopsWhen::AnyWall) {
            Needs::Every
        } else {
            Needs::One
        }
    }

    /// Time on air today, as its walls say now.
    #[must_use]
    pub fn on_air_today_ms(&self) -> Millis {
        let walls = self.walls.iter().map(|view| view.on_air_today_ms);
        let of_all = match self.needs() {
            Needs::One => walls.max(),
            Needs::Every => walls.min(),
        };
        of_all.unwrap_or_default()
    }

    /// The ledger of the days from `first` to `last`, up to `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn ledger(
        &self,
        app: &App,
        (first, last): (Date, Date),
        known: &Windows,
        now: TimeMs,
    ) -> Result<Ledger, StoreError> {
        app.airtime.catch_up(&app.store).await?;
        let mut walls = Vec::with_capacity(self.walls.len());
        for view in &self.walls {
            // Days of the records may be those of another zone.
            let (from, to) = (first.yesterday().unwrap_or(first), next_day(last));
            let device = view.row.device.clone();
            let (begins, pieces) = app.store.air(device, from, to).await?;
            walls.push(wall(view, begins, pieces));
        }
        let begins = walls.iter().map(|wall| wall.life.from_ms).min();
        let whole = period_of(first, last);
        let period = Span {
            from_ms: whole.from_ms.max(begins.unwrap_or(now)),
            to_ms: whole.to_ms.min(now),
        };
        let air = Air::of(&walls, self.needs(), period);
        let stops = self.stops(app, &air, now).await;
        let windows: Vec<(Span, Millis)> = dates(first, last)
            .map(|day| {
                known
                    .get(&day)
                    .copied()
                    .unwrap_or_else(|| self.window_on(day))
            })
            .collect();
        let days = of_windows(&windows, period, &air, &stops);
        let totals = Totals::of(&days);
        Ok(Ledger { days, totals })
    }

    fn window_on(&self, day: Date) -> (Span, Millis) {
        let (from_ms, to_ms) = self.window.on(day);
        (Span { from_ms, to_ms }, self.window.quota_ms())
    }

    /// What incidents claim.
    async fn stops(&self, app: &App, air: &Air, now: TimeMs) -> Vec<Stop> {
        let desk = app.desk.lock().await;
        let cases = desk.cases().filter(|case| case.cluster == self.of.id);
        cases
            .filter_map(|case| {
                let stop = Stop::of(&case.id, &case.incident, now)?;
                Some(stop.until_lit(air, case.incident.law().reopen_ms))
            })
            .collect()
    }
}

/// The ledgers of all clusters, or of one, from the first of two days to the last.
///
/// # Errors
/// [`StoreError`].
pub async fn all(
    app: &App,
    only: Option<&ClusterId>,
    days: (Date, Date),
) -> Result<Vec<(Cluster, Ledger)>, StoreError> {
    let now = clock::now();
    let mut all = Vec::new();
    let wanted = |one: &Cluster| only.is_none_or(|only| *only == one.of.id);
    for cluster in clusters(app).into_iter().filter(wanted) {
        let known = app.obligations.lock().await.windows(&cluster);
        let ledger = cluster.ledger(app, days, &known, now).await?;
        all.push((cluster, ledger));
    }
    Ok(all)
}

/// The book of the incidents that occurred on these days.
///
/// # Errors
/// [`StoreError`].
pub async fn book(
    app: &App,
    only: Option<&ClusterId>,
    (first, last): (Date, Date),
) -> Result<Book, StoreError> {
    let ledgers = all(app, only, (first, last)).await?;
    let days: Vec<Day> = ledgers
        .iter()
        .flat_map(|(_, one)| one.days.clone())
        .collect();
    let ours = |cluster: &ClusterId| only.is_none_or(|only| only == cluster);
    let period = period_of(first, last);
    let desk = app.desk.lock().await;
    let cases = desk
        .cases()
        .filter(|case| period.holds(case.incident.occurred()) && ours(&case.cluster));
    let named = cases.map(|case| (case.id.as_str(), &case.incident));
    Ok(Book::of(named, &days, clock::now()))
}

/// From the beginning of the first day to the end of the last.
#[must_use]
pub fn period_of(first: Date, last: Date) -> Span {
    let zone = OperatingWindow::default().zone;
    Span {
        from_ms: zone.at(first, DayTime::MIDNIGHT),
        to_ms: zone.at(last, DayTime::END),
    }
}

/// The days from `first` to `last`.
pub fn dates(first: Date, last: Date) -> impl Iterator<Item = Date> {
    let days = std::iter::successors(Some(first), |day| day.tomorrow().ok());
    days.take_while(move |day| *day <= last).take(MOST_DAYS)
}

/// It belongs to its cluster since it was enrolled, or since its records begin: a board that was enrolled
/// anew was there before.
fn wall(view: &DeviceView, begins: Option<Date>, pieces: Vec<Piece>) -> Wall {
    let begins = begins.map(|day| period_of(day, day).from_ms);
    let enrolled = view.row.enrolled_ms;
    let life = Span {
        from_ms: begins
            .into_iter()
            .chain(enrolled)
            .min()
            .unwrap_or(TimeMs::MAX),
        to_ms: view.row.revoked_ms.unwrap_or(TimeMs::MAX),
    };
    Wall { life, pieces }
}
