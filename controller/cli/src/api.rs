//! The controller's people's API (`/api/v1`). Nothing it answers is believed beyond what the
//! caller verifies.

use crate::files;
use crate::settings::Settings;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use cotmoc_proto::envelope::MAX_ENVELOPE_BYTES;
use cotmoc_proto::{ChannelId, Digest};
use futures_util::StreamExt as _;
use reqwest::{Body, Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::Path;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest silence in the middle of an answer.
const READ_TIMEOUT: Duration = Duration::from_secs(120);
const MAX_JSON_BYTES: usize = 64 << 20;

/// A controller, and the right to speak to it.
#[derive(Debug)]
pub struct Api {
    base: String,
    token: String,
    http: reqwest::Client,
}

/// The controller's way to say what is wrong.
#[derive(Debug, Deserialize)]
struct Complaint {
    error: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    remedy: String,
}

impl Api {
    /// A client of the configured controller; nothing is sent yet.
    pub fn new(settings: &Settings) -> Result<Self> {
        // Another provider being installed already is as good.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .build()
            .context("set up the HTTP client")?;
        Ok(Self {
            base: settings.controller.trim_end_matches('/').to_owned(),
            token: token(settings)?,
            http,
        })
    }

    /// `GET path` as JSON.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let answer = self.send(self.request(Method::GET, path)).await?;
        json(path, self.accepted(path, answer).await?).await
    }

    /// `GET path` as at most `limit` bytes; `None` if there is no such thing.
    pub async fn find_bytes(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>> {
        let answer = self.send(self.request(Method::GET, path)).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = self.accepted(path, answer).await?;
        bounded(answer, limit)
            .await
            .with_context(|| format!("read {}{path}", self.base))
            .map(Some)
    }

    /// An envelope; `None` if there is none.
    pub async fn find_envelope(&self, path: &str) -> Result<Option<Vec<u8>>> {
        self.find_bytes(path, MAX_ENVELOPE_BYTES).await
    }

    /// The channel's newest published release.
    pub async fn release(&self, channel: &ChannelId) -> Result<Option<Vec<u8>>> {
        self.find_envelope(&format!("/api/v1/channels/{channel}/release"))
            .await
    }

    /// A draft by the digest of its payload.
    pub async fn draft(&self, payload: &Digest) -> Result<Option<Vec<u8>>> {
        self.find_envelope(&format!("/api/v1/drafts/{payload}"))
            .await
    }

    /// Leaves an envelope, signed or not, for the others to sign.
    pub async fn put_draft(&self, payload: &Digest, envelope: Vec<u8>) -> Result<()> {
        let path = format!("/api/v1/drafts/{payload}");
        let request = self.request(Method::PUT, &path).body(envelope);
        let answer = self.send(request).await?;
        self.accepted(&path, answer).await.map(drop)
    }

    /// Publishes a signed envelope.
    pub async fn publish(&self, envelope: Vec<u8>) -> Result<serde_json::Value> {
        let path = "/api/v1/envelopes";
        let answer = self
            .send(self.request(Method::POST, path).body(envelope))
            .await?;
        json(path, self.accepted(path, answer).await?).await
    }

    /// `POST path` with a JSON body.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<T> {
        let answer = self
            .send(self.request(Method::POST, path).json(body))
            .await?;
        json(path, self.accepted(path, answer).await?).await
    }

    /// Whether the controller holds this blob.
    pub async fn has_blob(&self, digest: &Digest) -> Result<bool> {
        let path = format!("/api/v1/blobs/{digest}");
        let answer = self.send(self.request(Method::HEAD, &path)).await?;
        if answer.status() == StatusCode::NOT_FOUND {
            return Ok(false);
        }
        self.accepted(&path, answer).await.map(|_answer| true)
    }

    /// Uploads a blob. The controller hashes what it receives.
    pub async fn put_blob(&self, digest: &Digest, length: u64, body: Body) -> Result<()> {
        let path = format!("/api/v1/blobs/{digest}");
        let request = self
            .request(Method::PUT, &path)
            .header("Content-Length", length)
            .body(body);
        let answer = self.send(request).await?;
        self.accepted(&path, answer).await.map(drop)
    }

    /// The body of a blob, to be read by the caller.
    pub async fn blob(&self, digest: &Digest) -> Result<Response> {
        let path = format!("/api/v1/blobs/{digest}");
        let answer = self.send(self.request(Method::GET, &path)).await?;
        self.accepted(&path, answer).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response> {
        request.send().await.with_context(|| {
            format!(
                "the controller at {} does not answer: is cotmoc-controller running there, and is \
                 --controller right?",
                self.base
            )
        })
    }

    /// The answer if the controller did what it was asked, else what it complains of.
    async fn accepted(&self, path: &str, answer: Response) -> Result<Response> {
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        if status == StatusCode::UNAUTHORIZED {
            bail!(
                "the controller does not accept the token: give its operator.token with --token-file"
            );
        }
        let body = bounded(answer, 64 * 1024).await.unwrap_or_default();
        match serde_json::from_slice::<Complaint>(&body) {
            Ok(complaint) => Err(anyhow!(
                "the controller refused: {} ({}){}{}",
                complaint.message,
                complaint.error,
                if complaint.remedy.is_empty() {
                    ""
                } else {
                    ": "
                },
                complaint.remedy
            )),
            Err(_) => Err(anyhow!("{}{path} answered {status}", self.base)),
        }
    }
}

async fn json<T: DeserializeOwned>(path: &str, answer: Response) -> Result<T> {
    let body = bounded(answer, MAX_JSON_BYTES).await?;
    serde_json::from_slice(&body)
        .with_context(|| format!("the controller's answer to {path} is not what it should be"))
}

async fn bounded(answer: Response, limit: usize) -> Result<Vec<u8>> {
    let mut body = answer.bytes_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = body.next().await {
        bytes.extend_from_slice(&piece.context("the connection to the controller broke")?);
        ensure!(
            bytes.len() <= limit,
            "the controller's answer has more than {limit} bytes"
        );
    }
    Ok(bytes)
}

fn token(settings: &Settings) -> Result<String> {
    let Some(file) = &settings.token_file else {
        bail!(
            "no token for the controller: give --token-file FILE, or token_file in \
             ~/.config/cotmoc/cli.toml (the controller writes operator.token into its data folder)"
        );
    };
    read_token(file)
}

fn read_token(file: &Path) -> Result<String> {
    let text = files::read_text(file, 4096)?;
    let token = text.trim();
    ensure!(
        !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()),
        "{} holds no token",
        file.display()
    );
    Ok(token.to_owned())
}
