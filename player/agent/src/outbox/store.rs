//! The outbox on disk: one SQLite file, written by one thread.

use super::schema;
use cotmoc_link::Stamp;
use cotmoc_proto::device::{Event, EventKind, OutboxHealth, Record, RecordBody};
use cotmoc_proto::{BootId, Digest, TimeMs};
use ring::rand::{SecureRandom as _, SystemRandom};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Transaction, TransactionBehavior};
use std::collections::BTreeMap;
use std::path::Path;

/// Boots whose numbering is remembered although nothing of them waits.
const MAX_BOOTS: i64 = 32;
const MAX_SPOOLS: i64 = 32;

/// Why the outbox could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the outbox could not be opened")]
    Open(#[source] rusqlite::Error),
    #[error("the outbox is of version {found}; this program knows {known}")]
    Newer { found: i64, known: i64 },
    #[error("the outbox could not be brought up to date")]
    Migrate(#[source] rusqlite::Error),
    #[error("the outbox is damaged: {detail}")]
    Damaged { detail: String },
    #[error("records could not be added")]
    Add(#[source] rusqlite::Error),
    #[error("records could not be read")]
    Read(#[source] rusqlite::Error),
    #[error("acknowledged records could not be removed")]
    Remove(#[source] rusqlite::Error),
}

impl StoreError {
    /// Whether the file itself is of no use any more.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Newer { .. } | Self::Damaged { .. } => true,
            Self::Open(error)
            | Self::Migrate(error)
            | Self::Add(error)
            | Self::Read(error)
            | Self::Remove(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ),
        }
    }
}

/// A record before it has its number.
#[derive(Debug, Clone)]
pub struct Item {
    /// The spool it comes from and its id there; `None` for the agent's own.
    pub source: Option<(String, u64)>,
    /// The kernel's name for the boot that the stamp counts from.
    pub boot: String,
    pub stamp: Stamp,
    pub body: RecordBody,
}

/// The outbox file.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    generation: String,
    kernel_boot: String,
    limit_bytes: i64,
    bytes: i64,
}

impl Store {
    /// Opens the file `path`, or an outbox in memory.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(
        path: Option<&Path>,
        kernel_boot: &str,
        limit_bytes: u64,
    ) -> Result<Self, StoreError> {
        let connection = match path {
            Some(path) => Connection::open(path),
            None => Connection::open_in_memory(),
        };
        let mut connection = connection.map_err(StoreError::Open)?;
        prepare(&connection).map_err(StoreError::Open)?;
        check(&connection)?;
        schema::migrate(&mut connection)?;
        let generation = generation(&connection).map_err(StoreError::Open)?;
        let bytes = connection
            .query_row("SELECT COALESCE(SUM(bytes), 0) FROM record", (), |row| {
                row.get(0)
            })
            .map_err(StoreError::Open)?;
        Ok(Self {
            connection,
            generation,
            kernel_boot: kernel_boot.to_owned(),
            limit_bytes: int(limit_bytes),
            bytes,
        })
    }

    /// The name of this boot for the controller.
    #[must_use]
    pub fn boot(&self) -> BootId {
        self.boot_id(&self.kernel_boot)
            .or_else(|| self.boot_id("unknown"))
            .expect("eight hexadecimal digits after a word are a legal name")
    }

    /// Adds `items`, all of them or none; what a spool sent before is left out.
    ///
    /// # Errors
    /// [`StoreError::Add`].
    pub fn add(&mut self, items: &[&Item]) -> Result<(), StoreError> {
        let now = self.boot();
        let boots: Vec<_> = items
            .iter()
            .map(|item| self.boot_id(&item.boot).unwrap_or_else(|| now.clone()))
            .collect();
        let mut added = 0;
        let transaction = begin(&mut self.connection).map_err(StoreError::Add)?;
        for (item, boot) in items.iter().zip(boots) {
            if is_new(&transaction, item).map_err(StoreError::Add)? {
                added +=
                    insert(&transaction, &boot, item.stamp, &item.body).map_err(StoreError::Add)?;
            }
        }
        forget(&transaction).map_err(StoreError::Add)?;
        transaction.commit().map_err(StoreError::Add)?;
        self.bytes = self.bytes.saturating_add(added);
        self.make_room()
    }

    /// Adds the next receipt of the chain. `make` gets its number and the digest of the receipt
    /// before it; it returns the envelope and the digest of its payload.
    ///
    /// # Errors
    /// [`StoreError::Add`].
    pub fn add_receipt(
        &mut self,
        stamp: Stamp,
        make: impl FnOnce(u64, Option<Digest>) -> Option<(String, Digest)>,
    ) -> Result<(), StoreError> {
        let boot = self.boot();
        let transaction = begin(&mut self.connection).map_err(StoreError::Add)?;
        let fact = |name| fact(&transaction, name).map_err(StoreError::Add);
        let last: u64 = fact("receipt_n")?.and_then(|n| n.parse().ok()).unwrap_or(0);
        let prev = fact("receipt_prev")?.and_then(|digest| digest.parse().ok());
        let n = last.saturating_add(1);
        let Some((envelope, digest)) = make(n, prev) else {
            return Ok(());
        };
        let body = RecordBody::Receipt(envelope);
        let added = insert(&transaction, &boot, stamp, &body).map_err(StoreError::Add)?;
        set_fact(&transaction, "receipt_n", &n.to_string())
            .and_then(|()| set_fact(&transaction, "receipt_prev", &digest.to_string()))
            .and_then(|()| transaction.commit())
            .map_err(StoreError::Add)?;
        self.bytes = self.bytes.saturating_add(added);
        self.make_room()
    }

    /// The oldest records, numbered, at most `max_records` and about `max_bytes`.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub fn batch(
        &mut self,
        max_records: usize,
        max_bytes: usize,
    ) -> Result<Vec<Record>, StoreError> {
        let transaction = begin(&mut self.connection).map_err(StoreError::Read)?;
        let rows = oldest(&transaction, max_records).map_err(StoreError::Read)?;
        let (mut records, mut total, mut unreadable) = (Vec::new(), 0_usize, 0_i64);
        for row in rows {
            total = total.saturating_add(row.body.len() + 200);
            if total > max_bytes && !records.is_empty() {
                break;
            }
            match number(&transaction, &row).map_err(StoreError::Read)? {
                Some(record) => records.push(record),
                None => unreadable += row.bytes,
            }
        }
        transaction.commit().map_err(StoreError::Read)?;
        self.bytes = self.bytes.saturating_sub(unreadable);
        Ok(records)
    }

    /// Removes what the controller has: per boot every record up to a number.
    ///
    /// # Errors
    /// [`StoreError::Remove`].
    pub fn ack(&mut self, upto: &BTreeMap<BootId, u64>) -> Result<(), StoreError> {
        let transaction = begin(&mut self.connection).map_err(StoreError::Remove)?;
        for (boot, seq) in upto {
            transaction
                .execute(
                    "DELETE FROM record WHERE boot = ?1 AND seq <= ?2",
                    (boot.as_str(), int(*seq)),
                )
                .map_err(StoreError::Remove)?;
        }
        let bytes = transaction
            .query_row("SELECT COALESCE(SUM(bytes), 0) FROM record", (), |row| {
                row.get(0)
            })
            .map_err(StoreError::Remove)?;
        transaction.commit().map_err(StoreError::Remove)?;
        self.bytes = bytes;
        Ok(())
    }

    /// How full the outbox is.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub fn health(&self) -> Result<OutboxHealth, StoreError> {
        let waiting: i64 = self
            .connection
            .query_row("SELECT COUNT(*) FROM record", (), |row| row.get(0))
            .map_err(StoreError::Read)?;
        let dropped = fact(&self.connection, "dropped").map_err(StoreError::Read)?;
        Ok(OutboxHealth {
            waiting: waiting.unsigned_abs(),
            dropped: dropped.and_then(|count| count.parse().ok()).unwrap_or(0),
        })
    }

    /// Drops the oldest samples, then receipts, that were never sent, until a tenth is free.
    fn make_room(&mut self) -> Result<(), StoreError> {
        if self.bytes <= self.limit_bytes {
            return Ok(());
        }
        let boot = self.boot();
        let goal = self.limit_bytes / 10 * 9;
        let transaction = begin(&mut self.connection).map_err(StoreError::Add)?;
        let (count, freed) =
            drop_oldest(&transaction, self.bytes - goal).map_err(StoreError::Add)?;
        let mut added = 0;
        if count > 0 {
            let before: u64 = fact(&transaction, "dropped")
                .map_err(StoreError::Add)?
                .and_then(|count| count.parse().ok())
                .unwrap_or(0);
            let total = before.saturating_add(count).to_string();
            set_fact(&transaction, "dropped", &total).map_err(StoreError::Add)?;
            let detail = [("count", count.to_string()), ("where", "outbox".to_owned())];
            let body = RecordBody::Event(Event::new(EventKind::RecordsDropped, detail));
            let stamp = crate::reporter::stamp_untrusted();
            added = insert(&transaction, &boot, stamp, &body).map_err(StoreError::Add)?;
            tracing::warn!(count, "the outbox is full: the oldest samples are dropped");
        }
        transaction.commit().map_err(StoreError::Add)?;
        self.bytes = self.bytes - freed + added;
        Ok(())
    }

    fn boot_id(&self, kernel_boot: &str) -> Option<BootId> {
        format!("{kernel_boot}.{}", self.generation).parse().ok()
    }
}

