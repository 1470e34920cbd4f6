//! The command line of `cotmoc-wall`.

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Plays what two people signed on an LED wall (màn hình LED), on schedule, with or without the
/// network.
#[derive(Debug, Parser)]
#[command(name = "cotmoc-wall", version)]
pub struct Arguments {
    /// The configuration file.
    #[arg(long, default_value = "/etc/cotmoc/wall.toml", global = true)]
    pub config: PathBuf,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the wall is asked to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play (what happens without a command).
    Run,
    /// Show the built-in test card and play a tone on the configured outputs, while the wall's service is
    /// stopped; print as one line of JSON what the outputs took.
    TestCard {
        /// How long.
        #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=600))]
        seconds: u32,
    },
}
