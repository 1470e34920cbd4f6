//! A screen of its own for a player, and a reader that looks at it several hundred times a second.

use super::barcode::{self, Stamp};
use super::media::Size;
use super::{complain, quantile, sorted};
use anyhow::Context as _;
use rustix::process::{Pid, setpriority_process};
use serde::{Deserialize, Serialize};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ConnectionExt as _, GetImageReply, ImageFormat};
use x11rb::rust_connection::RustConnection;

/// Size in pixels.
pub const SCREEN: Size = (1280, 720);
/// How often the screen is read.
const PERIOD: Duration = Duration::from_millis(3);
const AHEAD_OF_PLAYERS: i32 = -15;
const LIKE_OTHERS: i32 = 0;

/// What stands on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    Frame(Stamp),
    Black,
    /// Neither black nor a whole frame of the media.
    Other,
}

/// Something new was seen.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Sight {
    /// Since the reading began, in milliseconds.
    pub at_ms: f64,
    /// How long nobody had looked before, in milliseconds.
    pub blind_ms: f64,
    pub content: Content,
}

/// An X server without a monitor.
#[derive(Debug)]
pub struct Screen {
    server: Child,
    pub display: String,
}

/// What a reader saw, and how closely it looked.
#[derive(Debug)]
pub struct Reading {
    pub sights: Vec<Sight>,
    /// Time between two looks that 99 % do not exceed, in milliseconds.
    pub look_p99_ms: f64,
}

impl Screen {
    /// Starts a server on a display number of its own choice.
    ///
    /// # Errors
    /// If Xvfb does not start.
    pub fn start() -> anyhow::Result<Self> {
        let (width, height) = SCREEN;
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-ac", "-nolisten", "tcp", "-nocursor"])
            .args(["-screen", "0", &format!("{width}x{height}x24")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("starting Xvfb")?;
        let output = server.stdout.take().context("Xvfb has no output")?;
        let mut number = String::new();
        BufReader::new(output).read_line(&mut number)?;
        anyhow::ensure!(!number.trim().is_empty(), "Xvfb found no free display");
        let pid = i32::try_from(server.id()).ok().and_then(Pid::from_raw);
        set_priority(pid, AHEAD_OF_PLAYERS);
        Ok(Self {
            server,
            display: format!(":{}", number.trim()),
        })
    }

    /// Reads until `is_enough` of what was seen, asked at every look.
    ///
    /// # Errors
    /// If the server is gone.
    pub fn read(
        &self,
        mut is_enough: impl FnMut(Duration, &[Sight]) -> bool,
    ) -> anyhow::Result<Reading> {
        let (connection, number) = RustConnection::connect(Some(&self.display))?;
        let root = connection
            .setup()
            .roots
            .get(number)
            .context("the display has no screen")?
            .root;
        let eye = Eye { connection, root };
        set_priority(None, AHEAD_OF_PLAYERS);
        let start = Instant::now();
        let (mut sights, mut looks) = (Vec::<Sight>::new(), Vec::new());
        let mut last = Duration::ZERO;
        while !is_enough(start.elapsed(), &sights) {
            let at = start.elapsed();
            let content = eye.look()?;
            let blind_ms = (at - last).as_secs_f64() * 1e3;
            looks.push(blind_ms);
            last = at;
            if sights.last().is_none_or(|sight| sight.content != content) {
                let at_ms = at.as_secs_f64() * 1e3;
                sights.push(Sight {
                    at_ms,
                    blind_ms,
                    content,
                });
            }
            std::thread::sleep(PERIOD.saturating_sub(start.elapsed() - at));
        }
        set_priority(None, LIKE_OTHERS);
        Ok(Reading {
            sights,
            look_p99_ms: quantile(&sorted(looks), 0.99),
        })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// A screen and an eye are there whatever the players do; where we may not, they share with them.
fn set_priority(pid: Option<Pid>, priority: i32) {
    if let Err(error) = setpriority_process(pid, priority) {
        complain(&format!("the reader is not ahead of the players: {error}"));
    }
}

struct Eye {
    connection: RustConnection,
    root: u32,
}

impl Eye {
    fn look(&self) -> anyhow::Result<Content> {
        let (width, height) = SCREEN;
        let code = self.row(barcode::code_row(height))?;
        if let Some(stamp) = barcode::read(|x| brightness(&code, x), width) {
            return Ok(Content::Frame(stamp));
        }
        for y in barcode::probe_rows(height) {
            let row = self.row(y)?;
            if !barcode::is_dark(|x| brightness(&row, x), width) {
                return Ok(Content::Other);
            }
        }
        Ok(Content::Black)
    }

    fn row(&self, y: usize) -> anyhow::Result<GetImageReply> {
        let (width, y) = (u16::try_from(SCREEN.0)?, i16::try_from(y)?);
        let format = ImageFormat::Z_PIXMAP;
        let asked = self
            .connection
            .get_image(format, self.root, 0, y, width, 1, !0)?;
        Ok(asked.reply()?)
    }
}

/// Green of a pixel of 32 bits; the media have no colour.
fn brightness(row: &GetImageReply, x: usize) -> u8 {
    row.data.get(x * 4 + 1).copied().unwrap_or(0)
}
