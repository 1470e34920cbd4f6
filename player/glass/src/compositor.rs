//! The compositor: one output, one window over all of it, no key bindings, no device but the touch panel.

use crate::child::Group;
use crate::settings::Settings;
use anyhow::Context as _;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::process::Command;

const START_LIMIT: Duration = Duration::from_secs(20);
const LOOK_LIMIT: Duration = Duration::from_secs(10);
const SOCKET: &str = "wayland-1";

/// A running compositor.
#[derive(Debug)]
pub struct Compositor {
    group: Group,
    folder: PathBuf,
}

impl Compositor {
    /// Starts one in a fresh folder, and waits until it takes windows.
    ///
    /// # Errors
    /// If it does not come up.
    pub async fn start(settings: &Settings) -> anyhow::Result<Self> {
        let folder = settings.runtime.join("session");
        fresh(&folder).with_context(|| format!("making {}", folder.display()))?;
        let config = folder.join("compositor.conf");
        std::fs::write(&config, text(settings))
            .with_context(|| format!("writing {}", config.display()))?;
        let mut command = Command::new("sway");
        command
            .arg("--config")
            .arg(&config)
            .env("XDG_RUNTIME_DIR", &folder)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("DISPLAY");
        if settings.headless.is_some() {
            command
                .env("WLR_BACKENDS", "headless")
                .env("WLR_RENDERER", "pixman")
                .env("WLR_LIBINPUT_NO_DEVICES", "1");
        }
        let mut compositor = Self {
            group: Group::start(&mut command)?,
            folder,
        };
        compositor.wait().await?;
        Ok(compositor)
    }

    /// Whether it still runs.
    pub fn lives(&mut self) -> bool {
        self.group.lives()
    }

    /// What a program needs to show itself.
    pub fn invite(&self, command: &mut Command) {
        command
            .env("XDG_RUNTIME_DIR", &self.folder)
            .env("WAYLAND_DISPLAY", SOCKET)
            .env_remove("DISPLAY");
    }

    /// What is on the glass, as a PPM file.
    ///
    /// # Errors
    /// If it cannot be read in time.
    pub async fn look(&self) -> anyhow::Result<Vec<u8>> {
        let mut command = Command::new("grim");
        command.args(["-t", "ppm", "-"]).kill_on_drop(true);
        self.invite(&mut command);
        let output = tokio::time::timeout(LOOK_LIMIT, command.output())
            .await
            .context("reading the glass took too long")?
            .context("grim cannot be started")?;
        anyhow::ensure!(
            output.status.success(),
            "grim: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(output.stdout)
    }

    /// Ends it, and with it every window.
    pub async fn end(self) {
        self.group.end().await;
    }

    async fn wait(&mut self) -> anyhow::Result<()> {
        let socket = self.folder.join(SOCKET);
        let start = Instant::now();
        while !socket.exists() {
            anyhow::ensure!(self.lives(), "the compositor ended at once");
            anyhow::ensure!(
                start.elapsed() < START_LIMIT,
                "the compositor takes no windows"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

/// An empty folder that only this user can enter.
fn fresh(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

/// The compositor's configuration.
fn text(settings: &Settings) -> String {
    let mut text = String::from(
        "xwayland disable\n\
         swaynag_command -\n\
         swaybg_command -\n\
         default_border none\n\
         default_floating_border none\n\
         focus_on_window_activation none\n\
         popup_during_fullscreen ignore\n\
         for_window [app_id=\".*\"] fullscreen enable\n\
         seat * hide_cursor 1000\n\
         input type:keyboard events disabled\n\
         input type:pointer events disabled\n\
         input type:touchpad events disabled\n\
         input type:tablet_tool events disabled\n\
         input type:switch events disabled\n",
    );
    for name in &settings.allowed {
        // Writing into text does not fail.
        writeln!(text, "input \"{name}\" events enabled").ok();
    }
    match settings.headless {
        Some(size) => writeln!(
            text,
            "output HEADLESS-1 resolution {}x{}",
            size.width, size.height
        )
        .ok(),
        None => writeln!(text, "output * transform {}", settings.turn.0).ok(),
    };
    text
}
