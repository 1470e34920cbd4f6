//! Which devices are joined in which cluster, what people call it, who operates it, and what stops it.

use cotmoc_controller_core::cluster::{About, Cluster, Clusters, Rule, StopsWhen};
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_proto::{ChannelId, ClusterId, DeviceId};
use cotmoc_service::config::Reader;

/// Reads the tables `clusters`.
pub(super) fn read(reader: &mut Reader) -> Clusters {
    let all = (0..reader.tables("clusters"))
        .filter_map(|number| cluster(reader, &format!("clusters.{number}")))
        .collect();
    Clusters::new(all).unwrap_or_else(|ambiguous| {
        for one in ambiguous {
            let expected =
                "each device and channel in one cluster, each cluster with a name of its own";
            reader.mistake("clusters", Some(one.to_string()), expected);
        }
        Clusters::default()
    })
}

fn cluster(reader: &mut Reader, at: &str) -> Option<Cluster> {
    let key = |name: &str| format!("{at}.{name}");
    let id: Option<ClusterId> =
        reader.required(&key("id"), "a name of letters, digits and hyphens");
    let name: Option<String> = reader.maybe(&key("name"), "what people call it");
    let name_en: Option<String> = reader.maybe(&key("name_en"), "what it is called in English");
    let place: Option<String> = reader.maybe(&key("place"), "where it stands");
    let unit: Option<String> = reader.maybe(&key("unit"), "the unit that operates it");
    let walls: Vec<DeviceId> = reader.list(&key("walls"), "names of devices");
    let kiosks: Vec<DeviceId> = reader.list(&key("kiosks"), "names of devices");
    let channels: Vec<ChannelId> = reader.list(&key("channels"), "names of channels");
    let rule = rule(reader, at);
    let id = id?;
    let usual = About::of(&id);
    let name = name.unwrap_or(usual.name);
    Some(Cluster {
        about: About {
            name_en: name_en.unwrap_or_else(|| name.clone()),
            name,
            place: place.unwrap_or_default(),
            unit: unit.unwrap_or_default(),
        },
        id,
        walls: walls.into_iter().collect(),
        kiosks: kiosks.into_iter().collect(),
        channels: channels.into_iter().collect(),
        rule,
    })
}

fn rule(reader: &mut Reader, at: &str) -> Rule {
    let usual = Rule::default();
    let key = format!("{at}.stops_when");
    let known = StopsWhen::ALL.map(StopsWhen::as_str).join(", ");
    let expected = format!("some of {known}");
    let when: Vec<StopsWhen> = reader.list(&key, &expected);
    if reader.has(&key) && when.is_empty() {
        reader.mistake(&key, None, expected);
    }
    let default = u64::try_from(usual.kiosk_ms / MINUTE).unwrap_or_default();
    let minutes = reader.within(&format!("{at}.kiosk_minutes"), default, 0..=1_440);
    Rule {
        when: if when.is_empty() {
            usual.when
        } else {
            when.into_iter().collect()
        },
        kiosk_ms: Millis::try_from(minutes).unwrap_or_default() * MINUTE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Clusters, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("controller.toml");
        std::fs::write(&path, text).unwrap();
        let mut reader = Reader::open(&path);
        let clusters = read(&mut reader);
        let done = reader.finish().map_err(|mistakes| mistakes.to_string());
        done.map(|()| clusters)
    }

    #[test]
    fn a_cluster_has_what_is_said_of_it_and_the_usual_otherwise() {
        let clusters = read_text(
            "[[clusters]]\nid = \"cua-khau\"\nname = \"Cửa khẩu quốc tế\"\nplace = \"phường Lào Cai\"\n\
             walls = [\"W01\", \"W02\"]\nkiosks = [\"K01\"]\nstops_when = [\"any-wall\"]\n\
             [[clusters]]\nid = \"hall\"\nunit = \"UBND huyện\"\nkiosk_minutes = 5\n",
        )
        .unwrap();
        let of = |device: &str, channel: &str| {
            clusters
                .of(&device.parse().unwrap(), &channel.parse().unwrap())
                .into_owned()
        };
        let gate = of("K01", "elsewhere");
        assert_eq!(gate.about.full(), "Cửa khẩu quốc tế, phường Lào Cai");
        assert_eq!(gate.about.name_en, "Cửa khẩu quốc tế");
        assert_eq!(gate.rule.when, [StopsWhen::AnyWall].into());
        assert_eq!(gate.rule.kiosk_ms, 15 * MINUTE);
        let hall = of("W09", "hall");
        assert_eq!(
            (hall.about.full().as_str(), hall.about.unit.as_str()),
            ("hall", "UBND huyện")
        );
        assert_eq!(hall.rule.when, Rule::default().when);
        assert_eq!(hall.rule.kiosk_ms, 5 * MINUTE);
    }

    #[test]
    fn what_cannot_be_told_apart_or_could_never_stop_is_a_mistake() {
        let said = read_text(
            "[[clusters]]\nid = \"a\"\nwalls = [\"W01\"]\nstops_when = []\n\
             [[clusters]]\nid = \"b\"\nkiosks = [\"W01\"]\nstops_when = [\"sometimes\"]\n",
        )
        .unwrap_err();
        for name in ["W01", "clusters.0.stops_when", "sometimes"] {
            assert!(said.contains(name), "{name}: {said}");
        }
    }
}
