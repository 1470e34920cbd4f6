//! The LED wall: what the gate lets through, shown when the core says, by a pipeline that never
//! stops.

pub mod alone;
pub mod arguments;
mod books;
pub mod common_time;
pub mod director;
mod evidence;
mod medium;
pub mod pipeline;
mod recheck;
pub mod settings;
mod setup;
mod stage;
pub mod test_card;
pub mod text;
mod trials;
pub mod watch;
