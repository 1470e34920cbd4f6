//! Records that a screen keeps on its own disk until the agent has stored them.
//!
//! One append-only file of lines, each with a checksum; a line that a power cut tore is left out.
//! A disk that is full or fails costs durability, never the record: it stays in memory meanwhile.

use crate::message::{ScreenRecord, Stamp};
use cotmoc_proto::Digest;
use cotmoc_proto::device::RecordBody;
use cotmoc_service::file::{self, FileError};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What waits may take, in bytes. Beyond it the oldest samples are dropped, never events.
pub const LIMIT_BYTES: usize = 16 << 20;
/// Events alone may take this many times as much. Beyond it the newest are dropped and counted: a
/// screen that runs out of memory shows nothing, and tells nothing either.
const EVENTS_FACTOR: usize = 4;
const MAX_FILE_BYTES: u64 = 160 << 20;
const WORTH_REWRITING_BYTES: usize = 256 << 10;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Head {
        name: String,
        next_id: u64,
        dropped: u64,
    },
    Record(ScreenRecord),
    /// This record and every earlier one are with the agent.
    Stored(u64),
}

#[derive(Debug)]
struct Waiting {
    record: ScreenRecord,
    bytes: usize,
}

/// The spool of one screen.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    limit_bytes: usize,
    /// Open for appending, and in step with what is in memory; `None` where it must be rewritten.
    file: Option<File>,
    file_bytes: usize,
    unsynced: bool,
    name: String,
    next_id: u64,
    dropped: u64,
    waiting: BTreeMap<u64, Waiting>,
    waiting_bytes: usize,
}

impl Spool {
    /// Opens the spool in `folder`. Whatever is wrong with it, there is one afterwards.
    pub fn open(folder: &Path, limit_bytes: usize) -> Self {
        let path = folder.join("spool");
        let mut spool = Self {
            path,
            limit_bytes,
            file: None,
            file_bytes: 0,
            unsynced: false,
            name: String::new(),
            next_id: 1,
            dropped: 0,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
        };
        if let Err(error) = std::fs::create_dir_all(folder) {
            tracing::error!(path = %folder.display(), %error, "the folder of the spool cannot be made");
        }
        spool.load();
        if spool.name.is_empty() {
            spool.name = random_name();
        }
        spool.sync();
        spool
    }

