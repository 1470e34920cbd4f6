//! A daemon's own folder, which no second process may use at the same time.

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

const OWNER_AND_GROUP: u32 = 0o750;

/// A folder that is this process's alone until this is dropped or the process ends, however.
#[derive(Debug)]
pub struct Held {
    _lock: File,
}

/// Why a folder could not be had.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    #[error("folder {} could not be made", path.display())]
    Make {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("folder {} could not be opened", path.display())]
    Open {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("folder {} could not be locked", path.display())]
    Lock {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "another process uses folder {}: end that one, or give this one a folder of its own \
         (data)", path.display()
    )]
    Taken { path: PathBuf },
}

/// Makes `path` if it is not there, and takes it.
///
/// # Errors
/// If it cannot be made or opened, or another process has it.
pub fn hold(path: &Path) -> Result<Held, HoldError> {
    let at = || path.to_owned();
    DirBuilder::new()
        .recursive(true)
        .mode(OWNER_AND_GROUP)
        .create(path)
        .map_err(|source| HoldError::Make { path: at(), source })?;
    let lock = File::open(path).map_err(|source| HoldError::Open { path: at(), source })?;
    match lock.try_lock() {
        Ok(()) => Ok(Held { _lock: lock }),
        Err(TryLockError::WouldBlock) => Err(HoldError::Taken { path: at() }),
        Err(TryLockError::Error(source)) => Err(HoldError::Lock { path: at(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_one_until_it_lets_go() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let first = hold(&path).unwrap();
        assert!(matches!(hold(&path), Err(HoldError::Taken { .. })));
        drop(first);
        hold(&path).unwrap();
    }
}
