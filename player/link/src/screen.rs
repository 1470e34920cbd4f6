//! The screen's end: a thread of its own that keeps records, reconnects for ever, and never makes
//! the screen wait.

use crate::frame;
use crate::message::{AgentMessage, ScreenMessage, Stamp, VERSION};
use crate::spool::{LIMIT_BYTES, Spool};
use cotmoc_player_core::backoff::Backoff;
use cotmoc_proto::device::{ClockQuality, Event, EventKind, RecordBody, ScreenKind, ScreenReport};
use cotmoc_proto::{Digest, TimeMs};
use cotmoc_service::boot;
use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Records that are sent before the agent must have stored the first of them.
const WINDOW: usize = 256;
const MAX_ORDERS: usize = 4_096;
/// How long one write, and how long all that is sent in one go, may take.
const WRITE_LIMIT: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(30);

/// Where the link goes and what it keeps.
#[derive(Debug, Clone)]
pub struct LinkConfig {
    pub socket: PathBuf,
    /// A folder of the screen alone.
    pub spool_dir: PathBuf,
    pub kind: ScreenKind,
}

/// The screen's end of the link. Dropping it puts what waits on the disk.
#[derive(Debug)]
pub struct ScreenLink {
    orders: SyncSender<Order>,
    shared: Arc<Shared>,
    worker: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    report: Mutex<Option<ScreenReport>>,
    mail: Mutex<Mail>,
    lost: AtomicU64,
    connected: AtomicBool,
}

/// What the agent has said on one connection and the worker has not read. However much it says, it
/// takes one place: an agent that never stops talking must not crowd out records.
#[derive(Debug, Default)]
struct Mail {
    number: u64,
    agent_version: Option<String>,
    stored: Option<u64>,
    look: bool,
}

impl Mail {
    /// Adds a message; whether it is the first that waits.
    fn add(&mut self, number: u64, message: AgentMessage) -> bool {
        if self.number > number {
            return false;
        }
        if self.number < number {
            *self = Self {
                number,
                ..Self::default()
            };
        }
        let is_first = !self.look && self.stored.is_none() && self.agent_version.is_none();
        match message {
            AgentMessage::Hello { agent_version, .. } => self.agent_version = Some(agent_version),
            AgentMessage::Stored { id } => self.stored = self.stored.max(Some(id)),
            AgentMessage::Look => self.look = true,
        }
        is_first
    }
}

#[derive(Debug)]
enum Order {
    /// A report or mail waits.
    Wake,
    Record(Stamp, RecordBody),
    Damaged(Digest),
    Lost(u64),
    Stop,
}

impl ScreenLink {
    /// Starts the link. The receiver gets a `()` whenever the agent says that the inbox or the
    /// media changed, and whenever the agent is there again; several at once count as one.
    ///
    /// # Errors
    /// Only where the operating system gives no thread.
    pub fn start(config: LinkConfig) -> std::io::Result<(Self, Receiver<()>)> {
        let (orders, received) = sync_channel(MAX_ORDERS);
        let (looks, looked) = sync_channel(1);
        let shared = Arc::new(Shared::default());
        let (back, seen) = (orders.clone(), Arc::clone(&shared));
        let worker = std::thread::Builder::new()
            .name("link".to_owned())
            .spawn(move || Worker::new(config, back, looks, seen).run(&received))?;
        let link = Self {
            orders,
            shared,
            worker: Some(worker),
        };
        Ok((link, looked))
    }

    /// What the screen is doing; the latest report wins.
    pub fn report(&self, report: ScreenReport) {
        *self
            .shared
            .report
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(report);
        // A full queue means that the worker is about to look anyway.
        drop(self.orders.try_send(Order::Wake));
    }

