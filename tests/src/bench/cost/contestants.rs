//! Who plays the film, each without a screen and in real time, and how each is measured.

use crate::Process;
use crate::bench::cost::THE_ENGINE;
use crate::bench::media::{Clip, Size};
use crate::bench::player::{self, Setup, ZONE};
use crate::bench::transitions::lesser_vlc;
use crate::bench::wall::{Show, Wall};
use crate::bench::{child, usage};
use anyhow::Context as _;
use cotmoc_proto::layout::{Clock, ClockFormat, Message, Overlay, Ticker};
use cotmoc_proto::playlist::Language;
use cotmoc_proto::style::{Area, Backing, Colour, TextStyle, Typeface};
use cotmoc_wall::pipeline::{AudioKind, SinkKind};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// What comes before is a player's start.
const SETTLE: Duration = Duration::from_secs(6);
const WINDOW: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contestant {
    /// The decoders and nothing else, in front of sinks that keep time.
    Floor,
    Wall,
    Engine,
    /// The wall with running text and a clock over the picture.
    WallWithText,
    Mpv,
    Vlc,
    GstPlay,
}

pub const ALL: [Contestant; 7] = [
    Contestant::Floor,
    Contestant::Wall,
    Contestant::Engine,
    Contestant::WallWithText,
    Contestant::Mpv,
    Contestant::Vlc,
    Contestant::GstPlay,
];

/// What all play.
#[derive(Debug)]
pub struct Part<'p> {
    pub clip: &'p Clip,
    pub size: Size,
    pub folder: &'p Path,
}

/// What one round found.
#[derive(Debug)]
pub struct Measured {
    pub cpu_percent: f64,
    pub rss_bytes: u64,
    pub path: Option<String>,
}

/// The order for the process that is the engine alone.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    pub clip: Clip,
    pub size: Size,
}

impl Contestant {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Floor => "decoders ! fakesink sync=true (the floor)",
            Self::Wall => "cotmoc-wall",
            Self::Engine => "its engine alone",
            Self::WallWithText => "cotmoc-wall with ticker and clock",
            Self::Mpv => "mpv",
            Self::Vlc => "VLC",
            Self::GstPlay => "gst-play-1.0",
        }
    }

    /// Its key in the report.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Wall => "wall",
            Self::Engine => "engine",
            Self::WallWithText => "wall_with_ticker_and_clock",
            Self::Mpv => "mpv",
            Self::Vlc => "vlc",
            Self::GstPlay => "gst_play",
        }
    }

    #[must_use]
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::Wall | Self::Engine | Self::WallWithText)
    }

    /// Plays the film for a while.
    ///
    /// # Errors
    /// If it cannot be started, or ends before it should.
    pub fn measure(self, part: &Part<'_>) -> anyhow::Result<Measured> {
        let dir = tempfile::tempdir_in(part.folder)?;
        let mut board = None;
        let mut command = match self {
            Self::Floor => floor(part.clip),
            Self::Wall => board.insert(wall(part, dir.path(), Vec::new())?).command(),
            Self::WallWithText => {
                let text = overlays(part.size)?;
                board.insert(wall(part, dir.path(), text)?).command()
            }
            Self::Engine => {
                let order = Order {
                    clip: part.clip.clone(),
                    size: part.size,
                };
                child::command(THE_ENGINE, &order, dir.path())?
            }
            Self::Mpv => mpv(part.clip),
            Self::Vlc => vlc(part.clip),
            Self::GstPlay => gst_play(part.clip),
        };
        command.env("HOME", part.folder.join("home"));
        if self.is_ours() {
            wait_for_a_whole_window(part.clip);
        }
        let mut process = Process::start(self.key(), command, &dir.path().join("log"))?;
        std::thread::sleep(SETTLE);
        let (start, before) = (Instant::now(), usage(process.pid()));
        std::thread::sleep(WINDOW);
        let (took, after) = (start.elapsed(), usage(process.pid()));
        anyhow::ensure!(
            process.is_running(),
            "{} ended by itself:\n{}",
            self.name(),
            process.log()
        );
        let (cpu, rss_bytes) = after.context("a process that is gone")?;
        let cpu = cpu.saturating_sub(before.map_or(Duration::ZERO, |(cpu, _)| cpu));
        let path = board.and_then(|_| path_chosen(&process.log()));
        process.kill();
        Ok(Measured {
            cpu_percent: cpu.as_secs_f64() / took.as_secs_f64() * 100.0,
            rss_bytes,
            path,
        })
    }
}

/// Plays the film with the engine alone until it is killed.
///
/// # Errors
/// If the engine does not start.
pub fn play(order: &Order) -> anyhow::Result<()> {
    let (engine, _events) = player::start(Setup {
        size: order.size,
        sink: SinkKind::Headless,
        audio: AudioKind::None,
        witness: None,
    })?;
    let starts_ms = player::system_ms() + 500;
    let slot = (starts_ms, starts_ms + i64::from(order.clip.slot_ms));
    engine.cue(ZONE, player::cue(&order.clip, 1, slot))?;
    player::wait_until(&engine, slot.1);
    Ok(())
}

