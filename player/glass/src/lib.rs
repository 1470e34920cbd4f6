//! What a touch cabinet's visitors see and touch: compositor and locked browser, read back from the glass.
//!
//! ```text
//! compositor ─ browser ──loopback HTTP──▶ cotmoc-kiosk
//!     │ a picture of what is shown            │ the numbers that it must hold
//!     └──────────────▶ cotmoc-glass ◀─────────┘      fingers: the kernel's touch devices
//! ```
//!
//! `cotmoc_player_core::glass` decides what is wrong and what is tried.

pub mod arguments;
mod browser;
mod child;
mod compositor;
pub mod daemon;
mod fingers;
mod kiosk;
mod picture;
pub mod settings;
