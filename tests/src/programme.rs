//! A small programme on a running wall, and looking at what the wall really shows.

use crate::board::Board;
use crate::lab::Lab;
use crate::wait::eventually;
use cotmoc_proto::device::{ScreenReport, ScreenStatus, Showing};
use cotmoc_proto::media::{Asset, Mime};
use cotmoc_proto::release::Release;
use cotmoc_test_kit as kit;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Colours that survive scaling and coding: far apart, and none of them dark.
pub const RED: [u8; 3] = [200, 30, 30];
pub const GREEN: [u8; 3] = [30, 180, 40];
pub const BLUE: [u8; 3] = [40, 60, 210];
pub const GREY: [u8; 3] = [128, 128, 128];

/// A lab with one board on which release 1 plays: two stills, red and green, two seconds each,
/// with a grey fallback, day and night.
#[derive(Debug)]
pub struct Programme {
    pub lab: Lab,
    pub board: Board,
    pub red: Asset,
    pub green: Asset,
    pub grey: Asset,
    pub release: Release,
}

impl Programme {
    /// Starts everything and waits until release 1 is on air.
    ///
    /// # Errors
    /// If a step fails.
    pub fn on_air() -> anyhow::Result<Self> {
        Self::on_air_at("640", "360")
    }

    /// The same with a picture of another size, in pixels.
    ///
    /// # Errors
    /// If a step fails.
    pub fn on_air_at(width: &str, height: &str) -> anyhow::Result<Self> {
        Self::start(Lab::start()?, (width, height))
    }

    /// The same with more in the controller's settings.
    ///
    /// # Errors
    /// If a step fails.
    pub fn on_air_with(settings: &str) -> anyhow::Result<Self> {
        Self::start(Lab::start_with(settings, &[])?, ("640", "360"))
    }

    fn start(lab: Lab, (width, height): (&str, &str)) -> anyhow::Result<Self> {
        let [red, green, grey] = [RED, GREEN, GREY].map(|rgb| kit::media::png(320, 180, rgb));
        let red = lab.upload(Mime::Png, &red)?;
        let green = lab.upload(Mime::Png, &green)?;
        let grey = lab.upload(Mime::Png, &grey)?;
        let release = short(lab.site.release(1, &grey, &[&red, &green]));
        lab.publish_release(&release)?;
        let mut board = Board::new(&lab, lab.site.identity("W01"))?;
        board.resize_wall(width, height)?;
        board.enrol(&lab)?;
        board.start_agent()?;
        board.start_wall()?;
        let programme = Self {
            lab,
            board,
            red,
            green,
            grey,
            release,
        };
        programme.wait_for_release(1);
        Ok(programme)
    }

    /// Release `version`, following the one that was on air at the start, with these items.
    #[must_use]
    pub fn next(&self, version: u64, items: &[&Asset]) -> Release {
        self.next_after(&self.release, version, items)
    }

    /// Release `version`, following `previous`, with these items.
    #[must_use]
    pub fn next_after(&self, previous: &Release, version: u64, items: &[&Asset]) -> Release {
        let mut next = short(self.lab.site.release(version, &self.grey, items));
        let payload = serde_json::to_vec(previous).unwrap_or_default();
        next.prev = Some(cotmoc_proto::Digest::of(&payload));
        next
    }

    /// Puts bytes into the board's inbox as an agent in an attacker's hands would: the good agent
    /// is held until the wall has seen them, so that it cannot set right what was done.
    ///
    /// # Panics
    /// If the wall takes no notice.
    pub fn smuggle(&self, name: &str, bytes: &[u8]) {
        self.capture_courier();
        let seen = self.board.wall_log().len();
        self.overwrite(name, bytes);
        eventually("the wall refuses what was smuggled in", || {
            let log = self.board.wall_log();
            let fresh = log.get(seen..).unwrap_or_default();
            let said = ["Refused", "Damaged", "waits for media"];
            said.iter().any(|word| fresh.contains(word)).then_some(())
        });
        self.free_courier();
    }