struct Row {
    id: i64,
    boot: String,
    seq: Option<i64>,
    mono_ms: i64,
    wall_ms: i64,
    clock: String,
    bytes: i64,
    body: String,
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    connection.pragma_update(None, "journal_size_limit", 4 << 20)
}

fn check(connection: &Connection) -> Result<(), StoreError> {
    let detail: String = connection
        .query_row("PRAGMA quick_check(1)", (), |row| row.get(0))
        .map_err(StoreError::Open)?;
    if detail == "ok" {
        Ok(())
    } else {
        Err(StoreError::Damaged { detail })
    }
}

fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn generation(connection: &Connection) -> rusqlite::Result<String> {
    if let Some(generation) = fact(connection, "generation")? {
        return Ok(generation);
    }
    let mut bytes = [0_u8; 32];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        tracing::error!("the operating system gives no random numbers");
    }
    let generation: String = Digest::from_bytes(bytes)
        .to_string()
        .chars()
        .take(8)
        .collect();
    set_fact(connection, "generation", &generation)?;
    Ok(generation)
}

fn fact(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    connection
        .query_row("SELECT value FROM fact WHERE name = ?1", [name], |row| {
            row.get(0)
        })
        .optional()
}

fn set_fact(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    connection
        .execute(
            "INSERT INTO fact (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [name, value],
        )
        .map(drop)
}

