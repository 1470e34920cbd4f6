//! One player, started, watched until it has shown enough, and ended.

use super::AT_THE_SINK;
use super::judge::{Figures, boundaries, judge};
use super::limit::Limit;
use super::peers::Peer;
use super::sink::{Order, Seen};
use crate::bench::ear::{self, Ear, Heard};
use crate::bench::media::{Clip, tone_hz};
use crate::bench::screen::{Reading, SCREEN, Screen, Sight};
use crate::bench::wall::Show;
use crate::bench::{child, usage};
use crate::process::Process;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// A player that shows nothing new for this long has frozen.
const FROZEN: Duration = Duration::from_secs(12);
const ASK_EVERY: Duration = Duration::from_millis(250);

/// What all players have in common.
#[derive(Debug)]
pub struct Stand {
    pub clips: Vec<Clip>,
    pub folder: PathBuf,
    pub home: PathBuf,
    /// How many boundaries each player has to show.
    pub boundaries: usize,
}

/// What one player did.
#[derive(Debug)]
pub struct Run {
    pub figures: Figures,
    pub how: Ending,
    /// Share of one core, in percent.
    pub cpu_percent: f64,
    /// How closely the reader looked: 99 % of its looks came within, in milliseconds.
    pub look_p99_ms: Option<f64>,
    /// By the clock instead of by ticks, where both are known.
    pub by_clock: Option<Figures>,
    /// What came out of the loudspeaker.
    pub heard: Option<Heard>,
}

/// Why the watching ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Enough,
    Frozen,
    /// The program ended by itself before it had shown enough.
    Left,
    OutOfTime,
}

impl Ending {
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Enough => "complete",
            Self::Frozen => "frozen",
            Self::Left => "ended by itself",
            Self::OutOfTime => "out of time",
        }
    }
}

impl Stand {
    /// The wall's program in a window.
    ///
    /// # Errors
    /// If it cannot be set up, started or watched.
    pub fn ours_on_screen(&self, limit: &Limit) -> anyhow::Result<Run> {
        let dir = tempfile::tempdir_in(&self.folder)?;
        let show = Show {
            clips: &self.clips,
            size: SCREEN,
            sink: "window",
            sound: "auto",
            overlays: Vec::new(),
            fallback: Show::plain_fallback(),
            template: None,
        };
        let wall = show.prepare(dir.path())?;
        let screen = Screen::start()?;
        let mut command = wall.command();
        command.env("DISPLAY", &screen.display);
        self.watch("cotmoc-wall", command, (&screen, limit), &self.clips)
    }

    /// A peer in a window.
    ///
    /// # Errors
    /// If it cannot be started or watched.
    pub fn peer_on_screen(&self, peer: Peer, limit: &Limit) -> anyhow::Result<Run> {
        let can_show = |clip: &&Clip| peer.can_show(clip);
        let list: Vec<Clip> = self.clips.iter().filter(can_show).cloned().collect();
        let rounds = self.boundaries / list.len() + 3;
        let clips = list.iter().cycle().take(rounds * list.len());
        let screen = Screen::start()?;
        let command = peer.command(clips, &screen.display, &self.home);
        self.watch(peer.key(), command, (&screen, limit), &list)
    }

    /// The wall's engine in a process without a window.
    ///
    /// # Errors
    /// If it cannot be started or does not answer.
    pub fn ours_at_the_sink(&self, limit: &Limit) -> anyhow::Result<(Run, Seen)> {
        let order = Order {
            clips: self.clips.clone(),
            boundaries: self.boundaries,
        };
        let command = child::command(AT_THE_SINK, &order, &self.folder)?;
        let start = Instant::now();
        let child = child::start(&mut limit.wrap(&command))?;
        let pulse = limit.hold(child.id());
        let seen: Seen = child::answer(child)?;
        drop(pulse);
        let run = Run {
            figures: judge(&self.clips, &seen.by_tick),
            by_clock: Some(judge(&self.clips, &seen.by_clock)),
            how: Ending::Enough,
            cpu_percent: percent(seen.cpu_ms / 1e3, start.elapsed()),
            look_p99_ms: None,
            heard: None,
        };
        Ok((run, seen))
    }

    fn watch(
        &self,
        name: &str,
        mut command: Command,
        (screen, limit): (&Screen, &Limit),
        list: &[Clip],
    ) -> anyhow::Result<Run> {
        let log = self.folder.join(format!("{name}.log"));
        let ear = Ear::start(&self.folder)?;
        command.env("PULSE_SERVER", ear.address());
        let start = Instant::now();
        let mut player = Process::start(name, limit.wrap(&command), &log)?;
        let pulse = limit.hold(player.pid());
        let mut watch = Watch::new(self.boundaries, list);
        let Reading {
            sights,
            look_p99_ms,
        } = screen.read(|elapsed, sights| watch.is_enough(elapsed, sights, &mut player))?;
        let cpu = usage(player.pid()).map_or(Duration::ZERO, |(cpu, _)| cpu);
        let took = start.elapsed();
        drop(pulse);
        player.kill();
        let heard = heard(list, &ear.stop()?);
        Ok(Run {
            figures: judge(list, &sights),
            how: watch.ending.unwrap_or(Ending::Enough),
            cpu_percent: percent(cpu.as_secs_f64(), took),
            look_p99_ms: Some(look_p99_ms),
            by_clock: None,
            heard: Some(heard),
        })
    }
}

/// Decides when a player has shown enough, or will not.
struct Watch {
    wanted: usize,
    limit: Duration,
    asked: Duration,
    news: (usize, Duration),
    ending: Option<Ending>,
}

impl Watch {
    fn new(wanted: usize, list: &[Clip]) -> Self {
        let round_ms: u32 = list.iter().map(|clip| clip.slot_ms).sum();
        let rounds = u32::try_from(wanted / list.len() + 2).unwrap_or(u32::MAX);
        let nominal = Duration::from_millis(u64::from(round_ms)) * rounds;
        Self {
            wanted,
            limit: nominal * 2 + Duration::from_secs(20),
            asked: Duration::ZERO,
            news: (0, Duration::ZERO),
            ending: None,
        }
    }

    fn is_enough(&mut self, elapsed: Duration, sights: &[Sight], player: &mut Process) -> bool {
        if sights.len() > self.news.0 {
            self.news = (sights.len(), elapsed);
        }
        if elapsed < self.asked + ASK_EVERY {
            return false;
        }
        self.asked = elapsed;
        self.ending = if boundaries(sights) > self.wanted {
            Some(Ending::Enough)
        } else if !player.is_running() {
            Some(Ending::Left)
        } else if elapsed > self.news.1 + FROZEN {
            Some(Ending::Frozen)
        } else {
            (elapsed > self.limit).then_some(Ending::OutOfTime)
        };
        self.ending.is_some()
    }
}

fn heard(list: &[Clip], samples: &[i16]) -> Heard {
    let tone = |clip: &Clip| f64::from(tone_hz(clip.item));
    let sounding: Vec<f64> = list.iter().filter(|c| c.has_sound).map(tone).collect();
    let next = list.iter().cycle().skip(1);
    let pairs = list
        .iter()
        .zip(next)
        .filter(|(a, b)| a.has_sound && b.has_sound);
    let pairs: Vec<(f64, f64)> = pairs.map(|(a, b)| (tone(a), tone(b))).collect();
    ear::judge(samples, &sounding, &pairs)
}

fn percent(cpu_s: f64, took: Duration) -> f64 {
    cpu_s / took.as_secs_f64() * 100.0
}
