//! How disturbed the machine was while something was measured: a thread that wants to wake on time,
//! and the processor time that others took.

use super::{quantile, sorted, tenths};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const WAKE_EVERY: Duration = Duration::from_millis(10);
/// The kernel counts processor time in hundredths of a second.
const TICK_MS: u64 = 10;

/// Watches from its start to its end.
#[derive(Debug)]
pub struct Watch {
    done: Arc<AtomicBool>,
    sleeper: JoinHandle<Vec<f64>>,
    start: Instant,
    before: Times,
}

/// What the watch found.
#[derive(Debug, Clone, Copy)]
pub struct Disturbance {
    /// How late a sleeping thread woke up, in milliseconds.
    pub wake_late_p99_ms: f64,
    pub wake_late_max_ms: f64,
    /// What processes other than this one and its children used, in percent of one core.
    pub others_cpu_percent: f64,
    /// What the hypervisor took away, in percent of one core.
    pub stolen_percent: f64,
}

impl Watch {
    #[must_use]
    pub fn start() -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let flag = done.clone();
        Self {
            done,
            sleeper: std::thread::spawn(move || sleep_until(&flag)),
            start: Instant::now(),
            before: Times::read(),
        }
    }

    /// Ends the watch. All children must have been waited for, or they count as others.
    #[must_use]
    pub fn stop(self) -> Disturbance {
        self.done.store(true, Ordering::Relaxed);
        let late = sorted(self.sleeper.join().unwrap_or_default());
        let after = Times::read();
        let percent = |before: u64, after: u64| {
            Duration::from_millis(after.saturating_sub(before) * TICK_MS).as_secs_f64()
                / self.start.elapsed().as_secs_f64()
                * 100.0
        };
        let all = percent(self.before.busy, after.busy);
        let own = percent(self.before.own, after.own);
        Disturbance {
            wake_late_p99_ms: quantile(&late, 0.99),
            wake_late_max_ms: quantile(&late, 1.0),
            others_cpu_percent: (all - own).max(0.0),
            stolen_percent: percent(self.before.stolen, after.stolen),
        }
    }
}

impl Disturbance {
    /// For people.
    #[must_use]
    pub fn row(&self) -> (String, String) {
        (
            "machine".to_owned(),
            format!(
                "others used {:.0} % of a core, {:.1} % stolen; a sleeper woke {:.1} ms late (p99), {:.1} ms (max)",
                self.others_cpu_percent,
                self.stolen_percent,
                self.wake_late_p99_ms,
                self.wake_late_max_ms
            ),
        )
    }

    #[must_use]
    pub fn to_json(self) -> Value {
        let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpu
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        json!({
            "cpu": model.map(|(_, name)| name.to_owned()),
            "cores": std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            "load": std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim(),
            "others_cpu_percent": tenths(self.others_cpu_percent),
            "stolen_percent": tenths(self.stolen_percent),
            "wake_late_p99_ms": tenths(self.wake_late_p99_ms),
            "wake_late_max_ms": tenths(self.wake_late_max_ms),
        })
    }
}

fn sleep_until(done: &AtomicBool) -> Vec<f64> {
    let mut late_ms = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let asleep = Instant::now();
        std::thread::sleep(WAKE_EVERY);
        late_ms.push(asleep.elapsed().saturating_sub(WAKE_EVERY).as_secs_f64() * 1e3);
    }
    late_ms
}

/// Processor time so far, in the kernel's ticks.
#[derive(Debug, Default)]
struct Times {
    busy: u64,
    stolen: u64,
    own: u64,
}

impl Times {
    fn read() -> Self {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        Self {
            own: own(&read("/proc/self/stat")),
            ..Self::parse(&read("/proc/stat"))
        }
    }

    /// From the first line of `/proc/stat`: user nice system idle iowait irq softirq steal.
    fn parse(stat: &str) -> Self {
        let numbers: Vec<u64> = stat
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("cpu "))
            .map(|line| line.split_whitespace().flat_map(str::parse).collect())
            .unwrap_or_default();
        let at = |index: usize| numbers.get(index).copied().unwrap_or(0);
        Self {
            busy: at(0) + at(1) + at(2) + at(5) + at(6),
            stolen: at(7),
            own: 0,
        }
    }
}

/// Of this process and of the children it has waited for, from `/proc/self/stat`.
fn own(stat: &str) -> u64 {
    let Some((_, fields)) = stat.rsplit_once(')') else {
        return 0;
    };
    let numbers = fields.split_whitespace().skip(11).take(4);
    numbers.flat_map(str::parse::<u64>).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_and_waiting_for_disks_are_not_busy() {
        let times = Times::parse("cpu  10 20 30 4000 500 6 7 8 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n");
        assert_eq!((times.busy, times.stolen), (73, 8));
    }

    #[test]
    fn a_process_answers_for_itself_and_for_its_children() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194304 100 200 0 0 11 22 33 44 20 0 9 0 12345";
        assert_eq!(own(stat), 110);
    }

    #[test]
    fn a_watch_on_a_living_machine_finds_something() {
        let watch = Watch::start();
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(60) {}
        let found = watch.stop();
        assert!(found.wake_late_max_ms >= found.wake_late_p99_ms);
        assert!(found.wake_late_max_ms > 0.0);
    }
}
