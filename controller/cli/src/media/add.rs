//! `cotmoc media`: check files and hand them to the controller.

use super::{Admission, AdmitArgs, Described, upload};
use crate::api::Api;
use crate::format;
use crate::out::Out;
use crate::settings::Settings;
use crate::table::Table;
use crate::text;
use anyhow::{Result, bail};
use cotmoc_proto::media::Loudness;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Only check and describe; talk to no controller
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    admit: AdmitArgs,
}

#[derive(Serialize)]
struct Added {
    file: PathBuf,
    sha256: cotmoc_proto::Digest,
    size_bytes: u64,
    mime: &'static str,
    #[serde(flatten)]
    look: super::Look,
    #[serde(skip_serializing_if = "Option::is_none")]
    loudness: Option<Loudness>,
    /// Whether anything had to be uploaded; absent if nobody asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    uploaded: Option<bool>,
}

pub async fn run(out: Out, settings: &Settings, args: Args) -> Result<()> {
    let admission = args.admit.admission(None)?;
    let media = admit_all(out, &admission, args.files)?;
    let api = if args.check {
        None
    } else {
        Some(Api::new(settings)?)
    };
    let mut added = Vec::new();
    for (file, media) in media {
        let uploaded = match &api {
            Some(api) => Some(upload(out, api, &file, &media).await?),
            None => None,
        };
        added.push(Added {
            file,
            sha256: media.asset.sha256,
            size_bytes: media.asset.size_bytes,
            mime: media.asset.mime.as_str(),
            look: media.look,
            loudness: media.asset.loudness,
            uploaded,
        });
    }
    show(out, &added);
    out.document(&serde_json::json!({ "assets": added }))?;
    Ok(())
}

/// Checks and describes every file before anything is uploaded; all that is wrong is said at once.
fn admit_all(
    out: Out,
    admission: &Admission,
    files: Vec<PathBuf>,
) -> Result<Vec<(PathBuf, Described)>> {
    let mut good = Vec::new();
    let mut bad = Vec::new();
    for file in files {
        match admission.admit(out, &file) {
            Ok(media) => good.push((file, media)),
            Err(error) => bad.push(format!("{error:#}")),
        }
    }
    if bad.is_empty() {
        return Ok(good);
    }
    bail!("nothing was uploaded\n{}", bad.join("\n"))
}

fn show(out: Out, added: &[Added]) {
    let mut table = Table::new([
        out.words(text::FILE),
        out.words(text::TYPE),
        out.words(text::SIZE),
        "px".to_owned(),
        out.words(text::LENGTH),
        out.words(text::LOUDNESS),
        out.words(text::DIGEST),
        out.words(text::UPLOADED),
    ]);
    for one in added {
        let uploaded = match one.uploaded {
            Some(true) => "✓".to_owned(),
            Some(false) => out.words(text::KNOWN),
            None => "–".to_owned(),
        };
        table.row([
            one.file.display().to_string(),
            format!("{} ({})", one.mime, one.look.codec),
            format::bytes(one.size_bytes),
            format::pixels(&one.look),
            format::film_length(&one.look),
            one.loudness
                .map_or_else(|| "–".to_owned(), format::loudness),
            one.sha256.to_string(),
            uploaded,
        ]);
    }
    out.table(&table);
}
