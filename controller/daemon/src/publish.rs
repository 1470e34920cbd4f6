//! Checks a document before it is published, with the same code by which devices will judge it,
//! and with what the controller owes them besides: no number left out, every blob there.
//!
//! This protects people from publishing what every device would refuse. It adds no authority: a
//! controller that skipped it could still not put a picture on a wall.

use crate::published::{Board, Published};
use crate::store::{DocumentKind, DocumentRow, NewDocument};
use cotmoc_proto::envelope::{Envelope, PayloadType};
use cotmoc_proto::json::parse_strict;
use cotmoc_proto::media::Asset;
use cotmoc_proto::override_order::Override;
use cotmoc_proto::release::Release;
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::trust::{
    Identity, RoleName, Root, TrustState, admit_override, admit_release, admit_root,
    admit_takedown, factory_root,
};
use cotmoc_proto::{ChannelId, DeviceId, Digest, Reject};

/// What a document is that passed every check.
#[derive(Debug)]
pub enum Checked {
    /// To be published, once these assets are there.
    New {
        document: NewDocument,
        assets: Vec<Asset>,
    },
    /// Published before, as this.
    Known(DocumentRow),
}

/// Why a document is not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{0}")]
    Rejected(#[from] Reject),
    #[error("no root is published yet")]
    NoRoot,
    #[error("the first root must have version 1, not {found}")]
    NotFirstRoot { found: u64 },
    #[error("there is no channel {channel}")]
    UnknownChannel { channel: ChannelId },
    #[error("number {found} does not follow {last}")]
    Gap { last: u64, found: u64 },
    #[error(
        "it names {} as the release before it; that is {}",
        name(found),
        name(expected)
    )]
    WrongPrev {
        expected: Option<Digest>,
        found: Option<Digest>,
    },
    #[error("a {kind} cannot be published")]
    NotPublishable { kind: &'static str },
}

/// Checks the envelope `bytes` against what is published.
///
/// # Errors
/// [`Refusal`] as the first failing check says.
pub fn check(published: &Published, bytes: &[u8]) -> Result<Checked, Refusal> {
    let envelope = Envelope::parse(bytes)?;
    match envelope.payload_type() {
        PayloadType::Root => check_root(published, &envelope, bytes),
        PayloadType::Release => check_release(published, &envelope, bytes),
        PayloadType::Takedown => check_takedown(published, &envelope, bytes),
        PayloadType::Override => check_override(published, &envelope, bytes),
        PayloadType::Software => Err(Refusal::NotPublishable { kind: "software" }),
        PayloadType::Receipt => Err(Refusal::NotPublishable { kind: "receipt" }),
        PayloadType::Report => Err(Refusal::NotPublishable { kind: "report" }),
    }
}

fn check_root(
    published: &Published,
    envelope: &Envelope,
    bytes: &[u8],
) -> Result<Checked, Refusal> {
    let digest = envelope.payload_digest();
    if let Some(known) = published
        .roots
        .iter()
        .find(|row| row.payload_sha256 == digest)
    {
        return Ok(Checked::Known(known.clone()));
    }
    let root = match &published.root {
        Some(current) => admit_root(current, bytes)?,
        None => first_root(bytes)?,
    };
    Ok(Checked::New {
        document: NewDocument {
            kind: DocumentKind::Root,
            channel: None,
            epoch: root.epoch,
            number: root.version,
            resigned: 0,
            envelope_sha256: Digest::of(bytes),
            payload_sha256: digest,
            envelope: bytes.to_vec(),
            devices: Vec::new(),
            blobs: Vec::new(),
        },
        assets: Vec::new(),
    })
}

fn first_root(bytes: &[u8]) -> Result<Root, Refusal> {
    let root = factory_root(bytes)?;
    if root.version == 1 {
        Ok(root)
    } else {
        Err(Refusal::NotFirstRoot {
            found: root.version,
        })
    }
}

