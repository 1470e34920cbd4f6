//! The loop: starts what is missing, collects the signs of one second, and carries out what
//! `cotmoc_player_core::glass` says.

use crate::browser;
use crate::child::Group;
use crate::compositor::Compositor;
use crate::fingers::{self, Touches};
use crate::kiosk::{Expected, Kiosk};
use crate::picture::Picture;
use crate::settings::Settings;
use anyhow::Context as _;
use cotmoc_player_core::glass::{Boards, Glass, Look, Patience, Signs, Step, Trouble};
use cotmoc_proto::TimeMs;
use cotmoc_service::{boot, file, notify};
use std::path::PathBuf;
use std::time::Duration;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

const TURN: Duration = Duration::from_secs(1);
/// After a look that found nothing good, the next comes so soon.
const LOOK_AGAIN_MS: u64 = 6_000;
const MAX_BOARDS_BYTES: u64 = 64 << 10;

/// Keeps the pages on the glass until `shutdown`.
///
/// # Errors
/// If its own folders cannot be used.
pub async fn run(mut settings: Settings, shutdown: CancellationToken) -> anyhow::Result<()> {
    for folder in [&settings.data, &settings.runtime] {
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    // A socket's folder is passed on to programs that may run elsewhere.
    settings.runtime = std::fs::canonicalize(&settings.runtime)
        .with_context(|| format!("finding {}", settings.runtime.display()))?;
    let mut keeper = Keeper::new(settings)?;
    notify::ready();
    let mut tick = tokio::time::interval(TURN);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            _ = tick.tick() => {}
        }
        keeper.turn().await;
        notify::watchdog();
    }
    keeper.end().await;
    Ok(())
}

struct Keeper {
    kiosk: Kiosk,
    glass: Glass,
    touches: Touches,
    compositor: Option<Compositor>,
    browser: Option<Group>,
    next_look_ms: u64,
    settings: Settings,
}

impl Keeper {
    fn new(settings: Settings) -> anyhow::Result<Self> {
        let boards = read_boards(&boards_file(&settings));
        Ok(Self {
            kiosk: Kiosk::new(settings.kiosk)?,
            glass: Glass::new(Patience::default(), boards, boot::since_boot_ms()),
            touches: fingers::listen(),
            compositor: None,
            browser: None,
            next_look_ms: 0,
            settings,
        })
    }

    async fn turn(&mut self) {
        if let Err(error) = self.start_what_is_missing().await {
            tracing::error!("{error:#}; it is tried again");
            return;
        }
        // Without its daemon the browser has nothing to paint, and starting it again helps nobody.
        let expected = match self.kiosk.expected().await {
            Ok(expected) => expected,
            Err(error) => {
                notify::status("the kiosk does not answer");
                tracing::warn!("{error:#}");
                return;
            }
        };
        let signs = self.signs(&expected).await;
        let wall = TimeMs(boot::wall_ms());
        let done = self.glass.observe(signs, boot::since_boot_ms(), wall);
        match done {
            None => notify::status("the pages are shown"),
            Some((step, trouble)) => self.help(step, trouble).await,
        }
    }

    async fn start_what_is_missing(&mut self) -> anyhow::Result<()> {
        if !self.compositor.as_mut().is_some_and(Compositor::lives) {
            if self.compositor.is_some() {
                tracing::error!("the compositor ended by itself");
            }
            self.browser = None;
            self.compositor = None;
            self.compositor = Some(Compositor::start(&self.settings).await?);
            self.glass.began(Step::Compositor, boot::since_boot_ms());
        }
        if !self.browser.as_mut().is_some_and(Group::lives)
            && let Some(compositor) = &self.compositor
        {
            if self.browser.is_some() {
                tracing::error!("the browser ended by itself");
            }
            self.browser = None;
            self.browser = Some(browser::start(&self.settings, compositor)?);
            self.glass.began(Step::Browser, boot::since_boot_ms());
        }
        Ok(())
    }

    async fn signs(&mut self, expected: &Expected) -> Signs {
        let now_ms = boot::since_boot_ms();
        let look = if now_ms >= self.next_look_ms && expected.painted_ms.is_some() {
            Some(self.look(expected).await)
        } else {
            None
        };
        // One finger a second says as much as fifty.
        let mut touched = None;
        while let Ok(at_ms) = self.touches.try_recv() {
            touched = Some(at_ms);
        }
        Signs {
            painted_ms: expected.painted_ms,
            look,
            touch_ms: touched.map(|at| boot::since_boot_ms().saturating_sub(at)),
            felt_ms: expected.felt_ms,
        }
    }

    async fn look(&mut self, expected: &Expected) -> Look {
        let seen = match &self.compositor {
            Some(compositor) => compositor.look().await,
            None => Err(anyhow::anyhow!("there is no compositor")),
        };
        let look = match &seen {
            Ok(ppm) => Picture::read(ppm).map_or(Look::Unreadable, |p| p.judge(&expected.nonces)),
            Err(error) => {
                tracing::warn!("{error:#}");
                Look::Unreadable
            }
        };
        let usual = u64::try_from(self.settings.look_every.as_millis()).unwrap_or(u64::MAX);
        let pause = match look {
            Look::Right => usual,
            Look::Wrong | Look::Blank | Look::Unreadable => LOOK_AGAIN_MS.min(usual),
        };
        self.next_look_ms = boot::since_boot_ms().saturating_add(pause);
        self.kiosk.looked(look).await;
        look
    }

    async fn help(&mut self, step: Step, trouble: Trouble) {
        tracing::error!(
            step = step.code(),
            trouble = trouble.code(),
            "the glass is not well; something is started again"
        );
        notify::status("something is started again");
        self.kiosk.helped(step, trouble).await;
        self.next_look_ms = 0;
        if let Some(browser) = self.browser.take() {
            browser.end().await;
        }
        match step {
            Step::Browser | Step::Person => {}
            Step::Compositor => {
                if let Some(compositor) = self.compositor.take() {
                    compositor.end().await;
                }
            }
            Step::Board => self.restart_board().await,
        }
    }

    async fn restart_board(&self) {
        let path = boards_file(&self.settings);
        let written = serde_json::to_vec(self.glass.boards())
            .map_err(anyhow::Error::from)
            .and_then(|bytes| Ok(file::write_durably(&path, &bytes)?));
        // A start that is not written down could be repeated without end.
        if let Err(error) = written {
            tracing::error!("{error:#}; the board is not started again");
            return;
        }
        let Some((program, arguments)) = self.settings.board.split_first() else {
            return;
        };
        if let Err(error) = Command::new(program).args(arguments).status().await {
            tracing::error!(%error, program, "the board could not be started again");
        }
    }

    async fn end(mut self) {
        if let Some(browser) = self.browser.take() {
            browser.end().await;
        }
        if let Some(compositor) = self.compositor.take() {
            compositor.end().await;
        }
    }
}

fn boards_file(settings: &Settings) -> PathBuf {
    settings.data.join("boards.json")
}

/// What is damaged counts as nothing: the ladder's other steps come first all the same.
fn read_boards(path: &std::path::Path) -> Boards {
    let bytes = file::read_at_most(path, MAX_BOARDS_BYTES).ok();
    let boards = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    boards.unwrap_or_default()
}
