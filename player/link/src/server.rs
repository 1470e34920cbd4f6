//! The agent's end: accepts screens, hands over what they say, and talks back.

use crate::frame::{self, FrameError};
use crate::message::{AgentMessage, ScreenMessage, VERSION};
use cotmoc_proto::device::ScreenKind;
use std::collections::BTreeMap;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// How long the rest of a frame, or the first message, may take.
const FRAME_LIMIT: Duration = Duration::from_secs(10);
const MAX_SCREENS: usize = 8;
const MAX_WAITING: usize = 1_024;

/// One connection of a screen; never used twice by one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScreenId(u64);

impl std::fmt::Display for ScreenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Who is at the other end of a connection: by its own word, and by the kernel's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    pub kind: ScreenKind,
    /// Names the spool whose record ids follow.
    pub spool: String,
    pub pid: Option<i32>,
    pub uid: u32,
}

/// What happened on a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Came(Peer),
    Said(ScreenMessage),
    Gone,
}

/// One happening, with the connection it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromScreen {
    pub screen: ScreenId,
    pub what: What,
}

/// Why the socket could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("another process serves {}", path.display())]
    InUse { path: PathBuf },
    #[error("{} is there and is not a socket", path.display())]
    NotASocket { path: PathBuf },
    #[error("socket {} could not be opened", path.display())]
    Bind {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// Talks to the screens that are connected.
#[derive(Debug, Clone)]
pub struct ScreenSender {
    screens: Arc<Mutex<BTreeMap<ScreenId, mpsc::Sender<AgentMessage>>>>,
}

impl ScreenSender {
    /// Says `message` to one screen. A screen that is gone hears nothing; one that does not read
    /// is dropped.
    pub fn say(&self, screen: ScreenId, message: AgentMessage) {
        let mut screens = self.lock();
        if let Some(sender) = screens.get(&screen)
            && sender.try_send(message).is_err()
        {
            tracing::warn!(%screen, "a screen does not read what it is told; it is dropped");
            screens.remove(&screen);
        }
    }

    /// Tells every screen that the inbox or the media changed.
    pub fn look(&self) {
        let screens: Vec<_> = self.lock().keys().copied().collect();
        for screen in screens {
            self.say(screen, AgentMessage::Look);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<ScreenId, mpsc::Sender<AgentMessage>>> {
        self.screens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The agent's end of the link.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    happenings: mpsc::Receiver<FromScreen>,
    sender: ScreenSender,
    accepting: JoinHandle<()>,
    stop: CancellationToken,
}

impl Server {
    /// Opens the socket `path` (mode 0660). What a dead process left there is replaced.
    ///
    /// # Errors
    /// [`ServerError`].
    pub async fn bind(path: &Path, agent_version: &str) -> Result<Self, ServerError> {
        clear_the_place(path).await?;
        let failed = |source| ServerError::Bind {
            path: path.to_owned(),
            source,
        };
        let listener = UnixListener::bind(path).map_err(failed)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660)).map_err(failed)?;
        let (report, happenings) = mpsc::channel(256);
        let sender = ScreenSender {
            screens: Arc::default(),
        };
        let stop = CancellationToken::new();
        let hall = Hall {
            report,
            sender: sender.clone(),
            agent_version: agent_version.to_owned(),
            stop: stop.clone(),
        };
        Ok(Self {
            path: path.to_owned(),
            happenings,
            sender,
            accepting: tokio::spawn(accept(listener, hall)),
            stop,
        })
    }

    /// The next happening. It never ends as long as the server lives.
    pub async fn next(&mut self) -> Option<FromScreen> {
        self.happenings.recv().await
    }

    /// A handle to talk to screens.
    #[must_use]
    pub fn sender(&self) -> ScreenSender {
        self.sender.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
        self.stop.cancel();
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(path = %self.path.display(), %error, "the socket could not be removed");
        }
    }
}

/// What every connection needs.
#[derive(Clone)]
struct Hall {
    report: mpsc::Sender<FromScreen>,
    sender: ScreenSender,
    agent_version: String,
    stop: CancellationToken,
}

async fn clear_the_place(path: &Path) -> Result<(), ServerError> {
    let Ok(meta) = std::fs::symlink_metadata(path) else {
        return Ok(());
    };
    let path = path.to_owned();
    if !meta.file_type().is_socket() {
        return Err(ServerError::NotASocket { path });
    }
    if UnixStream::connect(&path).await.is_ok() {
        return Err(ServerError::InUse { path });
    }
    std::fs::remove_file(&path).map_err(|source| ServerError::Bind { path, source })
}

async fn accept(listener: UnixListener, hall: Hall) {
    let mut count = 0;
    loop {
        match listener.accept().await {
            Ok((stream, _)) if hall.sender.lock().len() < MAX_SCREENS => {
                count += 1;
                tokio::spawn(attend(ScreenId(count), stream, hall.clone()));
            }
            Ok(_) => tracing::warn!("more than {MAX_SCREENS} screens: a connection is refused"),
            Err(error) => {
                tracing::warn!(%error, "a screen could not be accepted");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

/// One connection from its beginning to its end.
async fn attend(screen: ScreenId, stream: UnixStream, hall: Hall) {
    let (to_screen, messages) = mpsc::channel(MAX_WAITING);
    hall.sender.lock().insert(screen, to_screen);
    let (mut from, to) = stream.into_split();
    let ended = tokio::select! {
        ended = listen(screen, &mut from, &hall) => ended,
        ended = talk(to, messages, &hall.agent_version) => ended,
        () = hall.stop.cancelled() => Ok(()),
    };
    hall.sender.lock().remove(&screen);
    match ended {
        Ok(()) => tracing::info!(%screen, "a screen has left"),
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(%screen, error, "a screen is dropped");
        }
    }
    drop(
        hall.report
            .send(FromScreen {
                screen,
                what: What::Gone,
            })
            .await,
    );
}

async fn listen(screen: ScreenId, from: &mut OwnedReadHalf, hall: &Hall) -> Result<(), FrameError> {
    let credentials = from.as_ref().peer_cred().map_err(FrameError::Io)?;
    let hello = in_time(async {
        match frame::first_byte(from).await? {
            Some(first) => frame::rest(from, first).await.map(Some),
            None => Ok(None),
        }
    });
    let Some(hello) = hello.await? else {
        return Ok(());
    };
    let ScreenMessage::Hello { kind, spool, .. } = hello else {
        return Err(FrameError::Decode(serde::de::Error::custom(
            "the first message must be hello",
        )));
    };
    let (pid, uid) = (credentials.pid(), credentials.uid());
    tracing::info!(%screen, ?kind, ?pid, uid, "a screen has come");
    let peer = Peer {
        kind,
        spool,
        pid,
        uid,
    };
    let mut what = What::Came(peer);
    while hall.report.send(FromScreen { screen, what }).await.is_ok() {
        let Some(first) = frame::first_byte(from).await? else {
            break;
        };
        what = What::Said(in_time(frame::rest(from, first)).await?);
    }
    Ok(())
}

async fn talk(
    mut to: OwnedWriteHalf,
    mut messages: mpsc::Receiver<AgentMessage>,
    agent_version: &str,
) -> Result<(), FrameError> {
    let mut message = AgentMessage::Hello {
        v: VERSION,
        agent_version: agent_version.to_owned(),
    };
    loop {
        let frame = frame::encode(&message)?;
        in_time(async { to.write_all(&frame).await.map_err(FrameError::Io) }).await?;
        let Some(next) = messages.recv().await else {
            return Ok(());
        };
        message = next;
    }
}

async fn in_time<T>(work: impl Future<Output = Result<T, FrameError>>) -> Result<T, FrameError> {
    tokio::time::timeout(FRAME_LIMIT, work)
        .await
        .unwrap_or_else(|_| Err(FrameError::Io(std::io::ErrorKind::TimedOut.into())))
}
