//! Lines of the board: mains sense, battery, door, tamper. A thread per line tells the nurse what it
//! says; debouncing is not its business. A line that cannot be read is a trouble of its own and says
//! nothing about what it is wired to.

use crate::nurse::Signs;
use anyhow::Context as _;
use cotmoc_player_core::symptom::{LineState, Role, Sign, Trouble};
use gpiocdev::line::{EdgeDetection, Value};
use rppal::gpio::{Gpio, InputPin, Level, Trigger};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How long an edge is waited for before the line is read anyway.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a line that cannot be read is left alone.
const RETRY: Duration = Duration::from_secs(5);
/// The chip where none is named and the board is no Raspberry Pi.
const FIRST_CHIP: &str = "/dev/gpiochip0";

/// Where a line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// By number; on a Raspberry Pi without `chip` the BCM number.
    Number(u32),
    /// By the name that the kernel has for it.
    Named(String),
}

impl std::str::FromStr for Place {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.parse().map(Self::Number);
        Ok(number.unwrap_or_else(|_| Self::Named(text.to_owned())))
    }
}

/// The level at which a line is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Active {
    High,
    Low,
}

impl std::str::FromStr for Active {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "high" => Ok(Self::High),
            "low" => Ok(Self::Low),
            _ => Err(()),
        }
    }
}

/// One line, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub name: String,
    pub role: Role,
    /// The character device; without one the board's own.
    pub chip: Option<PathBuf>,
    pub place: Place,
    pub active: Active,
    pub debounce_ms: u64,
}

/// Reads every line, each in a thread of its own that ends with the nurse.
///
/// # Errors
/// Only where the operating system gives no thread.
pub fn start(lines: &[Line], signs: &Signs) -> std::io::Result<()> {
    for line in lines {
        let (line, signs) = (line.clone(), signs.clone());
        std::thread::Builder::new()
            .name(format!("line-{}", line.name))
            .spawn(move || while read(&line, &signs) {})?;
    }
    Ok(())
}

/// Reads `line` until it cannot be read; `false`: nobody listens any more.
fn read(line: &Line, signs: &Signs) -> bool {
    let error = match follow(line, signs) {
        Ok(()) => return false,
        Err(error) => error,
    };
    let error = format!("{error:#}");
    tracing::warn!(line = line.name, error, "a line cannot be read");
    let told = signs.tell_blocking(Trouble::Line, &line.name, Sign::Present);
    std::thread::sleep(RETRY);
    told
}

/// Tells what `line` says for as long as somebody listens.
fn follow(line: &Line, signs: &Signs) -> anyhow::Result<()> {
    let mut input = Input::open(line)?;
    let mut readable = false;
    loop {
        let state = input.state(line.active)?;
        if !readable && !signs.tell_blocking(Trouble::Line, &line.name, Sign::Absent) {
            return Ok(());
        }
        readable = true;
        if !signs.tell_blocking(line.role.trouble(), &line.name, line.role.sign(state)) {
            return Ok(());
        }
        input.wait(LOOK_EVERY)?;
    }
}

/// An open line: through the registers of a Raspberry Pi, or through the kernel's character device.
enum Input {
    Pi { pin: InputPin, edges: Receiver<()> },
    Device(gpiocdev::Request),
}

impl Input {
    fn open(line: &Line) -> anyhow::Result<Self> {
        if let (None, Place::Number(number)) = (&line.chip, &line.place) {
            match Gpio::new() {
                Ok(gpio) => return open_on_pi(&gpio, *number),
                Err(error) => tracing::debug!(%error, "not a Raspberry Pi"),
            }
        }
        open_device(line).map(Self::Device)
    }

    fn state(&self, active: Active) -> anyhow::Result<LineState> {
        let is_high = match self {
            Self::Pi { pin, .. } => pin.read() == Level::High,
            Self::Device(request) => request.lone_value()? == Value::Active,
        };
        Ok(if is_high == (active == Active::High) {
            LineState::Active
        } else {
            LineState::Inactive
        })
    }

    /// Waits for the next edge, or for `patience`.
    fn wait(&mut self, patience: Duration) -> anyhow::Result<()> {
        match self {
            Self::Pi { edges, .. } => match edges.recv_timeout(patience) {
                Ok(()) | Err(RecvTimeoutError::Timeout) => Ok(()),
                Err(RecvTimeoutError::Disconnected) => anyhow::bail!("edges are no longer told"),
            },
            Self::Device(request) => {
                if request.wait_edge_event(patience)? {
                    request.read_edge_event()?;
                }
                Ok(())
            }
        }
    }
}

fn open_on_pi(gpio: &Gpio, number: u32) -> anyhow::Result<Input> {
    let number = u8::try_from(number).context("there is no such line")?;
    let mut pin = gpio.get(number)?.into_input();
    let (told, edges) = channel();
    pin.set_async_interrupt(Trigger::Both, None, move |_| {
        // Whoever no longer waits is about to drop the line.
        told.send(()).ok();
    })?;
    Ok(Input::Pi { pin, edges })
}

fn open_device(line: &Line) -> anyhow::Result<gpiocdev::Request> {
    let (chip, number) = match &line.place {
        Place::Number(number) => {
            let first = || PathBuf::from(FIRST_CHIP);
            (line.chip.clone().unwrap_or_else(first), *number)
        }
        Place::Named(name) => {
            let found = gpiocdev::find_named_line(name);
            let found = found.with_context(|| format!("there is no line called {name}"))?;
            (found.chip, found.info.offset)
        }
    };
    gpiocdev::Request::builder()
        .on_chip(&chip)
        .with_line(number)
        .as_input()
        .with_edge_detection(EdgeDetection::BothEdges)
        .with_consumer("cotmoc-agent")
        .request()
        .with_context(|| format!("line {number} of {}", chip.display()))
}
