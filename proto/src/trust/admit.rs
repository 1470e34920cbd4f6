//! The order of checks by which a document is admitted. The first check that fails decides.

use super::root::{RoleName, Root};
use super::state::TrustState;
use crate::digest::Digest;
use crate::envelope::{Envelope, PayloadType};
use crate::id::{ChannelId, DeviceId, SiteId};
use crate::json::parse_strict;
use crate::override_order::Override;
use crate::reject::Reject;
use crate::release::Release;
use crate::takedown::Takedown;

/// Who a device is: what documents for it must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub site: SiteId,
    pub channel: ChannelId,
    pub device: DeviceId,
}

/// A document whose every check held, with the digest of its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted<T> {
    pub document: T,
    pub digest: Digest,
}

/// Reads the root document that came with the device. It must be signed by its own root keys.
///
/// # Errors
/// [`Reject`] as the first failing check says.
pub fn factory_root(bytes: &[u8]) -> Result<Root, Reject> {
    let envelope = open(bytes, PayloadType::Root)?;
    let root: Root = parse_strict(envelope.unverified_payload()).map_err(Reject::malformed)?;
    root.check()?;
    root.verify(RoleName::Root, &envelope)?;
    Ok(root)
}

/// Admits the root that follows `current`: version exactly one more, epoch the same or one more,
/// signed by the root keys of both.
///
/// # Errors
/// [`Reject`] as the first failing check says.
pub fn admit_root(current: &Root, bytes: &[u8]) -> Result<Root, Reject> {
    let envelope = open(bytes, PayloadType::Root)?;
    current.verify(RoleName::Root, &envelope)?;
    let next: Root = parse_strict(envelope.unverified_payload()).map_err(Reject::malformed)?;
    if next.site != current.site {
        return Err(not_for_us("site", &next.site));
    }
    let (have, got) = (current.version, next.version);
    if got <= have {
        return Err(Reject::Rollback { have, got });
    }
    if got != have + 1 {
        return Err(Reject::RootGap { have, got });
    }
    next.check()?;
    if next.epoch < current.epoch || next.epoch > current.epoch + 1 {
        return Err(Reject::WrongEpoch {
            have: current.epoch,
            got: next.epoch,
        });
    }
    next.verify(RoleName::Root, &envelope)?;
    Ok(next)
}

/// Checks a release by everything but the counters: signatures, strict form, whether it is for
/// `me`, epoch, its own rules. This is what a release on disk must pass at every boot.
///
/// # Errors
/// [`Reject`] as the first failing check says.
pub fn verify_release(
    root: &Root,
    me: &Identity,
    bytes: &[u8],
) -> Result<Admitted<Release>, Reject> {
    let envelope = open(bytes, PayloadType::Release)?;
    root.verify(RoleName::Release, &envelope)?;
    let release: Release =
        parse_strict(envelope.unverified_payload()).map_err(Reject::malformed)?;
    for_channel(me, &release.site, &release.channel)?;
    if !release.devices.contains(&me.device) {
        return Err(not_for_us("device", format!("not {}", me.device)));
    }
    for_epoch(root, release.epoch)?;
    release.check()?;
    Ok(Admitted {
        document: release,
        digest: envelope.payload_digest(),
    })
}

/// Admits a release: [`verify_release`], then the counters. Media are checked by the caller.
///
/// # Errors
/// [`Reject`] as the first failing check says.
pub fn admit_release(
    root: &Root,
    state: &TrustState,
    me: &Identity,
    bytes: &[u8],
) -> Result<Admitted<Release>, Reject> {
    let admitted = verify_release(root, me, bytes)?;
    state.check_release(&admitted.document, admitted.digest)?;
    Ok(admitted)
}

/// Checks a takedown by everything but the counters.
///
/// # Errors
/// [`Reject`] as the first failing check says.
pub fn verify_takedown(
    root: &Root,
    me: &Identity,
    bytes: &[u8],
) -> Result<Admitted<Takedown>, Reject> {
    let envelope = open(bytes, PayloadType::Takedown)?;
    root.verify(RoleName::Takedown, &envelope)?;
    let takedown: Takedown =
        parse_strict(envelope.unverified_payload()).map_err(Reject::malformed)?;
    for_channel(me, &takedown.site, &takedown.channel)?;
    for_epoch(root, takedown.epoch)?;
    takedown.check()?;
    Ok(Admitted {
        document: takedown,
        digest: envelope.payload_digest(),
    })
}

/// Admits a takedown: [`verify_takedown`], then the counters.
///
/// # Errors
/// [`Reject`] as the first failing check says.
pub fn admit_takedown(
    root: &Root,
    state: &TrustState,
    me: &Identity,
    bytes: &[u8],
) -> Result<Admitted<Takedown>, Reject> {
    let admitted = verify_takedown(root, me, bytes)?;
    state.check_takedown(&admitted.document)?;
    Ok(admitted)
}

/// Checks an override by everything but the counters: also that it lasts no longer than the root
/// document allows. Under a root document without the role, none is good.
///
/// # Errors
/// [`Reject`] as the first failing check says.
pub fn verify_override(
    root: &Root,
    me: &Identity,
    bytes: &[u8],
) -> Result<Admitted<Override>, Reject> {
    let envelope = open(bytes, PayloadType::Override)?;
    root.verify(RoleName::Override, &envelope)?;
    let order: Override = parse_strict(envelope.unverified_payload()).map_err(Reject::malformed)?;
    for_channel(me, &order.site, &order.channel)?;
    for_epoch(root, order.epoch)?;
    order.check()?;
    let limit_ms = root.override_limit_ms;
    let lasts_ms = order.template().map_or(0, |template| template.duration_ms);
    if lasts_ms > limit_ms {
        return Err(Reject::BadOverride {
            detail: format!("it lasts {lasts_ms} ms; the root document allows {limit_ms} ms"),
        });
    }
    Ok(Admitted {
        document: order,
        digest: envelope.payload_digest(),
    })
}

/// Admits an override: [`verify_override`], then the counters. Whether the release in force has
/// its template is asked whenever something is shown ([`TrustState::template_in`]).
///
/// # Errors
/// [`Reject`] as the first failing check says.
pub fn admit_override(
    root: &Root,
    state: &TrustState,
    me: &Identity,
    bytes: &[u8],
) -> Result<Admitted<Override>, Reject> {
    let admitted = verify_override(root, me, bytes)?;
    state.check_override(&admitted.document, admitted.digest)?;
    Ok(admitted)
}

pub(super) fn open(bytes: &[u8], expected: PayloadType) -> Result<Envelope, Reject> {
    let envelope = Envelope::parse(bytes)?;
    if envelope.payload_type() != expected {
        return Err(Reject::UnknownType {
            found: envelope.payload_type().as_str().to_owned(),
        });
    }
    Ok(envelope)
}

fn for_channel(me: &Identity, site: &SiteId, channel: &ChannelId) -> Result<(), Reject> {
    if *site != me.site {
        return Err(not_for_us("site", site));
    }
    if *channel != me.channel {
        return Err(not_for_us("channel", channel));
    }
    Ok(())
}

pub(super) fn for_epoch(root: &Root, got: u64) -> Result<(), Reject> {
    if got == root.epoch {
        Ok(())
    } else {
        Err(Reject::WrongEpoch {
            have: root.epoch,
            got,
        })
    }
}

pub(super) fn not_for_us(what: &'static str, found: impl std::fmt::Display) -> Reject {
    Reject::NotForUs {
        what,
        found: found.to_string(),
    }
}
