//! The root document: which keys exist, who holds them, and which of them a role requires.

use crate::crypto::{self, Algorithm};
use crate::digest::Digest;
use crate::envelope::Envelope;
use crate::id::{Holder, SiteId};
use crate::json::UniqueMap;
use crate::override_order::{DEFAULT_LIMIT_MS, MAX_LIMIT_MS, MIN_DURATION_MS};
use crate::reject::Reject;
use crate::time::{Millis, TimeMs};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a set of keys may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleName {
    /// Root documents.
    Root,
    /// Programmes: an editor and an approver.
    Release,
    /// Removal of content: a duty officer.
    Takedown,
    /// Choice of an approved emergency template: a duty officer. Roots may do without it.
    Override,
    /// Freshness and time. No document of this version uses it yet.
    Beacon,
    /// Software of the boards: builders. Roots may do without it; then no board takes any.
    Software,
}

impl RoleName {
    /// The role as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Release => "release",
            Self::Takedown => "takedown",
            Self::Override => "override",
            Self::Beacon => "beacon",
            Self::Software => "software",
        }
    }

    const fn least_signers(self) -> usize {
        match self {
            Self::Root | Self::Release | Self::Software => 2,
            Self::Takedown | Self::Override | Self::Beacon => 1,
        }
    }
}

/// A public key and the person who holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub alg: Algorithm,
    /// SubjectPublicKeyInfo (DER) in standard base64.
    pub spki: String,
    pub holder: Holder,
}

impl Key {
    /// A key record from its SubjectPublicKeyInfo (DER).
    #[must_use]
    pub fn new(alg: Algorithm, spki: &[u8], holder: Holder) -> Self {
        Self {
            alg,
            spki: BASE64.encode(spki),
            holder,
        }
    }

    /// The SubjectPublicKeyInfo; `None` if it is not base64.
    #[must_use]
    pub fn spki_der(&self) -> Option<Vec<u8>> {
        BASE64.decode(&self.spki).ok()
    }
}

/// A group of keys of which `threshold` must sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// For people: `editor`, `approver`, `duty`.
    pub name: String,
    pub keys: Vec<Digest>,
    pub threshold: u32,
}

/// All clauses must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    pub all: Vec<Clause>,
}

/// The root of trust of one site. Every root replaces the one before it and is signed by both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    pub site: SiteId,
    pub version: u64,
    /// One more makes every counter start again and every older document void.
    pub epoch: u64,
    pub issued_ms: TimeMs,
    /// Raises an alarm; an expired root keeps working.
    pub expires_ms: TimeMs,
    pub keys: UniqueMap<Digest, Key>,
    pub roles: UniqueMap<RoleName, Role>,
    /// How long an override may last, in milliseconds.
    #[serde(
        default = "default_limit_ms",
        skip_serializing_if = "is_default_limit_ms"
    )]
    pub override_limit_ms: Millis,
}

impl Root {
    /// Checks every rule that a root document must keep by itself, whoever signed it.
    ///
    /// # Errors
    /// [`Reject::BadRoot`] naming the first broken rule.
    pub fn check(&self) -> Result<(), Reject> {
        if self.version == 0 || self.epoch == 0 || self.issued_ms >= self.expires_ms {
            return Err(bad(
                "version and epoch start at 1, and it must expire after its issue",
            ));
        }
        if !(MIN_DURATION_MS..=MAX_LIMIT_MS).contains(&self.override_limit_ms) {
            return Err(bad("overrides: expected a limit of 1 s to 7 days"));
        }
        for (keyid, key) in &self.keys.0 {
            let spki = key.spki_der().filter(|spki| Digest::of(spki) == *keyid);
            let Some(spki) = spki else {
                return Err(bad(format!(
                    "key {}: its id is not the digest of it",
                    keyid.short()
                )));
            };
            if crypto::public_key(key.alg, &spki).is_none() {
                let short = keyid.short();
                return Err(bad(format!(
                    "key {short}: not a key of its algorithm, or too short"
                )));
            }
        }
        for name in [RoleName::Root, RoleName::Release, RoleName::Takedown] {
            if !self.roles.0.contains_key(&name) {
                return Err(bad(format!("role {} is missing", name.as_str())));
            }
        }
        self.roles
            .0
            .iter()
            .try_for_each(|(name, role)| self.check_role(*name, role))?;
        self.check_builders()
    }

    /// Checks that the people whom `role` requires have signed `envelope`. Signatures of unknown
    /// keys and of keys that the role does not list are not looked at.
    ///
    /// # Errors
    /// [`Reject::Unsigned`] naming the clause that does not hold.
    pub fn verify(&self, role: RoleName, envelope: &Envelope) -> Result<(), Reject> {
        let clauses = self.roles.0.get(&role).map_or(&[][..], |role| &role.all);
        if clauses.is_empty() {
            return Err(unsigned(role, "none defined", 0, 1));
        }
        let good = self.valid_signers(role, envelope);
        for clause in clauses {
            let valid = clause.keys.iter().filter(|key| good.contains(*key)).count();
            let needed = usize::try_from(clause.threshold).unwrap_or(usize::MAX);
            if valid < needed {
                return Err(unsigned(role, &clause.name, valid, needed));
            }
        }
        Ok(())
    }

