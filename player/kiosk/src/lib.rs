//! The touch cabinet (tủ tra cứu): pages for a locked browser on the same board, made from the content
//! package that the gate let through.
//!
//! ```text
//! shelf ──watch──▶ pages ──loopback HTTP──▶ browser        keeper ──link──▶ agent
//! ```

mod app;
pub mod arguments;
mod assets;
mod beat;
pub mod daemon;
mod feedback;
mod glass;
mod keeper;
mod looks;
mod pages;
mod qr;
mod server;
pub mod settings;
pub mod shelf;
mod speech;
mod teller;
mod visit;
mod words;
