//! What a device decides, as pure functions and small machines: no clock, disk, socket or thread.

pub mod alive;
pub mod backoff;
pub mod budget;
pub mod clock;
pub mod feedback;
pub mod glass;
pub mod haste;
pub mod ledger;
pub mod media;
pub mod program;
pub mod renewal;
pub mod session;
pub mod symptom;
pub mod update;
