//! The media of the measurements: short clips of every codec and rate and stills, every frame
//! stamped, and film-like clips for measuring cost.

use super::barcode::{Stamp, paint};
use anyhow::Context as _;
use cotmoc_proto::media::Mime;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Width and height in pixels.
pub type Size = (usize, usize);

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
    pub has_sound: bool,
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
    pub fn mime(&self) -> Mime {
        match self.path.extension().and_then(|end| end.to_str()) {
            Some("jpg") => Mime::Jpeg,
            Some("png") => Mime::Png,
            Some("webm") => Mime::Webm,
            Some(_) | None => Mime::Mp4,
        }
    }
}

/// The tone of an item that sounds.
#[must_use]
pub const fn tone_hz(item: u8) -> u32 {
    400 + 40 * item as u32
}

/// A stamped clip to be made.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    pub codec: &'static str,
    /// Frames per second as a fraction.
    pub rate: (u32, u32),
    pub frames: u16,
    pub slot_ms: u32,
    pub with_sound: bool,
    pub size: Size,
}

impl Recipe {
    /// Makes the clip for a screen of `screen` pixels.
    ///
    /// # Errors
    /// If ffmpeg cannot.
    pub fn make(&self, item: u8, folder: &Path, screen: Size) -> anyhow::Result<Clip> {
        let container = if self.codec == "libvpx-vp9" && !self.with_sound {
            "webm"
        } else {
            "mp4"
        };
        let path = folder.join(format!("{item}-{}.{container}", self.codec));
        let mut ffmpeg = raw_input(self.size, self.rate);
        if self.with_sound {
            let seconds = f64::from(self.slot_ms) / 1000.0;
            let hz = tone_hz(item);
            ffmpeg.args(["-f", "lavfi", "-i"]);
            ffmpeg.arg(format!(
                "sine=frequency={hz}:sample_rate=48000:duration={seconds}"
            ));
            ffmpeg.args(["-c:a", "aac", "-b:a", "96k", "-ac", "2"]);
        }
        ffmpeg.args(["-c:v", self.codec, "-pix_fmt", "yuv420p", "-g", "60"]);
        ffmpeg.args(options(self.codec));
        if container == "mp4" {
            ffmpeg.args(["-movflags", "+faststart"]);
        }
        ffmpeg.arg(&path);
        let (width, height) = self.size;
        let frames = (0..self.frames).map(|frame| paint(Stamp { item, frame }, width, height));
        feed(ffmpeg, frames).with_context(|| format!("making {}", path.display()))?;
        Ok(Clip {
            item,
            path,
            slot_ms: self.slot_ms,
            frames: Some(self.frames),
            is_scaled: self.size != screen,
            has_sound: self.with_sound,
        })
    }
}

/// Makes a stamped JPEG picture that stands for `slot_ms`.
///
/// # Errors
/// If ffmpeg cannot.
pub fn still(item: u8, folder: &Path, size: Size, slot_ms: u32) -> anyhow::Result<Clip> {
    let path = folder.join(format!("{item}-still.jpg"));
    let mut ffmpeg = raw_input(size, (1, 1));
    ffmpeg.args(["-frames:v", "1", "-q:v", "2"]).arg(&path);
    let picture = paint(Stamp { item, frame: 0 }, size.0, size.1);
    feed(ffmpeg, std::iter::once(picture)).context("making a still")?;
    Ok(Clip {
        item,
        path,
        slot_ms,
        frames: None,
        is_scaled: false,
        has_sound: false,
    })
}

/// Makes an H.264 film of 30 frames per second with AAC sound, moving and grainy, at the bit rate
/// that such films have: a scene of `scene_s` seconds, shown `scenes` times.
///
/// # Errors
/// If ffmpeg cannot.
pub fn film(
    folder: &Path,
    (width, height): Size,
    (scene_s, scenes): (u32, u32),
) -> anyhow::Result<PathBuf> {
    let scene = folder.join(format!("scene-{width}x{height}.mp4"));
    let path = folder.join(format!("film-{width}x{height}.mp4"));
    let kbit_per_s = width * height / 300;
    let mut make = quiet_ffmpeg();
    make.args(["-f", "lavfi", "-i"])
        .arg(format!(
            "testsrc2=s={width}x{height}:r=30:d={scene_s},noise=alls=6:allf=t"
        ))
        .args(["-f", "lavfi", "-i"])
        .arg(format!(
            "sine=frequency=440:sample_rate=48000:duration={scene_s}"
        ))
        .args(["-c:v", "libx264", "-preset", "veryfast", "-bf", "2"])
        .args(["-pix_fmt", "yuv420p", "-g", "60"])
        .args(["-b:v", &format!("{kbit_per_s}k")])
        .args(["-c:a", "aac", "-ac", "2"])
        .arg(&scene);
    let mut repeat = quiet_ffmpeg();
    repeat
        .args(["-stream_loop", &scenes.saturating_sub(1).to_string(), "-i"])
        .arg(&scene)
        .args(["-c", "copy", "-movflags", "+faststart"])
        .arg(&path);
    for ffmpeg in [&mut make, &mut repeat] {
        let status = ffmpeg.status().context("starting ffmpeg")?;
        anyhow::ensure!(status.success(), "ffmpeg could not make a film");
    }
    Ok(path)
}

fn quiet_ffmpeg() -> Command {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-y", "-v", "error"]).stdin(Stdio::null());
    ffmpeg
}

fn raw_input((width, height): Size, (num, den): (u32, u32)) -> Command {
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
