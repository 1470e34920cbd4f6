//! The controller as people and devices meet it: the real program on real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the message"
)]

mod backup;
mod blobs;
mod books;
mod clusters;
mod console;
mod crash;
mod device;
mod disk;
mod drafts;
mod enrolment;
mod incidents;
mod ledger;
mod limits;
mod modem;
mod notices;
mod obligations;
mod outage;
mod overrides;
mod page;
mod peers;
mod postbox;
mod publish;
mod renewal;
mod replies;
mod reports;
mod sinks;
mod sleep;
mod steps;
mod sync;
mod telephone;
mod wait;
mod watchdog;
mod witness;
mod world;
