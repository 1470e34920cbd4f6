//! The chain of a device's receipts: each names the one before it; where it does not, an event
//! says so.

use super::{NewRecord, Note, integer, note};
use crate::store::row::{number, parsed};
use cotmoc_proto::{DeviceId, Digest, TimeMs};
use rusqlite::{Connection, OptionalExtension as _, params};

/// What checking a receipt gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptFacts {
    /// Signed by the device's key.
    Signed {
        n: u64,
        prev: Option<Digest>,
        payload_sha256: Digest,
    },
    /// Not a receipt of this device; the code says why.
    Refused { code: &'static str },
}

impl ReceiptFacts {
    /// `signed`, or the code of the refusal.
    #[must_use]
    pub const fn verdict(&self) -> &'static str {
        match self {
            Self::Signed { .. } => "signed",
            Self::Refused { code } => code,
        }
    }
}

/// Compares a new receipt with the one before it.
pub(super) fn follow(
    connection: &Connection,
    device: &DeviceId,
    record: &NewRecord,
    now: TimeMs,
) -> rusqlite::Result<()> {
    match &record.receipt {
        None => Ok(()),
        Some(ReceiptFacts::Refused { code }) => {
            let detail = [
                ("reason", (*code).to_owned()),
                ("boot", record.boot.to_string()),
                ("seq", record.seq.to_string()),
            ];
            note(
                connection,
                &Note::about(device, "receipt-refused", detail),
                now,
            )
        }
        Some(ReceiptFacts::Signed {
            n,
            prev,
            payload_sha256,
        }) => follow_signed(connection, device, (*n, *prev, *payload_sha256), now),
    }
}

fn follow_signed(
    connection: &Connection,
    device: &DeviceId,
    (n, prev, payload_sha256): (u64, Option<Digest>, Digest),
    now: TimeMs,
) -> rusqlite::Result<()> {
    let head: Option<(u64, Digest)> = connection
        .prepare_cached("SELECT * FROM receipt_head WHERE device = ?1")?
        .query_row([device.as_str()], |row| {
            Ok((number(row, "n")?, parsed(row, "payload_sha256")?))
        })
        .optional()?;
    let (expected, follows) = match head {
        Some((last, digest)) => (last + 1, n == last + 1 && prev == Some(digest)),
        None => (1, n == 1 && prev.is_none()),
    };
    if !follows {
        let detail = [("expected", expected.to_string()), ("found", n.to_string())];
        note(connection, &Note::about(device, "receipt-gap", detail), now)?;
    }
    connection
        .prepare_cached(
            "INSERT INTO receipt_head (device, n, payload_sha256) VALUES (?1, ?2, ?3)
             ON CONFLICT (device) DO UPDATE
             SET n = excluded.n, payload_sha256 = excluded.payload_sha256",
        )?
        .execute(params![
            device.as_str(),
            integer(n),
            payload_sha256.to_string()
        ])?;
    Ok(())
}