    /// The name under which the spool's ids are unique.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a record. It is on the disk after the next [`Spool::sync`].
    pub fn push(&mut self, boot: &str, stamp: Stamp, body: RecordBody) {
        let record = ScreenRecord {
            id: self.next_id,
            boot: boot.to_owned(),
            stamp,
            body,
        };
        let line = line(&Line::Record(record.clone()));
        let most = self.limit_bytes.saturating_mul(EVENTS_FACTOR);
        if self.waiting_bytes.saturating_add(line.len()) > most {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        self.next_id += 1;
        self.append(&line);
        self.keep(record, line.len());
        self.make_room();
    }

    /// Puts everything on the disk, as far as the disk allows.
    pub fn sync(&mut self) {
        let wasteful =
            self.file_bytes > WORTH_REWRITING_BYTES && self.file_bytes / 2 > self.waiting_bytes;
        if self.file.is_none() || wasteful {
            self.rewrite();
        } else if std::mem::take(&mut self.unsynced)
            && let Some(file) = &self.file
            && let Err(error) = file.sync_data()
        {
            self.fail(&error);
        }
    }

    /// The record `id` and every earlier one are with the agent.
    pub fn stored(&mut self, id: u64) {
        let later = self.waiting.split_off(&id.saturating_add(1));
        let stored = std::mem::replace(&mut self.waiting, later);
        if stored.is_empty() {
            return;
        }
        let bytes: usize = stored.values().map(|waiting| waiting.bytes).sum();
        self.waiting_bytes = self.waiting_bytes.saturating_sub(bytes);
        self.append(&line(&Line::Stored(id)));
    }

    /// The first record after `id` that waits.
    pub fn after(&self, id: u64) -> Option<&ScreenRecord> {
        let mut later = self.waiting.range(id.saturating_add(1)..);
        later.next().map(|(_, waiting)| &waiting.record)
    }

    /// How many records up to `id` wait.
    pub fn waiting_upto(&self, id: u64) -> usize {
        self.waiting.range(..=id).count()
    }

    /// Counts records that were lost elsewhere.
    pub fn count_dropped(&mut self, count: u64) {
        self.dropped = self.dropped.saturating_add(count);
    }

    /// How many records were dropped since this was last asked.
    pub fn take_dropped(&mut self) -> u64 {
        let count = std::mem::take(&mut self.dropped);
        if count > 0 {
            // The count at the head of the file must not be told twice.
            self.file = None;
        }
        count
    }

    fn keep(&mut self, record: ScreenRecord, bytes: usize) {
        self.waiting_bytes = self.waiting_bytes.saturating_add(bytes);
        self.waiting.insert(record.id, Waiting { record, bytes });
    }

    fn make_room(&mut self) {
        while self.waiting_bytes > self.limit_bytes {
            let oldest = self.waiting.values().find(|waiting| is_sample(waiting));
            let Some(id) = oldest.map(|waiting| waiting.record.id) else {
                return;
            };
            if let Some(gone) = self.waiting.remove(&id) {
                self.waiting_bytes = self.waiting_bytes.saturating_sub(gone.bytes);
                self.dropped = self.dropped.saturating_add(1);
            }
        }
    }

    fn append(&mut self, line: &[u8]) {
        let Some(file) = &mut self.file else {
            return;
        };
        match file.write_all(line) {
            Ok(()) => {
                self.file_bytes = self.file_bytes.saturating_add(line.len());
                self.unsynced = true;
            }
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&mut self, error: &std::io::Error) {
        tracing::warn!(path = %self.path.display(), %error, "the spool could not be written");
        self.file = None;
    }

    fn rewrite(&mut self) {
        let mut bytes = line(&Line::Head {
            name: self.name.clone(),
            next_id: self.next_id,
            dropped: self.dropped,
        });
        for waiting in self.waiting.values() {
            bytes.extend(line(&Line::Record(waiting.record.clone())));
        }
        let written = file::write_durably_with_mode(&self.path, &bytes, 0o600)
            .and_then(|()| open_for_appending(&self.path));
        match written {
            Ok(file) => {
                self.file = Some(file);
                self.file_bytes = bytes.len();
                self.unsynced = false;
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the spool is kept in memory only");
            }
        }
    }

    fn load(&mut self) {
        let bytes = match file::read_at_most(&self.path, MAX_FILE_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.is_not_found() => return,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the spool cannot be read; it starts anew");
                return;
            }
        };
        let mut damaged = 0_u32;
        for text in bytes
            .split(|byte| *byte == b'\n')
            .filter(|text| !text.is_empty())
        {
            match parse(text) {
                Some(line) => self.replay(line, text.len()),
                None => damaged += 1,
            }
        }
        if damaged > 0 {
            tracing::warn!(path = %self.path.display(), damaged, "damaged lines of the spool are left out");
        }
    }

    fn replay(&mut self, line: Line, bytes: usize) {
        match line {
            Line::Head {
                name,
                next_id,
                dropped,
            } => {
                self.name = name;
                self.next_id = self.next_id.max(next_id);
                self.dropped = dropped;
            }
            Line::Record(record) => {
                self.next_id = self.next_id.max(record.id.saturating_add(1));
                self.keep(record, bytes);
            }
            Line::Stored(id) => {
                self.next_id = self.next_id.max(id.saturating_add(1));
                self.stored(id);
            }
        }
    }
}

fn is_sample(waiting: &Waiting) -> bool {
    match waiting.record.body {
        RecordBody::Aired(_) | RecordBody::OnAir(_) => true,
        RecordBody::Event(_) | RecordBody::Receipt(_) => false,
    }
}

fn open_for_appending(path: &Path) -> Result<File, FileError> {
    File::options()
        .append(true)
        .open(path)
        .map_err(|source| FileError::Open {
            path: path.to_owned(),
            source,
        })
}

fn line(line: &Line) -> Vec<u8> {
    let json = serde_json::to_vec(line).unwrap_or_default();
    let mut bytes = Digest::of(&json).short().into_bytes();
    bytes.push(b' ');
    bytes.extend(json);
    bytes.push(b'\n');
    bytes
}

fn parse(text: &[u8]) -> Option<Line> {
    let (sum, json) = text.split_at_checked(12)?;
    let json = json.strip_prefix(b" ")?;
    let whole = Digest::of(json).short().as_bytes() == sum;
    whole.then(|| serde_json::from_slice(json).ok()).flatten()
}

fn random_name() -> String {
    let mut bytes = [0_u8; 32];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        tracing::error!("the operating system gives no random numbers");
    }
    Digest::from_bytes(bytes).short()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::TimeMs;
    use cotmoc_proto::device::{ClockQuality, Event, EventKind, OnAir, OnAirState};

    fn stamp() -> Stamp {
        Stamp {
            mono_ms: 5,
            wall_ms: TimeMs(9),
            clock: ClockQuality::Held,
        }
    }

    fn event(text: &str) -> RecordBody {
        RecordBody::Event(Event::new(
            EventKind::Started,
            [("process", text.to_owned())],
        ))
    }

