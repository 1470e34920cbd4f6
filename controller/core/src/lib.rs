//! What the controller decides, as pure functions and small machines: no clock, disk, socket or
//! thread. Quyết định 104/2016/QĐ-UBND, Điều 7.6, 8.3 and 13.3.

pub mod cause;
pub mod clock;
pub mod cluster;
pub mod health;
pub mod incident;
pub mod law;
pub mod ledger;
pub mod liveness;
pub mod maintenance;
pub mod obligation;
pub mod report;
pub mod role;
pub mod saying;
pub mod stage;
pub mod timetable;
pub mod watch;
