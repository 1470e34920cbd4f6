//! Planner: what is tried to bring a modem back, the gentlest first.

use super::at::Ended;
use std::time::Duration;

/// What is done about a modem that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// By its stable name, under which it may have come back elsewhere.
    Reopen,
    Reset,
    PowerCycle,
}

/// What follows this many failures in a row, and how long to wait then.
#[must_use]
pub const fn after(failures: u32) -> (Remedy, Duration) {
    let seconds = match failures {
        0 | 1 => 1,
        2 => 5,
        3..=8 => 15,
        _ => 30,
    };
    let remedy = match failures % 3 {
        2 => Remedy::Reset,
        0 if failures > 0 => Remedy::PowerCycle,
        _ => Remedy::Reopen,
    };
    (remedy, Duration::from_secs(seconds))
}

/// Why nobody took a call.
#[must_use]
pub fn unanswered(ended: Option<Ended>, ring: Duration) -> String {
    match ended {
        Some(Ended::Busy) => "máy bận · the line is busy".to_owned(),
        Some(Ended::NoAnswer | Ended::NoCarrier) => {
            "cuộc gọi bị từ chối hoặc không nối được · the call was refused or could not be put through"
                .to_owned()
        }
        None => {
            let ring = ring.as_secs();
            format!("không ai nhấc máy trong {ring} giây · nobody picked up within {ring} s")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gentlest_comes_first_and_power_only_every_third_time() {
        let tried: Vec<_> = (1..=6).map(|failures| after(failures).0).collect();
        use Remedy::{PowerCycle, Reopen, Reset};
        let round = [Reopen, Reset, PowerCycle];
        assert_eq!(tried, [round, round].concat());
        let waits: Vec<_> = [1, 2, 9, 1_000].map(|f| after(f).1.as_secs()).into();
        assert_eq!(waits, [1, 5, 30, 30]);
    }
}
