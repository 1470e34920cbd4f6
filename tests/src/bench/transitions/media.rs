//! The media of the measurement: short clips of every codec and rate, and a still, every frame stamped.

use super::barcode::{Stamp, paint};
use anyhow::Context as _;
use cotmoc_proto::media::Mime;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Size of the screen, in pixels.
pub const SCREEN: (usize, usize) = (1280, 720);
/// Size of the clips that every player must scale.
const SMALL: (usize, usize) = (960, 540);

/// One medium and what a player has to show of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Clip {
    pub item: u8,
    pub path: PathBuf,
    /// How long it is to be on the screen, in milliseconds.
    pub slot_ms: u32,
    /// Frames of a video; a still has none that follow each other.
    pub frames: Option<u16>,
    pub is_scaled: bool,
}

impl Clip {
    /// How long each of its pictures stands, in milliseconds.
    #[must_use]
    pub fn frame_ms(&self) -> f64 {
        f64::from(self.slot_ms) / f64::from(self.frames.unwrap_or(1))
    }

    #[must_use]
    pub const fn is_still(&self) -> bool {
        self.frames.is_none()
    }

    #[must_use]
    pub const fn mime(&self) -> Mime {
        if self.is_still() {
            Mime::Jpeg
        } else {
            Mime::Mp4
        }
    }
}

struct Recipe {
    codec: &'static str,
    rate: (u32, u32),
    frames: u16,
    slot_ms: u32,
    with_sound: bool,
    size: (usize, usize),
}

const RECIPES: [Recipe; 7] = [
    recipe("libx264", (30, 1), (30, 1000), true, SCREEN),
    recipe("libx264", (25, 1), (25, 1000), true, SMALL),
    recipe("libx265", (30, 1), (30, 1000), false, SCREEN),
    recipe("libvpx-vp9", (25, 1), (25, 1000), true, SCREEN),
    recipe("libx264", (24_000, 1001), (24, 1001), true, SCREEN),
    recipe("libsvtav1", (30, 1), (30, 1000), false, SCREEN),
    recipe("libx264", (30, 1), (60, 2000), true, SMALL),
];
/// The still stands after this many clips.
const STILL_AFTER: usize = 5;

const fn recipe(
    codec: &'static str,
    rate: (u32, u32),
    (frames, slot_ms): (u16, u32),
    with_sound: bool,
    size: (usize, usize),
) -> Recipe {
    Recipe {
        codec,
        rate,
        frames,
        slot_ms,
        with_sound,
        size,
    }
}

/// Makes all media in `folder`.
///
/// # Errors
/// If ffmpeg cannot make one of them.
pub fn make_all(folder: &Path) -> anyhow::Result<Vec<Clip>> {
    let mut clips = Vec::new();
    for (recipe, item) in RECIPES.iter().zip(1..) {
        if clips.len() == STILL_AFTER {
            clips.push(still(40, folder)?);
        }
        clips.push(recipe.make(item, folder)?);
    }
    Ok(clips)
}

impl Recipe {
    fn make(&self, item: u8, folder: &Path) -> anyhow::Result<Clip> {
        let path = folder.join(format!("{item}-{}.mp4", self.codec));
        let mut ffmpeg = raw_input(self.size, self.rate);
        if self.with_sound {
            let seconds = f64::from(self.slot_ms) / 1000.0;
            let hz = 400 + 40 * u32::from(item);
            ffmpeg.args(["-f", "lavfi", "-i"]);
            ffmpeg.arg(format!(
                "sine=frequency={hz}:sample_rate=48000:duration={seconds}"
            ));
            ffmpeg.args(["-c:a", "aac", "-b:a", "96k", "-ac", "2"]);
        }
        ffmpeg.args(["-c:v", self.codec, "-pix_fmt", "yuv420p", "-g", "60"]);
        ffmpeg.args(options(self.codec));
        ffmpeg.args(["-movflags", "+faststart"]).arg(&path);
        let (width, height) = self.size;
        let frames = (0..self.frames).map(|frame| paint(Stamp { item, frame }, width, height));
        feed(ffmpeg, frames).with_context(|| format!("making {}", path.display()))?;
        Ok(Clip {
            item,
            path,
            slot_ms: self.slot_ms,
            frames: Some(self.frames),
            is_scaled: self.size != SCREEN,
        })
    }
}

fn still(item: u8, folder: &Path) -> anyhow::Result<Clip> {
    let path = folder.join("still.jpg");
    let mut ffmpeg = raw_input(SCREEN, (1, 1));
    ffmpeg.args(["-frames:v", "1", "-q:v", "2"]).arg(&path);
    let picture = paint(Stamp { item, frame: 0 }, SCREEN.0, SCREEN.1);
    feed(ffmpeg, std::iter::once(picture)).context("making a still")?;
    Ok(Clip {
        item,
        path,
        slot_ms: 1000,
        frames: None,
        is_scaled: false,
    })
}

fn raw_input((width, height): (usize, usize), (num, den): (u32, u32)) -> Command {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg
        .args(["-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p"])
        .args(["-s", &format!("{width}x{height}")])
        .args(["-r", &format!("{num}/{den}"), "-i", "-"])
        .stdin(Stdio::piped());
    ffmpeg
}

fn options(codec: &str) -> &'static [&'static str] {
    match codec {
        "libx264" => &["-preset", "veryfast", "-crf", "20", "-bf", "2"],
        "libx265" => &[
            "-preset",
            "ultrafast",
            "-crf",
            "20",
            "-tag:v",
            "hvc1",
            "-x265-params",
            "log-level=error",
        ],
        "libvpx-vp9" => &["-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M"],
        "libsvtav1" => &["-preset", "12", "-crf", "35"],
        _ => &[],
    }
}

fn feed(mut ffmpeg: Command, frames: impl Iterator<Item = Vec<u8>>) -> anyhow::Result<()> {
    let mut child = ffmpeg
        .env("SVT_LOG", "1")
        .spawn()
        .context("starting ffmpeg")?;
    let mut input = child.stdin.take().context("ffmpeg has no input")?;
    for frame in frames {
        input.write_all(&frame)?;
    }
    drop(input);
    let status = child.wait()?;
    anyhow::ensure!(status.success(), "ffmpeg: {status}");
    Ok(())
}
