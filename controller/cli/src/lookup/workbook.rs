//! Reads the tables of a workbook (XLSX). What spreadsheets do to data behind people's backs is
//! named: formulas, merged cells, errors.

use super::csv::table;
use super::finding::{Findings, column_name};
use super::sheets::Sheet;
use super::tables::{Cell, Source, Tables};
use anyhow::{Context as _, Result};
use calamine::{Data, Dimensions, ExcelDateTime, Range, Reader as _, Xlsx};
use jiff::civil::DateTime;
use std::io::Cursor;

/// The tables of the workbook in `bytes`.
pub fn read(file: &str, bytes: &[u8], findings: &Findings) -> Result<Tables> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes))
        .with_context(|| format!("{file} is not a workbook (XLSX): save it as .xlsx or .csv"))?;
    let mut tables = Tables::default();
    for name in book.sheet_names() {
        let source = Source {
            file: file.to_owned(),
            sheet: name.clone(),
        };
        let Some(sheet) = Sheet::named(&name) else {
            unknown(&source, findings);
            continue;
        };
        let range = book
            .worksheet_range(&name)
            .with_context(|| format!("{file}: read the sheet {name}"))?;
        let formulas = book.worksheet_formula(&name).unwrap_or_default();
        let merged = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
        name_formulas(&source, &formulas, findings);
        name_merged(&source, &merged, findings);
        let lines = lines(&source, &range, findings);
        let rows = table(sheet, &source, lines, findings);
        tables.sheets.entry(sheet.key).or_default().extend(rows);
    }
    Ok(tables)
}

fn unknown(source: &Source, findings: &Findings) {
    // What the template and spreadsheets themselves add.
    if source.sheet.starts_with("guide") || source.sheet.starts_with("Sheet") {
        return;
    }
    let known: Vec<&str> = super::sheets::SHEETS
        .iter()
        .map(|sheet| sheet.key.as_str())
        .collect();
    let known = known.join(", ");
    findings.table(
        source,
        format!("không có bảng nào tên này, hãy đổi tên thành một trong: {known}"),
        format!("no table is called so, rename it to one of: {known}"),
    );
}

/// The lines that are not empty, each with its number.
fn lines(
    source: &Source,
    range: &Range<Data>,
    findings: &Findings,
) -> Vec<(usize, Vec<Option<Cell>>)> {
    let (top, left) = range.start().unwrap_or_default();
    let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
    let (top, left) = (place(top), place(left));
    let mut lines = Vec::new();
    for (index, row) in range.rows().enumerate() {
        let line = top + index + 1;
        let mut cells = vec![None; left];
        for (at, data) in row.iter().enumerate() {
            if let Data::Error(error) = data {
                findings.table(
                    source,
                    format!(
                        "ô {}{line} có lỗi {error}, hãy sửa hoặc xóa",
                        column_name(left + at)
                    ),
                    format!(
                        "cell {}{line} holds the error {error}, correct or clear it",
                        column_name(left + at)
                    ),
                );
            }
            cells.push(cell(data));
        }
        if cells.iter().any(Option::is_some) {
            lines.push((line, cells));
        }
    }
    lines
}

fn cell(data: &Data) -> Option<Cell> {
    match data {
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => {
            Some(Cell::Text(super::csv::composed(text)))
        }
        Data::Float(number) => Some(Cell::Number(*number)),
        Data::Int(number) => number.to_string().parse().ok().map(Cell::Number),
        Data::Bool(flag) => Some(Cell::Text(if *flag { "yes" } else { "no" }.to_owned())),
        Data::DateTime(moment) => moment_cell(moment),
        Data::Error(_) | Data::Empty => None,
    }
}

fn moment_cell(moment: &ExcelDateTime) -> Option<Cell> {
    let (year, month, day, hour, minute, _, _) = moment.to_ymd_hms_milli();
    if moment.is_duration() || moment.as_f64() < 1.0 {
        return Some(Cell::Time(u16::from(hour) * 60 + u16::from(minute)));
    }
    let small = |number: u8| i8::try_from(number).ok();
    let (year, month, day) = (i16::try_from(year).ok()?, small(month)?, small(day)?);
    let date = DateTime::new(year, month, day, small(hour)?, small(minute)?, 0, 0);
    date.ok().map(Cell::Date)
}

/// The point in time that a spreadsheet's number of days means: 45000 is 15/03/2023.
pub fn serial_date(days: f64) -> Option<DateTime> {
    let is_likely = (20_000.0..80_000.0).contains(&days);
    let moment = ExcelDateTime::new(days, calamine::ExcelDateTimeType::DateTime, false);
    match moment_cell(&moment).filter(|_cell| is_likely)? {
        Cell::Date(date) => Some(date),
        Cell::Text(_) | Cell::Number(_) | Cell::Time(_) => None,
    }
}

fn name_formulas(source: &Source, formulas: &Range<String>, findings: &Findings) {
    let (top, left) = formulas.start().unwrap_or_default();
    for (row, column, formula) in formulas.used_cells().filter(|(.., text)| !text.is_empty()) {
        let line = usize::try_from(top).unwrap_or_default() + row + 1;
        let column = column_name(usize::try_from(left).unwrap_or_default() + column);
        let formula: String = formula.chars().take(40).collect();
        findings.table(
            source,
            format!("ô {column}{line} có công thức (={formula}), hãy chép rồi dán giá trị vào đó"),
            format!("cell {column}{line} holds a formula (={formula}), copy and paste its value"),
        );
    }
}

fn name_merged(source: &Source, merged: &[Dimensions], findings: &Findings) {
    for Dimensions { start, end } in merged {
        let name = |(row, column): (u32, u32)| {
            let column = column_name(usize::try_from(column).unwrap_or_default());
            format!("{column}{}", row + 1)
        };
        let area = format!("{}:{}", name(*start), name(*end));
        findings.table(
            source,
            format!("các ô {area} bị gộp, hãy tách ra và điền từng ô"),
            format!("the cells {area} are merged, split them and fill in each"),
        );
    }
}
