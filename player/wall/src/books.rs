//! The on-air ledger on disk: two files, appended and synced line by line.

use cotmoc_player_core::clock::Belief;
use cotmoc_player_core::ledger::{DayTotal, Fact, Ledger, ROTATE_BYTES, Step};
use cotmoc_proto::BootId;
use cotmoc_proto::device::OnAir;
use cotmoc_proto::window::OperatingWindow;
use cotmoc_service::{boot, file};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const OLD: &str = "ledger.old";
const NEW: &str = "ledger";
const MAX_BYTES: u64 = 4 * ROTATE_BYTES;

/// The ledger and its files.
#[derive(Debug)]
pub struct Books {
    dir: PathBuf,
    file: Option<File>,
    bytes: u64,
    ledger: Ledger,
    /// Intervals that are on disk and not yet recorded elsewhere.
    closed: Vec<OnAir>,
    /// Whether the disk took the last line, so that a failure is told once.
    writable: bool,
}

/// What the books have to say beside intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BooksEvent {
    /// The disk no longer takes lines; the ledger goes on in memory.
    DiskFailed,
}

impl Books {
    /// Goes on with the ledger in `dir`; in memory as long as the disk does not let it.
    #[must_use]
    pub fn open(dir: &Path, now: Belief) -> Self {
        if let Err(error) = std::fs::create_dir_all(dir) {
            tracing::error!(path = %dir.display(), %error, "the ledger's folder cannot be made");
        }
        let read = |name| file::read_at_most(&dir.join(name), MAX_BYTES).unwrap_or_default();
        let (mut before, recent) = (read(OLD), read(NEW));
        let bytes = u64::try_from(recent.len()).unwrap_or(u64::MAX);
        before.extend(recent);
        // Intervals are divided by the window of the regulation until a release is known.
        let (ledger, opened) =
            Ledger::open(&before, this_boot(), &now, &OperatingWindow::default());
        if opened.damaged > 0 {
            tracing::warn!(
                lines = opened.damaged,
                "damaged lines of the ledger were left out"
            );
        }
        let mut books = Self {
            dir: dir.to_owned(),
            file: None,
            bytes,
            ledger,
            closed: Vec::new(),
            writable: true,
        };
        books.keep(opened.step);
        // Nobody has been told yet: the next line tells.
        books.writable = true;
        books
    }

    /// Takes in what the sink presents, or that the process ends.
    pub fn observe(
        &mut self,
        fact: Fact,
        now: &Belief,
        window: &OperatingWindow,
    ) -> Option<BooksEvent> {
        let step = self.ledger.observe(fact, now, window);
        self.keep(step)
    }

    /// Closed intervals, each to be recorded; afterwards call [`Books::handed_over`].
    pub fn take_closed(&mut self) -> Vec<OnAir> {
        std::mem::take(&mut self.closed)
    }

    /// What was taken is recorded.
    pub fn handed_over(&mut self, now: &Belief) -> Option<BooksEvent> {
        let lines = self.ledger.handed_over(now);
        self.keep(Step {
            lines,
            closed: Vec::new(),
        })
    }

    /// Totals of the day.
    #[must_use]
    pub fn today(&self, window: &OperatingWindow, now: &Belief) -> DayTotal {
        self.ledger.today(window, now.now)
    }

    fn keep(&mut self, step: Step) -> Option<BooksEvent> {
        self.closed.extend(step.closed);
        if step.lines.is_empty() {
            return None;
        }
        match self.append(step.lines.as_bytes()) {
            Ok(()) => {
                self.writable = true;
                None
            }
            Err(error) => {
                self.file = None;
                tracing::warn!(%error, "the ledger cannot be written; it goes on in memory");
                std::mem::replace(&mut self.writable, false).then_some(BooksEvent::DiskFailed)
            }
        }
    }

    fn append(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        if self.bytes > ROTATE_BYTES {
            self.file = None;
            file::rename_durably(&self.dir.join(NEW), &self.dir.join(OLD))?;
            self.bytes = 0;
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let path = self.dir.join(NEW);
                self.file
                    .insert(File::options().create(true).append(true).open(path)?)
            }
        };
        file.write_all(lines)?;
        file.sync_data()?;
        self.bytes += u64::try_from(lines.len()).unwrap_or(u64::MAX);
        Ok(())
    }
}

fn this_boot() -> BootId {
    let unknown = || "unknown".parse().expect("a legal identifier");
    boot::boot_id()
        .and_then(|id| id.parse().ok())
        .unwrap_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_player_core::ledger::Condition;
    use cotmoc_proto::TimeMs;
    use cotmoc_proto::device::ClockQuality;

    #[test]
    fn a_ledger_that_cannot_be_written_from_the_start_is_told_once_and_goes_on() {
        let window = OperatingWindow::default();
        let at = |mono_ms| Belief {
            mono_ms,
            now: TimeMs(1_795_392_000_000).plus(i64::try_from(mono_ms).unwrap()),
            quality: ClockQuality::Synchronised,
        };
        let mut books = Books::open(Path::new("/proc/none"), at(0));
        let fact = Fact::Presented(Condition::OnAir);
        let told = books.observe(fact, &at(1_000), &window);
        assert_eq!(told, Some(BooksEvent::DiskFailed));
        assert_eq!(books.observe(fact, &at(20_000), &window), None);
        assert_eq!(books.today(&window, &at(20_000)).on_air_ms, 19_000);
    }
}
