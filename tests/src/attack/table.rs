//! The table for people: attacker, capability, tried, stopped by, result.

use super::{Book, Case, is_wanted};

const HEAD: [&str; 6] = [
    "no.",
    "attacker",
    "capability",
    "tried",
    "stopped by",
    "result",
];
const WIDTHS: [usize; 6] = [3, 24, 32, 44, 36, 7];

/// All cases, then what cannot be tried yet.
pub(super) fn render(book: &Book, cases: &[Case<'_>], wanted: &[String]) -> String {
    let mut lines = row(&HEAD.map(str::to_owned));
    lines.push(WIDTHS.map(|width| "─".repeat(width)).join("  "));
    for case in cases {
        let result = if case.stopped { "stopped" } else { "FAILED" };
        let stopped_by = case.attack.stopped_by.clone().unwrap_or_default();
        lines.extend(row(&[
            case.number.to_owned(),
            book.attacker(case.attack),
            case.attack.can.clone(),
            case.test.sentence.clone(),
            stopped_by,
            result.to_owned(),
        ]));
    }
    lines.push(String::new());
    for (number, needs) in book
        .waiting()
        .filter(|(number, _)| is_wanted(number, wanted))
    {
        lines.push(format!("{number}  not tried yet: needs {needs}"));
    }
    lines.join("\n")
}

/// One row, each cell wrapped to its column.
fn row(cells: &[String; 6]) -> Vec<String> {
    let wrapped: Vec<Vec<String>> = cells
        .iter()
        .zip(WIDTHS)
        .map(|(cell, width)| wrap(cell, width))
        .collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
    let line = |at: usize| {
        let padded: Vec<String> = wrapped
            .iter()
            .zip(WIDTHS)
            .map(|(lines, width)| {
                let text = lines.get(at).map_or("", String::as_str);
                format!("{text:width$}")
            })
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}
