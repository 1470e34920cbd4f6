//! The way to a board: the system's own `ssh`, one connection that all commands share, and the board's
//! host key kept from the first contact on. Secrets go through standard input, never through arguments.

use crate::files;
use anyhow::{Context as _, Result, bail, ensure};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// How long a new login may take.
const LOGIN_S: u32 = 30;

/// Which board, and how to log in there.
#[derive(Debug, Clone, clap::Args)]
pub struct Login {
    /// The board: LOGIN@HOST, or a host of ~/.ssh/config
    #[arg(value_name = "LOGIN@HOST")]
    pub board: String,
    /// The port of its SSH server
    #[arg(long, default_value_t = 22)]
    pub port: u16,
    /// The private half of the technician's SSH key, where ssh does not find it by itself
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// The fingerprint that the board's host key must have at the first contact
    #[arg(long, value_name = "SHA256:…")]
    pub host_key: Option<String>,
    /// Forget the board's host key, because the board was installed anew
    #[arg(long)]
    pub forget_host_key: bool,
}

/// A shared connection to a board. It ends when this is dropped.
#[derive(Debug)]
pub struct Ssh {
    login: Login,
    known_hosts: PathBuf,
    folder: tempfile::TempDir,
    /// "sudo -n" unless the login is root.
    sudo: &'static str,
}

