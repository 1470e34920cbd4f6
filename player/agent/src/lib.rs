//! The agent: a courier and a nurse. It fetches what the controller offers, keeps what the screens
//! report until the controller has it, and looks after the board. It decides nothing about
//! pictures: the screens verify everything again.
//!
//! ```text
//! controller ──sync, wait──▶ heart ──desired──▶ courier ──root, takedown──▶ inbox ─┐
//!      ▲                      ▲                    │ release                        ├─▶ screens
//!      │                      │                    ▼                                │
//!      └──────── outbox ◀── screens ──damaged──▶ supply ─blobs, then the release ───┘
//!                  ▲          │ signs
//!                  └─ nurse ◀─┴─ lines, heart, host
//! ```

pub mod agent;
pub mod alive;
pub mod api;
pub mod archive;
pub mod arguments;
pub mod courier;
pub mod credentials;
pub mod download;
pub mod enrol;
pub mod health;
pub mod heart;
pub mod inbox;
pub mod key;
pub mod lines;
pub mod nurse;
pub mod outbox;
pub mod pulse;
pub mod receipts;
pub mod renewal;
pub mod reporter;
pub mod screens;
pub mod settings;
pub mod shelf;
pub mod supply;
pub mod tls;
