//! What each wall presented, day by day: kept beside the records that say so, so that a year opens at
//! once. Records are laid over each other in the order in which they came.

use super::row::{integer, json, number, parsed, time};
use super::{Store, StoreError};
use cotmoc_controller_core::ledger::{Piece, Span, paint};
use cotmoc_proto::device::{ClockQuality, OnAir, RecordBody};
use cotmoc_proto::time::MINUTE;
use cotmoc_proto::window::{DayTime, Zone, next_day};
use cotmoc_proto::{DeviceId, TimeMs};
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::{BTreeMap, BTreeSet};

/// How many records are laid in one go.
const BATCH: u32 = 500;
/// An interval longer than this is cut: no board keeps more in its ledger.
const MOST_DAYS: usize = 40;
/// How far a device's clock may be ahead of what is known here.
const DOUBT: i64 = 5 * MINUTE;

/// What was laid in one go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Laid {
    /// The days of which something new is known.
    pub days: BTreeSet<(DeviceId, Date)>,
    /// Whether there may be more records.
    pub has_more: bool,
}

type Days = BTreeMap<(DeviceId, Date), Vec<Piece>>;

impl Store {
    /// Lays the records that are new, or the next of many.
    ///
    /// # Errors
    /// [`StoreError`]; then they are laid next time.
    pub async fn roll_up(&self, zone: Zone) -> Result<Laid, StoreError> {
        self.write(move |connection| roll_up(connection, &zone))
            .await
    }

    /// The first day of which records of `device` tell at all, and what they say of the local days from
    /// `first` to `last`, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn air(
        &self,
        device: DeviceId,
        first: Date,
        last: Date,
    ) -> Result<(Option<Date>, Vec<Piece>), StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT pieces FROM air_day
                 WHERE device = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day",
            )?;
            let days = params![device.as_str(), first.to_string(), last.to_string()];
            let rows = statement.query_map(days, |row| json::<Vec<Piece>>(row, "pieces"))?;
            let mut all = Vec::new();
            for pieces in rows {
                all.extend(pieces?);
            }
            Ok((first_day(connection, &device)?, all))
        })
        .await
    }
}

fn roll_up(connection: &Connection, zone: &Zone) -> rusqlite::Result<Laid> {
    let upto = connection
        .prepare_cached("SELECT record FROM air_upto")?
        .query_row([], |row| number(row, "record"))?;
    let mut days = Days::new();
    let mut newest = upto;
    let records = records(connection, upto)?;
    let has_more = u32::try_from(records.len()).is_ok_and(|count| count == BATCH);
    for (id, device, span) in records {
        newest = id;
        for (day, piece) in span.into_iter().flat_map(|piece| by_day(piece, zone)) {
            let key = (device.clone(), day);
            if !days.contains_key(&key) {
                let known = load(connection, &key)?;
                days.insert(key.clone(), known);
            }
            if let Some(pieces) = days.get_mut(&key) {
                paint(pieces, piece);
            }
        }
    }
    for (key, pieces) in &days {
        save(connection, key, pieces)?;
    }
    if newest > upto {
        connection
            .prepare_cached("UPDATE air_upto SET record = ?1")?
            .execute([integer(newest)])?;
    }
    Ok(Laid {
        days: days.into_keys().collect(),
        has_more,
    })
}

/// The next records of ledgers; those that nobody can place say nothing.
fn records(
    connection: &Connection,
    upto: u64,
) -> rusqlite::Result<Vec<(u64, DeviceId, Option<Piece>)>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, device, received_ms, body FROM record
         WHERE kind = 'on-air' AND device IS NOT NULL AND id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let rows = statement.query_map(params![integer(upto), BATCH], |row| {
        let piece = match json::<RecordBody>(row, "body") {
            Ok(RecordBody::OnAir(on_air)) => placed(&on_air, time(row, "received_ms")?),
            Ok(RecordBody::Event(_) | RecordBody::Aired(_) | RecordBody::Receipt(_)) | Err(_) => {
                None
            }
        };
        Ok((number(row, "id")?, parsed(row, "device")?, piece))
    })?;
    rows.collect()
}

/// Where an interval lies, if its clock can be believed; nothing is on air in the future.
fn placed(on_air: &OnAir, received: TimeMs) -> Option<Piece> {
    let to_ms = on_air.to_ms.min(received.plus(DOUBT));
    let is_placed = on_air.clock != ClockQuality::Untrusted && on_air.from_ms < to_ms;
    is_placed.then_some(Piece {
        from_ms: on_air.from_ms,
        to_ms,
        state: on_air.state,
    })
}

/// The parts of `piece` on each local day, the last ones if there are too many.
fn by_day(piece: Piece, zone: &Zone) -> Vec<(Date, Piece)> {
    let begin = |day| zone.at(day, DayTime::MIDNIGHT);
    let last = zone.date(piece.to_ms.plus(-1));
    let days = std::iter::successors(Some(last), |day| day.yesterday().ok());
    days.take(MOST_DAYS)
        .filter_map(|day| {
            let of_day = Span {
                from_ms: begin(day),
                to_ms: begin(next_day(day)),
            };
            let part = piece.span().common(of_day)?;
            let part = Piece {
                from_ms: part.from_ms,
                to_ms: part.to_ms,
                ..piece
            };
            Some((day, part))
        })
        .collect()
}

fn first_day(connection: &Connection, device: &DeviceId) -> rusqlite::Result<Option<Date>> {
    connection
        .prepare_cached("SELECT day FROM air_day WHERE device = ?1 ORDER BY day LIMIT 1")?
        .query_row([device.as_str()], |row| parsed(row, "day"))
        .optional()
}

fn load(connection: &Connection, (device, day): &(DeviceId, Date)) -> rusqlite::Result<Vec<Piece>> {
    let found = connection
        .prepare_cached("SELECT pieces FROM air_day WHERE device = ?1 AND day = ?2")?
        .query_row(params![device.as_str(), day.to_string()], |row| {
            json(row, "pieces")
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn save(
    connection: &Connection,
    (device, day): &(DeviceId, Date),
    pieces: &[Piece],
) -> rusqlite::Result<()> {
    let text = serde_json::to_string(pieces)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare_cached(
            "INSERT INTO air_day (device, day, pieces) VALUES (?1, ?2, ?3)
             ON CONFLICT (device, day) DO UPDATE SET pieces = excluded.pieces",
        )?
        .execute(params![device.as_str(), day.to_string(), text])?;
    Ok(())
}