    /// The keys of `role` that have validly signed `envelope`.
    #[must_use]
    pub fn valid_signers(&self, role: RoleName, envelope: &Envelope) -> BTreeSet<Digest> {
        let clauses = self.roles.0.get(&role).map_or(&[][..], |role| &role.all);
        let message = envelope.signed_bytes();
        let is_valid = |keyid: &Digest, signature: &[u8]| {
            let Some(key) = self.keys.0.get(keyid) else {
                return false;
            };
            let Some(spki) = key.spki_der() else {
                return false;
            };
            crypto::verify(key.alg, &spki, &message, signature)
        };
        envelope
            .signatures()
            .iter()
            .filter(|s| clauses.iter().any(|clause| clause.keys.contains(&s.keyid)))
            .filter(|s| is_valid(&s.keyid, &s.sig))
            .map(|s| s.keyid)
            .collect()
    }

    /// `kept` with the signatures of `sent`, the same document, that count for `role`; `None` if
    /// there are none to add. Signatures that count come first, so that others cannot crowd them
    /// out.
    #[must_use]
    pub fn merge(&self, role: RoleName, kept: &Envelope, sent: &Envelope) -> Option<Envelope> {
        if kept.signed_bytes() != sent.signed_bytes() {
            return None;
        }
        let (good, more) = (
            self.valid_signers(role, kept),
            self.valid_signers(role, sent),
        );
        if more.is_subset(&good) {
            return None;
        }
        let payload = kept.unverified_payload().to_vec();
        let mut merged = Envelope::unsigned(kept.payload_type(), payload);
        let ours = kept.signatures().iter().filter(|s| good.contains(&s.keyid));
        let theirs = sent.signatures().iter().filter(|s| more.contains(&s.keyid));
        for signature in ours.chain(theirs).chain(kept.signatures()) {
            // A key that is there already, or one signature too many, adds nothing.
            merged.add_signature(signature.clone()).ok();
        }
        Some(merged)
    }

    /// The holder of key `keyid`.
    #[must_use]
    pub fn holder(&self, keyid: &Digest) -> Option<&Holder> {
        self.keys.0.get(keyid).map(|key| &key.holder)
    }

    /// Nobody who signs what is shown signs software as well: it decides what a signature is.
    fn check_builders(&self) -> Result<(), Reject> {
        let holders = |name: RoleName| {
            let clauses = self.roles.0.get(&name).map_or(&[][..], |role| &role.all);
            let keys = clauses.iter().flat_map(|clause| &clause.keys);
            keys.filter_map(|key| self.holder(key))
                .collect::<BTreeSet<_>>()
        };
        let builders = holders(RoleName::Software);
        for name in [RoleName::Release, RoleName::Takedown, RoleName::Override] {
            if let Some(holder) = holders(name).intersection(&builders).next() {
                let name = name.as_str();
                return Err(bad(format!(
                    "role software: {holder} signs for role {name} too"
                )));
            }
        }
        Ok(())
    }

    fn check_role(&self, name: RoleName, role: &Role) -> Result<(), Reject> {
        let (mut keys, mut holders) = (BTreeSet::new(), BTreeSet::new());
        let mut signers = 0;
        for clause in &role.all {
            let threshold = usize::try_from(clause.threshold).unwrap_or(usize::MAX);
            if threshold == 0 || threshold > clause.keys.len() {
                return Err(bad(format!(
                    "role {}: {} of {} keys in clause {:?}",
                    name.as_str(),
                    clause.threshold,
                    clause.keys.len(),
                    clause.name
                )));
            }
            signers += threshold;
            for keyid in &clause.keys {
                let Some(key) = self.keys.0.get(keyid) else {
                    return Err(bad(format!("role {}: unknown key", name.as_str())));
                };
                if !keys.insert(keyid) || !holders.insert(&key.holder) {
                    let holder = &key.holder;
                    return Err(bad(format!(
                        "role {}: {holder} would sign twice",
                        name.as_str()
                    )));
                }
            }
        }
        if signers < name.least_signers() {
            return Err(bad(format!("role {}: too few signers", name.as_str())));
        }
        Ok(())
    }
}

const fn default_limit_ms() -> Millis {
    DEFAULT_LIMIT_MS
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "this is how serde asks")]
const fn is_default_limit_ms(limit_ms: &Millis) -> bool {
    *limit_ms == DEFAULT_LIMIT_MS
}

fn bad(detail: impl Into<String>) -> Reject {
    Reject::BadRoot {
        detail: detail.into(),
    }
}

fn unsigned(role: RoleName, clause: &str, valid: usize, needed: usize) -> Reject {
    Reject::Unsigned {
        role: role.as_str(),
        clause: clause.to_owned(),
        valid,
        needed,
    }
}
