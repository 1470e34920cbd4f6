//! The content package on a kiosk: here before the release is accepted, tried before it replaces
//! the one before it, read whole or not at all.

use crate::board::{Board, accepted, version};
use cotmoc_gate::{Defect, Gate, GateConfig, MediaError, MediaShelf, Outcome, Trial};
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::media::{Asset, Mime};
use cotmoc_proto::release::{LookupPart, Release};
use cotmoc_proto::{Digest, Reject};
use cotmoc_test_kit::media;

/// Accepts contents that begin with "good".
#[derive(Debug)]
struct BeginsWithGood;

impl Trial for BeginsWithGood {
    fn release(&self, release: &Release, shelf: &MediaShelf) -> Result<(), Reject> {
        let Some(lookup) = &release.lookup else {
            return Ok(());
        };
        let bytes = shelf.read(&lookup.content).map_err(|error| {
            let asset = error.blob();
            Reject::MediaMissing { asset }
        })?;
        let detail = || "it does not begin well".to_owned();
        let is_good = bytes.starts_with(b"good");
        is_good
            .then_some(())
            .ok_or_else(|| Reject::BadLookup { detail: detail() })
    }
}

fn kiosk(board: &Board) -> Gate {
    let config = GateConfig {
        kind: ScreenKind::Kiosk,
        ..board.config()
    };
    let (gate, findings) = Gate::open(config).unwrap();
    assert_eq!(findings, []);
    gate.tried_by(Box::new(BeginsWithGood))
}

fn package(board: &Board, text: &str) -> Asset {
    media::put(&board.path("media"), Mime::Lookup, text.as_bytes())
}

fn release(board: &Board, number: u64, content: &Asset) -> Release {
    Release {
        lookup: Some(LookupPart {
            content: content.clone(),
            media: Vec::new(),
        }),
        ..board.release(number)
    }
}

fn offer(board: &Board, gate: &mut Gate, release: &Release) -> Vec<Outcome> {
    board.offer(gate, &board.site.seal_release(release))
}

#[test]
fn a_release_waits_for_its_content_on_a_kiosk_and_not_on_a_wall() {
    let board = Board::new();
    let content = media::describe(Mime::Lookup, b"good content").asset;
    let release = release(&board, 1, &content);
    let mut gate = kiosk(&board);
    assert_eq!(offer(&board, &mut gate, &release), []);
    assert_eq!(gate.waiting_for(), Some(content.sha256));
    package(&board, "good content");
    assert!(accepted(&gate.ingest(), 1));
    let other = Board::new();
    let wall_release = Release {
        lookup: release.lookup.clone(),
        ..other.release(1)
    };
    let mut wall = other.boot();
    assert!(accepted(&offer(&other, &mut wall, &wall_release), 1));
}

#[test]
fn a_kiosk_does_not_wait_for_films_that_only_walls_show() {
    let board = Board::new();
    let content = package(&board, "good content");
    for item in &board.items {
        std::fs::remove_file(media::blob_path(&board.path("media"), item.sha256)).unwrap();
    }
    let release = release(&board, 1, &content);
    assert!(accepted(&offer(&board, &mut kiosk(&board), &release), 1));
}

#[test]
fn a_release_that_fails_its_trial_is_refused_once_and_replaces_nothing() {
    let board = Board::new();
    let mut gate = kiosk(&board);
    let good = release(&board, 1, &package(&board, "good content"));
    assert!(accepted(&offer(&board, &mut gate, &good), 1));
    let bad = release(&board, 2, &package(&board, "bad content"));
    let outcomes = offer(&board, &mut gate, &bad);
    assert!(
        matches!(outcomes.as_slice(), [Outcome::Refused { reject, .. }] if reject.code() == "bad-lookup"),
        "{outcomes:?}"
    );
    assert_eq!(gate.ingest(), []);
    assert_eq!(version(&gate), Some(1));
    drop(gate);
    let mut gate = kiosk(&board);
    assert_eq!(version(&gate), Some(1));
    let mended = release(&board, 3, &package(&board, "good again"));
    assert!(accepted(&offer(&board, &mut gate, &mended), 3));
    assert_eq!(gate.previous().map(|release| release.version), Some(1));
}

#[test]
fn the_release_before_is_told_only_while_it_can_be_proven() {
    let board = Board::new();
    let mut gate = kiosk(&board);
    assert_eq!(gate.previous(), None);
    for number in [1, 2] {
        let text = format!("good {number}");
        let release = release(&board, number, &package(&board, &text));
        assert!(accepted(&offer(&board, &mut gate, &release), number));
    }
    assert_eq!(gate.previous().map(|release| release.version), Some(1));
    let seats = ["release.0.dsse", "release.1.dsse"].map(|name| board.trust(name));
    for seat in &seats {
        let bytes = std::fs::read(seat).unwrap();
        let half = bytes.get(..bytes.len() / 2).unwrap();
        std::fs::write(seat, half).unwrap();
    }
    assert_eq!(gate.previous(), None);
}

#[test]
fn an_asset_is_read_whole_and_as_it_was_signed_or_not_at_all() {
    let board = Board::new();
    let bytes = media::noise(7, 200_000);
    let asset = media::put(&board.path("media"), Mime::Lookup, &bytes);
    let shelf = MediaShelf::new(board.path("media"));
    assert_eq!(shelf.read(&asset).unwrap(), bytes);
    let liar = Asset {
        sha256: Digest::of(b"another"),
        ..asset.clone()
    };
    let blobs = [&asset, &liar].map(|a| media::blob_path(&board.path("media"), a.sha256));
    std::fs::copy(&blobs[0], &blobs[1]).unwrap();
    let error = shelf.read(&liar).unwrap_err();
    assert!(
        matches!(&error, MediaError::Integrity { defect, .. } if *defect == Defect::Whole),
        "{error}"
    );
    let mut harmed = bytes;
    harmed[150_000] ^= 1;
    std::fs::remove_file(&blobs[0]).unwrap();
    std::fs::write(&blobs[0], harmed).unwrap();
    assert!(shelf.read(&asset).is_err());
}
