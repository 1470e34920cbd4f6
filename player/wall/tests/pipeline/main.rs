//! The playing engine on real media and a real, headless output. Judged by the frames that were presented and the
//! ticks they were presented on, never by how fast the machine is.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets something unexpected shall fail on the spot"
)]

mod boundaries;
mod direct;
mod fades;
mod faults;
mod joining;
mod malformed;
mod oddities;
mod orders;
mod outputs;
mod scenes;
mod sound;
mod support;
mod text;
mod views;
