//! One board: an agent and a wall with folders of their own, started, killed and restarted at will.

use crate::lab::Lab;
use crate::process::{Process, bin};
use cotmoc_proto::trust::Identity;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A device: its folders, its configuration and its processes.
#[derive(Debug)]
pub struct Board {
    pub me: Identity,
    pub dir: PathBuf,
    pub agent: Option<Process>,
    pub wall: Option<Process>,
    /// Environment of the wall and the agent, for a clock of their own.
    pub env: Vec<(String, String)>,
}

impl Board {
    /// The folders and configuration of device `me`, talking to the controller of `lab`.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub fn new(lab: &Lab, me: Identity) -> anyhow::Result<Self> {
        let board = Self::alone(lab.dir(), me, &lab.factory_root())?;
        std::fs::write(board.path("agent.toml"), agent_toml(&board.me, lab))?;
        Ok(board)
    }

    /// The folders and configuration of a wall that has nobody to talk to, below `dir`.
    ///
    /// # Errors
    /// If the files cannot be written.
    pub fn alone(dir: &Path, me: Identity, factory_root: &[u8]) -> anyhow::Result<Self> {
        let dir = dir.join(me.device.as_str());
        for folder in ["agent", "inbox", "media", "wall", "pictures"] {
            std::fs::create_dir_all(dir.join(folder))?;
        }
        std::fs::write(dir.join("root.dsse"), factory_root)?;
        std::fs::write(dir.join("wall.toml"), wall_toml(&me))?;
        Ok(Self {
            me,
            dir,
            agent: None,
            wall: None,
            env: Vec::new(),
        })
    }

    /// A path below the board's folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Makes the device's key and gets its certificate with a one-time token.
    ///
    /// # Errors
    /// If a step fails; with what the program said.
    pub fn enrol(&self, lab: &Lab) -> anyhow::Result<()> {
        let spki = self.agent_command(&["key"])?.trim().to_owned();
        let token = lab.expect_device(&self.me, &spki)?;
        self.agent_command(&["enrol", "--token", &token])?;
        Ok(())
    }

    /// Starts the agent.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start_agent(&mut self) -> anyhow::Result<()> {
        self.agent = Some(self.start("cotmoc-agent", "agent.toml")?);
        Ok(())
    }

    /// Starts the wall.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start_wall(&mut self) -> anyhow::Result<()> {
        self.wall = Some(self.start("cotmoc-wall", "wall.toml")?);
        Ok(())
    }

    /// Starts the wall as a service manager would: whenever it ends, it is started again.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start_supervised_wall(&mut self) -> anyhow::Result<()> {
        let mut command = Command::new("sh");
        command
            .args(["-c", "trap 'kill $child; exit' TERM; while :; do setpriv --pdeathsig KILL \"$0\" --config \"$1\" & child=$!; echo $child > \"$2\"; wait $child; done"])
            .arg(bin("cotmoc-wall"))
            .arg(self.path("wall.toml"))
            .arg(self.path("wall.pid"))
            .envs(self.env.iter().cloned());
        self.wall = Some(Process::start(
            "cotmoc-wall",
            command,
            &self.path("cotmoc-wall.log"),
        )?);
        Ok(())
    }

    /// Kills the wall that a service manager watches over.
    pub fn kill_running_wall(&self) {
        if let Ok(pid) = std::fs::read_to_string(self.path("wall.pid")) {
            drop(Command::new("kill").args(["-KILL", pid.trim()]).status());
        }
    }

    /// Gives the wall's picture another size, in pixels, for its next start.
    ///
    /// # Errors
    /// If the configuration cannot be changed.
    pub fn resize_wall(&self, width: &str, height: &str) -> std::io::Result<()> {
        let path = self.path("wall.toml");
        let text = std::fs::read_to_string(&path)?;
        let text = text.replace("width = 640", &format!("width = {width}"));
        std::fs::write(
            path,
            text.replace("height = 360", &format!("height = {height}")),
        )
    }

    /// Makes the wall's next start believe its clock only with support.
    ///
    /// # Panics
    /// If the configuration cannot be changed.
    pub fn distrust_wall_clock(&self) {
        let path = self.path("wall.toml");
        let text = std::fs::read_to_string(&path).expect("the configuration was written");
        let changed = text.replace("source = \"system\"", "source = \"auto\"");
        std::fs::write(path, changed).expect("the configuration can be written");
    }

    /// What the wall has written to its log.
    #[must_use]
    pub fn wall_log(&self) -> String {
        std::fs::read_to_string(self.path("cotmoc-wall.log")).unwrap_or_default()
    }

    /// What the agent has written to its log.
    #[must_use]
    pub fn agent_log(&self) -> String {
        std::fs::read_to_string(self.path("cotmoc-agent.log")).unwrap_or_default()
    }

    fn start(&self, program: &str, config: &str) -> anyhow::Result<Process> {
        let mut command = Command::new(bin(program));
        command
            .arg("--config")
            .arg(self.path(config))
            .envs(self.env.iter().cloned());
        Process::start(program, command, &self.path(&format!("{program}.log")))
    }

    fn agent_command(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = Command::new(bin("cotmoc-agent"))
            .arg("--config")
            .arg(self.path("agent.toml"))
            .args(arguments)
            .envs(self.env.iter().cloned())
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        anyhow::ensure!(
            output.status.success(),
            "cotmoc-agent {arguments:?}: {said}"
        );
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        if let Some(supervisor) = &mut self.wall {
            supervisor.kill();
        }
        self.kill_running_wall();
    }
}

fn who(me: &Identity) -> String {
    format!(
        "site = \"{}\"\nchannel = \"{}\"\ndevice = \"{}\"\n",
        me.site, me.channel, me.device
    )
}

const FOLDERS: &str =
    "factory_root = \"root.dsse\"\ninbox = \"inbox\"\nmedia = \"media\"\nlink = \"link.sock\"\n";

fn wall_toml(me: &Identity) -> String {
    format!(
        "{}{FOLDERS}data = \"wall\"\n[output]\nsink = \"headless\"\nwidth = 640\nheight = 360\n\
         [audio]\nsink = \"none\"\n[clock]\nsource = \"system\"\n\
         [pictures]\nfolder = \"pictures\"\nkeep = 1000\n",
        who(me)
    )
}

fn agent_toml(me: &Identity, lab: &Lab) -> String {
    let addresses = lab.addresses();
    format!(
        "{}{FOLDERS}data = \"agent\"\ncontroller = \"https://{}\"\nenrol = \"https://{}\"\n\
         server_ca = \"{}\"\nsync_ms = 500\nkeep_free_percent = 0\n",
        who(me),
        addresses.device,
        addresses.enrol,
        lab.server_ca().display()
    )
}

/// Copies a file into a folder a courier writes to, as a courier would: whole or not at all.
///
/// # Errors
/// If it cannot be written.
pub fn deliver(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let part = folder.join(format!("{name}.part"));
    std::fs::write(&part, bytes)?;
    std::fs::rename(part, folder.join(name))
}
