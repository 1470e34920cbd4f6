//! The last heartbeat of every device: in memory, and every few seconds on the disk. A restart may
//! lose the last seconds of it; records are not here, they wait for their commit.

use crate::store::{SeenRow, Store, StoreError};
use cotmoc_proto::device::{ClockQuality, HostHealth, OutboxHealth, ScreenReport};
use cotmoc_proto::{BootId, DeviceId, TimeMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// What a device last said about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    pub boot: BootId,
    pub mono_ms: u64,
    pub wall_ms: TimeMs,
    pub clock: ClockQuality,
    pub host: HostHealth,
    pub outbox: OutboxHealth,
    pub screens: Vec<ScreenReport>,
}

/// A heartbeat and when it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub last_seen_ms: TimeMs,
    pub heartbeat: Heartbeat,
}

impl Seen {
    /// The oldest release that a screen of the device still runs.
    #[must_use]
    pub fn oldest_release(&self) -> Option<u64> {
        self.heartbeat.screens.iter().map(|s| s.release).min()
    }
}

#[derive(Debug)]
struct Slot {
    seen: Arc<Seen>,
    is_stored: bool,
}

/// The last heartbeats.
#[derive(Debug)]
pub struct Heartbeats {
    slots: watch::Sender<BTreeMap<DeviceId, Slot>>,
}

impl Heartbeats {
    /// Reads what was stored last. A heartbeat that this version cannot read is forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut slots = BTreeMap::new();
        for row in store.seen().await? {
            match serde_json::from_value(row.heartbeat) {
                Ok(heartbeat) => {
                    let seen = Arc::new(Seen {
                        last_seen_ms: row.last_seen_ms,
                        heartbeat,
                    });
                    let slot = Slot {
                        seen,
                        is_stored: true,
                    };
                    slots.insert(row.device, slot);
                }
                Err(error) => {
                    tracing::warn!(%error, device = %row.device, "a stored heartbeat is not understood");
                }
            }
        }
        Ok(Self {
            slots: watch::Sender::new(slots),
        })
    }

    /// Takes a heartbeat in.
    pub fn put(&self, device: &DeviceId, heartbeat: Heartbeat, now: TimeMs) {
        let seen = Arc::new(Seen {
            last_seen_ms: now,
            heartbeat,
        });
        let slot = Slot {
            seen,
            is_stored: false,
        };
        self.slots.send_modify(|slots| {
            slots.insert(device.clone(), slot);
        });
    }

    /// The last heartbeat of `device`.
    #[must_use]
    pub fn get(&self, device: &DeviceId) -> Option<Arc<Seen>> {
        self.slots.borrow().get(device).map(|s| Arc::clone(&s.seen))
    }

    /// Stores every heartbeat that is newer than what is stored.
    ///
    /// # Errors
    /// [`StoreError`]; the next flush then tries again.
    pub async fn flush(&self, store: &Store) -> Result<(), StoreError> {
        let waiting = self.waiting();
        if waiting.is_empty() {
            return Ok(());
        }
        let rows = waiting
            .iter()
            .filter_map(|(device, seen)| {
                Some(SeenRow {
                    device: device.clone(),
                    last_seen_ms: seen.last_seen_ms,
                    heartbeat: serde_json::to_value(&seen.heartbeat).ok()?,
                })
            })
            .collect();
        store.put_seen(rows).await?;
        self.slots.send_modify(|slots| {
            for (device, stored) in &waiting {
                if let Some(slot) = slots.get_mut(device) {
                    slot.is_stored = Arc::ptr_eq(&slot.seen, stored);
                }
            }
        });
        Ok(())
    }

    fn waiting(&self) -> Vec<(DeviceId, Arc<Seen>)> {
        self.slots
            .borrow()
            .iter()
            .filter(|(_, slot)| !slot.is_stored)
            .map(|(device, slot)| (device.clone(), Arc::clone(&slot.seen)))
            .collect()
    }
}
