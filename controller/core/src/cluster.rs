//! Resolver: which cluster (cụm, Điều 2.2) a device belongs to, and whether a cluster has stopped, from
//! what its components do. A component whose failure does not stop the cluster is a fault: it is shown and
//! told to the technician, and no hour runs (Điều 8.3).

use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_proto::{ChannelId, ClusterId, DeviceId, TimeMs};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What counts as a stop of the whole cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopsWhen {
    /// No wall shows approved content.
    EveryWall,
    AnyWall,
    EveryKiosk,
    AnyKiosk,
    /// Nothing of the cluster works.
    Everything,
}

/// When faults of components stop the cluster: as soon as one of the conditions holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub when: BTreeSet<StopsWhen>,
    /// A kiosk counts once it is down for so long, in milliseconds.
    pub kiosk_ms: Millis,
}

/// A component's failure as the rule sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Down {
    /// The last proof that it worked.
    pub since: TimeMs,
    /// When it worked again; `None`: not yet.
    pub until: Option<TimeMs>,
}

/// One cluster, as the settings describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    pub id: ClusterId,
    pub about: About,
    pub walls: BTreeSet<DeviceId>,
    pub kiosks: BTreeSet<DeviceId>,
    /// Channels whose other devices belong to it.
    pub channels: BTreeSet<ChannelId>,
    pub rule: Rule,
}

/// What people call it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// In Vietnamese and in English.
    pub name: String,
    pub name_en: String,
    pub place: String,
    /// The unit that operates it (Điều 8, 13.3).
    pub unit: String,
}

/// Every cluster that the settings describe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clusters(Vec<Cluster>);

/// Why clusters cannot be told apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ambiguous {
    #[error("two clusters have the name {0}")]
    Cluster(ClusterId),
    #[error("the device {0} belongs to two clusters, or to one as a wall and as a kiosk")]
    Device(DeviceId),
    #[error("the channel {0} belongs to two clusters")]
    Channel(ChannelId),
}

impl StopsWhen {
    /// Every condition.
    pub const ALL: [Self; 5] = [
        Self::EveryWall,
        Self::AnyWall,
        Self::EveryKiosk,
        Self::AnyKiosk,
        Self::Everything,
    ];

    /// The name in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EveryWall => "every-wall",
            Self::AnyWall => "any-wall",
            Self::EveryKiosk => "every-kiosk",
            Self::AnyKiosk => "any-kiosk",
            Self::Everything => "everything",
        }
    }

    /// Since when it holds, given when each component failed.
    fn since(self, parts: &[(ScreenKind, Option<TimeMs>)]) -> Option<TimeMs> {
        let kind = match self {
            Self::EveryWall | Self::AnyWall => Some(ScreenKind::Wall),
            Self::EveryKiosk | Self::AnyKiosk => Some(ScreenKind::Kiosk),
            Self::Everything => None,
        };
        let of = parts
            .iter()
            .filter(|(one, _)| kind.is_none_or(|kind| kind == *one));
        let mut times = of.map(|(_, down)| *down);
        match self {
            Self::AnyWall | Self::AnyKiosk => times.flatten().min(),
            Self::EveryWall | Self::EveryKiosk | Self::Everything => {
                let first = times.next()??;
                times.try_fold(first, |last, time| Some(last.max(time?)))
            }
        }
    }
}

impl std::str::FromStr for StopsWhen {
    type Err = UnknownCondition;
    fn from_str(text: &str) -> Result<Self, UnknownCondition> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| UnknownCondition(text.to_owned()))
    }
}

/// A name that stands for no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no condition under which a cluster stops")]
pub struct UnknownCondition(String);

impl Default for Rule {
    /// No wall shows approved content, or a kiosk is down for a quarter of an hour.
    fn default() -> Self {
        Self {
            when: [StopsWhen::EveryWall, StopsWhen::AnyKiosk].into(),
            kiosk_ms: 15 * MINUTE,
        }
    }
}

impl Rule {
    /// Since when the cluster has been stopped, given when each component failed, `None` for one that
    /// works or does not count: the failure that completed the first of the conditions to hold.
    #[must_use]
    pub fn since(&self, parts: &[(ScreenKind, Option<TimeMs>)]) -> Option<TimeMs> {
        self.when.iter().filter_map(|one| one.since(parts)).min()
    }

