//! The list of attacks against the tests that are numbered after them.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_tests::attack::{Book, in_sources, root};
use std::collections::BTreeSet;

/// Families and how far they go, of which each attack is tried now: signatures, rollback, time
/// without a beacon, takedown and override, media.
const TRIED_NOW: [(&str, std::ops::RangeInclusive<u32>); 5] = [
    ("S", 1..=16),
    ("R", 1..=15),
    ("F", 7..=13),
    ("D", 1..=10),
    ("B", 1..=11),
];

fn book() -> Book {
    Book::read(&root().join("tests/attacks.toml")).unwrap()
}

fn tested() -> BTreeSet<String> {
    let found = in_sources().unwrap();
    found
        .into_iter()
        .flat_map(|(_, test)| test.numbers)
        .collect()
}

#[test]
fn every_numbered_test_has_an_entry_in_the_list_of_attacks() {
    let book = book();
    for (file, test) in in_sources().unwrap() {
        for number in &test.numbers {
            let known = book.attacks.contains_key(number);
            assert!(known, "{}: {} is not listed", file.display(), test.name);
        }
    }
}

#[test]
fn every_attack_has_a_test_or_says_what_it_needs() {
    let tested = tested();
    for (number, attack) in &book().attacks {
        let is_tested = tested.contains(number);
        assert_ne!(
            is_tested,
            attack.needs.is_some(),
            "{number}: a test, or what it needs"
        );
        assert_eq!(
            is_tested,
            attack.stopped_by.is_some(),
            "{number}: what stops it"
        );
    }
}

#[test]
fn every_attack_on_content_roles_and_media_is_tried() {
    let tested = tested();
    for (family, numbers) in TRIED_NOW {
        for number in numbers.map(|number| format!("{family}{number:02}")) {
            assert!(tested.contains(&number), "{number} has no test");
        }
    }
}

#[test]
fn every_attacker_of_the_list_is_known() {
    let book = book();
    for (number, attack) in &book.attacks {
        assert!(
            book.attackers.contains_key(&attack.by),
            "{number}: {}",
            attack.by
        );
    }
}
