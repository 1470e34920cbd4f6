//! The local socket between the agent and the screens of one board, both ends.
//!
//! ```text
//! wall, kiosk: ScreenLink (own thread, spool on disk) ──frames──▶ Server (agent, tokio)
//! ```
//! The screen's end never blocks and never fails: without an agent, records wait in the spool.

mod frame;
mod message;
mod screen;
mod server;
mod spool;

pub use frame::{FrameError, MAX_FRAME_BYTES};
pub use message::{AgentMessage, ScreenMessage, ScreenRecord, Stamp, VERSION};
pub use screen::{LinkConfig, ScreenLink};
pub use server::{FromScreen, Peer, ScreenId, ScreenSender, Server, ServerError, What};
