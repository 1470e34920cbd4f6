//! Reads tables that are text (CSV), whatever a spreadsheet saved them as, and finds the columns of
//! a table by its headings.

use super::finding::Findings;
use super::sheets::Sheet;
use super::tables::{Cell, Row, Source};
use anyhow::{Context as _, Result};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1258};
use std::collections::BTreeMap;
use std::rc::Rc;
use unicode_normalization::UnicodeNormalization as _;

/// The lines of the table in `bytes`, which is the whole file, and the encoding if it had to be guessed.
pub fn read(file: &str, bytes: &[u8]) -> Result<(Lines, Option<&'static str>)> {
    let (text, guessed) = decoded(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(&text))
        .from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.with_context(|| format!("{file} is not a table (CSV)"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells: Vec<Option<Cell>> = record
            .iter()
            .map(|text| Some(text).filter(|text| !text.trim().is_empty()))
            .map(|text| text.map(|text| Cell::Text(composed(text))))
            .collect();
        if cells.iter().any(Option::is_some) {
            lines.push((usize::try_from(line).unwrap_or_default(), cells));
        }
    }
    Ok((lines, guessed))
}

/// Lines of cells, each with its number.
pub type Lines = Vec<(usize, Vec<Option<Cell>>)>;

/// The rows of a table under its headings, which are its first line that is not a remark.
pub fn table(sheet: &Sheet, source: &Source, lines: Lines, findings: &Findings) -> Vec<Row> {
    let mut lines = lines.into_iter().filter(|(_, cells)| !is_remark(cells));
    let Some((_, headings)) = lines.next() else {
        return Vec::new();
    };
    let columns = Rc::new(columns(sheet, source, &headings, findings));
    lines
        .map(|(line, cells)| Row {
            source: source.clone(),
            line,
            cells: columns
                .iter()
                .filter_map(|(heading, at)| Some((heading.clone(), cells.get(*at)?.clone()?)))
                .collect(),
            columns: columns.clone(),
        })
        .filter(|row| !row.cells.is_empty())
        .collect()
}

/// Text with composed letters and ordinary spaces: one letter is one character, however it was typed.
pub fn composed(text: &str) -> String {
    let plain = |c: char| if c == '\u{a0}' { ' ' } else { c };
    text.replace("\r\n", "\n")
        .chars()
        .map(plain)
        .nfc()
        .collect()
}

/// A line that begins with `#` explains.
fn is_remark(cells: &[Option<Cell>]) -> bool {
    let first = cells.iter().flatten().next();
    matches!(first, Some(Cell::Text(text)) if text.trim_start().starts_with('#'))
}

fn columns(
    sheet: &Sheet,
    source: &Source,
    headings: &[Option<Cell>],
    findings: &Findings,
) -> BTreeMap<String, usize> {
    let known = sheet.headings();
    let mut columns = BTreeMap::new();
    for (at, cell) in headings.iter().enumerate() {
        let Some(Cell::Text(text)) = cell else {
            continue;
        };
        let heading = text.trim().to_lowercase();
        if !known.contains(&heading) {
            let shown: String = heading.chars().take(40).collect();
            let list = known.join(", ");
            findings.table(
                source,
                format!("không có cột {shown:?}, hãy dùng: {list}"),
                format!("there is no column {shown:?}, use: {list}"),
            );
        } else if columns.insert(heading.clone(), at).is_some() {
            findings.table(
                source,
                format!("cột {heading} có hai lần, hãy xóa một"),
                format!("the column {heading} is there twice, delete one"),
            );
        }
    }
    for column in sheet.columns.iter().filter(|column| column.must) {
        let heading = column.headings().into_iter().next().unwrap_or_default();
        if !columns.contains_key(&heading) {
            findings.table(
                source,
                format!("thiếu cột {heading}, hãy thêm vào dòng tiêu đề"),
                format!("the column {heading} is missing, add it to the headings"),
            );
        }
    }
    columns
}

/// The text, and what it was taken for if nothing in it says what it is.
fn decoded(bytes: &[u8]) -> (String, Option<&'static str>) {
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = marked.unwrap_or(UTF_8);
    let (text, _, is_damaged) = encoding.decode(bytes);
    if marked.is_some() || !is_damaged {
        return (text.into_owned(), None);
    }
    let (text, _) = WINDOWS_1258.decode_without_bom_handling(bytes);
    (text.into_owned(), Some("Windows-1258"))
}

/// What separates the cells: spreadsheets take a semicolon where the comma is in numbers.
fn delimiter(text: &str) -> u8 {
    let line = text
        .lines()
        .find(|line| !line.trim_start().starts_with('#'));
    let line = line.unwrap_or_default();
    let count = |c: char| line.chars().filter(|found| *found == c).count();
    let candidates = [(b',', count(',')), (b';', count(';')), (b'\t', count('\t'))];
    let most = candidates.into_iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(delimiter, _)| delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> Vec<Vec<String>> {
        let (lines, _) = read("x.csv", bytes).unwrap();
        let text = |cell: Option<Cell>| match cell {
            Some(Cell::Text(text)) => text,
            other => format!("{other:?}"),
        };
        lines
            .into_iter()
            .map(|(_, cells)| cells.into_iter().map(text).collect())
            .collect()
    }

    #[test]
    fn the_same_table_is_read_whatever_it_was_saved_as() {
        let table = "entry;text;kind\nnha-tho;Nhà thờ Đá, cổ;abbreviation\n";
        let want = texts(table.as_bytes());
        assert_eq!(want[1], ["nha-tho", "Nhà thờ Đá, cổ", "abbreviation"]);
        let marked = [b"\xef\xbb\xbf".as_slice(), table.as_bytes()].concat();
        let wide = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let units = std::iter::once(0xfeff).chain(table.encode_utf16());
            units.flat_map(bytes).collect()
        };
        let taken_apart: String = table.nfd().collect();
        let comma = table
            .replace("Nhà thờ Đá, cổ", "\"Nhà thờ Đá, cổ\"")
            .replace(';', ",");
        let windows = table.replace('\n', "\r\n");
        for bytes in [
            marked,
            wide(u16::to_le_bytes),
            wide(u16::to_be_bytes),
            taken_apart.into_bytes(),
            comma.into_bytes(),
            windows.into_bytes(),
            table.replace(';', "\t").into_bytes(),
        ] {
            assert_eq!(texts(&bytes), want);
        }
    }

    #[test]
    fn the_code_page_of_old_vietnamese_windows_is_guessed_and_named() {
        // "Nhà thờ" in Windows-1258: the grave accent is a character of its own behind its letter.
        let bytes = b"entry,text\nx,Nh\xe0 th\xf5\xcc\n";
        let (lines, guessed) = read("x.csv", bytes).unwrap();
        assert_eq!(guessed, Some("Windows-1258"));
        assert_eq!(lines[1].1[1], Some(Cell::Text("Nhà thờ".to_owned())));
    }
}
