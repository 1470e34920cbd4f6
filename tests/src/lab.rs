//! One site in a folder of its own: a controller, people with keys, media, and boards.

use crate::board::Board;
use crate::process::{Process, bin};
use crate::wait::eventually;
use anyhow::Context as _;
use base64::Engine as _;
use cotmoc_proto::Digest;
use cotmoc_proto::device::{Aired, Event, Record, RecordBody, ScreenReport};
use cotmoc_proto::media::{Asset, Mime};
use cotmoc_proto::release::Release;
use cotmoc_proto::trust::Identity;
use cotmoc_test_kit as kit;
use kit::Site;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the controller listens.
#[derive(Debug, Clone, Deserialize)]
pub struct Addresses {
    pub device: String,
    pub enrol: String,
    pub console: String,
}

/// A site with a running controller.
#[derive(Debug)]
pub struct Lab {
    pub site: Site,
    pub controller: Option<Process>,
    addresses: Addresses,
    setup: Setup,
    dir: tempfile::TempDir,
}

/// How the controller differs from the usual one.
#[derive(Debug, Clone, Default)]
struct Setup {
    /// The end of its configuration.
    extra: String,
    /// Its environment, for a clock of its own.
    env: Vec<(String, String)>,
}

/// An answer of the people's API.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// If it is not.
    pub fn json(&self) -> anyhow::Result<serde_json::Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }
}

