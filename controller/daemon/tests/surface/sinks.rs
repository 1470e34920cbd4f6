//! Where notices arrive: a mail server of its own process and an HTTP server, both on loopback.

use crate::world::eventually;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

pub struct MailServer {
    pub folder: tempfile::TempDir,
    pub port: u16,
    process: Child,
}

impl MailServer {
    pub async fn start(mood: &str) -> Self {
        Self::start_at(0, mood, &[]).await
    }

    /// A server on a port that was free a moment ago, with a certificate and its key if given.
    pub async fn start_at(port: u16, mood: &str, certificate: &[&Path]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/surface/mail_server.py");
        let process = Command::new("/usr/bin/python3")
            .args([script, &port.to_string()])
            .arg(folder.path())
            .arg(mood)
            .args(certificate)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let said = folder.path().join("port");
        let port = eventually("the mail server is ready", async || {
            std::fs::read_to_string(&said).ok()?.parse().ok()
        })
        .await;
        Self {
            folder,
            port,
            process,
        }
    }

    /// The mails it accepted.
    pub fn mails(&self) -> Vec<String> {
        let files = self.folder.path().read_dir().unwrap();
        let paths = files.map(|file| file.unwrap().path());
        let mails = paths.filter(|path| path.extension().is_some_and(|e| e == "eml"));
        mails
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A request that the HTTP server got.
#[derive(Debug, Clone)]
pub struct Got {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    pub accepted: bool,
}

type Decide = Box<dyn Fn(usize) -> (StatusCode, Option<&'static str>) + Send + Sync>;

struct Inner {
    decide: Decide,
    got: Mutex<Vec<Got>>,
}

/// An HTTP server that answers as `decide` says for the number of the request, counted from 0.
pub struct Sink {
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

impl Sink {
    pub async fn start(
        decide: impl Fn(usize) -> (StatusCode, Option<&'static str>) + Send + Sync + 'static,
    ) -> Self {
        let inner = Arc::new(Inner {
            decide: Box::new(decide),
            got: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(take).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, inner }
    }

    pub fn got(&self) -> Vec<Got> {
        self.inner.got.lock().unwrap().clone()
    }

    pub fn accepted(&self) -> Vec<Got> {
        self.got().into_iter().filter(|got| got.accepted).collect()
    }
}

async fn take(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    let mut got = inner.got.lock().unwrap();
    let (status, detail) = (inner.decide)(got.len());
    let accepted = status.is_success();
    got.push(Got {
        headers,
        body: body.to_vec(),
        accepted,
    });
    match detail {
        Some(target) if status.is_redirection() => (status, [("location", target)]).into_response(),
        Some(seconds) => (status, [("retry-after", seconds)]).into_response(),
        None => (status, "{\"code\": 100, \"id\": \"p-1\"}").into_response(),
    }
}
