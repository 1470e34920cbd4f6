//! The one place that prints: results on standard output, progress, questions and complaints on
//! standard error.

use crate::table::{Table, plain};
use crate::text::{Lang, Text};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, BufRead as _, Write as _};

/// Where text for people goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum People {
    Stdout,
    Stderr,
    Nowhere,
}

/// How results are shown.
#[derive(Debug, Clone, Copy)]
pub struct Out {
    json: bool,
    lang: Lang,
    people: People,
}

impl Out {
    /// Text for people in `lang`, or one JSON document.
    pub fn new(json: bool, lang: Lang) -> Self {
        let people = if json {
            People::Nowhere
        } else {
            People::Stdout
        };
        Self { json, lang, people }
    }

    /// The same, but people always get their text: what they must read before they decide.
    pub fn for_a_decision(self) -> Self {
        let people = if self.json {
            People::Stderr
        } else {
            People::Stdout
        };
        Self { people, ..self }
    }

    /// The same on standard error: what belongs to a complaint.
    pub fn for_a_complaint(self) -> Self {
        Self {
            people: People::Stderr,
            ..self
        }
    }

    /// `text` in the language people read.
    pub fn words(&self, text: Text) -> String {
        self.lang.of(text)
    }

    /// The same for words that are put together as the command runs.
    pub fn either(&self, vi: &str, en: &str) -> String {
        self.lang.either(vi, en)
    }

    /// One line `label: value`.
    pub fn fact(&self, label: Text, value: impl Display) {
        self.line(&format!(
            "{}: {}",
            self.words(label),
            plain(&value.to_string())
        ));
    }

    /// One line.
    pub fn say(&self, text: impl Display) {
        self.line(&plain(&text.to_string()));
    }

    /// A heading with an empty line before it.
    pub fn heading(&self, text: Text) {
        self.line(&format!("\n{}", self.words(text)));
    }

    /// A table.
    pub fn table(&self, table: &Table) {
        for line in table.lines() {
            self.line(&line);
        }
    }

    /// The command's result as JSON; nothing unless it was asked for.
    pub fn document(&self, value: &impl Serialize) -> serde_json::Result<()> {
        if self.json {
            stdout(&serde_json::to_string_pretty(value)?);
        }
        Ok(())
    }

    /// Something people should know on the way.
    pub fn note(&self, text: impl Display) {
        stderr(&plain(&text.to_string()));
    }

    /// The error with all its causes.
    pub fn error(&self, error: &anyhow::Error) {
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        for (depth, cause) in causes.iter().enumerate() {
            let label = if depth == 0 { "cotmoc: " } else { "  " };
            for line in cause.lines() {
                stderr(&format!("{label}{}", plain(line)));
            }
        }
        if self.json {
            let document = serde_json::json!({ "error": causes.join(": ") });
            stdout(&format!("{document:#}"));
        }
    }

    /// Asks a question; the line that was typed, without its end. Nothing at the end of input.
    pub fn ask(&self, question: Text) -> io::Result<String> {
        let mut prompt = io::stderr().lock();
        write!(prompt, "{}: ", self.words(question))?;
        prompt.flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        Ok(answer.trim().to_owned())
    }

    /// A bar that counts bytes, on a terminal only.
    pub fn bytes_bar(&self, what: &str, total: u64) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let template = "{msg:30!} {bar:24} {bytes:>10}/{total_bytes:10} {bytes_per_sec}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(plain(what));
        bar
    }

    /// A bar that counts milliseconds of a film, on a terminal only.
    pub fn time_bar(&self, what: &str, total_ms: u64) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(total_ms), ProgressDrawTarget::stderr());
        if let Ok(style) =
            ProgressStyle::with_template("{msg:30!} {bar:24} {percent:>3} % {eta:>5}")
        {
            bar.set_style(style);
        }
        bar.set_message(plain(what));
        bar
    }

    fn line(&self, text: &str) {
        match self.people {
            People::Stdout => stdout(text),
            People::Stderr => stderr(text),
            People::Nowhere => {}
        }
    }
}

/// A reader that went away (`cotmoc … | head`) is not worth a complaint.
fn stdout(text: &str) {
    writeln!(io::stdout().lock(), "{text}").ok();
}

fn stderr(text: &str) {
    writeln!(io::stderr().lock(), "{text}").ok();
}
