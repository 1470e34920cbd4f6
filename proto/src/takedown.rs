//! A takedown: one duty officer subtracts content from a channel, and can do nothing else.

use crate::digest::Digest;
use crate::id::{ChannelId, SiteId};
use crate::reject::Reject;
use crate::time::TimeMs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Subtracts assets, or a whole programme, from the releases of a channel up to `max_release`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Takedown {
    pub site: SiteId,
    pub channel: ChannelId,
    pub epoch: u64,
    /// Counts up by one with every takedown of the channel.
    pub seq: u64,
    pub issued_ms: TimeMs,
    /// Later releases are not touched, so that a recorded takedown cannot be used again.
    pub max_release: u64,
    /// Assets that are not shown until a release lifts the takedown.
    pub assets: BTreeSet<Digest>,
    /// Whether the whole programme gives way to the fallback.
    pub whole: bool,
    pub reason: String,
}

impl Takedown {
    /// Checks the rules that a takedown must keep by itself.
    ///
    /// # Errors
    /// [`Reject::BadTakedown`].
    pub fn check(&self) -> Result<(), Reject> {
        let detail = if self.seq == 0 || self.max_release == 0 {
            "sequence number or last release is 0"
        } else if self.assets.is_empty() && !self.whole {
            "it takes nothing down"
        } else if self.assets.len() > crate::release::MAX_ITEMS || self.reason.len() > 2_000 {
            "too many assets or too long a reason"
        } else {
            return Ok(());
        };
        Err(Reject::BadTakedown {
            detail: detail.to_owned(),
        })
    }
}
