//! The kiosk on loopback: its answers over HTTP, and its pages in a real browser.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers of a test too"
)]

mod http;
mod memory;
mod screens;
mod support;
mod typing;
mod walks;
