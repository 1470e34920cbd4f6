//! The heartbeat: what the device has to say goes to the controller, what the controller desires
//! comes back. It beats on time, when something urgent is in the outbox, when the status of a screen
//! changes, and when the controller says that something changed.

use crate::api::{Api, Refused};
use crate::health::host_health;
use crate::nurse::Signs;
use crate::outbox::Outbox;
use crate::reporter::Reporter;
use crate::screens::Reports;
use cotmoc_player_core::backoff::Backoff;
use cotmoc_player_core::haste::{Haste, Statuses};
use cotmoc_player_core::symptom::{Sign, Trouble};
use cotmoc_proto::device::{
    Desired, MAX_RECORDS, MAX_SYNC_BYTES, ScreenReport, SyncRequest, VERSION,
};
use cotmoc_proto::{BootId, DeviceId};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

/// Room for everything but the records.
const HEAD_BYTES: usize = 96 * 1024;
/// Urgent records that come close together travel together.
const DEBOUNCE: Duration = Duration::from_millis(100);
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// Beats.
#[derive(Debug)]
pub struct Heart {
    pub device: DeviceId,
    pub boot: BootId,
    pub media: PathBuf,
    pub outbox: Outbox,
    pub reporter: Reporter,
    pub reports: watch::Receiver<Reports>,
    pub desired: watch::Sender<Option<Desired>>,
    /// Time between beats; `None`: as the controller says.
    pub period: Option<Duration>,
    pub poke: Arc<Notify>,
    pub signs: Signs,
    /// Told when the controller says that the certificate has ended.
    pub ended: Arc<Notify>,
    pub haste: Haste,
}

/// What a beat brought.
struct Beat {
    next: Duration,
    /// More records wait than one beat carries.
    more: bool,
}

impl Heart {
    /// Beats for ever.
    pub async fn run(mut self, mut api: watch::Receiver<Option<Arc<Api>>>) {
        let mut backoff = Backoff::new(1_000, 60_000);
        loop {
            let Some(way) = api.borrow_and_update().clone() else {
                if api.changed().await.is_err() {
                    return;
                }
                continue;
            };
            let beat = self.beat(&way).await;
            self.signs.tell(
                Trouble::Network,
                "controller",
                Sign::when(is_unheard(&beat)),
            );
            match beat {
                Ok(beat) => {
                    if backoff.failures() > 0 {
                        tracing::info!("the controller answers");
                    }
                    backoff.succeeded();
                    if !beat.more {
                        self.rest(beat.next).await;
                    }
                }
                Err(error) => {
                    let wait_ms = backoff.failed(random());
                    tell_failure(&error, backoff.failures(), wait_ms);
                    if Refused::is_expiry(&error) {
                        self.ended.notify_one();
                    }
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_millis(wait_ms)) => {}
                        () = self.poke.notified() => {}
                        changed = api.changed() => if changed.is_err() { return },
                    }
                }
            }
        }
    }

    async fn beat(&mut self, api: &Api) -> anyhow::Result<Beat> {
        let request = self.request().await;
        let response = api.sync(&request).await?;
        anyhow::ensure!(
            response.v == VERSION,
            "the controller speaks version {} of the protocol, this agent {VERSION}",
            response.v
        );
        let had_records = !request.records.is_empty();
        if had_records {
            self.outbox.ack(response.ack).await;
        }
        self.desired.send_if_modified(|desired| {
            let changed = desired.as_ref() != Some(&response.desired);
            *desired = Some(response.desired);
            changed
        });
        let told = Duration::from_millis(response.next_ms.clamp(500, 300_000));
        let usual = jittered(self.period.unwrap_or(told));
        let sooner = self.haste.told(statuses(&request.screens));
        Ok(Beat {
            next: sooner.map_or(usual, |ms| usual.min(Duration::from_millis(ms))),
            more: had_records && self.went_on(&request).await,
        })
    }

    /// Whether records wait that this beat did not carry. Records that the controller did not take
    /// wait for the next beat.
    async fn went_on(&self, request: &SyncRequest) -> bool {
        let carried = u64::try_from(request.records.len()).unwrap_or(u64::MAX);
        let waiting = self.outbox.health().await.waiting;
        waiting > 0 && waiting.saturating_add(carried) <= request.outbox.waiting
    }

    async fn request(&self) -> SyncRequest {
        let stamp = self.reporter.stamp();
        let screens = self.reports.borrow().values().cloned().collect();
        SyncRequest {
            v: VERSION,
            device: self.device.clone(),
            boot: self.boot.clone(),
            mono_ms: stamp.mono_ms,
            wall_ms: stamp.wall_ms,
            clock: stamp.clock,
            host: host_health(&self.media),
            outbox: self.outbox.health().await,
            screens,
            records: self
                .outbox
                .batch(MAX_RECORDS, MAX_SYNC_BYTES - HEAD_BYTES)
                .await,
        }
    }

    /// Waits for the next beat, or for a reason to beat before.
    async fn rest(&mut self, period: Duration) {
        let next = Instant::now() + period;
        let urgent = async {
            tokio::select! {
                () = self.outbox.urgent() => {}
                () = self.poke.notified() => return,
            }
            tokio::time::sleep(DEBOUNCE).await;
        };
        tokio::select! {
            () = tokio::time::sleep_until(next) => {}
            () = urgent => {}
            () = changed(&self.haste, &mut self.reports) => {}
        }
    }
}

