//! Records on their way to the controller: kept on disk, numbered, and removed only when the
//! controller has them. One thread owns the file; everybody else holds a handle.

mod schema;
mod store;

pub use store::{Item, Store, StoreError};

use crate::reporter::stamp_untrusted;
use cotmoc_link::Stamp;
use cotmoc_proto::device::{Event, EventKind, OutboxHealth, Record, RecordBody};
use cotmoc_proto::{BootId, Digest};
use cotmoc_service::boot;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

/// Records that are written in one transaction.
const MAX_GROUP: usize = 256;
/// Records that wait in memory for a disk that takes them.
const MAX_UNSAVED: usize = 10_000;
/// Receipts that wait in memory.
const MAX_RECEIPTS: usize = 256;
const RETRY: Duration = Duration::from_secs(2);

type OnStored = Box<dyn FnOnce() + Send>;
type MakeReceipt = Box<dyn FnMut(u64, Option<Digest>) -> Option<(String, Digest)> + Send>;

enum Order {
    Put(Box<Item>, Option<OnStored>),
    Receipt(Stamp, MakeReceipt),
    Batch(usize, usize, oneshot::Sender<Vec<Record>>),
    Ack(BTreeMap<BootId, u64>, oneshot::Sender<()>),
    Health(oneshot::Sender<OutboxHealth>),
    Boot(oneshot::Sender<BootId>),
    Flush(oneshot::Sender<()>),
}

/// A handle to the outbox. The outbox ends when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct Outbox {
    orders: Sender<Order>,
    urgent: Arc<Notify>,
}

impl Outbox {
    /// Starts the outbox in `folder`. Whatever is wrong with the file, there is an outbox
    /// afterwards; what was wrong is its first event.
    ///
    /// # Errors
    /// Only where the operating system gives no thread.
    pub fn start(folder: &Path, limit_bytes: u64) -> std::io::Result<Self> {
        let (orders, received) = channel();
        let urgent = Arc::new(Notify::new());
        let place = Place {
            path: folder.join("outbox.db"),
            kernel_boot: boot::boot_id().unwrap_or_default(),
            limit_bytes,
        };
        let bell = Arc::clone(&urgent);
        std::thread::Builder::new()
            .name("outbox".to_owned())
            .spawn(move || Keeper::new(place, bell).run(&received))?;
        Ok(Self { orders, urgent })
    }

    /// Adds a record of the agent.
    pub fn put(&self, stamp: Stamp, body: RecordBody) {
        let item = Item {
            source: None,
            boot: boot::boot_id().unwrap_or_default(),
            stamp,
            body,
        };
        self.order(Order::Put(Box::new(item), None));
    }

    /// Adds a record of a screen; `on_stored` is called once it is on the disk.
    pub fn put_from_screen(&self, item: Item, on_stored: impl FnOnce() + Send + 'static) {
        self.order(Order::Put(Box::new(item), Some(Box::new(on_stored))));
    }

    /// Adds the next receipt of the chain, again if the disk does not take it; see
    /// [`Store::add_receipt`].
    pub fn put_receipt<F>(&self, stamp: Stamp, make: F)
    where
        F: FnMut(u64, Option<Digest>) -> Option<(String, Digest)> + Send + 'static,
    {
        self.order(Order::Receipt(stamp, Box::new(make)));
    }

    /// The oldest records; see [`Store::batch`].
    pub async fn batch(&self, max_records: usize, max_bytes: usize) -> Vec<Record> {
        self.ask(|reply| Order::Batch(max_records, max_bytes, reply))
            .await
            .unwrap_or_default()
    }

    /// Removes what the controller has.
    pub async fn ack(&self, upto: BTreeMap<BootId, u64>) {
        self.ask(|reply| Order::Ack(upto, reply)).await;
    }

    /// How full the outbox is.
    pub async fn health(&self) -> OutboxHealth {
        self.ask(Order::Health).await.unwrap_or_default()
    }

