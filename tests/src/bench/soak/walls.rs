//! The engines that play, in the process that is watched, and what the kernel says of it.

use crate::bench::media::{Clip, Size};
use crate::bench::player::{self, Setup, ZONE};
use crate::bench::usage;
use cotmoc_wall::pipeline::{AudioKind, Engine, EngineEvent, SinkKind};
use serde::{Deserialize, Serialize};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

const TURN: Duration = Duration::from_millis(50);
const SAMPLE_EVERY: Duration = Duration::from_secs(1);
/// Each engine knows what comes in so many milliseconds.
const HORIZON_MS: i64 = 10_000;
const START_MS: i64 = 3_000;
/// Without a boundary for this long nothing more will come.
const STUCK: Duration = Duration::from_secs(60);

/// What to play.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    /// Played one after the other, again and again, by each engine from another one on.
    pub clips: Vec<Clip>,
    pub engines: u32,
    pub boundaries: u64,
}

/// The process at one moment.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Sample {
    pub boundaries: u64,
    pub rss_bytes: u64,
    pub descriptors: u64,
    pub threads: u64,
}

/// What became of the order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    pub samples: Vec<Sample>,
    pub lost_frames: u64,
    pub faults: u64,
    pub leaked: usize,
    pub took_s: f64,
    pub cpu_ms: f64,
}

/// Plays the order.
///
/// # Errors
/// If an engine does not start, stops taking orders or shows nothing any more.
pub fn play(order: &Order) -> anyhow::Result<Seen> {
    let mut walls = (0..order.engines)
        .map(|number| Wall::start(order, number))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut seen = Seen::default();
    let start = Instant::now();
    let (mut sampled, mut boundaries, mut news) = (start, 0, start);
    while boundaries < order.boundaries {
        for wall in &mut walls {
            wall.follow(&order.clips)?;
            let ended = wall.listen(&mut seen);
            if ended > 0 {
                boundaries += ended;
                news = Instant::now();
            }
        }
        anyhow::ensure!(news.elapsed() < STUCK, "no boundary for {STUCK:?}");
        if sampled.elapsed() >= SAMPLE_EVERY {
            sampled = Instant::now();
            seen.samples.extend(sample(boundaries));
        }
        std::thread::sleep(TURN);
    }
    seen.took_s = start.elapsed().as_secs_f64();
    let (cpu, _) = usage(std::process::id()).unwrap_or_default();
    seen.cpu_ms = cpu.as_secs_f64() * 1e3;
    for wall in walls {
        seen.leaked += wall.engine.status().leaked;
        wall.engine.stop(Duration::from_secs(10))?;
    }
    Ok(seen)
}

struct Wall {
    engine: Engine,
    events: Receiver<EngineEvent>,
    starts_ms: i64,
    clip: usize,
    number: u64,
}

impl Wall {
    fn start(order: &Order, number: u32) -> anyhow::Result<Self> {
        let size: Size = super::SIZE;
        let (engine, events) = player::start(Setup {
            size,
            sink: SinkKind::Headless,
            audio: AudioKind::Meter,
            witness: None,
        })?;
        // Not all at once: a slot's share of the machine is spread over the slot.
        let shift_ms = i64::from(super::SLOT_MS * number / order.engines.max(1));
        Ok(Self {
            engine,
            events,
            starts_ms: player::system_ms() + START_MS + shift_ms,
            clip: usize::try_from(number)?,
            number: 1,
        })
    }

    fn follow(&mut self, clips: &[Clip]) -> anyhow::Result<()> {
        let horizon_ms = player::system_ms() + HORIZON_MS;
        while self.starts_ms < horizon_ms {
            let Some(clip) = clips.get(self.clip % clips.len().max(1)) else {
                break;
            };
            let ends_ms = self.starts_ms + i64::from(clip.slot_ms);
            let cue = player::cue(clip, self.number, (self.starts_ms, ends_ms));
            self.engine.cue(ZONE, cue)?;
            self.starts_ms = ends_ms;
            self.clip += 1;
            self.number += 1;
        }
        Ok(())
    }

    /// How many items have ended since the last call.
    fn listen(&self, seen: &mut Seen) -> u64 {
        let mut boundaries = 0;
        for event in self.events.try_iter() {
            if let EngineEvent::Ended { lost, .. } = event {
                boundaries += 1;
                seen.lost_frames += lost;
            } else if let EngineEvent::Fault { .. } = event {
                seen.faults += 1;
            }
        }
        boundaries
    }
}

fn sample(boundaries: u64) -> Option<Sample> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    Some(Sample {
        boundaries,
        rss_bytes: field(&status, "VmRSS:")? * 1024,
        descriptors: u64::try_from(std::fs::read_dir("/proc/self/fd").ok()?.count()).ok()?,
        threads: field(&status, "Threads:")?,
    })
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_understood() {
        let status = "Name:\tbench\nVmRSS:\t  123 kB\nThreads:\t17\n";
        assert_eq!(field(status, "VmRSS:"), Some(123));
        assert_eq!(field(status, "Threads:"), Some(17));
        assert_eq!(field(status, "VmSwap:"), None);
        assert!(sample(3).is_some_and(|one| one.threads >= 1 && one.descriptors >= 3));
    }
}
