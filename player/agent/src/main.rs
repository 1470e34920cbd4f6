//! `cotmoc-agent`: the courier of a board, and its key and enrolment.

use clap::Parser as _;
use cotmoc_agent::arguments::{Arguments, Command};
use cotmoc_agent::key::DeviceKey;
use cotmoc_agent::settings::Settings;
use cotmoc_agent::{agent, enrol};
use cotmoc_service::process;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Arguments::parse();
    process::run("cotmoc-agent", |shutdown| async move {
        let settings = Settings::read(&cli.config)?;
        match cli.command.unwrap_or(Command::Run) {
            Command::Run => agent::run(settings, shutdown).await,
            Command::Key => {
                std::fs::create_dir_all(&settings.data)?;
                let key = DeviceKey::load_or_make(&settings.data)?;
                writeln!(std::io::stdout(), "{}", key.spki_sha256())?;
                Ok(())
            }
            Command::Enrol { token } => {
                std::fs::create_dir_all(&settings.data)?;
                enrol::enrol(&settings, &enrol::given(token)?).await
            }
        }
    })
}
