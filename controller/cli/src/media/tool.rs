//! Running ffprobe and ffmpeg: never on a name that they could take for an address, never beyond
//! a given time, and never left behind.

use anyhow::{Result, anyhow};
use cotmoc_proto::media::Mime;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How often a running tool looks whether it is still wanted.
const BEAT: Duration = Duration::from_millis(100);
/// Longer lines are cut.
const MAX_LINE_BYTES: u64 = 64 << 10;

/// The programs that look into media and change them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    Ffprobe,
    Ffmpeg,
}

/// One line of what a tool writes.
#[derive(Debug)]
pub enum Line {
    Result(String),
    Complaint(String),
}

/// How a tool ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Well,
    Badly,
    OutOfTime,
    /// It was called off.
    Stopped,
}

/// A tool with its arguments.
#[derive(Debug)]
pub struct Run<'a> {
    tool: Tool,
    args: Vec<OsString>,
    limit: Duration,
    stop: Option<&'a AtomicBool>,
}

impl<'a> Run<'a> {
    /// `tool` with `args` that hold no name of a file.
    pub fn new(tool: Tool, args: &[&str]) -> Self {
        Self {
            tool,
            args: args.iter().map(OsString::from).collect(),
            limit: Duration::from_secs(600),
            stop: None,
        }
    }

    /// Reads `path`, as `mime` and as nothing else where that is known.
    pub fn input(mut self, path: &Path, mime: Option<Mime>) -> Self {
        let demuxer = mime.and_then(demuxer);
        self.args
            .extend(["-protocol_whitelist", "file,pipe"].map(OsString::from));
        if let Some(demuxer) = demuxer {
            self.args.extend(["-f", demuxer].map(OsString::from));
        }
        self.args.push("-i".into());
        self.args.push(as_a_file(path));
        self
    }

    /// More arguments.
    pub fn args<S: AsRef<str>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        let args = args.into_iter();
        self.args
            .extend(args.map(|arg| OsString::from(arg.as_ref())));
        self
    }

    /// Writes `path`.
    pub fn output(mut self, path: &Path) -> Self {
        self.args.push(as_a_file(path));
        self
    }

    /// Not longer than this.
    pub fn within(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Ends as soon as `stop` is set.
    pub fn until(self, stop: &'a AtomicBool) -> Self {
        Self {
            stop: Some(stop),
            ..self
        }
    }

    /// Runs it to its end; every line goes to `hear`.
    pub fn lines(self, mut hear: impl FnMut(Line)) -> Result<Ended> {
        let mut child = Running(self.start()?);
        let lines = child.lines();
        let until = Instant::now() + self.limit;
        loop {
            match lines.recv_timeout(BEAT) {
                Ok(line) => hear(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                return Ok(Ended::Stopped);
            }
            if Instant::now() > until {
                return Ok(Ended::OutOfTime);
            }
        }
        let status = child.0.wait()?;
        Ok(if status.success() {
            Ended::Well
        } else {
            Ended::Badly
        })
    }

    fn start(&self) -> Result<Child> {
        let name = self.tool.name();
        let mut command = Command::new(name);
        command
            .args(&self.args)
            .env("AV_LOG_FORCE_NOCOLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().map_err(|error| {
            anyhow!(error).context(format!(
                "không chạy được {name}: hãy cài gói ffmpeg (sudo apt install ffmpeg) · cannot run \
                 {name}: install the package ffmpeg"
            ))
        })
    }
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Ffprobe => "ffprobe",
            Self::Ffmpeg => "ffmpeg",
        }
    }
}

/// A child that does not outlive its owner.
struct Running(Child);

impl Running {
    fn lines(&mut self) -> Receiver<Line> {
        let (send, lines) = sync_channel(256);
        if let Some(results) = self.0.stdout.take() {
            forward(results, send.clone(), Line::Result);
        }
        if let Some(complaints) = self.0.stderr.take() {
            forward(complaints, send, Line::Complaint);
        }
        lines
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn forward(from: impl Read + Send + 'static, to: SyncSender<Line>, name: fn(String) -> Line) {
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        loop {
            let mut line = Vec::new();
            let read = (&mut from)
                .take(MAX_LINE_BYTES)
                .read_until(b'\n', &mut line);
            if !matches!(read, Ok(1..)) {
                return;
            }
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if to.send(name(text)).is_err() {
                return;
            }
        }
    });
}

/// A name that begins with `-` or holds `:` is a file all the same.
fn as_a_file(path: &Path) -> OsString {
    let mut name = OsString::from("file:");
    name.push(path);
    name
}

/// What reads a type, so that a file cannot choose for itself.
fn demuxer(mime: Mime) -> Option<&'static str> {
    match mime {
        Mime::Png => Some("png_pipe"),
        Mime::Jpeg => Some("jpeg_pipe"),
        Mime::Webp => Some("webp_pipe"),
        Mime::Mp4 => Some("mov"),
        Mime::Webm => Some("matroska"),
        Mime::Ogg => Some("ogg"),
        Mime::Mp3 => Some("mp3"),
        Mime::Wav => Some("wav"),
        Mime::Slide | Mime::Lookup => None,
    }
}
