//! `cotmoc`: the people's command line. Keys, the root of trust, media, programmes and their two
//! signatures, takedowns, overrides, devices, notices.

mod api;
mod chain;
mod channel;
mod clock;
mod desk;
mod device;
mod files;
mod format;
mod incidents;
mod key;
mod keys;
mod ledger;
mod lookup;
mod media;
mod notices;
mod obligations;
mod out;
mod overrides;
mod preflight;
mod programme;
mod provision;
mod receipts;
mod release;
mod reports;
mod root;
mod secret;
mod settings;
mod signing;
mod status;
mod table;
mod takedown;
mod text;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use cotmoc_service::config::Mistakes;
use out::Out;
use settings::{Global, Settings};
use std::process::ExitCode;
use text::Lang;

const EXIT_CONFIGURATION: u8 = 64;
const EXIT_DIFFERS: u8 = 2;
const EXIT_UNCONFIRMED: u8 = 3;

/// Cột Mốc · màn hình LED cửa khẩu: the people's command line for border-gate walls
#[derive(Debug, Parser)]
#[command(name = "cotmoc", version, propagate_version = true)]
struct Cli {
    /// Print one JSON document on standard output instead of text
    #[arg(long, global = true)]
    json: bool,
    /// Only one language in texts for people [default: Vietnamese with English beside it]
    #[arg(long, global = true, value_name = "LANG")]
    lang: Option<OneLang>,
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OneLang {
    Vi,
    En,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Khoá của từng người · People's keys
    #[command(subcommand)]
    Keys(keys::Command),
    /// Hình và phim · Pictures and films
    #[command(subcommand)]
    Media(media::Command),
    /// Nội dung tra cứu · What a kiosk's visitors look up: spreadsheets, content package
    #[command(subcommand)]
    Lookup(lookup::Command),
    /// Bản phát hành · Releases: draft, show, sign, publish
    #[command(subcommand)]
    Release(release::Command),
    /// Gốc tin cậy · The root of trust: whose key may do what
    #[command(subcommand)]
    Root(root::Command),
    /// Gỡ nội dung ngay · Take content down at once (one duty officer)
    Takedown(takedown::Args),
    /// Thông báo khẩn cấp trên mọi màn hình · Show an emergency template on every wall (one duty
    /// officer)
    #[command(subcommand)]
    Override(overrides::Command),
    /// Thiết bị · Devices
    #[command(subcommand)]
    Device(device::Command),
    /// Cài một máy trống thành thiết bị tin cậy qua SSH · Make a bare board a trusted device over SSH
    Provision(provision::Args),
    /// Gỡ thiết bị khỏi một máy · Give a board back: its key is revoked, its data removed
    Deprovision(provision::GiveBackArgs),
    /// Kênh · Channels
    #[command(subcommand)]
    Channel(channel::Command),
    /// Tình trạng các màn hình · What every wall does now
    Status,
    /// Sự kiện · What happened, by the controller's records
    Events(status::EventArgs),
    /// Sự cố · Incidents: what stopped, since when, and whether the department knows
    #[command(subcommand)]
    Incident(incidents::Command),
    /// Nghĩa vụ định kỳ · Obligations: what is owed by the calendar, and whether it was done in time
    #[command(subcommand)]
    Obligation(obligations::Command),
    /// Sổ phát sóng · The on-air ledger of clusters, day by day
    Ledger(ledger::Args),
    /// Thông báo · Notices to people, and what became of each
    Notices(notices::ListArgs),
    /// Diễn tập gửi thông báo · Send a drill notice by every route and see whether it gets through
    Drill(notices::DrillArgs),
}

/// How a command ended that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Done,
    /// Published, but not every wall confirmed.
    Unconfirmed,
    /// Some of the media will not play.
    Unplayable,
    /// Something must be corrected first; nothing was changed.
    Wrong,
    /// A board is not as it should be, and was only looked at.
    Differs,
}

/// The command line as such.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// Does what the command line asks.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let lang = match cli.lang {
        None => Lang::Both,
        Some(OneLang::Vi) => Lang::Vi,
        Some(OneLang::En) => Lang::En,
    };
    let out = Out::new(cli.json, lang);
    match carry_out(out, cli) {
        Ok(End::Done) => ExitCode::SUCCESS,
        Ok(End::Unconfirmed) => ExitCode::from(EXIT_UNCONFIRMED),
        Ok(End::Unplayable | End::Wrong) => ExitCode::FAILURE,
        Ok(End::Differs) => ExitCode::from(EXIT_DIFFERS),
        Err(error) => {
            out.error(&error);
            if error.is::<Mistakes>() {
                ExitCode::from(EXIT_CONFIGURATION)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

fn carry_out(out: Out, cli: Cli) -> anyhow::Result<End> {
    let settings = Settings::load(&cli.global)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(dispatch(out, &settings, cli.command))
}

async fn dispatch(out: Out, settings: &Settings, command: Command) -> anyhow::Result<End> {
    match command {
        Command::Keys(command) => keys::run(out, command)?,
        Command::Media(command) => return media::run(out, settings, command).await,
        Command::Lookup(command) => return lookup::run(out, &command),
        Command::Release(command) => {
            let end = release::run(out, settings, command).await;
            media::trim_cache(settings);
            return end;
        }
        Command::Root(command) => root::run(out, settings, command).await?,
        Command::Takedown(args) => return takedown::run(out, settings, &args).await,
        Command::Override(command) => return overrides::run(out, settings, &command).await,
        Command::Device(command) => device::run(out, settings, command).await?,
        Command::Provision(args) => return provision::run(out, settings, &args).await,
        Command::Deprovision(args) => provision::give_back(out, settings, &args).await?,
        Command::Channel(command) => channel::run(out, settings, command).await?,
        Command::Status => status::walls(out, settings).await?,
        Command::Events(args) => status::events(out, settings, &args).await?,
        Command::Incident(command) => incidents::run(out, settings, command).await?,
        Command::Obligation(command) => obligations::run(out, settings, command).await?,
        Command::Ledger(args) => ledger::days(out, settings, &args).await?,
        Command::Notices(args) => notices::list(out, settings, &args).await?,
        Command::Drill(args) => return notices::drill(out, settings, &args).await,
    }
    Ok(End::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUIDE: &str = include_str!("../../../deploy/GUIDE.md");

    #[test]
    fn every_command_of_the_guide_is_one_that_the_command_line_takes() {
        let is_command = |line: &&str| line.starts_with("cotmoc ");
        let commands: Vec<&str> = GUIDE.lines().filter(is_command).collect();
        assert!(commands.len() >= 6);
        for line in commands {
            let taken = Cli::try_parse_from(line.split_whitespace());
            assert!(taken.is_ok(), "{line}: {}", taken.unwrap_err());
        }
    }
}
