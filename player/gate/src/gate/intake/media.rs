//! Whether all media of a release are here and are what was signed, found out step by step.

use super::super::Gate;
use crate::media::{AssetCheck, MediaError, Progress};
use crate::report::Outcome;
use cotmoc_proto::Digest;
use cotmoc_proto::media::Asset;
use cotmoc_proto::release::Release;

/// How much is hashed before takedowns are looked for again: a blink even without hardware help
/// and from a slow card.
const STEP_BYTES: u64 = 16 << 20;

/// What is known about the media of a release.
#[derive(Debug, Clone, Copy)]
pub enum Media {
    Ready,
    /// There is more to hash.
    More,
    /// This blob, at least, is missing or wrong.
    Lacks(Digest),
}

/// The asset whose check is under way.
#[derive(Debug)]
pub struct Checking {
    asset: Digest,
    check: AssetCheck,
}

impl Gate {
    pub(super) fn check_media(&mut self, release: &Release, outcomes: &mut Vec<Outcome>) -> Media {
        let mut left = STEP_BYTES;
        let mut lacks = None;
        for asset in release.assets_for(self.config.kind) {
            match self.check_asset(asset, &mut left) {
                Ok(Progress::Good) => {
                    self.intake.damaged.remove(&asset.sha256);
                }
                Ok(Progress::More) => return Media::More,
                Err(error) => {
                    lacks.get_or_insert(error.blob());
                    self.tell_damaged(&error, outcomes);
                }
            }
        }
        lacks.map_or(Media::Ready, Media::Lacks)
    }

    fn check_asset(&mut self, asset: &Asset, left: &mut u64) -> Result<Progress, MediaError> {
        let under_way = self.intake.checking.take();
        let mut check = match under_way {
            Some(checking) if checking.asset == asset.sha256 => checking.check,
            other => {
                self.intake.checking = other;
                match self.shelf.begin_check(asset)? {
                    None => return Ok(Progress::Good),
                    Some(check) => check,
                }
            }
        };
        let progress = check.step(*left)?;
        *left = left.saturating_sub(asset.size_bytes);
        if progress == Progress::More {
            let asset = asset.sha256;
            self.intake.checking = Some(Checking { asset, check });
        }
        Ok(progress)
    }

    /// A blob that is merely missing is on its way; one that is wrong must be fetched anew. It is
    /// told once for the same file.
    fn tell_damaged(&mut self, error: &MediaError, outcomes: &mut Vec<Outcome>) {
        if matches!(error, MediaError::Missing { .. }) {
            return;
        }
        let asset = error.blob();
        let stamp = self.shelf.stamp(asset);
        if self.intake.damaged.insert(asset, stamp) != Some(stamp) {
            outcomes.push(Outcome::Damaged {
                asset,
                code: error.code(),
                detail: super::boot::chain(error),
            });
        }
    }
}