/// Whether `item` was not added before; remembers it.
fn is_new(transaction: &Transaction<'_>, item: &Item) -> rusqlite::Result<bool> {
    let Some((spool, id)) = &item.source else {
        return Ok(true);
    };
    let changed = transaction.execute(
        "INSERT INTO spool (name, last_id) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET last_id = excluded.last_id
         WHERE excluded.last_id > last_id",
        (spool, int(*id)),
    )?;
    Ok(changed > 0)
}

/// Inserts a record and returns the bytes it is counted with.
fn insert(
    transaction: &Transaction<'_>,
    boot: &BootId,
    stamp: Stamp,
    body: &RecordBody,
) -> rusqlite::Result<i64> {
    let rank = match body {
        RecordBody::Aired(_) | RecordBody::OnAir(_) => 2,
        RecordBody::Receipt(_) => 1,
        RecordBody::Event(_) => 0,
    };
    let clock = json(&stamp.clock)?;
    let body = json(body)?;
    let bytes = i64::try_from(body.len())
        .unwrap_or(i64::MAX)
        .saturating_add(150);
    transaction
        .prepare_cached(
            "INSERT INTO record (boot, mono_ms, wall_ms, clock, rank, bytes, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
            boot.as_str(),
            int(stamp.mono_ms),
            stamp.wall_ms.0,
            clock,
            rank,
            bytes,
            body,
        ))?;
    Ok(bytes)
}

