//! `cotmoc release draft`: an editor's programme becomes an unsigned release.

use super::assemble::{Position, Shelf, assemble, in_force};
use super::document::Document;
use super::show;
use crate::desk::{Desk, OfflineArgs};
use crate::media::{MediaDir, describe, upload};
use crate::out::Out;
use crate::programme::mistake::{Mistake, Mistakes, Place};
use crate::programme::{self, MediaRef, Notes, Programme};
use crate::settings::{Settings, default_media_dir};
use crate::{clock, files, text};
use anyhow::{Context as _, Result, bail};
use cotmoc_proto::TimeMs;
use cotmoc_proto::envelope::{Envelope, PayloadType};
use cotmoc_proto::release::Release;
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::trust::Admitted;
use std::path::{Path, PathBuf};
use toml::de::DeTable;

const MAX_PROGRAMME_BYTES: u64 = 4 << 20;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The programme (TOML); files in it are relative to its folder
    programme: PathBuf,
    /// Where to write the draft
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// With --offline: put the media here, named by digest, for the signers
    #[arg(long, value_name = "DIR")]
    media_dir: Option<PathBuf>,
    /// Date of issue in milliseconds since 1970 instead of now
    #[arg(long, value_name = "MS", hide = true)]
    issued_ms: Option<i64>,
    #[command(flatten)]
    offline: OfflineArgs,
}

pub async fn run(out: Out, settings: &Settings, args: &Args) -> Result<()> {
    let source = files::read_text(&args.programme, MAX_PROGRAMME_BYTES)?;
    if args.out.exists() {
        bail!(
            "{} exists: choose another name for the draft, or move it away",
            args.out.display()
        );
    }
    let desk = Desk::open(out, settings, &args.offline).await?;
    let media_dir = match &args.media_dir {
        Some(folder) => Some(MediaDir::open(folder.clone())?),
        None => None,
    };
    let (programme, shelf) = read(&desk, &source, args).await?;
    let last = desk.published(&programme.channel).await?;
    let takedowns = desk.takedowns(&programme.channel).await?;
    refuse_return(args, &programme, &shelf, (last.as_ref(), &takedowns))?;
    let issued = args.issued_ms.map_or_else(clock::now, TimeMs);
    let position = Position::after(desk.root(), last.as_ref(), &takedowns, issued);
    let release = assemble(&programme, &shelf, desk.root(), &position)
        .context("a file of the programme was not looked at")?;
    release
        .check()
        .with_context(|| format!("{} is not a good programme", args.programme.display()))?;
    hand_over(&desk, &shelf, media_dir.as_ref()).await?;
    let envelope = Envelope::unsigned(PayloadType::Release, serde_json::to_vec(&release)?);
    files::create(&args.out, 0o644, &envelope.to_bytes())?;
    let document = Document {
        file: None,
        ..Document::new(envelope)?
    };
    document.store(&desk).await?;
    report(out, &document, args)
}

fn report(out: Out, document: &Document, args: &Args) -> Result<()> {
    show::head(out, &document.release);
    show::items(out, &document.release);
    out.say("");
    out.fact(text::WROTE, args.out.display());
    out.fact(text::DRAFT, document.digest());
    out.fact(
        text::NEXT,
        format_args!("cotmoc release sign {} --key …", args.out.display()),
    );
    out.document(&serde_json::json!({
        "file": args.out,
        "draft": document.digest(),
        "channel": document.release.channel,
        "version": document.release.version,
        "release": document.release,
    }))?;
    Ok(())
}

/// Reads the programme and looks at all its media; whatever is wrong is reported at once.
async fn read(desk: &Desk<'_>, source: &str, args: &Args) -> Result<(Programme, Shelf)> {
    let notes = Notes::new(source);
    let (table, errors) = DeTable::parse_recoverable(source);
    for error in &errors {
        let line = notes.line(error.span().map_or(0, |span| span.start));
        let key = "(form)".to_owned();
        notes.add(Place { line, key }, "", error.message());
    }
    let folder = args.programme.parent().unwrap_or(Path::new(""));
    let programme = match errors.is_empty() {
        true => programme::read(&notes, table.get_ref(), folder),
        false => None,
    };
    let mut shelf = Shelf::new();
    for plan in programme.iter().flat_map(Programme::items) {
        if shelf.contains_key(&plan.media) {
            continue;
        }
        match look(desk, &plan.media).await {
            Ok(described) => {
                shelf.insert(plan.media.clone(), described);
            }
            Err(error) => notes.add(plan.place.clone(), "", format!("{error:#}")),
        }
    }
    let list = notes.into_list();
    match programme {
        Some(programme) if list.is_empty() => Ok((programme, shelf)),
        Some(_) | None => Err(mistakes(args, list)),
    }
}

async fn look(desk: &Desk<'_>, media: &MediaRef) -> Result<crate::media::Described> {
    match media {
        MediaRef::File(path) => describe(desk.out, path),
        MediaRef::Asset(sha256) => {
            let api = desk.api.as_ref().context(
                "an asset named by its digest is with the controller: leave out --offline",
            )?;
            let folder = MediaDir::open(default_media_dir())?;
            Ok(folder.describe(desk.out, api, *sha256).await?.1)
        }
    }
}

fn mistakes(args: &Args, list: Vec<Mistake>) -> anyhow::Error {
    anyhow::Error::new(Mistakes {
        file: args.programme.clone(),
        list,
    })
}

/// What a duty officer took down comes back only if the programme says so.
fn refuse_return(
    args: &Args,
    programme: &Programme,
    shelf: &Shelf,
    (last, takedowns): (Option<&Admitted<Release>>, &[Takedown]),
) -> Result<()> {
    if programme.lift_takedowns {
        return Ok(());
    }
    let mut list = Vec::new();
    for (takedown, asset) in in_force(last, takedowns) {
        let shows = |media: &MediaRef| shelf.get(media).is_some_and(|m| m.asset.sha256 == asset);
        for plan in programme.items().filter(|plan| shows(&plan.media)) {
            list.push(Mistake {
                place: plan.place.clone(),
                found: String::new(),
                expected: format!(
                    "item {} was taken down ({}); take it out, or write lift_takedowns = true at \
                     the top if it may be shown again",
                    plan.id, takedown.reason
                ),
            });
        }
    }
    if list.is_empty() {
        return Ok(());
    }
    Err(mistakes(args, list))
}

/// Gives the media to the controller, or to the folder for signers without one.
async fn hand_over(desk: &Desk<'_>, shelf: &Shelf, folder: Option<&MediaDir>) -> Result<()> {
    for (media, described) in shelf {
        let MediaRef::File(path) = media else {
            continue;
        };
        if let Some(api) = &desk.api {
            upload(desk.out, api, path, described).await?;
        }
        if let Some(folder) = folder {
            folder.keep(path, &described.asset)?;
        }
    }
    Ok(())
}
