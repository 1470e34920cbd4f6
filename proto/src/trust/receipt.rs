//! A device's signed statement of what it runs and shows; each names the one before it.

use crate::crypto::{self, Algorithm};
use crate::digest::Digest;
use crate::envelope::{Envelope, PayloadType};
use crate::id::{BootId, ChannelId, DeviceId, ItemId, SiteId};
use crate::json::parse_strict;
use crate::reject::Reject;
use crate::time::TimeMs;
use serde::{Deserialize, Serialize};

/// What a device says it runs and shows, signed with its own key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    pub site: SiteId,
    pub channel: ChannelId,
    pub device: DeviceId,
    pub boot: BootId,
    /// Counts up by one; a gap is tampering or loss.
    pub n: u64,
    pub at_ms: TimeMs,
    pub root_version: u64,
    pub release: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_sha256: Option<Digest>,
    pub takedown: u64,
    /// Sequence number of the newest override that was accepted; 0: none.
    #[serde(default, skip_serializing_if = "crate::json::is_zero")]
    pub override_seq: u64,
    /// Items on air, one per zone; a template alone, where one is.
    pub showing: Vec<ItemId>,
    /// Digest of the payload of receipt `n - 1`; absent in the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<Digest>,
}

/// Checks that `bytes` is a receipt signed by the device key in `spki` (P-256).
///
/// # Errors
/// [`Reject`] as the first failing check says.
pub fn verify_receipt(spki: &[u8], bytes: &[u8]) -> Result<(Receipt, Digest), Reject> {
    let envelope = Envelope::parse(bytes)?;
    if envelope.payload_type() != PayloadType::Receipt {
        return Err(Reject::UnknownType {
            found: envelope.payload_type().as_str().to_owned(),
        });
    }
    let message = envelope.signed_bytes();
    let keyid = Digest::of(spki);
    let signed = envelope.signatures().iter().any(|s| {
        s.keyid == keyid && crypto::verify(Algorithm::EcdsaP256Sha256, spki, &message, &s.sig)
    });
    if !signed {
        let clause = "the device's own key".to_owned();
        return Err(Reject::Unsigned {
            role: "receipt",
            clause,
            valid: 0,
            needed: 1,
        });
    }
    let receipt = parse_strict(envelope.unverified_payload()).map_err(Reject::malformed)?;
    Ok((receipt, envelope.payload_digest()))
}
