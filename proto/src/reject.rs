//! Why a document was refused: one variant per reason, each with a stable code for events.

use crate::digest::Digest;
use crate::id::ItemId;

/// Why an envelope, root, release, takedown or override was refused. Nothing that was good before is
/// replaced when any of these is returned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    /// Larger than an envelope may be.
    #[error("the envelope has {bytes} bytes: more than is read")]
    TooBig { bytes: usize },
    /// Not the JSON that this type of document is made of.
    #[error("malformed: {detail}")]
    Malformed { detail: String },
    /// A payload type this version does not know, or not the one expected here.
    #[error("payload type {found:?} is not accepted here")]
    UnknownType { found: String },
    /// More signatures than an envelope may carry.
    #[error("{count} signatures; at most 16 are read")]
    TooManySignatures { count: usize },
    /// One key signed twice.
    #[error("key {} has signed already", keyid.short())]
    DuplicateSignature { keyid: Digest },
    /// Not enough valid signatures of the people the role requires.
    #[error("role {role}: {valid} of {needed} valid signatures by {clause}")]
    Unsigned {
        role: &'static str,
        clause: String,
        valid: usize,
        needed: usize,
    },
    /// A root document that breaks a rule of its own.
    #[error("root document: {detail}")]
    BadRoot { detail: String },
    /// Root documents must follow one another without a gap.
    #[error("root {got} cannot follow root {have}")]
    RootGap { have: u64, got: u64 },
    /// Meant for another site, channel or device.
    #[error("meant for another {what}: {found}")]
    NotForUs { what: &'static str, found: String },
    /// Of another epoch than the root document.
    #[error("epoch {got}, but the root document says {have}")]
    WrongEpoch { have: u64, got: u64 },
    /// Older than what is already known.
    #[error("version {got} is older than {have}")]
    Rollback { have: u64, got: u64 },
    /// The same version with other content: two documents claim one number.
    #[error("version {version} exists with other content")]
    Equivocation { version: u64 },
    /// A counter moved further than one step may.
    #[error("counter jumped from {have} to {got}; at most 10000 at once")]
    Jump { have: u64, got: u64 },
    /// A release that had expired, grace included, or an override that was over, when it was
    /// offered; by proven time alone.
    #[error("expired on {expired}, and its grace is used up")]
    Expired { expired: crate::time::TimeMs },
    /// A release that breaks a rule of its own.
    #[error("release: {detail}")]
    BadRelease { detail: String },
    /// A takedown that breaks a rule of its own.
    #[error("takedown: {detail}")]
    BadTakedown { detail: String },
    /// An override that breaks a rule of its own or of the root document.
    #[error("override: {detail}")]
    BadOverride { detail: String },
    /// A software release that breaks a rule of its own.
    #[error("software: {detail}")]
    BadSoftware { detail: String },
    /// A board runs something older than what the software release can follow.
    #[error("software {version} follows version {min} or later; version {running} runs here")]
    NeedsStep {
        version: u64,
        min: u64,
        running: u64,
    },
    /// An override whose template the release in force does not have, or has with other content.
    #[error("release {release} has no template {template} with the content that was ordered")]
    NoSuchTemplate { release: u64, template: ItemId },
    /// An override for other releases than the one in force (0: none).
    #[error("ordered for releases {min} to {max}; release {release} is in force")]
    OtherRelease { release: u64, min: u64, max: u64 },
    /// What was ordered has been taken down.
    #[error("asset {} is taken down", asset.short())]
    TakenDown { asset: Digest },
    /// The signed programme needs media that is not (wholly, correctly) here yet.
    #[error("asset {} is missing or damaged", asset.short())]
    MediaMissing { asset: Digest },
    /// The programme's media do not fit the device.
    #[error("media need {needed_bytes} bytes, {available_bytes} are available")]
    Quota {
        needed_bytes: u64,
        available_bytes: u64,
    },
    /// The content package of the release cannot be used.
    #[error("content package: {detail}")]
    BadLookup { detail: String },
}

impl Reject {
    /// The stable code under which events report this reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooBig { .. } => "too-big",
            Self::Malformed { .. } => "malformed",
            Self::UnknownType { .. } => "unknown-type",
            Self::TooManySignatures { .. } => "too-many-signatures",
            Self::DuplicateSignature { .. } => "duplicate-signature",
            Self::Unsigned { .. } => "unsigned",
            Self::BadRoot { .. } => "bad-root",
            Self::RootGap { .. } => "root-gap",
            Self::NotForUs { .. } => "not-for-us",
            Self::WrongEpoch { .. } => "wrong-epoch",
            Self::Rollback { .. } => "rollback",
            Self::Equivocation { .. } => "equivocation",
            Self::Jump { .. } => "jump",
            Self::Expired { .. } => "expired",
            Self::BadRelease { .. } => "bad-release",
            Self::BadTakedown { .. } => "bad-takedown",
            Self::BadOverride { .. } => "bad-override",
            Self::BadSoftware { .. } => "bad-software",
            Self::NeedsStep { .. } => "needs-step",
            Self::NoSuchTemplate { .. } => "no-such-template",
            Self::OtherRelease { .. } => "other-release",
            Self::TakenDown { .. } => "taken-down",
            Self::MediaMissing { .. } => "media-missing",
            Self::Quota { .. } => "quota",
            Self::BadLookup { .. } => "bad-lookup",
        }
    }

    /// Malformed, with what the reader said.
    pub fn malformed(error: impl std::fmt::Display) -> Self {
        Self::Malformed {
            detail: error.to_string().chars().take(200).collect(),
        }
    }
}
