//! A controller that the agent must not trust: it speaks TLS and HTTP byte by byte, and cheats
//! with blobs as it is told.

use cotmoc_proto::Digest;
use cotmoc_proto::TimeMs;
use cotmoc_proto::device::{
    Desired, DocumentRef, Event, EventKind, Record, RecordBody, SyncRequest, SyncResponse,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How a blob is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trick {
    /// The connection ends after this many bytes of the body.
    CutAfter(usize),
    /// The byte at this place of the blob is another.
    Poison(usize),
    /// A body without an end or an announced length, made of zeroes.
    Endless,
    /// A range that was not asked for.
    WrongRange,
    /// The whole blob, whatever was asked for.
    Whole,
    /// An announced length that is one too many.
    WrongLength,
    /// A body that claims to be compressed.
    Gzip,
    /// A head and then nothing for ever.
    Stall,
    /// "Service unavailable".
    Busy,
    /// "Not found".
    Missing,
}

#[derive(Debug, Default)]
struct State {
    desired: Desired,
    envelopes: BTreeMap<Digest, Vec<u8>>,
    blobs: BTreeMap<Digest, Vec<u8>>,
    /// Tricks that are still to be played, next one last; `forever` repeats the last.
    tricks: BTreeMap<Digest, Vec<Trick>>,
    forever: BTreeSet<Digest>,
    asked: Vec<(String, u64)>,
    records: Vec<Record>,
    deaf: bool,
}

/// The controller that cheats.
#[derive(Debug, Clone)]
pub struct Adversary {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Adversary {
    /// Starts it. Its CA and a certificate for the device with `key_pem` are put into `folder`.
    pub async fn start(folder: &Path, key_pem: &str) -> Self {
        let config = certificates(folder, key_pem);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let adversary = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::default(),
        };
        let hall = adversary.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (hall, acceptor) = (hall.clone(), acceptor.clone());
                tokio::spawn(async move { hall.attend(stream, acceptor).await });
            }
        });
        adversary
    }

    /// Offers `envelope` as the release.
    pub fn offer_release(&self, number: u64, envelope: &[u8]) {
        let document = self.keep(number, envelope);
        self.change(|desired| desired.release = Some(document));
    }

    /// Offers `envelope` as one more override.
    pub fn offer_override(&self, number: u64, envelope: &[u8]) {
        let document = self.keep(number, envelope);
        self.change(|desired| desired.overrides.push(document));
    }

    /// Offers `envelope` as one more takedown.
    pub fn offer_takedown(&self, number: u64, envelope: &[u8]) {
        let document = self.keep(number, envelope);
        self.change(|desired| desired.takedowns.push(document));
    }

    /// Offers `envelope` as one more root.
    pub fn offer_root(&self, number: u64, envelope: &[u8]) {
        let document = self.keep(number, envelope);
        self.change(|desired| desired.roots.push(document));
    }

    /// Has a blob to give.
    pub fn give(&self, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        self.state().blobs.insert(digest, bytes.to_vec());
        digest
    }

    /// Plays `tricks` with blob `digest`, one per request, and is honest afterwards.
    pub fn cheat(&self, digest: Digest, tricks: &[Trick]) {
        let tricks = tricks.iter().rev().copied().collect();
        self.state().tricks.insert(digest, tricks);
    }

    /// Plays `trick` with blob `digest` until it is told to be honest.
    pub fn cheat_always(&self, digest: Digest, trick: Trick) {
        self.cheat(digest, &[trick]);
        self.state().forever.insert(digest);
    }

    /// Gives blob `digest` as it is from now on.
    pub fn be_honest(&self, digest: Digest) {
        let mut state = self.state();
        state.tricks.remove(&digest);
        state.forever.remove(&digest);
    }

    /// Whether it refuses every heartbeat.
    pub fn be_deaf(&self, deaf: bool) {
        self.state().deaf = deaf;
    }

    /// From where blob `digest` was asked for, request by request.
    pub fn asked_from(&self, digest: Digest) -> Vec<u64> {
        let path = format!("/d/v1/blob/{digest}");
        let state = self.state();
        let asked = state.asked.iter().filter(|(asked, _)| *asked == path);
        asked.map(|(_, offset)| *offset).collect()
    }

    /// How many requests there were for paths that begin with `start`.
    pub fn asked_for(&self, start: &str) -> usize {
        let state = self.state();
        state
            .asked
            .iter()
            .filter(|(path, _)| path.starts_with(start))
            .count()
    }

    /// The records that came.
    pub fn records(&self) -> Vec<Record> {
        self.state().records.clone()
    }

    /// The events of `kind` that came.
    pub fn events(&self, kind: &EventKind) -> Vec<Event> {
        let records = self.records();
        let events = records.into_iter().filter_map(|record| match record.body {
            RecordBody::Event(event) => Some(event),
            RecordBody::Aired(_) | RecordBody::OnAir(_) | RecordBody::Receipt(_) => None,
        });
        events.filter(|event| event.kind == *kind).collect()
    }

    fn keep(&self, number: u64, envelope: &[u8]) -> DocumentRef {
        let envelope_sha256 = Digest::of(envelope);
        self.state()
            .envelopes
            .insert(envelope_sha256, envelope.to_vec());
        DocumentRef {
            number,
            envelope_sha256,
        }
    }

    fn change(&self, change: impl FnOnce(&mut Desired)) {
        let mut state = self.state();
        change(&mut state.desired);
        state.desired.revision += 1;
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn attend(&self, stream: TcpStream, acceptor: TlsAcceptor) {
        let Ok(mut stream) = acceptor.accept(stream).await else {
            return;
        };
        while let Ok(Some(request)) = Request::read(&mut stream).await {
            let offset = request.offset();
            self.state().asked.push((request.path.clone(), offset));
            if !matches!(self.answer(&mut stream, &request, offset).await, Ok(true)) {
                return;
            }
        }
    }

    /// Answers; `false`: the connection ends.
    async fn answer(
        &self,
        to: &mut TlsStream<TcpStream>,
        request: &Request,
        offset: u64,
    ) -> io::Result<bool> {
        let path = request.path.as_str();
        if path == "/d/v1/sync" {
            return self.sync(to, request).await;
        }
        if path.starts_with("/d/v1/wait") {
            return self.wait(to, path).await;
        }
        if let Some(name) = path.strip_prefix("/d/v1/envelope/") {
            let envelope = self.state().envelopes.get(&name.parse().unwrap()).cloned();
            return respond(to, "200 OK", &envelope.unwrap()).await;
        }
        let digest: Digest = path.strip_prefix("/d/v1/blob/").unwrap().parse().unwrap();
        let (bytes, trick) = {
            let mut state = self.state();
            let forever = state.forever.contains(&digest);
            let tricks = state.tricks.entry(digest).or_default();
            let trick = if forever {
                tricks.last().copied()
            } else {
                tricks.pop()
            };
            (state.blobs.get(&digest).cloned().unwrap_or_default(), trick)
        };
        blob(to, bytes, usize::try_from(offset).unwrap(), trick).await
    }

    async fn sync(&self, to: &mut TlsStream<TcpStream>, request: &Request) -> io::Result<bool> {
        if self.state().deaf {
            return respond(to, "503 Service Unavailable", b"").await;
        }
        let sync: SyncRequest = serde_json::from_slice(&request.body).unwrap();
        let response = {
            let mut state = self.state();
            let mut ack = BTreeMap::new();
            for record in &sync.records {
                ack.insert(record.boot.clone(), record.seq);
            }
            state.records.extend(sync.records);
            SyncResponse {
                v: 1,
                server_ms: TimeMs(0),
                next_ms: 500,
                ack,
                desired: state.desired.clone(),
            }
        };
        respond(to, "200 OK", &serde_json::to_vec(&response).unwrap()).await
    }

    async fn wait(&self, to: &mut TlsStream<TcpStream>, path: &str) -> io::Result<bool> {
        let (_, known) = path.split_once("revision=").unwrap();
        let known: u64 = known.parse().unwrap();
        loop {
            let revision = self.state().desired.revision;
            if revision != known {
                let body = format!("{{\"revision\":{revision}}}");
                return respond(to, "200 OK", body.as_bytes()).await;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

struct Request {
    path: String,
    head: String,
    body: Vec<u8>,
}

impl Request {
    async fn read(from: &mut TlsStream<TcpStream>) -> io::Result<Option<Self>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if from.read(&mut byte).await? == 0 {
                return Ok(None);
            }
            head.extend(byte);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let mut request = Self {
            path,
            head,
            body: Vec::new(),
        };
        let length = request
            .header("content-length")
            .map_or(0, |text| text.parse().unwrap());
        request.body = vec![0; length];
        from.read_exact(&mut request.body).await?;
        Ok(Some(request))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{name}: ");
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(start.as_str()))
    }

    fn offset(&self) -> u64 {
        let range = self.header("range").unwrap_or("bytes=0-");
        range["bytes=".len()..]
            .trim_end_matches('-')
            .parse()
            .unwrap()
    }
}

async fn respond(to: &mut TlsStream<TcpStream>, status: &str, body: &[u8]) -> io::Result<bool> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    to.write_all(head.as_bytes()).await?;
    to.write_all(body).await?;
    to.flush().await?;
    Ok(true)
}

async fn blob(
    to: &mut TlsStream<TcpStream>,
    mut bytes: Vec<u8>,
    offset: usize,
    trick: Option<Trick>,
) -> io::Result<bool> {
    let size = bytes.len();
    match trick {
        Some(Trick::Busy) => return respond(to, "503 Service Unavailable", b"").await,
        Some(Trick::Missing) => return respond(to, "404 Not Found", b"").await,
        Some(Trick::Whole) => return respond(to, "200 OK", &bytes).await,
        Some(Trick::Endless) => return endless(to, offset, size).await,
        Some(Trick::Poison(at)) => bytes[at] ^= 1,
        Some(
            Trick::CutAfter(_)
            | Trick::WrongRange
            | Trick::WrongLength
            | Trick::Gzip
            | Trick::Stall,
        )
        | None => {}
    }
    let rest = &bytes[offset..];
    let first = if trick == Some(Trick::WrongRange) {
        offset + 1
    } else {
        offset
    };
    let length = if trick == Some(Trick::WrongLength) {
        rest.len() + 1
    } else {
        rest.len()
    };
    let encoding = if trick == Some(Trick::Gzip) {
        "Content-Encoding: gzip\r\n"
    } else {
        ""
    };
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nContent-Length: {length}\r\n\
         Content-Range: bytes {first}-{}/{size}\r\n{encoding}\r\n",
        size - 1
    );
    to.write_all(head.as_bytes()).await?;
    to.flush().await?;
    match trick {
        Some(Trick::CutAfter(count)) => {
            to.write_all(&rest[..count.min(rest.len())]).await?;
            to.shutdown().await?;
            return Ok(false);
        }
        Some(Trick::Stall) => std::future::pending::<()>().await,
        _ => {}
    }
    to.write_all(rest).await?;
    to.flush().await?;
    Ok(trick != Some(Trick::WrongLength))
}