/// Waits until the controller was told another status of the screens than they have.
async fn changed(haste: &Haste, reports: &mut watch::Receiver<Reports>) {
    let is_news = |reports: &Reports| haste.is_news(&statuses(reports.values()));
    if reports.wait_for(is_news).await.is_err() {
        // The screens have ended, and with them this agent.
        std::future::pending::<()>().await;
    }
}

fn statuses<'a>(screens: impl IntoIterator<Item = &'a ScreenReport>) -> Statuses {
    let screens = screens.into_iter();
    screens.map(|one| (one.kind, one.status)).collect()
}

/// Asks the controller to say when something changes, for ever; then the heart is poked.
pub async fn listen(
    mut api: watch::Receiver<Option<Arc<Api>>>,
    mut desired: watch::Receiver<Option<Desired>>,
    poke: Arc<Notify>,
) {
    let mut backoff = Backoff::new(1_000, 60_000);
    if desired.changed().await.is_err() {
        return;
    }
    loop {
        let Some(way) = api.borrow_and_update().clone() else {
            if api.changed().await.is_err() {
                return;
            }
            continue;
        };
        let revision = desired
            .borrow_and_update()
            .as_ref()
            .map_or(0, |desired| desired.revision);
        let began = Instant::now();
        let pause = match way.wait(revision).await {
            Ok(true) => {
                backoff.succeeded();
                poke.notify_one();
                let news = desired.changed();
                // Without news the controller is asked again anyway.
                drop(tokio::time::timeout(SHORTEST_WAIT * 2, news).await);
                Duration::ZERO
            }
            Ok(false) => {
                backoff.succeeded();
                SHORTEST_WAIT.saturating_sub(began.elapsed())
            }
            Err(error) => {
                tracing::debug!(error = format!("{error:#}"), "the wait ended early");
                Duration::from_millis(backoff.failed(random()))
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Any number.
#[must_use]
pub fn random() -> u64 {
    let mut bytes = [0; 8];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        return cotmoc_service::boot::since_boot_ms();
    }
    u64::from_le_bytes(bytes)
}

/// `period`, moved by up to a tenth.
fn jittered(period: Duration) -> Duration {
    let ms = u64::try_from(period.as_millis()).unwrap_or(u64::MAX);
    let tenth = ms / 10;
    let moved = ms - tenth + random() % (2 * tenth).max(1);
    Duration::from_millis(moved)
}

/// Whether nobody answered; a refusal is an answer.
fn is_unheard(beat: &anyhow::Result<Beat>) -> bool {
    beat.as_ref()
        .is_err_and(|error| error.downcast_ref::<Refused>().is_none())
}

fn tell_failure(error: &anyhow::Error, failures: u32, wait_ms: u64) {
    let error = format!("{error:#}");
    if failures == 1 {
        tracing::warn!(
            error,
            wait_ms,
            "the controller does not answer; the screens play on"
        );
    } else {
        tracing::debug!(
            error,
            wait_ms,
            failures,
            "the controller still does not answer"
        );
    }
}
