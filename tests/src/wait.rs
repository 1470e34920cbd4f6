//! Waiting for a state with a deadline: no test sleeps and hopes.

use std::time::{Duration, Instant};

/// How long a state may take that a healthy machine reaches in a second or two.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Waits until `probe` returns something, and returns it.
///
/// # Panics
/// After [`PATIENCE`], naming `what`.
pub fn eventually<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    within(PATIENCE, what, probe)
}

/// Waits at most `limit` until `probe` returns something, and returns it.
///
/// # Panics
/// After `limit`, naming `what`.
pub fn within<T>(limit: Duration, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(25));
    }
}