async fn endless(to: &mut TlsStream<TcpStream>, offset: usize, size: usize) -> io::Result<bool> {
    let head = format!(
        "HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\n\
         Content-Range: bytes {offset}-{}/{size}\r\n\r\n",
        size - 1
    );
    to.write_all(head.as_bytes()).await?;
    loop {
        to.write_all(b"10000\r\n").await?;
        to.write_all(&[0; 0x10000]).await?;
        to.write_all(b"\r\n").await?;
    }
}

/// A server certificate, and what the device needs to talk to it.
fn certificates(folder: &Path, key_pem: &str) -> ServerConfig {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate().unwrap();
    let ca_pem = ca.self_signed(&ca_key).unwrap().pem();
    std::fs::write(folder.join("server-ca.pem"), ca_pem).unwrap();
    let issuer = Issuer::new(ca, ca_key);
    let device = CertificateParams::default();
    let device_key = KeyPair::from_pem(key_pem).unwrap();
    let device = device.signed_by(&device_key, &issuer).unwrap();
    std::fs::write(folder.join("agent/device.pem"), device.pem()).unwrap();
    let server = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let server_key = KeyPair::generate().unwrap();
    let chain = vec![
        server
            .signed_by(&server_key, &issuer)
            .unwrap()
            .der()
            .clone(),
    ];
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap()
}
