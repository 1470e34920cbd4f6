//! A controller in a folder of its own, on ports of its own, ended with the test.

use crate::device::Device;
use cotmoc_proto::Digest;
use cotmoc_proto::media::{Asset, Mime};
use cotmoc_proto::release::Release;
use cotmoc_proto::time::DAY;
use cotmoc_test_kit::{Site, media};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// No test fails because the machine is slow.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// A file system of its own for the data folder, seen by whoever enters it.
struct Disk {
    holder: Child,
    addresses: Value,
}

pub struct World {
    disk: Option<Disk>,
    pub site: Site,
    pub folder: tempfile::TempDir,
    pub http: Client,
    process: Child,
    addresses: Value,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn code(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// The answer, which must have this status.
    pub fn expect(self, status: u16) -> Self {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{text}");
        self
    }

    /// The answer, which must be this error with a text for people.
    pub fn refused(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.code(), code);
        assert!(!answer.json()["message"].as_str().unwrap().is_empty());
        answer
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: response.bytes().await.unwrap().to_vec(),
    }
}

impl World {
    /// A controller without anything.
    pub async fn empty(extra: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::begin(folder, plain(extra), None).await
    }

    /// A controller under a service manager: what it is told, and a disk that can be made full.
    pub async fn watched(extra: &str) -> (Self, UnixDatagram) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let world = Self::begin_with(folder, plain(extra), None, |folder, _| {
            let plain = command(folder, None);
            // Where no room is left, a write fails; it does not end the process.
            let mut command = Command::new("sh");
            command
                .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
                .arg(plain.get_program())
                .args(plain.get_args())
                .env("COTMOC_LOG", "off")
                .env("NOTIFY_SOCKET", path)
                .stdin(Stdio::null());
            command.spawn().unwrap()
        });
        (world.await, manager)
    }

    /// From now on no file of the controller grows.
    pub fn fill_the_disk(&self) {
        let none = rustix::process::Rlimit {
            current: Some(1),
            maximum: Some(1),
        };
        let limit = rustix::process::Resource::Fsize;
        rustix::process::prlimit(Some(self.pid()), limit, none).unwrap();
    }

    /// A controller with the site's root and channel, whose data folder is a file system of this size.
    pub async fn on_a_small_disk(size: &str, extra: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let mounted = folder.path().join("mounted");
        let script = format!(
            "mount -t tmpfs -o mode=700,size={size} none {} && touch {} && exec sleep infinity",
            data.display(),
            mounted.display()
        );
        let is_root = rustix::process::geteuid().is_root();
        let holder = Command::new("unshare")
            .args([if is_root { "-m" } else { "-Urm" }, "sh", "-c", &script])
            .spawn()
            .unwrap();
        eventually("the file system is there", async || {
            mounted.exists().then_some(())
        })
        .await;
        // Nothing can be written down about them later.
        let free = [0; 3].map(|_| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
        let [device, enrol, console] = free.map(|port| port.local_addr().unwrap().to_string());
        let toml = format!(
            "data = \"{}\"\n[listen]\ndevice = \"{device}\"\nenrol = \"{enrol}\"\n\
             console = \"{console}\"\n{extra}",
            data.display()
        );
        let addresses = json!({ "device": device, "enrol": enrol, "console": console });
        let world = Self::begin(folder, toml, Some(Disk { holder, addresses })).await;
        world.furnish().await;
        world
    }

    async fn begin(folder: tempfile::TempDir, toml: String, disk: Option<Disk>) -> Self {
        Self::begin_with(folder, toml, disk, spawn).await
    }

    async fn begin_with(
        folder: tempfile::TempDir,
        toml: String,
        disk: Option<Disk>,
        start: impl FnOnce(&tempfile::TempDir, Option<&Disk>) -> Child,
    ) -> Self {
        let provider = rustls::crypto::ring::default_provider();
        // Another test of this process may have installed it.
        drop(provider.install_default());
        std::fs::write(folder.path().join("controller.toml"), toml).unwrap();
        let process = start(&folder, disk.as_ref());
        let mut world = Self {
            disk,
            site: Site::new(),
            http: Client::builder().no_proxy().build().unwrap(),
            process,
            addresses: Value::Null,
            folder,
        };
        world.wait_until_ready().await;
        world
    }

    /// A controller with the site's root and channel.
    pub async fn start(extra: &str) -> Self {
        let world = Self::empty(extra).await;
        world.furnish().await;
        world
    }

    async fn furnish(&self) {
        self.publish(&self.site.factory_root()).await.expect(201);
        let channel = json!({ "channel": self.site.channel });
        self.post("/api/v1/channels", &channel).await.expect(201);
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Sends the controller a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.process.id()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Ends the controller in order.
    pub async fn end(&mut self) {
        rustix::process::kill_process(self.pid(), rustix::process::Signal::TERM).unwrap();
        let status = eventually("the controller has ended", async || {
            self.process.try_wait().unwrap()
        })
        .await;
        assert!(status.success(), "{status}");
    }

    pub async fn restart_after_kill(&mut self) {
        self.kill();
        self.restart().await;
    }

    fn pid(&self) -> rustix::process::Pid {
        let pid = i32::try_from(self.process.id()).unwrap();
        rustix::process::Pid::from_raw(pid).unwrap()
    }

    pub async fn restart(&mut self) {
        self.process = spawn(&self.folder, self.disk.as_ref());
        self.wait_until_ready().await;
    }

    /// What became of another controller with the same settings, started beside this one.
    pub fn start_a_second(&self) -> std::process::Output {
        command(&self.folder, None).output().unwrap()
    }

    pub fn data(&self) -> PathBuf {
        let data = self.folder.path().join("data");
        match &self.disk {
            Some(disk) => disk.inside(&data),
            None => data,
        }
    }

    pub fn address(&self, listener: &str) -> SocketAddr {
        self.addresses[listener].as_str().unwrap().parse().unwrap()
    }

    pub fn token(&self) -> String {
        let token = std::fs::read_to_string(self.data().join("operator.token")).unwrap();
        token.trim().to_owned()
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("http://{}{path}", self.address("console"));
        self.http.request(method, url).bearer_auth(self.token())
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.request(Method::POST, path).body(body.to_string())).await
    }

    pub async fn put(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        answer(self.request(Method::PUT, path).body(body)).await
    }

    pub async fn publish(&self, envelope: &[u8]) -> Answer {
        let request = self.request(Method::POST, "/api/v1/envelopes");
        answer(request.body(envelope.to_vec())).await
    }

    pub async fn put_blob(&self, bytes: &[u8]) -> Answer {
        let path = format!("/api/v1/blobs/{}", Digest::of(bytes));
        self.put(&path, bytes.to_vec()).await
    }

    /// An asset of these bytes, uploaded with its chunk list.
    pub async fn asset(&self, bytes: &[u8]) -> Asset {
        let described = media::describe(Mime::Png, bytes);
        for blob in [bytes, &described.chunk_list] {
            let status = self.put_blob(blob).await.status;
            assert!(status.is_success(), "{status}");
        }
        described.asset
    }

    /// A release that is not published, with its media uploaded; it is not expired now.
    pub async fn release(&self, version: u64, prev: Option<Digest>) -> Release {
        let slide = self.asset(&media::noise(version, 200_000)).await;
        let mut release = self.site.release(version, &slide, &[&slide]);
        release.prev = prev;
        release.expires_ms = release.issued_ms.plus(365 * DAY);
        release
    }

    /// Publishes releases 1 to `count`; the digests of their payloads.
    pub async fn publish_releases(&self, count: u64) -> Vec<Digest> {
        let mut digests = Vec::new();
        for version in 1..=count {
            let release = self.release(version, digests.last().copied()).await;
            let answer = self.publish(&self.site.seal_release(&release)).await;
            let answer = answer.expect(201).json();
            digests.push(answer["payload_sha256"].as_str().unwrap().parse().unwrap());
        }
        digests
    }

    /// A device that is enrolled.
    pub async fn device(&self, name: &str) -> Device {
        let mut device = Device::new(self, name);
        let token = device.register(self).await;
        device.enrol(self, &token).await.expect(200);
        device
    }

    pub async fn events(&self, device: &str, kind: &str) -> Vec<Value> {
        let path = format!("/api/v1/events?device={device}&limit=1000");
        let all = self.get(&path).await.expect(200).json();
        let rows = all["events"].as_array().unwrap();
        let bodies = rows.iter().map(|row| row["body"]["event"].clone());
        bodies.filter(|event| event["kind"] == kind).collect()
    }

    async fn wait_until_ready(&mut self) {
        if let Some(disk) = &self.disk {
            self.addresses = disk.addresses.clone();
            let console = self.address("console");
            eventually("the controller is ready", async || {
                tokio::net::TcpStream::connect(console).await.ok().map(drop)
            })
            .await;
            return;
        }
        let path = self.data().join("addresses.json");
        self.addresses = eventually("the controller is ready", async || {
            let addresses: Value = serde_json::from_slice(&std::fs::read(&path).ok()?).ok()?;
            let console = addresses["console"].as_str()?;
            let socket = tokio::net::TcpStream::connect(console).await;
            socket.ok().map(|_socket| addresses.clone())
        })
        .await;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // It may have been killed by the test itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Disk {
    fn inside(&self, path: &std::path::Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(path.strip_prefix("/").unwrap())
    }

    /// What runs a program with this file system in its place.
    fn enter(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-m", "-t", &self.holder.id().to_string()]);
        if !rustix::process::geteuid().is_root() {
            command.args(["-U", "--preserve-credentials"]);
        }
        command.arg(env!("CARGO_BIN_EXE_cotmoc-controller"));
        command
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.holder.kill());
        drop(self.holder.wait());
    }
}

/// The settings of a controller on this machine.
fn plain(extra: &str) -> String {
    // What is owed depends on the day on which the test runs.
    let obligations = if extra.contains("[[obligations]]") {
        ""
    } else {
        "obligations = []\n"
    };
    format!(
        "data = \"data\"\n{obligations}[listen]\ndevice = \"127.0.0.1:0\"\nenrol = \"127.0.0.1:0\"\n\
         console = \"127.0.0.1:0\"\n{extra}"
    )
}

fn spawn(folder: &tempfile::TempDir, disk: Option<&Disk>) -> Child {
    if disk.is_none() {
        let addresses = folder.path().join("data/addresses.json");
        drop(std::fs::remove_file(addresses));
    }
    command(folder, disk).spawn().unwrap()
}

fn command(folder: &tempfile::TempDir, disk: Option<&Disk>) -> Command {
    let mut command = disk.map_or_else(
        || Command::new(env!("CARGO_BIN_EXE_cotmoc-controller")),
        Disk::enter,
    );
    command
        .arg("--config")
        .arg(folder.path().join("controller.toml"))
        .env("COTMOC_LOG", "warn")
        .stdin(Stdio::null());
    command
}

/// Asks until there is an answer.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
