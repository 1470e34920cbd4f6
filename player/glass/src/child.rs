//! A program with everything that it starts: a group of processes that ends as one.

use rustix::process::{Pid, Signal, kill_process_group};
use std::process::Stdio;
use tokio::process::{Child, Command};

/// A running program.
#[derive(Debug)]
pub struct Group {
    child: Child,
    pid: Option<Pid>,
}

impl Group {
    /// Starts it in a group of its own, without standard input.
    ///
    /// # Errors
    /// If it cannot be started, with its name.
    pub fn start(command: &mut Command) -> std::io::Result<Self> {
        let name = command
            .as_std()
            .get_program()
            .to_string_lossy()
            .into_owned();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| std::io::Error::new(error.kind(), format!("{name}: {error}")))?;
        let pid = child.id().and_then(|id| i32::try_from(id).ok());
        let pid = pid.and_then(Pid::from_raw);
        Ok(Self { child, pid })
    }

    /// Whether it still runs.
    pub fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends all of it, whatever it is doing.
    pub async fn end(mut self) {
        self.kill();
        // It is dead; there is nothing to be done about a status that cannot be read.
        self.child.wait().await.ok();
    }

    fn kill(&self) {
        if let Some(pid) = self.pid
            && let Err(error) = kill_process_group(pid, Signal::KILL)
        {
            tracing::debug!(%error, "the group of processes is gone already");
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
