//! The signed files in a screen's own folder. It knows names and limits, not what is inside.

use cotmoc_proto::Digest;
use cotmoc_proto::envelope::MAX_ENVELOPE_BYTES;
use cotmoc_service::file::{self, FileError};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The most takedowns that are kept, and that one look into the inbox considers.
pub const MAX_TAKEDOWNS: usize = 256;
/// The same for overrides: the newest says what holds.
pub const MAX_OVERRIDES: usize = 16;
const MAX_NAMES: usize = 10_000;

/// One of the two files that hold the last two releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seat {
    Zero,
    One,
}

impl Seat {
    /// Both of them.
    pub const BOTH: [Self; 2] = [Self::Zero, Self::One];

    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Zero => Self::One,
            Self::One => Self::Zero,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Zero => "release.0.dsse",
            Self::One => "release.1.dsse",
        }
    }
}

/// The signed files in the trust folder.
#[derive(Debug, Clone)]
pub struct Vault {
    folder: PathBuf,
}

impl Vault {
    /// Makes the folder if need be and removes drafts that a power cut has left.
    pub fn open(folder: &Path) -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let vault = Self {
            folder: folder.to_owned(),
        };
        for name in names(folder)? {
            if name.starts_with('.') && name.ends_with(".tmp") {
                vault.remove(&name);
            }
        }
        Ok(vault)
    }

    /// Whether there is any signed file or slot.
    pub fn is_used(&self) -> bool {
        let ours = |name: &String| name.ends_with(".dsse") || name.starts_with("state.");
        names(&self.folder).is_ok_and(|names| names.iter().any(ours))
    }

    /// Both copies of root `version`.
    pub fn root(&self, version: u64) -> [Result<Vec<u8>, FileError>; 2] {
        root_names(version).map(|name| self.read(&name))
    }

    /// Writes both copies of root `version`.
    pub fn write_root(&self, version: u64, bytes: &[u8]) -> Result<(), FileError> {
        root_names(version)
            .iter()
            .try_for_each(|name| self.write(name, bytes))
    }

    /// One of the last two releases.
    pub fn release(&self, seat: Seat) -> Result<Vec<u8>, FileError> {
        self.read(seat.name())
    }

    /// Writes a release over one of the last two.
    pub fn write_release(&self, seat: Seat, bytes: &[u8]) -> Result<(), FileError> {
        self.write(seat.name(), bytes)
    }

    /// Names of the takedowns that are kept, in order of their numbers.
    pub fn takedowns(&self) -> Vec<String> {
        takedown_names(&self.folder)
    }

    /// One kept takedown.
    pub fn takedown(&self, name: &str) -> Result<Vec<u8>, FileError> {
        self.read(name)
    }

    /// Keeps a takedown, and no more than [`MAX_TAKEDOWNS`] of them.
    pub fn write_takedown(&self, seq: u64, digest: Digest, bytes: &[u8]) -> Result<(), FileError> {
        self.write(&format!("takedown.{seq}.{}.dsse", digest.short()), bytes)?;
        let names = self.takedowns();
        for name in names.iter().take(names.len().saturating_sub(MAX_TAKEDOWNS)) {
            self.remove(name);
        }
        Ok(())
    }

    /// Names of the overrides that are kept, in order of their numbers.
    pub fn overrides(&self) -> Vec<String> {
        override_names(&self.folder)
    }

    /// One kept override.
    pub fn override_order(&self, name: &str) -> Result<Vec<u8>, FileError> {
        self.read(name)
    }

    /// Keeps an override, and no more than [`MAX_OVERRIDES`] of them.
    pub fn write_override(&self, seq: u64, bytes: &[u8]) -> Result<(), FileError> {
        self.write(&override_name(seq), bytes)?;
        let names = self.overrides();
        for name in names.iter().take(names.len().saturating_sub(MAX_OVERRIDES)) {
            self.remove(name);
        }
        Ok(())
    }

    /// Removes a file that is no longer of use. That it stays is no harm.
    pub fn remove(&self, name: &str) {
        if let Err(error) = fs::remove_file(self.folder.join(name)) {
            tracing::debug!(name, %error, "a file that is no longer of use could not be removed");
        }
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, FileError> {
        read_envelope(&self.folder.join(name))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        file::write_durably_with_mode(&self.folder.join(name), bytes, 0o600)
    }
}

/// Reads a file that may hold an envelope, and no more of it than an envelope may have.
pub fn read_envelope(path: &Path) -> Result<Vec<u8>, FileError> {
    let limit = u64::try_from(MAX_ENVELOPE_BYTES).unwrap_or(u64::MAX);
    file::read_at_most(path, limit)
}

/// Names `takedown.N….dsse` in `folder`, in order of N; the newest if there are too many.
pub fn takedown_names(folder: &Path) -> Vec<String> {
    numbered(folder, "takedown.")
}

/// Names `override.N….dsse` in `folder`, in order of N.
pub fn override_names(folder: &Path) -> Vec<String> {
    numbered(folder, "override.")
}

/// The file that keeps override `seq`.
pub fn override_name(seq: u64) -> String {
    format!("override.{seq}.dsse")
}

fn numbered(folder: &Path, prefix: &str) -> Vec<String> {
    let number = |name: &String| -> Option<u64> {
        let rest = name.strip_prefix(prefix)?.strip_suffix(".dsse")?;
        rest.split('.').next()?.parse().ok()
    };
    let mut found: Vec<(u64, String)> = names(folder)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|name| Some((number(&name)?, name)))
        .collect();
    found.sort();
    found.into_iter().map(|(_, name)| name).collect()
}

fn root_names(version: u64) -> [String; 2] {
    [
        format!("root.{version}.dsse"),
        format!("root.{version}.dsse.bak"),
    ]
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(folder)?.take(MAX_NAMES);
    let name = |entry: io::Result<fs::DirEntry>| entry.map(|e| e.file_name().into_string().ok());
    entries
        .filter_map(|entry| name(entry).transpose())
        .collect()
}
