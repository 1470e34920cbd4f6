//! The list of faults against the tests that it names.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_tests::attack::root;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    happens: String,
    holds: String,
    #[serde(default)]
    tests: Vec<String>,
    needs: Option<String>,
    open: Option<String>,
}

fn faults() -> BTreeMap<String, Fault> {
    let text = std::fs::read_to_string(root().join("tests/faults.toml")).unwrap();
    toml::from_str(&text).unwrap()
}

#[test]
fn the_list_has_every_fault_in_words() {
    let faults = faults();
    let numbers: Vec<String> = (1..=33).map(|number| format!("T{number:02}")).collect();
    assert!(faults.keys().eq(&numbers), "{:?}", faults.keys());
    for (number, fault) in &faults {
        assert!(
            !fault.happens.is_empty() && !fault.holds.is_empty(),
            "{number}"
        );
    }
}

#[test]
fn every_fault_has_tests_or_says_what_it_needs() {
    for (number, fault) in faults() {
        let is_tested = !fault.tests.is_empty();
        assert_ne!(
            is_tested,
            fault.needs.is_some(),
            "{number}: tests, or what it needs"
        );
        assert!(
            is_tested || fault.open.is_none(),
            "{number}: what is open beside its tests"
        );
    }
}

#[test]
fn every_test_that_the_list_names_exists() {
    for (number, fault) in faults() {
        for named in &fault.tests {
            let (file, test) = named.split_once(": ").unwrap();
            let text = std::fs::read_to_string(root().join(file));
            let text = text.unwrap_or_else(|error| panic!("{number}: {file}: {error}"));
            let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
            let declared = lines.iter().position(|line| {
                let line = line.strip_prefix("async ").unwrap_or(line);
                let name = line
                    .strip_prefix("fn ")
                    .and_then(|rest| rest.strip_prefix(test));
                name.is_some_and(|rest| rest.starts_with('('))
            });
            let at = declared.unwrap_or_else(|| panic!("{number}: {file} has no {test}"));
            let marked = lines
                .iter()
                .take(at)
                .rev()
                .take_while(|line| line.starts_with("#["));
            assert!(
                marked.clone().any(|line| line.contains("test")),
                "{number}: {test} is no test"
            );
        }
    }
}
