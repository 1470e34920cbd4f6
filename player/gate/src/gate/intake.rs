//! What comes in: roots, takedowns, overrides, the release, in this order. Verified first, then written as a
//! file, then counted, then in force.

mod media;
mod order;

use super::{Gate, Running, boot};
use crate::book::Named;
use crate::media::Stamp;
use crate::report::{Outcome, What};
use crate::vault::{self, MAX_TAKEDOWNS};
use cotmoc_proto::envelope::Envelope;
use cotmoc_proto::release::Release;
use cotmoc_proto::trust::{self, Admitted, RoleName, Root};
use cotmoc_proto::{Digest, Reject};
use cotmoc_service::file::FileError;
use media::{Checking, Media};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const RELEASE: &str = "release.dsse";
const MAX_REMEMBERED: usize = 4_096;

/// What is remembered from one look into the inbox to the next.
#[derive(Debug, Default)]
pub struct Intake {
    /// Reported refusals, by digest and code.
    refused: BTreeSet<(Digest, &'static str)>,
    /// Takedown envelopes that need no second look.
    handled: BTreeSet<Digest>,
    /// Override envelopes that need no second look.
    ordered: BTreeSet<Digest>,
    /// Overrides whose time is used up, to be told.
    pub(super) over: Vec<u64>,
    /// The override that is not shown and why, as it was told.
    hidden: Option<(u64, &'static str)>,
    /// Takedown files that say nothing new before they, or what is accepted, change: whoever fills
    /// the inbox must not keep the gate busy.
    idle: BTreeMap<String, Stamp>,
    /// The same of override files.
    idle_orders: BTreeMap<String, Stamp>,
    /// The release envelope that needs no second look.
    settled: Option<Digest>,
    /// The release envelope whose media are being checked.
    candidate: Option<Digest>,
    checking: Option<Checking>,
    damaged: BTreeMap<Digest, Option<Stamp>>,
    /// Takedowns in force that the disk has not taken yet.
    unkept: Vec<(u64, Digest, Vec<u8>)>,
    /// The override in force that the disk has not taken yet.
    unkept_order: Option<(u64, Vec<u8>)>,
    pub(super) waiting_for: Option<Digest>,
    pub(super) is_checking: bool,
}

impl Gate {
    /// Looks into the inbox and takes what is good. Idempotent. A refusal is told once for the
    /// same bytes; a release whose media are not all here is tried again quietly.
    ///
    /// Media are hashed here, at the speed of the disk. If a root or takedown arrives meanwhile
    /// this returns early, with [`Gate::is_checking`] set: call it again at once.
    pub fn ingest(&mut self) -> Vec<Outcome> {
        let mut checked = None;
        loop {
            let outcomes = self.ingest_step();
            let is_other = checked.is_some() && checked != self.intake.candidate;
            checked = self.intake.candidate;
            if !self.intake.is_checking || !outcomes.is_empty() || is_other {
                return outcomes;
            }
        }
    }

    /// [`Gate::ingest`] in steps, for whoever has something else to do: hashes a few megabytes at
    /// most. Call it again soon while [`Gate::is_checking`].
    pub fn ingest_step(&mut self) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        self.keep_unkept();
        self.take_roots(&mut outcomes);
        self.take_takedowns(&mut outcomes);
        self.take_overrides(&mut outcomes);
        self.take_release(&mut outcomes);
        self.tell_of_override(&mut outcomes);
        outcomes
    }

    fn take_roots(&mut self, outcomes: &mut Vec<Outcome>) {
        loop {
            let version = self.standing.root.version.saturating_add(1);
            let name = format!("root.{version}.dsse");
            let Some(bytes) = self.read_inbox(&name, What::Root, outcomes) else {
                return;
            };
            match trust::admit_root(&self.standing.root, &bytes) {
                Ok(root) => self.accept_root(&root, &bytes, outcomes),
                Err(reject) => self.refuse(What::Root, reject, Digest::of(&bytes), outcomes),
            }
            if self.standing.root.version < version {
                return;
            }
        }
    }

    /// Everything is judged anew under the new root, the running release too.
    fn accept_root(&mut self, root: &Root, bytes: &[u8], outcomes: &mut Vec<Outcome>) {
        if let Err(error) = self.vault.write_root(root.version, bytes) {
            return self.not_kept(What::Root, Digest::of(bytes), &error, outcomes);
        }
        let book = self.standing.book.clone();
        let standing = boot::again(&self.vault, &self.config.me, &self.factory, book);
        let standing = boot::keep(&mut self.slots, standing);
        let before = std::mem::replace(&mut self.standing, standing);
        let version = root.version;
        outcomes.push(Outcome::RootAccepted { version });
        let found = self.standing.findings.iter();
        let new = found.filter(|finding| !before.findings.contains(finding));
        outcomes.extend(new.cloned().map(Outcome::Found));
        self.intake.handled.clear();
        self.intake.ordered.clear();
        self.intake.idle.clear();
        self.intake.idle_orders.clear();
        self.intake.settled = None;
    }

    fn take_takedowns(&mut self, outcomes: &mut Vec<Outcome>) {
        if !self.standing.is_whole() {
            return;
        }
        let names = vault::takedown_names(&self.config.inbox_dir);
        let newest = names.len().saturating_sub(MAX_TAKEDOWNS);
        let mut idle = BTreeMap::new();
        for name in names.into_iter().skip(newest) {
            let stamp = Stamp::at(&self.config.inbox_dir.join(&name));
            let is_idle = stamp.is_some() && self.intake.idle.get(&name) == stamp.as_ref();
            if !is_idle && let Some(bytes) = self.read_inbox(&name, What::Takedown, outcomes) {
                self.take_takedown(bytes, outcomes);
            }
            idle.extend(stamp.map(|stamp| (name, stamp)));
        }
        self.intake.idle = idle;
        if outcomes
            .iter()
            .any(|outcome| matches!(outcome, Outcome::TakedownAccepted { .. }))
        {
            self.intake.idle.clear();
            self.intake.idle_orders.clear();
        }
    }

    fn take_takedown(&mut self, bytes: Vec<u8>, outcomes: &mut Vec<Outcome>) {
        let sha256 = Digest::of(&bytes);
        if self.intake.handled.contains(&sha256) {
            return;
        }
        let standing = &mut self.standing;
        let (root, book) = (&standing.root, &mut standing.book);
        match trust::admit_takedown(root, &book.trust, &self.config.me, &bytes) {
            Err(reject) => self.refuse(What::Takedown, reject, sha256, outcomes),
            Ok(Admitted { document, digest }) => {
                let before = book.trust.clone();
                if before.is_effective(&document, book.oldest_version()) {
                    book.trust.on_takedown(&document);
                }
                if book.trust != before {
                    let seq = document.seq;
                    outcomes.push(Outcome::TakedownAccepted { seq });
                    self.keep_takedown((seq, digest, bytes), outcomes);
                }
                remember(&mut self.intake.handled, sha256);
            }
        }
    }

    /// Taking away comes first: it is in force before it is on disk.
    fn keep_takedown(&mut self, kept: (u64, Digest, Vec<u8>), outcomes: &mut Vec<Outcome>) {
        let (seq, digest, bytes) = &kept;
        let written = self.vault.write_takedown(*seq, *digest, bytes);
        let saved = written.and_then(|()| self.slots.save(&mut self.standing.book));
        if let Err(error) = saved {
            self.not_kept(What::Takedown, *digest, &error, outcomes);
            self.intake.unkept.push(kept);
        }
    }

    fn keep_unkept(&mut self) {
        for kept in std::mem::take(&mut self.intake.unkept) {
            // That the disk fails has been told when it first did.
            self.keep_takedown(kept, &mut Vec::new());
        }
        if let Some((seq, bytes)) = self.intake.unkept_order.take() {
            self.keep_override(seq, bytes, &mut Vec::new());
        }
    }

    fn take_release(&mut self, outcomes: &mut Vec<Outcome>) {
        self.intake.is_checking = false;
        self.intake.waiting_for = None;
        if !self.standing.is_whole() {
            return;
        }
        let Some(bytes) = self.read_inbox(RELEASE, What::Release, outcomes) else {
            self.forget_candidate();
            return;
        };
        let sha256 = Digest::of(&bytes);
        if self.intake.settled == Some(sha256) {
            return;
        }
        if self.intake.candidate != Some(sha256) {
            self.forget_candidate();
            self.intake.candidate = Some(sha256);
        }
        let standing = &self.standing;
        let (root, trust) = (&standing.root, &standing.book.trust);
        match trust::admit_release(root, trust, &self.config.me, &bytes) {
            Err(reject) => {
                self.forget_candidate();
                self.refuse(What::Release, reject, sha256, outcomes);
            }
            Ok(admitted) => self.take_admitted(&bytes, sha256, admitted, outcomes),
        }
    }

    fn take_admitted(
        &mut self,
        bytes: &[u8],
        sha256: Digest,
        admitted: Admitted<Release>,
        outcomes: &mut Vec<Outcome>,
    ) {
        let named = Named {
            version: admitted.document.version,
            sha256: admitted.digest,
        };
        let kept = if self.standing.running_name() == Some(named) {
            self.add_signatures(bytes)
        } else {
            match self.check_media(&admitted.document, outcomes) {
                Media::Ready => {
                    if let Err(reject) = self.tried(&admitted.document) {
                        return self.failed(reject, sha256, outcomes);
                    }
                    self.accept_release(bytes, named, admitted.document)
                }
                Media::More => {
                    self.intake.is_checking = true;
                    return;
                }
                Media::Lacks(blob) => {
                    self.intake.waiting_for = Some(blob);
                    return;
                }
            }
        };
        match kept {
            Ok(is_new) => {
                self.forget_candidate();
                self.intake.settled = Some(sha256);
                let (version, digest) = (named.version, named.sha256);
                let accepted = Outcome::ReleaseAccepted { version, digest };
                outcomes.extend(is_new.then_some(accepted));
            }
            Err(error) => self.not_kept(What::Release, sha256, &error, outcomes),
        }
    }

    fn tried(&self, release: &Release) -> Result<(), Reject> {
        let trial = self.trial.as_ref();
        trial.map_or(Ok(()), |trial| trial.release(release, &self.shelf))
    }

    /// A release that cannot be used will not be usable later: the same bytes are not tried again.
    fn failed(&mut self, reject: Reject, sha256: Digest, outcomes: &mut Vec<Outcome>) {
        if let Reject::MediaMissing { asset } = &reject {
            self.intake.waiting_for = Some(*asset);
            return;
        }
        self.forget_candidate();
        self.intake.settled = Some(sha256);
        self.refuse(What::Release, reject, sha256, outcomes);
    }

    fn accept_release(
        &mut self,
        bytes: &[u8],
        named: Named,
        release: Release,
    ) -> Result<bool, FileError> {
        let standing = &mut self.standing;
        let running = standing.running.as_ref();
        let seat = running.map_or(crate::vault::Seat::Zero, |running| running.seat.other());
        self.vault.write_release(seat, bytes)?;
        let mut book = standing.book.clone();
        book.recovering &= named.version == book.trust.release;
        book.previous = running.map(|running| running.named);
        book.trust.on_release(&release, named.sha256);
        book.trust.forget_lifted(book.oldest_version());
        self.slots.save(&mut book)?;
        standing.book = book;
        standing.running = Some(Running {
            release: Arc::new(release),
            named,
            seat,
        });
        self.drop_lifted_takedowns();
        self.intake.idle.clear();
        self.intake.idle_orders.clear();
        Ok(true)
    }

    /// The running release came again with other signatures: the good ones are added to those
    /// kept, so that it outlives a root that takes one of its signers away.
    fn add_signatures(&mut self, bytes: &[u8]) -> Result<bool, FileError> {
        let Some(running) = &self.standing.running else {
            return Ok(false);
        };
        let kept_bytes = self.vault.release(running.seat)?;
        let (Ok(kept), Ok(new)) = (Envelope::parse(&kept_bytes), Envelope::parse(bytes)) else {
            return Ok(false);
        };
        let root = &self.standing.root;
        if let Some(merged) = root.merge(RoleName::Release, &kept, &new) {
            self.vault.write_release(running.seat, &merged.to_bytes())?;
        }
        Ok(false)
    }

    fn drop_lifted_takedowns(&self) {
        let standing = &self.standing;
        let roots = (&standing.root, standing.earlier_roots.as_slice());
        let (trust, oldest) = (&standing.book.trust, standing.book.oldest_version());
        for name in self.vault.takedowns() {
            let Ok(bytes) = self.vault.takedown(&name) else {
                continue;
            };
            let verified = boot::verify_takedown(roots, &self.config.me, &bytes);
            if verified.is_ok_and(|takedown| !trust.is_effective(&takedown, oldest)) {
                self.vault.remove(&name);
            }
        }
    }

    /// One file of the inbox; nothing there, and what cannot be an envelope, is `None`.
    fn read_inbox(
        &mut self,
        name: &str,
        what: What,
        outcomes: &mut Vec<Outcome>,
    ) -> Option<Vec<u8>> {
        let path = self.config.inbox_dir.join(name);
        let error = match vault::read_envelope(&path) {
            Ok(bytes) => return Some(bytes),
            Err(error) if error.is_not_found() => return None,
            Err(error) => error,
        };
        let reject = match &error {
            FileError::TooBig { bytes, .. } => Reject::TooBig {
                bytes: usize::try_from(*bytes).unwrap_or(usize::MAX),
            },
            FileError::NotRegular { .. }
            | FileError::Create { .. }
            | FileError::Write { .. }
            | FileError::Rename { .. }
            | FileError::SyncFolder { .. }
            | FileError::Open { .. }
            | FileError::Read { .. } => Reject::malformed(boot::chain(&error)),
        };
        let sha256 = Digest::of(format!("{name}: {reject}").as_bytes());
        self.refuse(what, reject, sha256, outcomes);
        None
    }

    fn refuse(&mut self, what: What, reject: Reject, sha256: Digest, outcomes: &mut Vec<Outcome>) {
        if remember(&mut self.intake.refused, (sha256, reject.code())) {
            outcomes.push(Outcome::Refused {
                what,
                reject,
                sha256,
            });
        }
    }

    fn not_kept(
        &mut self,
        what: What,
        sha256: Digest,
        error: &FileError,
        outcomes: &mut Vec<Outcome>,
    ) {
        if remember(&mut self.intake.refused, (sha256, "not-kept")) {
            let detail = boot::chain(error);
            outcomes.push(Outcome::NotKept { what, detail });
        }
    }

    fn forget_candidate(&mut self) {
        self.intake.candidate = None;
        self.intake.checking = None;
    }
}

/// Whether `one` was not in `set` yet. A set that has grown too long starts again.
fn remember<T: Ord>(set: &mut BTreeSet<T>, one: T) -> bool {
    if set.len() >= MAX_REMEMBERED {
        set.clear();
    }
    set.insert(one)
}
