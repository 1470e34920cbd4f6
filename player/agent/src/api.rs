//! The controller's device API as the agent calls it.

use crate::settings::{Address, Patience};
use anyhow::{Context as _, ensure};
use bytes::Bytes;
use cotmoc_proto::Digest;
use cotmoc_proto::device::{
    CERTIFICATE_EXPIRED, DocumentRef, MAX_SYNC_BYTES, NOT_ACTIVE, RenewRequest, RenewResponse,
    SyncRequest, SyncResponse, WaitResponse,
};
use cotmoc_proto::envelope::MAX_ENVELOPE_BYTES;
use reqwest::{Client, Response, StatusCode, header};
use rustls::ClientConfig;
use std::time::Duration;

const MAX_CERTIFICATE_BYTES: usize = 64 * 1024;
const MAX_WAIT_BYTES: usize = 4 * 1024;
/// The controller holds a wait for at most 55 s.
const WAIT_LIMIT: Duration = Duration::from_secs(75);

/// The controller's refusal.
#[derive(Debug, thiserror::Error)]
#[error("{status}: {text}")]
pub struct Refused {
    status: StatusCode,
    /// The word for programs, where the answer has one.
    code: Option<String>,
    text: String,
}

#[derive(serde::Deserialize)]
struct Code {
    error: String,
}

impl Refused {
    fn new(status: StatusCode, body: &[u8]) -> Self {
        let code = serde_json::from_slice(body).ok();
        Self {
            status,
            code: code.map(|code: Code| code.error),
            text: String::from_utf8_lossy(body).into_owned(),
        }
    }

    /// Whether `error` is a refusal for which the controller has the word `code`.
    #[must_use]
    pub fn says(error: &anyhow::Error, code: &str) -> bool {
        let refused = error.downcast_ref::<Self>();
        refused.is_some_and(|refused| refused.code.as_deref() == Some(code))
    }

    /// Whether the certificate has ended by the controller's clock.
    #[must_use]
    pub fn is_expiry(error: &anyhow::Error) -> bool {
        Self::says(error, CERTIFICATE_EXPIRED)
    }

    /// Whether the key is none that the controller knows.
    #[must_use]
    pub fn is_unknown_key(error: &anyhow::Error) -> bool {
        Self::says(error, NOT_ACTIVE)
    }
}

/// A client that speaks TLS as configured, straight to the address it is given.
///
/// # Errors
/// If the client cannot be made.
pub fn client(tls: ClientConfig, patience: &Patience) -> anyhow::Result<Client> {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .https_only(true)
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(patience.connect)
        .pool_idle_timeout(Duration::from_secs(300))
        .tcp_keepalive(Duration::from_secs(30))
        .tcp_nodelay(true)
        .user_agent(concat!("cotmoc-agent/", env!("CARGO_PKG_VERSION")))
        .build()
        .context("the HTTPS client cannot be made")
}

