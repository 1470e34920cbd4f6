//! What is wrong with the controller itself and needs a person: a modem without SIM or network, a disk
//! that takes nothing. Technicians hear of it once, by every way that does not depend on it.

use crate::app::Shared;
use crate::clock;
use crate::notices::{Facts, Occasion, Order};
use crate::settings::Person;
use cotmoc_controller_core::stage::Audience;
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{Millis, SECOND};
use cotmoc_proto::window::OperatingWindow;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const TICK: Duration = Duration::from_secs(2);
/// How long the disk may take to show that it takes something.
const LIMIT: Duration = Duration::from_secs(5);
/// What passes by itself within so long is nobody's business.
const PATIENCE: Millis = 20 * SECOND;
const DISK: &str = "disk";

/// Something that a person must see to.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// What it is about: `disk`, or `modem` and its name.
    pub name: String,
    pub since_ms: TimeMs,
    pub vi: String,
    pub en: String,
    /// What can be done, for whoever reads on.
    pub detail: String,
}

/// What is wrong now.
#[derive(Debug)]
pub struct Faults(watch::Sender<BTreeMap<String, Fault>>);

impl Default for Faults {
    fn default() -> Self {
        Self(watch::Sender::new(BTreeMap::new()))
    }
}

impl Faults {
    /// What is wrong now.
    #[must_use]
    pub fn now(&self) -> Vec<Fault> {
        self.0.borrow().values().cloned().collect()
    }
}

/// Watches until `stop`.
pub async fn watch(app: Shared, stop: CancellationToken) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut disk_since = None;
    let mut untold = Vec::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let now = clock::now();
        let mut found = of_modems(&app, now);
        found.extend(of_disk(&app, &mut disk_since, now).await);
        let before = app.faults.0.send_replace(found.clone());
        for fault in found
            .values()
            .filter(|fault| !before.contains_key(&fault.name))
        {
            tracing::error!(
                name = fault.name,
                detail = fault.detail,
                "something about the controller needs a person: {}",
                fault.en
            );
            tell(&app, fault, now).await;
            untold.push(("controller-fault", fault.clone(), now));
        }
        for fault in before
            .values()
            .filter(|fault| !found.contains_key(&fault.name))
        {
            tracing::warn!(name = fault.name, "the controller is well again in that");
            untold.push(("controller-fault-over", fault.clone(), now));
        }
        note(&app, &mut untold).await;
    }
}

fn of_modems(app: &Shared, now: TimeMs) -> BTreeMap<String, Fault> {
    let ill = app
        .notices
        .modems()
        .into_iter()
        .filter_map(|(modem, health)| {
            let detail = health
                .trouble
                .filter(|_| now.since(health.since_ms) >= PATIENCE)?;
            let name = format!("modem {modem}");
            let fault = Fault {
                name: name.clone(),
                since_ms: health.since_ms,
                vi: format!("modem {modem} không gửi được tin"),
                en: format!("modem {modem} sends nothing"),
                detail,
            };
            Some((name, fault))
        });
    ill.collect()
}

async fn of_disk(app: &Shared, since: &mut Option<TimeMs>, now: TimeMs) -> Option<(String, Fault)> {
    let written = tokio::time::timeout(LIMIT, app.store.probe(now)).await;
    let error = match written {
        Ok(Ok(())) => {
            *since = None;
            return None;
        }
        Ok(Err(error)) => error.to_string(),
        Err(_elapsed) => format!("no write within {} s", LIMIT.as_secs()),
    };
    // Once may be a moment's load.
    let Some(since) = *since else {
        *since = Some(now);
        return None;
    };
    let data = app.settings.data.display();
    let fault = Fault {
        name: DISK.to_owned(),
        since_ms: since,
        vi: "đĩa đầy hoặc hỏng, không ghi được".to_owned(),
        en: "the disk is full or failing, nothing can be stored".to_owned(),
        detail: format!(
            "Giải phóng hoặc thay đĩa chứa {data}. Tin báo vẫn được gửi từ bộ nhớ. · Free or replace the \
             disk of {data}. Notices still leave from memory. ({error})"
        ),
    };
    Some((fault.name.clone(), fault))
}

async fn tell(app: &Shared, fault: &Fault, now: TimeMs) {
    let people = app.settings.people.iter();
    let technicians = people
        .filter(|person| person.roles.contains(&Audience::Technician) && person.is_in_office(now));
    let orders: Vec<Order> = technicians
        .flat_map(|person| orders(app, person, fault, now))
        .collect();
    if let Err(error) = app.notices.enqueue_in_any_case(orders).await {
        tracing::error!(%error, "technicians could not be told");
    }
}

fn orders(app: &Shared, person: &Person, fault: &Fault, now: TimeMs) -> Vec<Order> {
    let depends = |route: &str| {
        let mut routes = app.notices.routes().filter(|known| known.name == route);
        routes.any(|known| {
            known
                .way
                .modem()
                .is_some_and(|modem| fault.name == format!("modem {modem}"))
        })
    };
    let incident = format!(
        "{}-{}",
        fault.name.replace(' ', "-"),
        fault.since_ms.0 / 1_000
    );
    let ways = person.via.iter().filter(|(route, _)| !depends(route));
    ways.map(|(route, address)| Order {
        incident: incident.clone(),
        stage: "fault".to_owned(),
        occasion: Occasion::ControllerFault,
        facts: Facts {
            incident: incident.clone(),
            cluster: app.site().to_string(),
            cause: fault.vi.clone(),
            cause_en: fault.en.clone(),
            occurred: OperatingWindow::default().zone.format(fault.since_ms),
            note: fault.detail.clone(),
            ..Facts::default()
        },
        recipient: person.name.clone(),
        route: route.clone(),
        address: address.clone(),
        due_ms: now,
    })
    .collect()
}

/// Noted among the events, as soon as that can be.
async fn note(app: &Shared, untold: &mut Vec<(&'static str, Fault, TimeMs)>) {
    while let Some((kind, fault, at)) = untold.first() {
        let detail = [
            ("name", fault.name.clone()),
            (
                "since",
                OperatingWindow::default().zone.format(fault.since_ms),
            ),
            ("detail", fault.detail.clone()),
        ];
        if app
            .store
            .note_about_notices(kind, detail, *at)
            .await
            .is_err()
        {
            return;
        }
        untold.remove(0);
    }
}
