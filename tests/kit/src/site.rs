//! One site: its people, its root of trust and the documents they sign.

use crate::document::{self, ISSUED};
use crate::person::{Person, seal};
use cotmoc_proto::envelope::PayloadType;
use cotmoc_proto::json::UniqueMap;
use cotmoc_proto::media::{Asset, CHUNK_BYTES};
use cotmoc_proto::override_order::{Action, Override, Template};
use cotmoc_proto::playlist::Item;
use cotmoc_proto::release::Release;
use cotmoc_proto::software::{Bundle, Software};
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::time::{DAY, Millis};
use cotmoc_proto::trust::{Clause, Identity, Role, RoleName, Root};
use cotmoc_proto::{ChannelId, Digest, SiteId};
use std::collections::BTreeSet;

/// A site with three root key holders (two must sign), two editors and two approvers (one of each
/// must sign a release), and two duty officers (one must sign a takedown or an override).
#[derive(Debug)]
pub struct Site {
    pub id: SiteId,
    pub channel: ChannelId,
    pub root_holders: [Person; 3],
    pub editors: [Person; 2],
    pub approvers: [Person; 2],
    pub duty: [Person; 2],
    /// Two must sign software, under [`Site::root_with_builders`].
    pub builders: [Person; 3],
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

impl Site {
    /// The site `huu-nghi` with the channel `hall` and new keys for everyone.
    #[must_use]
    pub fn new() -> Self {
        Self {
            id: "huu-nghi".parse().expect("a legal id"),
            channel: "hall".parse().expect("a legal id"),
            root_holders: ["root.an", "root.binh", "root.chi"].map(Person::new),
            editors: ["editor.dung", "editor.em"].map(Person::new),
            approvers: ["approver.giang", "approver.hoa"].map(Person::new),
            duty: ["duty.khanh", "duty.lan"].map(Person::new),
            builders: ["builder.mai", "builder.nam", "builder.phuc"].map(Person::new),
        }
    }

    /// The device `name` of this site and channel.
    #[must_use]
    pub fn identity(&self, name: &str) -> Identity {
        Identity {
            site: self.id.clone(),
            channel: self.channel.clone(),
            device: name.parse().expect("a legal id"),
        }
    }

    /// The root document of version 1 and epoch 1, to change and seal.
    #[must_use]
    pub fn root(&self) -> Root {
        let everyone = self
            .root_holders
            .iter()
            .chain(&self.editors)
            .chain(&self.approvers)
            .chain(&self.duty);
        let role = |all: Vec<Clause>| Role { all };
        let roles = [
            (
                RoleName::Root,
                role(vec![clause("root", &self.root_holders, 2)]),
            ),
            (
                RoleName::Release,
                role(vec![
                    clause("editor", &self.editors, 1),
                    clause("approver", &self.approvers, 1),
                ]),
            ),
            (
                RoleName::Takedown,
                role(vec![clause("duty", &self.duty, 1)]),
            ),
            (
                RoleName::Override,
                role(vec![clause("duty", &self.duty, 1)]),
            ),
        ];
        Root {
            site: self.id.clone(),
            version: 1,
            epoch: 1,
            issued_ms: ISSUED.plus(-30 * DAY),
            expires_ms: ISSUED.plus(500 * DAY),
            keys: UniqueMap(everyone.map(|p| (p.keyid(), p.key())).collect()),
            roles: UniqueMap(roles.into()),
            override_limit_ms: DAY,
        }
    }

    /// The root document of [`Site::root`] with the role of the builders.
    #[must_use]
    pub fn root_with_builders(&self) -> Root {
        let mut root = self.root();
        let keys = self.builders.iter().map(|p| (p.keyid(), p.key()));
        root.keys.0.extend(keys);
        let all = vec![clause("builder", &self.builders, 2)];
        root.roles.0.insert(RoleName::Software, Role { all });
        root
    }

    /// The factory root as an envelope.
    #[must_use]
    pub fn factory_root(&self) -> Vec<u8> {
        self.seal_root(&self.root())
    }

