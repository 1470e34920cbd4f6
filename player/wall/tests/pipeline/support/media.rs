//! Makes real media files with ffmpeg, every frame stamped.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::barcode::{Stamp, paint};

pub const WIDTH: usize = 320;
pub const HEIGHT: usize = 180;

/// How a clip is made.
#[derive(Clone, Copy, Debug)]
pub struct Clip {
    pub item: u8,
    pub codec: &'static str,
    pub rate: (u32, u32),
    pub millis: u32,
    pub tone_hz: Option<u32>,
    pub size: (usize, usize),
    /// As the encoder calls it.
    pub format: &'static str,
    /// Costs many bytes, so that a decoder cannot read far ahead.
    pub noisy: bool,
}

impl Clip {
    pub fn h264(item: u8, millis: u32) -> Self {
        Self {
            item,
            codec: "libx264",
            rate: (30, 1),
            millis,
            tone_hz: None,
            size: (WIDTH, HEIGHT),
            format: "yuv420p",
            noisy: false,
        }
    }

    pub fn codec(self, codec: &'static str) -> Self {
        Self { codec, ..self }
    }

    pub fn rate(self, num: u32, den: u32) -> Self {
        Self {
            rate: (num, den),
            ..self
        }
    }

    pub fn tone(self, hz: u32) -> Self {
        Self {
            tone_hz: Some(hz),
            ..self
        }
    }

    pub fn size(self, width: usize, height: usize) -> Self {
        Self {
            size: (width, height),
            ..self
        }
    }

    pub fn format(self, format: &'static str) -> Self {
        Self { format, ..self }
    }

    pub fn noisy(self) -> Self {
        Self {
            noisy: true,
            ..self
        }
    }

    fn frames(self) -> u32 {
        self.millis * self.rate.0 / (1000 * self.rate.1)
    }

    fn paint(self, stamp: Stamp) -> Vec<u8> {
        let (width, height) = self.size;
        let mut frame = paint(stamp, width, height);
        if self.noisy {
            let mut seed = 0x9E37_79B9u32 ^ u32::from(stamp.frame).wrapping_mul(0x85EB_CA6B) | 1;
            for pixel in &mut frame[width * height / 8..width * height] {
                seed ^= seed << 13;
                seed ^= seed >> 17;
                seed ^= seed << 5;
                *pixel = 90 + seed.to_le_bytes()[3] / 2;
            }
        }
        frame
    }

    /// Encodes the clip as MP4, index in front.
    pub fn make(self, folder: &Path) -> PathBuf {
        let path = folder.join(format!("{}-{}.mp4", self.item, self.codec));
        let mut ffmpeg = raw_input(self.size, self.rate);
        if let Some(hz) = self.tone_hz {
            let seconds = f64::from(self.millis) / 1000.0;
            ffmpeg.args(["-f", "lavfi", "-i"]);
            ffmpeg.arg(format!(
                "sine=frequency={hz}:sample_rate=48000:duration={seconds}"
            ));
            ffmpeg.args(["-c:a", "aac", "-b:a", "96k", "-ac", "2"]);
        }
        ffmpeg.args(["-c:v", self.codec, "-pix_fmt", self.format, "-g", "15"]);
        ffmpeg.args(encoder_options(self.codec));
        ffmpeg.args(["-movflags", "+faststart"]).arg(&path);
        let stamps = (0..self.frames()).map(|n| Stamp {
            item: self.item,
            frame: u16::try_from(n).unwrap(),
        });
        feed(ffmpeg, stamps.map(|s| self.paint(s)));
        path
    }
}

/// A still picture; the ending of `name` chooses the format.
pub fn still(item: u8, name: &str, folder: &Path) -> PathBuf {
    let path = folder.join(name);
    let mut ffmpeg = raw_input((WIDTH * 2, HEIGHT * 2), (1, 1));
    ffmpeg.args(["-frames:v", "1", "-q:v", "2"]).arg(&path);
    let stamp = Stamp { item, frame: 0 };
    feed(ffmpeg, std::iter::once(paint(stamp, WIDTH * 2, HEIGHT * 2)));
    path
}

/// A still picture of four plain quarters of these brightnesses, row by row.
pub fn quarters(levels: [u8; 4], folder: &Path) -> PathBuf {
    let path = folder.join("quarters.png");
    let mut ffmpeg = raw_input((WIDTH, HEIGHT), (1, 1));
    ffmpeg.args(["-frames:v", "1"]).arg(&path);
    let mut frame = vec![128; WIDTH * HEIGHT * 3 / 2];
    for (place, pixel) in frame.iter_mut().take(WIDTH * HEIGHT).enumerate() {
        let (x, y) = (place % WIDTH, place / WIDTH);
        *pixel = levels[2 * (2 * y / HEIGHT) + 2 * x / WIDTH];
    }
    feed(ffmpeg, std::iter::once(frame));
    path
}

/// Reads the brightness of a PNG.
pub fn luma_of_png(png: &[u8]) -> Vec<u8> {
    let mut ffmpeg = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "png_pipe", "-i", "-"])
        .args([
            "-vf",
            "scale=out_range=tv",
            "-f",
            "rawvideo",
            "-pix_fmt",
            "gray",
            "-",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    ffmpeg.stdin.take().unwrap().write_all(png).unwrap();
    let output = ffmpeg.wait_with_output().unwrap();
    assert!(output.status.success(), "ffmpeg did not read the picture");
    output.stdout
}

fn raw_input(size: (usize, usize), rate: (u32, u32)) -> Command {
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg
        .args([
            "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s",
        ])
        .arg(format!("{}x{}", size.0, size.1))
        .arg("-r")
        .arg(format!("{}/{}", rate.0, rate.1))
        .args(["-i", "-"])
        .stdin(Stdio::piped());
    ffmpeg
}

fn encoder_options(codec: &str) -> &'static [&'static str] {
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
        "libvpx-vp9" => &["-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M"],
        "libaom-av1" => &[
            "-cpu-used",
            "8",
            "-usage",
            "realtime",
            "-crf",
            "30",
            "-b:v",
            "0",
        ],
        _ => &[],
    }
}

fn feed(mut command: Command, frames: impl Iterator<Item = Vec<u8>>) {
    let mut child = command.spawn().expect("ffmpeg is installed");
    let mut input = child.stdin.take().unwrap();
    for frame in frames {
        input.write_all(&frame).unwrap();
    }
    drop(input);
    assert!(
        child.wait().unwrap().success(),
        "ffmpeg failed: {command:?}"
    );
}
