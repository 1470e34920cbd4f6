//! What every daemon of the product does the same way: logging, configuration, shutdown, exit
//! codes, durable files, facts about the boot and the clock, and talking to the service manager.

pub mod boot;
pub mod config;
pub mod file;
pub mod folder;
pub mod logging;
pub mod notify;
pub mod process;
