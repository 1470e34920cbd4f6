//! Up to which number a boot's records are complete. A hole stops the count, because a batch may
//! have overtaken another one. When a later heartbeat still brings records from behind the hole,
//! the device (which always sends its oldest records first) has nothing to fill it with: the hole
//! is noted as an event and the count goes on.

use super::{Note, integer, note};
use crate::store::row::number;
use cotmoc_proto::{BootId, DeviceId, TimeMs};
use rusqlite::{Connection, OptionalExtension as _, params};

struct Boot {
    upto: u64,
    /// The heartbeat that first showed a hole, and the last number known then.
    hole: Option<(String, u64)>,
}

/// Counts on as far as possible and returns how far.
pub(super) fn settle(
    connection: &Connection,
    device: &DeviceId,
    boot: &BootId,
    mark: &str,
    now: TimeMs,
) -> rusqlite::Result<u64> {
    let mut state = load(connection, device, boot)?;
    let mut statement = connection.prepare_cached(
        "SELECT seq FROM record WHERE device = ?1 AND boot = ?2 AND seq > ?3 ORDER BY seq",
    )?;
    let mut rows = statement.query(params![device.as_str(), boot.as_str(), integer(state.upto)])?;
    let confirmed = match &state.hole {
        Some((first_mark, last)) if first_mark != mark => *last,
        Some(_) | None => 0,
    };
    let mut open_hole = false;
    while let Some(row) = rows.next()? {
        let seq = number(row, "seq")?;
        if seq > state.upto + 1 {
            if seq > confirmed {
                open_hole = true;
                break;
            }
            note(
                connection,
                &missing(device, boot, state.upto + 1, seq - 1),
                now,
            )?;
        }
        state.upto = seq;
    }
    drop(rows);
    state.hole = if open_hole {
        let last = last_number(connection, device, boot)?;
        let kept = state.hole.filter(|(_, last)| *last > state.upto);
        Some(kept.unwrap_or_else(|| (mark.to_owned(), last)))
    } else {
        None
    };
    save(connection, device, boot, &state)?;
    Ok(state.upto)
}

fn missing(device: &DeviceId, boot: &BootId, from: u64, to: u64) -> Note {
    Note::about(
        device,
        "records-missing",
        [
            ("boot", boot.to_string()),
            ("from", from.to_string()),
            ("to", to.to_string()),
        ],
    )
}

fn last_number(connection: &Connection, device: &DeviceId, boot: &BootId) -> rusqlite::Result<u64> {
    connection.query_row(
        "SELECT max(seq) AS last FROM record WHERE device = ?1 AND boot = ?2",
        params![device.as_str(), boot.as_str()],
        |row| number(row, "last"),
    )
}

fn load(connection: &Connection, device: &DeviceId, boot: &BootId) -> rusqlite::Result<Boot> {
    let found = connection
        .prepare_cached("SELECT * FROM boot WHERE device = ?1 AND boot = ?2")?
        .query_row(params![device.as_str(), boot.as_str()], |row| {
            let mark: Option<String> = row.get("hole_mark")?;
            let hole = match mark {
                Some(mark) => Some((mark, number(row, "hole_upto")?)),
                None => None,
            };
            Ok(Boot {
                upto: number(row, "upto")?,
                hole,
            })
        })
        .optional()?;
    Ok(found.unwrap_or(Boot {
        upto: 0,
        hole: None,
    }))
}

fn save(
    connection: &Connection,
    device: &DeviceId,
    boot: &BootId,
    state: &Boot,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO boot (device, boot, upto, hole_mark, hole_upto)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (device, boot) DO UPDATE
             SET upto = excluded.upto, hole_mark = excluded.hole_mark,
                 hole_upto = excluded.hole_upto",
        )?
        .execute(params![
            device.as_str(),
            boot.as_str(),
            integer(state.upto),
            state.hole.as_ref().map(|(mark, _)| mark),
            state.hole.as_ref().map(|(_, last)| integer(*last))
        ])?;
    Ok(())
}
