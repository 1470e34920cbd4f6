//! Files that people keep: read with a limit, written so that a power cut leaves the old or the
//! new one whole.

use anyhow::{Context as _, Result, bail};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// All bytes of `path`, at most `limit`.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("open {}", path.display()))?;
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("read {}", path.display()))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > limit) {
        bail!(
            "{} has more than {limit} bytes: not the file that is meant",
            path.display()
        );
    }
    Ok(bytes)
}

/// Text of `path`, at most `limit` bytes.
pub fn read_text(path: &Path, limit: u64) -> Result<String> {
    String::from_utf8(read(path, limit)?)
        .with_context(|| format!("{} is not UTF-8 text", path.display()))
}

/// Writes a file that must not exist yet.
pub fn create(path: &Path, mode: u32, bytes: &[u8]) -> Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .with_context(|| {
            format!(
                "create {} (an existing file is never overwritten)",
                path.display()
            )
        })?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .with_context(|| format!("write {}", path.display()))
}

/// Puts `bytes` in place of `path`, whole or not at all.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    cotmoc_service::file::write_durably(path, bytes)
        .with_context(|| format!("write {}", path.display()))
}

/// `path` with `suffix` behind its whole name.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}
