//! What the gate tells: what it found when it opened, what became of what it read, what stops it.

use cotmoc_proto::device::{Event, EventKind};
use cotmoc_proto::{Digest, ItemId, Reject};
use std::path::PathBuf;

/// Why a gate cannot be opened at all. The screen then has nothing but its built-in slide.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    #[error("the factory root document is not usable")]
    FactoryRoot(#[source] Reject),
    #[error("the factory root document is for site {found}, this device is of site {expected}")]
    FactorySite { found: String, expected: String },
    #[error("the trust folder {} cannot be used", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// Kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Root,
    Takedown,
    Override,
    Release,
}

impl What {
    /// The kind as it is written in events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Takedown => "takedown",
            Self::Override => "override",
            Self::Release => "release",
        }
    }
}

/// Something on the screen's own disk that is not as the gate left it. Each is worth an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// One of two copies was lost; nothing is missing.
    #[error("state slot {slot} was damaged; the other one held, and what was signed since")]
    SlotDamaged { slot: &'static str },
    /// Counters are now what signed files on disk prove.
    #[error("both state slots were lost; the counters are taken from release {release} on disk")]
    StateLost { release: u64 },
    /// The slots contradict the chain of roots: somebody wrote them by hand.
    #[error("the state contradicts root {root_version}; the counters are taken from disk")]
    StateImplausible { root_version: u64 },
    /// The device was moved to another channel: its counters start anew.
    #[error("the device was in channel {from} before; its counters start anew")]
    Moved { from: String },
    /// No signed content is shown until the missing root is in the inbox again.
    #[error(
        "roots end at {have}, but root {need} was accepted: showing nothing signed until root.{need}.dsse is in the inbox again"
    )]
    RootChainBroken { have: u64, need: u64 },
    /// One of two copies was lost and has been replaced.
    #[error("one copy of root {version} was damaged and has been replaced by the other")]
    RootCopyRepaired { version: u64 },
    /// Both copies of a root are not what they were.
    #[error("root {version} on disk is not acceptable: {reason}")]
    RootDamaged { version: u64, reason: &'static str },
    /// The newest release cannot be shown; the one before it is, if it can.
    #[error("release {version} on disk cannot be shown ({reason}); release {} is", showing.map_or_else(|| "none".to_owned(), |v| v.to_string()))]
    ReleaseLost {
        version: u64,
        /// Code of the reason: `absent`, `other-release`, or that of a [`Reject`].
        reason: &'static str,
        showing: Option<u64>,
    },
    /// What it denied stays denied as long as a state slot holds.
    #[error("the kept takedown {name} was damaged: {reason}")]
    TakedownDamaged { name: String, reason: &'static str },
    /// The override in force cannot be proven by a signed file any more: damaged, or its signer's
    /// key was taken away. It ends.
    #[error("override {seq} cannot be proven any more and ends: {reason}")]
    OverrideUnproven { seq: u64, reason: &'static str },
    /// The disk does not take writes. The picture stays, nothing new can be accepted.
    #[error("the state could not be written: {detail}")]
    NotSaved { detail: String },
}

impl Finding {
    /// The stable code under which events report it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::SlotDamaged { .. } => "state-slot-damaged",
            Self::StateLost { .. } => "state-lost",
            Self::StateImplausible { .. } => "state-implausible",
            Self::Moved { .. } => "moved-channel",
            Self::RootChainBroken { .. } => "root-chain-broken",
            Self::RootCopyRepaired { .. } => "root-copy-repaired",
            Self::RootDamaged { .. } => "root-damaged",
            Self::ReleaseLost { .. } => "release-lost",
            Self::TakedownDamaged { .. } => "takedown-damaged",
            Self::OverrideUnproven { .. } => "override-unproven",
            Self::NotSaved { .. } => "state-not-saved",
        }
    }

    /// The event for the controller.
    #[must_use]
    pub fn event(&self) -> Event {
        let kind = match self {
            Self::NotSaved { .. } => EventKind::StorageFault,
            Self::SlotDamaged { .. }
            | Self::StateLost { .. }
            | Self::StateImplausible { .. }
            | Self::Moved { .. }
            | Self::RootChainBroken { .. }
            | Self::RootCopyRepaired { .. }
            | Self::RootDamaged { .. }
            | Self::ReleaseLost { .. }
            | Self::TakedownDamaged { .. }
            | Self::OverrideUnproven { .. } => EventKind::IntegrityFault,
        };
        let (reason, detail) = (self.code().to_owned(), self.to_string());
        let what = "trust".to_owned();
        Event::new(
            kind,
            [("what", what), ("reason", reason), ("detail", detail)],
        )
    }
}

