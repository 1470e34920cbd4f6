//! How loud a file is (EBU R 128), as walls play it: measured once for every digest.

use super::tool::{Ended, Line, Run, Tool};
use crate::files;
use crate::settings::cache_dir;
use anyhow::{Context as _, Result, bail};
use cotmoc_proto::Digest;
use cotmoc_proto::media::{Loudness, Mime};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(3_600);
/// Quieter than the gate of the measurement is silence, in thousandths of LUFS.
const SILENCE_MLUFS: i32 = -70_000;

/// What was measured of one asset; nothing for silence.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    loudness: Option<Loudness>,
}

/// The loudness of the file in `path` with the digest `sha256`, whose sound has `channels`.
pub fn of(
    path: &Path,
    (sha256, mime): (&Digest, Mime),
    channels: u32,
    bar: &ProgressBar,
) -> Result<Option<Loudness>> {
    let kept = kept_file(sha256);
    let known = std::fs::read(&kept).ok();
    if let Some(known) = known.and_then(|bytes| serde_json::from_slice::<Kept>(&bytes).ok()) {
        return Ok(known.loudness);
    }
    let loudness = measure(path, mime, channels, bar)?;
    if let Some(folder) = kept.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    }
    files::replace(&kept, &serde_json::to_vec(&Kept { loudness })?)?;
    Ok(loudness)
}

/// Measures what a wall plays: two channels.
pub fn measure(
    path: &Path,
    mime: Mime,
    channels: u32,
    bar: &ProgressBar,
) -> Result<Option<Loudness>> {
    let two = match channels {
        1 => "pan=stereo|c0=c0|c1=c0",
        _ => "aformat=channel_layouts=stereo",
    };
    let mut said = String::new();
    let ended = Run::new(Tool::Ffmpeg, &["-hide_banner", "-nostats", "-nostdin"])
        .args(["-v", "info"])
        .input(path, Some(mime))
        .args(["-map", "0:a:0", "-af"])
        .args([format!("{two},loudnorm=print_format=json")])
        .args(["-progress", "pipe:1", "-f", "null", "-"])
        .within(LIMIT)
        .lines(|line| match line {
            Line::Result(line) => {
                if let Some(at_ms) = super::decode::progress_ms(&line) {
                    bar.set_position(at_ms);
                }
            }
            Line::Complaint(line) => {
                if line == "{" {
                    said.clear();
                }
                said.push_str(&line);
            }
        })?;
    let shown = path.display();
    if ended != Ended::Well {
        bail!("{shown}: its loudness cannot be measured");
    }
    let measured: Measured = serde_json::from_str(from_brace(&said))
        .with_context(|| format!("{shown}: ffmpeg does not tell the loudness"))?;
    Ok(measured.loudness())
}

fn from_brace(said: &str) -> &str {
    let start = said.find('{').unwrap_or_default();
    let end = said.rfind('}').map_or(start, |end| end + 1);
    said.get(start..end).unwrap_or_default()
}

/// What the filter prints.
#[derive(Debug, Deserialize)]
struct Measured {
    input_i: String,
    input_tp: String,
}

impl Measured {
    fn loudness(&self) -> Option<Loudness> {
        let integrated_mlufs = thousandths(&self.input_i)?;
        let true_peak_mdbtp = thousandths(&self.input_tp)?;
        (integrated_mlufs > SILENCE_MLUFS).then_some(Loudness {
            integrated_mlufs,
            true_peak_mdbtp: true_peak_mdbtp.max(-120_000),
        })
    }
}

/// `-21.75` as −21750; nothing for `-inf`.
fn thousandths(text: &str) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = format!("{part:0<3}");
    let whole: i32 = whole.parse().ok()?;
    let part: i32 = part.get(..3)?.parse().ok()?;
    Some(sign * (whole.checked_mul(1_000)?.checked_add(part)?))
}

fn kept_file(sha256: &Digest) -> PathBuf {
    cache_dir().join("loudness").join(format!("{sha256}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_to_the_thousandth_and_silence_is_none() {
        let cases = [
            ("-21.75", Some(-21_750)),
            ("-0.05", Some(-50)),
            ("1.5", Some(1_500)),
            ("-inf", None),
            ("inf", None),
            ("", None),
        ];
        for (text, level) in cases {
            assert_eq!(thousandths(text), level, "{text}");
        }
        let of = |i: &str, tp: &str| Measured {
            input_i: i.to_owned(),
            input_tp: tp.to_owned(),
        };
        assert!(of("-inf", "-inf").loudness().is_none());
        assert!(of("-70.00", "-60.00").loudness().is_none());
        let loud = of("-23.00", "-1.00").loudness();
        assert_eq!(loud.map(|l| l.integrated_mlufs), Some(-23_000));
    }
}
