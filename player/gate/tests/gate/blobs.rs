//! Media that are missing, wrong, swapped or no files at all.

use crate::board::{Board, accepted, version};
use cotmoc_gate::{Defect, MediaError, MediaShelf, Outcome};
use cotmoc_proto::Digest;
use cotmoc_proto::media::{Asset, Mime};
use cotmoc_test_kit::media;
use rustix::fs::{CWD, FileType, Mode};
use std::fs;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder with one asset of several chunks.
struct Shelf {
    folder: TempDir,
    bytes: Vec<u8>,
    asset: Asset,
}

impl Shelf {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bytes = media::noise(7, 5 * 65_536 + 17);
        let asset = media::put(folder.path(), Mime::Mp4, &bytes);
        Self {
            folder,
            bytes,
            asset,
        }
    }

    fn open(&self) -> MediaShelf {
        MediaShelf::new(self.folder.path())
    }

    fn path(&self, digest: Digest) -> PathBuf {
        media::blob_path(self.folder.path(), digest)
    }

    /// Removes the blob `digest` and lets `lay` put something else in its place.
    fn replace(&self, digest: Digest, lay: impl Fn(&Path)) {
        fs::remove_file(self.path(digest)).unwrap();
        lay(&self.path(digest));
    }

    /// Why the asset does not open, which must be by integrity.
    fn defect(&self) -> Defect {
        let error = self.open().open(&self.asset).unwrap_err();
        let MediaError::Integrity { defect, .. } = error else {
            panic!("{error:?}");
        };
        defect
    }
}

#[test]
fn b01_a_blob_that_was_cut_is_not_played_and_a_blob_that_is_whole_again_is() {
    let shelf = Shelf::new();
    let asset = &shelf.asset;
    let half = shelf.bytes.len() / 2;
    shelf.replace(asset.sha256, |path| {
        fs::write(path, &shelf.bytes[..half]).unwrap()
    });
    let (bytes, expected) = (half as u64, asset.size_bytes);
    assert_eq!(shelf.defect(), Defect::Size { bytes, expected });
    shelf.replace(asset.sha256, |path| fs::write(path, &shelf.bytes).unwrap());
    shelf.open().check(asset).unwrap();
}

#[test]
fn b02_a_poisoned_chunk_costs_that_chunk_and_no_other() {
    let shelf = Shelf::new();
    let mut poisoned = shelf.bytes.clone();
    poisoned[3 * 65_536 + 5] ^= 1;
    let asset = &shelf.asset;
    shelf.replace(asset.sha256, |path| fs::write(path, &poisoned).unwrap());
    let mut reader = shelf.open().open(asset).unwrap();
    let mut good = vec![0; 3 * 65_536];
    reader.read_exact(&mut good).unwrap();
    assert_eq!(good, shelf.bytes[..good.len()]);
    for _ in 0..2 {
        let error = reader.read(&mut [0; 1]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let Some(MediaError::Integrity { defect, .. }) = MediaError::within(&error) else {
            panic!("{error:?}");
        };
        assert_eq!(*defect, Defect::Chunk { index: 3 });
    }
    reader.seek(SeekFrom::Start(4 * 65_536)).unwrap();
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, shelf.bytes[4 * 65_536..]);
}

#[test]
fn b04_a_chunk_list_that_is_not_the_signed_one_is_refused() {
    let shelf = Shelf::new();
    let list = shelf.asset.chunks_sha256;
    let good = fs::read(shelf.path(list)).unwrap();
    let longer = [good.clone(), vec![0; 32]].concat();
    for (bad, is_size) in [
        (vec![0; good.len()], false),
        (longer, true),
        (good[1..].to_vec(), false),
    ] {
        shelf.replace(list, |path| fs::write(path, &bad).unwrap());
        let defect = shelf.defect();
        assert_eq!(matches!(defect, Defect::Size { .. }), is_size, "{defect}");
    }
    fs::remove_file(shelf.path(list)).unwrap();
    let error = shelf.open().open(&shelf.asset).unwrap_err();
    assert!(matches!(error, MediaError::Missing { blob } if blob == list));
}

#[test]
fn b04_signed_chunks_of_another_file_than_the_signed_name_are_refused() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let folder = board.path("media");
    let (shown, named) = (media::noise(8, 100_000), media::noise(9, 100_000));
    let mut asset = media::put(&folder, Mime::Mp4, &shown);
    asset.sha256 = media::put_blob(&folder, &named);
    fs::remove_file(media::blob_path(&folder, asset.sha256)).unwrap();
    fs::write(media::blob_path(&folder, asset.sha256), &shown).unwrap();
    let release = board.site.release(2, &board.fallback, &[&asset]);
    let outcomes = board.offer(&mut gate, &board.site.seal_release(&release));
    assert!(
        matches!(outcomes.as_slice(), [Outcome::Damaged { .. }]),
        "{outcomes:?}"
    );
    assert_eq!(version(&gate), Some(1));
}

#[test]
fn b05_bit_rot_anywhere_is_found_before_the_release_is_taken() {
    let shelf = Shelf::new();
    let asset = &shelf.asset;
    for position in (0..shelf.bytes.len()).step_by(40_009) {
        let mut rotten = shelf.bytes.clone();
        rotten[position] ^= 0x80;
        shelf.replace(asset.sha256, |path| fs::write(path, &rotten).unwrap());
        let error = shelf.open().check(asset).unwrap_err();
        assert!(matches!(error, MediaError::Integrity { .. }), "{error:?}");
    }
}

