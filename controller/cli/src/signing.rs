//! Adding a person's signature to an envelope: only a member of the role, only once per person,
//! and signatures that do not hold are not carried along.

use crate::key::{PrivateKey, PublicRecord, record_path};
use crate::out::Out;
use crate::secret::PassphraseArgs;
use crate::table::Table;
use crate::text;
use anyhow::{Result, bail, ensure};
use cotmoc_proto::envelope::{Envelope, Signature};
use cotmoc_proto::trust::{Clause, RoleName, Root};
use cotmoc_proto::{Digest, Holder};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The key to sign with.
#[derive(Debug, clap::Args)]
pub struct KeyArgs {
    /// Your key file
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    #[command(flatten)]
    pub passphrase: PassphraseArgs,
}

impl KeyArgs {
    /// Refuses early, before anything is read or typed, if the record beside the key says that
    /// it may not sign.
    pub fn check_record(&self, envelope: &Envelope, roots: &[&Root], role: RoleName) -> Result<()> {
        let beside = record_path(&self.key);
        if !beside.exists() {
            return Ok(());
        }
        may_sign(envelope, roots, role, PublicRecord::open(&beside)?.keyid)
    }

    /// Unlocks the key.
    pub fn unlock(&self) -> Result<PrivateKey> {
        let secret = self.passphrase.existing(&self.key)?;
        PrivateKey::open(&self.key, &secret)
    }
}

/// How far one clause of a role is fulfilled.
#[derive(Debug, Serialize)]
pub struct ClauseState {
    pub clause: String,
    pub needed: u32,
    pub signed: Vec<Holder>,
    /// Who could still sign; empty if the clause is fulfilled.
    pub missing: Vec<Holder>,
}

impl ClauseState {
    /// Whether enough people signed.
    pub fn holds(&self) -> bool {
        usize::try_from(self.needed).is_ok_and(|needed| self.signed.len() >= needed)
    }
}

/// Whether `keyid` may add its signature to `envelope` in `role` of any of `roots`.
pub fn may_sign(envelope: &Envelope, roots: &[&Root], role: RoleName, keyid: Digest) -> Result<()> {
    let holder = roots.iter().find_map(|root| member(root, role, &keyid));
    let Some(holder) = holder else {
        let members: Vec<String> = roots
            .iter()
            .flat_map(|root| clauses(root, role))
            .map(|clause| format!("{} ({})", clause.name, names(roots, &clause.keys)))
            .collect();
        bail!(
            "key {} may not sign this: role {} lists {}",
            keyid.short(),
            role.as_str(),
            members.join(", ")
        );
    };
    for (signer, name) in valid_signers(envelope, roots, role) {
        ensure!(
            signer != keyid,
            "key {} has signed this already",
            keyid.short()
        );
        ensure!(
            name != *holder,
            "{holder} has signed this already with another key: one person signs once"
        );
    }
    Ok(())
}

/// `envelope` with the signatures that hold, and one more by `key`.
pub fn sign(
    envelope: &Envelope,
    roots: &[&Root],
    role: RoleName,
    key: &PrivateKey,
) -> Result<Envelope> {
    may_sign(envelope, roots, role, key.keyid())?;
    let good = valid_signers(envelope, roots, role);
    let kept = envelope
        .signatures()
        .iter()
        .filter(|signature| good.contains_key(&signature.keyid));
    with_signatures(envelope, kept.cloned().chain([key.sign(envelope)]))
}

/// `envelope` and the signatures that hold of another envelope with the same payload.
pub fn merge(
    envelope: &Envelope,
    other: &Envelope,
    root: &Root,
    role: RoleName,
) -> Result<Envelope> {
    ensure!(
        envelope.payload_type() == other.payload_type()
            && envelope.unverified_payload() == other.unverified_payload(),
        "the controller's draft has another payload than this file"
    );
    let good = valid_signers(other, &[root], role);
    let have = valid_signers(envelope, &[root], role);
    let more = other
        .signatures()
        .iter()
        .filter(|signature| good.contains_key(&signature.keyid))
        .filter(|signature| !have.contains_key(&signature.keyid));
    let kept = envelope
        .signatures()
        .iter()
        .filter(|signature| have.contains_key(&signature.keyid));
    with_signatures(envelope, kept.chain(more).cloned())
}

/// Keys of `role` that have validly signed, with their holders.
pub fn valid_signers(
    envelope: &Envelope,
    roots: &[&Root],
    role: RoleName,
) -> BTreeMap<Digest, Holder> {
    roots
        .iter()
        .flat_map(|root| {
            root.valid_signers(role, envelope)
                .into_iter()
                .filter_map(|keyid| Some((keyid, root.holder(&keyid)?.clone())))
        })
        .collect()
}

/// How far each clause of `role` is fulfilled.
pub fn clause_states(envelope: &Envelope, root: &Root, role: RoleName) -> Vec<ClauseState> {
    let good = root.valid_signers(role, envelope);
    clauses(root, role)
        .map(|clause| {
            let holders = |signed: bool| -> Vec<Holder> {
                clause
                    .keys
                    .iter()
                    .filter(|keyid| good.contains(*keyid) == signed)
                    .filter_map(|keyid| root.holder(keyid).cloned())
                    .collect()
            };
            let mut state = ClauseState {
                clause: clause.name.clone(),
                needed: clause.threshold,
                signed: holders(true),
                missing: holders(false),
            };
            if state.holds() {
                state.missing.clear();
            }
            state
        })
        .collect()
}

/// Shows who signed and who is still missing.
pub fn show_clauses(out: Out, states: &[ClauseState]) {
    let mut table = Table::new([
        out.words(text::CLAUSE),
        out.words(text::SIGNED_BY),
        out.words(text::MISSING_SIGNATURE),
    ]);
    for state in states {
        let count = format!("{} {}/{}", state.clause, state.signed.len(), state.needed);
        table.row([count, list(&state.signed), list(&state.missing)]);
    }
    out.table(&table);
    if states.iter().all(ClauseState::holds) {
        out.say(out.words(text::COMPLETE));
    }
}

fn list(holders: &[Holder]) -> String {
    if holders.is_empty() {
        return "–".to_owned();
    }
    let names: Vec<&str> = holders.iter().map(Holder::as_str).collect();
    names.join(", ")
}

fn with_signatures(
    envelope: &Envelope,
    signatures: impl Iterator<Item = Signature>,
) -> Result<Envelope> {
    let mut next = Envelope::unsigned(
        envelope.payload_type(),
        envelope.unverified_payload().to_vec(),
    );
    for signature in signatures {
        next.add_signature(signature)?;
    }
    Ok(next)
}

fn clauses(root: &Root, role: RoleName) -> impl Iterator<Item = &Clause> {
    root.roles
        .0
        .get(&role)
        .into_iter()
        .flat_map(|role| &role.all)
}

fn member<'r>(root: &'r Root, role: RoleName, keyid: &Digest) -> Option<&'r Holder> {
    clauses(root, role)
        .any(|clause| clause.keys.contains(keyid))
        .then(|| root.holder(keyid))
        .flatten()
}

fn names(roots: &[&Root], keys: &[Digest]) -> String {
    let names: Vec<String> = keys
        .iter()
        .filter_map(|keyid| roots.iter().find_map(|root| root.holder(keyid)))
        .map(ToString::to_string)
        .collect();
    names.join(", ")
}