    /// Keeps a record until the agent has stored it. Returns at once.
    pub fn record(&self, stamp: Stamp, body: RecordBody) {
        if self.orders.try_send(Order::Record(stamp, body)).is_err() {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The blob of `asset` in the media folder is not what its name says.
    pub fn damaged(&self, asset: Digest) {
        // A damaged blob is met again whenever it is to be shown.
        drop(self.orders.try_send(Order::Damaged(asset)));
    }

    /// Whether the agent is there.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.shared.connected.load(Ordering::Relaxed)
    }
}

impl Drop for ScreenLink {
    fn drop(&mut self) {
        if self.orders.send(Order::Stop).is_ok()
            && let Some(worker) = self.worker.take()
            && worker.join().is_err()
        {
            tracing::error!("the thread of the link ended badly");
        }
    }
}

impl Shared {
    /// Takes in what the agent said; whether the worker must be told.
    fn put(&self, number: u64, message: AgentMessage) -> bool {
        let mut mail = self.mail.lock().unwrap_or_else(PoisonError::into_inner);
        mail.add(number, message)
    }

    fn take_mail(&self) -> Mail {
        std::mem::take(&mut *self.mail.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Connection {
    number: u64,
    stream: UnixStream,
    /// Id of the last record that was sent over it.
    sent: u64,
}

struct Worker {
    config: LinkConfig,
    boot: String,
    spool: Spool,
    back: SyncSender<Order>,
    looks: SyncSender<()>,
    shared: Arc<Shared>,
    damaged: BTreeSet<Digest>,
    connection: Option<Connection>,
    connections: u64,
    backoff: Backoff,
    retry_at: Instant,
}

impl Worker {
    fn new(
        config: LinkConfig,
        back: SyncSender<Order>,
        looks: SyncSender<()>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            boot: boot::boot_id().unwrap_or_default(),
            spool: Spool::open(&config.spool_dir, LIMIT_BYTES),
            config,
            back,
            looks,
            shared,
            damaged: BTreeSet::new(),
            connection: None,
            connections: 0,
            backoff: Backoff::new(100, 3_000),
            retry_at: Instant::now(),
        }
    }

    fn run(mut self, orders: &Receiver<Order>) {
        let mut going_on = true;
        while going_on {
            if self.connection.is_none() && Instant::now() >= self.retry_at {
                self.connect();
            }
            self.read_mail();
            self.send_all();
            match orders.recv_timeout(self.patience()) {
                Ok(order) => {
                    self.read_mail();
                    going_on = std::iter::once(order)
                        .chain(orders.try_iter())
                        .take(MAX_ORDERS)
                        .all(|order| self.obey(order));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => going_on = false,
            }
            self.spool
                .count_dropped(self.shared.lost.swap(0, Ordering::Relaxed));
            self.spool.sync();
        }
        self.send_all();
        self.disconnect();
    }

    /// Carries out one order; `false`: the link ends.
    fn obey(&mut self, order: Order) -> bool {
        match order {
            Order::Wake => {}
            Order::Record(stamp, body) => self.keep(stamp, body),
            Order::Damaged(asset) => {
                self.damaged.insert(asset);
            }
            Order::Lost(number) if self.is_current(number) => {
                tracing::info!("the agent is gone");
                self.disconnect();
            }
            Order::Lost(_) => {}
            Order::Stop => return false,
        }
        true
    }

    fn keep(&mut self, stamp: Stamp, body: RecordBody) {
        let bytes = serde_json::to_vec(&body).map_or(usize::MAX, |json| json.len());
        if bytes > frame::MAX_FRAME_BYTES - 1_024 {
            tracing::error!(bytes, "a record is too large for the link; it is dropped");
            self.spool.count_dropped(1);
        } else {
            self.spool.push(&self.boot, stamp, body);
        }
    }

    fn read_mail(&mut self) {
        let mail = self.shared.take_mail();
        let current = self.connection.as_ref();
        let Some(sent) = current.filter(|c| c.number == mail.number).map(|c| c.sent) else {
            return;
        };
        if let Some(id) = mail.stored {
            self.stored(id, sent);
        }
        if let Some(agent_version) = &mail.agent_version {
            tracing::info!(agent_version, "the agent is there");
            self.backoff.succeeded();
        }
        if mail.look || mail.agent_version.is_some() {
            self.look();
        }
    }

    /// Only what was sent can have been stored.
    fn stored(&mut self, id: u64, sent: u64) {
        if id <= sent {
            self.spool.stored(id);
        } else {
            tracing::warn!(id, sent, "the agent says it stored what it was never sent");
        }
    }

    fn look(&self) {
        if self.looks.try_send(()).is_err() {
            tracing::trace!("one look waits already, or nobody looks any more");
        }
    }

    fn is_current(&self, number: u64) -> bool {
        self.connection.as_ref().is_some_and(|c| c.number == number)
    }

    fn patience(&self) -> Duration {
        if self.connection.is_some() {
            IDLE
        } else {
            self.retry_at.saturating_duration_since(Instant::now())
        }
    }

    fn connect(&mut self) {
        self.connections += 1;
        let number = self.connections;
        match self.open(number) {
            Ok(stream) => {
                self.connection = Some(Connection {
                    number,
                    stream,
                    sent: 0,
                });
                self.shared.connected.store(true, Ordering::Relaxed);
                self.retry_later();
                self.tell_dropped();
                self.greet();
            }
            Err(error) => {
                tracing::debug!(socket = %self.config.socket.display(), %error, "the agent is not there");
                self.retry_later();
            }
        }
    }

    fn open(&self, number: u64) -> std::io::Result<UnixStream> {
        let stream = UnixStream::connect(&self.config.socket)?;
        stream.set_write_timeout(Some(WRITE_LIMIT))?;
        let mut source = std::io::BufReader::new(stream.try_clone()?);
        let (back, shared) = (self.back.clone(), Arc::clone(&self.shared));
        std::thread::Builder::new()
            .name("link-reader".to_owned())
            .spawn(move || {
                while let Ok(Some(message)) = frame::read(&mut source) {
                    if shared.put(number, message) {
                        // A full queue means that the worker is about to look anyway.
                        drop(back.try_send(Order::Wake));
                    }
                }
                // Nobody waits for it once the link has ended.
                drop(back.send(Order::Lost(number)));
            })?;
        Ok(stream)
    }

    fn greet(&mut self) {
        let hello = ScreenMessage::Hello {
            v: VERSION,
            kind: self.config.kind,
            pid: std::process::id(),
            spool: self.spool.name().to_owned(),
        };
        self.send(&hello);
    }

    fn tell_dropped(&mut self) {
        let count = self.spool.take_dropped();
        if count == 0 {
            return;
        }
        let stamp = Stamp {
            mono_ms: boot::since_boot_ms(),
            wall_ms: TimeMs(boot::wall_ms()),
            clock: ClockQuality::Untrusted,
        };
        let detail = [("count", count.to_string()), ("where", "spool".to_owned())];
        let event = Event::new(EventKind::RecordsDropped, detail);
        self.spool.push(&self.boot, stamp, RecordBody::Event(event));
    }

    fn send_all(&mut self) {
        if self.connection.is_none() {
            return;
        }
        let report = self
            .shared
            .report
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(report) = report {
            self.send(&ScreenMessage::Report(report));
        }
        for asset in std::mem::take(&mut self.damaged) {
            self.send(&ScreenMessage::Damaged { asset });
        }
        let until = Instant::now() + WRITE_LIMIT;
        while Instant::now() < until
            && let Some(message) = self.next_record()
        {
            self.send(&message);
        }
    }

    /// The next record that may be sent now.
    fn next_record(&mut self) -> Option<ScreenMessage> {
        let connection = self.connection.as_mut()?;
        if self.spool.waiting_upto(connection.sent) >= WINDOW {
            return None;
        }
        let record = self.spool.after(connection.sent)?.clone();
        connection.sent = record.id;
        Some(ScreenMessage::Record(record))
    }

    fn send(&mut self, message: &ScreenMessage) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        let frame = match frame::encode(message) {
            Ok(frame) => frame,
            Err(error) => {
                tracing::error!(%error, "a message is left out");
                return;
            }
        };
        if let Err(error) = connection.stream.write_all(&frame) {
            tracing::info!(%error, "the agent is gone");
            self.disconnect();
        }
    }

    fn disconnect(&mut self) {
        self.shared.connected.store(false, Ordering::Relaxed);
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.stream.shutdown(Shutdown::Both)
        {
            tracing::debug!(%error, "the connection was closed already");
        }
    }

    fn retry_later(&mut self) {
        let wait_ms = self.backoff.failed(boot::since_boot_ms());
        self.retry_at = Instant::now() + Duration::from_millis(wait_ms);
    }
}
