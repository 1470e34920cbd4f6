//! Columns as typed values.

use cotmoc_proto::TimeMs;
use rusqlite::Row;
use rusqlite::types::Type;
use std::str::FromStr;

/// A text column that holds a `T`.
pub(super) fn parsed<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|error| broken(row, column, error))
}

/// A text column that holds a `T` or nothing.
pub(super) fn maybe_parsed<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    match row.get::<_, Option<String>>(column)? {
        Some(_) => parsed(row, column).map(Some),
        None => Ok(None),
    }
}

/// A number that is never negative.
pub(super) fn number(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|error| broken(row, column, error))
}

/// A number that is never negative and may be missing.
pub(super) fn maybe_number(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    match row.get::<_, Option<i64>>(column)? {
        Some(_) => number(row, column).map(Some),
        None => Ok(None),
    }
}

/// A point in time.
pub(super) fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<TimeMs> {
    row.get(column).map(TimeMs)
}

/// A point in time that may be missing.
pub(super) fn maybe_time(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<TimeMs>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(TimeMs))
}

/// A JSON column.
pub(super) fn json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| broken(row, column, error))
}

/// A number as SQLite keeps it; numbers past its range are held at the end of it.
pub(super) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn broken(
    row: &Row<'_>,
    column: &str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    let index = row.as_ref().column_index(column).unwrap_or_default();
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, Box::new(error))
}
