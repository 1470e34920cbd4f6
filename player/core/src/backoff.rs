//! Machine: how long to wait before trying again. Waits double up to a cap; half of each wait is
//! jitter, so that devices that lost the controller together do not come back together.

/// Waits between tries of one kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first_ms: u64,
    cap_ms: u64,
    failures: u32,
}

impl Backoff {
    /// Waits from about `first_ms` to at most `cap_ms`, in milliseconds.
    #[must_use]
    pub const fn new(first_ms: u64, cap_ms: u64) -> Self {
        Self {
            first_ms,
            cap_ms,
            failures: 0,
        }
    }

    /// A try failed: how long to wait before the next, in milliseconds. `random` is any random
    /// number; it decides where in the second half of the wait the next try falls.
    pub fn failed(&mut self, random: u64) -> u64 {
        let factor = 1_u64.checked_shl(self.failures).unwrap_or(u64::MAX);
        self.failures = self.failures.saturating_add(1);
        let whole = self.first_ms.saturating_mul(factor).min(self.cap_ms);
        let half = whole / 2;
        whole - half + random % half.saturating_add(1)
    }

    /// A try succeeded: the next failure starts anew.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// How many tries failed in a row.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn waits_double_up_to_the_cap_and_start_anew_after_success() {
        let mut backoff = Backoff::new(100, 1_000);
        let longest: Vec<_> = [50, 100, 200, 400, 500, 500]
            .map(|half| backoff.failed(half))
            .into();
        assert_eq!(longest, [100, 200, 400, 800, 1_000, 1_000]);
        assert_eq!(backoff.failures(), 6);
        backoff.succeeded();
        assert_eq!(backoff.failed(0), 50);
    }

    proptest! {
        #[test]
        fn a_wait_is_never_over_the_cap_nor_under_half_of_the_first(
            first in 1_u64..10_000, cap in 10_000_u64..10_000_000, random: Vec<u64>,
        ) {
            let mut backoff = Backoff::new(first, cap);
            for random in random {
                let wait = backoff.failed(random);
                prop_assert!(wait <= cap && wait >= first / 2);
            }
        }
    }
}
