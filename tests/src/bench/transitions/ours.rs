//! The wall as it is shipped: the real program plays a signed release into a window.

use super::SCREEN;
use crate::bench::media::Clip;
use crate::board::{Board, deliver};
use crate::process::bin;
use anyhow::Context as _;
use cotmoc_proto::TimeMs;
use cotmoc_proto::media::Mime;
use cotmoc_proto::release::Release;
use cotmoc_proto::time::DAY;
use cotmoc_test_kit as kit;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

/// A wall below `dir` with a release of `clips` in its inbox.
///
/// # Errors
/// If a file cannot be written.
pub fn prepare(dir: &Path, clips: &[Clip]) -> anyhow::Result<Board> {
    let site = kit::Site::new();
    let now = now()?;
    let mut root = site.root();
    root.issued_ms = now.plus(-30 * DAY);
    root.expires_ms = now.plus(500 * DAY);
    let board = Board::alone(dir, site.identity("W01"), &site.seal_root(&root))?;
    configure(&board)?;
    let media = board.path("media");
    let fallback = kit::media::put(&media, Mime::Png, &kit::media::png(64, 36, [128; 3]));
    let mut assets = Vec::new();
    for clip in clips {
        let bytes = std::fs::read(&clip.path)?;
        assets.push(kit::media::put(&media, clip.mime(), &bytes));
    }
    let release = site.release(1, &fallback, &assets.iter().collect::<Vec<_>>());
    let release = timed(release, now, clips);
    deliver(
        &board.path("inbox"),
        "release.dsse",
        &site.seal_release(&release),
    )?;
    Ok(board)
}

/// The command that starts the wall on `display`, with the environment that its service unit sets.
#[must_use]
pub fn command(board: &Board, display: &str) -> Command {
    let mut wall = Command::new(bin("cotmoc-wall"));
    wall.arg("--config")
        .arg(board.path("wall.toml"))
        .env("DISPLAY", display)
        .env("MALLOC_ARENA_MAX", "2")
        .env_remove("WAYLAND_DISPLAY");
    wall
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

/// A window of the screen's size, and no pictures kept: the default.
fn configure(board: &Board) -> anyhow::Result<()> {
    let path = board.path("wall.toml");
    let text = std::fs::read_to_string(&path)?;
    let (text, _) = text
        .split_once("[pictures]")
        .context("the wall keeps no pictures")?;
    std::fs::write(&path, text.replace("\"headless\"", "\"window\""))?;
    board.resize_wall(&SCREEN.0.to_string(), &SCREEN.1.to_string())?;
    Ok(())
}

fn now() -> anyhow::Result<TimeMs> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(TimeMs(i64::try_from(since.as_millis())?))
}
