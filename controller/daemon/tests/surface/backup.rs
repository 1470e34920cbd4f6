//! Backups: made while everything is written, read again before they count, and put in place of what is
//! damaged.

use crate::device::events;
use crate::world::{World, eventually};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn controller(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cotmoc-controller"))
        .args(arguments)
        .output()
        .unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The only backup in the folder.
fn made(folder: &Path) -> PathBuf {
    let all: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let [one] = all.as_slice() else {
        panic!("{all:?}");
    };
    one.clone()
}

#[tokio::test]
async fn a_backup_during_writes_ends_and_gives_back_the_same_logs_keys_and_devices() {
    let mut world = World::start("").await;
    let id = crate::incidents::closed(&world).await;
    let show = format!("/api/v1/incidents/{id}");
    let before = world.get(&show).await.expect(200).json();
    let device = world.device("W02").await;
    let writing = tokio::spawn(async move {
        let mut batches = 0_u64;
        loop {
            let batch = events(batches * 20 + 1..batches * 20 + 21);
            device.sync(batches + 1, &batch).await.expect(200);
            batches += 1;
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let data = world.data();
    let to = folder.path().join("backups");
    let (from, into) = (path(&data).to_owned(), path(&to).to_owned());
    let backup = tokio::task::spawn_blocking(move || {
        controller(&["backup", "--data", &from, "--to", &into])
    });
    let output = backup.await.unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(!writing.is_finished(), "writers did not wait");
    writing.abort();
    let made = made(&to);
    let key = std::fs::read(data.join("beacon.key")).unwrap();
    let restored = controller(&["restore", "--data", path(&data), "--from", path(&made)]);
    assert_eq!(
        restored.status.code(),
        Some(1),
        "the controller runs on this folder"
    );

    world.kill();
    let there = controller(&["restore", "--data", path(&data), "--from", path(&made)]);
    assert!(
        String::from_utf8_lossy(&there.stderr).contains("move it away first"),
        "{there:?}"
    );
    std::fs::remove_dir_all(&data).unwrap();
    let restored = controller(&["restore", "--data", path(&data), "--from", path(&made)]);
    assert!(restored.status.success(), "{restored:?}");
    assert_eq!(std::fs::read(data.join("beacon.key")).unwrap(), key);
    world.restart().await;
    assert_eq!(world.get(&show).await.expect(200).json(), before);
    let devices = world.get("/api/v1/devices").await.expect(200).json();
    assert_eq!(devices["devices"].as_array().unwrap().len(), 2, "{devices}");
}

#[tokio::test]
async fn a_damaged_page_is_found_and_no_backup_is_made_of_it() {
    let mut world = World::start("").await;
    let device = world.device("W01").await;
    for batch in 0..20_u64 {
        let batch_of = events(batch * 50 + 1..batch * 50 + 51);
        device.sync(batch + 1, &batch_of).await.expect(200);
    }
    world.end().await;
    let folder = tempfile::tempdir().unwrap();
    let (data, good, bad) = (
        world.data(),
        folder.path().join("good"),
        folder.path().join("bad"),
    );
    let output = controller(&["backup", "--data", path(&data), "--to", path(&good)]);
    assert!(output.status.success(), "{output:?}");

    let file = data.join("controller.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    // Indexes are made anew in a copy: only a page of a table is missed.
    bytes[middle..].fill(0xff);
    std::fs::write(&file, bytes).unwrap();
    let output = controller(&["backup", "--data", path(&data), "--to", path(&bad)]);
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        complaint.contains("malformed") || complaint.contains("damaged"),
        "{complaint}"
    );
    assert_eq!(
        std::fs::read_dir(&bad).unwrap().count(),
        0,
        "nothing half done is left"
    );

    let made = made(&good);
    let copy = made.join("controller.db");
    let mut bytes = std::fs::read(&copy).unwrap();
    bytes[5_000] ^= 1;
    std::fs::write(&copy, &bytes).unwrap();
    std::fs::remove_dir_all(&data).unwrap();
    let output = controller(&["restore", "--data", path(&data), "--from", path(&made)]);
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("is not what was saved"), "{complaint}");
    bytes[5_000] ^= 1;
    std::fs::write(&copy, &bytes).unwrap();
    let output = controller(&["restore", "--data", path(&data), "--from", path(&made)]);
    assert!(output.status.success(), "{output:?}");
    world.restart().await;
    let events = world
        .get("/api/v1/events?device=W01&limit=1000")
        .await
        .expect(200)
        .json();
    assert!(!events["events"].as_array().unwrap().is_empty());
}

/// The first backup is made soon after the start, in the data folder.
#[tokio::test]
async fn a_controller_makes_its_own_backups() {
    let world = World::start("").await;
    let folder = world.data().join("backups");
    eventually("a backup that was read again", async || {
        let mut entries = std::fs::read_dir(&folder).ok()?;
        entries.find_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?.to_owned();
            (name.starts_with("backup-") && path.join("SHA256SUMS").exists()).then_some(())
        })
    })
    .await;
}
