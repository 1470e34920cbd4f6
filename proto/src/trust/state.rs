//! What a device remembers about trust between two documents: counters, and what was taken down.

use super::root::Root;
use crate::digest::Digest;
use crate::json::MAX_INTEGER;
use crate::override_order::{Action, Override, Template};
use crate::playlist::Item;
use crate::reject::Reject;
use crate::release::Release;
use crate::takedown::Takedown;
use crate::time::{Millis, TimeMs};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most a counter may grow in one step, so that a stolen key cannot use up the numbers.
pub const MAX_STEP: u64 = 10_000;

/// Why an asset is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Denial {
    /// The newest takedown that names the asset.
    pub seq: u64,
    /// The newest release that such a takedown was made for. A release up to this one cannot lift
    /// it: whoever signed that release is whom the duty officer has overruled.
    pub max_release: u64,
}

/// An override that has been accepted and is not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InForce {
    pub seq: u64,
    pub issued_ms: TimeMs,
    pub template: Template,
    /// Powered-on time since it was accepted, in milliseconds.
    pub used_ms: Millis,
}

impl InForce {
    /// Whether its time is used up, or proven to be past since it was issued. Neither can be moved
    /// by a clock that nobody vouches for.
    #[must_use]
    pub fn is_over(&self, earliest_now: TimeMs) -> bool {
        self.used_ms >= self.template.duration_ms
            || earliest_now >= self.template.over_by(self.issued_ms)
    }
}

/// The counters of one device in one channel. They never fall but by a root of the next epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustState {
    /// Grows with every save: the newer of two slots wins.
    pub generation: u64,
    pub root_version: u64,
    pub epoch: u64,
    /// Version of the newest release that was accepted; 0: none yet.
    pub release: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_sha256: Option<Digest>,
    /// Takedowns up to this sequence number have been lifted by a release.
    pub lifts_takedown: u64,
    /// Sequence number of the newest takedown that was accepted; 0: none yet.
    pub takedown: u64,
    /// Assets that are, or were, taken down.
    pub denied: BTreeMap<Digest, Denial>,
    /// Releases up to this version are wholly taken down.
    pub whole_down_upto: u64,
    /// Sequence number of the newest override that was accepted; 0: none yet.
    #[serde(default, skip_serializing_if = "crate::json::is_zero")]
    pub override_seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_sha256: Option<Digest>,
    /// The override that holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_in_force: Option<InForce>,
    /// The highest time that a trusted document proves to be past.
    pub floor_ms: TimeMs,
    /// Powered-on time since the floor was raised, in milliseconds.
    pub powered_ms: Millis,
}

impl TrustState {
    /// The state of a device that has seen nothing but `root`.
    #[must_use]
    pub fn fresh(root: &Root) -> Self {
        Self {
            generation: 0,
            root_version: root.version,
            epoch: root.epoch,
            release: 0,
            release_sha256: None,
            lifts_takedown: 0,
            takedown: 0,
            denied: BTreeMap::new(),
            whole_down_upto: 0,
            override_seq: 0,
            override_sha256: None,
            override_in_force: None,
            floor_ms: root.issued_ms,
            powered_ms: 0,
        }
    }

    /// A time that has certainly passed: no unauthenticated clock can move it.
    #[must_use]
    pub fn earliest_now(&self) -> TimeMs {
        self.floor_ms.plus(self.powered_ms)
    }

    /// Whether `release` has expired and its grace is used up, on proven time alone.
    #[must_use]
    pub fn is_stale(&self, release: &Release) -> bool {
        self.earliest_now() >= release.expires_ms.plus(release.offline_grace_ms)
    }

    /// The assets that `release` may not show.
    #[must_use]
    pub fn denied_in(&self, release: &Release) -> BTreeSet<Digest> {
        let applies = |denial: &Denial| {
            denial.seq > self.lifts_takedown || release.version <= denial.max_release
        };
        self.denied
            .iter()
            .filter(|(_, denial)| applies(denial))
            .map(|(asset, _)| *asset)
            .collect()
    }

    /// Whether `release` is wholly taken down.
    #[must_use]
    pub fn is_down(&self, release: &Release) -> bool {
        release.version <= self.whole_down_upto
    }

