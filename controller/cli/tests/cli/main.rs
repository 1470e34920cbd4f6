//! The command line as people use it: the real binary, real files, the real controller; and a
//! controller that lies.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "in a test a panic is the message"
)]

mod controller;
mod film;
mod keys;
mod lying;
mod media;
mod programme;
mod release;
mod reports;
mod roots;
mod show;
mod support;
