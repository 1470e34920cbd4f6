//! What every page is made from.

use crate::keeper::Time;
use crate::shelf::{Current, Package};
use cotmoc_player_core::clock::Belief;
use std::sync::Arc;

/// What handlers share; clones are handles to the same.
#[derive(Debug, Clone)]
pub struct App {
    current: Current,
    time: Time,
}

impl App {
    /// An application over what the shelf and the keeper say.
    #[must_use]
    pub const fn new(current: Current, time: Time) -> Self {
        Self { current, time }
    }

    /// The package in use.
    #[must_use]
    pub fn package(&self) -> Option<Arc<Package>> {
        self.current.borrow().package.clone()
    }

    /// The time that is believed.
    #[must_use]
    pub fn now(&self) -> Belief {
        *self.time.borrow()
    }
}
