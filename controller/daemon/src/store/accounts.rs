//! Accounts of the console, and who has signed in.

use super::records::{Note, note};
use super::row::{maybe_time, number, parsed, time};
use super::{Store, StoreError};
use cotmoc_controller_core::role::{Handed, Role};
use cotmoc_proto::time::{HOUR, MINUTE, Millis};
use cotmoc_proto::{Digest, TimeMs};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

/// A shift: after it, everybody signs in again.
pub const SESSION_MS: Millis = 12 * HOUR;
/// A session that nobody uses for so long is over.
pub const IDLE_MS: Millis = 30 * MINUTE;

/// Somebody who may use the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    pub account: String,
    pub name: String,
    pub role: Role,
    /// What is kept of the password, as a PHC string.
    pub password: String,
    pub created_ms: TimeMs,
    /// In whose hands it was last besides its person's, and when.
    pub handed_by: String,
    pub handed_ms: TimeMs,
    /// Since when nobody signs in with it.
    pub disabled_ms: Option<TimeMs>,
}

/// A browser in which somebody has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    pub id: u64,
    pub begun_ms: TimeMs,
    pub seen_ms: TimeMs,
}

/// What an administrator changes about an account. Each ends its sessions.
#[derive(Debug, Clone)]
pub enum AccountChange {
    Password(String),
    Disabled,
    Enabled,
}

impl AccountRow {
    /// In whose hands it was last besides its person's.
    #[must_use]
    pub fn handed(&self) -> Handed<'_> {
        Handed {
            by: &self.handed_by,
            at: self.handed_ms,
        }
    }
}

