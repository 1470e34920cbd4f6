//! The same as tables for a spreadsheet: nothing in them is taken for a formula.

use super::{Asked, causes, duty, kind};
use crate::app::Shared;
use crate::console::frame::Problem;
use crate::console::session::SignedIn;
use crate::http::Params;
use crate::ledger;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use cotmoc_controller_core::ledger::{Quota, Why};
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_proto::window::OperatingWindow;

/// The days of the ledger, in minutes.
pub(super) async fn days(
    State(app): State<Shared>,
    _who: SignedIn,
    Params(asked): Params<Asked>,
) -> Result<Response, Problem> {
    let (only, days) = asked.read()?;
    let zone = OperatingWindow::default().zone;
    let mut table = Table::new(&[
        "Cụm",
        "Ngày",
        "Phải phát (phút)",
        "Đã phát (phút)",
        "Ngừng do sự cố (phút)",
        "Ngừng chưa rõ lý do (phút)",
        "Không có số liệu (phút)",
        "Thời lượng tối thiểu",
        "Sự cố",
    ]);
    for (cluster, ledger) in ledger::all(&app, only.as_ref(), days).await? {
        for day in &ledger.days {
            let of = |wanted: &str| minutes(day.missing_ms(|why| kind(why) == wanted));
            let incidents: Vec<&str> = day
                .missing
                .iter()
                .filter_map(|one| match &one.why {
                    Why::Incident(id) => Some(id.as_str()),
                    Why::Unexplained | Why::Unknown => None,
                })
                .collect();
            let quota = match day.quota {
                Quota::Kept => "đủ",
                Quota::Short => "thiếu",
                Quota::Open => "chưa xác định",
            };
            table.row(&[
                cluster.of.about.full(),
                zone.format(day.required.from_ms).chars().take(10).collect(),
                minutes(day.required.length_ms()),
                minutes(day.on_air_ms),
                of("incident"),
                of("unexplained"),
                of("unknown"),
                quota.to_owned(),
                incidents.join(" "),
            ]);
        }
    }
    Ok(table.answer("so-phat-song.csv"))
}

/// The figures of the book.
pub(super) async fn book(
    State(app): State<Shared>,
    _who: SignedIn,
    Params(asked): Params<Asked>,
) -> Result<Response, Problem> {
    let (only, days) = asked.read()?;
    let book = ledger::book(&app, only.as_ref(), days).await?;
    let mut table = Table::new(&["Mục", "Số sự cố", "Thời gian ngừng"]);
    for (cause, count, stopped) in causes(&book) {
        table.row(&[cause.vi, count.to_string(), stopped.vi]);
    }
    for (_, duty, count) in duty(&book) {
        table.row(&[duty.vi, count.to_string(), String::new()]);
    }
    Ok(table.answer("so-su-co.csv"))
}

fn minutes(length: Millis) -> String {
    (length / MINUTE).to_string()
}

/// A table as text, by RFC 4180, with a mark at its beginning by which spreadsheets know UTF-8.
#[derive(Debug)]
struct Table(String);

impl Table {
    fn new(headings: &[&str]) -> Self {
        let mut table = Self("\u{feff}".to_owned());
        table.row(
            &headings
                .iter()
                .map(|one| (*one).to_owned())
                .collect::<Vec<_>>(),
        );
        table
    }

    fn row(&mut self, cells: &[String]) {
        let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
        self.0.push_str(&cells.join(","));
        self.0.push_str("\r\n");
    }

    fn answer(self, name: &str) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}\""),
            ),
        ];
        (headers, self.0).into_response()
    }
}

/// A cell in quotes; what a spreadsheet would take for a formula begins with an apostrophe.
fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_leaves_its_quotes() {
        for (cell, expected) in [
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("-1+2", "\"'-1+2\""),
            ("\t=1", "\"'\t=1\""),
            ("Cụm, cửa khẩu", "\"Cụm, cửa khẩu\""),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }
}