fn check_release(
    published: &Published,
    envelope: &Envelope,
    bytes: &[u8],
) -> Result<Checked, Refusal> {
    let root = published.root.as_deref().ok_or(Refusal::NoRoot)?;
    // Only to learn for whom it says it is; nothing else is believed before it is verified.
    let said: Release = parse_strict(envelope.unverified_payload()).map_err(Reject::malformed)?;
    let device = said.devices.first().ok_or_else(no_devices)?;
    let me = identity(root, &said.channel, device);
    let board = board(published, &said.channel);
    let state = state(root, board);
    let release = admit_release(root, &state, &me, bytes)?;
    let board = board.ok_or_else(|| Refusal::UnknownChannel {
        channel: said.channel.clone(),
    })?;
    if let Some(newest) = &board.newest
        && newest.row.payload_sha256 == release.digest
    {
        return Ok(Checked::Known(newest.row.clone()));
    }
    let release = release.document;
    follows(state.release, release.version)?;
    if release.prev != state.release_sha256 {
        return Err(Refusal::WrongPrev {
            expected: state.release_sha256,
            found: release.prev,
        });
    }
    let assets: Vec<Asset> = release.assets().into_iter().cloned().collect();
    let document = NewDocument {
        kind: DocumentKind::Release,
        channel: Some(release.channel),
        epoch: release.epoch,
        number: release.version,
        resigned: 0,
        envelope_sha256: Digest::of(bytes),
        payload_sha256: envelope.payload_digest(),
        envelope: bytes.to_vec(),
        devices: release.devices,
        blobs: assets
            .iter()
            .flat_map(|asset| [asset.sha256, asset.chunks_sha256])
            .collect(),
    };
    Ok(Checked::New { document, assets })
}

fn check_takedown(
    published: &Published,
    envelope: &Envelope,
    bytes: &[u8],
) -> Result<Checked, Refusal> {
    let root = published.root.as_deref().ok_or(Refusal::NoRoot)?;
    let said: Takedown = parse_strict(envelope.unverified_payload()).map_err(Reject::malformed)?;
    let board = board(published, &said.channel);
    let state = state(root, board);
    // A takedown names no devices: any name stands for all of them.
    let me = identity(root, &said.channel, &any_device());
    let takedown = admit_takedown(root, &state, &me, bytes)?;
    let board = board.ok_or_else(|| Refusal::UnknownChannel {
        channel: said.channel.clone(),
    })?;
    let known = board
        .takedowns
        .iter()
        .find(|issued| issued.row.number == said.seq);
    if let Some(known) = known {
        if known.row.payload_sha256 == takedown.digest {
            return Ok(Checked::Known(known.row.clone()));
        }
        return Err(Reject::Equivocation { version: said.seq }.into());
    }
    let takedown = takedown.document;
    follows(state.takedown, takedown.seq)?;
    Ok(Checked::New {
        document: NewDocument {
            kind: DocumentKind::Takedown,
            channel: Some(takedown.channel),
            epoch: takedown.epoch,
            number: takedown.seq,
            resigned: 0,
            envelope_sha256: Digest::of(bytes),
            payload_sha256: envelope.payload_digest(),
            envelope: bytes.to_vec(),
            devices: Vec::new(),
            blobs: Vec::new(),
        },
        assets: Vec::new(),
    })
}

