//! Decoding a file from end to end, to find what only shows then.

use super::probing::plain;
use super::tool::{Ended, Line, Run, Tool};
use crate::preflight::{Decoded, Stopped};
use anyhow::Result;
use cotmoc_proto::media::Mime;
use indicatif::ProgressBar;
use std::path::Path;
use std::time::Duration;

/// Decodes the file, for no longer than `limit`.
pub fn decode(path: &Path, mime: Mime, limit: Duration, bar: &ProgressBar) -> Result<Decoded> {
    let mut seen = Seen::default();
    let ended = Run::new(Tool::Ffmpeg, &["-hide_banner", "-nostats", "-nostdin"])
        .args(["-v", "level+info", "-xerror"])
        .input(path, Some(mime))
        .args(streams(mime))
        .args(["-progress", "pipe:1", "-f", "null", "-"])
        .within(limit)
        .lines(|line| match line {
            Line::Result(line) => {
                if let Some(at_ms) = progress_ms(&line) {
                    seen.end_ms = seen.end_ms.max(at_ms);
                    bar.set_position(at_ms);
                }
            }
            Line::Complaint(line) => seen.hear(&line, path),
        })?;
    let stopped = match ended {
        Ended::Well => Stopped::AtTheEnd,
        Ended::Badly => Stopped::ByDamage,
        Ended::OutOfTime | Ended::Stopped => Stopped::OutOfTime,
    };
    Ok(Decoded {
        stopped,
        end_ms: seen.end_ms,
        pictures: seen.pictures,
        size_changes: seen.size_changes,
        has_interlaced: seen.interlaced * 2 > seen.pictures,
        complaint: seen.complaint,
    })
}

/// What of a file is played, and a note of every picture's size.
fn streams(mime: Mime) -> &'static [&'static str] {
    if mime.is_sound() {
        return &["-map", "0:a:0"];
    }
    &[
        "-map",
        "0:v:0?",
        "-map",
        "0:a:0?",
        "-vf",
        "showinfo=checksum=0",
    ]
}

/// The position in a line `out_time_us=…` of ffmpeg's progress, in milliseconds.
pub fn progress_ms(line: &str) -> Option<u64> {
    let micros: u64 = line.strip_prefix("out_time_us=")?.trim().parse().ok()?;
    Some(micros / 1_000)
}

#[derive(Debug, Default)]
struct Seen {
    end_ms: u64,
    pictures: u64,
    interlaced: u64,
    size: Option<String>,
    size_changes: u64,
    complaint: Option<String>,
}

impl Seen {
    fn hear(&mut self, line: &str, path: &Path) {
        if line.contains("Parsed_showinfo_") {
            self.picture(line);
        } else if line.contains("[error]") || line.contains("[fatal]") {
            let said = line.replace("[error] ", "").replace("[fatal] ", "");
            self.complaint.get_or_insert(plain(&said, path));
        }
    }

    /// `… n:  48 pts:  49664 pts_time:3.88 … s:640x360 i:P iskey:0 type:B`
    fn picture(&mut self, line: &str) {
        let field = |name: &str| {
            line.split_whitespace()
                .find_map(|word| word.strip_prefix(name))
        };
        let Some(size) = field("s:").filter(|size| size.contains('x')) else {
            return;
        };
        self.pictures += 1;
        if matches!(field("i:"), Some("T" | "B")) {
            self.interlaced += 1;
        }
        if let Some(at) = field("pts_time:").and_then(|at| at.parse::<f64>().ok()) {
            let at_ms = Duration::try_from_secs_f64(at)
                .unwrap_or_default()
                .as_millis();
            self.end_ms = self.end_ms.max(u64::try_from(at_ms).unwrap_or_default());
        }
        if self.size.as_deref().is_some_and(|before| before != size) {
            self.size_changes += 1;
        }
        self.size = Some(size.to_owned());
    }
}
