//! From what is due to the outbox, and from receipts back into the logs.

use super::{Case, Desk, DeskError, doubt, orders};
use crate::app::Shared;
use crate::notices::Order;
use crate::overview::DeviceView;
use crate::store::{EntryRow, MOST_NOTICES, NoticeState};
use cotmoc_controller_core::cause::Cause;
use cotmoc_controller_core::incident::{Entry, State, What};
use cotmoc_proto::{ChannelId, TimeMs};

/// What is to be handed to the outbox, and the lines that say so.
#[derive(Debug, Default)]
pub(super) struct Due {
    orders: Vec<Order>,
    rows: Vec<EntryRow>,
}

impl Due {
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
        views: &[DeviceView],
        now: TimeMs,
    ) -> Result<(), DeskError> {
        let is_ours = doubt::is_our_outage(views, &self.patience, app.network.is_well(), now);
        let mut together = Due::default();
        for id in self.open() {
            let of =
                |view: &&DeviceView| self.case(&id).is_some_and(|c| c.device == view.row.device);
            let Some(view) = views.iter().find(of) else {
                continue;
            };
            let due = self.due(app, &id, (view, is_ours), now);
            if is_ours && self.is_silence(&id) {
                together.add(due);
            } else {
                self.send(app, due).await?;
            }
            self.receipts(app, &id, &view.row.channel).await?;
        }
        together.orders = doubt::as_one(together.orders);
        self.send(app, together).await
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
        id: &str,
        (view, is_ours): (&DeviceView, bool),
        now: TimeMs,
    ) -> Due {
        let Some(case) = self.cases.get(id) else {
            return Due::default();
        };
        let table = self.tables.of(&case.incident);
        let is_maintained = self.maintenance(&view.row.channel, now).is_some();
        let calls = table.due(&case.incident, is_maintained, now);
        let recovered = orders::recovered(table, case);
        let people: Vec<_> = app
            .settings
            .people
            .iter()
            .filter(|person| person.is_in_office(now))
            .collect();
        let note = doubt::note(case, self.away, (&view.window.zone, is_ours));
        let mut orders = orders::of(case, view, (&people, &note), &calls);
        if let Some(to) = &recovered {
            let over = orders::of(case, view, (&people, ""), std::slice::from_ref(to));
            orders.extend(over);
        }
        let fired = calls.into_iter().chain(recovered).map(|call| EntryRow {
            incident: id.to_owned(),
            device: case.device.clone(),
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
        app.notices.enqueue(due.orders).await?;
        self.keep(app, due.rows).await
    }

    /// What the department's providers and officers have taken over.
    async fn receipts(
        &mut self,
        app: &Shared,
        id: &str,
        channel: &ChannelId,
    ) -> Result<(), DeskError> {
        let Some(case) = self
            .cases
            .get(id)
            .filter(|case| case.incident.confirmed().is_none())
        else {
            return Ok(());
        };
        let notices = app.store.notices(Some(id.to_owned()), MOST_NOTICES).await?;
        let ours: Vec<&str> = orders::department(&app.settings.people, channel).collect();
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
                device: case.device.clone(),
                entry: Entry { at_ms, what },
            }));
        }
        rows.sort_by_key(|row| row.entry.at_ms);
        self.keep(app, rows).await
    }
}