/// What became of something in the inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    RootAccepted {
        version: u64,
    },
    ReleaseAccepted {
        version: u64,
        digest: Digest,
    },
    TakedownAccepted {
        seq: u64,
    },
    /// A template is ordered, or (`template` is `None`) what was ordered up to `ends` is ended.
    OverrideAccepted {
        seq: u64,
        template: Option<ItemId>,
        ends: Option<u64>,
    },
    /// An order was accepted, but the release in force does not show its template. Should a later
    /// release have it, it is shown for what is left of its time.
    OverrideHidden {
        seq: u64,
        reject: Reject,
    },
    /// The time of an override is used up.
    OverrideOver {
        seq: u64,
    },
    /// Refused for good, as long as the trust state stays as it is. `sha256` is of the envelope.
    Refused {
        what: What,
        reject: Reject,
        sha256: Digest,
    },
    /// A blob that a good release needs is not what was signed: it must be fetched anew.
    Damaged {
        asset: Digest,
        code: &'static str,
        detail: String,
    },
    /// It is good but could not be kept; it is tried again. A takedown or override is in force all
    /// the same.
    NotKept {
        what: What,
        detail: String,
    },
    /// Something on disk turned out not to be as it was left.
    Found(Finding),
}

impl Outcome {
    /// The event for the controller.
    #[must_use]
    pub fn event(&self) -> Event {
        let text = |n: &u64| n.to_string();
        match self {
            Self::RootAccepted { version } => {
                Event::new(EventKind::RootAccepted, [("version", text(version))])
            }
            Self::ReleaseAccepted { version, digest } => Event::new(
                EventKind::ReleaseAccepted,
                [("version", text(version)), ("sha256", digest.to_string())],
            ),
            Self::TakedownAccepted { seq } => {
                Event::new(EventKind::TakedownAccepted, [("seq", text(seq))])
            }
            Self::OverrideAccepted {
                seq,
                template,
                ends,
            } => {
                let mut event = Event::new(EventKind::OverrideAccepted, [("seq", text(seq))]);
                let template = template.as_ref().map(|id| ("template", id.to_string()));
                let more = template.into_iter().chain(ends.map(|n| ("ends", text(&n))));
                event
                    .detail
                    .extend(more.map(|(key, value)| (key.to_owned(), value)));
                event
            }
            Self::OverrideHidden { seq, reject } => Event::new(
                EventKind::OverrideRefused,
                [
                    ("seq", text(seq)),
                    ("reason", reject.code().to_owned()),
                    ("detail", reject.to_string()),
                ],
            ),
            Self::OverrideOver { seq } => Event::new(EventKind::OverrideOver, [("seq", text(seq))]),
            Self::Refused {
                what,
                reject,
                sha256,
            } => Event::new(
                refused(*what),
                [
                    ("reason", reject.code().to_owned()),
                    ("detail", reject.to_string()),
                    ("sha256", sha256.to_string()),
                ],
            ),
            Self::Damaged {
                asset,
                code,
                detail,
            } => Event::new(
                EventKind::MediaRefused,
                [
                    ("asset", asset.to_string()),
                    ("reason", (*code).to_owned()),
                    ("detail", detail.clone()),
                ],
            ),
            Self::NotKept { what, detail } => Event::new(
                EventKind::StorageFault,
                [
                    ("what", what.as_str().to_owned()),
                    ("reason", "not-kept".to_owned()),
                    ("detail", detail.clone()),
                ],
            ),
            Self::Found(finding) => finding.event(),
        }
    }
}

const fn refused(what: What) -> EventKind {
    match what {
        What::Root => EventKind::RootRefused,
        What::Takedown => EventKind::TakedownRefused,
        What::Override => EventKind::OverrideRefused,
        What::Release => EventKind::ReleaseRefused,
    }
}