#[test]
fn b06_a_blob_overwritten_while_it_is_read_gives_no_wrong_byte() {
    let shelf = Shelf::new();
    let path = shelf.path(shelf.asset.sha256);
    let mut reader = shelf.open().open(&shelf.asset).unwrap();
    let mut first = vec![0; 65_536 + 1];
    reader.read_exact(&mut first).unwrap();
    fs::remove_file(&path).unwrap();
    let mut rest = vec![0; 65_536];
    reader.read_exact(&mut rest).unwrap();
    fs::write(&path, &shelf.bytes).unwrap();
    let mut reader = shelf.open().open(&shelf.asset).unwrap();
    reader.read_exact(&mut first).unwrap();
    fs::write(&path, media::noise(10, shelf.bytes.len())).unwrap();
    // The chunk in memory goes on to be right; the next one is found out.
    let mut held = vec![0; 65_535];
    reader.read_exact(&mut held).unwrap();
    assert_eq!(held, shelf.bytes[65_537..2 * 65_536]);
    assert_eq!(
        reader.read(&mut [0; 1]).unwrap_err().kind(),
        ErrorKind::InvalidData
    );
    fs::write(&path, &shelf.bytes[..70_000]).unwrap();
    reader.seek(SeekFrom::Start(3 * 65_536)).unwrap();
    let error = reader.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(
        MediaError::within(&error),
        Some(MediaError::Integrity {
            defect: Defect::Truncated { index: 3 },
            ..
        })
    ));
}

#[test]
fn b07_a_link_pipe_or_folder_in_place_of_a_blob_is_refused_without_waiting() {
    let shelf = Shelf::new();
    let elsewhere = shelf.folder.path().join("elsewhere");
    fs::write(&elsewhere, &shelf.bytes).unwrap();
    let asset = &shelf.asset;
    shelf.replace(asset.sha256, |path| {
        std::os::unix::fs::symlink(&elsewhere, path).unwrap();
    });
    assert_eq!(shelf.defect(), Defect::NotAFile);
    shelf.replace(asset.sha256, |path| {
        let mode = Mode::RUSR | Mode::WUSR;
        rustix::fs::mknodat(CWD, path, FileType::Fifo, mode, 0).unwrap();
    });
    assert_eq!(shelf.defect(), Defect::NotAFile);
    shelf.replace(asset.sha256, |path| fs::create_dir(path).unwrap());
    assert_eq!(shelf.defect(), Defect::NotAFile);
    fs::remove_dir(shelf.path(asset.sha256)).unwrap();
    fs::hard_link(&elsewhere, shelf.path(asset.sha256)).unwrap();
    shelf.open().check(asset).unwrap();
}

#[test]
fn b08_path_characters_in_a_digest_are_refused_even_if_signed() {
    let board = Board::new();
    let mut gate = board.boot();
    let good = serde_json::to_string(&board.release(1)).unwrap();
    let digest = board.items[0].sha256.to_string();
    let people = [&board.site.editors[0], &board.site.approvers[0]];
    for bad in [
        "../../etc/passwd",
        "",
        &digest.to_uppercase(),
        &format!("{digest}/"),
    ] {
        let payload = good.replace(&digest, bad).into_bytes();
        let kind = cotmoc_proto::envelope::PayloadType::Release;
        let envelope = cotmoc_test_kit::seal_payload(kind, payload, &people);
        let reject = board.refused(&mut gate, &envelope);
        assert!(
            matches!(reject, cotmoc_proto::Reject::Malformed { .. }),
            "{reject}"
        );
    }
}

#[test]
fn a_blob_found_good_once_is_not_hashed_again_until_it_changes() {
    let board = Board::new();
    let mut gate = board.boot();
    let folder = board.path("media");
    let asset = media::put(&folder, Mime::Mp4, &media::noise(11, 100_000));
    for version in [1, 2] {
        let release = board.site.release(version, &board.fallback, &[&asset]);
        let outcomes = board.offer(&mut gate, &board.site.seal_release(&release));
        assert!(accepted(&outcomes, version));
    }
    let path = media::blob_path(&folder, asset.sha256);
    fs::remove_file(&path).unwrap();
    fs::write(&path, media::noise(12, 100_000)).unwrap();
    let release = board.site.release(3, &board.fallback, &[&asset]);
    let outcomes = board.offer(&mut gate, &board.site.seal_release(&release));
    assert!(matches!(outcomes.as_slice(), [Outcome::Damaged { .. }]));
}

#[test]
fn a_release_of_many_megabytes_is_taken_in_one_look() {
    let board = Board::new();
    let mut gate = board.boot();
    let folder = board.path("media");
    let assets = [13, 14].map(|seed| media::put(&folder, Mime::Mp4, &media::noise(seed, 48 << 20)));
    let release = board
        .site
        .release(1, &board.fallback, &[&assets[0], &assets[1]]);
    let outcomes = board.offer(&mut gate, &board.site.seal_release(&release));
    assert!(accepted(&outcomes, 1));
    assert!(!gate.is_checking());
}

#[test]
fn nothing_is_a_size_of_zero_or_beyond_the_limit() {
    let shelf = Shelf::new();
    for size_bytes in [0, u64::MAX] {
        let asset = Asset {
            size_bytes,
            ..shelf.asset.clone()
        };
        let error = shelf.open().open(&asset).unwrap_err();
        assert!(matches!(
            error,
            MediaError::Integrity {
                defect: Defect::Description(_),
                ..
            }
        ));
    }
}

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
