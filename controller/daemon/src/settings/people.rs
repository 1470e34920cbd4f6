//! Who hears of incidents, and by which ways: units and people are settings, never code.

use super::NoticeSettings;
use cotmoc_controller_core::cluster::Cluster;
use cotmoc_controller_core::liveness::Patience;
use cotmoc_controller_core::stage::Audience;
use cotmoc_proto::time::{Millis, SECOND};
use cotmoc_proto::{ChannelId, ClusterId, TimeMs};
use cotmoc_service::config::Reader;
use std::collections::BTreeSet;

/// Somebody who hears of incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    pub roles: BTreeSet<Audience>,
    /// Which clusters concern them: these, those of these units, those of these channels; none: all.
    pub clusters: Vec<ClusterId>,
    pub units: Vec<String>,
    pub channels: Vec<ChannelId>,
    /// The agencies and units for which they hear of obligations.
    pub agencies: Vec<String>,
    /// Route and address; the address is empty for a webhook and a sheet.
    pub via: Vec<(String, String)>,
    /// From when on, and until when, they hold their office.
    pub from: Option<TimeMs>,
    pub until: Option<TimeMs>,
}

impl Person {
    /// Whether incidents of the cluster are theirs (Điều 8, 13.3).
    #[must_use]
    pub fn cares_for(&self, cluster: &Cluster) -> bool {
        let is_for_all =
            self.clusters.is_empty() && self.units.is_empty() && self.channels.is_empty();
        is_for_all
            || self.clusters.contains(&cluster.id)
            || self.units.contains(&cluster.about.unit)
            || self.channels.iter().any(|channel| cluster.has(channel))
    }

    /// Whether they hold their office at `now`.
    #[must_use]
    pub fn is_in_office(&self, now: TimeMs) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// Reads the tables `incidents.people`.
pub(super) fn read(reader: &mut Reader, notices: &NoticeSettings) -> Vec<Person> {
    (0..reader.tables("incidents.people"))
        .filter_map(|number| person(reader, &format!("incidents.people.{number}"), notices))
        .collect()
}

/// Reads how long to wait before believing.
pub(super) fn patience(reader: &mut Reader) -> Patience {
    let usual = Patience::default();
    let mut seconds = |key: &str, default: Millis| {
        let default = u64::try_from(default / SECOND).unwrap_or_default();
        let found = reader.within(&format!("incidents.{key}"), default, 1..=3_600);
        i64::try_from(found).unwrap_or_default() * SECOND
    };
    let patience = Patience {
        suspect_ms: seconds("suspect_s", usual.suspect_ms),
        silent_ms: seconds("silent_s", usual.silent_ms),
        stable_ms: seconds("stable_s", usual.stable_ms),
        grace_ms: seconds("grace_s", usual.grace_ms),
        ..usual
    };
    if patience.silent_ms < patience.suspect_ms {
        let expected = "at least incidents.suspect_s";
        reader.mistake("incidents.silent_s", None, expected);
    }
    patience
}

fn person(reader: &mut Reader, at: &str, notices: &NoticeSettings) -> Option<Person> {
    let key = |name: &str| format!("{at}.{name}");
    let name = reader.required(&key("name"), "a name or an office, as notices call it");
    let known = Audience::ALL.map(Audience::as_str).join(", ");
    let roles: Vec<Audience> = reader.list(&key("roles"), &format!("some of {known}"));
    let agencies: Vec<String> = reader.list(&key("agencies"), "names as obligations have them");
    if roles.is_empty() && agencies.is_empty() {
        let expected = format!("at least one of {known}, or agencies");
        reader.mistake(&key("roles"), None, expected);
    }
    let clusters = reader.list(&key("clusters"), "names of clusters; none: all");
    let units = reader.list(&key("units"), "units that operate clusters; none: all");
    let channels = reader.list(&key("channels"), "names of channels; none: all");
    let via: Vec<String> = reader.list(&key("via"), "ways such as \"mail=truc@example.vn\"");
    if via.is_empty() {
        let expected = "at least one way: \"ROUTE=ADDRESS\", or \"ROUTE\" alone for a sheet";
        reader.mistake(&key("via"), None, expected);
    }
    let via: Vec<(String, String)> = via.iter().map(|way| route_and_address(way)).collect();
    for (route, address) in &via {
        let found = notices.routes.iter().find(|one| one.name == *route);
        let is_good = found.is_some_and(|one| one.way.reaches(address));
        if !is_good {
            let expected =
                "the name of a route in [[notices.routes]] and an address that it reaches";
            reader.mistake(
                &key("via"),
                Some(format!("\"{route}={address}\"")),
                expected,
            );
        }
    }
    Some(Person {
        name: name?,
        roles: roles.into_iter().collect(),
        clusters,
        units,
        agencies,
        channels,
        via,
        from: super::midnight(reader, &key("from")),
        until: super::midnight(reader, &key("until")),
    })
}

fn route_and_address(way: &str) -> (String, String) {
    let (route, address) = way.split_once('=').unwrap_or((way, ""));
    (route.trim().to_owned(), address.trim().to_owned())
}
