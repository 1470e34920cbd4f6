//! Runs every test that is numbered as an attack, and says who tried what and which check stopped it.

mod book;
mod numbered;
mod table;
mod tree;

pub use book::{Attack, Book};
pub use numbered::Numbered;

use anyhow::ensure;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// One attack number in one test that ran.
#[derive(Debug)]
struct Case<'b> {
    number: &'b str,
    attack: &'b Attack,
    test: &'b Numbered,
    stopped: bool,
}

/// Runs the attacks whose numbers begin with one of `wanted`, all if there is none, and prints what
/// became of them. The answer is whether every one was stopped.
///
/// # Errors
/// If the tests cannot be built or listed, if one has no entry in the book, or if none ran.
pub fn run(wanted: &[String]) -> anyhow::Result<bool> {
    let book = Book::read(&root().join("tests/attacks.toml"))?;
    let mut found = tree::numbered_tests(root())?;
    found.retain(|test| test.test.numbers.iter().any(|n| is_wanted(n, wanted)));
    ensure!(!found.is_empty(), "no numbered test answers to this");
    for test in &found {
        for number in &test.test.numbers {
            let known = book.attacks.contains_key(number);
            ensure!(
                known,
                "{}: {number} has no entry in tests/attacks.toml",
                test.test.name
            );
        }
    }
    let results = tree::run_all(&found, |done, failure| {
        complain(done);
        if let Some(output) = failure {
            complain(output);
        }
    });
    let cases = cases(&book, &found, &results, wanted);
    let failed = cases.iter().filter(|case| !case.stopped).count();
    say(&table::render(&book, &cases, wanted));
    say(&format!(
        "{} tests, {} cases: {} stopped, {failed} failed",
        found.len(),
        cases.len(),
        cases.len() - failed
    ));
    say(&report(&book, &cases, wanted).to_string());
    Ok(failed == 0)
}

/// The root of the tree.
#[must_use]
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// The names of every numbered test in the sources of the tree.
///
/// # Errors
/// If the files of the tree cannot be listed or read.
pub fn in_sources() -> anyhow::Result<Vec<(PathBuf, Numbered)>> {
    tree::in_sources(root())
}

fn cases<'b>(
    book: &'b Book,
    found: &'b [tree::Found],
    results: &[bool],
    wanted: &[String],
) -> Vec<Case<'b>> {
    let mut cases: Vec<Case<'b>> = Vec::new();
    for (test, stopped) in found.iter().zip(results) {
        for number in test.test.numbers.iter().filter(|n| is_wanted(n, wanted)) {
            if let Some((number, attack)) = book.attacks.get_key_value(number) {
                cases.push(Case {
                    number,
                    attack,
                    test: &test.test,
                    stopped: *stopped,
                });
            }
        }
    }
    cases.sort_by_key(|case| (book::order(case.number), &case.test.name));
    cases
}

fn report(book: &Book, cases: &[Case<'_>], wanted: &[String]) -> Value {
    let failed = cases.iter().filter(|case| !case.stopped).count();
    let rows: Vec<Value> = cases
        .iter()
        .map(|case| {
            json!({
                "number": case.number,
                "attacker": book.attacker(case.attack),
                "capability": case.attack.can,
                "tried": case.test.sentence,
                "stopped_by": case.attack.stopped_by,
                "stopped": case.stopped,
                "crate": case.test.place,
            })
        })
        .collect();
    let waiting: Vec<Value> = book
        .waiting()
        .filter(|(number, _)| is_wanted(number, wanted))
        .map(|(number, needs)| json!({ "number": number, "needs": needs }))
        .collect();
    json!({
        "attack": if wanted.is_empty() { "all".to_owned() } else { wanted.join(" ") },
        "passed": cases.len() - failed,
        "failed": failed,
        "cases": rows,
        "waiting": waiting,
    })
}

fn is_wanted(number: &str, wanted: &[String]) -> bool {
    let begins = |prefix: &String| number.starts_with(&prefix.to_ascii_uppercase());
    wanted.is_empty() || wanted.iter().any(begins)
}

/// Tells the person at the terminal what goes on, or went wrong.
#[allow(clippy::print_stderr, reason = "a program for people")]
pub fn complain(text: &str) {
    eprintln!("{text}");
}

#[allow(clippy::print_stdout, reason = "a program for people")]
fn say(text: &str) {
    println!("{text}");
}
