//! Machine: when the controller must hear of the screens before the next heartbeat is due. At once when
//! the status of a screen changes, and once more right after: the controller believes a stop that it is
//! told twice, so that a moment's doubt alarms nobody and a real stop is known within seconds.

use cotmoc_proto::device::{ScreenKind, ScreenStatus};
use std::collections::BTreeMap;

/// The screens that are there, each with its status.
pub type Statuses = BTreeMap<ScreenKind, ScreenStatus>;

/// Between the heartbeat that tells of a change and the one that confirms it, in milliseconds.
pub const CONFIRM_MS: u64 = 800;

/// What the controller was told last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Haste {
    told: Statuses,
}

impl Haste {
    /// Whether the controller was told otherwise.
    #[must_use]
    pub fn is_news(&self, now: &Statuses) -> bool {
        self.told != *now
    }

    /// The controller has heard `now`. How long the next heartbeat may wait at most, in milliseconds;
    /// `None`: as usual.
    pub fn told(&mut self, now: Statuses) -> Option<u64> {
        let is_news = self.is_news(&now);
        self.told = now;
        is_news.then_some(CONFIRM_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall(status: ScreenStatus) -> Statuses {
        [(ScreenKind::Wall, status)].into()
    }

    #[test]
    fn a_change_is_told_twice_and_then_as_usual() {
        let mut haste = Haste::default();
        for now in [
            wall(ScreenStatus::OnAir),
            wall(ScreenStatus::OnlineNotLit),
            Statuses::new(),
        ] {
            assert!(haste.is_news(&now));
            assert_eq!(haste.told(now.clone()), Some(CONFIRM_MS));
            assert!(!haste.is_news(&now));
            assert_eq!(haste.told(now), None);
        }
    }

    #[test]
    fn what_changes_back_before_it_is_confirmed_is_told_as_it_is() {
        let mut haste = Haste::default();
        haste.told(wall(ScreenStatus::OnAir));
        assert_eq!(
            haste.told(wall(ScreenStatus::OnlineNotLit)),
            Some(CONFIRM_MS)
        );
        assert!(haste.is_news(&wall(ScreenStatus::OnAir)));
    }
}