/// The body of `response`, refused as soon as it is longer than `limit` bytes or stands still.
///
/// # Errors
/// A longer, encoded, cut or standing body.
pub async fn body_at_most(
    mut response: Response,
    limit: usize,
    idle: Duration,
) -> anyhow::Result<Vec<u8>> {
    ensure!(!is_encoded(&response), "the body is encoded");
    let mut body = Vec::new();
    while let Some(piece) = next_piece(&mut response, idle).await? {
        ensure!(
            body.len().saturating_add(piece.len()) <= limit,
            "the body is longer than {limit} bytes"
        );
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// Whether the body is anything but the bytes themselves.
#[must_use]
pub fn is_encoded(response: &Response) -> bool {
    let encoding = response.headers().get(header::CONTENT_ENCODING);
    encoding.is_some_and(|encoding| encoding != "identity")
}

/// The controller, as this device reaches it.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    controller: Address,
    patience: Patience,
}

impl Api {
    /// The controller at `controller`.
    ///
    /// # Errors
    /// If the client cannot be made.
    pub fn new(controller: Address, patience: Patience, tls: ClientConfig) -> anyhow::Result<Self> {
        Ok(Self {
            client: client(tls, &patience)?,
            controller,
            patience,
        })
    }

    /// How long the network may be silent.
    #[must_use]
    pub const fn patience(&self) -> &Patience {
        &self.patience
    }

    /// Sends a heartbeat.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub async fn sync(&self, request: &SyncRequest) -> anyhow::Result<SyncResponse> {
        let response = self
            .client
            .post(self.controller.at("/d/v1/sync")?)
            .json(request)
            .timeout(self.patience.answer)
            .send()
            .await?;
        let body = self.good_body(response, 4 * MAX_SYNC_BYTES).await?;
        serde_json::from_slice(&body).context("the answer to the heartbeat cannot be read")
    }

    /// Waits until the controller has another revision than `revision`: `true`, or until it
    /// answers that it has not.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub async fn wait(&self, revision: u64) -> anyhow::Result<bool> {
        let url = self
            .controller
            .at(&format!("/d/v1/wait?revision={revision}"))?;
        let response = self.client.get(url).timeout(WAIT_LIMIT).send().await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(false);
        }
        let body = self.good_body(response, MAX_WAIT_BYTES).await?;
        let answer: WaitResponse = serde_json::from_slice(&body)?;
        Ok(answer.revision != revision)
    }

    /// Asks for a certificate for a new key.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub async fn renew(&self, request: &RenewRequest) -> anyhow::Result<RenewResponse> {
        let url = self.controller.at("/d/v1/renew")?;
        let request = self.client.post(url).json(request);
        let response = request.timeout(self.patience.answer).send().await?;
        let body = self.good_body(response, MAX_CERTIFICATE_BYTES).await?;
        serde_json::from_slice(&body).context("the answer to the renewal cannot be read")
    }

    /// Uses the key for a request that changes nothing and is answered at once.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub async fn touch(&self) -> anyhow::Result<()> {
        let no_revision = u64::MAX;
        self.wait(no_revision).await.map(drop)
    }

    /// Fetches the envelope of `document` and checks that it is the one that was named.
    ///
    /// # Errors
    /// Whatever kept it away; another envelope than the one named.
    pub async fn envelope(&self, document: &DocumentRef) -> anyhow::Result<Vec<u8>> {
        let digest = document.envelope_sha256;
        let url = self.controller.at(&format!("/d/v1/envelope/{digest}"))?;
        let request = self.client.get(url).timeout(self.patience.answer);
        let body = self
            .good_body(request.send().await?, MAX_ENVELOPE_BYTES)
            .await?;
        ensure!(
            Digest::of(&body) == digest,
            "another envelope than {digest} came"
        );
        Ok(body)
    }

    /// Asks for the blob `digest` from byte `offset` on. Only the head of the answer is awaited;
    /// nothing of it is checked.
    ///
    /// # Errors
    /// Whatever kept the answer away.
    pub async fn blob(&self, digest: Digest, offset: u64) -> anyhow::Result<Response> {
        let url = self.controller.at(&format!("/d/v1/blob/{digest}"))?;
        let request = self
            .client
            .get(url)
            .header(header::RANGE, format!("bytes={offset}-"))
            .header(header::ACCEPT_ENCODING, "identity");
        tokio::time::timeout(self.patience.answer, request.send())
            .await
            .context("the controller does not answer")?
            .map_err(Into::into)
    }

    async fn good_body(&self, response: Response, limit: usize) -> anyhow::Result<Vec<u8>> {
        let status = response.status();
        if status != StatusCode::OK {
            let body = body_at_most(response, 4_096, self.patience.idle).await;
            return Err(Refused::new(status, &body.unwrap_or_default()).into());
        }
        body_at_most(response, limit, self.patience.idle).await
    }
}

/// The next piece of a body; refused if it takes longer than `idle`.
///
/// # Errors
/// A cut or standing body.
pub async fn next_piece(response: &mut Response, idle: Duration) -> anyhow::Result<Option<Bytes>> {
    tokio::time::timeout(idle, response.chunk())
        .await
        .context("the body stands still")?
        .map_err(Into::into)
}
