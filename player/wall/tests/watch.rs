//! A real process that needs more than it may: it ends itself, with a code of its own, and leaves word why.
#![allow(
    clippy::unwrap_used,
    reason = "a test that meets something unexpected shall fail on the spot"
)]

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use cotmoc_wall::watch::{EXIT_REMEDY, read_note};

const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn a_process_that_needs_more_memory_than_it_may_makes_way_for_a_new_one_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("wall.toml");
    let text = "site = \"lao-cai\"\nchannel = \"cua-khau\"\ndevice = \"W01\"\n\
                factory_root = \"root.dsse\"\ndata = \"wall\"\ninbox = \"inbox\"\n\
                media = \"media\"\nlink = \"link.sock\"\n[output]\nsink = \"headless\"\n\
                [audio]\nsink = \"none\"\n[limits]\nmemory_mib = 32\n";
    fs::write(&config, text).unwrap();
    let mut wall = Command::new(env!("CARGO_BIN_EXE_cotmoc-wall"))
        .arg("--config")
        .arg(&config)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(code_of(&mut wall), Some(EXIT_REMEDY));
    let words = read_note(&folder.path().join("wall/last-words.json")).unwrap();
    assert_eq!((words.step(), words.reason.as_str()), ("process", "memory"));
}

/// How the process ended; it is killed when it does not.
fn code_of(process: &mut Child) -> Option<i32> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if let Some(status) = process.try_wait().unwrap() {
            return status.code();
        }
        thread::sleep(Duration::from_millis(20));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    None
}