impl Store {
    /// Whether somebody can keep the accounts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_administrator(&self) -> Result<bool, StoreError> {
        self.read(administrators).await.map(|count| count > 0)
    }

    /// Every account, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        self.read(|connection| {
            let mut all = connection.prepare_cached("SELECT * FROM account ORDER BY account")?;
            all.query_map([], account_of)?.collect()
        })
        .await
    }

    /// One account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account(&self, account: String) -> Result<Option<AccountRow>, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached("SELECT * FROM account WHERE account = ?1")?
                .query_row([account], account_of)
                .optional()
        })
        .await
    }

    /// Adds an account; whether the name was free. `only_first`: and there is no administrator yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_account(
        &self,
        row: AccountRow,
        by: String,
        only_first: bool,
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            if only_first && administrators(connection)? > 0 {
                return Ok(false);
            }
            let added = connection.execute(
                "INSERT OR IGNORE INTO account
                     (account, name, role, password, created_ms, handed_by, handed_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?5)",
                params![
                    row.account,
                    row.name,
                    row.role.as_str(),
                    row.password,
                    row.created_ms.0,
                    row.handed_by
                ],
            )?;
            if added == 1 {
                let role = row.role.as_str().to_owned();
                let detail = [("account", row.account), ("role", role), ("by", by)];
                note(
                    connection,
                    &Note::general("account-added", detail),
                    row.created_ms,
                )?;
            }
            Ok(added == 1)
        })
        .await
    }

    /// Changes an account and ends its sessions; whether it was there. The last administrator is not
    /// shut out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn change_account(
        &self,
        account: String,
        change: AccountChange,
        (by, now): (String, TimeMs),
    ) -> Result<bool, StoreError> {
        self.write(move |connection| {
            let (kind, rows) = match &change {
                AccountChange::Password(password) => (
                    "account-password",
                    connection.execute(
                        "UPDATE account SET password = ?2 WHERE account = ?1",
                        params![account, password],
                    )?,
                ),
                AccountChange::Enabled => (
                    "account-enabled",
                    connection.execute(
                        "UPDATE account SET disabled_ms = NULL WHERE account = ?1",
                        params![account],
                    )?,
                ),
                AccountChange::Disabled => (
                    "account-disabled",
                    connection.execute(
                        "UPDATE account SET disabled_ms = ?2 WHERE account = ?1
                         AND (role <> 'administrator' OR EXISTS (SELECT 1 FROM account
                              WHERE role = 'administrator' AND disabled_ms IS NULL AND account <> ?1))",
                        params![account, now.0],
                    )?,
                ),
            };
            let is_own = by == account;
            if rows == 1 && !is_own {
                connection.execute(
                    "UPDATE account SET handed_by = ?2, handed_ms = ?3 WHERE account = ?1",
                    params![account, by, now.0],
                )?;
            }
            if rows == 1 {
                connection.execute(
                    "UPDATE session SET ended_ms = ?2 WHERE account = ?1 AND ended_ms IS NULL",
                    params![account, now.0],
                )?;
                let detail = [("account", account), ("by", by)];
                note(connection, &Note::general(kind, detail), now)?;
            }
            Ok(rows == 1)
        })
        .await
    }

    /// Notes that somebody has signed in, with the digest of the secret that shows it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_session(
        &self,
        account: String,
        token_sha256: Digest,
        now: TimeMs,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            // What is long over is of no use to anybody.
            connection.execute(
                "DELETE FROM session WHERE begun_ms < ?1",
                [now.plus(-30 * SESSION_MS).0],
            )?;
            connection.execute(
                "INSERT INTO session (token_sha256, account, begun_ms, seen_ms)
                 VALUES (?1, ?2, ?3, ?3)",
                params![token_sha256.to_string(), account, now.0],
            )?;
            let detail = [("account", account)];
            note(connection, &Note::general("signed-in", detail), now)
        })
        .await
    }

    /// Whose session that is, if it still lasts at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session(
        &self,
        token_sha256: Digest,
        now: TimeMs,
    ) -> Result<Option<(SessionRow, AccountRow)>, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT * FROM session JOIN account USING (account)
                     WHERE token_sha256 = ?1 AND ended_ms IS NULL AND disabled_ms IS NULL
                     AND begun_ms > ?2 AND seen_ms > ?3",
                )?
                .query_row(
                    params![
                        token_sha256.to_string(),
                        now.plus(-SESSION_MS).0,
                        now.plus(-IDLE_MS).0
                    ],
                    |row| Ok((session_of(row)?, account_of(row)?)),
                )
                .optional()
        })
        .await
    }

    /// The sessions of an account that last at `now`, the newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sessions(
        &self,
        account: String,
        now: TimeMs,
    ) -> Result<Vec<SessionRow>, StoreError> {
        self.read(move |connection| {
            let mut all = connection.prepare_cached(
                "SELECT * FROM session WHERE account = ?1 AND ended_ms IS NULL
                 AND begun_ms > ?2 AND seen_ms > ?3 ORDER BY id DESC",
            )?;
            let since = (now.plus(-SESSION_MS).0, now.plus(-IDLE_MS).0);
            all.query_map(params![account, since.0, since.1], session_of)?
                .collect()
        })
        .await
    }

    /// Notes that a session is in use.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch_session(&self, id: u64, now: TimeMs) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute(
                "UPDATE session SET seen_ms = ?2 WHERE id = ?1",
                params![super::row::integer(id), now.0],
            )?;
            Ok(())
        })
        .await
    }

    /// Ends a session of the account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_session(
        &self,
        id: u64,
        account: String,
        now: TimeMs,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute(
                "UPDATE session SET ended_ms = ?3
                 WHERE id = ?1 AND account = ?2 AND ended_ms IS NULL",
                params![super::row::integer(id), account, now.0],
            )?;
            Ok(())
        })
        .await
    }
}

fn administrators(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row(
        "SELECT count(*) AS n FROM account WHERE role = 'administrator' AND disabled_ms IS NULL",
        [],
        |row| number(row, "n"),
    )
}

fn account_of(row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    Ok(AccountRow {
        account: row.get("account")?,
        name: row.get("name")?,
        role: parsed(row, "role")?,
        password: row.get("password")?,
        created_ms: time(row, "created_ms")?,
        handed_by: row.get("handed_by")?,
        handed_ms: time(row, "handed_ms")?,
        disabled_ms: maybe_time(row, "disabled_ms")?,
    })
}

fn session_of(row: &Row<'_>) -> rusqlite::Result<SessionRow> {
    Ok(SessionRow {
        id: number(row, "id")?,
        begun_ms: time(row, "begun_ms")?,
        seen_ms: time(row, "seen_ms")?,
    })
}