    /// From now on the agent does nothing: what lies in the inbox is the attacker's word.
    pub fn capture_courier(&self) {
        self.hold_agent("STOP");
    }

    /// The agent goes on.
    pub fn free_courier(&self) {
        self.hold_agent("CONT");
    }

    /// Puts bytes into the board's inbox and does not wait for anybody to see them.
    ///
    /// # Panics
    /// If the inbox cannot be written.
    pub fn overwrite(&self, name: &str, bytes: &[u8]) {
        let delivered = crate::board::deliver(&self.board.path("inbox"), name, bytes);
        delivered.expect("the inbox can be written");
    }

    fn hold_agent(&self, signal: &str) {
        if let Some(agent) = &self.board.agent {
            agent.signal(signal);
        }
    }

    /// Waits until the wall says that an item of release `version` is on air.
    pub fn wait_for_release(&self, version: u64) -> ScreenReport {
        eventually(&format!("release {version} on air"), || {
            self.lab.report("W01").filter(|report| {
                report.release == version
                    && report
                        .showing
                        .iter()
                        .any(|show| matches!(show, Showing::Item { .. }))
            })
        })
    }

    /// Asserts that the wall goes on showing approved items of release `version`: two more
    /// pictures are presented, and both have a colour of the programme.
    ///
    /// # Panics
    /// If it does not.
    pub fn assert_still_on_air(&self, version: u64) {
        eventually(
            &format!("release {version} on air and the wall well"),
            || {
                let report = self.wait_for_release(version);
                matches!(report.status, ScreenStatus::OnAir | ScreenStatus::Degraded).then_some(())
            },
        );
        self.assert_presents_more(2);
    }

    /// Asserts that `count` more pictures are presented, each with a colour of the programme.
    ///
    /// # Panics
    /// If not.
    pub fn assert_presents_more(&self, count: usize) {
        let seen = pictures(&self.board).len();
        let fresh = eventually(&format!("{count} more pictures are presented"), || {
            let all = pictures(&self.board);
            (all.len() >= seen + count).then(|| all.get(seen..).unwrap_or_default().to_vec())
        });
        for found in fresh.iter().map(|path| colour(path)) {
            let approved = [RED, GREEN, BLUE, GREY]
                .iter()
                .any(|rgb| is_near(found, *rgb));
            assert!(approved, "a picture with colour {found:?} was presented");
        }
    }
}

/// The same release in two-second items, day and night.
#[must_use]
pub fn short(mut release: Release) -> Release {
    release.window = kit::always_open();
    for playlist in &mut release.playlists {
        for item in &mut playlist.items {
            item.dur_ms = 2_000;
        }
    }
    release
}

/// The pictures that the wall has written of what its sink presented, oldest first.
#[must_use]
pub fn pictures(board: &Board) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(board.path("pictures")) else {
        return Vec::new();
    };
    let mut all: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "png"))
        .collect();
    all.sort();
    all
}

/// The average colour of a picture.
///
/// # Panics
/// If it is not a picture.
#[must_use]
pub fn colour(path: &Path) -> [u8; 3] {
    average(path, "scale=1:1:flags=area")
}

/// The average colour of a part of a picture: left, top, width and height in pixels.
///
/// # Panics
/// If it is not a picture.
#[must_use]
pub fn colour_of(path: &Path, (x, y, width, height): (u32, u32, u32, u32)) -> [u8; 3] {
    let filter = format!("crop={width}:{height}:{x}:{y},scale=1:1:flags=area");
    average(path, &filter)
}

fn average(path: &Path, filter: &str) -> [u8; 3] {
    let output = Command::new("ffmpeg")
        .args(["-loglevel", "error", "-i"])
        .arg(path)
        .args(["-vf", filter, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"])
        .output()
        .expect("ffmpeg runs");
    let bytes = output.stdout;
    bytes
        .try_into()
        .unwrap_or_else(|_| panic!("{} is not a picture", path.display()))
}

/// Whether two colours are the same but for scaling and coding.
#[must_use]
pub fn is_near(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 40)
}
