//! `cotmoc-wall`: verifies, schedules and plays on an LED wall.

use clap::Parser as _;
use cotmoc_service::{folder, process};
use cotmoc_wall::alone;
use cotmoc_wall::arguments::{Arguments, Command};
use cotmoc_wall::settings::Settings;
use cotmoc_wall::test_card;
use cotmoc_wall::text;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    process::run("cotmoc-wall", |shutdown| async move {
        let settings = Settings::read(&arguments.config)?;
        let _held = folder::hold(&settings.data)?;
        text::warn_of_missing_typefaces();
        let stage =
            tokio::task::spawn_blocking(move || match arguments.command.unwrap_or(Command::Run) {
                Command::Run => alone::run(settings, &shutdown),
                Command::TestCard { seconds } => test_card::run(&settings, seconds, &shutdown),
            });
        stage.await?
    })
}
