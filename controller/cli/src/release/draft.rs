//! `cotmoc release draft`: an editor's programme becomes an unsigned release.

use super::assemble::{Position, Shelf, assemble, in_force};
use super::document::Document;
use super::look as looks;
use super::lookup;
use super::show;
use crate::desk::{Desk, OfflineArgs};
use crate::lookup::content_of;
use crate::media::{Admission, AdmitArgs, Described, Look, MediaDir, describe, upload};
use crate::out::Out;
use crate::programme::mistake::{Mistake, Mistakes, Place};
use crate::programme::words::say;
use crate::programme::{self, LookupPlan, MediaRef, Notes, Programme, Use};
use crate::settings::{Settings, default_media_dir};
use crate::{clock, files, text};
use anyhow::{Context as _, Result, bail};
use cotmoc_proto::envelope::{Envelope, PayloadType};
use cotmoc_proto::media::{Asset, CHUNK_BYTES, Mime};
use cotmoc_proto::release::Release;
use cotmoc_proto::slide::Slide;
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::trust::Admitted;
use cotmoc_proto::{Digest, TimeMs};
use std::num::NonZeroU32;
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
    admit: AdmitArgs,
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
    report(out, &document, args, programme.lookup.as_ref())
}

fn report(out: Out, document: &Document, args: &Args, plan: Option<&LookupPlan>) -> Result<()> {
    show::head(out, &document.release);
    looks::show(out, &document.release);
    show::items(out, &document.release);
    let content = plan
        .map(|plan| content_of(&plan.package.open()?))
        .transpose()?;
    lookup::show(out, &document.release, content.as_ref());
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
    let admission = args.admit.admission(None)?;
    let mut shelf = Shelf::new();
    for (place, media, used) in programme.iter().flat_map(Programme::media) {
        if shelf.contains_key(media) {
            continue;
        }
        match look(desk, &admission, (media, used)).await {
            Ok(described) => {
                shelf.insert(media.clone(), described);
            }
            Err(error) => notes.add(place.clone(), "", format!("{error:#}")),
        }
    }
    for (place, media, used) in programme.iter().flat_map(Programme::media) {
        let mime = shelf.get(media).map(|described| described.asset.mime);
        if let Some(said) = mime.and_then(|mime| misused(used, mime)) {
            notes.add(place.clone(), "", said);
        }
    }
    if let Some(plan) = programme
        .as_ref()
        .and_then(|programme| programme.lookup.as_ref())
        && let Err(error) = plan.package.verified()
    {
        notes.add(plan.place.clone(), "", format!("{error:#}"));
    }
    let list = notes.into_list();
    match programme {
        Some(programme) if list.is_empty() => Ok((programme, shelf)),
        Some(_) | None => Err(mistakes(args, list)),
    }
}

async fn look(
    desk: &Desk<'_>,
    admission: &Admission,
    (media, used): (&MediaRef, Use),
) -> Result<crate::media::Described> {
    match media {
        MediaRef::File(path) if used == Use::Lookup => describe(desk.out, path),
        MediaRef::File(path) => admission.admit(desk.out, path),
        MediaRef::Slide(bytes) => describe_slide(bytes),
        MediaRef::Asset(sha256) => {
            let api = desk.api.as_ref().context(
                "an asset named by its digest is with the controller: leave out --offline",
            )?;
            let folder = MediaDir::open(default_media_dir())?;
            let (path, _described) = folder.describe(desk.out, api, *sha256).await?;
            admission.admit(desk.out, &path)
        }
    }
}

/// A text slide as an asset. It is never longer than a chunk.
fn describe_slide(bytes: &[u8]) -> Result<Described> {
    let slide = Slide::parse(bytes)?;
    let whole = Digest::of(bytes);
    let chunk_list = whole.as_bytes().to_vec();
    let chunk = NonZeroU32::new(CHUNK_BYTES).context("the chunk length is zero")?;
    Ok(Described {
        asset: Asset {
            sha256: whole,
            size_bytes: u64::try_from(bytes.len())?,
            mime: Mime::Slide,
            chunk_bytes: chunk,
            chunks_sha256: Digest::of(&chunk_list),
            loudness: None,
        },
        look: Look {
            width_px: slide.width_px,
            height_px: slide.height_px,
            dur_ms: None,
            codec: "slide".to_owned(),
        },
        chunk_list,
    })
}

/// The file of a text slide that is written in the programme, among the media of this computer.
fn slide_file(bytes: &[u8]) -> Result<PathBuf> {
    let folder = default_media_dir();
    std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let path = folder.join(format!("{}.json", Digest::of(bytes)));
    files::replace(&path, bytes)?;
    Ok(path)
}

/// What is wrong with media of type `mime` where they are used.
fn misused(used: Use, mime: Mime) -> Option<String> {
    let (fits, vi, en) = match used {
        Use::Playlist => (
            !mime.is_sound() && mime != Mime::Lookup,
            "chỉ có âm thanh; âm thanh dùng trong [[announcement]], không dùng trong danh sách chiếu",
            "sound alone; sound belongs to an [[announcement]], not to a playlist",
        ),
        Use::Still => (
            mime.is_still(),
            "không phải hình tĩnh; hình dự phòng và mẫu khẩn cấp là PNG, JPEG, WebP hoặc trang chữ",
            "not a still; the fallback and templates are PNG, JPEG, WebP or a text slide",
        ),
        Use::Logo => (
            mime.is_picture_file(),
            "biểu trưng phải là hình PNG, JPEG hoặc WebP",
            "a logo must be a PNG, JPEG or WebP picture",
        ),
        Use::Lookup => (
            mime == Mime::Lookup,
            "không phải gói nội dung; hãy tạo bằng cotmoc lookup build",
            "no content package; `cotmoc lookup build` makes one",
        ),
        Use::Announcement => (
            mime.is_sound(),
            "không phải âm thanh; thông báo phát thanh là Ogg, MP3 hoặc WAV",
            "not sound alone; an announcement is Ogg, MP3 or WAV",
        ),
    };
    (!fits).then(|| say(&format!("{}: {vi}", mime.as_str()), en))
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
        for (place, _media, _used) in programme.media().filter(|(_, media, _)| shows(media)) {
            list.push(Mistake {
                place: place.clone(),
                found: String::new(),
                expected: say(
                    &format!(
                        "nội dung này đã bị gỡ ({}); bỏ nó ra, hoặc ghi lift_takedowns = true ở \
                         đầu tệp nếu được chiếu lại",
                        takedown.reason
                    ),
                    &format!(
                        "this was taken down ({}); take it out, or write lift_takedowns = true at \
                         the top if it may be shown again",
                        takedown.reason
                    ),
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
        let path = match media {
            MediaRef::File(path) => path.clone(),
            MediaRef::Slide(bytes) => slide_file(bytes)?,
            MediaRef::Asset(_) => continue,
        };
        if let Some(api) = &desk.api {
            upload(desk.out, api, &path, described).await?;
        }
        if let Some(folder) = folder {
            folder.keep(&path, &described.asset)?;
        }
    }
    Ok(())
}
