//! One damaged file, whichever it is and however it is damaged.

use crate::board::{Board, codes, shown, truncate, version};
use cotmoc_gate::Outcome;
use std::fs;
use std::path::{Path, PathBuf};

/// A device with a second root, five releases and a takedown behind it.
fn lived() -> Board {
    let board = Board::new();
    let mut gate = board.boot();
    let mut root = board.site.root();
    root.version = 2;
    board.put_inbox("root.2.dsse", &board.site.seal_root(&root));
    gate.ingest();
    board.accept(&mut gate, 1..=5);
    let takedown = board.site.takedown(1, 5, &[board.items[0].sha256]);
    board.put_inbox("takedown.1.dsse", &board.site.seal_takedown(&takedown));
    assert_eq!(gate.ingest(), [Outcome::TakedownAccepted { seq: 1 }]);
    board
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn copy_folder(from: &Path, to: &Path) {
    fs::remove_dir_all(to).ok();
    fs::create_dir(to).unwrap();
    for file in files(from) {
        fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

/// Damages one file after the other in every way, and looks at what the next boot makes of it.
fn damage_each(ways: impl IntoIterator<Item = fn(&Path, u64)>) {
    let board = lived();
    let (trust, whole) = (board.path("trust"), board.path("whole"));
    copy_folder(&trust, &whole);
    for damage in ways {
        for file in files(&whole) {
            copy_folder(&whole, &trust);
            let length = fs::metadata(&file).unwrap().len();
            damage(&trust.join(file.file_name().unwrap()), length);
            look_after(&board, &file);
        }
    }
}

/// Never without a picture, never rolled back, never showing what was taken down.
fn look_after(board: &Board, file: &Path) {
    let (gate, findings) = board.boot_with_findings();
    let name = file.file_name().unwrap().to_str().unwrap();
    let state = gate.state();
    assert_eq!((state.release, state.takedown), (5, 1), "{name}");
    assert_eq!(state.root_version, 2, "{name}");
    let newest = version(&gate).unwrap();
    assert!(
        newest == 5 || newest == 4 && name.starts_with("release."),
        "{name}"
    );
    assert_eq!(gate.is_degraded(), newest == 4, "{name}");
    assert_eq!(shown(&gate), "item-2", "{name}");
    assert!(findings.len() <= 1, "{name}: {:?}", codes(&findings));
    drop(gate);
    let (gate, again) = board.boot_with_findings();
    assert_eq!(version(&gate), Some(newest), "{name}");
    assert!(
        again.is_empty() || newest == 4,
        "{name}: {:?}",
        codes(&again)
    );
}

#[test]
fn r10_every_file_truncated_at_forty_points_never_costs_the_picture_or_a_counter() {
    let board = lived();
    let (trust, whole) = (board.path("trust"), board.path("whole"));
    copy_folder(&trust, &whole);
    for file in files(&whole) {
        let length = fs::metadata(&file).unwrap().len();
        for part in 0..40 {
            copy_folder(&whole, &trust);
            truncate(&trust.join(file.file_name().unwrap()), length * part / 40);
            look_after(&board, &file);
        }
    }
}

#[test]
fn any_one_file_missing_zeroed_flipped_or_turned_into_a_link_never_costs_the_picture() {
    damage_each([
        |path: &Path, _: u64| fs::remove_file(path).unwrap(),
        |path: &Path, length| fs::write(path, vec![0; usize::try_from(length).unwrap()]).unwrap(),
        |path: &Path, length| {
            let mut bytes = fs::read(path).unwrap();
            bytes[usize::try_from(length / 2).unwrap()] ^= 1;
            fs::write(path, bytes).unwrap();
        },
        |path: &Path, _| {
            fs::remove_file(path).unwrap();
            std::os::unix::fs::symlink("/dev/zero", path).unwrap();
        },
    ]);
}

#[test]
fn a_damaged_release_is_healed_when_it_is_delivered_again() {
    let board = lived();
    for file in ["release.0.dsse", "release.1.dsse"] {
        fs::write(board.trust(file), b"").unwrap();
        let (mut gate, _) = board.boot_with_findings();
        gate.ingest();
        assert_eq!(version(&gate), Some(5));
        assert!(!gate.is_degraded());
        drop(gate);
        board.boot();
    }
}

#[test]
fn a_release_that_the_disk_does_not_take_leaves_the_running_one_alone() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    fs::create_dir_all(board.trust("release.1.dsse/full")).unwrap();
    let outcomes = board.offer(&mut gate, &board.sealed(2));
    assert!(
        matches!(outcomes.as_slice(), [Outcome::NotKept { .. }]),
        "{outcomes:?}"
    );
    assert_eq!((version(&gate), gate.state().release), (Some(1), 1));
    assert_eq!(gate.ingest(), []);
    fs::remove_dir_all(board.trust("release.1.dsse")).unwrap();
    assert!(crate::board::accepted(&gate.ingest(), 2));
}
