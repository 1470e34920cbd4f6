//! `cotmoc lookup template` and `export`: the workbook that agencies fill in, with every column
//! explained in both languages and lists to choose from.

use super::folder::Folder;
use super::rows;
use super::sheets::{Column, Form, SHEETS, Sheet};
use super::tables::{Row, Tables};
use crate::files;
use crate::out::Out;
use anyhow::{Context as _, Result};
use rust_xlsxwriter::{Color, DataValidation, Format, FormatAlign, Workbook, Worksheet, XlsxError};
use std::path::Path;

/// How far down cells are formatted and lists are offered.
const LAST_LINE: u32 = 20_003;
/// A list of words in a cell is no longer than this.
const MAX_LIST_CHARS: usize = 255;
const NARROW: f64 = 16.0;
const WIDE: f64 = 32.0;

/// Headings stand in the first line, explanations in the next two.
const HEADINGS: u32 = 0;
const FIRST: u32 = 3;

pub fn run(out: Out, file: &Path) -> Result<()> {
    write(file, &Tables::default(), true)?;
    out.say(out.either(
        &format!(
            "Đã ghi {}. Điền từ dòng 4; dòng bắt đầu bằng # là giải thích và được bỏ qua.",
            file.display()
        ),
        &format!(
            "Wrote {}. Fill in from line 4; lines that begin with # explain and are skipped.",
            file.display()
        ),
    ));
    out.document(&serde_json::json!({ "file": file }))?;
    Ok(())
}

pub fn export(out: Out, content: &Path, file: &Path) -> Result<()> {
    let content = Folder::new(content).content()?;
    write(file, &rows::of(&content, "content.json"), false)?;
    out.say(out.either(
        &format!("Đã ghi {}", file.display()),
        &format!("Wrote {}", file.display()),
    ));
    out.document(&serde_json::json!({ "file": file, "entries": content.entries.len() }))?;
    Ok(())
}

fn write(file: &Path, tables: &Tables, with_example: bool) -> Result<()> {
    let bytes = workbook(tables, with_example).context("make the workbook")?;
    files::create(file, 0o644, &bytes)
}

/// The workbook of `tables`.
pub fn workbook(tables: &Tables, with_example: bool) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    guide(book.add_worksheet())?;
    for (sheet, rows) in rows::by_sheet(tables) {
        let page = book.add_worksheet();
        page.set_name(sheet.key.as_str())?;
        head(page, sheet, with_example)?;
        fill(page, sheet, rows)?;
    }
    book.save_to_buffer()
}

/// What each table is for.
fn guide(page: &mut Worksheet) -> Result<(), XlsxError> {
    page.set_name("guide – hướng dẫn")?;
    page.set_column_width(0, NARROW)?;
    page.set_column_width(1, 3.0 * WIDE)?;
    page.set_column_width(2, 3.0 * WIDE)?;
    let bold = Format::new().set_bold();
    let lines = [
        (
            "",
            "Mỗi bảng một trang. Dòng 1 là tên cột, không sửa. Dòng bắt đầu bằng # là giải thích, máy bỏ qua. \
             Cột có dấu * phải điền. Không dùng công thức, không gộp ô.",
            "One sheet for each table. Line 1 names the columns, leave it. Lines that begin with # explain and \
             are skipped. Columns with * must be filled in. No formulas, no merged cells.",
        ),
        (
            "",
            "Xem thử: cotmoc lookup import TỆP --into THƯ-MỤC; ghi: thêm --apply. Có lỗi thì không ghi gì.",
            "To try: cotmoc lookup import FILE --into FOLDER; to write: add --apply. If anything is wrong, \
             nothing is written.",
        ),
    ];
    let sheets = SHEETS
        .iter()
        .map(|sheet| (sheet.key.as_str(), sheet.vi, sheet.en));
    for (line, (name, vi, en)) in (0..).zip(lines.into_iter().chain(sheets)) {
        page.write_string_with_format(line, 0, name, &bold)?;
        page.write_string(line, 1, vi)?;
        page.write_string(line, 2, en)?;
    }
    Ok(())
}

fn head(page: &mut Worksheet, sheet: &Sheet, with_example: bool) -> Result<(), XlsxError> {
    let bold = Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0x00DD_E8F0));
    let remark = Format::new()
        .set_italic()
        .set_text_wrap()
        .set_align(FormatAlign::Top)
        .set_font_color(Color::RGB(0x0055_5555));
    // Text, so that a spreadsheet keeps zeros, dates and codes as they are typed.
    let text = Format::new().set_num_format("@");
    let mut at = 0;
    for column in sheet.columns {
        for heading in column.headings() {
            let width = if matches!(column.form, Form::Localized) {
                WIDE
            } else {
                NARROW
            };
            page.set_column_width(at, width)?;
            page.set_column_format(at, &text)?;
            page.write_string_with_format(HEADINGS, at, &heading, &bold)?;
            let star = if column.must && !heading.ends_with(".zh") && !heading.ends_with(".en") {
                "* "
            } else {
                ""
            };
            let mark = if at == 0 { "# " } else { "" };
            let vi = format!("{mark}{star}{}", explained(column.vi, column));
            let en = format!("{mark}{star}{}", explained(column.en, column));
            page.write_string_with_format(1, at, vi, &remark)?;
            page.write_string_with_format(2, at, en, &remark)?;
            if with_example && !heading.ends_with(".zh") && !heading.ends_with(".en") {
                let example = format!("{mark}{}", column.example);
                page.write_string_with_format(FIRST, at, example, &remark)?;
            }
            choices(page, at, column)?;
            at += 1;
        }
    }
    page.set_freeze_panes(FIRST, 1)?;
    Ok(())
}

fn explained(text: &str, column: &Column) -> String {
    match column.form {
        Form::Text | Form::Localized => text.to_owned(),
        Form::Word(words) => format!("{text}: {}", words.join(", ")),
    }
}

/// A list to choose from, where the column takes words.
fn choices(page: &mut Worksheet, at: u16, column: &Column) -> Result<(), XlsxError> {
    let Form::Word(words) = column.form else {
        return Ok(());
    };
    if words.join(",").len() > MAX_LIST_CHARS {
        return Ok(());
    }
    let list = DataValidation::new().allow_list_strings(words)?;
    page.add_data_validation(FIRST, at, LAST_LINE, at, &list)?;
    Ok(())
}

fn fill(page: &mut Worksheet, sheet: &Sheet, rows: &[Row]) -> Result<(), XlsxError> {
    let headings = sheet.headings();
    for (line, row) in (FIRST..).zip(rows) {
        for (at, heading) in (0..).zip(&headings) {
            if let Some(text) = row.text(heading) {
                page.write_string(line, at, text)?;
            }
        }
    }
    Ok(())
}
