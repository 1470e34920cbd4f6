//! Accepts connections and serves a router on them: with TLS or without, never more at once than
//! allowed, nobody waiting for anybody else's handshake, nobody holding a connection by being slow.

mod stall;
mod tls;
mod verifier;

pub use tls::{device_tls, enrol_tls};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use cotmoc_proto::{Digest, TimeMs};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use stall::Stall;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// Handshakes that may be under way at once; whoever comes then is turned away at once.
const PENDING_HANDSHAKES: usize = 512;
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a request's head may take, the idle time before it included.
const HEAD: Duration = Duration::from_secs(120);
/// How long the other side may take nothing of what is sent to it.
const WRITE_STALL: Duration = Duration::from_secs(60);
const GOODBYE: Duration = Duration::from_secs(5);
const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    pub address: SocketAddr,
    /// Digest of the key in the client certificate, where there is one.
    pub spki_sha256: Option<Digest>,
    /// When that certificate ends.
    pub valid_until: Option<TimeMs>,
}

/// One listener's service.
#[derive(Debug, Clone)]
pub struct Listener {
    pub name: &'static str,
    pub router: Router,
    pub tls: Option<Arc<ServerConfig>>,
    pub connections: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
}

impl Listener {
    /// A listener with a bounded number of connections.
    #[must_use]
    pub fn new(
        name: &'static str,
        router: Router,
        tls: Option<Arc<ServerConfig>>,
        connections: usize,
    ) -> Self {
        Self {
            name,
            router,
            tls,
            connections: Arc::new(Semaphore::new(connections)),
            handshakes: Arc::new(Semaphore::new(PENDING_HANDSHAKES)),
        }
    }

    /// Serves until `stop`; connections then end after the request they are in, or are cut.
    pub async fn serve(&self, socket: TcpListener, stop: CancellationToken) {
        let connections = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => self.admit(stream, address, &connections, &stop),
                Err(error) => {
                    tracing::warn!(%error, listener = self.name, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        drop(socket);
        connections.close();
        connections.wait().await;
    }

    fn admit(
        &self,
        stream: TcpStream,
        address: SocketAddr,
        connections: &TaskTracker,
        stop: &CancellationToken,
    ) {
        let permits = (
            Arc::clone(&self.handshakes).try_acquire_owned(),
            Arc::clone(&self.connections).try_acquire_owned(),
        );
        let (Ok(handshake), Ok(connection)) = permits else {
            tracing::debug!(%address, listener = self.name, "too many connections: turned away");
            return;
        };
        let (this, stop) = (self.clone(), stop.clone());
        connections.spawn(async move {
            this.connection(stream, address, handshake, stop).await;
            drop(connection);
        });
    }

    async fn connection(
        self,
        stream: TcpStream,
        address: SocketAddr,
        handshake: OwnedSemaphorePermit,
        stop: CancellationToken,
    ) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, %address, "small packets could not be sent at once");
        }
        let Some(tls) = self.tls else {
            drop(handshake);
            let peer = Peer {
                address,
                spki_sha256: None,
                valid_until: None,
            };
            return http(stream, peer, self.router, stop).await;
        };
        let shaking = TlsAcceptor::from(tls).accept(stream);
        let stream = match tokio::time::timeout(HANDSHAKE, shaking).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                return tracing::debug!(%error, %address, listener = self.name, "a handshake failed");
            }
            Err(_elapsed) => {
                return tracing::debug!(%address, listener = self.name, "a handshake took too long");
            }
        };
        drop(handshake);
        let shown = tls::shown(stream.get_ref().1);
        let peer = Peer {
            address,
            spki_sha256: shown.map(|shown| shown.spki_sha256),
            valid_until: shown.map(|shown| shown.valid_until),
        };
        http(stream, peer, self.router, stop).await;
    }
}

async fn http<S>(stream: S, peer: Peer, router: Router, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(move |mut request: Request<_>| {
        request.extensions_mut().insert(peer);
        request.map(Body::new)
    });
    let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(MAX_HEAD_BYTES);
    let io = TokioIo::new(Stall::new(stream, WRITE_STALL));
    let connection = builder.serve_connection(io, TowerToHyperService::new(service));
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(GOODBYE, connection).await {
                Ok(result) => result,
                Err(_elapsed) => return tracing::debug!(address = %peer.address, "a connection was cut"),
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(error, address = %peer.address, "a connection ended early");
    }
}
