//! `cotmoc-controller`: the controller as a daemon, and the witness that watches over it.

use clap::{Parser, Subcommand};
use cotmoc_controller::{Settings, WitnessSettings};
use std::path::PathBuf;
use std::process::ExitCode;

/// Stores what people publish, hands it to devices, and shows what they report.
#[derive(Debug, Parser)]
#[command(
    name = "cotmoc-controller",
    version,
    args_conflicts_with_subcommands = true
)]
struct Arguments {
    /// Settings file; without it every default holds.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder, whatever the settings say.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Listen on another machine for the controller's beacon, and raise the alarm about its silence
    Witness {
        /// Settings file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Command::Witness { config }) = arguments.command {
        return cotmoc_service::process::run("cotmoc-witness", |stop| async move {
            let settings = WitnessSettings::read(&config)?;
            cotmoc_controller::witness(settings, stop).await
        });
    }
    cotmoc_service::process::run("cotmoc-controller", |stop| async move {
        let settings = Settings::read(arguments.config.as_deref(), arguments.data)?;
        cotmoc_controller::run(settings, stop).await
    })
}
