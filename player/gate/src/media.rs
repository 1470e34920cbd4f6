//! Media on disk, of which nothing is believed that has not been hashed in our own memory.

mod check;
mod reader;
mod shelf;

pub(crate) use check::{AssetCheck, Progress};
pub use reader::VerifiedReader;
pub use shelf::MediaShelf;
pub(crate) use shelf::Stamp;

use cotmoc_proto::Digest;
use cotmoc_service::file::FileError;
use std::io;

/// Why an asset cannot be read. Travels inside [`io::Error`]: see [`MediaError::within`].
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The blob is not on the device (yet).
    #[error("blob {} is not on the device", blob.short())]
    Missing { blob: Digest },
    /// What is on disk is not what was signed: fetch it anew.
    #[error("blob {} is not what was signed: {defect}", blob.short())]
    Integrity { blob: Digest, defect: Defect },
    /// The disk fails.
    #[error("blob {} could not be read", blob.short())]
    Io {
        blob: Digest,
        #[source]
        source: io::Error,
    },
}

/// How a blob differs from what was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Defect {
    #[error("not a regular file")]
    NotAFile,
    #[error("{bytes} bytes instead of {expected}")]
    Size { bytes: u64, expected: u64 },
    #[error("it ends in chunk {index}")]
    Truncated { index: u64 },
    #[error("chunk {index} has another digest")]
    Chunk { index: u64 },
    #[error("the whole has another digest")]
    Whole,
    #[error("not the chunk list of the asset")]
    ChunkList,
    #[error("the description is impossible: {0}")]
    Description(String),
}

impl MediaError {
    /// The blob it is about: the asset itself or its chunk list.
    #[must_use]
    pub const fn blob(&self) -> Digest {
        match self {
            Self::Missing { blob } | Self::Integrity { blob, .. } | Self::Io { blob, .. } => *blob,
        }
    }

    /// The stable code under which events report it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "media-missing",
            Self::Integrity { .. } => "media-integrity",
            Self::Io { .. } => "media-io",
        }
    }

    /// The media error inside an error of a [`VerifiedReader`].
    #[must_use]
    pub fn within(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    const fn integrity(blob: Digest, defect: Defect) -> Self {
        Self::Integrity { blob, defect }
    }

    fn from_file(blob: Digest, error: FileError) -> Self {
        match error {
            FileError::NotRegular { .. } => Self::integrity(blob, Defect::NotAFile),
            FileError::TooBig { bytes, limit, .. } => {
                let expected = limit;
                Self::integrity(blob, Defect::Size { bytes, expected })
            }
            FileError::Create { source, .. }
            | FileError::Write { source, .. }
            | FileError::Rename { source, .. }
            | FileError::SyncFolder { source, .. }
            | FileError::Open { source, .. }
            | FileError::Read { source, .. } => Self::from_io(blob, source),
        }
    }

    fn from_io(blob: Digest, source: io::Error) -> Self {
        use rustix::io::Errno;
        if source.kind() == io::ErrorKind::NotFound {
            return Self::Missing { blob };
        }
        // A symbolic link, and a socket, do not open.
        let odd = [Errno::LOOP, Errno::NXIO].map(|errno| Some(errno.raw_os_error()));
        if odd.contains(&source.raw_os_error()) {
            return Self::integrity(blob, Defect::NotAFile);
        }
        Self::Io { blob, source }
    }
}

impl From<MediaError> for io::Error {
    fn from(error: MediaError) -> Self {
        let kind = match &error {
            MediaError::Missing { .. } => io::ErrorKind::NotFound,
            MediaError::Integrity { .. } => io::ErrorKind::InvalidData,
            MediaError::Io { source, .. } => source.kind(),
        };
        Self::new(kind, error)
    }
}
