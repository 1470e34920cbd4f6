//! The touch cabinet (tủ tra cứu): pages for a locked browser on the same board, made from the content
//! package that the gate let through.
//!
//! ```text
//! shelf ──watch──▶ pages ──loopback HTTP──▶ browser        keeper ──link──▶ agent
//! ```

mod app;
pub mod arguments;
pub mod daemon;
mod keeper;
mod server;
pub mod settings;
pub mod shelf;
