//! `cotmoc release`: from a programme to a signed release on the walls.

mod assemble;
mod check;
mod diff;
mod document;
mod draft;
mod look;
mod lookup;
mod publish;
mod schedule;
mod show;
mod sign;
mod sketch;
mod words;

use crate::End;
use crate::api::Api;
use crate::desk::{Desk, OfflineArgs};
use crate::media::MediaDir;
use crate::out::Out;
use crate::settings::{Settings, default_media_dir};
use anyhow::Result;
use cotmoc_proto::ChannelId;
use cotmoc_proto::release::Release;
use document::Document;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make an unsigned release from a programme (TOML) and leave it for signing
    Draft(draft::Args),
    /// Show what plays when on one day
    Show {
        /// A file, or the digest of a draft on the controller
        #[arg(required_unless_present = "channel")]
        target: Option<String>,
        /// The release that this channel has now
        #[arg(long, conflicts_with = "target")]
        channel: Option<ChannelId>,
        #[command(flatten)]
        day: show::DayArgs,
    },
    /// Show the difference to the published release, or to another file
    Diff {
        /// A file, or the digest of a draft on the controller
        target: String,
        /// Compare with this release instead of the published one
        against: Option<PathBuf>,
        #[command(flatten)]
        offline: OfflineArgs,
    },
    /// Check every byte, show what plays when and what changes, then sign
    Sign(sign::Args),
    /// Hand a fully signed release to the controller, and wait for the walls if asked
    Publish(publish::Args),
}

pub async fn run(out: Out, settings: &Settings, command: Command) -> Result<End> {
    match command {
        Command::Draft(args) => draft::run(out, settings, &args).await?,
        Command::Show {
            target,
            channel,
            day,
        } => show::run(out, settings, (target, channel), &day).await?,
        Command::Diff {
            target,
            against,
            offline,
        } => diff(out, settings, (&target, against), &offline).await?,
        Command::Sign(args) => sign::run(out, settings, &args).await?,
        Command::Publish(args) => return publish::run(out, settings, &args).await,
    }
    Ok(End::Done)
}

async fn diff(
    out: Out,
    settings: &Settings,
    (target, against): (&str, Option<PathBuf>),
    offline: &OfflineArgs,
) -> Result<()> {
    if let Some(against) = against {
        let new = Document::open(settings, target).await?;
        let old = Document::from_file(&against)?;
        return show_diff(out, settings, Some(&old.release), &new.release).await;
    }
    let desk = Desk::open(out, settings, offline).await?;
    let new = Document::open(settings, target).await?;
    let old = desk.published(&new.release.channel).await?;
    let old = old.as_ref().map(|old| &old.document);
    show_diff(out, settings, old, &new.release).await
}

async fn show_diff(
    out: Out,
    settings: &Settings,
    old: Option<&Release>,
    new: &Release,
) -> Result<()> {
    let changes = diff::changes(old, new);
    diff::show(out, old.is_some(), &changes);
    let folder = MediaDir::open(default_media_dir())?;
    let api = Api::new(settings).ok();
    let part = |release: Option<&'_ Release>| release.and_then(|release| release.lookup.clone());
    let (before, after) = (part(old), part(Some(new)));
    let before = lookup::content(out, &folder, api.as_ref(), before.as_ref()).await;
    let after = lookup::content(out, &folder, api.as_ref(), after.as_ref()).await;
    let entries = lookup::changes(out, (old, before.as_ref()), (new, after.as_ref()));
    out.document(&serde_json::json!({ "changes": changes, "lookup": entries }))?;
    Ok(())
}
