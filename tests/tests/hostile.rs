//! What kills the wall again and again, and what keeps it from starting as it should: there is an
//! approved picture all the same.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_proto::Digest;
use cotmoc_proto::device::{EventKind, Showing};
use cotmoc_tests::programme::{GREY, colour, is_near, pictures};
use cotmoc_tests::wait::within;
use cotmoc_tests::{Programme, eventually};
use std::time::Duration;

/// The wall dies several times on the way, each time with everything it takes to start.
const LONG: Duration = Duration::from_secs(300);

/// Whether the wall that runs has noted that it decodes `asset` now; what the one before it has
/// noted says nothing of it.
fn decodes(programme: &Programme, asset: Digest) -> bool {
    let written = |name: &str| std::fs::metadata(programme.board.path(name))?.modified();
    match (written("wall.pid"), written("wall/trials")) {
        (Ok(started), Ok(noted)) if noted > started => {}
        _ => return false,
    }
    let notes = std::fs::read(programme.board.path("wall/trials")).unwrap_or_default();
    let notes: serde_json::Value = serde_json::from_slice(&notes).unwrap_or_default();
    let asset = serde_json::json!(asset);
    let decoding = notes.get("decoding").and_then(|list| list.as_array());
    decoding.is_some_and(|list| list.contains(&asset))
}

#[test]
fn b10_a_file_that_kills_the_process_whenever_it_is_decoded_ends_in_an_approved_picture() {
    let mut programme = Programme::on_air().unwrap();
    programme.board.wall.as_mut().unwrap().stop();
    programme.board.start_supervised_wall().unwrap();
    let red = programme.red.sha256;
    within(LONG, "the wall leaves out what it dies of", || {
        if decodes(&programme, red) {
            programme.board.kill_running_wall();
            return None;
        }
        let report = programme.lab.report("W01")?;
        let is_fallback = |show: &Showing| matches!(show, Showing::Fallback { .. });
        report.showing.iter().any(is_fallback).then_some(())
    });
    programme
        .lab
        .wait_for_event("W01", &EventKind::ItemFault, "process-died");
    eventually("and people see it", || {
        let newest = pictures(&programme.board).pop()?;
        is_near(colour(&newest), GREY).then_some(())
    });
}

#[test]
fn a_wall_whose_root_of_trust_is_damaged_shows_the_built_in_slide_and_starts_once_it_is_back() {
    let mut programme = Programme::on_air().unwrap();
    let path = programme.board.path("root.dsse");
    let root = std::fs::read(&path).unwrap();
    programme.board.wall.as_mut().unwrap().stop();
    std::fs::write(&path, root.get(..100).unwrap()).unwrap();
    programme.board.start_supervised_wall().unwrap();
    programme.board.wall.as_mut().unwrap().expect_errors();
    eventually("the wall has tried again", || {
        let said = programme.board.wall_log();
        said.contains("the wall still cannot start").then_some(())
    });
    let said = programme.board.wall_log();
    let slides = said.matches("it shows its built-in slide").count();
    assert_eq!(
        slides, 1,
        "one process holds the slide, none comes and goes"
    );
    std::fs::write(&path, root).unwrap();
    programme.assert_still_on_air(1);
}