/// A wall's showings follow the clock: none may end while it is measured, for the others have no
/// boundary in their film either.
fn wait_for_a_whole_window(clip: &Clip) {
    let slot_ms = i64::from(clip.slot_ms);
    let needed = i64::try_from((SETTLE + WINDOW).as_millis()).unwrap_or(0) + 2_000;
    let left = slot_ms - player::system_ms().rem_euclid(slot_ms);
    if left < needed {
        std::thread::sleep(Duration::from_millis(u64::try_from(left).unwrap_or(0)));
    }
}

fn wall(part: &Part<'_>, dir: &Path, overlays: Vec<Overlay>) -> anyhow::Result<Wall> {
    let show = Show {
        clips: std::slice::from_ref(part.clip),
        size: part.size,
        sink: "headless",
        sound: "none",
        overlays,
        fallback: Show::plain_fallback(),
        template: None,
    };
    show.prepare(dir)
}

/// A ticker along the lower edge and a clock in the upper right corner.
fn overlays((width, height): Size) -> anyhow::Result<Vec<Overlay>> {
    let (width_px, height_px) = (u32::try_from(width)?, u32::try_from(height)?);
    let style = |size_px| TextStyle {
        typeface: Typeface::Sans,
        bold: true,
        size_px,
        colour: Colour::WHITE,
    };
    let backing = Backing {
        colour: Colour::BLACK,
        opacity_percent: 60,
    };
    let line_px = height_px / 10;
    let message = |text: &str, language| Message {
        text: text.to_owned(),
        language,
        from_ms: None,
        to_ms: None,
    };
    let ticker = Ticker {
        area: Area {
            x_px: 0,
            y_px: height_px - line_px,
            width_px,
            height_px: line_px,
        },
        style: style(line_px * 6 / 10),
        backing,
        speed_px_per_s: width_px / 8,
        messages: vec![
            message("Chào mừng quý khách đến cửa khẩu quốc tế", Language::Vi),
            message("Welcome to the international border gate", Language::En),
            message("欢迎来到国际口岸", Language::Zh),
        ],
    };
    let clock = Clock {
        area: Area {
            x_px: width_px - width_px / 4,
            y_px: 0,
            width_px: width_px / 4,
            height_px: line_px,
        },
        style: style(line_px * 6 / 10),
        backing,
        format: ClockFormat::Seconds,
    };
    Ok(vec![Overlay::Ticker(ticker), Overlay::Clock(clock)])
}

/// The last line of a wall's log about the way to the screen.
fn path_chosen(log: &str) -> Option<String> {
    let lines = log.lines().rev().map(str::to_lowercase);
    let mut words = lines.flat_map(|line| {
        let found = ["direct", "mixed"]
            .into_iter()
            .find(|word| line.contains("path") && line.contains(word));
        found.map(str::to_owned)
    });
    words.next()
}

fn floor(clip: &Clip) -> Command {
    let mut launch = Command::new("gst-launch-1.0");
    launch.args(["-q", "filesrc"]);
    launch.arg(format!("location={}", clip.path.display()));
    launch.args(["!", "qtdemux", "name=film"]);
    for (pad, decoder) in [
        ("film.video_0", "avdec_h264"),
        ("film.audio_0", "avdec_aac"),
    ] {
        launch.args([pad, "!", "queue", "!", decoder, "!"]);
        launch.args(["fakesink", "sync=true"]);
    }
    launch
}

fn mpv(clip: &Clip) -> Command {
    let mut mpv = Command::new("mpv");
    mpv.args(["--no-config", "--really-quiet", "--no-osc", "--osd-level=0"])
        .args(["--vo=null", "--ao=null", "--hwdec=no"])
        .arg(&clip.path);
    mpv
}

fn vlc(clip: &Clip) -> Command {
    let mut vlc = lesser_vlc();
    vlc.args(["--intf=dummy", "--quiet", "--no-osd", "--no-spu"])
        .args(["--vout=vdummy", "--aout=adummy", "--avcodec-hw=none"])
        .args(["--no-media-library", "--no-auto-preparse"])
        .arg("--no-video-title-show")
        .arg(&clip.path);
    vlc
}

fn gst_play(clip: &Clip) -> Command {
    let mut gst_play = Command::new("gst-play-1.0");
    gst_play
        .args(["--no-interactive", "--quiet"])
        .arg("--videosink=fakesink sync=true")
        .arg("--audiosink=fakesink sync=true")
        .arg(&clip.path);
    gst_play
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_the_screen_is_the_last_one_that_was_told() {
        let log = "INFO path chosen path=Mixed\nINFO path chosen path=Direct\nINFO other\n";
        assert_eq!(path_chosen(log).as_deref(), Some("direct"));
        assert_eq!(path_chosen("INFO nothing of it\n"), None);
    }

    #[test]
    fn text_over_the_picture_is_as_a_release_may_have_it() {
        for (_, (width, height)) in crate::bench::cost::SIZES {
            let layout = cotmoc_proto::layout::Layout {
                overlays: overlays((width, height)).unwrap(),
                ..cotmoc_proto::layout::Layout::full_screen(
                    u32::try_from(width).unwrap(),
                    u32::try_from(height).unwrap(),
                )
            };
            assert_eq!(layout.defect(), None);
        }
    }
}
