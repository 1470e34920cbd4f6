//! Machine: a board changes its software. The bundle goes into the slot that does not run, is started
//! once, and stays only if picture, sound and receipt are well within its time; whatever else happens,
//! a power cut at any moment among it, the board runs what it ran before.
//!
//! ```text
//! Idle -> Installing -> Installed -> Chosen -> Trial -> Idle (kept)
//!              |                       |         \-> Leaving -> Idle (returned)
//!              \-> Idle (not written)  \-> Idle (the board came up in the old slot)
//! ```

use cotmoc_proto::BootId;
use cotmoc_proto::time::{Millis, SECOND};
use serde::{Deserialize, Serialize};

/// How often one version is tried, and started within one trial, before a person has to look.
pub const MOST_TRIES: u32 = 3;
/// So long picture, sound and receipt must be well without a break, in milliseconds.
pub const STABLE_MS: Millis = 20 * SECOND;

/// A version of software. The numbers start again with each epoch of the root document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    pub epoch: u64,
    pub number: u64,
}

/// One of the two places from which a board starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slot {
    A,
    B,
}

impl Slot {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// What is to be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub version: Version,
    /// Powered-on time within which it must prove itself, in milliseconds.
    pub health_ms: Millis,
}

/// Why a version was left again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// It could not be written into the other slot.
    NotInstalled,
    /// The board came up in the old slot.
    NotStarted,
    /// It ran and did not become well in its time.
    NotWell,
}

impl Failure {
    /// The reason as events report it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotInstalled => "not-installed",
            Self::NotStarted => "not-started",
            Self::NotWell => "not-well",
        }
    }
}

/// How far a change has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Phase {
    Idle,
    /// The other slot is being written: it holds nothing that can be relied on.
    Installing(Target),
    /// Written; the board goes on with what it ran.
    Installed(Target),
    /// The next start tries it; chosen in this boot.
    Chosen {
        target: Target,
        boot: BootId,
    },
    /// It runs, and has to prove itself.
    Trial(Trial),
    /// It was not well: the next start is the old slot again.
    Leaving(Target),
}

/// A version that has to prove itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    target: Target,
    boot: BootId,
    /// How often it was started.
    starts: u32,
    since_mono_ms: Millis,
    well_since_mono_ms: Option<Millis>,
}

/// What a board remembers between two starts. Written to the disk before any effect is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// The slot that is started as long as nothing else is chosen.
    slot: Slot,
    /// The version in it.
    version: Version,
    phase: Phase,
    /// The boot in which the board is.
    boot: Option<BootId>,
    /// The version that failed last, and how often.
    failed: Option<(Version, u32)>,
}

/// What became known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// The board has started, from `slot`; the process may have started many times since.
    Started { slot: Slot, boot: BootId },
    /// Admitted software whose bundle lies here whole.
    Ready(Target),
    /// The other slot has been written, or not.
    Installed(bool),
    /// How the board is: `true` only if picture, sound and receipt are.
    Health(bool),
    /// Nothing but time has passed.
    Time,
}

/// What is to be done. Every effect may be carried out again after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Write the bundle of this version into the slot.
    Install { version: Version, slot: Slot },
    /// Start the slot at the next start, and only then.
    TryOnce(Slot),
    /// Start the slot from now on.
    Keep(Slot),
    /// Start the board again.
    Restart,
    /// Tell the controller that this version is kept.
    Kept { version: Version },
    /// Tell the controller that this version was left again; `is_last`: it is not tried again.
    Failed {
        version: Version,
        why: Failure,
        is_last: bool,
    },
}

impl Update {
    /// A board that runs `version` from `slot`.
    #[must_use]
    pub const fn new(slot: Slot, version: Version) -> Self {
        Self {
            slot,
            version,
            phase: Phase::Idle,
            boot: None,
            failed: None,
        }
    }

    /// The version that stays if nothing else happens.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The slot that holds it.
    #[must_use]
    pub const fn slot(&self) -> Slot {
        self.slot
    }

    /// How far the change has come.
    #[must_use]
    pub const fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Whether `version` would be tried if it were ready.
    #[must_use]
    pub fn wants(&self, version: Version) -> bool {
        let is_given_up = self
            .failed
            .is_some_and(|(failed, tries)| failed == version && tries >= MOST_TRIES);
        self.phase == Phase::Idle && version > self.version && !is_given_up
    }

    /// Adds a fact. `mono_ms` is the time since the start of the board; `may_restart`: nobody is to see
    /// the screen now, or people have asked for it.
    pub fn observe(&mut self, fact: &Fact, mono_ms: Millis, may_restart: bool) -> Vec<Effect> {
        match fact {
            Fact::Started { slot, boot } => self.started(*slot, boot, mono_ms),
            Fact::Ready(target) => self.ready(*target),
            Fact::Installed(is_done) => self.installed(*is_done),
            Fact::Health(is_well) => self.health(*is_well, mono_ms),
            Fact::Time => self.time(mono_ms, may_restart),
        }
    }

    fn ready(&mut self, target: Target) -> Vec<Effect> {
        if !self.wants(target.version) {
            return Vec::new();
        }
        self.phase = Phase::Installing(target);
        vec![self.install(target)]
    }

