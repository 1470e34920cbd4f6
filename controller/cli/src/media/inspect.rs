//! One file against one board: facts, judgement, and how people read it.

use super::decode::decode;
use super::probing::probe;
use crate::out::Out;
use crate::preflight::{Board, DEFAULT_BOARD, Probe, Reason, Remedy, Severity, Verdict, judge};
use crate::text;
use anyhow::{Context as _, Result};
use cotmoc_proto::media::Mime;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A still is decoded in this time or not at all.
const STILL_LIMIT: Duration = Duration::from_secs(60);
const MAX_PROFILE_BYTES: u64 = 1 << 20;

/// How thoroughly a file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Header, bytes and packets; stills are decoded.
    Quick,
    /// Everything is decoded, for no longer than this.
    Full(Duration),
}

/// A file and what there is to say about it.
#[derive(Debug)]
pub struct Inspection {
    pub file: PathBuf,
    pub probe: Probe,
    pub reasons: Vec<Reason>,
    pub verdict: Verdict,
}

/// The board that is called `name`, or that the file `name` describes.
pub fn board(name: Option<&str>) -> Result<Board> {
    let name = name.unwrap_or(DEFAULT_BOARD);
    let path = Path::new(name);
    if !path.is_file() {
        return Ok(Board::built_in(name)?);
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let text = crate::files::read_text(path, MAX_PROFILE_BYTES)?;
    Board::parse(&stem, &text).with_context(|| format!("read {name}"))
}

/// Looks at `file` and judges it.
pub fn inspect(out: Out, file: &Path, board: &Board, depth: Depth) -> Result<Inspection> {
    let mut probe = probe(file)?;
    let refused = Verdict::of(&judge(&probe, board)) == Verdict::WillNotPlay;
    let mime = probe.mime.filter(|mime| *mime != Mime::Slide);
    let limit = match (depth, mime) {
        (_, Some(mime)) if mime.is_picture_file() => Some(STILL_LIMIT),
        (Depth::Full(limit), Some(_)) => Some(limit),
        (Depth::Quick | Depth::Full(_), _) => None,
    };
    if let (Some(limit), Some(mime)) = (limit.filter(|_limit| !refused), mime) {
        let bar = out.time_bar(
            &file.display().to_string(),
            probe.length_ms.unwrap_or_default(),
        );
        let decoded = decode(file, mime, limit, &bar);
        bar.finish_and_clear();
        probe.decoded = Some(decoded?);
    }
    let reasons = judge(&probe, board);
    Ok(Inspection {
        file: file.to_owned(),
        verdict: Verdict::of(&reasons),
        reasons,
        probe,
    })
}

impl Inspection {
    /// How many channels of sound are played; none for silence.
    pub fn channels(&self) -> Option<u32> {
        let sound = self.probe.sound.as_ref()?;
        Some(sound.channels).filter(|channels| *channels > 0)
    }

    /// One line for each reason, and one for what helps.
    pub fn lines(&self, out: Out, board: &Board) -> Vec<String> {
        let reason = |reason: &Reason| {
            let mark = match reason.severity() {
                Severity::Stop => '✗',
                Severity::Remark => '!',
                Severity::Note => '·',
            };
            let words = reason.words();
            format!("  {mark} {}", out.either(&words.vi, &words.en))
        };
        let mut lines: Vec<String> = self.reasons.iter().map(reason).collect();
        lines.extend(
            self.remedy(out, board)
                .map(|remedy| format!("  → {remedy}")),
        );
        lines
    }

    /// What helps against the worst of it.
    fn remedy(&self, out: Out, board: &Board) -> Option<String> {
        let worst = self.reasons.first()?.severity();
        let remedies = || {
            let worst = self.reasons.iter().filter(|one| one.severity() == worst);
            worst.map(Reason::remedy)
        };
        if remedies().any(|remedy| remedy == Remedy::ExportAgain) {
            return Some(out.words(text::EXPORT_AGAIN));
        }
        if remedies().any(|remedy| remedy == Remedy::Convert) {
            return Some(self.convert_line(board));
        }
        None
    }

    /// The command that makes it playable.
    pub fn convert_line(&self, board: &Board) -> String {
        let mut name = OsString::from(self.file.file_stem().unwrap_or_default());
        name.push(match self.probe.mime {
            Some(Mime::Jpeg) => ".wall.jpg",
            Some(mime) if mime.is_sound() => ".wall.ogg",
            Some(mime) if mime.is_still() => ".wall.png",
            Some(_) | None => ".wall.mp4",
        });
        let to = self.file.with_file_name(name);
        let which = match board.name.as_str() {
            DEFAULT_BOARD => String::new(),
            name => format!(" --board {name}"),
        };
        format!(
            "cotmoc media convert {} --out {}{which}",
            quoted(&self.file),
            quoted(&to)
        )
    }
}

/// The verdict in words.
pub fn verdict_words(verdict: Verdict) -> text::Text {
    match verdict {
        Verdict::Plays => text::PLAYS,
        Verdict::PlaysWithRemark => text::PLAYS_WITH_REMARK,
        Verdict::WillNotPlay => text::WILL_NOT_PLAY,
    }
}

/// A name as a shell takes it.
fn quoted(path: &Path) -> String {
    let name = path.display().to_string();
    let harmless = |c: char| c.is_alphanumeric() || "/._-+,@".contains(c);
    if !name.is_empty() && name.chars().all(harmless) && !name.starts_with('-') {
        return name;
    }
    format!("'{}'", name.replace('\'', r"'\''"))
}
