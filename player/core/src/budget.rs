//! Machine: how often something may be told that a stranger can make happen. Whoever fills an
//! inbox with rubbish must not fill disks with reports of it.

/// Allows a burst, then one more after every pause, and counts what it withholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    most: u32,
    pause_ms: u64,
    left: u32,
    /// Time since the boot up to which pauses have been counted, in milliseconds.
    counted_ms: u64,
    withheld: u64,
}

impl Budget {
    /// At most `most` at once, and one more after every `pause_ms` milliseconds.
    #[must_use]
    pub const fn new(most: u32, pause_ms: u64) -> Self {
        Self {
            most,
            pause_ms,
            left: most,
            counted_ms: 0,
            withheld: 0,
        }
    }

    /// Whether one more may be told at `now_ms` since the boot, and if so, how many were withheld
    /// before it. Times come in order.
    pub fn take(&mut self, now_ms: u64) -> Option<u64> {
        let pauses = now_ms
            .saturating_sub(self.counted_ms)
            .checked_div(self.pause_ms)
            .unwrap_or(u64::MAX);
        let earned = u32::try_from(pauses).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(earned).min(self.most);
        let counted = pauses.saturating_mul(self.pause_ms);
        self.counted_ms = self.counted_ms.saturating_add(counted);
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Some(std::mem::take(&mut self.withheld))
            }
            None => {
                self.withheld = self.withheld.saturating_add(1);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_told_then_one_per_pause_and_what_is_withheld_is_counted() {
        let mut budget = Budget::new(2, 1_000);
        let told: Vec<_> = [5_500, 5_500, 5_500, 5_999, 6_000, 6_999, 7_000]
            .map(|now_ms| budget.take(now_ms))
            .into();
        let expected = [Some(0), Some(0), None, None, Some(2), None, Some(1)];
        assert_eq!(told, expected);
        assert_eq!(budget.take(1_000_000), Some(0), "never more than a burst");
        assert_eq!(budget.take(1_000_000), Some(0));
        assert_eq!(budget.take(1_000_000), None);
    }
}