fn check_override(
    published: &Published,
    envelope: &Envelope,
    bytes: &[u8],
) -> Result<Checked, Refusal> {
    let root = published.root.as_deref().ok_or(Refusal::NoRoot)?;
    let said: Override = parse_strict(envelope.unverified_payload()).map_err(Reject::malformed)?;
    let board = board(published, &said.channel);
    let mut state = state(root, board);
    let me = identity(root, &said.channel, &any_device());
    let order = admit_override(root, &state, &me, bytes)?;
    let board = board.ok_or_else(|| Refusal::UnknownChannel {
        channel: said.channel.clone(),
    })?;
    let newest = board.overrides.last();
    if let Some(known) = newest.filter(|known| known.row.payload_sha256 == order.digest) {
        return Ok(Checked::Known(known.row.clone()));
    }
    let (order, digest) = (order.document, order.digest);
    follows(state.override_seq, order.seq)?;
    state.on_override(&order, digest);
    if let Some(template) = order.template() {
        let release = board.newest.as_ref().map(|issued| &issued.document);
        let release = release.ok_or_else(|| template.without_release())?;
        state.template_in(release)?;
    }
    Ok(Checked::New {
        document: NewDocument {
            kind: DocumentKind::Override,
            channel: Some(order.channel),
            epoch: order.epoch,
            number: order.seq,
            resigned: 0,
            envelope_sha256: Digest::of(bytes),
            payload_sha256: digest,
            envelope: bytes.to_vec(),
            devices: Vec::new(),
            blobs: Vec::new(),
        },
        assets: Vec::new(),
    })
}

/// `row`, published as `kept`, with the signatures that `bytes` adds to it; `None` if it adds none
/// that count, or `bytes` is not the same document. A release that is signed anew by others can
/// so outlive the root that takes its first signers' keys away.
#[must_use]
pub fn signed_anew(
    root: &Root,
    row: &DocumentRow,
    (kept, bytes): (&[u8], &[u8]),
) -> Option<NewDocument> {
    let role = match row.kind {
        // Roots follow one another; what one was signed with is what the next is checked by.
        DocumentKind::Root => return None,
        DocumentKind::Release => RoleName::Release,
        DocumentKind::Takedown => RoleName::Takedown,
        DocumentKind::Override => RoleName::Override,
    };
    let (kept, sent) = (Envelope::parse(kept).ok()?, Envelope::parse(bytes).ok()?);
    let merged = root.merge(role, &kept, &sent)?;
    let devices = match row.kind {
        DocumentKind::Release => {
            let release: Release = parse_strict(merged.unverified_payload()).ok()?;
            release.devices
        }
        DocumentKind::Root | DocumentKind::Takedown | DocumentKind::Override => Vec::new(),
    };
    let envelope = merged.to_bytes();
    Some(NewDocument {
        kind: row.kind,
        channel: row.channel.clone(),
        epoch: row.epoch,
        number: row.number,
        resigned: row.resigned + 1,
        envelope_sha256: Digest::of(&envelope),
        payload_sha256: row.payload_sha256,
        envelope,
        devices,
        // They are noted under the first envelope already.
        blobs: Vec::new(),
    })
}

fn board<'a>(published: &'a Published, channel: &ChannelId) -> Option<&'a Board> {
    published.channels.get(channel)
}

/// What a device remembers that has everything that is published.
fn state(root: &Root, board: Option<&Board>) -> TrustState {
    let mut state = TrustState::fresh(root);
    let Some(board) = board else {
        return state;
    };
    if let Some(newest) = &board.newest {
        state.on_release(&newest.document, newest.row.payload_sha256);
    }
    for takedown in &board.takedowns {
        state.on_takedown(&takedown.document);
    }
    for order in &board.overrides {
        state.on_override(&order.document, order.row.payload_sha256);
    }
    state
}

fn identity(root: &Root, channel: &ChannelId, device: &DeviceId) -> Identity {
    Identity {
        site: root.site.clone(),
        channel: channel.clone(),
        device: device.clone(),
    }
}

fn any_device() -> DeviceId {
    "any".parse().expect("the name is a legal identifier")
}

fn follows(last: u64, found: u64) -> Result<(), Refusal> {
    if found == last + 1 {
        Ok(())
    } else {
        Err(Refusal::Gap { last, found })
    }
}

fn no_devices() -> Reject {
    Reject::BadRelease {
        detail: "it names no device".to_owned(),
    }
}

fn name(digest: &Option<Digest>) -> String {
    digest.map_or_else(|| "none".to_owned(), |digest| digest.short())
}
