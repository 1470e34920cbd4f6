//! Killed at any moment, the gate comes back with what it had accepted, or more.

use crate::board::{Board, version};
use cotmoc_gate::{Gate, GateConfig, Outcome};
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::trust::factory_root;
use cotmoc_test_kit::Site;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const FOLDER: &str = "COTMOC_KILLED_GATE_FOLDER";
const UPDATES: u64 = 500;

#[test]
fn r13_killed_at_random_moments_of_500_updates_no_counter_falls_and_no_picture_is_lost() {
    let board = Board::new();
    let sealed = board.path("sealed");
    fs::create_dir(&sealed).unwrap();
    for version in 1..=UPDATES {
        fs::write(sealed.join(version.to_string()), board.sealed(version)).unwrap();
    }
    board.boot();
    let start = Instant::now();
    let (mut have, mut kills, mut delay_us) = (0, 0_u32, 997_u64);
    while have < UPDATES {
        assert!(
            start.elapsed() < Duration::from_secs(300),
            "stuck at {have}"
        );
        let mut child = spawn_child(&board);
        wait_until_it_works(&board, &mut child);
        delay_us = delay_us * 48_271 % 60_013;
        std::thread::sleep(Duration::from_micros(delay_us));
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let gate = board.boot();
        let now = gate.state().release;
        assert!(now >= have, "fell from {have} to {now}");
        assert!(
            now == 0 || version(&gate) == Some(now),
            "lost release {now}"
        );
        have = now;
    }
    assert!(kills >= 5, "only {kills} kills");
}

fn spawn_child(board: &Board) -> Child {
    fs::remove_file(board.path("working")).ok();
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::updates_until_it_is_killed", "--nocapture"])
        .env(FOLDER, board.path(""))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn wait_until_it_works(board: &Board, child: &mut Child) {
    let start = Instant::now();
    while !board.path("working").exists() && child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_secs(60), "no child");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The process that the test above kills. By itself it does nothing.
#[test]
fn updates_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let (mut gate, _) = Gate::open(config(&folder)).unwrap();
    fs::write(folder.join("working"), b"").unwrap();
    while gate.state().release < UPDATES {
        let next = gate.state().release + 1;
        let sealed = folder.join("sealed").join(next.to_string());
        fs::copy(sealed, folder.join("inbox/.new")).unwrap();
        fs::rename(folder.join("inbox/.new"), folder.join("inbox/release.dsse")).unwrap();
        let outcomes = gate.ingest();
        assert!(matches!(
            outcomes.as_slice(),
            [Outcome::ReleaseAccepted { .. }]
        ));
    }
}

fn config(folder: &Path) -> GateConfig {
    let factory = fs::read(folder.join("factory.dsse")).unwrap();
    assert!(factory_root(&factory).is_ok());
    GateConfig {
        trust_dir: folder.join("trust"),
        inbox_dir: folder.join("inbox"),
        media_dir: folder.join("media"),
        me: Site::new().identity("W01"),
        kind: ScreenKind::Wall,
        factory_root: factory,
    }
}
