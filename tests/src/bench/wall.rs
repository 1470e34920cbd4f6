//! The wall as it is shipped: the real program plays a signed release that lies in its inbox.

use super::media::{Clip, Size};
use super::player::system_ms;
use crate::board::{Board, deliver};
use crate::process::bin;
use anyhow::Context as _;
use cotmoc_proto::TimeMs;
use cotmoc_proto::layout::{Layout, Overlay};
use cotmoc_proto::media::{Asset, Mime};
use cotmoc_proto::release::Release;
use cotmoc_proto::time::DAY;
use cotmoc_test_kit as kit;
use std::path::Path;
use std::process::Command;

/// What the wall is to show, and where.
#[derive(Debug)]
pub struct Show<'c> {
    pub clips: &'c [Clip],
    /// Of the canvas and of the output, in pixels.
    pub size: Size,
    /// As the configuration has it: `window` or `headless`.
    pub sink: &'static str,
    /// As the configuration has it: `auto` or `none`.
    pub sound: &'static str,
    pub overlays: Vec<Overlay>,
    /// A PNG or JPEG picture.
    pub fallback: (Mime, Vec<u8>),
    /// What an override may show.
    pub template: Option<(Mime, Vec<u8>)>,
}

/// A wall's folders, and who signs for it.
#[derive(Debug)]
pub struct Wall {
    pub board: Board,
    pub site: kit::Site,
    pub release: Release,
}

impl Show<'_> {
    /// The fallback that nobody looks at.
    #[must_use]
    pub fn plain_fallback() -> (Mime, Vec<u8>) {
        (Mime::Png, kit::media::png(64, 36, [128; 3]))
    }

    /// A wall below `dir` with a release of the clips in its inbox.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn prepare(self, dir: &Path) -> anyhow::Result<Wall> {
        let site = kit::Site::new();
        let now = TimeMs(system_ms());
        let mut root = site.root();
        root.issued_ms = now.plus(-30 * DAY);
        root.expires_ms = now.plus(500 * DAY);
        let board = Board::alone(dir, site.identity("W01"), &site.seal_root(&root))?;
        configure(&board, (self.sink, self.sound), self.size)?;
        let media = board.path("media");
        let fallback = kit::media::put(&media, self.fallback.0, &self.fallback.1);
        let mut assets = Vec::new();
        for clip in self.clips {
            let bytes = std::fs::read(&clip.path)?;
            assets.push(kit::media::put(&media, clip.mime(), &bytes));
        }
        let assets: Vec<&Asset> = assets.iter().collect();
        let mut release = timed(site.release(1, &fallback, &assets), now, self.clips);
        if let Some((mime, bytes)) = &self.template {
            let asset = kit::media::put(&media, *mime, bytes);
            release.templates = vec![kit::item("template", &asset, 10_000)];
        }
        let (width, height) = (u32::try_from(self.size.0)?, u32::try_from(self.size.1)?);
        release.layout = Layout {
            overlays: self.overlays,
            ..Layout::full_screen(width, height)
        };
        let wall = Wall {
            board,
            site,
            release,
        };
        wall.deliver_release()?;
        Ok(wall)
    }
}

impl Wall {
    /// Puts the release, sealed, into the inbox.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn deliver_release(&self) -> anyhow::Result<()> {
        let sealed = self.site.seal_release(&self.release);
        Ok(deliver(&self.board.path("inbox"), "release.dsse", &sealed)?)
    }

    /// The command that starts the program, with the environment that its service unit sets.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut wall = Command::new(bin("cotmoc-wall"));
        wall.arg("--config")
            .arg(self.board.path("wall.toml"))
            .env("MALLOC_ARENA_MAX", "2")
            .env_remove("WAYLAND_DISPLAY");
        wall
    }
}

fn timed(mut release: Release, now: TimeMs, clips: &[Clip]) -> Release {
    release.issued_ms = now.plus(-DAY);
    release.refresh_by_ms = now.plus(7 * DAY);
    release.expires_ms = now.plus(30 * DAY);
    release.window = kit::always_open();
    let items = release
        .playlists
        .iter_mut()
        .flat_map(|list| &mut list.items);
    for (item, clip) in items.zip(clips) {
        item.dur_ms = clip.slot_ms;
    }
    release
}

/// The picture's size, and no pictures kept: the default.
fn configure(
    board: &Board,
    (sink, sound): (&str, &str),
    (width, height): Size,
) -> anyhow::Result<()> {
    let path = board.path("wall.toml");
    let text = std::fs::read_to_string(&path)?;
    let (text, _) = text
        .split_once("[pictures]")
        .context("the wall keeps no pictures")?;
    let text = text.replace("sink = \"headless\"", &format!("sink = \"{sink}\""));
    let text = text.replace("sink = \"none\"", &format!("sink = \"{sound}\""));
    std::fs::write(&path, text)?;
    board.resize_wall(&width.to_string(), &height.to_string())?;
    Ok(())
}
