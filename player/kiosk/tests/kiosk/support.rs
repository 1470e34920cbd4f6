//! A kiosk of its own for each test, and a browser in front of it.

pub mod browser;

use cotmoc_kiosk::daemon::Kiosk;
use cotmoc_kiosk::settings::Settings;
use cotmoc_lookup::Content;
use cotmoc_lookup::package::{self, CANARIES, CONTENT, INDEX};
use cotmoc_proto::json::parse_strict;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// How long anything may take on a machine that does much else.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A kiosk that serves, with a package of its own.
pub struct World {
    pub address: SocketAddr,
    shutdown: CancellationToken,
    kiosk: Option<Kiosk>,
    folder: TempDir,
}

/// The content of the tests, open all day.
pub fn content() -> Value {
    let mut content: Value = serde_json::from_str(include_str!("content.json")).unwrap();
    content["cluster"]["window"]["opens"] = json!("00:00");
    content["cluster"]["window"]["closes"] = json!("24:00");
    content
}

/// Writes the package of `content` into `folder`.
pub fn write_package(content: &Value, folder: &Path) {
    let mut content: Content = parse_strict(content.to_string().as_bytes()).unwrap();
    content.canaries = package::suggested_canaries(&content).unwrap();
    let package = package::build(&content, &[]).unwrap_or_else(|error| panic!("{error:?}"));
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(CONTENT), package.files.content).unwrap();
    std::fs::write(folder.join(INDEX), package.files.index).unwrap();
    std::fs::write(folder.join(CANARIES), package.files.canaries).unwrap();
}

/// The answer to a request.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl World {
    /// A kiosk with the content of the tests.
    pub async fn start() -> Self {
        Self::with(&content(), "").await
    }

    /// A kiosk with this content, and more lines of configuration.
    pub async fn with(content: &Value, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_package(content, &folder.path().join("package"));
        Self::configured(
            folder,
            &format!("{more}\n[development]\nunsigned_package = \"package\""),
        )
        .await
    }

    /// A kiosk that has nothing to show.
    pub async fn empty() -> Self {
        Self::configured(tempfile::tempdir().unwrap(), "").await
    }

    async fn configured(folder: TempDir, more: &str) -> Self {
        let text = format!(
            "site = \"s\"\nchannel = \"c\"\ndevice = \"K01\"\nfactory_root = \"root.dsse\"\ndata = \"data\"\n\
             inbox = \"inbox\"\nmedia = \"media\"\nlink = \"link.sock\"\nlisten = \"127.0.0.1:0\"\n\
             clock.source = \"system\"\n{more}\n"
        );
        let config = folder.path().join("kiosk.toml");
        std::fs::create_dir_all(folder.path().join("data")).unwrap();
        std::fs::write(&config, text).unwrap();
        let settings = Settings::read(&config).unwrap_or_else(|error| panic!("{error}"));
        let shutdown = CancellationToken::new();
        let kiosk = Kiosk::start(settings, &shutdown).await.unwrap();
        Self {
            address: kiosk.address,
            shutdown,
            kiosk: Some(kiosk),
            folder,
        }
    }

    /// Where the agent's end of the link belongs.
    pub fn link(&self) -> std::path::PathBuf {
        self.folder.path().join("link.sock")
    }

    /// Ends the kiosk in order.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        let ended = self.kiosk.take().unwrap().ended();
        tokio::time::timeout(PATIENCE, ended)
            .await
            .unwrap()
            .unwrap();
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Sends `request` as it is.
    pub async fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut bytes = Vec::new();
        let read = stream.read_to_end(&mut bytes);
        tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
        let split = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let split = split.unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let body = unchunked(&head, bytes.get(split + 4..).unwrap_or_default());
        Answer {
            status: status.unwrap_or(0),
            head,
            body,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
            self.address
        );
        self.raw(request.as_bytes()).await
    }

    /// What a page of the kiosk sends.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\ncontent-type: application/json\r\n\
             content-length: {1}\r\nconnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.raw(request.as_bytes()).await
    }

    /// The feedback that waits for the agent, as its spool holds it.
    pub async fn told(&self) -> Value {
        let spool = self.folder.path().join("data/spool");
        eventually("feedback in the spool", async || {
            let files = std::fs::read_dir(&spool).ok()?;
            let texts = files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
            let lines: Vec<String> = texts
                .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
                .collect();
            let line = lines
                .iter()
                .find(|line| line.contains("\"kind\":\"feedback\""))?;
            let json = line.get(line.find('{')?..)?;
            let line: Value = serde_json::from_str(json).ok()?;
            find(&line, "event").cloned()
        })
        .await
    }

    /// A visit in this language; its number.
    pub async fn begin(&self, language: &str) -> u64 {
        let told = self.post("/v1/begin", &json!({"language": language})).await;
        told.json()["visit"].as_u64().unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// The first value under this key, wherever it stands.
fn find<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(map) => map
            .get(key)
            .or_else(|| map.values().find_map(|one| find(one, key))),
        Value::Array(all) => all.iter().find_map(|one| find(one, key)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn unchunked(head: &str, body: &[u8]) -> Vec<u8> {
    if !head.to_lowercase().contains("transfer-encoding: chunked") {
        return body.to_vec();
    }
    let (mut rest, mut whole) = (body, Vec::new());
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    whole
}

/// Waits until `look` finds something.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