    /// The name of this boot for the controller.
    pub async fn boot(&self) -> Option<BootId> {
        self.ask(Order::Boot).await
    }

    /// Returns once everything that was put before is on the disk, as far as the disk allows.
    pub async fn flush(&self) {
        self.ask(Order::Flush).await;
    }

    /// Returns once something was added that should travel at once.
    pub async fn urgent(&self) {
        self.urgent.notified().await;
    }

    async fn ask<T>(&self, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.order(order(reply));
        answer.await.ok()
    }

    fn order(&self, order: Order) {
        if self.orders.send(order).is_err() {
            tracing::error!("the outbox has ended");
        }
    }
}

struct Place {
    path: PathBuf,
    kernel_boot: String,
    limit_bytes: u64,
}

impl Place {
    fn open(&self) -> Result<Store, StoreError> {
        Store::open(Some(&self.path), &self.kernel_boot, self.limit_bytes)
    }

    fn in_memory(&self) -> Store {
        Store::open(None, &self.kernel_boot, self.limit_bytes)
            .expect("SQLite opens an empty database in memory")
    }

    /// Moves the file away, over what was moved away before.
    fn set_aside(&self) {
        for end in ["", "-wal", "-shm"] {
            let from = self.path.with_file_name(format!("outbox.db{end}"));
            let to = self.path.with_file_name(format!("outbox.damaged{end}"));
            if let Err(error) = std::fs::rename(&from, &to)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::error!(path = %from.display(), %error, "a damaged file could not be set aside");
            }
        }
    }
}

struct Keeper {
    place: Place,
    store: Store,
    urgent: Arc<Notify>,
    unsaved: VecDeque<(Item, Option<OnStored>)>,
    /// Receipts that the disk has not taken yet.
    receipts: VecDeque<(Stamp, MakeReceipt)>,
    /// Records that memory did not hold, not told of yet.
    forgotten: u64,
    failing: bool,
}

impl Keeper {
    fn new(place: Place, urgent: Arc<Notify>) -> Self {
        let mut keeper = Self {
            store: place.in_memory(),
            place,
            urgent,
            unsaved: VecDeque::new(),
            receipts: VecDeque::new(),
            forgotten: 0,
            failing: false,
        };
        match keeper.place.open() {
            Ok(store) => keeper.store = store,
            Err(error) => keeper.recover(&error),
        }
        keeper
    }

