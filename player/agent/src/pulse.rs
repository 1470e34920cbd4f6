//! Tells the service manager that the agent lives: that what happens still reaches the outbox.

use crate::outbox::Outbox;
use cotmoc_service::notify;
use std::time::Duration;

/// A sixth of the unit's `WatchdogSec`.
const EVERY: Duration = Duration::from_secs(10);

/// Tells it for ever. An outbox that hangs or has ended is not told of: the service manager then
/// starts a new process.
pub async fn keep_telling(outbox: Outbox) {
    let mut tick = tokio::time::interval(EVERY);
    loop {
        tick.tick().await;
        if outbox.boot().await.is_some() {
            notify::watchdog();
        }
    }
}
