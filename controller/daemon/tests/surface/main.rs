//! The controller as people and devices meet it: the real program on real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the message"
)]

mod blobs;
mod clusters;
mod console;
mod crash;
mod device;
mod drafts;
mod enrolment;
mod incidents;
mod ledger;
mod limits;
mod notices;
mod obligations;
mod outage;
mod overrides;
mod page;
mod publish;
mod renewal;
mod reports;
mod sinks;
mod sync;
mod wait;
mod watchdog;
mod witness;
mod world;
