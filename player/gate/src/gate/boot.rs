//! Resolver: from what is on disk, what holds. Signed files outrank counters, so that a power cut
//! between the two loses nothing; counters outrank older signed files, so that nothing rolls back.

use super::{GateConfig, OVERRIDE_STEP_MS, Running, Standing};
use crate::book::{Book, Named, Slots};
use crate::report::Finding;
use crate::vault::{Seat, Vault};
use cotmoc_proto::Reject;
use cotmoc_proto::override_order::Override;
use cotmoc_proto::release::Release;
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::trust::{self, Admitted, Identity, InForce, Root, TrustState};
use cotmoc_service::file::FileError;
use std::error::Error;
use std::sync::Arc;

/// A release on disk that verifies under the current root.
struct Candidate {
    bytes: Vec<u8>,
    seat: Seat,
    named: Named,
    release: Arc<Release>,
}

/// The chain of roots: the newest, and the earlier ones of its epoch.
struct Chain {
    newest: Root,
    earlier: Vec<Root>,
}

/// Reads everything, slots included.
pub fn open(vault: &Vault, config: &GateConfig, factory: &Root) -> (Slots, Standing) {
    let is_used = vault.is_used();
    let (slots, found) = Slots::open(&config.trust_dir);
    let mut findings = Vec::new();
    if found.book.is_some() {
        let damaged = found.damaged.iter().map(|slot| slot.name());
        findings.extend(damaged.map(|slot| Finding::SlotDamaged { slot }));
    }
    let known = match found.book {
        Some(mut book) => {
            book.trust.spend_override(OVERRIDE_STEP_MS);
            Known::Book(Box::new(book))
        }
        None if is_used => Known::Lost,
        None => Known::Nothing,
    };
    let standing = load(vault, &config.me, factory, (known, findings));
    (slots, standing)
}

/// Reads everything but the slots: `book` is what they hold.
pub fn again(vault: &Vault, me: &Identity, factory: &Root, book: Book) -> Standing {
    load(
        vault,
        me,
        factory,
        (Known::Book(Box::new(book)), Vec::new()),
    )
}

/// Writes the book into both slots, so that what damage has used up is there again. That it
/// cannot be written is no reason to show less.
pub fn keep(slots: &mut Slots, mut standing: Standing) -> Standing {
    let first = slots.save(&mut standing.book);
    if let Err(error) = first.and_then(|()| slots.save(&mut standing.book)) {
        let detail = chain(&error);
        standing.findings.push(Finding::NotSaved { detail });
    }
    standing
}

/// `error` and its sources as one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// Checks a takedown under the current root or an earlier one of its epoch.
pub fn verify_takedown(
    roots: (&Root, &[Root]),
    me: &Identity,
    bytes: &[u8],
) -> Result<Takedown, Reject> {
    let (newest, earlier) = roots;
    let first = trust::verify_takedown(newest, me, bytes);
    let by_earlier = |reject| {
        let mut verified = earlier
            .iter()
            .filter_map(|root| trust::verify_takedown(root, me, bytes).ok());
        verified.next().ok_or(reject)
    };
    first
        .or_else(by_earlier)
        .map(|Admitted { document, .. }| document)
}

/// What the slots held.
enum Known {
    /// A device that was never used.
    Nothing,
    /// A device that was used and whose slots are gone.
    Lost,
    Book(Box<Book>),
}

fn load(
    vault: &Vault,
    me: &Identity,
    factory: &Root,
    (known, mut findings): (Known, Vec<Finding>),
) -> Standing {
    let roots = walk_chain(vault, factory, &mut findings);
    let (candidates, faults) = read_releases(vault, &roots.newest, me);
    let is_lost = matches!(known, Known::Lost);
    let mut book = settle(known, &roots.newest, me, &candidates, &mut findings);
    let mut standing_running = None;
    if roots.newest.version >= book.trust.root_version {
        roll_forward(&mut book, &roots.newest, me, &candidates);
        take_down(&mut book, vault, &roots, me, &mut findings);
        put_in_force(&mut book, vault, &roots.newest, me, &mut findings);
        if is_lost {
            // How much of its time was used is lost too.
            book.trust.override_in_force = None;
        }
        standing_running = choose(&book, candidates);
        let showing = standing_running.as_ref().map(|running| running.named);
        if let Some(newest) = book.newest().filter(|newest| showing != Some(*newest)) {
            findings.push(Finding::ReleaseLost {
                version: newest.version,
                reason: faults.first().copied().unwrap_or("other-release"),
                showing: showing.map(|named| named.version),
            });
        }
    } else {
        findings.push(Finding::RootChainBroken {
            have: roots.newest.version,
            need: book.trust.root_version,
        });
    }
    Standing {
        book,
        root: roots.newest,
        earlier_roots: roots.earlier,
        running: standing_running,
        findings,
    }
}