    fn run(mut self, orders: &Receiver<Order>) {
        loop {
            let patience = if self.unsaved.is_empty() && self.receipts.is_empty() {
                Duration::from_secs(3_600)
            } else {
                RETRY
            };
            match orders.recv_timeout(patience) {
                Ok(order) => self.obey(order, orders),
                Err(RecvTimeoutError::Timeout) => self.save_all(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.save_all();
    }

    /// Carries out `first`; puts that wait behind it are taken along in one transaction.
    fn obey(&mut self, first: Order, orders: &Receiver<Order>) {
        let mut next = Some(first);
        while let Some(order) = next.take() {
            if let Order::Put(item, on_stored) = order {
                self.unsaved.push_back((*item, on_stored));
                if self.unsaved.len() < MAX_GROUP {
                    next = orders.try_recv().ok();
                }
            } else {
                self.save();
                self.answer(order);
            }
        }
        self.save_all();
    }

    fn save_all(&mut self) {
        self.save();
        self.save_receipts();
    }

    fn answer(&mut self, order: Order) {
        let result = match order {
            Order::Put(..) => Ok(()),
            Order::Flush(reply) => {
                answer(reply, ());
                Ok(())
            }
            Order::Receipt(stamp, make) => {
                self.receipts.push_back((stamp, make));
                Ok(())
            }
            Order::Batch(records, bytes, reply) => self
                .store
                .batch(records, bytes)
                .map(|batch| answer(reply, batch)),
            Order::Ack(upto, reply) => self.store.ack(&upto).map(|()| answer(reply, ())),
            Order::Health(reply) => self.store.health().map(|health| answer(reply, health)),
            Order::Boot(reply) => {
                answer(reply, self.store.boot());
                Ok(())
            }
        };
        if let Err(error) = result {
            self.recover(&error);
        }
    }

    fn save(&mut self) {
        if self.unsaved.is_empty() {
            return;
        }
        let items: Vec<_> = self.unsaved.iter().map(|(item, _)| item).collect();
        match self.store.add(&items) {
            Ok(()) => self.saved(),
            Err(error) => {
                self.recover(&error);
                self.forget_samples();
            }
        }
    }

    /// In the order in which they were written: each names the one before.
    fn save_receipts(&mut self) {
        while let Some((stamp, make)) = self.receipts.front_mut() {
            if let Err(error) = self.store.add_receipt(*stamp, make) {
                self.recover(&error);
                break;
            }
            self.receipts.pop_front();
            self.urgent.notify_one();
            self.is_well_again();
        }
        while self.receipts.len() > MAX_RECEIPTS {
            self.receipts.pop_front();
        }
    }

    fn saved(&mut self) {
        let mut urgent = false;
        for (item, on_stored) in self.unsaved.drain(..) {
            urgent |= matches!(item.body, RecordBody::Event(_) | RecordBody::Receipt(_));
            if let Some(on_stored) = on_stored {
                on_stored();
            }
        }
        if urgent {
            self.urgent.notify_one();
        }
        let count = std::mem::take(&mut self.forgotten);
        if count > 0 {
            let detail = [("count", count.to_string()), ("where", "memory".to_owned())];
            self.tell(EventKind::RecordsDropped, detail);
        }
        self.is_well_again();
    }

    fn is_well_again(&mut self) {
        if std::mem::take(&mut self.failing) {
            tracing::info!("the outbox can be written again");
        }
    }

    /// A damaged file is set aside and a new one begun; any other failure is waited out.
    fn recover(&mut self, error: &StoreError) {
        let chain = error as &dyn std::error::Error;
        if !error.is_damage() {
            if !std::mem::replace(&mut self.failing, true) {
                tracing::error!(
                    error = chain,
                    "the outbox cannot be written; records wait in memory"
                );
                self.tell(EventKind::StorageFault, outbox(error));
            }
            return;
        }
        tracing::error!(error = chain, "the outbox is set aside and begun anew");
        self.store = self.place.in_memory();
        self.place.set_aside();
        match self.place.open() {
            Ok(store) => self.store = store,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the outbox is kept in memory only");
            }
        }
        self.tell(EventKind::IntegrityFault, outbox(error));
    }

    fn tell<const N: usize>(&mut self, kind: EventKind, detail: [(&str, String); N]) {
        let item = Item {
            source: None,
            boot: self.place.kernel_boot.clone(),
            stamp: stamp_untrusted(),
            body: RecordBody::Event(Event::new(kind, detail)),
        };
        self.unsaved.push_back((item, None));
    }

    /// The oldest samples give way first; events only to other events.
    fn forget_samples(&mut self) {
        while self.unsaved.len() > MAX_UNSAVED {
            let is_sample = |(item, _): &(Item, _)| !matches!(item.body, RecordBody::Event(_));
            let oldest = self.unsaved.iter().position(is_sample).unwrap_or(0);
            self.unsaved.remove(oldest);
            self.forgotten += 1;
        }
    }
}

/// What is wrong with the outbox, as an event tells it.
fn outbox(error: &StoreError) -> [(&'static str, String); 2] {
    [("what", "outbox".to_owned()), ("reason", error.to_string())]
}

fn answer<T>(reply: oneshot::Sender<T>, value: T) {
    if reply.send(value).is_err() {
        tracing::debug!("nobody waits for the outbox's answer any more");
    }
}

#[cfg(test)]
mod tests;
