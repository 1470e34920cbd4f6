//! `cotmoc-kiosk`: what a touch cabinet's visitors look up, served to the browser of the same board.

use clap::Parser as _;
use cotmoc_kiosk::arguments::Arguments;
use cotmoc_kiosk::daemon;
use cotmoc_kiosk::settings::Settings;
use cotmoc_service::{folder, process};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    process::run("cotmoc-kiosk", |shutdown| async move {
        let settings = Settings::read(&arguments.config)?;
        let _held = folder::hold(&settings.data)?;
        daemon::run(settings, shutdown).await
    })
}
