//! Machine: how many failed enrolments are allowed, per address and in all.

use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{MINUTE, Millis};
use std::collections::BTreeMap;
use std::net::IpAddr;

const SPAN_MS: Millis = MINUTE;
const PER_ADDRESS: u32 = 10;
const IN_ALL: u32 = 100;

/// The failed attempts of the last minute.
#[derive(Debug, Clone, Default)]
pub struct Attempts {
    since: TimeMs,
    in_all: u32,
    by_address: BTreeMap<IpAddr, u32>,
}

impl Attempts {
    /// Whether `address` may try at `now`; if not, after how many seconds.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn allow(&mut self, address: IpAddr, now: TimeMs) -> Result<(), u32> {
        let age = now.since(self.since);
        if !(0..SPAN_MS).contains(&age) {
            *self = Self {
                since: now,
                ..Self::default()
            };
            return Ok(());
        }
        let own = self.by_address.get(&address).copied().unwrap_or_default();
        if own < PER_ADDRESS && self.in_all < IN_ALL {
            return Ok(());
        }
        Err(u32::try_from((SPAN_MS - age) / 1_000 + 1).unwrap_or(60))
    }

    /// Counts a failed attempt of `address`.
    pub fn failed(&mut self, address: IpAddr) {
        self.in_all = self.in_all.saturating_add(1);
        let own = self.by_address.entry(address).or_default();
        *own = own.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e14_an_address_that_guesses_waits_and_others_do_not_until_too_many_guess() {
        let (mut attempts, now) = (Attempts::default(), TimeMs(1_000_000));
        let address = |n: u8| IpAddr::from([10, 0, 0, n]);
        for _ in 0..PER_ADDRESS {
            assert_eq!(attempts.allow(address(1), now), Ok(()));
            attempts.failed(address(1));
        }
        assert_eq!(attempts.allow(address(1), now.plus(10_000)), Err(51));
        assert_eq!(attempts.allow(address(2), now), Ok(()));
        for n in 0..=IN_ALL {
            attempts.failed(address(u8::try_from(n).unwrap()));
        }
        assert!(attempts.allow(address(200), now).is_err());
        assert_eq!(attempts.allow(address(1), now.plus(SPAN_MS)), Ok(()));
        assert_eq!(
            attempts.allow(address(1), TimeMs(0)),
            Ok(()),
            "the clock went back"
        );
    }
}
