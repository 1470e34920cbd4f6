//! One zone: what is announced for it, what has its air, and which frame it shows on every tick.

mod air;
mod programme;
mod stage;

use std::sync::Arc;

pub(super) use self::air::{Backdrops, Choice, Owner, Place, Slot, Span, Under};
pub(super) use self::stage::{Stage, StageParts};
use super::item::Item;

/// What the owner asks of a zone.
#[derive(Debug)]
pub(super) enum ZoneCommand {
    Announce(Arc<Item>),
    Cut(Arc<Item>),
    Darken { at_ns: i64 },
    StandBy { at_ns: i64 },
}

impl Stage {
    pub(super) fn obey(&mut self, command: ZoneCommand) {
        match command {
            ZoneCommand::Announce(item) => self.announce(item),
            ZoneCommand::Cut(item) => self.cut(item),
            ZoneCommand::Darken { at_ns } => self.darken(at_ns),
            ZoneCommand::StandBy { at_ns } => self.stand_by(at_ns),
        }
    }
}
