//! Files that are there after a power cut, and reading files that somebody else may have laid out.

use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

/// Why a file could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{} could not be created", path.display())]
    Create {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} could not be written", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} could not be put in place", path.display())]
    Rename {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("folder {} could not be synchronised", path.display())]
    SyncFolder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} could not be opened", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("{} is not a regular file", path.display())]
    NotRegular { path: PathBuf },
    #[error("{} has {bytes} bytes; at most {limit} are read", path.display())]
    TooBig {
        path: PathBuf,
        bytes: u64,
        limit: u64,
    },
    #[error("{} could not be read", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

impl FileError {
    /// The operating system's word on it, where it had one.
    #[must_use]
    pub const fn io(&self) -> Option<&std::io::Error> {
        match self {
            Self::Create { source, .. }
            | Self::Write { source, .. }
            | Self::Rename { source, .. }
            | Self::SyncFolder { source, .. }
            | Self::Open { source, .. }
            | Self::Read { source, .. } => Some(source),
            Self::NotRegular { .. } | Self::TooBig { .. } => None,
        }
    }

    /// Whether there is no such file.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.io()
            .is_some_and(|source| source.kind() == std::io::ErrorKind::NotFound)
    }

    /// Whether the disk, or this user's share of it, is full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.io().is_some_and(is_full)
    }
}

/// Whether `error` says that the disk, or this user's share of it, is full.
#[must_use]
pub fn is_full(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
    )
}

/// Writes `bytes` as the file `path` (mode 0644): after a power cut there is the old file or the
/// new one, whole.
///
/// # Errors
/// [`FileError`] named after the step that failed; the old file is then still there.
pub fn write_durably(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_durably_with_mode(path, bytes, 0o644)
}

/// [`write_durably`] with other permissions, for keys.
///
/// # Errors
/// As [`write_durably`].
pub fn write_durably_with_mode(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let draft = draft_path(path);
    let written = write_draft(&draft, bytes, mode).and_then(|()| rename_durably(&draft, path));
    if written.is_err() {
        remove_draft(&draft);
    }
    written
}

/// Renames `from` to `to` in the same folder and synchronises the folder. The content of `from`
/// must have been synchronised before.
///
/// # Errors
/// [`FileError::Rename`] or [`FileError::SyncFolder`].
pub fn rename_durably(from: &Path, to: &Path) -> Result<(), FileError> {
    std::fs::rename(from, to).map_err(|source| FileError::Rename {
        path: to.to_owned(),
        source,
    })?;
    sync_folder(to.parent().unwrap_or_else(|| Path::new(".")))
}

/// Synchronises the list of names in a folder to the disk.
///
/// # Errors
/// [`FileError::SyncFolder`].
pub fn sync_folder(folder: &Path) -> Result<(), FileError> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    File::open(folder)
        .and_then(|handle| handle.sync_all())
        .map_err(|source| FileError::SyncFolder {
            path: folder.to_owned(),
            source,
        })
}

/// Opens a regular file for reading. Links, pipes and devices are refused.
///
/// # Errors
/// [`FileError::Open`] or [`FileError::NotRegular`].
pub fn open_regular(path: &Path) -> Result<File, FileError> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file: File = rustix::fs::open(path, flags, Mode::empty())
        .map_err(|errno| FileError::Open {
            path: path.to_owned(),
            source: errno.into(),
        })?
        .into();
    let meta = file.metadata().map_err(|source| FileError::Open {
        path: path.to_owned(),
        source,
    })?;
    if !meta.is_file() {
        return Err(FileError::NotRegular {
            path: path.to_owned(),
        });
    }
    Ok(file)
}

/// Reads a regular file of at most `limit` bytes. Links, pipes and devices are refused.
///
/// # Errors
/// [`FileError::Open`], [`FileError::NotRegular`], [`FileError::TooBig`] or [`FileError::Read`].
pub fn read_at_most(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    open_regular(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| FileError::Read {
            path: path.to_owned(),
            source,
        })?;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > limit {
        return Err(FileError::TooBig {
            path: path.to_owned(),
            bytes: length,
            limit,
        });
    }
    Ok(bytes)
}

fn draft_path(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    path.with_file_name(name)
}

fn write_draft(draft: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    remove_draft(draft);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut file: File = rustix::fs::open(draft, flags, Mode::from_raw_mode(mode))
        .map_err(|errno| FileError::Create {
            path: draft.to_owned(),
            source: errno.into(),
        })?
        .into();
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(|source| FileError::Write {
            path: draft.to_owned(),
            source,
        })
}

fn remove_draft(draft: &Path) {
    if let Err(error) = std::fs::remove_file(draft)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::debug!(path = %draft.display(), %error, "a draft file could not be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_no_draft() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        write_durably(&path, b"one").unwrap();
        write_durably_with_mode(&path, b"two", 0o600).unwrap();
        assert_eq!(read_at_most(&path, 3).unwrap(), b"two");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn links_pipes_folders_and_long_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        write_durably(&at("real"), b"four").unwrap();
        std::os::unix::fs::symlink(at("real"), at("link")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("pipe"),
            rustix::fs::FileType::Fifo,
            Mode::RUSR,
            0,
        )
        .unwrap();
        let refused = |name: &str| read_at_most(&at(name), 100).unwrap_err();
        assert!(matches!(refused("link"), FileError::Open { .. }));
        assert!(matches!(refused("pipe"), FileError::NotRegular { .. }));
        assert!(matches!(
            read_at_most(folder.path(), 9).unwrap_err(),
            FileError::NotRegular { .. }
        ));
        assert!(refused("none").is_not_found());
        let long = read_at_most(&at("real"), 3).unwrap_err();
        assert!(matches!(long, FileError::TooBig { bytes: 4, .. }));
    }
}
