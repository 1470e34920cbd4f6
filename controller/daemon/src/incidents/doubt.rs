//! Resolver: when silence may be the controller's own, and what people are then told. It changes words
//! and their number, never a duty: every incident's hour runs on.

use super::{Case, Group};
use crate::notices::{Occasion, Order};
use crate::overview::DeviceView;
use cotmoc_controller_core::liveness::{Patience, is_own_outage};
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_proto::window::Zone;
use cotmoc_proto::{ClusterId, TimeMs};
use std::collections::BTreeMap;

/// So many clusters are named in one notice.
const NAMED: usize = 12;
/// The controller's mark of life is written twice a minute; a restart within this time is no gap.
const GAP_MS: Millis = 2 * MINUTE;
const OURS: &str = "Hầu hết các cụm mất liên lạc cùng lúc và đường truyền của trung tâm giám sát cũng hỏng: \
     các cụm có thể vẫn hoạt động. · Most clusters fell silent at once and the monitoring centre's own network \
     fails too: they may still be working.";

/// Whether most clusters fell silent at once while the controller's own network fails; of a single
/// cluster, most of its devices. A cluster is silent since the last of its devices was heard.
pub(super) fn is_our_outage(
    groups: &BTreeMap<ClusterId, Group<'_>>,
    patience: &Patience,
    network_is_well: bool,
    now: TimeMs,
) -> bool {
    let heard = |view: &DeviceView| Some(view.seen.as_ref()?.last_seen_ms);
    let of_group = |group: &Group<'_>| group.views.iter().filter_map(|view| heard(view)).max();
    let mut last: Vec<TimeMs> = groups.values().filter_map(of_group).collect();
    if last.len() == 1 {
        let views = groups.values().flat_map(|group| &group.views);
        last = views.filter_map(|view| heard(view)).collect();
    }
    let silent = last.iter().copied();
    let silent: Vec<TimeMs> = silent
        .filter(|last| now.since(*last) >= patience.suspect_ms)
        .collect();
    is_own_outage(&silent, last.len(), network_is_well)
}

/// One notice to each person and way in place of one for each cluster. What goes to the department is
/// the notice that the regulation asks for, and stays one for each incident.
pub(super) fn as_one(orders: Vec<Order>) -> Vec<Order> {
    let mut grouped: BTreeMap<_, Vec<Order>> = BTreeMap::new();
    let mut alone = Vec::new();
    for order in orders {
        match order.occasion {
            Occasion::Opened | Occasion::Reminder => {
                let (person, way) = (order.recipient.clone(), order.route.clone());
                let key = (person, way, order.address.clone(), order.stage.clone());
                grouped.entry(key).or_default().push(order);
            }
            Occasion::Drill
            | Occasion::Department
            | Occasion::LastResort
            | Occasion::Breach
            | Occasion::Recovered
            | Occasion::Fault
            | Occasion::Obligation
            | Occasion::ObligationOverdue
            | Occasion::AirTime
            | Occasion::AirTimeShort
            | Occasion::AirTimeUnknown
            | Occasion::ControllerFault
            | Occasion::AnswerTaken
            | Occasion::AnswerRefused
            | Occasion::ControllerSilent
            | Occasion::ControllerBack => alone.push(order),
        }
    }
    alone.extend(grouped.into_values().filter_map(one_of));
    alone
}

fn one_of(orders: Vec<Order>) -> Option<Order> {
    let clusters: Vec<_> = orders
        .iter()
        .map(|order| order.facts.cluster.clone())
        .collect();
    let mut one = orders.into_iter().next()?;
    if clusters.len() > 1 {
        let named = clusters.iter().take(NAMED).cloned().collect::<Vec<_>>();
        let rest = clusters.len().saturating_sub(NAMED);
        let more = if rest > 0 {
            format!(", +{rest}")
        } else {
            String::new()
        };
        one.facts.cluster = format!("{} cụm · {}{more}", clusters.len(), named.join("; "));
        one.facts.parts = String::new();
        one.facts.parts_en = String::new();
    }
    Some(one)
}

/// What people must know about how much the time of an incident is worth.
pub(super) fn note(
    case: &Case,
    away: Option<(TimeMs, TimeMs)>,
    (zone, is_ours): (&Zone, bool),
) -> String {
    let occurred = case.incident.occurred();
    let is_of_the_gap =
        |(since, until): &(TimeMs, TimeMs)| occurred >= since.plus(-GAP_MS) && occurred < *until;
    if is_ours {
        return OURS.to_owned();
    }
    let Some((since, until)) =
        away.filter(|away| away.1.since(away.0) > GAP_MS && is_of_the_gap(away))
    else {
        return String::new();
    };
    let (since, until) = (zone.format(since), zone.format(until));
    format!(
        "Hệ thống giám sát gián đoạn từ {since} đến {until}: sự cố có thể đã xảy ra vào bất cứ lúc nào \
         trong khoảng đó. · The monitoring itself was away from {since} to {until}: the incident may have \
         happened at any time between."
    )
}
