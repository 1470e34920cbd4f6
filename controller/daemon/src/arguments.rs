//! The command line of `cotmoc-controller`.

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Stores what people publish, hands it to devices, and shows what they report.
#[derive(Debug, Parser)]
#[command(
    name = "cotmoc-controller",
    version,
    args_conflicts_with_subcommands = true
)]
pub struct Arguments {
    /// Settings file; without it every default holds.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Data folder, whatever the settings say.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the program does instead of being the controller.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a backup now, also while the controller runs: database and keys, read again before it counts
    Backup {
        /// Settings file; without it every default holds
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Data folder, whatever the settings say
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// The folder in which it is made; the settings' own without it
        #[arg(long, value_name = "DIR")]
        to: Option<PathBuf>,
    },
    /// Put a backup in the place of a data folder without a database, after reading all of it
    Restore {
        /// Settings file; without it every default holds
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Data folder, whatever the settings say
        #[arg(long, value_name = "DIR")]
        data: Option<PathBuf>,
        /// The backup
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
    },
    /// Listen on another machine for the controller's beacon, and raise the alarm about its silence
    Witness {
        /// Settings file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}
