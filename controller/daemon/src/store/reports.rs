//! Final reports and their papers: kept once, never changed.

use super::records::{Note, note};
use super::row::{parsed, time};
use super::{Store, StoreError};
use cotmoc_proto::{Digest, TimeMs};
use rusqlite::{OptionalExtension as _, Row, params};

/// As what a report is handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportForm {
    /// The signed report itself.
    Json,
    Pdf,
    Docx,
}

/// A final report, or a paper of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    pub incident: String,
    pub made_ms: TimeMs,
    /// Of the bytes.
    pub sha256: Digest,
    /// Of what the controller signed: what papers state.
    pub payload: Digest,
    pub bytes: Vec<u8>,
}

impl ReportForm {
    /// The ending of its files, and its name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
        }
    }
}

impl std::str::FromStr for ReportForm {
    type Err = UnknownForm;
    fn from_str(text: &str) -> Result<Self, UnknownForm> {
        let all = [Self::Json, Self::Pdf, Self::Docx];
        let found = all.into_iter().find(|form| form.as_str() == text);
        found.ok_or(UnknownForm)
    }
}

/// An ending that no report has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a report is json, pdf or docx")]
pub struct UnknownForm;

impl Store {
    /// Keeps what was made of an incident at its end; what is kept already stays as it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_report(&self, form: ReportForm, row: ReportRow) -> Result<(), StoreError> {
        self.write(move |connection| {
            let added = connection.execute(
                "INSERT OR IGNORE INTO report (incident, form, made_ms, sha256, payload, bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    row.incident,
                    form.as_str(),
                    row.made_ms.0,
                    row.sha256.to_string(),
                    row.payload.to_string(),
                    row.bytes
                ],
            )?;
            if added == 1 {
                let detail = [
                    ("incident", row.incident),
                    ("form", form.as_str().to_owned()),
                    ("sha256", row.sha256.to_string()),
                    ("payload_sha256", row.payload.to_string()),
                ];
                note(
                    connection,
                    &Note::general("report-kept", detail),
                    row.made_ms,
                )?;
            }
            Ok(())
        })
        .await
    }

    /// What is kept of an incident in that form.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn report(
        &self,
        incident: String,
        form: ReportForm,
    ) -> Result<Option<ReportRow>, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached("SELECT * FROM report WHERE incident = ?1 AND form = ?2")?
                .query_row([incident.as_str(), form.as_str()], row_of)
                .optional()
        })
        .await
    }

    /// The final report whose signed content has that digest.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn report_named(&self, payload: Digest) -> Result<Option<ReportRow>, StoreError> {
        self.read(move |connection| {
            connection
                .prepare_cached("SELECT * FROM report WHERE payload = ?1 AND form = 'json'")?
                .query_row([payload.to_string()], row_of)
                .optional()
        })
        .await
    }

    /// The incidents whose final report is kept.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reported(&self) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            let mut all =
                connection.prepare_cached("SELECT incident FROM report WHERE form = 'json'")?;
            all.query_map([], |row| row.get(0))?.collect()
        })
        .await
    }
}

fn row_of(row: &Row<'_>) -> rusqlite::Result<ReportRow> {
    Ok(ReportRow {
        incident: row.get("incident")?,
        made_ms: time(row, "made_ms")?,
        sha256: parsed(row, "sha256")?,
        payload: parsed(row, "payload")?,
        bytes: row.get("bytes")?,
    })
}
