//! The command line of `cotmoc-agent`.

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Fetches what the screens show, keeps what they report, looks after the board.
#[derive(Debug, Parser)]
#[command(name = "cotmoc-agent", version)]
pub struct Arguments {
    /// The configuration file.
    #[arg(long, default_value = "/etc/cotmoc/agent.toml", global = true)]
    pub config: PathBuf,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the agent is asked to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the agent (what happens without a command).
    Run,
    /// Make the device's key if there is none; print the SHA-256 by which the controller knows it.
    Key,
    /// Fetch the device's certificate with a one-time token.
    Enrol {
        /// The one-time token that the controller's operator was given for this device; "-" reads it from
        /// standard input, so that no list of processes shows it.
        #[arg(
            long,
            allow_hyphen_values = true,
            env = "COTMOC_ENROL_TOKEN",
            hide_env_values = true
        )]
        token: String,
    },
}
