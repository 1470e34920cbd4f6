//! `cotmoc-glass`: keeps the pages of a touch cabinet on its glass.

use clap::Parser as _;
use cotmoc_glass::arguments::Arguments;
use cotmoc_glass::daemon;
use cotmoc_glass::settings::Settings;
use cotmoc_service::process;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    process::run("cotmoc-glass", |shutdown| async move {
        let settings = Settings::read(&arguments.config)?;
        daemon::run(settings, shutdown).await
    })
}
