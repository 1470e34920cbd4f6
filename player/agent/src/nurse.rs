//! The nurse: takes in what is seen of the board, tells what ails it, and tries what helps.

use crate::health::host_health;
use crate::outbox::Outbox;
use crate::reporter::Reporter;
use cotmoc_player_core::symptom::{
    Effect, Now, Patience, Remedy, Sign, Symptom, Symptoms, Trouble,
};
use cotmoc_proto::device::HostHealth;
use cotmoc_service::boot;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// Signs that wait for the nurse.
const MOST_WAITING: usize = 1_024;
const HOST_EVERY: Duration = Duration::from_secs(10);
/// How long last words may take to reach the disk.
const LAST_WORDS: Duration = Duration::from_secs(1);

const HOT_MILLI_C: i64 = 85_000;
const LEAST_MEMORY_BYTES: u64 = 32 << 20;
const LEAST_DISK_BYTES: u64 = 16 << 20;

/// A program with its arguments; nothing: not configured.
pub type CommandLine = Vec<String>;

/// What the nurse may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remedies {
    pub restart_screen: CommandLine,
    pub restart_board: CommandLine,
    pub power_off: CommandLine,
}

impl Remedies {
    fn command(&self, remedy: Remedy) -> &CommandLine {
        match remedy {
            Remedy::RestartScreen => &self.restart_screen,
            Remedy::RestartBoard => &self.restart_board,
            Remedy::PowerOff => &self.power_off,
        }
    }
}

struct Seen {
    symptom: Symptom,
    sign: Sign,
    at_ms: u64,
}

/// A handle for whoever sees something.
#[derive(Debug, Clone)]
pub struct Signs(mpsc::Sender<Seen>);

impl Signs {
    /// What is seen now.
    pub fn tell(&self, trouble: Trouble, subject: &str, sign: Sign) {
        self.tell_since(trouble, subject, sign, boot::since_boot_ms());
    }

    /// What has been seen since `at_ms` after the boot.
    pub fn tell_since(&self, trouble: Trouble, subject: &str, sign: Sign, at_ms: u64) {
        if self
            .0
            .try_send(seen(trouble, subject, sign, at_ms))
            .is_err()
        {
            tracing::warn!(?trouble, subject, "a sign is not taken in");
        }
    }

    /// As [`Signs::tell`], for threads; `false`: the nurse has ended.
    #[must_use]
    pub fn tell_blocking(&self, trouble: Trouble, subject: &str, sign: Sign) -> bool {
        let seen = seen(trouble, subject, sign, boot::since_boot_ms());
        self.0.blocking_send(seen).is_ok()
    }
}

fn seen(trouble: Trouble, subject: &str, sign: Sign, at_ms: u64) -> Seen {
    let subject = subject.to_owned();
    Seen {
        symptom: Symptom { trouble, subject },
        sign,
        at_ms,
    }
}

/// Looks after the board.
#[derive(Debug)]
pub struct Nurse {
    pub reporter: Reporter,
    pub outbox: Outbox,
    pub media: PathBuf,
    pub remedies: Remedies,
    /// Patience of their own for some symptoms.
    pub patience: BTreeMap<Symptom, Patience>,
    /// Told when something must be said at once, even to a controller that did not answer.
    pub poke: Arc<Notify>,
}

/// Signs on their way to the nurse.
#[derive(Debug)]
pub struct Waiting(mpsc::Receiver<Seen>);

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?} at {}", self.symptom, self.sign, self.at_ms)
    }
}

/// A handle, and what is told by it.
#[must_use]
pub fn signs() -> (Signs, Waiting) {
    let (sender, receiver) = mpsc::channel(MOST_WAITING);
    (Signs(sender), Waiting(receiver))
}

impl Nurse {
    /// Looks after the board for ever.
    pub async fn run(mut self, mut waiting: Waiting) {
        let mut symptoms = Symptoms::new(std::mem::take(&mut self.patience));
        let mut host = tokio::time::interval(HOST_EVERY);
        loop {
            let effects = tokio::select! {
                seen = waiting.0.recv() => match seen {
                    Some(seen) => symptoms.observe(seen.symptom, seen.sign, seen.at_ms),
                    None => return,
                },
                _ = host.tick() => self.look_at_host(&mut symptoms),
                () = until(symptoms.deadline()) => symptoms.advance(boot::since_boot_ms()),
            };
            for effect in effects {
                self.perform(&effect).await;
            }
        }
    }

    fn look_at_host(&self, symptoms: &mut Symptoms) -> Vec<Effect> {
        let now_ms = boot::since_boot_ms();
        let ailments = ailments(&host_health(&self.media));
        ailments
            .into_iter()
            .flat_map(|(what, ails)| {
                let seen = seen(Trouble::Host, what, Sign::when(ails), now_ms);
                symptoms.observe(seen.symptom, seen.sign, now_ms)
            })
            .collect()
    }

    async fn perform(&self, effect: &Effect) {
        if let Effect::Remedy { remedy, .. } = effect
            && self.remedies.command(*remedy).is_empty()
        {
            return;
        }
        let stamp = self.reporter.stamp();
        self.reporter.tell(effect.event(Now {
            mono_ms: stamp.mono_ms,
            wall: stamp.wall_ms,
        }));
        if is_urgent(effect) {
            self.poke.notify_one();
        }
        if let Effect::Remedy { remedy, .. } = effect {
            // A disk that hangs does not keep the board from being helped.
            drop(tokio::time::timeout(LAST_WORDS, self.outbox.flush()).await);
            carry_out(self.remedies.command(*remedy));
        }
    }
}

