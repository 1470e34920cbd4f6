//! Watches the process from outside the engine: whether ticks and pictures advance, and whether memory, descriptors
//! and threads stay within bounds. Where nothing smaller helps it ends the process, so that a new one starts.

mod connector;
mod note;
mod vitals;

pub use connector::DisplaySource;
pub use note::{LastWords, read as read_note};
pub use vitals::{Ailment, Limits, Needs};

use self::vitals::Vitals;
use crate::pipeline::Beats;
use cotmoc_proto::device::FrameRates;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The exit code of a process that ended itself because only a new one helps.
pub const EXIT_REMEDY: i32 = 70;
/// The same where new processes did not help either: the board should start anew.
pub const EXIT_BOARD: i32 = 71;

const LOOK_EVERY: Duration = Duration::from_millis(100);
const RATES_EVERY: Duration = Duration::from_secs(1);

/// Handle of the watching thread; dropping it ends the watch.
#[derive(Debug)]
pub struct Watch {
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    unwell: AtomicBool,
    over: AtomicBool,
    rates: Mutex<FrameRates>,
}

/// What a watch looks at and what it does in the end. The closures are called from its own thread.
#[derive(Debug)]
pub struct Watched<B, N, E> {
    pub limits: Limits,
    /// Where the process' last words are kept for the next one.
    pub note: PathBuf,
    pub beats: B,
    pub needs: N,
    /// Ends the process with a code.
    pub end: E,
}

impl Watch {
    /// Starts watching.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start<B, N, E>(watched: Watched<B, N, E>) -> io::Result<Self>
    where
        B: Fn() -> Beats + Send + 'static,
        N: Fn() -> Needs + Send + 'static,
        E: Fn(i32) + Send + 'static,
    {
        let state = Arc::new(State::default());
        let told = Arc::clone(&state);
        thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || keep_watch(&watched, &told))?;
        Ok(Self { state })
    }

    /// The process does its work: only then may the service manager hear that it lives.
    #[must_use]
    pub fn is_well(&self) -> bool {
        !self.state.unwell.load(Ordering::Relaxed)
    }

    /// What the first output did in the last second.
    #[must_use]
    pub fn rates(&self) -> FrameRates {
        *self.state.rates()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.state.over.store(true, Ordering::Relaxed);
    }
}

impl State {
    fn rates(&self) -> MutexGuard<'_, FrameRates> {
        self.rates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends this process at once; nothing in it can be trusted to end in order.
#[expect(
    clippy::exit,
    reason = "whoever could be asked to end in order is what has failed"
)]
pub fn end_process(code: i32) {
    std::process::exit(code)
}

fn keep_watch<B, N, E>(watched: &Watched<B, N, E>, state: &State)
where
    B: Fn() -> Beats,
    N: Fn() -> Needs,
    E: Fn(i32),
{
    let mut vitals = Vitals::new(watched.limits, Instant::now());
    let mut counted = ((watched.beats)(), Instant::now());
    while !state.over.load(Ordering::Relaxed) {
        thread::sleep(LOOK_EVERY);
        let (now, beats) = (Instant::now(), (watched.beats)());
        vitals.see(beats, now);
        if now - counted.1 >= RATES_EVERY {
            *state.rates() = rates(counted.0, beats, now - counted.1);
            counted = (beats, now);
            vitals.weigh((watched.needs)());
        }
        state.unwell.store(!vitals.is_well(), Ordering::Relaxed);
        if let Some(ailment) = vitals.beyond_help(now)
            && !state.over.load(Ordering::Relaxed)
        {
            return end(&ailment, &watched.note, &watched.end);
        }
    }
}

fn end(ailment: &Ailment, note: &Path, end: &impl Fn(i32)) {
    let words = note::append(note, ailment);
    tracing::error!(
        step = words.step(),
        reason = ailment.code(),
        detail = %ailment,
        "Nothing smaller helps: the process ends itself so that a new one starts."
    );
    end(if words.is_for_the_board() {
        EXIT_BOARD
    } else {
        EXIT_REMEDY
    });
}

fn rates(before: Beats, after: Beats, elapsed: Duration) -> FrameRates {
    let per_second = |before: u64, after: u64| {
        let count = u128::from(after.saturating_sub(before));
        let millis = elapsed.as_millis().max(1);
        u32::try_from((count * 1000 + millis / 2) / millis).unwrap_or(u32::MAX)
    };
    FrameRates {
        presented: per_second(before.presented, after.presented),
        late: per_second(before.late, after.late),
        dropped: per_second(before.dropped, after.dropped),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;
    use std::sync::mpsc::channel;

    #[test]
    fn a_clock_that_stops_is_noticed_its_process_ends_with_a_code_of_its_own_and_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let note = folder.path().join("last-words.json");
        let ticks = Arc::new(AtomicU64::new(0));
        let (sender, ended) = channel();
        let counting = Arc::clone(&ticks);
        let watch = Watch::start(Watched {
            limits: Limits::with_memory_mib(1 << 20),
            note: note.clone(),
            beats: move || Beats {
                // Three seconds of looks, then nothing more.
                ticks: counting.fetch_add(1, Ordering::Relaxed).min(30),
                presented: counting.load(Ordering::Relaxed),
                output_ok: true,
                ..Beats::default()
            },
            needs: Needs::of_this_process,
            end: move |code| sender.send(code).unwrap(),
        })
        .unwrap();
        assert!(watch.is_well());
        let code = ended.recv_timeout(Duration::from_secs(120)).unwrap();
        assert_eq!(code, EXIT_REMEDY);
        assert!(!watch.is_well());
        assert!(watch.rates().presented > 0);
        let words = read_note(&note).unwrap();
        assert_eq!(
            (words.step(), words.reason.as_str()),
            ("process", "ticks-stand-still")
        );
    }
}