impl Ssh {
    /// Opens the connection; may ask for a password at the terminal, once.
    ///
    /// # Errors
    /// With what ssh said, and what to do about it.
    pub fn open(login: &Login, known_hosts: PathBuf) -> Result<Self> {
        ensure!(
            !login.board.starts_with('-') && !login.board.is_empty(),
            "{:?} is no board: give LOGIN@HOST",
            login.board
        );
        if let Some(folder) = known_hosts.parent() {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        let folder = tempfile::Builder::new().prefix("cotmoc-ssh-").tempdir()?;
        let mut ssh = Self {
            login: login.clone(),
            known_hosts,
            folder,
            sudo: "sudo -n ",
        };
        ssh.check_host_key()?;
        let mut master = ssh.command();
        master.args(["-M", "-N", "-f"]).arg("--").arg(&login.board);
        master.stderr(File::create(ssh.folder.path().join("said"))?);
        let status = master.stdin(Stdio::inherit()).status().context(NO_SSH)?;
        if !status.success() {
            let said = std::fs::read_to_string(ssh.folder.path().join("said"))?;
            bail!(explained(&login.board, &ssh.known_hosts, &said));
        }
        if ssh.said("id -u", &[])?.trim() == "0" {
            ssh.sudo = "";
        }
        Ok(ssh)
    }

    /// The login's name on the board.
    ///
    /// # Errors
    /// If the connection broke.
    pub fn login_name(&self) -> Result<String> {
        Ok(self.said("id -un", &[])?.trim().to_owned())
    }

    /// The fingerprints under which the board's host key is known.
    pub fn fingerprints(&self) -> Vec<String> {
        let output = Command::new("ssh-keygen")
            .arg("-lf")
            .arg(&self.known_hosts)
            .args(["-F", &self.host()])
            .output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        let words = |line: &str| {
            let mut words = line.split_whitespace();
            words
                .find(|word| word.starts_with("SHA256:"))
                .map(str::to_owned)
        };
        text.unwrap_or_default().lines().filter_map(words).collect()
    }

    /// Runs a script as root, with `input` as its standard input; what it printed.
    ///
    /// # Errors
    /// If it failed, with what it said.
    pub fn root(&self, script: &str, input: &[u8]) -> Result<String> {
        self.said(&format!("{}sh -c {}", self.sudo, quoted(script)), input)
    }

    /// As [`Ssh::root`], but whatever happens there is returned.
    ///
    /// # Errors
    /// If ssh itself cannot be started.
    pub fn root_output(&self, script: &str, input: &[u8]) -> Result<Output> {
        self.run(&format!("{}sh -c {}", self.sudo, quoted(script)), input)
    }

    /// A script as root whose standard input is written by the caller.
    ///
    /// # Errors
    /// If ssh itself cannot be started.
    pub fn root_child(&self, script: &str) -> Result<Child> {
        let remote = format!("{}sh -c {}", self.sudo, quoted(script));
        let mut command = self.command();
        command.arg("--").arg(&self.login.board).arg(remote);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().context(NO_SSH)
    }

    /// Whether a login of its own, by key alone, gets through.
    ///
    /// # Errors
    /// With what ssh said.
    pub fn prove_key_login(&self) -> Result<()> {
        let mut command = self.base();
        command.args(["-o", "ControlPath=none", "-o", "BatchMode=yes"]);
        command.args(["-o", "PreferredAuthentications=publickey"]);
        command.arg("--").arg(&self.login.board).arg("true");
        let output = command.stdin(Stdio::null()).output().context(NO_SSH)?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{}", said.trim());
        Ok(())
    }

    fn said(&self, remote: &str, input: &[u8]) -> Result<String> {
        let output = self.run(remote, input)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if !output.status.success() {
            let (said, printed) = (text(&output.stderr), text(&output.stdout));
            let said = if said.is_empty() { printed } else { said };
            bail!("{}: {said}", self.login.board);
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn run(&self, remote: &str, input: &[u8]) -> Result<Output> {
        let mut command = self.command();
        command.arg("--").arg(&self.login.board).arg(remote);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().context(NO_SSH)?;
        let mut stdin = child.stdin.take().context("ssh has no standard input")?;
        // Written beside, so that neither side waits for the other.
        let input = input.to_vec();
        let writing = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().context(NO_SSH)?;
        // A command that did not want its input has its reasons, which its own words tell.
        drop(writing.join());
        Ok(output)
    }

    /// ssh over the shared connection.
    fn command(&self) -> Command {
        let mut command = self.base();
        let socket = self.folder.path().join("socket");
        command
            .arg("-o")
            .arg(format!("ControlPath={}", socket.display()));
        command
    }

    fn base(&self) -> Command {
        let mut command = Command::new("ssh");
        command.args(["-p", &self.login.port.to_string()]);
        command.args([
            "-o",
            "StrictHostKeyChecking=accept-new",
            "-o",
            "HashKnownHosts=no",
        ]);
        command.args([
            "-o",
            "ServerAliveInterval=15",
            "-o",
            "ServerAliveCountMax=4",
        ]);
        command.arg("-o").arg(format!("ConnectTimeout={LOGIN_S}"));
        command
            .arg("-o")
            .arg(format!("UserKnownHostsFile={}", self.known_hosts.display()));
        if let Some(identity) = &self.login.identity {
            command
                .arg("-i")
                .arg(identity)
                .args(["-o", "IdentitiesOnly=yes"]);
        }
        command
    }

    /// Under which name the host stands among the known ones.
    fn host(&self) -> String {
        let host = self.login.board.rsplit('@').next().unwrap_or_default();
        if self.login.port == 22 {
            host.to_owned()
        } else {
            format!("[{host}]:{}", self.login.port)
        }
    }

    /// Forgets the host's key if that was asked for, and fetches the one that is demanded.
    fn check_host_key(&self) -> Result<()> {
        if self.login.forget_host_key && self.known_hosts.exists() {
            let mut command = Command::new("ssh-keygen");
            command
                .args(["-R", &self.host(), "-f"])
                .arg(&self.known_hosts);
            command
                .output()
                .context("start ssh-keygen: install openssh-client")?;
        }
        let Some(demanded) = &self.login.host_key else {
            return Ok(());
        };
        if !self.fingerprints().is_empty() {
            return Ok(());
        }
        let host = self.login.board.rsplit('@').next().unwrap_or_default();
        let mut scan = Command::new("ssh-keyscan");
        let scan = scan
            .args(["-p", &self.login.port.to_string(), "--", host])
            .output();
        let keys = scan
            .context("start ssh-keyscan: install openssh-client")?
            .stdout;
        let offered = self.folder.path().join("offered");
        std::fs::write(&offered, &keys)?;
        let mut listed = Command::new("ssh-keygen");
        let listed = listed.arg("-lf").arg(&offered).output()?.stdout;
        let listed = String::from_utf8_lossy(&listed).into_owned();
        ensure!(
            listed.split_whitespace().any(|word| word == demanded),
            "{host} does not show the host key {demanded}. It shows:\n{listed}Do not go on: compare with \
             \"ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub\" at the board's own screen"
        );
        let mut known = files::read(&self.known_hosts, 1 << 20).unwrap_or_default();
        known.extend(keys);
        files::replace(&self.known_hosts, &known)
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        let mut command = self.command();
        command.args(["-O", "exit", "--"]).arg(&self.login.board);
        // If it is gone already, so much the better.
        command
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .ok();
    }
}

const NO_SSH: &str = "start ssh: install openssh-client on this machine";

fn explained(board: &str, known_hosts: &Path, said: &str) -> String {
    let remedy = if said.contains("REMOTE HOST IDENTIFICATION HAS CHANGED") {
        format!(
            "the board's host key is not the one in {}: if the board was installed anew, add \
             --forget-host-key; if not, somebody else answers in its place",
            known_hosts.display()
        )
    } else if said.contains("Permission denied") {
        "the board does not take this login: check LOGIN, give the key with --identity FILE, or copy it there \
         with ssh-copy-id"
            .to_owned()
    } else {
        "check the address, the cable and that the board's SSH server runs".to_owned()
    };
    format!(
        "{board} cannot be reached by SSH: {remedy}\n{}",
        said.trim()
    )
}

/// `text` as one word of a shell.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_is_one_word_of_a_shell() {
        let text = "it's $HOME `id` \"x\" \\ \n;";
        let output = Command::new("sh")
            .args(["-c", &format!("printf %s {}", quoted(text))])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
    }

    #[test]
    fn a_changed_host_key_is_told_from_a_refused_login_and_a_dead_line() {
        let told = |said: &str| explained("ktv@b", Path::new("/k"), said);
        assert!(
            told("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @")
                .contains("--forget-host-key")
        );
        assert!(told("ktv@b: Permission denied (publickey).").contains("ssh-copy-id"));
        assert!(told("connect: No route to host").contains("cable"));
    }
}