    /// `root` signed by two of the root key holders.
    #[must_use]
    pub fn seal_root(&self, root: &Root) -> Vec<u8> {
        let [first, second, _] = &self.root_holders;
        seal(PayloadType::Root, root, &[first, second])
    }

    /// A release for device `W01`: `items` of 10 s each in one playlist that is always on, all day
    /// inside the regulation's window. Dates start at [`ISSUED`]. Change it as needed, then seal.
    #[must_use]
    pub fn release(&self, version: u64, fallback: &Asset, items: &[&Asset]) -> Release {
        document::release(self, version, fallback, items)
    }

    /// `release` signed by the first editor and the first approver.
    #[must_use]
    pub fn seal_release(&self, release: &Release) -> Vec<u8> {
        let ([editor, _], [approver, _]) = (&self.editors, &self.approvers);
        seal(PayloadType::Release, release, &[editor, approver])
    }

    /// A takedown of `assets` from releases up to `max_release`; of the whole programme if there
    /// are none.
    #[must_use]
    pub fn takedown(&self, seq: u64, max_release: u64, assets: &[Digest]) -> Takedown {
        Takedown {
            site: self.id.clone(),
            channel: self.channel.clone(),
            epoch: 1,
            seq,
            issued_ms: ISSUED,
            max_release,
            assets: assets.iter().copied().collect::<BTreeSet<_>>(),
            whole: assets.is_empty(),
            reason: "nội dung sai".to_owned(),
        }
    }

    /// `takedown` signed by the first duty officer.
    #[must_use]
    pub fn seal_takedown(&self, takedown: &Takedown) -> Vec<u8> {
        let [officer, _] = &self.duty;
        seal(PayloadType::Takedown, takedown, &[officer])
    }

    /// Software of `version` for the boards `generic-amd64`, whose bundle is `bundle` in one chunk.
    #[must_use]
    pub fn software(&self, version: u64, bundle: &[u8]) -> Software {
        Software {
            site: self.id.clone(),
            class: "generic-amd64".parse().expect("a legal id"),
            epoch: 1,
            version,
            min_version: 0,
            issued_ms: ISSUED,
            label: format!("1.0.{version}"),
            bundle: Bundle {
                sha256: Digest::of(bundle),
                size_bytes: bundle.len() as u64,
                chunk_bytes: std::num::NonZeroU32::new(CHUNK_BYTES).expect("not zero"),
                chunks_sha256: Digest::of(Digest::of(bundle).as_bytes()),
            },
            health_timeout_s: 300,
            note: String::new(),
        }
    }

    /// `software` signed by the first two builders.
    #[must_use]
    pub fn seal_software(&self, software: &Software) -> Vec<u8> {
        let [first, second, _] = &self.builders;
        seal(PayloadType::Software, software, &[first, second])
    }

    /// An override that shows the template `item` of releases 1 to 50 for `duration_ms`.
    #[must_use]
    pub fn override_show(&self, seq: u64, item: &Item, duration_ms: Millis) -> Override {
        let action = Action::Show(Template {
            item: item.id.clone(),
            asset: item.digest(),
            min_release: 1,
            max_release: 50,
            duration_ms,
        });
        self.override_order(seq, action)
    }

    /// An override that ends those up to `ends`.
    #[must_use]
    pub fn override_end(&self, seq: u64, ends: u64) -> Override {
        self.override_order(seq, Action::End { ends })
    }

    fn override_order(&self, seq: u64, action: Action) -> Override {
        Override {
            site: self.id.clone(),
            channel: self.channel.clone(),
            epoch: 1,
            seq,
            issued_ms: ISSUED,
            action,
            reason: "cháy ở bãi xe".to_owned(),
        }
    }

    /// `order` signed by the first duty officer.
    #[must_use]
    pub fn seal_override(&self, order: &Override) -> Vec<u8> {
        let [officer, _] = &self.duty;
        seal(PayloadType::Override, order, &[officer])
    }
}

/// A clause of a role: `threshold` of `people` must sign.
fn clause(name: &str, people: &[Person], threshold: u32) -> Clause {
    Clause {
        name: name.to_owned(),
        keys: people.iter().map(Person::keyid).collect(),
        threshold,
    }
}
