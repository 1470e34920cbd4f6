//! Media that are missing, wrong, swapped or no files at all.

use crate::board::{Board, accepted, version};
use cotmoc_gate::{Defect, MediaError, Outcome};
use cotmoc_proto::media::Mime;
use cotmoc_test_kit::media;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};

#[test]
fn a_release_waits_quietly_until_its_last_blob_is_there() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let bytes = media::noise(1, 200_000);
    let asset = media::describe(Mime::Mp4, &bytes);
    let release = board.site.release(2, &board.fallback, &[&asset.asset]);
    let envelope = board.site.seal_release(&release);
    assert_eq!(board.offer(&mut gate, &envelope), []);
    assert_eq!(gate.waiting_for(), Some(asset.asset.sha256));
    media::put_blob(&board.path("media"), &bytes);
    assert_eq!(gate.ingest(), []);
    assert_eq!(gate.waiting_for(), Some(asset.asset.chunks_sha256));
    assert_eq!(version(&gate), Some(1));
    media::put_blob(&board.path("media"), &asset.chunk_list);
    assert!(accepted(&gate.ingest(), 2));
    assert_eq!(gate.ingest(), []);
}

#[test]
fn reading_gives_the_bytes_that_were_signed_from_any_position() {
    let board = Board::new();
    let bytes = media::noise(2, 300_001);
    let asset = media::put(&board.path("media"), Mime::Mp4, &bytes);
    let gate = board.boot();
    let mut reader = gate.media().open(&asset).unwrap();
    let mut all = Vec::new();
    reader.read_to_end(&mut all).unwrap();
    assert_eq!(all, bytes);
    for start in [
        0, 1, 65_535, 65_536, 65_537, 131_072, 300_000, 300_001, 400_000,
    ] {
        reader.seek(SeekFrom::Start(start as u64)).unwrap();
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, bytes.get(start..).unwrap_or_default());
    }
    assert_eq!(reader.seek(SeekFrom::End(-1)).unwrap(), 300_000);
    assert!(reader.seek(SeekFrom::End(-300_002)).is_err());
}

#[test]
fn b06_a_blob_swapped_between_check_and_play_gives_no_byte() {
    let board = Board::new();
    let bytes = media::noise(3, 200_000);
    let asset = media::put(&board.path("media"), Mime::Mp4, &bytes);
    let shelf = board.boot().media();
    shelf.check(&asset).unwrap();
    let path = media::blob_path(&board.path("media"), asset.sha256);
    fs::remove_file(&path).unwrap();
    fs::write(&path, media::noise(4, 200_000)).unwrap();
    let error = shelf.open(&asset).unwrap().read(&mut [0; 10]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData);
    assert!(matches!(
        MediaError::within(&error),
        Some(MediaError::Integrity { blob, defect: Defect::Chunk { index: 0 } }) if *blob == asset.sha256
    ));
}

#[test]
fn a_wrong_blob_is_told_once_and_the_release_waits() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let bytes = media::noise(5, 200_000);
    let asset = media::put(&board.path("media"), Mime::Mp4, &bytes);
    let path = media::blob_path(&board.path("media"), asset.sha256);
    fs::remove_file(&path).unwrap();
    fs::write(&path, media::noise(6, 200_000)).unwrap();
    let release = board.site.release(2, &board.fallback, &[&asset]);
    let outcomes = board.offer(&mut gate, &board.site.seal_release(&release));
    assert!(
        matches!(outcomes.as_slice(), [Outcome::Damaged { asset: told, .. }] if *told == asset.sha256),
        "{outcomes:?}"
    );
    assert_eq!(gate.ingest(), []);
    assert_eq!(version(&gate), Some(1));
    fs::remove_file(&path).unwrap();
    fs::write(&path, &bytes).unwrap();
    assert!(accepted(&gate.ingest(), 2));
}
