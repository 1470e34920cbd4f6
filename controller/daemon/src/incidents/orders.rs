//! Resolver: who gets which words about an incident, by which way.

use super::Case;
use crate::notices::{Facts, Occasion, Order};
use crate::settings::Person;
use cotmoc_controller_core::cluster::Cluster;
use cotmoc_controller_core::incident::State;
use cotmoc_controller_core::stage::{Audience, Call, Table};
use cotmoc_proto::window::Zone;
use std::collections::BTreeSet;

const RECOVERED: &str = "recovered";

/// One notice for each person and way: of several stages, the last that is for them.
pub(super) fn of(
    case: &Case,
    (people, facts): (&[&Person], &Facts),
    note: &str,
    calls: &[Call],
) -> Vec<Order> {
    let concerned = people.iter().filter_map(|person| {
        let for_them = |call: &&Call| !call.to.is_disjoint(&person.roles);
        Some((person, calls.iter().rfind(for_them)?))
    });
    concerned
        .flat_map(|(person, call)| {
            person.via.iter().map(move |(route, address)| Order {
                incident: case.id.clone(),
                stage: call.stage.clone(),
                occasion: occasion(&call.stage, &person.roles),
                facts: Facts {
                    note: note.to_owned(),
                    ..facts.clone()
                },
                recipient: person.name.clone(),
                route: route.clone(),
                address: address.clone(),
                due_ms: case.incident.detected(),
            })
        })
        .collect()
}

/// Once it is resolved, everybody who heard of it hears that.
pub(super) fn recovered(table: &Table, case: &Case) -> Option<Call> {
    let is_new = case.incident.fired(RECOVERED).is_none();
    let to = table.told(&case.incident);
    (case.incident.state() == State::Resolved && is_new && !to.is_empty()).then(|| Call {
        stage: RECOVERED.to_owned(),
        to,
    })
}

/// Those whose receipt is the department's.
pub(super) fn department<'a>(
    people: &'a [Person],
    cluster: &'a Cluster,
) -> impl Iterator<Item = &'a str> {
    let concerned = people.iter().filter(|person| person.cares_for(cluster));
    let ours = concerned.filter(|person| person.roles.iter().any(|role| role.is_department()));
    ours.map(|person| person.name.as_str())
}

fn occasion(stage: &str, roles: &BTreeSet<Audience>) -> Occasion {
    match stage {
        RECOVERED => Occasion::Recovered,
        "breach" | "province" => Occasion::Breach,
        "last-resort" => Occasion::LastResort,
        "fault" => Occasion::Fault,
        _ if roles.iter().any(|role| role.is_department()) => Occasion::Department,
        "operator" | "power" => Occasion::Opened,
        _ => Occasion::Reminder,
    }
}

/// What notices say of an incident.
pub(super) fn facts(case: &Case, cluster: &Cluster, zone: &Zone) -> Facts {
    let incident = &case.incident;
    let (vi, en) = incident.cause().words();
    Facts {
        incident: case.id.clone(),
        cluster: cluster.about.full(),
        cause: vi.to_owned(),
        cause_en: en.to_owned(),
        occurred: zone.format(incident.occurred()),
        deadline: zone.format(incident.deadline()),
        ..Facts::default()
    }
}
