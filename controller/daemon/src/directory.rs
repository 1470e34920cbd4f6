//! Which key belongs to which device, in memory: every request of a device is checked against the
//! newest state, so that a revoked one is refused at once, also on a connection that is open.

use crate::store::{DeviceRow, DeviceState, Store, StoreError};
use cotmoc_proto::{DeviceId, Digest};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{Mutex, watch};

type ByKey = BTreeMap<Digest, Arc<DeviceRow>>;

/// The devices as they are now.
#[derive(Debug)]
pub struct Directory {
    by_key: watch::Sender<Arc<ByKey>>,
    loading: Mutex<()>,
}

impl Directory {
    /// Reads all devices.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        Ok(Self {
            by_key: watch::Sender::new(Arc::new(read(store).await?)),
            loading: Mutex::new(()),
        })
    }

    /// Reads all devices again, after one was changed.
    ///
    /// # Errors
    /// [`StoreError`]; the old state then goes on.
    pub async fn reload(&self, store: &Store) -> Result<(), StoreError> {
        let _one_at_a_time = self.loading.lock().await;
        self.by_key.send_replace(Arc::new(read(store).await?));
        Ok(())
    }

    /// The active device that has this key, or has it as its next.
    #[must_use]
    pub fn active(&self, spki_sha256: Digest) -> Option<Arc<DeviceRow>> {
        self.by_key
            .borrow()
            .get(&spki_sha256)
            .filter(|row| row.state == DeviceState::Active)
            .map(Arc::clone)
    }

    /// The device of this name.
    #[must_use]
    pub fn find(&self, device: &DeviceId) -> Option<Arc<DeviceRow>> {
        self.by_key
            .borrow()
            .values()
            .find(|row| row.device == *device)
            .map(Arc::clone)
    }

    /// Every device, by name.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<DeviceRow>> {
        let mut all: Vec<_> = self.by_key.borrow().values().map(Arc::clone).collect();
        all.sort_by(|a, b| a.device.cmp(&b.device));
        all.dedup_by(|a, b| a.device == b.device);
        all
    }

    /// Tells of every change.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Arc<ByKey>> {
        self.by_key.subscribe()
    }
}

async fn read(store: &Store) -> Result<ByKey, StoreError> {
    let rows = store.devices().await?;
    let mut by_key = ByKey::new();
    for row in rows {
        let row = Arc::new(row);
        if let Some(next) = &row.next {
            by_key.insert(next.spki_sha256, Arc::clone(&row));
        }
        by_key.insert(row.spki_sha256, row);
    }
    Ok(by_key)
}