/// Follows the roots from the factory's on, and repairs a lost copy from the other.
fn walk_chain(vault: &Vault, factory: &Root, findings: &mut Vec<Finding>) -> Chain {
    let mut chain = Chain {
        newest: factory.clone(),
        earlier: Vec::new(),
    };
    loop {
        let version = chain.newest.version.saturating_add(1);
        let copies = vault.root(version);
        let is_absent = |copy: &Result<_, FileError>| copy.as_ref().is_err_and(is_not_found);
        if copies.iter().all(is_absent) {
            return chain;
        }
        let admitted = copies.map(|copy| {
            let bytes = copy.map_err(|error| file_code(&error))?;
            let root = trust::admit_root(&chain.newest, &bytes).map_err(|r| r.code())?;
            Ok::<_, &'static str>((root, bytes))
        });
        let (root, bytes, is_single) = match admitted {
            [Ok((root, bytes)), Ok((_, copy))] => {
                let is_single = bytes != copy;
                (root, bytes, is_single)
            }
            [Ok((root, bytes)), Err(_)] | [Err(_), Ok((root, bytes))] => (root, bytes, true),
            [Err(reason), Err(_)] => {
                findings.push(Finding::RootDamaged { version, reason });
                return chain;
            }
        };
        if is_single {
            findings.push(match vault.write_root(version, &bytes) {
                Ok(()) => Finding::RootCopyRepaired { version },
                Err(error) => Finding::NotSaved {
                    detail: self::chain(&error),
                },
            });
        }
        chain.follow(root);
    }
}

impl Chain {
    fn follow(&mut self, root: Root) {
        let before = std::mem::replace(&mut self.newest, root);
        if before.epoch == self.newest.epoch {
            self.earlier.push(before);
        } else {
            self.earlier.clear();
        }
    }
}

/// Releases on disk that verify, older first, and why the others do not.
fn read_releases(vault: &Vault, root: &Root, me: &Identity) -> (Vec<Candidate>, Vec<&'static str>) {
    let (mut candidates, mut faults) = (Vec::new(), Vec::new());
    for seat in Seat::BOTH {
        let read = vault.release(seat).map_err(|error| file_code(&error));
        let verified = read.and_then(|bytes| {
            let admitted = trust::verify_release(root, me, &bytes).map_err(|r| r.code())?;
            Ok(Candidate {
                seat,
                named: Named {
                    version: admitted.document.version,
                    sha256: admitted.digest,
                },
                release: Arc::new(admitted.document),
                bytes,
            })
        });
        match verified {
            Ok(candidate) => candidates.push(candidate),
            Err(fault) => faults.push(fault),
        }
    }
    candidates.sort_by_key(|candidate| candidate.named.version);
    (candidates, faults)
}

/// The book to go on with, its root counters in step with the chain if the chain is whole.
fn settle(
    known: Known,
    root: &Root,
    me: &Identity,
    candidates: &[Candidate],
    findings: &mut Vec<Finding>,
) -> Book {
    let mut book = match known {
        Known::Nothing => return Book::fresh(me, root),
        Known::Lost => {
            let book = rebuild(me, root, candidates);
            let release = book.trust.release;
            findings.push(Finding::StateLost { release });
            return book;
        }
        Known::Book(book) => at_home(*book, me, root, findings),
    };
    let trust = &mut book.trust;
    let contradicts = trust.root_version == root.version && trust.epoch != root.epoch
        || trust.root_version < root.version && trust.epoch > root.epoch;
    if contradicts {
        let root_version = root.version;
        findings.push(Finding::StateImplausible { root_version });
        return rebuild(me, root, candidates);
    }
    if root.version > trust.root_version {
        if root.epoch > trust.epoch {
            book.previous = None;
            book.recovering = false;
        }
        book.trust.on_root(root);
    }
    book
}

/// `book`, or a new one if it is of another site or channel. Roots are the site's; a device that
/// stays in its site does not forget them.
fn at_home(book: Book, me: &Identity, root: &Root, findings: &mut Vec<Finding>) -> Book {
    if book.site == me.site && book.channel == me.channel {
        return book;
    }
    findings.push(Finding::Moved {
        from: format!("{}/{}", book.site, book.channel),
    });
    let mut fresh = Book::fresh(me, root);
    if book.site == me.site {
        fresh.trust = TrustState {
            generation: book.trust.generation,
            root_version: book.trust.root_version,
            epoch: book.trust.epoch,
            floor_ms: book.trust.floor_ms,
            powered_ms: book.trust.powered_ms,
            ..fresh.trust
        };
    }
    fresh
}