    /// The template of `release` that an override in force shows; `None` without one.
    ///
    /// # Errors
    /// Why `release` does not show it: [`Reject::OtherRelease`], [`Reject::NoSuchTemplate`],
    /// [`Reject::TakenDown`]. A takedown, of the template or of the whole programme, comes before
    /// any override.
    pub fn template_in<'r>(&self, release: &'r Release) -> Result<Option<&'r Item>, Reject> {
        let Some(in_force) = &self.override_in_force else {
            return Ok(None);
        };
        let item = in_force.template.find(release)?;
        let asset = item.digest();
        if self.is_down(release) || self.denied_in(release).contains(&asset) {
            return Err(Reject::TakenDown { asset });
        }
        Ok(Some(item))
    }

    /// Counts powered-on time, and ends an override whose time is used up.
    pub fn on_powered(&mut self, ms: Millis) {
        self.powered_ms = self.powered_ms.saturating_add(ms.max(0));
        self.spend_override(ms);
    }

    /// Counts `ms` as used of the override in force, and ends it if that was the rest.
    pub fn spend_override(&mut self, ms: Millis) {
        let earliest_now = self.earliest_now();
        if let Some(in_force) = &mut self.override_in_force {
            in_force.used_ms = in_force.used_ms.saturating_add(ms.max(0));
        }
        self.override_in_force
            .take_if(|in_force| in_force.is_over(earliest_now));
    }

    /// Takes over `root`; a new epoch makes every counter start again.
    pub fn on_root(&mut self, root: &Root) {
        if root.epoch > self.epoch {
            *self = Self {
                generation: self.generation,
                floor_ms: self.floor_ms,
                powered_ms: self.powered_ms,
                ..Self::fresh(root)
            };
        }
        self.epoch = root.epoch;
        self.root_version = root.version;
        if root.issued_ms > self.earliest_now() {
            self.floor_ms = root.issued_ms;
            self.powered_ms = 0;
        }
        self.spend_override(0);
    }

    /// Takes over an admitted release with this payload digest.
    pub fn on_release(&mut self, release: &Release, digest: Digest) {
        self.release = release.version;
        self.release_sha256 = Some(digest);
        self.lifts_takedown = self.lifts_takedown.max(release.lifts_takedown);
    }

    /// Whether `takedown` would take anything from a release of version `oldest` or later.
    #[must_use]
    pub fn is_effective(&self, takedown: &Takedown, oldest: u64) -> bool {
        let denies = !takedown.assets.is_empty() && takedown.seq > self.lifts_takedown;
        denies || takedown.max_release >= oldest
    }

    /// Takes over an admitted takedown. One that has been lifted denies nothing to later releases
    /// when it is used again.
    pub fn on_takedown(&mut self, takedown: &Takedown) {
        self.takedown = self.takedown.max(takedown.seq);
        for asset in &takedown.assets {
            let denial = self.denied.entry(*asset).or_insert(Denial {
                seq: takedown.seq,
                max_release: takedown.max_release,
            });
            denial.seq = denial.seq.max(takedown.seq);
            denial.max_release = denial.max_release.max(takedown.max_release);
        }
        if takedown.whole {
            self.whole_down_upto = self.whole_down_upto.max(takedown.max_release);
        }
    }

    /// Forgets lifted takedowns that were made for releases before `oldest`, the oldest release
    /// that may still be shown.
    pub fn forget_lifted(&mut self, oldest: u64) {
        let lifts = self.lifts_takedown;
        self.denied
            .retain(|_, denial| denial.seq > lifts || denial.max_release >= oldest);
    }

    /// Takes over an admitted override with this payload digest. One that is not newer than what
    /// was accepted changes nothing.
    pub fn on_override(&mut self, order: &Override, digest: Digest) {
        if order.seq <= self.override_seq {
            return;
        }
        self.override_seq = order.seq;
        self.override_sha256 = Some(digest);
        match &order.action {
            Action::Show(template) => {
                self.override_in_force = Some(InForce {
                    seq: order.seq,
                    issued_ms: order.issued_ms,
                    template: template.clone(),
                    used_ms: 0,
                });
            }
            Action::End { ends } => {
                self.override_in_force
                    .take_if(|in_force| in_force.seq <= *ends);
            }
        }
    }

    pub(super) fn check_release(&self, release: &Release, digest: Digest) -> Result<(), Reject> {
        check_step(self.release, release.version)?;
        check_step(0, release.lifts_takedown.saturating_sub(self.takedown))?;
        if release.version == self.release && Some(digest) != self.release_sha256 {
            return Err(Reject::Equivocation {
                version: release.version,
            });
        }
        let replaces = release.version > self.release && self.release > 0;
        if replaces && self.is_stale(release) {
            return Err(Reject::Expired {
                expired: release.expires_ms,
            });
        }
        Ok(())
    }

    /// A takedown that arrives after a later one still counts: it can only subtract.
    pub(super) fn check_takedown(&self, takedown: &Takedown) -> Result<(), Reject> {
        check_step(0, takedown.seq.saturating_sub(self.takedown))?;
        check_step(0, takedown.max_release.saturating_sub(self.release))
    }

    /// Unlike takedowns, overrides hold in their order alone: the newest says what is shown.
    pub(super) fn check_override(&self, order: &Override, digest: Digest) -> Result<(), Reject> {
        check_step(self.override_seq, order.seq)?;
        if order.seq == self.override_seq {
            let version = order.seq;
            let is_same = Some(digest) == self.override_sha256;
            return is_same
                .then_some(())
                .ok_or(Reject::Equivocation { version });
        }
        let Some(template) = order.template() else {
            return Ok(());
        };
        check_step(0, template.max_release.saturating_sub(self.release))?;
        match order.over_by() {
            Some(expired) if self.earliest_now() >= expired => Err(Reject::Expired { expired }),
            Some(_) | None => Ok(()),
        }
    }
}

fn check_step(have: u64, got: u64) -> Result<(), Reject> {
    if got < have {
        return Err(Reject::Rollback { have, got });
    }
    if got - have > MAX_STEP || got > MAX_INTEGER {
        return Err(Reject::Jump { have, got });
    }
    Ok(())
}
