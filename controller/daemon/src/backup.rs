//! Backups (Điều 7.3): a folder for each, with the database and the keys that the controller cannot do
//! without. A backup counts once it was read again: every page, every incident from its log.

use crate::app::Shared;
use crate::clock;
use crate::store::{CopyError, Holdings, Note, check_database, copy_database};
use anyhow::Context as _;
use cotmoc_proto::time::HOUR;
use cotmoc_service::{file, folder};
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};
use tokio_util::sync::CancellationToken;

const DATABASE: &str = "controller.db";
const SUMS: &str = "SHA256SUMS";
/// What else is kept; the certificates of devices depend on it.
const KEPT: [&str; 4] = ["ca", "beacon.key", "notice.key", "operator.token"];
const PREFIX: &str = "backup-";
const TICK: Duration = Duration::from_secs(60);
const MAX_FILE_BYTES: u64 = 1 << 20;

/// When backups are made, and how many are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSettings {
    pub folder: PathBuf,
    pub every: Duration,
    pub keep: usize,
}

/// Makes a backup of the data folder `data`, which may be in use, in a new folder below `to`.
///
/// # Errors
/// With the step that failed; then there is no new backup.
pub fn make(data: &Path, to: &Path) -> anyhow::Result<(PathBuf, Holdings)> {
    let name = format!("{PREFIX}{}", clock::wall().0);
    let (done, part) = (to.join(&name), to.join(format!(".{name}.part")));
    make_private(to).with_context(|| format!("{} cannot be made", to.display()))?;
    let made = fill(data, &part);
    if made.is_err() {
        // What is left of it is of no use, and may be what fills the disk.
        drop(fs::remove_dir_all(&part));
    }
    let holdings = made?;
    file::rename_durably(&part, &done)?;
    Ok((done, holdings))
}

fn fill(data: &Path, part: &Path) -> anyhow::Result<Holdings> {
    make_private(part).with_context(|| format!("{} cannot be made", part.display()))?;
    copy_database(&data.join(DATABASE), &part.join(DATABASE))?;
    for name in KEPT {
        copy(&data.join(name), &part.join(name))?;
    }
    let mut sums = String::new();
    for path in files(part)? {
        let name = path.strip_prefix(part).context("a file of the backup")?;
        sums.push_str(&format!("{}  {}\n", sum(&path)?, name.display()));
        File::open(&path)?.sync_all()?;
    }
    file::write_durably(&part.join(SUMS), sums.as_bytes())?;
    check(part)
}

/// Reads a backup again.
///
/// # Errors
/// By the first thing that is wrong.
pub fn check(backup: &Path) -> anyhow::Result<Holdings> {
    let sums = file::read_at_most(&backup.join(SUMS), MAX_FILE_BYTES)
        .with_context(|| format!("{} is no backup", backup.display()))?;
    for line in String::from_utf8_lossy(&sums).lines() {
        let (expected, name) = line.split_once("  ").context("a line of SHA256SUMS")?;
        let path = backup.join(name);
        let found = sum(&path).with_context(|| format!("{} is missing", path.display()))?;
        anyhow::ensure!(
            found == expected,
            "{} is not what was saved",
            path.display()
        );
    }
    Ok(check_database(&backup.join(DATABASE))?)
}

/// Puts a backup in the place of a data folder that has no database, after reading all of it.
///
/// # Errors
/// With the step that failed; a folder with a database is left untouched.
pub fn restore(backup: &Path, data: &Path) -> anyhow::Result<Holdings> {
    let holdings = check(backup)?;
    make_private(data).with_context(|| format!("{} cannot be made", data.display()))?;
    let _held = folder::hold(data)?;
    let database = data.join(DATABASE);
    for name in [DATABASE, "controller.db-wal", "controller.db-shm"] {
        let there = data.join(name);
        anyhow::ensure!(
            !there.exists(),
            "{} is there: move it away first, it may hold what the backup does not",
            there.display()
        );
    }
    for name in KEPT {
        copy(&backup.join(name), &data.join(name))?;
    }
    let part = data.join("controller.db.part");
    fs::copy(backup.join(DATABASE), &part)
        .with_context(|| format!("{} cannot be written", part.display()))?;
    File::open(&part)?.sync_all()?;
    file::rename_durably(&part, &database)?;
    Ok(holdings)
}

/// Makes backups as the settings say, until `stop`. A database that cannot be copied whole is damaged:
/// from then on the controller does not vouch for itself.
pub async fn keep(app: Shared, stop: CancellationToken) {
    let mut tick = tokio::time::interval(TICK);
    let mut last_failure = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let settings = app.settings.backup.clone();
        let data = app.settings.data.clone();
        let may_try = last_failure.is_none_or(|at| clock::now().since(at) >= HOUR);
        if !may_try || !is_due(&settings) {
            continue;
        }
        let made = tokio::task::spawn_blocking(move || {
            let made = make(&data, &settings.folder)?;
            prune(&settings);
            Ok::<_, anyhow::Error>(made)
        });
        match made.await.unwrap_or_else(|join| Err(join.into())) {
            Ok((path, holdings)) => {
                last_failure = None;
                app.damaged.store(false, Ordering::Relaxed);
                tracing::info!(path = %path.display(), ?holdings, "a backup was made and read again");
            }
            Err(error) => {
                last_failure = Some(clock::now());
                let is_damaged = error.downcast_ref().is_some_and(CopyError::is_damage);
                app.damaged.store(is_damaged, Ordering::Relaxed);
                tracing::error!(error = format!("{error:#}"), "no backup could be made");
                let note = Note::general("backup-failed", [("reason", format!("{error:#}"))]);
                if let Err(error) = app.store.note(note, clock::now()).await {
                    tracing::warn!(%error, "that could not be noted");
                }
            }
        }
    }
}

fn is_due(settings: &BackupSettings) -> bool {
    let newest = backups(&settings.folder).pop();
    let made = newest.and_then(|path| path.metadata().ok()?.modified().ok());
    let age = made.map(|at| SystemTime::now().duration_since(at).unwrap_or_default());
    age.is_none_or(|age| age >= settings.every)
}

fn prune(settings: &BackupSettings) {
    let all = backups(&settings.folder);
    for old in all.iter().take(all.len().saturating_sub(settings.keep)) {
        if let Err(error) = fs::remove_dir_all(old) {
            tracing::warn!(%error, path = %old.display(), "an old backup could not be removed");
        }
    }
}

/// The finished backups, the oldest first.
fn backups(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.path());
    let mut all: Vec<PathBuf> = names
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(PREFIX))
        })
        .collect();
    all.sort();
    all
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

/// A file, or the files of a folder; what is not there is not missed.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    if from.is_dir() {
        make_private(to).with_context(|| format!("{} cannot be made", to.display()))?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else if from.is_file() {
        let bytes = file::read_at_most(from, MAX_FILE_BYTES)?;
        file::write_durably_with_mode(to, &bytes, 0o600)?;
    }
    Ok(())
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(files(&path)?);
        } else {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

fn sum(path: &Path) -> anyhow::Result<String> {
    let mut file = File::open(path)?;
    let (mut hash, mut chunk) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        hash.update(chunk.get(..read).unwrap_or_default());
    }
    let hex = hash.finalize();
    Ok(hex.iter().map(|byte| format!("{byte:02x}")).collect())
}
