//! From what is due to the outbox, and from receipts back into the logs.

use super::{Case, Desk, DeskError, Group, Kind, doubt, orders};
use crate::app::Shared;
use crate::notices::{Facts, Occasion, Order};
use crate::overview::DeviceView;
use crate::store::{EntryRow, MOST_NOTICES, NoticeState};
use cotmoc_controller_core::cause::Cause;
use cotmoc_controller_core::cluster::Cluster;
use cotmoc_controller_core::incident::{Entry, State, What};
use cotmoc_controller_core::liveness::Phase;
use cotmoc_controller_core::saying::Saying;
use cotmoc_proto::device::ScreenStatus;
use cotmoc_proto::window::Zone;
use cotmoc_proto::{ClusterId, TimeMs};
use std::collections::BTreeMap;

/// So many components are named in one notice.
const NAMED: usize = 12;

/// What is to be handed to the outbox, and the lines that say so.
#[derive(Debug, Default)]
pub(super) struct Due {
    orders: Vec<Order>,
    rows: Vec<EntryRow>,
}

/// What people hear as one message.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Together {
    /// The controller's own network fails.
    Everywhere,
    /// Clusters at one place fell silent.
    Place(String),
}

impl Due {
    /// Nothing of it is a duty.
    fn can_wait(&self) -> bool {
        let occasions = self.orders.iter().map(|order| order.occasion);
        let mut occasions = occasions.filter(|one| *one != Occasion::Opened);
        occasions.next().is_none()
    }

    fn add(&mut self, other: Self) {
        self.orders.extend(other.orders);
        self.rows.extend(other.rows);
    }
}

impl Desk {
    /// Sends what is due of every incident that is not over, and reads what became of it.
    pub(super) async fn escalate(
        &mut self,
        app: &Shared,
        groups: &BTreeMap<ClusterId, Group<'_>>,
        now: TimeMs,
    ) -> Result<(), DeskError> {
        let network_is_well = app.network.is_well();
        let is_ours = doubt::is_our_outage(groups, &self.rules.patience, network_is_well, now);
        let mut together: BTreeMap<Together, Due> = BTreeMap::new();
        for id in self.open() {
            let Some(case) = self.case(&id) else {
                continue;
            };
            let group = self.group_of(case, groups);
            let due = self.due(app, case, (&group, is_ours), now);
            let is_silence = self.is_silence(&id);
            let place = &group.cluster.about.place;
            if is_ours && is_silence {
                together.entry(Together::Everywhere).or_default().add(due);
            } else if is_silence && !place.is_empty() {
                if !(due.can_wait() && self.may_follow(case, groups, now)) {
                    let here = Together::Place(place.clone());
                    together.entry(here).or_default().add(due);
                }
            } else {
                self.send(app, due).await?;
            }
            self.receipts(app, &id, &group.cluster).await?;
        }
        for mut due in together.into_values() {
            due.orders = doubt::as_one(due.orders);
            self.send(app, due).await?;
        }
        Ok(())
    }

