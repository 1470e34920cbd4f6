//! `cotmoc media`: which command does what.

use super::{add, cache, check, convert};
use crate::End;
use crate::out::Out;
use crate::settings::Settings;
use anyhow::Result;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Check pictures, films and sounds by their bytes and upload those the controller does not have
    Add(add::Args),
    /// Tell what plays on a board and what does not, and why (exit code 1: something will not play)
    Check(check::Args),
    /// Write a film, still or sound anew in the format that walls play best, and print its digest
    Convert(convert::Args),
}

pub async fn run(out: Out, settings: &Settings, command: Command) -> Result<End> {
    match command {
        Command::Add(args) => add::run(out, settings, args).await?,
        Command::Check(args) => return check::run(out, &args),
        Command::Convert(args) => convert::run(out, &args).await?,
    }
    cache::trim(settings);
    Ok(End::Done)
}