impl Lab {
    /// Starts a controller, with the root document and the channel published.
    ///
    /// # Errors
    /// If a process does not start or refuses what it must accept.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with("", &[])
    }

    /// As [`Lab::start`], with `extra` at the end of the controller's configuration and `env` in
    /// its environment.
    ///
    /// # Errors
    /// If a process does not start or refuses what it must accept.
    pub fn start_with(extra: &str, env: &[(String, String)]) -> anyhow::Result<Self> {
        let setup = Setup {
            extra: extra.to_owned(),
            env: env.to_vec(),
        };
        let dir = tempfile::Builder::new().prefix("cotmoc-lab-").tempdir()?;
        let any = "127.0.0.1:0";
        let config = controller_toml(any, any, any) + extra;
        std::fs::write(dir.path().join("controller.toml"), config)?;
        let (controller, addresses) = start_controller(dir.path(), &setup.env)?;
        let lab = Self {
            site: Site::new(),
            controller: Some(controller),
            addresses,
            setup,
            dir,
        };
        lab.publish(&lab.site.factory_root())?;
        let channel = format!("{{\"channel\":\"{}\"}}", lab.site.channel);
        lab.post("/api/v1/channels", channel.as_bytes())?;
        Ok(lab)
    }

    /// Starts the controller again after it was killed, on the same ports.
    ///
    /// # Errors
    /// If it does not start.
    pub fn restart_controller(&mut self) -> anyhow::Result<()> {
        let Addresses {
            device,
            enrol,
            console,
        } = &self.addresses;
        let config = controller_toml(device, enrol, console) + &self.setup.extra;
        std::fs::write(self.dir().join("controller.toml"), config)?;
        let (controller, addresses) = start_controller(self.dir(), &self.setup.env)?;
        self.controller = Some(controller);
        self.addresses = addresses;
        Ok(())
    }

    /// A board that is enrolled and running.
    ///
    /// # Errors
    /// If a step fails.
    pub fn board(&self, name: &str) -> anyhow::Result<Board> {
        let mut board = Board::new(self, self.site.identity(name))?;
        board.enrol(self)?;
        board.start_agent()?;
        board.start_wall()?;
        Ok(board)
    }

    /// The lab's folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Where the controller listens.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The certificate that the controller's certificate is signed with.
    #[must_use]
    pub fn server_ca(&self) -> PathBuf {
        self.dir().join("controller/ca/server-ca.pem")
    }

    /// The root document boards are delivered with.
    #[must_use]
    pub fn factory_root(&self) -> Vec<u8> {
        self.site.factory_root()
    }

    /// Announces a device and returns its one-time token.
    ///
    /// # Errors
    /// If the controller refuses.
    pub fn expect_device(&self, me: &Identity, spki_sha256: &str) -> anyhow::Result<String> {
        let body = serde_json::json!({
            "device": me.device, "channel": me.channel, "spki_sha256": spki_sha256,
        });
        let answer = self.post("/api/v1/devices", body.to_string().as_bytes())?;
        let token = answer
            .json()?
            .get("token")
            .and_then(|t| t.as_str().map(ToOwned::to_owned));
        token.with_context(|| format!("no token in the answer: {answer:?}"))
    }

    /// Describes `bytes` and uploads them with their chunk list.
    ///
    /// # Errors
    /// If the controller refuses.
    pub fn upload(&self, mime: Mime, bytes: &[u8]) -> anyhow::Result<Asset> {
        let described = kit::media::describe(mime, bytes);
        for blob in [bytes, &described.chunk_list] {
            let path = format!("/api/v1/blobs/{}", Digest::of(blob));
            let answer = self.request("PUT", &path, Some(blob))?;
            anyhow::ensure!(matches!(answer.status, 200 | 201), "{path}: {answer:?}");
        }
        Ok(described.asset)
    }

    /// Publishes an envelope that must be accepted.
    ///
    /// # Errors
    /// If the controller refuses.
    pub fn publish(&self, envelope: &[u8]) -> anyhow::Result<()> {
        self.post("/api/v1/envelopes", envelope).map(drop)
    }

    /// Signs and publishes a release.
    ///
    /// # Errors
    /// If the controller refuses.
    pub fn publish_release(&self, release: &Release) -> anyhow::Result<()> {
        self.publish(&self.site.seal_release(release))
    }

    /// Whether the controller has had a heartbeat of `device`.
    #[must_use]
    pub fn has_heard_from(&self, device: &str) -> bool {
        self.device(device)
            .is_some_and(|d| d.get("last_seen_ms").is_some_and(|ms| ms.is_i64()))
    }

    /// The wall's last report to the controller.
    #[must_use]
    pub fn report(&self, device: &str) -> Option<ScreenReport> {
        serde_json::from_value(self.device(device)?.get("report")?.clone()).ok()
    }

    fn device(&self, name: &str) -> Option<serde_json::Value> {
        let answer = self.request("GET", "/api/v1/status", None).ok()?;
        let status = answer.json().ok()?;
        let mut devices = status.get("devices")?.as_array()?.iter();
        devices
            .find(|d| d.get("device").is_some_and(|d| d == name))
            .cloned()
    }

    /// Every event of a device that the controller has stored, oldest first.
    #[must_use]
    pub fn events(&self, device: &str) -> Vec<Event> {
        self.records(device, "events")
            .into_iter()
            .filter_map(|body| {
                if let RecordBody::Event(event) = body {
                    Some(event)
                } else {
                    None
                }
            })
            .collect()
    }

    /// Every proof of play of a device that the controller has stored, oldest first.
    #[must_use]
    pub fn aired(&self, device: &str) -> Vec<Aired> {
        self.records(device, "aired")
            .into_iter()
            .filter_map(|body| {
                if let RecordBody::Aired(aired) = body {
                    Some(aired)
                } else {
                    None
                }
            })
            .collect()
    }

    /// Every closed interval of a device's ledger that the controller has stored, oldest first.
    #[must_use]
    pub fn on_air(&self, device: &str) -> Vec<RecordBody> {
        self.records(device, "on-air")
    }

    /// The public key with which a device enrolled.
    #[must_use]
    pub fn spki(&self, device: &str) -> Option<Vec<u8>> {
        let path = format!("/api/v1/devices/{device}");
        let answer = self.request("GET", &path, None).ok()?.json().ok()?;
        let spki = answer
            .get("spki")
            .or_else(|| answer.get("device")?.get("spki"))?;
        base64::engine::general_purpose::STANDARD
            .decode(spki.as_str()?)
            .ok()
    }

    /// Every receipt of a device that the controller has stored, oldest first: signed envelopes.
    #[must_use]
    pub fn receipts(&self, device: &str) -> Vec<String> {
        self.records(device, "receipts")
            .into_iter()
            .filter_map(|body| match body {
                RecordBody::Receipt(envelope) => Some(envelope),
                RecordBody::Event(_) | RecordBody::Aired(_) | RecordBody::OnAir(_) => None,
            })
            .collect()
    }

    /// Waits until the controller has an event of `kind` whose `reason` (or other detail) is
    /// `reason`.
    pub fn wait_for_event(
        &self,
        device: &str,
        kind: &cotmoc_proto::device::EventKind,
        reason: &str,
    ) {
        eventually(&format!("event {kind:?} with {reason:?}"), || {
            self.events(device)
                .iter()
                .any(|e| e.kind == *kind && e.detail.values().any(|v| v == reason))
                .then_some(())
        });
    }

    /// Waits until the controller has an event of `kind`.
    pub fn wait_for_event_kind(&self, device: &str, kind: &cotmoc_proto::device::EventKind) {
        eventually(&format!("event {kind:?}"), || {
            self.events(device)
                .iter()
                .any(|e| e.kind == *kind)
                .then_some(())
        });
    }

    /// A request to the people's API.
    ///
    /// # Errors
    /// If nobody answers.
    pub fn request(&self, method: &str, path: &str, body: Option<&[u8]>) -> anyhow::Result<Answer> {
        let token = std::fs::read_to_string(self.dir().join("controller/operator.token"))?;
        let answer_file = tempfile::NamedTempFile::new_in(self.dir())?;
        let mut command = Command::new("curl");
        command
            .args([
                "-sS",
                "--max-time",
                "60",
                "-w",
                "%{http_code}",
                "-X",
                method,
                "-o",
            ])
            .arg(answer_file.path())
            .args(["-H", &format!("Authorization: Bearer {}", token.trim())]);
        let body_file = tempfile::NamedTempFile::new_in(self.dir())?;
        if let Some(body) = body {
            std::fs::write(body_file.path(), body)?;
            command.args(["-H", "Content-Type: application/json", "--data-binary"]);
            command.arg(format!("@{}", body_file.path().display()));
        }
        let output = command
            .arg(format!("http://{}{path}", self.addresses.console))
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        anyhow::ensure!(output.status.success(), "{method} {path}: {said}");
        let status = String::from_utf8_lossy(&output.stdout).parse()?;
        Ok(Answer {
            status,
            body: std::fs::read(answer_file.path())?,
        })
    }

    /// A request of an operator that must be answered well.
    ///
    /// # Errors
    /// If it is not.
    pub fn post(&self, path: &str, body: &[u8]) -> anyhow::Result<Answer> {
        let answer = self.request("POST", path, Some(body))?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        anyhow::ensure!(
            matches!(answer.status, 200 | 201),
            "{path}: {} {text}",
            answer.status
        );
        Ok(answer)
    }

    fn records(&self, device: &str, what: &str) -> Vec<RecordBody> {
        let path = format!("/api/v1/{what}?device={device}&limit=1000");
        let Ok(answer) = self.request("GET", &path, None) else {
            return Vec::new();
        };
        let Ok(json) = answer.json() else {
            return Vec::new();
        };
        let rows = json.get(what).cloned().unwrap_or(json);
        let rows: Vec<Record> = serde_json::from_value(rows).unwrap_or_default();
        rows.into_iter().map(|record| record.body).collect()
    }
}

fn controller_toml(device: &str, enrol: &str, console: &str) -> String {
    format!(
        "data = \"controller\"\nnames = [\"localhost\"]\nobligations = []\n[listen]\ndevice = \"{device}\"\n\
         enrol = \"{enrol}\"\nconsole = \"{console}\"\n[sync]\nnext_ms = 500\n"
    )
}

fn start_controller(dir: &Path, env: &[(String, String)]) -> anyhow::Result<(Process, Addresses)> {
    let addresses = dir.join("controller/addresses.json");
    drop(std::fs::remove_file(&addresses));
    let mut command = Command::new(bin("cotmoc-controller"));
    command
        .arg("--config")
        .arg(dir.join("controller.toml"))
        .envs(env.iter().cloned());
    let process = Process::start("cotmoc-controller", command, &dir.join("controller.log"))?;
    let found = eventually("the controller listens", || {
        serde_json::from_slice(&std::fs::read(&addresses).ok()?).ok()
    });
    Ok((process, found))
}