/// What is said before the power may be gone, or before an intruder is done.
fn is_urgent(effect: &Effect) -> bool {
    match effect {
        Effect::Raised { symptom, .. } => match symptom.trouble {
            Trouble::Mains
            | Trouble::Battery
            | Trouble::BatteryLow
            | Trouble::Door
            | Trouble::Tamper
            | Trouble::Integrity => true,
            Trouble::Line
            | Trouble::Screen
            | Trouble::Picture
            | Trouble::Frozen
            | Trouble::Network
            | Trouble::Host => false,
        },
        Effect::Remedy { .. } => true,
        Effect::Cleared { .. } => false,
    }
}

fn ailments(health: &HostHealth) -> [(&'static str, bool); 3] {
    let heat = health.temperature_milli_c.unwrap_or(0);
    [
        ("heat", heat >= HOT_MILLI_C),
        ("memory", health.memory_free_bytes < LEAST_MEMORY_BYTES),
        ("disk", health.media_free_bytes < LEAST_DISK_BYTES),
    ]
}

async fn until(deadline_ms: Option<u64>) {
    let Some(deadline_ms) = deadline_ms else {
        return std::future::pending().await;
    };
    let wait_ms = deadline_ms.saturating_sub(boot::since_boot_ms());
    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
}

/// Starts the command and does not wait: it may be what ends this process.
fn carry_out(command: &[String]) {
    let Some((program, arguments)) = command.split_first() else {
        return;
    };
    tracing::warn!(?command, "a remedy is tried");
    let mut child = std::process::Command::new(program);
    child
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    match child.spawn() {
        Ok(mut child) => {
            let waits = move || child.wait();
            drop(tokio::task::spawn_blocking(waits));
        }
        Err(error) => tracing::error!(?command, %error, "the remedy cannot be started"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Floor;
    use cotmoc_proto::TimeMs;
    use cotmoc_proto::device::{Event, EventKind, RecordBody};
    use std::path::Path;

    const PATIENCE: Duration = Duration::from_secs(60);

    struct Ward {
        folder: tempfile::TempDir,
        outbox: Outbox,
        signs: Signs,
        poke: Arc<Notify>,
    }

    impl Ward {
        fn open(remedies: impl FnOnce(&Path) -> Remedies) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let outbox = Outbox::start(folder.path(), 1 << 24).unwrap();
            let (signs, waiting) = signs();
            let poke = Arc::new(Notify::new());
            let nurse = Nurse {
                reporter: Reporter::new(outbox.clone(), Floor::new(TimeMs(0))),
                outbox: outbox.clone(),
                media: folder.path().to_owned(),
                remedies: remedies(folder.path()),
                patience: BTreeMap::new(),
                poke: Arc::clone(&poke),
            };
            tokio::spawn(nurse.run(waiting));
            Self {
                folder,
                outbox,
                signs,
                poke,
            }
        }

        async fn events(&self) -> Vec<Event> {
            let records = self.outbox.batch(100, 1 << 20).await;
            let events = records.into_iter().filter_map(|record| match record.body {
                RecordBody::Event(event) => Some(event),
                RecordBody::Aired(_) | RecordBody::OnAir(_) | RecordBody::Receipt(_) => None,
            });
            events.collect()
        }

        async fn poked(&self) {
            let poked = tokio::time::timeout(PATIENCE, self.poke.notified());
            poked.await.expect("the heart is told to beat");
        }
    }

    #[tokio::test]
    async fn a_low_battery_is_said_at_once_and_then_the_board_is_switched_off() {
        let ward = Ward::open(|folder| Remedies {
            power_off: vec!["touch".to_owned(), folder.join("off").display().to_string()],
            ..Remedies::default()
        });
        ward.signs.tell(Trouble::BatteryLow, "ups", Sign::Present);
        ward.poked().await;
        let said = ward.events().await;
        assert_eq!(said[0].kind, EventKind::BatteryLow);
        assert_eq!(said[0].detail["line"], "ups");
        assert!(!ward.folder.path().join("off").exists(), "words come first");
        ward.poked().await;
        let off = async {
            while !ward.folder.path().join("off").exists() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, off).await.unwrap();
        let kinds: Vec<_> = ward.events().await.into_iter().map(|e| e.kind).collect();
        assert_eq!(kinds, [EventKind::BatteryLow, EventKind::PoweringOff]);
    }

    #[tokio::test]
    async fn what_is_not_configured_is_not_tried_and_not_told() {
        let ward = Ward::open(|_| Remedies::default());
        let long_ago = boot::since_boot_ms().saturating_sub(60_000);
        let signs = &ward.signs;
        signs.tell_since(Trouble::BatteryLow, "ups", Sign::Present, long_ago);
        signs.tell(Trouble::Tamper, "lid", Sign::Present);
        ward.poked().await;
        let lid = async {
            while ward.events().await.len() < 2 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, lid).await.unwrap();
        let kinds: Vec<_> = ward.events().await.into_iter().map(|e| e.kind).collect();
        assert_eq!(kinds, [EventKind::BatteryLow, EventKind::TamperDetected]);
    }
}
