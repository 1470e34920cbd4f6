//! Which software a board may install: signed by builders, for its class, never older than what it has
//! taken before, whatever it runs.

use super::admit::{Admitted, for_epoch, not_for_us, open};
use super::root::{RoleName, Root};
use super::state::MAX_STEP;
use crate::digest::Digest;
use crate::envelope::PayloadType;
use crate::id::{BoardClass, SiteId};
use crate::json::parse_strict;
use crate::reject::Reject;
use crate::software::Software;
use serde::{Deserialize, Serialize};

/// Which board it is: what software for it must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    pub site: SiteId,
    pub class: BoardClass,
}

/// The counter of one board's software. It never falls but by a root of the next epoch: a board that
/// returned to what it ran before still refuses everything that is older than what it has accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoftwareState {
    pub epoch: u64,
    /// Version of the newest software that was accepted; 0: none yet.
    pub version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
}

impl SoftwareState {
    /// Whether software may be accepted after what was accepted before. The same again is.
    ///
    /// # Errors
    /// [`Reject::Rollback`], [`Reject::Equivocation`] or [`Reject::Jump`].
    pub fn check(&self, software: &Software, digest: Digest) -> Result<(), Reject> {
        let have = if self.epoch == software.epoch {
            self.version
        } else {
            0
        };
        let got = software.version;
        if got < have {
            return Err(Reject::Rollback { have, got });
        }
        if got == have && self.sha256 != Some(digest) {
            return Err(Reject::Equivocation { version: got });
        }
        if got.saturating_sub(have) > MAX_STEP {
            return Err(Reject::Jump { have, got });
        }
        Ok(())
    }

    /// What is remembered after `admitted` was accepted.
    #[must_use]
    pub const fn after(admitted: &Admitted<Software>) -> Self {
        Self {
            epoch: admitted.document.epoch,
            version: admitted.document.version,
            sha256: Some(admitted.digest),
        }
    }
}

/// Checks a software release by everything but the counter: signatures of the builders, strict form,
/// whether it is for `board`, epoch, its own rules. Under a root document without the role, none is
/// good.
///
/// # Errors
/// [`Reject`] as the first failing check says.
pub fn verify_software(
    root: &Root,
    board: &Board,
    bytes: &[u8],
) -> Result<Admitted<Software>, Reject> {
    let envelope = open(bytes, PayloadType::Software)?;
    root.verify(RoleName::Software, &envelope)?;
    let software: Software =
        parse_strict(envelope.unverified_payload()).map_err(Reject::malformed)?;
    if software.site != board.site {
        return Err(not_for_us("site", &software.site));
    }
    if software.class != board.class {
        return Err(not_for_us("board class", &software.class));
    }
    for_epoch(root, software.epoch)?;
    software.check()?;
    Ok(Admitted {
        document: software,
        digest: envelope.payload_digest(),
    })
}

/// Admits a software release: [`verify_software`], then the counter, then whether version `running`
/// can go to it. The bundle is checked by the caller.
///
/// # Errors
/// [`Reject`] as the first failing check says.
pub fn admit_software(
    root: &Root,
    state: &SoftwareState,
    (board, running): (&Board, u64),
    bytes: &[u8],
) -> Result<Admitted<Software>, Reject> {
    let admitted = verify_software(root, board, bytes)?;
    state.check(&admitted.document, admitted.digest)?;
    let Software {
        version,
        min_version,
        ..
    } = admitted.document;
    if running < min_version {
        return Err(Reject::NeedsStep {
            version,
            min: min_version,
            running,
        });
    }
    Ok(admitted)
}
