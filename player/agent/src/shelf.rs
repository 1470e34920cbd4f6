//! The media folder: what is in it, and putting blobs there and away.

use crate::settings::MediaLimits;
use cotmoc_player_core::media::{FileKind, Found, Space};
use cotmoc_proto::Digest;
use cotmoc_service::file::{self, FileError};
use ring::digest::{Context, SHA256};
use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

const BUFFER_BYTES: usize = 1 << 20;

/// The media folder.
#[derive(Debug)]
pub struct Shelf {
    folder: PathBuf,
    limits: MediaLimits,
    /// Blobs whose content this process knows to be right.
    checked: BTreeSet<Digest>,
}

impl Shelf {
    /// The media folder `folder`.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn open(folder: PathBuf, limits: MediaLimits) -> std::io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        Ok(Self {
            folder,
            limits,
            checked: BTreeSet::new(),
        })
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is in the folder. Files with foreign names are left alone.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn scan(&self) -> std::io::Result<Vec<Found>> {
        let mut found = Vec::new();
        for entry in self.folder.read_dir()? {
            let entry = entry?;
            let name = entry.file_name();
            let Some((digest, kind)) = name.to_str().and_then(parse_name) else {
                continue;
            };
            let Ok(meta) = entry.metadata() else { continue };
            found.push(Found {
                digest,
                kind,
                bytes: if meta.is_file() { meta.len() } else { 0 },
                checked: self.checked.contains(&digest),
            });
        }
        Ok(found)
    }

    /// How much the media may take.
    ///
    /// # Errors
    /// If the disk cannot be asked.
    pub fn space(&self) -> std::io::Result<Space> {
        let disk = rustix::fs::statvfs(&self.folder)?;
        let percent = disk.f_blocks.saturating_mul(disk.f_frsize) / 100;
        Ok(Space {
            free_bytes: disk.f_bavail.saturating_mul(disk.f_frsize),
            reserve_bytes: percent.saturating_mul(self.limits.keep_free_percent),
            quota_bytes: self.limits.quota_bytes,
        })
    }

    /// The content of these blobs is taken to be right.
    pub fn trust(&mut self, digests: impl IntoIterator<Item = Digest>) {
        self.checked.extend(digests);
    }

    /// The content of this blob is no longer taken to be right.
    pub fn doubt(&mut self, digest: Digest) {
        self.checked.remove(&digest);
    }

    /// No content is taken to be right any longer.
    pub fn doubt_all(&mut self) {
        self.checked.clear();
    }

    /// Removes a file.
    ///
    /// # Errors
    /// If it is there and cannot be removed.
    pub fn remove(&mut self, digest: Digest, kind: FileKind) -> std::io::Result<()> {
        let path = match kind {
            FileKind::Blob => blob_path(&self.folder, digest),
            FileKind::Part => part_path(&self.folder, digest),
        };
        tracing::info!(path = %path.display(), "removed from the media folder");
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

/// Where the blob `digest` stands in `folder`.
#[must_use]
pub fn blob_path(folder: &Path, digest: Digest) -> PathBuf {
    folder.join(format!("{digest}.blob"))
}

/// Where the blob `digest` stands in `folder` while it is being fetched.
#[must_use]
pub fn part_path(folder: &Path, digest: Digest) -> PathBuf {
    folder.join(format!("{digest}.part"))
}

/// The digest of a regular file's content.
///
/// # Errors
/// [`FileError`].
pub fn hash_file(path: &Path) -> Result<Digest, FileError> {
    let mut file = file::open_regular(path)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut context = Context::new(&SHA256);
    loop {
        let count = match file.read(&mut buffer) {
            Ok(0) => return Ok(finish(context)),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(source) => {
                let path = path.to_owned();
                return Err(FileError::Read { path, source });
            }
        };
        context.update(buffer.get(..count).unwrap_or_default());
    }
}

/// The digest that `context` has come to.
#[must_use]
pub fn finish(context: Context) -> Digest {
    let digest = context.finish();
    let bytes = digest.as_ref().first_chunk::<32>();
    Digest::from_bytes(*bytes.expect("SHA-256 has 32 bytes"))
}

fn parse_name(name: &str) -> Option<(Digest, FileKind)> {
    let (digest, end) = name.split_once('.')?;
    let kind = match end {
        "blob" => FileKind::Blob,
        "part" => FileKind::Part,
        _ => return None,
    };
    Some((digest.parse().ok()?, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scan_sees_blobs_and_parts_and_leaves_foreign_files_alone() {
        let folder = tempfile::tempdir().unwrap();
        let limits = MediaLimits {
            quota_bytes: 1,
            keep_free_percent: 10,
        };
        let mut shelf = Shelf::open(folder.path().join("media"), limits).unwrap();
        let digest = Digest::of(b"one");
        std::fs::write(blob_path(shelf.folder(), digest), b"one").unwrap();
        std::fs::write(part_path(shelf.folder(), Digest::of(b"two")), b"t").unwrap();
        std::fs::write(shelf.folder().join("notes.txt"), b"mine").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", blob_path(shelf.folder(), Digest::of(b"x")))
            .unwrap();
        shelf.trust([digest]);
        let found = shelf.scan().unwrap();
        assert_eq!(found.len(), 3);
        let one = found.iter().find(|file| file.digest == digest).unwrap();
        assert!(one.checked && one.bytes == 3);
        assert_eq!(
            hash_file(&blob_path(shelf.folder(), digest)).unwrap(),
            digest
        );
        let link = hash_file(&blob_path(shelf.folder(), Digest::of(b"x")));
        assert!(link.is_err());
        assert!(shelf.space().unwrap().free_bytes > 0);
    }
}
