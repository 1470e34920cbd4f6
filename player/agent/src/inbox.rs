//! The folder where signed documents wait for the screens.

use cotmoc_proto::envelope::MAX_ENVELOPE_BYTES;
use cotmoc_service::file::{self, FileError};
use std::path::PathBuf;

/// The inbox. Files appear in it whole or not at all.
#[derive(Debug, Clone)]
pub struct Inbox {
    folder: PathBuf,
}

impl Inbox {
    /// The inbox in `folder`.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Root document `version`, if it is there.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn root(&self, version: u64) -> Result<Option<Vec<u8>>, FileError> {
        self.read(&format!("root.{version}.dsse"))
    }

    /// The takedown with sequence number `seq`, if it is there.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn takedown(&self, seq: u64) -> Result<Option<Vec<u8>>, FileError> {
        self.read(&format!("takedown.{seq}.dsse"))
    }

    /// The override with sequence number `seq`, if it is there.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn override_order(&self, seq: u64) -> Result<Option<Vec<u8>>, FileError> {
        self.read(&format!("override.{seq}.dsse"))
    }

    /// The release that was delivered last.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn release(&self) -> Result<Option<Vec<u8>>, FileError> {
        self.read("release.dsse")
    }

    /// Delivers root document `version`.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn put_root(&self, version: u64, envelope: &[u8]) -> Result<(), FileError> {
        self.write(&format!("root.{version}.dsse"), envelope)
    }

    /// Delivers the takedown with sequence number `seq`.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn put_takedown(&self, seq: u64, envelope: &[u8]) -> Result<(), FileError> {
        self.write(&format!("takedown.{seq}.dsse"), envelope)
    }

    /// Delivers the override with sequence number `seq`.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn put_override(&self, seq: u64, envelope: &[u8]) -> Result<(), FileError> {
        self.write(&format!("override.{seq}.dsse"), envelope)
    }

    /// Delivers a release. Its media must be in place.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn put_release(&self, envelope: &[u8]) -> Result<(), FileError> {
        self.write("release.dsse", envelope)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, FileError> {
        let limit = u64::try_from(MAX_ENVELOPE_BYTES).unwrap_or(u64::MAX);
        match file::read_at_most(&self.folder.join(name), limit) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        file::write_durably(&self.folder.join(name), bytes)
    }
}
