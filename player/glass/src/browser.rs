//! The browser: a profile that is new at every start, no way out of the pages, nothing in the background.

use crate::child::Group;
use crate::compositor::Compositor;
use crate::settings::{Engine, Settings};
use tokio::process::Command;

/// What makes a browser a kiosk. What keys can still open, policies and the look at the glass close.
const CHROMIUM: &[&str] = &[
    "--kiosk",
    "--ozone-platform=wayland",
    "--no-first-run",
    "--no-default-browser-check",
    "--noerrdialogs",
    "--disable-session-crashed-bubble",
    "--disable-pinch",
    "--overscroll-history-navigation=0",
    "--touch-events=enabled",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-quic",
    "--disable-features=Translate,MediaRouter,OptimizationHints,InterestFeedContentSuggestions",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-breakpad",
    "--autoplay-policy=no-user-gesture-required",
    "--password-store=basic",
];

/// Starts it in the compositor.
///
/// # Errors
/// If it cannot be started.
pub fn start(settings: &Settings, compositor: &Compositor) -> std::io::Result<Group> {
    let profile = settings.runtime.join("profile");
    match std::fs::remove_dir_all(&profile) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    std::fs::create_dir_all(&profile)?;
    let page = format!("http://{}/", settings.kiosk);
    let mut command = match settings.engine {
        Engine::Chromium => {
            let mut command = Command::new("chromium");
            command
                .args(CHROMIUM)
                .arg(format!("--user-data-dir={}", profile.display()));
            if settings.headless.is_some() {
                command.arg("--disable-gpu");
            }
            command
        }
        Engine::Cog => {
            let mut command = Command::new("cog");
            command.args(["--platform=wl", "--webprocess-failure=restart"]);
            command
        }
    };
    command
        .args(&settings.arguments)
        .arg(page)
        .env("HOME", &profile);
    compositor.invite(&mut command);
    Group::start(&mut command)
}
