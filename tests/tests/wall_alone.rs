//! A wall with nobody else: what lies in its inbox, signed, is what it shows.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_proto::media::Mime;
use cotmoc_test_kit as kit;
use cotmoc_tests::board::{Board, deliver};
use cotmoc_tests::eventually;
use cotmoc_tests::programme::{GREEN, GREY, RED, colour, is_near, pictures, short};

#[test]
fn a_wall_without_agent_or_controller_shows_what_a_courier_delivered() {
    let dir = tempfile::tempdir().unwrap();
    let site = kit::Site::new();
    let mut board = Board::alone(dir.path(), site.identity("W01"), &site.factory_root()).unwrap();
    let media = board.path("media");
    let [red, green, grey] = [RED, GREEN, GREY]
        .map(|rgb| kit::media::put(&media, Mime::Png, &kit::media::png(320, 180, rgb)));
    let release = short(site.release(1, &grey, &[&red, &green]));
    deliver(
        &board.path("inbox"),
        "release.dsse",
        &site.seal_release(&release),
    )
    .unwrap();
    board.start_wall().unwrap();
    let seen = eventually("both items are presented", || {
        let all = pictures(&board);
        let has = |rgb| all.iter().any(|path| is_near(colour(path), rgb));
        (has(RED) && has(GREEN)).then(|| all.clone())
    });
    assert!(seen.len() >= 2);
    let status = board.wall.as_mut().unwrap().stop().unwrap();
    assert!(status.success(), "{status}");
}
