//! Gives a player a third of a processor core, as a slow board would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The share of one core in the limited run.
pub const SHARE_PERCENT: u32 = 35;
const PERIOD_US: u32 = 10_000;
const QUOTA_US: u32 = PERIOD_US * SHARE_PERCENT / 100;

/// How a player is kept to its share.
#[derive(Debug)]
pub enum Limit {
    /// Not at all.
    None,
    /// A control group of the kernel, removed when dropped.
    Group { dir: PathBuf, kind: &'static str },
    /// Stopped and continued; no group may be made here.
    Signals,
}

impl Limit {
    /// The best limit that this machine lets us have.
    #[must_use]
    pub fn best() -> Self {
        let name = format!("cotmoc-bench-{}", std::process::id());
        unified(&name)
            .or_else(|| legacy(&name))
            .unwrap_or(Self::Signals)
    }

    /// In words, for the report.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Group { kind, .. } => kind,
            Self::Signals => "SIGSTOP/SIGCONT, 10 ms period",
        }
    }

    /// `command` as it is to be started, from its first instruction under the limit.
    #[must_use]
    pub fn wrap(&self, command: &Command) -> Command {
        let mut wrapped = match self {
            Self::None | Self::Signals => Command::new(command.get_program()),
            Self::Group { dir, .. } => {
                let mut shell = Command::new("sh");
                shell
                    .args(["-c", "echo $$ > \"$0\" && exec \"$@\""])
                    .arg(dir.join("cgroup.procs"))
                    .arg(command.get_program());
                shell
            }
        };
        wrapped.args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => wrapped.env(name, value),
                None => wrapped.env_remove(name),
            };
        }
        wrapped
    }

    /// Holds the running process `pid` to its share for as long as the answer lives.
    #[must_use]
    pub fn hold(&self, pid: u32) -> Option<Pulse> {
        match self {
            Self::None | Self::Group { .. } => None,
            Self::Signals => Pulse::start(pid),
        }
    }
}

impl Drop for Limit {
    fn drop(&mut self) {
        if let Self::Group { dir, .. } = self {
            drop(fs::remove_dir(dir));
        }
    }
}

fn unified(name: &str) -> Option<Limit> {
    let root = Path::new("/sys/fs/cgroup");
    let controllers = fs::read_to_string(root.join("cgroup.controllers")).ok()?;
    controllers.split_whitespace().find(|one| *one == "cpu")?;
    fs::write(root.join("cgroup.subtree_control"), "+cpu").ok()?;
    let dir = root.join(name);
    fs::create_dir(&dir).ok()?;
    let limit = Limit::Group {
        kind: "cgroup v2 cpu.max",
        dir: dir.clone(),
    };
    fs::write(dir.join("cpu.max"), format!("{QUOTA_US} {PERIOD_US}")).ok()?;
    Some(limit)
}

fn legacy(name: &str) -> Option<Limit> {
    let dir = Path::new("/sys/fs/cgroup/cpu").join(name);
    fs::create_dir(&dir).ok()?;
    let limit = Limit::Group {
        kind: "cgroup v1 cpu.cfs_quota_us",
        dir: dir.clone(),
    };
    fs::write(dir.join("cpu.cfs_period_us"), PERIOD_US.to_string()).ok()?;
    fs::write(dir.join("cpu.cfs_quota_us"), QUOTA_US.to_string()).ok()?;
    Some(limit)
}

/// Stops and continues a process until dropped.
#[derive(Debug)]
pub struct Pulse {
    done: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Pulse {
    fn start(pid: u32) -> Option<Self> {
        let pid = rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)?;
        let done = Arc::new(AtomicBool::new(false));
        let flag = done.clone();
        let beat = move || {
            use rustix::process::{Signal, kill_process};
            while !flag.load(Ordering::Relaxed) {
                let stopped = kill_process(pid, Signal::STOP);
                std::thread::sleep(Duration::from_micros(u64::from(PERIOD_US - QUOTA_US)));
                let continued = kill_process(pid, Signal::CONT);
                std::thread::sleep(Duration::from_micros(u64::from(QUOTA_US)));
                if stopped.is_err() || continued.is_err() {
                    break;
                }
            }
        };
        Some(Self {
            done,
            thread: Some(std::thread::spawn(beat)),
        })
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
