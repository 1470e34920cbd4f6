//! The command line of `cotmoc-wall`.

use clap::Parser;
use std::path::PathBuf;

/// Plays what two people signed on an LED wall (màn hình LED), on schedule, with or without the
/// network.
#[derive(Debug, Parser)]
#[command(name = "cotmoc-wall", version)]
pub struct Arguments {
    /// The configuration file.
    #[arg(long, default_value = "/etc/cotmoc/wall.toml")]
    pub config: PathBuf,
}
