//! `cotmoc-wall`: verifies, schedules and plays on an LED wall.

use clap::Parser;
use cotmoc_service::{folder, process};
use cotmoc_wall::alone;
use cotmoc_wall::settings::Settings;
use cotmoc_wall::text;
use std::path::PathBuf;
use std::process::ExitCode;

/// Plays what two people signed on an LED wall (màn hình LED), on schedule, with or without the
/// network.
#[derive(Debug, Parser)]
#[command(name = "cotmoc-wall", version)]
struct Arguments {
    /// The configuration file.
    #[arg(long, default_value = "/etc/cotmoc/wall.toml")]
    config: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    process::run("cotmoc-wall", |shutdown| async move {
        let settings = Settings::read(&arguments.config)?;
        let _held = folder::hold(&settings.data)?;
        text::warn_of_missing_typefaces();
        let stage = tokio::task::spawn_blocking(move || alone::run(settings, &shutdown));
        stage.await?
    })
}