    fn sample() -> RecordBody {
        RecordBody::OnAir(OnAir {
            state: OnAirState::OnAir,
            from_ms: TimeMs(1),
            to_ms: TimeMs(2),
            reason: "x".repeat(200),
            clock: ClockQuality::Held,
        })
    }

    fn ids(spool: &Spool) -> Vec<u64> {
        spool.waiting.keys().copied().collect()
    }

    #[test]
    fn what_was_synced_and_not_stored_is_there_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), LIMIT_BYTES);
        for text in ["a", "b", "c"] {
            spool.push("boot", stamp(), event(text));
        }
        spool.sync();
        spool.stored(1);
        let name = spool.name().to_owned();
        drop(spool);
        let mut again = Spool::open(folder.path(), LIMIT_BYTES);
        assert_eq!((again.name(), ids(&again)), (name.as_str(), vec![2, 3]));
        assert_eq!(again.after(1).unwrap().body, event("b"));
        again.push("boot", stamp(), event("d"));
        assert_eq!(ids(&again), [2, 3, 4]);
    }

    #[test]
    fn an_id_is_never_used_again_even_when_nothing_waits() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), LIMIT_BYTES);
        spool.push("boot", stamp(), event("a"));
        spool.stored(1);
        drop(spool);
        drop(Spool::open(folder.path(), LIMIT_BYTES));
        let mut again = Spool::open(folder.path(), LIMIT_BYTES);
        again.push("boot", stamp(), event("b"));
        assert_eq!(ids(&again), [2]);
    }

    #[test]
    fn a_torn_or_changed_line_costs_itself_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), LIMIT_BYTES);
        for text in ["a", "bb", "c"] {
            spool.push("boot", stamp(), event(text));
        }
        drop(spool);
        let path = folder.path().join("spool");
        let text = std::fs::read_to_string(&path).unwrap();
        let changed = text.replace("\"bb\"", "\"zz\"");
        std::fs::write(&path, &changed.as_bytes()[..changed.len() - 9]).unwrap();
        let again = Spool::open(folder.path(), LIMIT_BYTES);
        assert_eq!(ids(&again), [1]);
    }

    #[test]
    fn a_full_spool_drops_the_oldest_samples_and_counts_them_but_no_event() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 10_000);
        spool.push("boot", stamp(), event("first"));
        for _ in 0..100 {
            spool.push("boot", stamp(), sample());
        }
        for _ in 0..100 {
            spool.push("boot", stamp(), event("later"));
        }
        let events = spool.waiting.values().filter(|w| !is_sample(w)).count();
        assert_eq!(events, 101);
        assert_eq!(ids(&spool)[0], 1);
        let left = spool.waiting.len() - events;
        assert_eq!(spool.take_dropped(), 100 - u64::try_from(left).unwrap());
    }

    #[test]
    fn events_without_end_are_bounded_and_the_first_of_them_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 10_000);
        for n in 0..1_000 {
            spool.push("boot", stamp(), event(&n.to_string()));
        }
        spool.sync();
        let kept = u64::try_from(ids(&spool).len()).unwrap();
        assert!(spool.waiting_bytes <= 40_000 && kept > 100, "{kept}");
        assert_eq!(ids(&spool), (1..=kept).collect::<Vec<_>>());
        assert_eq!(spool.take_dropped(), 1_000 - kept);
        let length = folder.path().join("spool").metadata().unwrap().len();
        assert!(length < 100_000, "{length}");
    }

    #[test]
    fn the_file_does_not_grow_with_what_is_stored() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), LIMIT_BYTES);
        for id in 1..=3_000 {
            spool.push("boot", stamp(), sample());
            spool.stored(id);
            if id % 100 == 0 {
                spool.sync();
            }
        }
        let length = folder.path().join("spool").metadata().unwrap().len();
        assert!(length < 400_000, "{length}");
    }

    #[test]
    fn what_was_dropped_is_told_once_over_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), LIMIT_BYTES);
        spool.count_dropped(5);
        spool.rewrite();
        assert_eq!(spool.take_dropped(), 5);
        spool.push("boot", stamp(), event("five were dropped"));
        spool.sync();
        drop(spool);
        let mut again = Spool::open(folder.path(), LIMIT_BYTES);
        assert_eq!((again.take_dropped(), ids(&again)), (0, vec![1]));
    }

    #[test]
    fn a_folder_that_cannot_be_written_costs_durability_only() {
        let mut spool = Spool::open(Path::new("/proc/none"), LIMIT_BYTES);
        spool.push("boot", stamp(), event("a"));
        spool.sync();
        assert_eq!(ids(&spool), [1]);
    }
}
