//! What became of a notice, marked after the fact, once.

use super::{NewNotice, Note, Store, StoreError, insert, integer, note};
use cotmoc_proto::TimeMs;
use rusqlite::params;

impl Store {
    /// The provider has taken the notice over.
    ///
    /// # Errors
    /// [`StoreError`]; then the notice is sent again.
    pub async fn accepted(
        &self,
        id: u64,
        provider_ref: Option<String>,
        now: TimeMs,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            // Whoever has confirmed it meanwhile has confirmed it.
            connection
                .prepare_cached(
                    "UPDATE notice
                     SET state = iif(state = 'confirmed', state, 'accepted'), lease_until_ms = NULL,
                         accepted_ms = coalesce(accepted_ms, ?2), provider_ref = ?3
                     WHERE id = ?1",
                )?
                .execute(params![integer(id), now.0, provider_ref])
                .map(drop)
        })
        .await
    }

    /// The attempt failed; the next one is at `due`.
    ///
    /// # Errors
    /// [`StoreError`]; then the next attempt is when the lease ends.
    pub async fn failed(
        &self,
        id: u64,
        error: String,
        (due, now): (TimeMs, TimeMs),
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "UPDATE notice
                     SET state = 'queued', lease_until_ms = NULL, due_ms = ?2, last_error = ?3,
                         failed_ms = ?4
                     WHERE id = ?1 AND state = 'leased'",
                )?
                .execute(params![integer(id), due.0, error, now.0])
                .map(drop)
        })
        .await
    }

    /// No attempt on its route can succeed: that is noted, and `instead` takes its place.
    ///
    /// # Errors
    /// [`StoreError`]; then all of it happens again.
    pub async fn dead(
        &self,
        id: u64,
        error: String,
        instead: Option<NewNotice>,
        now: TimeMs,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            let mut statement = connection.prepare_cached(
                "UPDATE notice
                 SET state = 'dead', lease_until_ms = NULL, last_error = ?2, failed_ms = ?3
                 WHERE id = ?1 AND state = 'leased' RETURNING key, route",
            )?;
            let mut rows = statement.query(params![integer(id), error, now.0])?;
            let Some(row) = rows.next()? else {
                return Ok(());
            };
            let detail = [
                ("key", row.get("key")?),
                ("route", row.get("route")?),
                ("error", error.clone()),
                (
                    "instead",
                    instead.as_ref().map_or("", |n| &n.route).to_owned(),
                ),
            ];
            note(connection, &Note::general("notice-dead", detail), now)?;
            match &instead {
                Some(instead) => insert(connection, instead, now).map(drop),
                None => Ok(()),
            }
        })
        .await
    }

    /// Somebody has removed the cause: the dead notices of `incident` whose route is among `known`
    /// are sent again. How many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revive(
        &self,
        incident: String,
        known: Vec<String>,
        now: TimeMs,
    ) -> Result<usize, StoreError> {
        let known = serde_json::Value::from(known).to_string();
        self.write(move |connection| {
            let revived = connection.execute(
                "UPDATE notice SET state = 'queued', due_ms = ?2
                 WHERE incident = ?1 AND state = 'dead'
                   AND route IN (SELECT value FROM json_each(?3))",
                params![incident, now.0, known],
            )?;
            let detail = [("incident", incident), ("notices", revived.to_string())];
            note(connection, &Note::general("notices-retried", detail), now)?;
            Ok(revived)
        })
        .await
    }

    /// A person has confirmed the notice; `false` if one had before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn confirm(&self, id: u64, by: String, now: TimeMs) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let mut statement = connection.prepare_cached(
                "UPDATE notice
                 SET state = 'confirmed', lease_until_ms = NULL, confirmed_ms = ?2, confirmed_by = ?3
                 WHERE id = ?1 AND confirmed_ms IS NULL RETURNING key",
            )?;
            let mut rows = statement.query(params![integer(id), now.0, by])?;
            let Some(row) = rows.next()? else {
                return Ok(false);
            };
            let detail = [("key", row.get("key")?), ("by", by.clone())];
            note(connection, &Note::general("notice-confirmed", detail), now)?;
            Ok(true)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::super::NoticeState;
    use super::*;
    use cotmoc_proto::Digest;
    use std::time::Duration;

    const HOLD: Duration = Duration::from_secs(30);
    const LEASE: i64 = 30_000;

    fn notice(key: &str, route: &str) -> NewNotice {
        NewNotice {
            key: key.to_owned(),
            incident: "i1".to_owned(),
            stage: "operator".to_owned(),
            recipient: "duty".to_owned(),
            channel: "sms".to_owned(),
            route: route.to_owned(),
            address: "+84900000000".to_owned(),
            subject: String::new(),
            body: "x".to_owned(),
            token_sha256: Digest::of(key.as_bytes()),
            codes: Vec::new(),
            due_ms: TimeMs(1_000),
        }
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).unwrap();
        (folder, store)
    }

    #[tokio::test]
    async fn a_key_is_stored_once_and_leased_to_one_worker_until_the_lease_ends() {
        let (_folder, store) = store();
        let both = vec![notice("a", "r"), notice("b", "other")];
        assert_eq!(store.enqueue(both.clone(), TimeMs(0)).await.unwrap(), 2);
        assert_eq!(store.enqueue(both, TimeMs(0)).await.unwrap(), 0);
        let lease = async |at| store.lease("r".to_owned(), HOLD, TimeMs(at)).await.unwrap();
        assert_eq!(lease(999).await, None);
        assert_eq!(lease(1_000).await.unwrap().attempts, 1);
        assert_eq!(lease(1_000 + LEASE - 1).await, None);
        assert_eq!(lease(1_000 + LEASE).await.unwrap().attempts, 2);
        assert_eq!(store.release_leases(TimeMs(2_000)).await.unwrap(), 1);
        assert_eq!(lease(2_000).await.unwrap().attempts, 3);
    }

    #[tokio::test]
    async fn a_clock_that_goes_back_hours_delays_no_repetition_and_holds_no_lease() {
        let (_folder, store) = store();
        let day = 86_400_000;
        store
            .enqueue(vec![notice("a", "r")], TimeMs(0))
            .await
            .unwrap();
        let lease = async |at| store.lease("r".to_owned(), HOLD, TimeMs(at)).await.unwrap();
        let leased = lease(day).await.unwrap();
        assert!(lease(day / 2).await.is_some(), "the lease is void");
        store
            .failed(
                leased.id,
                "no".to_owned(),
                (TimeMs(day + 60_000), TimeMs(day)),
            )
            .await
            .unwrap();
        assert!(lease(day / 2).await.is_some(), "the wait is void");
    }

    #[tokio::test]
    async fn what_is_dead_is_noted_and_another_takes_its_place_at_once_and_only_once() {
        let (_folder, store) = store();
        store
            .enqueue(vec![notice("a", "r")], TimeMs(0))
            .await
            .unwrap();
        let lease = async |route: &str| {
            let route = route.to_owned();
            store.lease(route, HOLD, TimeMs(1_000)).await.unwrap()
        };
        let id = lease("r").await.unwrap().id;
        for _ in 0..2 {
            let instead = Some(notice("a/second", "second"));
            store
                .dead(id, "550".to_owned(), instead, TimeMs(1_000))
                .await
                .unwrap();
        }
        assert_eq!(lease("r").await, None);
        assert_eq!(lease("second").await.unwrap().key, "a/second");
        let rows = store.notices(Some("i1".to_owned()), 10).await.unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1].state, NoticeState::Dead);
        assert_eq!(rows[1].last_error.as_deref(), Some("550"));
    }

    #[tokio::test]
    async fn a_notice_is_confirmed_once_and_stays_confirmed_when_the_provider_answers_late() {
        let (_folder, store) = store();
        store
            .enqueue(vec![notice("a", "r")], TimeMs(0))
            .await
            .unwrap();
        let id = store
            .lease("r".to_owned(), HOLD, TimeMs(1_000))
            .await
            .unwrap()
            .unwrap()
            .id;
        let confirm = async || store.confirm(id, "x".to_owned(), TimeMs(5)).await.unwrap();
        assert!(confirm().await);
        assert!(!confirm().await);
        store.accepted(id, None, TimeMs(9)).await.unwrap();
        let row = store.notice_of(Digest::of(b"a")).await.unwrap().unwrap();
        assert_eq!(row.state, NoticeState::Confirmed);
        assert_eq!(row.accepted_ms, Some(TimeMs(9)));
    }

    #[tokio::test]
    async fn what_waits_for_a_route_that_is_gone_is_dead_and_nothing_else_is() {
        let (_folder, store) = store();
        let both = vec![notice("a", "gone"), notice("b", "stays")];
        store.enqueue(both, TimeMs(0)).await.unwrap();
        let bury = async || {
            let known = vec!["stays".to_owned()];
            store.bury_unrouted(known, TimeMs(1)).await.unwrap()
        };
        assert_eq!(bury().await, 1);
        assert_eq!(bury().await, 0);
        let rows = store.notices(None, 10).await.unwrap();
        let states: Vec<_> = rows.iter().map(|row| (&*row.key, row.state)).collect();
        let expected = [("b", NoticeState::Queued), ("a", NoticeState::Dead)];
        assert_eq!(states, expected);
    }
}
