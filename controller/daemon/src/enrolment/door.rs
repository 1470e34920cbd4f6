//! Opens and closes the enrolment port: it accepts connections only while a token waits.

use crate::clock;
use crate::listen::Listener;
use crate::store::Store;
use cotmoc_proto::TimeMs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

const BACKLOG: u32 = 64;
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The enrolment port.
#[derive(Debug, Clone, Default)]
pub struct Door {
    changed: Arc<Notify>,
    is_open: watch::Sender<bool>,
}

/// Takes the address without listening on it: whoever connects is refused, and nobody else can
/// take it.
///
/// # Errors
/// The system's, if the address cannot be taken.
pub fn reserve(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

impl Door {
    /// Something about the tokens has changed.
    pub fn look(&self) {
        self.changed.notify_one();
    }

    /// There is a new token. Waits until the port is open for it, though not for ever.
    pub async fn open(&self) {
        self.look();
        let mut is_open = self.is_open.subscribe();
        let opened = is_open.wait_for(|is_open| *is_open);
        if tokio::time::timeout(AFTER_FAILURE, opened).await.is_err() {
            tracing::warn!("the enrolment port is not open yet");
        }
    }

    /// Keeps the port open exactly while a token waits, until `stop`.
    pub async fn keep(
        &self,
        store: Store,
        listener: Listener,
        socket: TcpSocket,
        stop: CancellationToken,
    ) {
        let Ok(address) = socket.local_addr() else {
            return tracing::error!(
                "the enrolment port has no address: devices cannot be enrolled"
            );
        };
        let mut reserved = Some(socket);
        while !stop.is_cancelled() {
            let Some(until) = self.next_opening(&store, &stop).await else {
                return;
            };
            let bound = match reserved.take() {
                Some(socket) => Ok(socket),
                None => reserve(address),
            };
            match bound.and_then(|socket| socket.listen(BACKLOG)) {
                Ok(socket) => {
                    tracing::info!(%address, %until, "the enrolment port is open");
                    self.is_open.send_replace(true);
                    let close = stop.child_token();
                    let served = listener.serve(socket, close.clone());
                    tokio::join!(served, self.wait_for_end(&store, until, close));
                    self.is_open.send_replace(false);
                    tracing::info!(%address, "the enrolment port is closed");
                    reserved = reserve(address).ok();
                }
                Err(error) => {
                    tracing::error!(%error, %address, "the enrolment port cannot be opened: free it");
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(AFTER_FAILURE) => {}
                    }
                }
            }
        }
    }

    /// Waits for a token; until when it is valid, or `None` at the end.
    async fn next_opening(&self, store: &Store, stop: &CancellationToken) -> Option<TimeMs> {
        loop {
            if let Some(until) = last_expiry(store).await {
                return Some(until);
            }
            tokio::select! {
                () = stop.cancelled() => return None,
                () = self.changed.notified() => {}
            }
        }
    }

    /// Waits until no token is left, then cancels `close`.
    async fn wait_for_end(&self, store: &Store, mut until: TimeMs, close: CancellationToken) {
        loop {
            let left_ms = u64::try_from(until.since(clock::now())).unwrap_or_default();
            tokio::select! {
                () = close.cancelled() => return,
                () = self.changed.notified() => {}
                () = tokio::time::sleep(Duration::from_millis(left_ms + 1)) => {}
            }
            match last_expiry(store).await {
                Some(later) => until = later,
                None => return close.cancel(),
            }
        }
    }
}

async fn last_expiry(store: &Store) -> Option<TimeMs> {
    match store.last_token_expiry(clock::now()).await {
        Ok(until) => until,
        Err(error) => {
            tracing::warn!(%error, "the tokens could not be read: the enrolment port stays closed");
            None
        }
    }
}
