//! `cotmoc media check`: what will play on a board and what will not, before anyone signs.

use super::inspect::{self, Depth, Inspection, inspect, verdict_words};
use super::loudness;
use crate::out::Out;
use crate::preflight::{Board, Reason, Remedy, Severity, Verdict};
use crate::{End, format, text};
use anyhow::Result;
use cotmoc_proto::media::Loudness;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The board it is to play on: generic-amd64, raspberry-pi-4, raspberry-pi-5, or the file of a
    /// profile
    #[arg(long, value_name = "NAME|FILE")]
    board: Option<String>,
    /// Look at headers and packets only, decode no film
    #[arg(long)]
    quick: bool,
    /// Give up decoding a film after so many seconds
    #[arg(long, value_name = "S", default_value_t = 600)]
    patience_s: u64,
}

/// One file in the document.
#[derive(Debug, Serialize)]
struct Checked<'i> {
    file: &'i Path,
    verdict: Verdict,
    reasons: Vec<Told<'i>>,
    found: &'i crate::preflight::Probe,
    loudness: Option<Loudness>,
    convert: String,
}

#[derive(Debug, Serialize)]
struct Told<'i> {
    #[serde(flatten)]
    reason: &'i Reason,
    severity: Severity,
    remedy: Remedy,
    vi: String,
    en: String,
}

/// Checks every file; files that will not play make the command fail.
pub fn run(out: Out, args: &Args) -> Result<End> {
    let board = inspect::board(args.board.as_deref())?;
    let depth = match args.quick {
        true => Depth::Quick,
        false => Depth::Full(Duration::from_secs(args.patience_s)),
    };
    out.fact(text::BOARD, board.title());
    let mut all = Vec::new();
    for file in &args.files {
        let found = inspect(out, file, &board, depth)?;
        let loudness = loudness_of(out, &found)?;
        show(out, &found, loudness, &board);
        all.push((found, loudness));
    }
    let files: Vec<Checked<'_>> = all
        .iter()
        .map(|(found, loudness)| checked(found, *loudness, &board))
        .collect();
    out.document(&serde_json::json!({ "board": board.name, "files": files }))?;
    let worst = all.iter().map(|(found, _loudness)| found.verdict).max();
    Ok(match worst {
        Some(Verdict::WillNotPlay) => End::Unplayable,
        Some(Verdict::Plays | Verdict::PlaysWithRemark) | None => End::Done,
    })
}

/// Measures what is going to be heard.
pub fn loudness_of(out: Out, found: &Inspection) -> Result<Option<Loudness>> {
    let (Some(channels), Some(mime)) = (found.channels(), found.probe.mime) else {
        return Ok(None);
    };
    if found.verdict == Verdict::WillNotPlay {
        return Ok(None);
    }
    let bar = out.time_bar(
        &out.words(text::LOUDNESS),
        found.probe.length_ms.unwrap_or_default(),
    );
    let measured = loudness::measure(&found.file, mime, channels, &bar);
    bar.finish_and_clear();
    measured
}

/// What there is to say about one file.
pub fn show(out: Out, found: &Inspection, loudness: Option<Loudness>, board: &Board) {
    let verdict = out.words(verdict_words(found.verdict));
    out.say("");
    out.say(format_args!("{}: {verdict}", found.file.display()));
    if let Some(picture) = &found.probe.picture {
        let codec = &picture.codec;
        let profile = codec.profile.as_ref();
        out.say(format_args!(
            "  {}{} {}×{}{}",
            codec.name,
            profile.map_or_else(String::new, |name| format!(" {name}")),
            picture.width_px,
            picture.height_px,
            rate(picture.mfps.filter(|_mfps| found.probe.scan.is_some())),
        ));
    }
    if let Some(sound) = &found.probe.sound {
        let level = match loudness {
            Some(loudness) => format::loudness(loudness),
            None => "–".to_owned(),
        };
        out.say(format_args!(
            "  {} {} Hz ×{}, {}: {level}",
            sound.codec.name,
            sound.rate_hz,
            sound.channels,
            out.words(text::LOUDNESS),
        ));
    }
    for line in found.lines(out, board) {
        out.say(line);
    }
}

fn rate(mfps: Option<u64>) -> String {
    mfps.map(|mfps| format!(" {}.{:02} fps", mfps / 1_000, mfps % 1_000 / 10))
        .unwrap_or_default()
}

fn checked<'i>(found: &'i Inspection, loudness: Option<Loudness>, board: &Board) -> Checked<'i> {
    let told = |reason: &'i Reason| {
        let words = reason.words();
        Told {
            reason,
            severity: reason.severity(),
            remedy: reason.remedy(),
            vi: words.vi,
            en: words.en,
        }
    };
    Checked {
        file: &found.file,
        verdict: found.verdict,
        reasons: found.reasons.iter().map(told).collect(),
        found: &found.probe,
        loudness,
        convert: found.convert_line(board),
    }
}
