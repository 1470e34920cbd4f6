//! `cotmoc-controller`: the controller as a daemon.

use clap::Parser;
use cotmoc_controller::Settings;
use std::path::PathBuf;
use std::process::ExitCode;

/// Stores what people publish, hands it to devices, and shows what they report.
#[derive(Debug, Parser)]
#[command(name = "cotmoc-controller", version)]
struct Arguments {
    /// Settings file; without it every default holds.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder, whatever the settings say.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    cotmoc_service::process::run("cotmoc-controller", |stop| async move {
        let settings = Settings::read(arguments.config.as_deref(), arguments.data)?;
        cotmoc_controller::run(settings, stop).await
    })
}
