//! `cotmoc-agent`: the courier of a board, and its key and enrolment.

use clap::{Parser, Subcommand};
use cotmoc_agent::key::DeviceKey;
use cotmoc_agent::settings::Settings;
use cotmoc_agent::{agent, enrol};
use cotmoc_service::process;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Fetches what the screens show, keeps what they report, looks after the board.
#[derive(Parser)]
#[command(name = "cotmoc-agent", version)]
struct Cli {
    /// The configuration file.
    #[arg(long, default_value = "/etc/cotmoc/agent.toml", global = true)]
    config: PathBuf,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the agent (what happens without a command).
    Run,
    /// Make the device's key if there is none; print the SHA-256 by which the controller knows it.
    Key,
    /// Fetch the device's certificate with a one-time token.
    Enrol {
        /// The one-time token that the controller's operator was given for this device.
        #[arg(
            long,
            allow_hyphen_values = true,
            env = "COTMOC_ENROL_TOKEN",
            hide_env_values = true
        )]
        token: String,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
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
                enrol::enrol(&settings, &token).await
            }
        }
    })
}