    /// Since when the cluster has been stopped at `now`.
    #[must_use]
    pub fn stopped(&self, parts: &[(ScreenKind, Option<Down>)], now: TimeMs) -> Option<TimeMs> {
        let counted = parts.iter().map(|(kind, down)| {
            let down = down.filter(|down| self.counts(*kind, *down, now));
            (*kind, down.map(|down| down.since))
        });
        self.since(&counted.collect::<Vec<_>>())
    }

    /// Whether a component's failure counts at `now`.
    #[must_use]
    pub fn counts(&self, kind: ScreenKind, down: Down, now: TimeMs) -> bool {
        let lasted = down.until.unwrap_or(now).since(down.since);
        kind == ScreenKind::Wall || lasted >= self.kiosk_ms
    }
}

impl Cluster {
    /// What a channel's devices are while nothing else is said: one cluster of its name.
    #[must_use]
    pub fn of_channel(channel: &ChannelId) -> Self {
        let id: ClusterId = channel
            .as_str()
            .parse()
            .expect("both kinds of names follow one grammar");
        Self {
            about: About::of(&id),
            id,
            walls: BTreeSet::new(),
            kiosks: BTreeSet::new(),
            channels: [channel.clone()].into(),
            rule: Rule::default(),
        }
    }

    /// One that has no devices any more, but still an incident.
    #[must_use]
    pub fn gone(id: &ClusterId, about: About) -> Self {
        Self {
            id: id.clone(),
            about,
            walls: BTreeSet::new(),
            kiosks: BTreeSet::new(),
            channels: BTreeSet::new(),
            rule: Rule::default(),
        }
    }

    /// Whether the devices of a channel belong to it, or it is called like the channel.
    #[must_use]
    pub fn has(&self, channel: &ChannelId) -> bool {
        self.channels.contains(channel) || self.id.as_str() == channel.as_str()
    }

    /// What a device of it is, where the settings say so.
    #[must_use]
    pub fn kind_of(&self, device: &DeviceId) -> Option<ScreenKind> {
        if self.walls.contains(device) {
            Some(ScreenKind::Wall)
        } else if self.kiosks.contains(device) {
            Some(ScreenKind::Kiosk)
        } else {
            None
        }
    }
}

impl About {
    /// One that has no other name.
    #[must_use]
    pub fn of(id: &ClusterId) -> Self {
        Self {
            name: id.to_string(),
            name_en: id.to_string(),
            ..Self::default()
        }
    }

    /// Name and place as notices call them.
    #[must_use]
    pub fn full(&self) -> String {
        if self.place.is_empty() {
            self.name.clone()
        } else {
            format!("{}, {}", self.name, self.place)
        }
    }
}

impl Clusters {
    /// Checks that every device belongs to one cluster.
    ///
    /// # Errors
    /// Everything that is [`Ambiguous`].
    pub fn new(all: Vec<Cluster>) -> Result<Self, Vec<Ambiguous>> {
        let (mut ids, mut devices, mut channels) =
            (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut wrong = Vec::new();
        for one in &all {
            if !ids.insert(&one.id) {
                wrong.push(Ambiguous::Cluster(one.id.clone()));
            }
            for device in one.walls.iter().chain(&one.kiosks) {
                if !devices.insert(device) {
                    wrong.push(Ambiguous::Device(device.clone()));
                }
            }
            for channel in &one.channels {
                if !channels.insert(channel) {
                    wrong.push(Ambiguous::Channel(channel.clone()));
                }
            }
        }
        if wrong.is_empty() {
            Ok(Self(all))
        } else {
            Err(wrong)
        }
    }

    /// The cluster of a device: the one that names it, else the one that has its channel, else the one
    /// that is called like its channel.
    #[must_use]
    pub fn of(&self, device: &DeviceId, channel: &ChannelId) -> Cow<'_, Cluster> {
        let named = self.0.iter().find(|one| one.kind_of(device).is_some());
        let by_channel = || self.0.iter().find(|one| one.channels.contains(channel));
        let called = || {
            let name = channel.as_str();
            self.0.iter().find(|one| one.id.as_str() == name)
        };
        match named.or_else(by_channel).or_else(called) {
            Some(found) => Cow::Borrowed(found),
            None => Cow::Owned(Cluster::of_channel(channel)),
        }
    }

    /// The cluster of this name, if the settings describe it.
    #[must_use]
    pub fn get(&self, id: &ClusterId) -> Option<&Cluster> {
        self.0.iter().find(|one| one.id == *id)
    }

