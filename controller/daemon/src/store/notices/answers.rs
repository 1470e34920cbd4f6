//! What comes back for notices: codes that people answer with, and reports of deliveries.

use super::{NewNotice, Note, NoticeRow, Store, StoreError, insert, integer, note, row_of};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{DAY, Millis};
use rusqlite::{Connection, params};

/// No code is given twice to one address within so long: an old answer must not fit a new notice.
pub(super) const CODE_REST: Millis = 30 * DAY;
/// How long a network may take to report.
const REPORT: Millis = 2 * DAY;

impl Store {
    /// Every notice since `since` that can be answered by a code, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn answerable(&self, since: TimeMs) -> Result<Vec<NoticeRow>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM notice WHERE code IS NOT NULL AND created_ms > ?1 ORDER BY id DESC",
            )?;
            let rows = statement.query_map([since.0], row_of)?;
            rows.collect()
        })
        .await
    }

    /// The notices of these routes that the provider took over under `reference` lately, the newest
    /// first. Of a text in parts the last part counts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn taken_over_as(
        &self,
        routes: Vec<String>,
        reference: u8,
        now: TimeMs,
    ) -> Result<Vec<NoticeRow>, StoreError> {
        let routes = serde_json::Value::from(routes).to_string();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM notice
                 WHERE accepted_ms > ?1 AND delivered_ms IS NULL AND state <> 'dead'
                   AND route IN (SELECT value FROM json_each(?2))
                   AND (provider_ref = ?3 OR provider_ref LIKE '%,' || ?3)
                 ORDER BY accepted_ms DESC",
            )?;
            let since = now.plus(-REPORT).0;
            let rows =
                statement.query_map(params![since, routes, reference.to_string()], row_of)?;
            rows.collect()
        })
        .await
    }

    /// The network says that it has arrived.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delivered(&self, id: u64, now: TimeMs) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "UPDATE notice SET delivered_ms = coalesce(delivered_ms, ?2) WHERE id = ?1",
                )?
                .execute(params![integer(id), now.0])
                .map(drop)
        })
        .await
    }

    /// The provider had taken it over and has given it up: that is noted, and `instead` takes its place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn returned(
        &self,
        id: u64,
        error: String,
        instead: Option<NewNotice>,
        now: TimeMs,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            let mut statement = connection.prepare_cached(
                "UPDATE notice SET state = 'dead', last_error = ?2, failed_ms = ?3
                 WHERE id = ?1 AND state = 'accepted' RETURNING key, route",
            )?;
            let mut rows = statement.query(params![integer(id), error, now.0])?;
            let Some(row) = rows.next()? else {
                return Ok(());
            };
            let detail = [
                ("key", row.get("key")?),
                ("route", row.get("route")?),
                ("error", error.clone()),
            ];
            note(connection, &Note::general("notice-returned", detail), now)?;
            match &instead {
                Some(instead) => insert(connection, instead, now).map(drop),
                None => Ok(()),
            }
        })
        .await
    }

    /// Notes an answer that counts for nothing, or anything else about ways out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_about_notices<const N: usize>(
        &self,
        kind: &'static str,
        detail: [(&'static str, String); N],
        now: TimeMs,
    ) -> Result<(), StoreError> {
        self.write(move |connection| note(connection, &Note::general(kind, detail), now))
            .await
    }
}

/// The first of these codes that the address has not been given lately.
pub(super) fn free_code(
    connection: &Connection,
    (codes, address): (&[String], &str),
    now: TimeMs,
) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM notice
                        WHERE code = ?1 AND address = ?2 AND created_ms > ?3)",
    )?;
    for code in codes {
        let is_taken = statement
            .query_row(params![code, address, now.plus(-CODE_REST).0], |row| {
                row.get::<_, bool>(0)
            })?;
        if !is_taken {
            return Ok(Some(code.clone()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::Digest;
    use std::time::Duration;

    fn notice(key: &str, codes: &[&str]) -> NewNotice {
        NewNotice {
            key: key.to_owned(),
            incident: "i1".to_owned(),
            stage: "operator".to_owned(),
            recipient: "duty".to_owned(),
            channel: "sms".to_owned(),
            route: "r".to_owned(),
            address: "+84900000000".to_owned(),
            subject: String::new(),
            body: "x".to_owned(),
            token_sha256: Digest::of(key.as_bytes()),
            codes: codes.iter().map(|&code| code.to_owned()).collect(),
            due_ms: TimeMs(0),
        }
    }

    #[tokio::test]
    async fn an_address_gets_no_code_twice_within_a_month_even_if_it_was_used() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).unwrap();
        let put = async |key: &str, codes: &[&str], at| {
            store
                .enqueue(vec![notice(key, codes)], TimeMs(at))
                .await
                .unwrap();
            let all = store.answerable(TimeMs(-1)).await.unwrap();
            let row = all.into_iter().find(|row| row.key == key)?;
            Some((row.code.unwrap(), row.id))
        };
        let (code, id) = put("a", &["1111"], 0).await.unwrap();
        assert_eq!(code, "1111");
        assert!(store.confirm(id, "x".to_owned(), TimeMs(1)).await.unwrap());
        assert_eq!(put("b", &["1111", "2222"], 5).await.unwrap().0, "2222");
        assert_eq!(put("c", &["1111", "2222"], 6).await, None);
        assert_eq!(put("d", &["1111"], CODE_REST).await.unwrap().0, "1111");
    }

    #[tokio::test]
    async fn a_report_finds_the_text_by_its_last_part_and_a_failure_is_handed_on_once() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("a.db")).unwrap();
        store
            .enqueue(vec![notice("a", &[])], TimeMs(0))
            .await
            .unwrap();
        let hold = Duration::from_secs(30);
        let id = store
            .lease("r".to_owned(), hold, TimeMs(1))
            .await
            .unwrap()
            .unwrap()
            .id;
        store
            .accepted(id, Some("16,17".to_owned()), TimeMs(2))
            .await
            .unwrap();
        let found = async |reference| {
            let rows = store
                .taken_over_as(vec!["r".to_owned()], reference, TimeMs(9))
                .await;
            rows.unwrap().len()
        };
        assert_eq!(
            (found(16).await, found(17).await, found(7).await),
            (0, 1, 0)
        );
        let instead = || {
            Some(NewNotice {
                route: "other".to_owned(),
                ..notice("b", &[])
            })
        };
        for _ in 0..2 {
            store
                .returned(id, "no".to_owned(), instead(), TimeMs(9))
                .await
                .unwrap();
        }
        let rows = store.notices(None, 10).await.unwrap();
        let states: Vec<_> = rows
            .iter()
            .map(|row| (&*row.key, row.state.as_str()))
            .collect();
        assert_eq!(states, [("b", "queued"), ("a", "dead")]);
        assert_eq!(found(17).await, 0);
    }
}
