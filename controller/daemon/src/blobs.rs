//! Media and other blobs as files named by their digest: `<data>/blobs/ab/<sha256>`. A file has its
//! name only once every byte of it was hashed and is on the disk.

use crate::settings::BlobLimits;
use crate::store::BlobRow;
use cotmoc_proto::Digest;
use cotmoc_proto::media::CHUNK_BYTES;
use cotmoc_service::file::{self, FileError};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Why a blob could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("the folder of the blobs could not be made ready")]
    Folder(#[source] std::io::Error),
    #[error("the upload could not be written")]
    Write(#[source] std::io::Error),
    #[error("the blob could not be put in place")]
    Place(#[from] FileError),
    #[error("the blob could not be read")]
    Read(#[source] std::io::Error),
    #[error("the bytes have the digest {found}")]
    Mismatch { found: Digest },
    #[error("more than {limit} bytes")]
    TooBig { limit: u64 },
    #[error("the disk has too little space left")]
    Full,
}

impl BlobError {
    /// Whether the disk is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        match self {
            Self::Full => true,
            Self::Folder(error) | Self::Write(error) | Self::Read(error) => file::is_full(error),
            Self::Place(error) => error.is_full(),
            Self::Mismatch { .. } | Self::TooBig { .. } => false,
        }
    }
}

/// The folder of the blobs.
#[derive(Debug)]
pub struct BlobFiles {
    folder: PathBuf,
    limits: BlobLimits,
    uploads: AtomicU64,
}

/// A blob that is arriving. Dropped before its end, it leaves nothing behind.
#[derive(Debug)]
pub struct Upload {
    file: File,
    path: PathBuf,
    whole: Sha256,
    chunk_digests: Sha256,
    size_bytes: u64,
    limits: BlobLimits,
}

impl BlobFiles {
    /// Makes the folder ready; what an earlier run left half done is removed.
    ///
    /// # Errors
    /// [`BlobError::Folder`].
    pub fn open(folder: PathBuf, limits: BlobLimits) -> Result<Self, BlobError> {
        let arriving = folder.join("arriving");
        match std::fs::remove_dir_all(&arriving) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(BlobError::Folder(error));
            }
            Ok(()) | Err(_) => {}
        }
        std::fs::create_dir_all(&arriving).map_err(BlobError::Folder)?;
        Ok(Self {
            folder,
            limits,
            uploads: AtomicU64::new(0),
        })
    }

    /// Whether the file of `blob` is there with its full length.
    #[must_use]
    pub fn holds(&self, blob: &BlobRow) -> bool {
        std::fs::symlink_metadata(self.path(blob.sha256))
            .is_ok_and(|meta| meta.is_file() && meta.len() == blob.size_bytes)
    }

    /// Opens a blob.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn read(&self, sha256: Digest) -> Result<File, FileError> {
        file::open_regular(&self.path(sha256))
    }

    /// The digest of the chunk list of a stored blob for chunks of `chunk_bytes`.
    ///
    /// # Errors
    /// [`BlobError::Place`] or [`BlobError::Read`].
    pub fn chunk_list_digest(&self, sha256: Digest, chunk_bytes: u32) -> Result<Digest, BlobError> {
        let mut file = self.read(sha256)?;
        let mut list = Sha256::new();
        let mut chunk = Vec::new();
        loop {
            chunk.clear();
            let read = (&mut file)
                .take(u64::from(chunk_bytes))
                .read_to_end(&mut chunk)
                .map_err(BlobError::Read)?;
            if read == 0 {
                return Ok(Digest::from_bytes(list.finalize().into()));
            }
            list.update(Sha256::digest(&chunk));
        }
    }

    /// Begins an upload of `announced_bytes`, as far as that is known.
    ///
    /// # Errors
    /// [`BlobError::TooBig`], [`BlobError::Full`] or [`BlobError::Write`].
    pub fn begin(&self, announced_bytes: Option<u64>) -> Result<Upload, BlobError> {
        let announced = announced_bytes.unwrap_or_default();
        let limit = self.limits.max_bytes;
        if announced > limit {
            return Err(BlobError::TooBig { limit });
        }
        let number = self.uploads.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.join("arriving").join(number.to_string());
        let file = File::create_new(&path).map_err(BlobError::Write)?;
        let upload = Upload {
            file,
            path,
            whole: Sha256::new(),
            chunk_digests: Sha256::new(),
            size_bytes: 0,
            limits: self.limits,
        };
        upload.check_space(announced)?;
        Ok(upload)
    }

    /// Ends an upload: the bytes must have the digest `expected`.
    ///
    /// # Errors
    /// [`BlobError::Mismatch`], [`BlobError::Write`] or [`BlobError::Place`].
    pub fn finish(&self, upload: Upload, expected: Digest) -> Result<BlobRow, BlobError> {
        let found = Digest::from_bytes(upload.whole.clone().finalize().into());
        if found != expected {
            return Err(BlobError::Mismatch { found });
        }
        upload.file.sync_all().map_err(BlobError::Write)?;
        let path = self.path(expected);
        let folder = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder).map_err(BlobError::Folder)?;
        file::rename_durably(&upload.path, &path)?;
        file::sync_folder(&self.folder)?;
        Ok(BlobRow {
            sha256: expected,
            size_bytes: upload.size_bytes,
            chunks_sha256: Digest::from_bytes(upload.chunk_digests.clone().finalize().into()),
        })
    }

    fn path(&self, sha256: Digest) -> PathBuf {
        let name = sha256.to_string();
        let shelf: String = name.chars().take(2).collect();
        self.folder.join(shelf).join(name)
    }
}

impl Upload {
    /// How many bytes every piece but the last must have.
    pub const PIECE_BYTES: usize = CHUNK_BYTES as usize;

    /// Adds the next piece: [`Upload::PIECE_BYTES`] bytes, or fewer at the end.
    ///
    /// # Errors
    /// [`BlobError::TooBig`], [`BlobError::Full`] or [`BlobError::Write`].
    pub fn push(&mut self, piece: &[u8]) -> Result<(), BlobError> {
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.size_bytes = self.size_bytes.saturating_add(length);
        if self.size_bytes > self.limits.max_bytes {
            return Err(BlobError::TooBig {
                limit: self.limits.max_bytes,
            });
        }
        self.check_space(length)?;
        self.whole.update(piece);
        self.chunk_digests.update(Sha256::digest(piece));
        self.file.write_all(piece).map_err(BlobError::Write)
    }

    fn check_space(&self, more_bytes: u64) -> Result<(), BlobError> {
        let space = rustix::fs::fstatvfs(&self.file).map_err(|e| BlobError::Write(e.into()))?;
        let free_bytes = space.f_bavail.saturating_mul(space.f_frsize);
        if free_bytes < more_bytes.saturating_add(self.limits.keep_free_bytes) {
            return Err(BlobError::Full);
        }
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn remove(path: &Path) {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::warn!(%error, path = %path.display(), "an unfinished upload could not be removed");
        }
        Ok(()) | Err(_) => {}
    }
}