fn oldest(transaction: &Transaction<'_>, max_records: usize) -> rusqlite::Result<Vec<Row>> {
    let mut statement = transaction.prepare_cached(
        "SELECT id, boot, seq, mono_ms, wall_ms, clock, bytes, body
         FROM record ORDER BY id LIMIT ?1",
    )?;
    let limit = i64::try_from(max_records).unwrap_or(i64::MAX);
    let rows = statement.query_map([limit], |row| {
        Ok(Row {
            id: row.get(0)?,
            boot: row.get(1)?,
            seq: row.get(2)?,
            mono_ms: row.get(3)?,
            wall_ms: row.get(4)?,
            clock: row.get(5)?,
            bytes: row.get(6)?,
            body: row.get(7)?,
        })
    })?;
    rows.collect()
}

/// The record of `row` with its number, given now if it has none. What cannot be read is removed.
fn number(transaction: &Transaction<'_>, row: &Row) -> rusqlite::Result<Option<Record>> {
    let (Ok(boot), Ok(clock), Ok(body)) = (
        row.boot.parse::<BootId>(),
        serde_json::from_str(&row.clock),
        serde_json::from_str(&row.body),
    ) else {
        tracing::warn!(
            id = row.id,
            "a record of the outbox cannot be read; it is left out"
        );
        transaction.execute("DELETE FROM record WHERE id = ?1", [row.id])?;
        return Ok(None);
    };
    let seq = match row.seq {
        Some(seq) => seq,
        None => next_seq(transaction, row)?,
    };
    Ok(Some(Record {
        boot,
        seq: seq.unsigned_abs(),
        mono_ms: row.mono_ms.unsigned_abs(),
        wall_ms: TimeMs(row.wall_ms),
        clock,
        body,
    }))
}

fn next_seq(transaction: &Transaction<'_>, row: &Row) -> rusqlite::Result<i64> {
    let seq = transaction.query_row(
        "INSERT INTO boot (name, last_seq, id) VALUES (?1, 1, ?2)
         ON CONFLICT (name) DO UPDATE SET last_seq = last_seq + 1
         RETURNING last_seq",
        (&row.boot, row.id),
        |answer| answer.get(0),
    )?;
    transaction.execute("UPDATE record SET seq = ?1 WHERE id = ?2", (seq, row.id))?;
    Ok(seq)
}

fn drop_oldest(transaction: &Transaction<'_>, goal: i64) -> rusqlite::Result<(u64, i64)> {
    let mut statement = transaction.prepare_cached(
        "SELECT id, bytes FROM record WHERE seq IS NULL AND rank > 0 ORDER BY rank DESC, id",
    )?;
    let (mut count, mut freed) = (0, 0);
    let mut rows = statement.query(())?;
    while freed < goal {
        let Some(row) = rows.next()? else { break };
        let (id, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
        transaction.execute("DELETE FROM record WHERE id = ?1", [id])?;
        count += 1;
        freed += bytes;
    }
    Ok((count, freed))
}

/// Forgets boots and spools of long ago.
fn forget(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute(
        "DELETE FROM boot WHERE name NOT IN (SELECT boot FROM record)
         AND name NOT IN (SELECT name FROM boot ORDER BY id DESC LIMIT ?1)",
        [MAX_BOOTS],
    )?;
    transaction.execute(
        "DELETE FROM spool WHERE (SELECT COUNT(*) FROM spool) > ?1
         AND name = (SELECT name FROM spool ORDER BY last_id LIMIT 1)",
        [MAX_SPOOLS],
    )?;
    Ok(())
}

fn json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
