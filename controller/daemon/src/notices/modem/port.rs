//! The serial line to a modem: one command at a time, each with a time limit, and what it says by itself.

use super::at::{self, Heard, News};
use super::words::{Refusal, Trouble};
use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_serial::{SerialPortBuilderExt as _, SerialStream};

/// More than a modem ever says at once; what is longer is noise.
const MOST_HELD: usize = 64 * 1_024;
const MOST_NEWS: usize = 256;
const PROMPT_LIMIT: Duration = Duration::from_secs(5);
/// After so long without a word it has ended what it was about.
const QUIET: Duration = Duration::from_millis(300);
const END_OF_TEXT: &str = "\u{1a}";
const ESCAPE: &[u8] = b"\x1b\r";

/// An open line.
#[derive(Debug)]
pub struct Port {
    line: SerialStream,
    held: Vec<u8>,
    news: VecDeque<News>,
    /// The next line is the report that was announced.
    is_report_next: bool,
}

impl Port {
    /// Opens the line. A name that is a link is followed anew each time.
    ///
    /// # Errors
    /// [`Trouble::Absent`].
    pub fn open(path: &Path, baud: u32) -> Result<Self, Trouble> {
        let line = tokio_serial::new(path.to_string_lossy(), baud).open_native_async();
        let line = line.map_err(|error| Trouble::Absent {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            line,
            held: Vec::new(),
            news: VecDeque::new(),
            is_report_next: false,
        })
    }

    /// Lets it end what it was about, so that no late answer is taken for one to the next command.
    ///
    /// # Errors
    /// [`Trouble::Gone`].
    pub async fn settle(&mut self) -> Result<(), Trouble> {
        self.write(ESCAPE).await?;
        while let Ok(heard) = tokio::time::timeout(QUIET, self.heard()).await {
            heard?;
        }
        self.held.clear();
        Ok(())
    }

    /// The lines of the answer to `command`.
    ///
    /// # Errors
    /// [`Trouble`]: it was refused, or there was no answer within `limit`.
    pub async fn command(
        &mut self,
        command: &str,
        limit: Duration,
    ) -> Result<Vec<String>, Trouble> {
        let asking = async {
            self.write(format!("{command}\r").as_bytes()).await?;
            self.answer(command, command).await
        };
        let asked = tokio::time::timeout(limit, asking).await;
        asked.unwrap_or_else(|_elapsed| Err(silent(command, limit)))
    }

    /// Hands a text over: `command`, then, once the modem asks for it, the unit.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn hand_over(
        &mut self,
        command: &str,
        unit: &str,
        limit: Duration,
    ) -> Result<Vec<String>, Trouble> {
        let asking = async {
            self.write(format!("{command}\r").as_bytes()).await?;
            self.prompt(command).await
        };
        let asked = tokio::time::timeout(PROMPT_LIMIT, asking).await;
        let asked = asked.unwrap_or_else(|_elapsed| Err(silent(command, PROMPT_LIMIT)));
        if let Err(trouble) = asked {
            // It must not take the next command for the text.
            self.write(ESCAPE).await?;
            return Err(trouble);
        }
        let giving = async {
            self.write(format!("{unit}{END_OF_TEXT}").as_bytes())
                .await?;
            self.answer(command, unit).await
        };
        let given = tokio::time::timeout(limit, giving).await;
        given.unwrap_or_else(|_elapsed| Err(silent(command, limit)))
    }

    /// Waits until it says something by itself. Nothing is lost if the waiting ends before.
    ///
    /// # Errors
    /// [`Trouble::Gone`].
    pub async fn news(&mut self) -> Result<News, Trouble> {
        loop {
            if let Some(news) = self.news.pop_front() {
                return Ok(news);
            }
            if let Heard::Line(line) = self.heard().await? {
                self.sort(line);
            }
        }
    }

    /// What it has said by itself so far.
    pub fn said(&mut self) -> Option<News> {
        self.news.pop_front()
    }

    async fn prompt(&mut self, command: &str) -> Result<(), Trouble> {
        loop {
            let line = match self.heard().await? {
                Heard::Prompt => return Ok(()),
                Heard::Line(line) => line,
            };
            if let Some(Err(refusal)) = at::ending(&line) {
                return Err(refused(command, refusal));
            }
            self.sort(line);
        }
    }

    async fn answer(&mut self, command: &str, echo: &str) -> Result<Vec<String>, Trouble> {
        let mut lines = Vec::new();
        loop {
            let Heard::Line(line) = self.heard().await? else {
                continue;
            };
            match at::ending(&line) {
                Some(Ok(())) => return Ok(lines),
                Some(Err(refusal)) => return Err(refused(command, refusal)),
                None if line == echo => {}
                None => lines.extend(self.unless_news(line, command)),
            }
        }
    }

    /// A line of an answer. An answer to a question is no news, though it has the same name.
    fn unless_news(&mut self, line: String, command: &str) -> Option<String> {
        let name = line.split(':').next().unwrap_or_default();
        let is_asked = name.len() > 1 && command.contains(name);
        if is_asked && !self.is_report_next {
            return Some(line);
        }
        self.sort(line)
    }

    /// Keeps news; gives back what is none.
    fn sort(&mut self, line: String) -> Option<String> {
        let news = if std::mem::take(&mut self.is_report_next) {
            Some(News::Report(line.clone()))
        } else if line.starts_with("+CDS:") {
            self.is_report_next = true;
            return None;
        } else {
            at::news(&line)
        };
        let Some(news) = news else {
            return Some(line);
        };
        if self.news.len() < MOST_NEWS {
            self.news.push_back(news);
        }
        None
    }

    async fn heard(&mut self) -> Result<Heard, Trouble> {
        loop {
            if let Some(heard) = at::take(&mut self.held) {
                return Ok(heard);
            }
            if self.held.len() > MOST_HELD {
                self.held.clear();
            }
            match self.line.read_buf(&mut self.held).await {
                Ok(0) => return Err(gone("end")),
                Ok(_) => {}
                Err(error) => return Err(gone(error)),
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.line.write_all(bytes).await.map_err(gone)
    }
}

fn gone(reason: impl std::fmt::Display) -> Trouble {
    Trouble::Gone {
        reason: reason.to_string(),
    }
}

fn refused(command: &str, refusal: Refusal) -> Trouble {
    Trouble::Refused {
        command: name(command),
        refusal,
    }
}

fn silent(command: &str, limit: Duration) -> Trouble {
    Trouble::Silent {
        command: name(command),
        seconds: limit.as_secs(),
    }
}

/// A command without what it is about: no number belongs into a log.
fn name(command: &str) -> String {
    if command.starts_with("ATD") {
        return "ATD".to_owned();
    }
    command.split('=').next().unwrap_or_default().to_owned()
}