/// A book from nothing but signed files.
fn rebuild(me: &Identity, root: &Root, candidates: &[Candidate]) -> Book {
    let mut book = Book::fresh(me, root);
    book.recovering = true;
    for candidate in candidates {
        if candidate.named.version > book.trust.release {
            book.previous = book.newest();
            book.trust
                .on_release(&candidate.release, candidate.named.sha256);
        }
    }
    book
}

/// Takes over releases that were written before a power cut kept them from being counted.
fn roll_forward(book: &mut Book, root: &Root, me: &Identity, candidates: &[Candidate]) {
    let is_here = |named: &Named| candidates.iter().any(|c| c.named == *named);
    for candidate in candidates {
        let is_newer = candidate.named.version > book.trust.release;
        if is_newer && trust::admit_release(root, &book.trust, me, &candidate.bytes).is_ok() {
            let before = book.newest().filter(is_here);
            book.previous = before.or(book.previous.filter(is_here));
            book.trust
                .on_release(&candidate.release, candidate.named.sha256);
        }
    }
}

/// Puts every kept takedown in force again and drops those that no longer take anything away.
fn take_down(
    book: &mut Book,
    vault: &Vault,
    roots: &Chain,
    me: &Identity,
    findings: &mut Vec<Finding>,
) {
    for name in vault.takedowns() {
        let read = vault.takedown(&name).map_err(|error| file_code(&error));
        let verified = read.and_then(|bytes| {
            verify_takedown((&roots.newest, &roots.earlier), me, &bytes).map_err(|r| r.code())
        });
        match verified {
            Ok(takedown) if book.trust.is_effective(&takedown, book.oldest_version()) => {
                book.trust.on_takedown(&takedown);
                continue;
            }
            Ok(_) | Err("wrong-epoch" | "not-for-us") => {}
            Err(reason) => {
                let name = name.clone();
                findings.push(Finding::TakedownDamaged { name, reason });
            }
        }
        vault.remove(&name);
    }
}

/// Takes over overrides that were written before a power cut kept them from being counted, and
/// ends the one in force if no signed file proves it under the newest root: a thief of a duty
/// officer's key loses what he ordered with the key.
fn put_in_force(
    book: &mut Book,
    vault: &Vault,
    root: &Root,
    me: &Identity,
    findings: &mut Vec<Finding>,
) {
    let mut fault = "absent";
    let mut is_proven = false;
    for name in vault.overrides() {
        let read = vault
            .override_order(&name)
            .map_err(|error| file_code(&error));
        let verified = read.and_then(|bytes| {
            let verified = trust::verify_override(root, me, &bytes).map_err(|r| r.code())?;
            let is_newer = verified.document.seq > book.trust.override_seq;
            if is_newer && trust::admit_override(root, &book.trust, me, &bytes).is_ok() {
                book.trust.on_override(&verified.document, verified.digest);
            }
            Ok(verified.document)
        });
        match verified {
            Ok(order) => is_proven |= proves(&order, book.trust.override_in_force.as_ref()),
            Err("wrong-epoch" | "not-for-us") => vault.remove(&name),
            Err(reason) => fault = reason,
        }
    }
    if let Some(order) = book.trust.override_in_force.take_if(|_| !is_proven) {
        findings.push(Finding::OverrideUnproven {
            seq: order.seq,
            reason: fault,
        });
    }
}

fn proves(order: &Override, in_force: Option<&InForce>) -> bool {
    in_force.is_some_and(|in_force| {
        order.seq == in_force.seq && order.template() == Some(&in_force.template)
    })
}

/// The newest release that was accepted, else the one before it, else none.
fn choose(book: &Book, candidates: Vec<Candidate>) -> Option<Running> {
    let wanted = [book.newest(), book.previous];
    let mut found = candidates;
    let wanted = wanted
        .iter()
        .flatten()
        .find(|named| found.iter().any(|c| c.named == **named))?;
    let index = found.iter().position(|c| c.named == *wanted)?;
    let candidate = found.swap_remove(index);
    Some(Running {
        release: candidate.release,
        named: candidate.named,
        seat: candidate.seat,
    })
}

fn is_not_found(error: &FileError) -> bool {
    error.is_not_found()
}

fn file_code(error: &FileError) -> &'static str {
    if error.is_not_found() {
        "absent"
    } else {
        "unreadable"
    }
}
