//! A loudspeaker that nobody hears: a sound server whose only sink is recorded, so that every
//! player's sound is judged by the same ear.

mod judge;

pub use judge::{Heard, judge};

use anyhow::Context as _;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Samples of one channel in a second.
pub const RATE: usize = 48_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// Listens from its start to its end.
#[derive(Debug)]
pub struct Ear {
    server: Child,
    recorder: Option<Child>,
    socket: PathBuf,
    record: PathBuf,
    dir: TempDir,
}

impl Ear {
    /// Starts a sound server of its own below `folder`, and listens.
    ///
    /// # Errors
    /// If it does not start.
    pub fn start(folder: &Path) -> anyhow::Result<Self> {
        // Each has a socket of its own: that of the one before may still lie there.
        let dir = tempfile::Builder::new().prefix("ear-").tempdir_in(folder)?;
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755))?;
        let (socket, record) = (dir.path().join("sock"), dir.path().join("raw"));
        let protocol = format!(
            "module-native-protocol-unix socket={} auth-anonymous=1",
            socket.display()
        );
        let server = Command::new("pulseaudio")
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1"])
            .args(["--use-pid-file=no", "--disable-shm=yes", "--realtime=no"])
            .args(["-L", &protocol, "-L"])
            .arg("module-null-sink sink_name=ear rate=48000 channels=2 format=s16le")
            .env("HOME", dir.path())
            .env("XDG_RUNTIME_DIR", dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting a sound server")?;
        let mut ear = Self {
            server,
            recorder: None,
            socket,
            record,
            dir,
        };
        ear.listen()?;
        Ok(ear)
    }

    /// Where players find it, for the variable `PULSE_SERVER`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("unix:{}", self.socket.display())
    }

    /// Ends it and returns what the left channel got.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub fn stop(mut self) -> anyhow::Result<Vec<i16>> {
        let listened = match &mut self.recorder {
            Some(recorder) => recorder.try_wait()?.is_none(),
            None => false,
        };
        anyhow::ensure!(listened, "the recorder of sound ended by itself");
        self.end();
        let bytes = std::fs::read(&self.record)?;
        let frames = bytes.as_chunks::<4>().0.iter();
        Ok(frames
            .map(|[low, high, ..]| i16::from_le_bytes([*low, *high]))
            .collect())
    }

    fn end(&mut self) {
        for child in self.recorder.iter_mut().chain([&mut self.server]) {
            drop(child.kill());
            drop(child.wait());
        }
    }

    fn listen(&mut self) -> anyhow::Result<()> {
        let start = Instant::now();
        while !self.socket.exists() {
            let alive = self.server.try_wait()?.is_none();
            anyhow::ensure!(
                alive && start.elapsed() < PATIENCE,
                "the sound server does not start"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        let recorder = Command::new("parec")
            .arg(format!("--server={}", self.address()))
            .args(["--device=ear.monitor", "--format=s16le", "--raw"])
            .args(["--rate=48000", "--channels=2", "--latency-msec=50"])
            .env("HOME", self.dir.path())
            .stdin(Stdio::null())
            .stdout(File::create(&self.record)?)
            .stderr(Stdio::null())
            .spawn()
            .context("starting a recorder of sound")?;
        self.recorder = Some(recorder);
        Ok(())
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.end();
    }
}