    /// Every cluster that the settings describe.
    pub fn iter(&self) -> impl Iterator<Item = &Cluster> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ScreenKind::{Kiosk, Wall};

    fn at(minute: i64) -> TimeMs {
        TimeMs(1_800_000_000_000).plus(minute * MINUTE)
    }

    fn down(minute: i64) -> Option<Down> {
        Some(Down {
            since: at(minute),
            until: None,
        })
    }

    fn rule(when: &[StopsWhen]) -> Rule {
        Rule {
            when: when.iter().copied().collect(),
            ..Rule::default()
        }
    }

    fn cluster(id: &str, walls: &[&str], channels: &[&str]) -> Cluster {
        let channel = id.parse().unwrap();
        Cluster {
            walls: walls.iter().map(|name| name.parse().unwrap()).collect(),
            channels: channels.iter().map(|name| name.parse().unwrap()).collect(),
            ..Cluster::of_channel(&channel)
        }
    }

    #[test]
    fn the_failure_that_completes_the_stop_dates_it() {
        type Parts = [(ScreenKind, Option<Down>)];
        let usual = Rule::default();
        let any = rule(&[StopsWhen::AnyWall]);
        let all = rule(&[StopsWhen::Everything]);
        let cases: [(&Rule, &Parts, Option<i64>); 11] = [
            (&usual, &[(Wall, down(3)), (Wall, None)], None),
            (&usual, &[(Wall, down(3)), (Wall, down(9))], Some(9)),
            (&usual, &[(Wall, down(3)), (Kiosk, None)], Some(3)),
            (&usual, &[(Wall, None), (Kiosk, down(16))], None),
            (&usual, &[(Wall, None), (Kiosk, down(15))], Some(15)),
            (&usual, &[(Wall, down(20)), (Kiosk, down(2))], Some(2)),
            (&any, &[(Wall, down(3)), (Wall, None)], Some(3)),
            (&any, &[(Wall, down(9)), (Wall, down(3))], Some(3)),
            (&all, &[(Wall, down(3)), (Kiosk, None)], None),
            (&all, &[(Wall, down(3)), (Kiosk, down(9))], Some(9)),
            (&usual, &[], None),
        ];
        for (rule, parts, expected) in cases {
            assert_eq!(rule.stopped(parts, at(30)), expected.map(at), "{parts:?}");
        }
        let only_kiosks = rule(&[StopsWhen::EveryKiosk]);
        let walls = [(Wall, down(3))];
        assert_eq!(
            only_kiosks.stopped(&walls, at(30)),
            None,
            "there is no kiosk"
        );
    }

    #[test]
    fn a_kiosk_that_was_back_within_its_time_never_counted() {
        let back = |minute| {
            let down = Down {
                since: at(0),
                until: Some(at(minute)),
            };
            [(Kiosk, Some(down))]
        };
        assert_eq!(Rule::default().stopped(&back(14), at(60)), None);
        assert_eq!(Rule::default().stopped(&back(15), at(60)), Some(at(0)));
    }

    #[test]
    fn a_device_is_of_the_cluster_that_names_it_then_of_its_channels_then_of_the_channel_itself() {
        let clusters = Clusters::new(vec![
            cluster("gate", &["W01"], &[]),
            cluster("hall", &[], &["inside"]),
            cluster("bridge", &[], &[]),
        ])
        .unwrap();
        let of = |device: &str, channel: &str| {
            let found = clusters.of(&device.parse().unwrap(), &channel.parse().unwrap());
            found.id.to_string()
        };
        assert_eq!(of("W01", "inside"), "gate");
        assert_eq!(of("W02", "inside"), "hall");
        assert_eq!(of("W03", "bridge"), "bridge");
        assert_eq!(of("W04", "park"), "park", "a cluster of its own");
    }

    #[test]
    fn what_belongs_to_two_clusters_is_named_all_at_once() {
        let clusters = Clusters::new(vec![
            cluster("a", &["W01"], &["x"]),
            cluster("b", &["W01"], &["x"]),
            cluster("a", &[], &[]),
        ]);
        let said: Vec<String> = clusters
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(said.len(), 3);
        for name in ["W01", "channel x", "name a"] {
            assert!(
                said.iter().any(|one| one.contains(name)),
                "{name}: {said:?}"
            );
        }
    }
}
