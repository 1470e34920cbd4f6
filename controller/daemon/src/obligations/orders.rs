//! Resolver: who gets which words about an obligation, by which way.

use super::{Held, cluster_of};
use crate::ledger::Cluster;
use crate::notices::{Facts, Occasion, Order};
use crate::settings::Person;
use cotmoc_controller_core::obligation::{Call, Hearer, Measure, Owed, Standing, Subject, Terms};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{HOUR, MINUTE, Millis};
use cotmoc_proto::window::{OperatingWindow, Zone};

/// One notice for each person and way: of several stages, the last that is for them.
pub(super) fn of(
    held: &Held,
    live: Option<&Measure>,
    (people, clusters, calls): (&[&Person], &[Cluster], &[Call]),
    now: TimeMs,
) -> Vec<Order> {
    let terms = held.obligation.terms();
    let occasion = occasion(held, now);
    let cluster = cluster_of(clusters, &terms.subject);
    let mut facts = facts(held, live.or_else(|| held.obligation.measure()));
    if let Some(cluster) = cluster {
        facts.cluster = cluster.of.about.full();
    }
    let called = people.iter().filter_map(|person| {
        let is_for_them = |call: &&Call| {
            call.to
                .iter()
                .any(|to| hears(person, *to, (terms, cluster)))
        };
        Some((person, calls.iter().rfind(is_for_them)?))
    });
    called
        .flat_map(|(person, call)| {
            let facts = &facts;
            person.via.iter().map(move |(route, address)| Order {
                incident: held.id.clone(),
                stage: call.stage.clone(),
                occasion,
                facts: facts.clone(),
                recipient: person.name.clone(),
                route: route.clone(),
                address: address.clone(),
                due_ms: now,
            })
        })
        .collect()
}

fn hears(person: &Person, to: Hearer, (terms, cluster): (&Terms, Option<&Cluster>)) -> bool {
    match to {
        Hearer::Subject => match &terms.subject {
            Subject::Agency(name) => person.name == *name || person.agencies.contains(name),
            Subject::Cluster(_) => false,
        },
        Hearer::Office(audience) => {
            let is_theirs = cluster.is_none_or(|cluster| person.cares_for(&cluster.of));
            is_theirs && person.roles.contains(&audience)
        }
    }
}

fn occasion(held: &Held, now: TimeMs) -> Occasion {
    let is_on_air = matches!(held.obligation.terms().owed, Owed::OnAir { .. });
    match held.obligation.standing(now) {
        Standing::Running { .. } | Standing::Satisfied { .. } if is_on_air => Occasion::AirTime,
        Standing::Running { .. } | Standing::Satisfied { .. } => Occasion::Obligation,
        Standing::Breached { .. } if is_on_air => Occasion::AirTimeShort,
        Standing::Breached { .. } => Occasion::ObligationOverdue,
        Standing::Undecided { .. } => Occasion::AirTimeUnknown,
    }
}

fn facts(held: &Held, measure: Option<&Measure>) -> Facts {
    let zone = OperatingWindow::default().zone;
    let terms = held.obligation.terms();
    let (vi, en) = terms.kind.words();
    Facts {
        incident: held.id.clone(),
        cluster: terms.subject.to_string(),
        cause: vi.to_owned(),
        cause_en: en.to_owned(),
        occurred: period(terms, &zone),
        deadline: short(&zone, terms.due_ms),
        note: note(terms, measure),
        ..Facts::default()
    }
}

/// The days of a period, as people write them.
pub fn period(terms: &Terms, zone: &Zone) -> String {
    let day = |at: TimeMs| -> String { zone.format(at).chars().take(10).collect() };
    let (first, last) = (day(terms.period.from_ms), day(terms.period.to_ms.plus(-1)));
    if first == last {
        first
    } else {
        format!("{first} – {last}")
    }
}

/// To the minute; the end of a day as 24:00 of that day.
pub fn short(zone: &Zone, at: TimeMs) -> String {
    let minute = |at: TimeMs| -> String { zone.format(at).chars().take(16).collect() };
    let said = minute(at);
    if said.ends_with(" 00:00") {
        let before: String = minute(at.plus(-1)).chars().take(10).collect();
        format!("{before} 24:00")
    } else {
        said
    }
}

fn note(terms: &Terms, measure: Option<&Measure>) -> String {
    let (Some(measure), Owed::OnAir { quota_ms }) = (measure, terms.owed) else {
        return String::new();
    };
    let elapsed = measure.until_ms.since(terms.period.from_ms).max(0);
    let missing = (elapsed - measure.on_air_ms - measure.unknown_ms).max(0);
    let slack = (terms.period.length_ms() - quota_ms).max(0);
    format!(
        "Đã phát · on air {}; đã mất · lost {}; chưa rõ · unknown {}; được phép mất · allowed {}",
        hours(measure.on_air_ms),
        hours(missing),
        hours(measure.unknown_ms),
        hours(slack),
    )
}

fn hours(length: Millis) -> String {
    format!("{}:{:02}", length / HOUR, length % HOUR / MINUTE)
}