    /// Whether another cluster at the same place is silent too and about to count as stopped: what
    /// people hear of this one can wait for that moment, and be one message.
    fn may_follow(
        &self,
        case: &Case,
        groups: &BTreeMap<ClusterId, Group<'_>>,
        now: TimeMs,
    ) -> bool {
        let patience = &self.rules.patience;
        let is_young =
            now.since(case.incident.detected()) < patience.silent_ms - patience.suspect_ms;
        let place = groups
            .get(&case.cluster)
            .map(|group| &group.cluster.about.place);
        let is_about_to = |group: &Group<'_>| {
            let stop = self.newest(&group.cluster.id, &Kind::Stop);
            let is_here = Some(&group.cluster.about.place) == place;
            let is_stopped = stop.is_some_and(Case::is_under_way);
            is_here && !is_stopped && self.scene(group, None).may_stop(now)
        };
        is_young && groups.values().any(is_about_to)
    }

    /// The cluster of an incident, also when it has no devices any more.
    fn group_of<'v>(&self, case: &Case, groups: &BTreeMap<ClusterId, Group<'v>>) -> Group<'v> {
        let known = groups.get(&case.cluster).cloned();
        known.unwrap_or_else(|| Group {
            cluster: self
                .rules
                .clusters
                .get(&case.cluster)
                .cloned()
                .unwrap_or_else(|| Cluster::gone(&case.cluster, case.about())),
            views: Vec::new(),
        })
    }

    /// The incidents that are not over.
    fn open(&self) -> Vec<String> {
        let is_open =
            |case: &&Case| !matches!(case.incident.state(), State::Closed | State::Dismissed);
        let open = self.cases.values().filter(is_open);
        open.map(|case| case.id.clone()).collect()
    }

    fn is_silence(&self, id: &str) -> bool {
        self.case(id).is_some_and(|case| {
            case.incident.cause() == Cause::Unknown && case.incident.state() == State::Open
        })
    }

    fn due(
        &self,
        app: &Shared,
        case: &Case,
        (group, is_ours): (&Group<'_>, bool),
        now: TimeMs,
    ) -> Due {
        let table = self.rules.tables.of(&case.incident);
        let is_maintained = self.maintenance(&case.cluster, now).is_some();
        let calls = table.due(&case.incident, is_maintained, now);
        let recovered = orders::recovered(table, case);
        if calls.is_empty() && recovered.is_none() {
            return Due::default();
        }
        let people: Vec<_> = app
            .settings
            .people
            .iter()
            .filter(|person| person.is_in_office(now) && person.cares_for(&group.cluster))
            .collect();
        let zone = group.window().zone;
        let note = doubt::note(case, self.away, (&zone, is_ours));
        let facts = orders::facts(case, &group.cluster, &zone);
        let (parts, parts_en) = self.parts(case, group, &zone);
        let facts = Facts {
            parts,
            parts_en,
            ..facts
        };
        let mut orders = orders::of(case, (&people, &facts), &note, &calls);
        if let Some(to) = &recovered {
            let over = orders::of(case, (&people, &facts), "", std::slice::from_ref(to));
            orders.extend(over);
        }
        let fired = calls.into_iter().chain(recovered).map(|call| EntryRow {
            incident: case.id.clone(),
            cluster: case.cluster.clone(),
            entry: Entry {
                at_ms: now,
                what: What::Fired { stage: call.stage },
            },
        });
        Due {
            orders,
            rows: fired.collect(),
        }
    }

    /// Every component of the cluster with what is known of it, as notices say it, in Vietnamese and in
    /// English.
    fn parts(&self, case: &Case, group: &Group<'_>, zone: &Zone) -> (String, String) {
        let parts = group.views.iter().map(|view| {
            let said = self.condition((case, zone), view);
            let name = &view.row.device;
            (
                format!("{name}: {}", said.vi),
                format!("{name}: {}", said.en),
            )
        });
        let (vi, en): (Vec<String>, Vec<String>) = parts.take(NAMED).unzip();
        let rest = group.views.len().saturating_sub(NAMED);
        let more = (rest > 0).then(|| format!("+{rest}"));
        let join = |all: Vec<String>| {
            let all: Vec<String> = all.into_iter().chain(more.clone()).collect();
            all.join("; ")
        };
        (join(vi), join(en))
    }

    /// What is known of a component.
    fn condition(&self, (case, zone): (&Case, &Zone), view: &DeviceView) -> Saying {
        let device = &view.row.device;
        let say = |vi: String, en: String| Saying { vi, en };
        let since = || {
            let proof = case.last_proof(device);
            let proof = proof.or_else(|| view.seen.as_ref().map(|seen| seen.last_seen_ms));
            proof.map(|at| zone.format(at)).unwrap_or_default()
        };
        match self
            .devices
            .get(device)
            .map(|watch| (watch.liveness.phase(), watch.cause))
        {
            Some((Phase::Stopped(_), cause)) => {
                let (vi, en) = cause.words();
                let since = since();
                say(
                    format!("{vi}, còn hoạt động lần cuối lúc {since}"),
                    format!("{en}, last known to work at {since}"),
                )
            }
            Some((Phase::Suspected, _)) => say(
                "nghi mất liên lạc".to_owned(),
                "no contact for a moment".to_owned(),
            ),
            Some((Phase::Recovering { .. }, _)) => {
                say("đang phục hồi".to_owned(), "recovering".to_owned())
            }
            Some((Phase::Well, _)) | None => {
                let status = view.status.unwrap_or(ScreenStatus::OfflineShouldBeOnAir);
                say(status.vi().to_owned(), status.en().to_owned())
            }
        }
    }

    /// It is handed to the outbox first and noted after: what dies in between is handed over again, under
    /// the same keys.
    async fn send(&mut self, app: &Shared, due: Due) -> Result<(), DeskError> {
        if due.rows.is_empty() {
            return Ok(());
        }
        for row in &due.rows {
            if let What::Fired { stage } = &row.entry.what {
                tracing::warn!(incident = row.incident, stage, "an incident's stage is due");
            }
        }
        app.notices.enqueue_in_any_case(due.orders).await?;
        self.keep(app, due.rows).await
    }

    /// What the department's providers and officers have taken over.
    async fn receipts(
        &mut self,
        app: &Shared,
        id: &str,
        cluster: &Cluster,
    ) -> Result<(), DeskError> {
        let Some(case) = self
            .cases
            .get(id)
            .filter(|case| case.incident.confirmed().is_none() && !case.incident.is_fault())
        else {
            return Ok(());
        };
        let notices = app.store.notices(Some(id.to_owned()), MOST_NOTICES).await?;
        let ours: Vec<&str> = orders::department(&app.settings.people, cluster).collect();
        let to_department = notices
            .iter()
            .filter(|n| ours.contains(&n.recipient.as_str()));
        let mut rows = Vec::new();
        for notice in to_department {
            let accepted = notice
                .accepted_ms
                .filter(|_| case.incident.accepted().is_none());
            let confirmed = (notice.state == NoticeState::Confirmed)
                .then_some(notice.confirmed_ms)
                .flatten();
            let by = notice.confirmed_by.clone().unwrap_or_default();
            let what = confirmed.map(|at_ms| (at_ms, What::Confirmed { by }));
            let whats = accepted
                .map(|at_ms| (at_ms, What::Accepted))
                .into_iter()
                .chain(what);
            rows.extend(whats.map(|(at_ms, what)| EntryRow {
                incident: id.to_owned(),
                cluster: case.cluster.clone(),
                entry: Entry { at_ms, what },
            }));
        }
        rows.sort_by_key(|row| row.entry.at_ms);
        self.keep(app, rows).await
    }
}
