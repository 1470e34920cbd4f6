//! `cotmoc-controller`: the controller as a daemon, and the witness that watches over it.

use clap::Parser as _;
use cotmoc_controller::arguments::{Arguments, Command};
use cotmoc_controller::{Settings, WitnessSettings, backup};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Witness { config }) => {
            return cotmoc_service::process::run("cotmoc-witness", |stop| async move {
                let settings = WitnessSettings::read(&config)?;
                cotmoc_controller::witness(settings, stop).await
            });
        }
        Some(Command::Backup { config, data, to }) => {
            return cotmoc_service::process::run("cotmoc-backup", |_stop| async move {
                let settings = Settings::read(config.as_deref(), data)?;
                let to = to.unwrap_or(settings.backup.folder);
                let (made, holdings) = backup::make(&settings.data, &to)?;
                tracing::info!(path = %made.display(), ?holdings, "a backup was made and read again");
                Ok(())
            });
        }
        Some(Command::Restore { config, data, from }) => {
            return cotmoc_service::process::run("cotmoc-restore", |_stop| async move {
                let settings = Settings::read(config.as_deref(), data)?;
                let holdings = backup::restore(&from, &settings.data)?;
                tracing::info!(data = %settings.data.display(), ?holdings, "the backup was read and put in its place");
                Ok(())
            });
        }
        None => {}
    }
    cotmoc_service::process::run("cotmoc-controller", |stop| async move {
        let settings = Settings::read(arguments.config.as_deref(), arguments.data)?;
        cotmoc_controller::run(settings, stop).await
    })
}
