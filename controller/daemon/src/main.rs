//! `cotmoc-controller`: the controller as a daemon, and the witness that watches over it.

use clap::Parser as _;
use cotmoc_controller::arguments::{Arguments, Command};
use cotmoc_controller::{Settings, WitnessSettings};
use std::process::ExitCode;

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
