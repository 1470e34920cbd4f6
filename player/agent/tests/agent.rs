//! The real agent against a controller that cheats: what is delivered to the screens is only ever
//! what was signed, and what was good is never lost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::wildcard_enum_match_arm,
    reason = "in a test a panic is the message"
)]

#[path = "support/adversary.rs"]
mod adversary;
#[path = "support/board.rs"]
mod board;
#[path = "support/screens.rs"]
mod screens;

use adversary::Trick;
use board::{Board, Film, until};
use cotmoc_proto::device::EventKind;
use cotmoc_test_kit::media::CHUNK_BYTES;
use std::os::unix::fs::PermissionsExt as _;

const CHUNK: usize = CHUNK_BYTES as usize;

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_delivered_once_all_its_media_are_in_place_and_the_screens_are_told() {
    let board = Board::started().await;
    let (_screen, looks) = board.screen();
    looks.recv_timeout(board::PATIENCE).unwrap();
    let (slide, film) = (Film::new(1, 1_000), Film::new(2, CHUNK * 5 + 7));
    board.adversary.cheat(film.digest(), &[Trick::Busy]);
    let envelope = board.offer(&board.release(1, &[&slide, &film]));
    board.delivered(&envelope).await;
    for film in [&slide, &film] {
        let path = board.blob(film.digest());
        assert_eq!(std::fs::read(&path).unwrap(), film.bytes);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o444);
        assert_eq!(
            std::fs::read(board.blob(film.list())).unwrap(),
            film.described.chunk_list
        );
    }
    looks.recv_timeout(board::PATIENCE).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn b01_a_cut_download_goes_on_after_the_last_good_chunk() {
    let board = Board::started().await;
    let film = Film::new(1, CHUNK * 9 + 5);
    let cuts = [
        Trick::CutAfter(CHUNK * 3 + CHUNK / 2),
        Trick::CutAfter(CHUNK * 2 + 1),
    ];
    board.adversary.cheat(film.digest(), &cuts);
    let envelope = board.offer(&board.release(1, &[&film]));
    board.delivered(&envelope).await;
    let chunk = u64::from(CHUNK_BYTES);
    assert_eq!(
        board.adversary.asked_from(film.digest()),
        [0, 3 * chunk, 5 * chunk]
    );
    assert_eq!(board.adversary.events(&EventKind::MediaRefused), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn b02_a_poisoned_chunk_costs_itself_and_is_reported() {
    let board = Board::started().await;
    let film = Film::new(1, CHUNK * 6);
    board
        .adversary
        .cheat(film.digest(), &[Trick::Poison(CHUNK * 2 + 9)]);
    let envelope = board.offer(&board.release(1, &[&film]));
    board.delivered(&envelope).await;
    let chunk = u64::from(CHUNK_BYTES);
    assert_eq!(board.adversary.asked_from(film.digest()), [0, 2 * chunk]);
    refused(&board, "wrong-chunk").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b03_every_lie_about_a_body_is_refused_reported_once_and_what_runs_stays() {
    let lies = [
        (Trick::WrongRange, "wrong-range"),
        (Trick::WrongLength, "wrong-length"),
        (Trick::Gzip, "encoded"),
        (Trick::Missing, "unavailable"),
        (Trick::Endless, "wrong-chunk"),
    ];
    let board = Board::started().await;
    let slide = Film::new(1, 1_000);
    let mut running = board.offer(&board.release(1, &[&slide]));
    board.delivered(&running).await;
    for (version, (lie, code)) in (2..).zip(lies) {
        let film = Film::new(version, CHUNK * 3);
        board.adversary.cheat_always(film.digest(), lie);
        let next = board.offer(&board.release(version, &[&slide, &film]));
        refused(&board, code).await;
        assert!(!board.blob(film.digest()).exists());
        assert_eq!(
            std::fs::read(board.path("inbox/release.dsse")).unwrap(),
            running
        );
        until("it is tried again", || {
            board.adversary.asked_from(film.digest()).len() > 1
        })
        .await;
        board.adversary.be_honest(film.digest());
        board.delivered(&next).await;
        running = next;
    }
    let events = board.adversary.events(&EventKind::MediaRefused);
    assert_eq!(events.len(), lies.len(), "{events:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn b03_the_whole_for_a_part_is_refused_and_an_endless_body_does_not_fill_the_disk() {
    let board = Board::started().await;
    let film = Film::new(1, CHUNK * 4);
    let tricks = [Trick::CutAfter(CHUNK + 1), Trick::Whole, Trick::Endless];
    board.adversary.cheat(film.digest(), &tricks);
    let envelope = board.offer(&board.release(1, &[&film]));
    refused(&board, "wrong-range").await;
    until("the endless body was asked for", || {
        board.adversary.asked_from(film.digest()).len() >= 3
    })
    .await;
    let size = board
        .part(film.digest())
        .metadata()
        .map_or(0, |meta| meta.len());
    assert!(size <= 4 * u64::from(CHUNK_BYTES));
    board.delivered(&envelope).await;
    let chunk = u64::from(CHUNK_BYTES);
    assert_eq!(
        board.adversary.asked_from(film.digest()),
        [0, chunk, chunk, chunk]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn b04_a_wrong_or_endless_chunk_list_is_refused_before_the_media() {
    let board = Board::started().await;
    let film = Film::new(1, CHUNK * 4);
    board
        .adversary
        .cheat(film.list(), &[Trick::Poison(40), Trick::Endless]);
    let envelope = board.offer(&board.release(1, &[&film]));
    refused(&board, "wrong-chunk-list").await;
    assert!(board.adversary.asked_from(film.digest()).is_empty());
    board.delivered(&envelope).await;
    assert_eq!(board.adversary.asked_from(film.list()).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn b05_bit_rot_in_a_part_costs_what_follows_it() {
    let mut board = Board::new("").await;
    let film = Film::new(1, CHUNK * 6);
    let mut part = film.bytes[..CHUNK * 4 + 77].to_vec();
    part[CHUNK * 2 + 1] ^= 1;
    std::fs::write(board.part(film.digest()), part).unwrap();
    let envelope = board.offer(&board.release(1, &[&film]));
    board.start();
    board.delivered(&envelope).await;
    let chunk = u64::from(CHUNK_BYTES);
    assert_eq!(board.adversary.asked_from(film.digest()), [2 * chunk]);
    assert_eq!(
        std::fs::read(board.blob(film.digest())).unwrap(),
        film.bytes
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn b07_links_and_pipes_in_the_media_folder_are_replaced_and_not_followed() {
    let mut board = Board::new("").await;
    let (one, two) = (Film::new(1, CHUNK * 2), Film::new(2, CHUNK * 2));
    let secret = board.path("secret");
    std::fs::write(&secret, b"mine").unwrap();
    std::os::unix::fs::symlink(&secret, board.part(one.digest())).unwrap();
    std::os::unix::fs::symlink(&secret, board.blob(one.digest())).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    let mode = rustix::fs::Mode::RWXU;
    rustix::fs::mknodat(rustix::fs::CWD, board.part(two.digest()), fifo, mode, 0).unwrap();
    let envelope = board.offer(&board.release(1, &[&one, &two]));
    board.start();
    board.delivered(&envelope).await;
    assert_eq!(std::fs::read(&secret).unwrap(), b"mine");
    for film in [&one, &two] {
        assert!(
            board
                .blob(film.digest())
                .symlink_metadata()
                .unwrap()
                .is_file()
        );
        assert_eq!(
            std::fs::read(board.blob(film.digest())).unwrap(),
            film.bytes
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b09_storage_that_fails_is_reported_once_and_tried_again() {
    let mut board = Board::new("").await;
    let (slide, film) = (Film::new(1, 1_000), Film::new(2, CHUNK * 2));
    std::fs::create_dir(board.part(film.digest())).unwrap();
    std::fs::write(board.part(film.digest()).join("stuck"), b"").unwrap();
    board.start();
    let first = board.offer(&board.release(1, &[&slide]));
    board.delivered(&first).await;
    let second = board.offer(&board.release(2, &[&slide, &film]));
    until("the fault is reported", || {
        !board.adversary.events(&EventKind::StorageFault).is_empty()
    })
    .await;
    assert_eq!(
        std::fs::read(board.path("inbox/release.dsse")).unwrap(),
        first
    );
    std::fs::remove_dir_all(board.part(film.digest())).unwrap();
    board.delivered(&second).await;
    assert_eq!(board.adversary.events(&EventKind::StorageFault).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_a_release_that_does_not_fit_is_refused_before_anything_is_fetched() {
    let mut board = Board::new("media_quota_bytes = 50000000").await;
    let slide = Film::new(1, 1_000);
    let first = board.offer(&board.release(1, &[&slide]));
    board.start();
    board.delivered(&first).await;
    let mut huge = Film::new(2, CHUNK);
    huge.described.asset.size_bytes = 50_000_000_000;
    board.offer(&board.release(2, &[&slide, &huge]));
    until("the refusal is reported", || {
        let events = board.adversary.events(&EventKind::ReleaseRefused);
        events.iter().any(|event| event.detail["reason"] == "quota")
    })
    .await;
    assert!(board.adversary.asked_from(huge.list()).is_empty());
    assert!(board.adversary.asked_from(huge.digest()).is_empty());
    let third = board.offer(&board.release(3, &[&slide]));
    board.delivered(&third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_stands_still_is_given_up_and_no_takedown_or_override_waits_for_it() {
    let mut board = Board::new("[network]\nidle_ms = 1500").await;
    board.start();
    let film = Film::new(1, CHUNK * 2);
    board
        .adversary
        .cheat(film.digest(), &[Trick::Stall, Trick::Stall]);
    let envelope = board.offer(&board.release(1, &[&film]));
    until("the body stands still", || {
        !board.adversary.asked_from(film.digest()).is_empty()
    })
    .await;
    let takedown = board.site.seal_takedown(&board.site.takedown(1, 1, &[]));
    board.adversary.offer_takedown(1, &takedown);
    let order = board.site.override_end(2, 1);
    let order = board.site.seal_override(&order);
    board.adversary.offer_override(2, &order);
    let is_in_inbox = |name: &str, wanted: &[u8]| {
        std::fs::read(board.path("inbox").join(name)).is_ok_and(|bytes| bytes == wanted)
    };
    until("the takedown and the override are in the inbox", || {
        is_in_inbox("takedown.1.dsse", &takedown) && is_in_inbox("override.2.dsse", &order)
    })
    .await;
    board.delivered(&envelope).await;
    assert_eq!(board.adversary.asked_from(film.digest()).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_that_do_not_hold_are_refused_once_and_their_media_are_not_fetched() {
    let board = Board::started().await;
    let (slide, film) = (Film::new(1, 1_000), Film::new(2, CHUNK));
    let good = board.offer(&board.release(5, &[&slide]));
    board.delivered(&good).await;
    let other = cotmoc_test_kit::Site::new();
    let stranger = other.seal_release(&board.release(6, &[&film]));
    board.adversary.offer_release(6, &stranger);
    reported(&board, &EventKind::ReleaseRefused, "unsigned").await;
    board.offer(&board.release(4, &[&film]));
    reported(&board, &EventKind::ReleaseRefused, "rollback").await;
    board.offer(&board.release(5, &[&film]));
    reported(&board, &EventKind::ReleaseRefused, "equivocation").await;
    board
        .adversary
        .offer_takedown(1, &other.seal_takedown(&board.site.takedown(1, 9, &[])));
    reported(&board, &EventKind::TakedownRefused, "unsigned").await;
    board
        .adversary
        .offer_override(1, &other.seal_override(&other.override_end(2, 1)));
    reported(&board, &EventKind::OverrideRefused, "unsigned").await;
    board
        .adversary
        .offer_root(2, &other.seal_root(&other.root()));
    reported(&board, &EventKind::RootRefused, "unsigned").await;
    let beats = board.adversary.asked_for("/d/v1/sync");
    until("five more beats", || {
        board.adversary.asked_for("/d/v1/sync") > beats + 5
    })
    .await;
    assert_eq!(board.adversary.events(&EventKind::ReleaseRefused).len(), 3);
    assert_eq!(board.adversary.asked_for("/d/v1/envelope/"), 7);
    assert!(board.adversary.asked_from(film.digest()).is_empty());
    assert_eq!(
        std::fs::read(board.path("inbox/release.dsse")).unwrap(),
        good
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn media_of_a_release_that_was_replaced_before_it_was_complete_are_removed() {
    let board = Board::started().await;
    let slide = Film::new(1, 1_000);
    let first = board.offer(&board.release(1, &[&slide]));
    board.delivered(&first).await;
    let (half, done) = (Film::new(2, CHUNK * 4), Film::new(3, CHUNK));
    let cuts = [Trick::CutAfter(CHUNK * 2 + 1), Trick::Stall];
    board.adversary.cheat(half.digest(), &cuts);
    board.offer(&board.release(2, &[&slide, &half, &done]));
    until("a part and a blob are there", || {
        board.part(half.digest()).exists() && board.blob(done.digest()).exists()
    })
    .await;
    let third = board.offer(&board.release(3, &[&slide]));
    board.delivered(&third).await;
    until("they are removed", || {
        !board.part(half.digest()).exists() && !board.blob(done.digest()).exists()
    })
    .await;
    assert!(board.blob(slide.digest()).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_a_screen_found_damaged_is_fetched_again() {
    let board = Board::started().await;
    let film = Film::new(1, CHUNK * 3);
    let envelope = board.offer(&board.release(1, &[&film]));
    board.delivered(&envelope).await;
    let path = board.blob(film.digest());
    std::fs::remove_file(&path).unwrap();
    let mut rotten = film.bytes.clone();
    rotten[CHUNK] ^= 1;
    std::fs::write(&path, &rotten).unwrap();
    let (screen, looks) = board.screen();
    screen.damaged(film.digest());
    until("it is whole again", || {
        std::fs::read(&path).is_ok_and(|bytes| bytes == film.bytes)
    })
    .await;
    looks.recv_timeout(board::PATIENCE).unwrap();
    reported(&board, &EventKind::IntegrityFault, "wrong-digest").await;
}

async fn refused(board: &Board, code: &str) {
    reported(board, &EventKind::MediaRefused, code).await;
}

async fn reported(board: &Board, kind: &EventKind, code: &str) {
    until(&format!("{kind:?} {code} is reported"), || {
        let events = board.adversary.events(kind);
        events.iter().any(|event| event.detail["reason"] == code)
    })
    .await;
}
