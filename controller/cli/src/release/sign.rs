//! `cotmoc release sign`: nothing that the controller says is believed. Every byte of the media is
//! hashed here, then people see what they sign, then they sign.

use super::assemble::in_force;
use super::check::objections;
use super::document::Document;
use super::{diff, look, lookup, schedule, show};
use crate::desk::{Desk, OfflineArgs};
use crate::media::{MediaDir, Verified};
use crate::out::Out;
use crate::settings::{Settings, default_media_dir};
use crate::signing::{self, ClauseState, KeyArgs};
use crate::table::Table;
use crate::{clock, format, text};
use anyhow::{Result, bail, ensure};
use cotmoc_lookup::Content;
use cotmoc_proto::Digest;
use cotmoc_proto::release::Release;
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::time::Millis;
use cotmoc_proto::trust::RoleName;
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file, or the digest of a draft on the controller
    target: String,
    #[command(flatten)]
    key: KeyArgs,
    /// Folder for the checked media, to be opened and looked at [default: ~/.cache/cotmoc/media]
    #[arg(long, value_name = "DIR")]
    media_dir: Option<PathBuf>,
    /// Sign without asking (for scripts)
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    offline: OfflineArgs,
}

pub async fn run(out: Out, settings: &Settings, args: &Args) -> Result<()> {
    let desk = Desk::open(out, settings, &args.offline).await?;
    let document = Document::open(settings, &args.target).await?;
    let document = document.collect(&desk).await?;
    let release = &document.release;
    args.key
        .check_record(&document.envelope, &[desk.root()], RoleName::Release)?;
    let last = desk.published(&release.channel).await?;
    let against = objections(release, desk.root(), last.as_ref(), clock::now());
    ensure!(
        against.is_empty(),
        "this release is not to be signed\n{}",
        against.join("\n")
    );
    let media = verify_media(&desk, release, args).await?;
    let content = lookup::verified(release, &media)?;
    let people = out.for_a_decision();
    show::head(people, release);
    look::show(people, release);
    show::items(people, release);
    show_media(people, release, &media);
    let slides = media
        .iter()
        .filter_map(|(digest, found)| Some((*digest, look::read_slide(&found.path)?)))
        .collect();
    look::show_slides(people, release, &slides);
    let today = release.window.zone.date(clock::now());
    show::programme(people, release, &schedule::week(release, today));
    let changes = diff::changes(last.as_ref().map(|last| &last.document), release);
    diff::show(people, last.is_some(), &changes);
    let published = last.as_ref().map(|last| &last.document);
    show_lookup(people, &desk, (published, release, content.as_ref()), args).await?;
    let takedowns = desk.takedowns(&release.channel).await?;
    for (takedown, asset) in in_force(last.as_ref(), &takedowns) {
        if takedown.seq <= release.lifts_takedown {
            show_return(people, release, (takedown, asset));
        }
    }
    people.say("");
    if !args.yes {
        confirm(people)?;
    }
    let key = args.key.unlock()?;
    let envelope = signing::sign(&document.envelope, &[desk.root()], RoleName::Release, &key)?;
    let document = Document {
        envelope,
        ..document
    };
    document.store(&desk).await?;
    report(out, &desk, &document, &media)
}

/// The content of the kiosks, and what changes in it.
async fn show_lookup(
    out: Out,
    desk: &Desk<'_>,
    (published, release, content): (Option<&Release>, &Release, Option<&Content>),
    args: &Args,
) -> Result<()> {
    lookup::show(out, release, content);
    let folder = MediaDir::open(args.media_dir.clone().unwrap_or_else(default_media_dir))?;
    let part = published.and_then(|release| release.lookup.as_ref());
    let before = lookup::content(desk.out, &folder, desk.api.as_ref(), part).await;
    lookup::changes(out, (published, before.as_ref()), (release, content));
    Ok(())
}

/// What was taken down and would be shown again.
fn show_return(out: Out, release: &Release, (takedown, asset): (&Takedown, Digest)) {
    for item in release.items().filter(|item| item.digest() == asset) {
        out.fact(
            text::COMES_BACK,
            format_args!("{} ({}): {}", item.id, item.title, takedown.reason),
        );
    }
}

fn confirm(out: Out) -> Result<()> {
    if out.ask(text::CONFIRM)? != "yes" {
        bail!("not signed: the answer was not yes");
    }
    Ok(())
}

async fn verify_media(
    desk: &Desk<'_>,
    release: &Release,
    args: &Args,
) -> Result<BTreeMap<Digest, Verified>> {
    let folder = args.media_dir.clone().unwrap_or_else(default_media_dir);
    let folder = MediaDir::open(folder)?;
    let mut verified = BTreeMap::new();
    let mut bad = Vec::new();
    for asset in release.assets() {
        match folder.verified(desk.out, desk.api.as_ref(), asset).await {
            Ok(media) => {
                verified.insert(asset.sha256, media);
            }
            Err(error) => bad.push(format!("{error:#}")),
        }
    }
    ensure!(
        bad.is_empty(),
        "the media are not what the release says; nothing was signed\n{}",
        bad.join("\n")
    );
    Ok(verified)
}

fn show_media(out: Out, release: &Release, media: &BTreeMap<Digest, Verified>) {
    out.heading(text::MEDIA);
    let mut table = Table::new([
        out.words(text::ITEM),
        "px".to_owned(),
        out.words(text::LENGTH),
        out.words(text::FILE),
    ]);
    for item in release.items() {
        let Some(found) = media.get(&item.digest()) else {
            continue;
        };
        table.row([
            item.id.to_string(),
            format::pixels(&found.look),
            film(&found.look.dur_ms.map(Millis::from), item.duration_ms()),
            found.path.display().to_string(),
        ]);
    }
    out.table(&table);
}

/// The film's own length, and a mark where its slot is longer than the film.
fn film(film: &Option<Millis>, slot: Millis) -> String {
    match film {
        None => "–".to_owned(),
        Some(film) if *film + 100 < slot => {
            format!("{} (slot {})", format::length(*film), format::length(slot))
        }
        Some(film) => format::length(*film),
    }
}

fn report(
    out: Out,
    desk: &Desk<'_>,
    document: &Document,
    media: &BTreeMap<Digest, Verified>,
) -> Result<()> {
    let states = signing::clause_states(&document.envelope, desk.root(), RoleName::Release);
    let complete = states.iter().all(ClauseState::holds);
    out.fact(text::SIGNED, document.digest());
    signing::show_clauses(out, &states);
    if complete {
        let target = match &document.file {
            Some(file) => file.display().to_string(),
            None => document.digest().to_string(),
        };
        out.fact(text::NEXT, format_args!("cotmoc release publish {target}"));
    }
    let media: BTreeMap<String, &PathBuf> = media
        .iter()
        .map(|(digest, verified)| (digest.to_string(), &verified.path))
        .collect();
    out.document(&serde_json::json!({
        "draft": document.digest(),
        "file": document.file,
        "channel": document.release.channel,
        "version": document.release.version,
        "clauses": states,
        "complete": complete,
        "media": media,
    }))?;
    Ok(())
}
