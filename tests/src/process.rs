//! One real process of the product: started with its log in a file, killed when dropped.

use anyhow::Context as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

/// The program called `name`, as built beside this test.
///
/// # Panics
/// If it has not been built.
#[must_use]
pub fn bin(name: &str) -> PathBuf {
    let here = std::env::current_exe().expect("a test knows its own file");
    let beside = here
        .ancestors()
        .skip(1)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    beside.unwrap_or_else(|| panic!("{name} is not built; run: cargo build --workspace --bins"))
}

/// A running program.
#[derive(Debug)]
pub struct Process {
    name: String,
    log: PathBuf,
    child: Child,
    errors_expected: bool,
}

impl Process {
    /// Starts `command` with both its outputs appended to the file `log`.
    ///
    /// # Errors
    /// If the log cannot be opened or the program not be started.
    pub fn start(name: &str, mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        let child = command
            .stdout(file.try_clone()?)
            .stderr(file)
            .stdin(std::process::Stdio::null())
            .spawn()
            .with_context(|| format!("starting {name}"))?;
        Ok(Self {
            name: name.to_owned(),
            log: log.to_owned(),
            child,
            errors_expected: false,
        })
    }

    /// The process's number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it has written.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// From now on it may log errors: the test does what must lead to one.
    pub fn expect_errors(&mut self) {
        self.errors_expected = true;
    }

    fn errors(&self) -> Vec<String> {
        let log = self.log();
        log.lines()
            .filter(|line| line.contains(" ERROR "))
            .map(str::to_owned)
            .collect()
    }

    /// Ends it as a power cut would: at once, with nothing said.
    pub fn kill(&mut self) {
        self.signal("KILL");
        self.reap();
    }

    /// Asks it to end, and waits.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        self.signal("TERM");
        let ended = crate::wait::eventually(&format!("{} ends", self.name), || {
            self.child.try_wait().ok().flatten()
        });
        Some(ended)
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for it to end by itself.
    pub fn wait(&mut self) -> ExitStatus {
        crate::wait::eventually(&format!("{} ends", self.name), || {
            self.child.try_wait().ok().flatten()
        })
    }

    /// Sends a signal by name, `KILL`, `TERM`, `STOP`, `CONT`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.pid().to_string())
            .stderr(std::process::Stdio::null())
            .status();
        drop(status);
    }

    fn reap(&mut self) {
        drop(self.child.wait());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        self.reap();
        let errors = self.errors();
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(40).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            show(&format!(
                "--- last lines of {}\n{}\n",
                self.name,
                tail.join("\n")
            ));
        } else {
            // An error means that someone must act; no test expects one unless it says so.
            assert!(
                self.errors_expected || errors.is_empty(),
                "{}: {errors:#?}",
                self.name
            );
        }
    }
}

#[allow(
    clippy::print_stderr,
    reason = "a failing test shows what its processes said"
)]
fn show(text: &str) {
    eprintln!("{text}");
}