    const fn install(&self, target: Target) -> Effect {
        Effect::Install {
            version: target.version,
            slot: self.slot.other(),
        }
    }

    fn installed(&mut self, is_done: bool) -> Vec<Effect> {
        let Phase::Installing(target) = self.phase else {
            return Vec::new();
        };
        if !is_done {
            return vec![self.fail(target, Failure::NotInstalled)];
        }
        self.phase = Phase::Installed(target);
        Vec::new()
    }

    fn started(&mut self, slot: Slot, boot: &BootId, mono_ms: Millis) -> Vec<Effect> {
        self.boot = Some(boot.clone());
        if slot != self.slot {
            return self.started_other(boot, mono_ms);
        }
        // A process that died right after it had decided so may not have said it.
        let keep = Effect::Keep(self.slot);
        match self.phase.clone() {
            Phase::Idle | Phase::Installed(_) => vec![keep],
            // Cut off while it was written: it is written again.
            Phase::Installing(target) => vec![keep, self.install(target)],
            // The board has not started again since it was chosen.
            Phase::Chosen { boot: last, .. } if last == *boot => self.choose(),
            Phase::Chosen { target, .. } | Phase::Trial(Trial { target, .. }) => {
                vec![keep, self.fail(target, Failure::NotStarted)]
            }
            Phase::Leaving(target) => vec![keep, self.fail(target, Failure::NotWell)],
        }
    }

    fn started_other(&mut self, boot: &BootId, mono_ms: Millis) -> Vec<Effect> {
        match self.phase.clone() {
            Phase::Chosen { target, .. } => self.try_out(target, 1, mono_ms),
            Phase::Trial(trial) if trial.boot == *boot => Vec::new(),
            Phase::Trial(trial) if trial.starts < MOST_TRIES => {
                self.try_out(trial.target, trial.starts + 1, mono_ms)
            }
            Phase::Trial(trial) => self.leave(trial.target),
            // The starter took another slot than the one that stays.
            Phase::Idle | Phase::Installing(_) | Phase::Installed(_) | Phase::Leaving(_) => {
                vec![Effect::Keep(self.slot), Effect::Restart]
            }
        }
    }

    fn choose(&self) -> Vec<Effect> {
        vec![Effect::TryOnce(self.slot.other()), Effect::Restart]
    }

    fn try_out(&mut self, target: Target, starts: u32, mono_ms: Millis) -> Vec<Effect> {
        let Some(boot) = self.boot.clone() else {
            return Vec::new();
        };
        self.phase = Phase::Trial(Trial {
            target,
            boot,
            starts,
            since_mono_ms: mono_ms,
            well_since_mono_ms: None,
        });
        Vec::new()
    }

    fn leave(&mut self, target: Target) -> Vec<Effect> {
        self.phase = Phase::Leaving(target);
        vec![Effect::Keep(self.slot), Effect::Restart]
    }

    fn health(&mut self, is_well: bool, mono_ms: Millis) -> Vec<Effect> {
        let Phase::Trial(trial) = &mut self.phase else {
            return Vec::new();
        };
        let since = trial.well_since_mono_ms.filter(|_| is_well);
        let since = since.or_else(|| is_well.then_some(mono_ms));
        trial.well_since_mono_ms = since;
        let target = trial.target;
        if since.is_none_or(|since| mono_ms.saturating_sub(since) < STABLE_MS) {
            return self.time(mono_ms, false);
        }
        self.slot = self.slot.other();
        self.version = target.version;
        self.phase = Phase::Idle;
        self.failed = None;
        let version = target.version;
        vec![Effect::Keep(self.slot), Effect::Kept { version }]
    }

    fn time(&mut self, mono_ms: Millis, may_restart: bool) -> Vec<Effect> {
        match &self.phase {
            Phase::Trial(trial) if trial.is_over(mono_ms) => self.leave(trial.target),
            Phase::Installed(target) if may_restart => {
                let Some(boot) = self.boot.clone() else {
                    return Vec::new();
                };
                let target = *target;
                self.phase = Phase::Chosen { target, boot };
                self.choose()
            }
            Phase::Idle
            | Phase::Installing(_)
            | Phase::Installed(_)
            | Phase::Chosen { .. }
            | Phase::Trial(_)
            | Phase::Leaving(_) => Vec::new(),
        }
    }

    fn fail(&mut self, target: Target, why: Failure) -> Effect {
        let version = target.version;
        let before = self.failed.filter(|(failed, _)| *failed == version);
        let tries = before.map_or(0, |(_, tries)| tries).saturating_add(1);
        self.failed = Some((version, tries));
        self.phase = Phase::Idle;
        Effect::Failed {
            version,
            why,
            is_last: tries >= MOST_TRIES,
        }
    }
}

impl Trial {
    /// Whether its time is used up. What is well just now is given until that has proved stable.
    fn is_over(&self, mono_ms: Millis) -> bool {
        let grace = if self.well_since_mono_ms.is_some() {
            STABLE_MS
        } else {
            0
        };
        let used = mono_ms.saturating_sub(self.since_mono_ms);
        used >= self.target.health_ms.saturating_add(grace)
    }
}

#[cfg(test)]
mod tests;
