//! Between the senders and the outbox: what is taken from it and marked in it, also while the disk takes
//! nothing. Then it goes from memory, and the outbox catches up before anything is taken from it again.

use super::memory::Memory;
use super::{Enqueued, Notices, Order};
use crate::clock;
use crate::store::{Fate, NewNotice, NoticeRow, StoreError};
use cotmoc_proto::time::Millis;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the disk did not take.
#[derive(Debug, Default)]
pub struct Behind {
    memory: Mutex<Memory>,
    /// Whoever catches up, or takes from memory, does it alone.
    turn: tokio::sync::Mutex<()>,
}

impl Behind {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Notices {
    /// Takes the notice of the route that has been due the longest, and holds it.
    pub(super) async fn take(
        &self,
        route: &str,
        hold: Duration,
    ) -> Result<Option<NoticeRow>, StoreError> {
        let is_behind = !self.behind.memory().is_empty();
        if !is_behind {
            match self.store.lease(route.to_owned(), hold, clock::now()).await {
                Err(error) if error.is_of_the_disk() => {}
                other => return other,
            }
        }
        let turn = self.behind.turn.lock().await;
        if self.catch_up().await.is_ok() {
            drop(turn);
            return self.store.lease(route.to_owned(), hold, clock::now()).await;
        }
        let now = clock::now();
        let due = self.store.due(route.to_owned(), hold, now).await;
        let mut memory = self.behind.memory();
        match due {
            Ok(rows) => memory.adopt(rows),
            Err(error) => {
                tracing::error!(%error, route, "the outbox cannot be read either; only what is in memory is sent");
            }
        }
        let hold = Millis::try_from(hold.as_millis()).unwrap_or(Millis::MAX);
        Ok(memory.lease(route, hold, now))
    }

    /// Stores what happened meanwhile. With nothing to store, whether anything can be stored.
    async fn catch_up(&self) -> Result<(), StoreError> {
        let snapshot = self.behind.memory().snapshot();
        if snapshot.all.is_empty() {
            return self.store.probe(clock::now()).await;
        }
        let sent = snapshot.all.len();
        self.store
            .catch_up(snapshot.all.clone(), clock::now())
            .await?;
        self.behind.memory().forget(&snapshot);
        tracing::warn!(
            notices = sent,
            "the disk takes notices again; what became of them meanwhile is stored"
        );
        Ok(())
    }

    /// Writes down what became of a notice, or remembers it until that can be done.
    pub(super) async fn mark(
        &self,
        notice: &NoticeRow,
        fate: Fate,
        error: Option<String>,
    ) -> Result<(), StoreError> {
        if !self.behind.memory().holds(&notice.key) {
            match self.mark_stored(notice, fate.clone(), error.clone()).await {
                Err(error) if error.is_of_the_disk() => {}
                other => return other,
            }
        }
        let instead = match &fate {
            Fate::Dead { instead, .. } => instead.clone(),
            Fate::Waiting { .. } | Fate::Leased { .. } | Fate::Accepted { .. } => None,
        };
        let mut memory = self.behind.memory();
        memory.mark(notice, fate, error);
        if let Some(instead) = instead {
            memory.add(*instead, clock::now());
        }
        Ok(())
    }

    async fn mark_stored(
        &self,
        notice: &NoticeRow,
        fate: Fate,
        error: Option<String>,
    ) -> Result<(), StoreError> {
        let (id, error) = (notice.id, error.unwrap_or_default());
        match fate {
            Fate::Waiting { due_ms } => self.store.failed(id, error, (due_ms, clock::now())).await,
            Fate::Leased { .. } => Ok(()),
            Fate::Accepted {
                at_ms,
                reference,
                confirmed_by,
            } => {
                self.store.accepted(id, reference, at_ms).await?;
                match confirmed_by {
                    Some(by) => self.store.confirm(id, by, at_ms).await.map(drop),
                    None => Ok(()),
                }
            }
            Fate::Dead { at_ms, instead } => {
                self.store
                    .dead(id, error, instead.map(|boxed| *boxed), at_ms)
                    .await
            }
        }
    }

    /// Adds a notice that takes the place of another, if it is not there yet.
    pub(super) async fn add(&self, notice: NewNotice) -> Result<(), StoreError> {
        let (now, route) = (clock::now(), notice.route.clone());
        match self.store.enqueue(vec![notice.clone()], now).await {
            Err(error) if error.is_of_the_disk() => {
                self.behind.memory().add(notice, now);
            }
            other => drop(other?),
        }
        if let Some(route) = self.route(&route) {
            route.news.notify_one();
        }
        Ok(())
    }

    /// Stores notices durably; while the disk takes nothing, keeps them in memory. They are sent in any
    /// case, each once.
    ///
    /// # Errors
    /// [`StoreError`], if it is not the disk that fails; then they are to be handed in again.
    pub async fn enqueue_in_any_case(&self, orders: Vec<Order>) -> Result<Enqueued, StoreError> {
        match self.enqueue(orders.clone()).await {
            Err(error) if error.is_of_the_disk() => {
                tracing::error!(%error, "notices cannot be stored; they are sent from memory");
                Ok(self.hold(orders).await)
            }
            other => other,
        }
    }

    async fn hold(&self, orders: Vec<Order>) -> Enqueued {
        let now = clock::now();
        let (notices, refused) = self.written(orders);
        let keys = notices.iter().map(|notice| notice.key.clone()).collect();
        // What cannot be looked up is sent rather than not.
        let known = self.store.known(keys).await.unwrap_or_default();
        let known: BTreeSet<String> = known.into_iter().collect();
        let is_new = |notice: &NewNotice| !known.contains(&notice.key);
        let new = {
            let mut memory = self.behind.memory();
            let new = notices.into_iter().filter(is_new);
            new.filter(|notice| memory.add(notice.clone(), now)).count()
        };
        for route in &self.routes {
            route.news.notify_one();
        }
        Enqueued { new, refused }
    }
}
