//! What the scheduler's thread may know of an overlay that is drawn elsewhere: whether to wait for it, and what is
//! wrong with it.

use super::setting::TextFault;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

/// Shared by an overlay and its worker.
#[derive(Debug, Default)]
pub(super) struct Health {
    settled: AtomicBool,
    fault: Mutex<Option<TextFault>>,
}

/// Held by a worker: however it ends, nobody waits for it any longer.
struct Settling(Arc<Health>);

impl Health {
    /// There is nothing more to wait for.
    pub(super) fn settle(&self) {
        self.settled.store(true, Ordering::Release);
    }

    pub(super) fn is_settled(&self) -> bool {
        self.settled.load(Ordering::Acquire)
    }

    /// Remembers the first thing that is wrong.
    pub(super) fn note(&self, what: &'static str, fault: TextFault) {
        tracing::warn!(overlay = what, %fault, "An overlay is not drawn, or not all of it.");
        self.lock().get_or_insert(fault);
    }

    pub(super) fn fault(&self) -> Option<String> {
        self.lock().as_ref().map(ToString::to_string)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<TextFault>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Settling {
    fn drop(&mut self) {
        self.0.settle();
    }
}

/// Runs `work` on a thread of its own; what it fails with becomes the overlay's fault.
pub(super) fn spawn(
    what: &'static str,
    health: &Arc<Health>,
    work: impl FnOnce() -> Result<(), TextFault> + Send + 'static,
) {
    let settling = Settling(Arc::clone(health));
    let started = thread::Builder::new()
        .name(format!("draw {what}"))
        .spawn(move || {
            if let Err(fault) = work() {
                settling.0.note(what, fault);
            }
        });
    if let Err(error) = started {
        let detail = error.to_string();
        health.note(what, TextFault::Thread { detail });
    }
}

/// The best guess at group time before anybody has told it.
pub(super) fn probably_now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let ns = since.map_or(0, |since| since.as_nanos());
    i64::try_from(ns).unwrap_or(0)
}
