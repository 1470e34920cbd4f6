//! The folder of media, and which of its blobs this process has already hashed from end to end.

use super::check::{AssetCheck, Progress};
use super::reader::{VerifiedReader, blob_path};
use super::{Defect, MediaError};
use cotmoc_proto::Digest;
use cotmoc_proto::media::Asset;
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What tells one state of a file from another. The change time cannot be set by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// `None` if the file cannot be asked.
    pub fn of(file: &File) -> Option<Self> {
        Some(Self::from(&file.metadata().ok()?))
    }

    /// Of whatever stands at `path`; `None` if nothing does.
    pub fn at(path: &Path) -> Option<Self> {
        Some(Self::from(&path.symlink_metadata().ok()?))
    }
}

impl From<&Metadata> for Stamp {
    fn from(meta: &Metadata) -> Self {
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            bytes: meta.len(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }
}

/// The media of a device. Clones share what they know.
#[derive(Debug, Clone)]
pub struct MediaShelf {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    /// What whole checks have found, by asset and chunk list.
    known: Mutex<BTreeMap<(Digest, Digest), Known>>,
}

#[derive(Debug, Clone)]
struct Known {
    stamp: Stamp,
    /// `None`: it is what was signed.
    defect: Option<Defect>,
}

impl MediaShelf {
    /// The shelf of the media in `folder`.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            inner: Arc::new(Inner {
                folder: folder.into(),
                known: Mutex::new(BTreeMap::new()),
            }),
        }
    }

    /// The folder of the media.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.inner.folder
    }

    /// Opens an asset for reading.
    ///
    /// # Errors
    /// [`MediaError`] if it or its chunk list is missing, of the wrong size, not a regular file or
    /// not readable.
    pub fn open(&self, asset: &Asset) -> Result<VerifiedReader, MediaError> {
        VerifiedReader::open(&self.inner.folder, asset)
    }

    /// The whole asset in our own memory: every chunk and the whole are what was signed.
    ///
    /// # Errors
    /// [`MediaError`] at the first byte that is not.
    pub fn read(&self, asset: &Asset) -> Result<Vec<u8>, MediaError> {
        let mut reader = self.open(asset)?;
        let failed = |error| match io::Error::downcast::<MediaError>(error) {
            Ok(error) => error,
            Err(source) => MediaError::Io {
                blob: asset.sha256,
                source,
            },
        };
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(failed)?;
        if Digest::of(&bytes) != asset.sha256 {
            return Err(MediaError::integrity(asset.sha256, Defect::Whole));
        }
        Ok(bytes)
    }

    /// Reads and hashes the whole asset, whatever is known about it.
    ///
    /// # Errors
    /// [`MediaError`] at the first byte that is not what was signed.
    pub fn check(&self, asset: &Asset) -> Result<(), MediaError> {
        let mut check = AssetCheck::new(self.clone(), self.open(asset)?);
        while check.step(u64::MAX)? == Progress::More {}
        Ok(())
    }

    /// [`MediaShelf::check`] of an asset that was found damaged: a file in which this process has
    /// found a defect is not read again before it changes.
    ///
    /// # Errors
    /// [`MediaError`] at the first byte that is not what was signed.
    pub fn recheck(&self, asset: &Asset) -> Result<(), MediaError> {
        let stamp = Stamp::of(self.open(asset)?.file());
        match self.known(asset, stamp).and_then(|known| known.defect) {
            Some(defect) => Err(MediaError::integrity(asset.sha256, defect)),
            None => self.check(asset),
        }
    }

    /// Begins the check of an asset; `None` if this process has found the same file good before.
    pub(crate) fn begin_check(&self, asset: &Asset) -> Result<Option<AssetCheck>, MediaError> {
        let reader = self.open(asset)?;
        match self.known(asset, Stamp::of(reader.file())) {
            Some(Known { defect: None, .. }) => Ok(None),
            Some(Known {
                defect: Some(defect),
                ..
            }) => Err(MediaError::integrity(asset.sha256, defect)),
            None => Ok(Some(AssetCheck::new(self.clone(), reader))),
        }
    }

    /// The file that now stands for `blob`, without waiting for it.
    pub(crate) fn stamp(&self, blob: Digest) -> Option<Stamp> {
        let path = blob_path(&self.inner.folder, blob);
        Stamp::of(&cotmoc_service::file::open_regular(&path).ok()?)
    }

    pub(super) fn remember(&self, asset: &Asset, stamp: Option<Stamp>, defect: Option<Defect>) {
        let Some(stamp) = stamp else { return };
        let mut known = self
            .inner
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(key(asset), Known { stamp, defect });
    }

    fn known(&self, asset: &Asset, stamp: Option<Stamp>) -> Option<Known> {
        let known = self
            .inner
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known
            .get(&key(asset))
            .filter(|known| Some(known.stamp) == stamp)
            .cloned()
    }
}

/// Size and chunk length need no place here: both are checked whenever the asset is opened.
const fn key(asset: &Asset) -> (Digest, Digest) {
    (asset.sha256, asset.chunks_sha256)
}
