//! What was being decoded when the process died: a file that takes the process with it costs its
//! own slot as well, however often the service manager starts the process again.

use cotmoc_proto::Digest;
use cotmoc_service::file;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const MAX_BYTES: u64 = 1 << 20;
/// An asset that was being decoded at so many deaths in a row is no longer tried at once.
const STRIKES: u32 = 3;

/// The notes of one boot. They need not survive a power cut, of which no file is guilty.
#[derive(Debug)]
pub struct Trials {
    path: PathBuf,
    notes: Notes,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Notes {
    boot: String,
    decoding: BTreeSet<Digest>,
    /// How often the process died while it decoded this.
    deaths: BTreeMap<Digest, u32>,
}

impl Trials {
    /// Reads what the process before has noted in the file `path`. What it left as being decoded
    /// counts as guilty of its death.
    #[must_use]
    pub fn open(path: PathBuf, boot: &str) -> Self {
        let found = file::read_at_most(&path, MAX_BYTES).ok();
        let found = found.and_then(|bytes| serde_json::from_slice::<Notes>(&bytes).ok());
        let mut notes = found.filter(|notes| notes.boot == boot).unwrap_or_default();
        boot.clone_into(&mut notes.boot);
        let guilty = std::mem::take(&mut notes.decoding);
        for asset in &guilty {
            let deaths = notes.deaths.entry(*asset).or_default();
            *deaths = deaths.saturating_add(1);
        }
        let trials = Self { path, notes };
        if !guilty.is_empty() {
            trials.write();
        }
        trials
    }

    /// The assets that the process died of too often, and by how many deaths too often.
    pub fn suspects(&self) -> impl Iterator<Item = (Digest, u32)> {
        let suspects = self.notes.deaths.iter();
        suspects
            .filter(|(_, deaths)| **deaths >= STRIKES)
            .map(|(asset, deaths)| (*asset, deaths - STRIKES + 1))
    }

    /// These assets are being decoded from now on, and no others.
    pub fn decoding(&mut self, assets: BTreeSet<Digest>) {
        if self.notes.decoding != assets {
            self.notes.decoding = assets;
            self.write();
        }
    }

    /// The asset was shown to its end: whatever the process died of, it was not this.
    pub fn survived(&mut self, asset: &Digest) {
        if self.notes.deaths.remove(asset).is_some() {
            self.write();
        }
    }

    /// A lost note costs one more death, never the picture.
    fn write(&self) {
        let bytes = serde_json::to_vec(&self.notes).unwrap_or_default();
        if let Err(error) = replace(&self.path, &bytes) {
            tracing::debug!(%error, "what is being decoded could not be noted");
        }
    }
}

/// Whole or not at all as far as other processes see; synchronised by the system when it likes.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let part = path.with_extension("part");
    std::fs::write(&part, bytes)?;
    std::fs::rename(part, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspects(trials: &Trials) -> Vec<(Digest, u32)> {
        trials.suspects().collect()
    }

    #[test]
    fn a_file_that_kills_the_process_again_and_again_is_suspected_until_it_is_survived() {
        let folder = tempfile::tempdir().unwrap();
        let path = || folder.path().join("trials");
        let (bad, good) = (Digest::of(b"bad"), Digest::of(b"good"));
        for _ in 0..STRIKES {
            let mut trials = Trials::open(path(), "boot");
            assert_eq!(suspects(&trials), []);
            trials.decoding(BTreeSet::from([bad, good]));
            trials.survived(&good);
            trials.decoding(BTreeSet::from([bad]));
        }
        drop(Trials::open(path(), "boot"));
        let mut trials = Trials::open(path(), "boot");
        assert_eq!(suspects(&trials), [(bad, 1)], "a death is counted once");
        trials.decoding(BTreeSet::from([bad]));
        let mut trials = Trials::open(path(), "boot");
        assert_eq!(suspects(&trials), [(bad, 2)]);
        assert_eq!(suspects(&Trials::open(path(), "another boot")), []);
        trials.survived(&bad);
        assert_eq!(suspects(&Trials::open(path(), "boot")), []);
    }

    #[test]
    fn notes_that_cannot_be_read_or_written_cost_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials");
        std::fs::write(&path, b"{\"boot\":\"boot\"").unwrap();
        assert_eq!(suspects(&Trials::open(path, "boot")), []);
        let mut nowhere = Trials::open("/proc/none/trials".into(), "boot");
        nowhere.decoding(BTreeSet::from([Digest::of(b"x")]));
    }
}
