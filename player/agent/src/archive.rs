//! The releases that were delivered to the screens and may still run: by them the agent knows
//! which media must stay.

use cotmoc_proto::Digest;
use cotmoc_proto::envelope::{Envelope, MAX_ENVELOPE_BYTES};
use cotmoc_proto::json::parse_strict;
use cotmoc_proto::release::Release;
use cotmoc_service::file::{self, FileError};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One delivered release.
#[derive(Debug, Clone)]
pub struct Delivered {
    pub digest: Digest,
    pub release: Release,
    path: PathBuf,
}

/// The delivered releases, oldest first.
#[derive(Debug)]
pub struct Archive {
    folder: PathBuf,
    releases: Vec<Delivered>,
}

impl Archive {
    /// Opens the archive in `folder`. A file that cannot be read is left out.
    ///
    /// # Errors
    /// If the folder cannot be made or listed.
    pub fn open(folder: PathBuf) -> std::io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        let mut archive = Self {
            releases: Vec::new(),
            folder,
        };
        for entry in archive.folder.read_dir()? {
            let path = entry?.path();
            match read(&path) {
                Some(delivered) => archive.releases.push(delivered),
                None => tracing::warn!(path = %path.display(), "not a delivered release"),
            }
        }
        archive.sort();
        Ok(archive)
    }

    /// The delivered releases, oldest first.
    #[must_use]
    pub fn releases(&self) -> &[Delivered] {
        &self.releases
    }

    /// Whether the release with this payload digest is here.
    #[must_use]
    pub fn has(&self, digest: &Digest) -> bool {
        self.releases.iter().any(|one| one.digest == *digest)
    }

    /// Keeps a release that is about to be delivered.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn put(&mut self, envelope: &[u8], digest: Digest) -> Result<(), FileError> {
        if self.has(&digest) {
            return Ok(());
        }
        let path = self.folder.join(format!("{digest}.dsse"));
        file::write_durably(&path, envelope)?;
        self.releases.extend(read(&path));
        self.sort();
        Ok(())
    }

    /// Of each release in `running`, the one before it.
    #[must_use]
    pub fn predecessors(&self, running: &BTreeSet<Digest>) -> BTreeSet<Digest> {
        self.releases
            .windows(2)
            .filter_map(|pair| match pair {
                [before, after] if running.contains(&after.digest) => Some(before.digest),
                _ => None,
            })
            .collect()
    }

    /// Forgets every release but those in `keep` and the newest.
    pub fn trim(&mut self, keep: &BTreeSet<Digest>) {
        let newest = self.releases.last().map(|one| one.digest);
        self.releases.retain(|one| {
            let stays = keep.contains(&one.digest) || Some(one.digest) == newest;
            if !stays && let Err(error) = std::fs::remove_file(&one.path) {
                tracing::warn!(path = %one.path.display(), %error, "an old release could not be removed");
            }
            stays
        });
    }

    fn sort(&mut self) {
        self.releases
            .sort_by_key(|one| (one.release.epoch, one.release.version));
    }
}

/// The folder is the agent's own, and what stands in it was verified before it was put there.
fn read(path: &Path) -> Option<Delivered> {
    let limit = u64::try_from(MAX_ENVELOPE_BYTES).ok()?;
    let envelope = Envelope::parse(&file::read_at_most(path, limit).ok()?).ok()?;
    Some(Delivered {
        digest: envelope.payload_digest(),
        release: parse_strict(envelope.unverified_payload()).ok()?,
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::media::Mime;
    use cotmoc_test_kit::{Site, media};

    #[test]
    fn the_running_release_its_predecessor_and_the_newest_stay() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::new();
        let slide = media::describe(Mime::Png, b"slide").asset;
        let mut archive = Archive::open(folder.path().to_owned()).unwrap();
        for version in [3, 1, 4, 2] {
            let envelope = site.seal_release(&site.release(version, &slide, &[&slide]));
            let digest = Envelope::parse(&envelope).unwrap().payload_digest();
            archive.put(&envelope, digest).unwrap();
        }
        let running = BTreeSet::from([archive.releases()[2].digest]);
        let before = archive.predecessors(&running);
        archive.trim(&running.union(&before).copied().collect());
        let versions = |archive: &Archive| -> Vec<_> {
            archive
                .releases()
                .iter()
                .map(|one| one.release.version)
                .collect()
        };
        assert_eq!(versions(&archive), [2, 3, 4]);
        let again = Archive::open(folder.path().to_owned()).unwrap();
        assert_eq!(versions(&again), [2, 3, 4]);
    }
}
