//! The whole, for tests and benchmarks: a controller and boards as real processes in a folder of
//! their own, on ports the system chose.

pub mod attack;
pub mod bench;
pub mod board;
pub mod lab;
pub mod process;
pub mod programme;
pub mod wait;

pub use board::Board;
pub use lab::Lab;
pub use process::{Process, bin};
pub use programme::Programme;
pub use wait::{eventually, within};
