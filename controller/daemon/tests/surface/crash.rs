//! What was acknowledged is there after a crash, once.

use crate::device::{Device, events};
use crate::world::{World, eventually};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const ROUNDS: usize = 3;
const LEAST_ACKED: u64 = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_during_writes_everything_acknowledged_is_stored_and_nothing_twice() {
    let mut world = World::start("").await;
    let device = Arc::new(world.device("W01").await);
    let pem = device.certificate.clone().unwrap();
    let mut acked_in_all = 0;
    let mut device = device;
    for round in 0..ROUNDS {
        let acked = Arc::new(AtomicU64::new(acked_in_all));
        let writer = tokio::spawn(write(Arc::clone(&device), Arc::clone(&acked), acked_in_all));
        let goal = acked_in_all + LEAST_ACKED;
        eventually("enough is acknowledged", async || {
            (acked.load(Ordering::SeqCst) >= goal).then_some(())
        })
        .await;
        world.kill();
        writer.await.unwrap();
        acked_in_all = acked.load(Ordering::SeqCst);
        world.restart().await;
        let key = rcgen::KeyPair::from_pem(&device.key.serialize_pem()).unwrap();
        let mut same = Device::new(&world, "W01");
        same.key = key;
        same.use_certificate(&world, pem.clone());
        device = Arc::new(same);
        let stored = stored(&world).await;
        let unique: BTreeSet<_> = stored.iter().copied().collect();
        assert_eq!(unique.len(), stored.len(), "round {round}: stored twice");
        assert!(
            (1..=acked_in_all).all(|seq| unique.contains(&seq)),
            "round {round}: acknowledged up to {acked_in_all}, stored {unique:?}"
        );
    }
}

/// Sends batches that overlap until the controller is gone.
async fn write(device: Arc<Device>, acked: Arc<AtomicU64>, from: u64) {
    let mut next = from + 1;
    for mono_ms in from.. {
        let batch = events(next.saturating_sub(3).max(1)..next + 7);
        let body = device.heartbeat(mono_ms, &batch).to_string();
        let request = device.request(reqwest::Method::POST, "/d/v1/sync");
        let Ok(response) = request.body(body).send().await else {
            return;
        };
        let Ok(json) = response.json::<serde_json::Value>().await else {
            return;
        };
        let ack = json["ack"]["boot-1"].as_u64().unwrap();
        acked.fetch_max(ack, Ordering::SeqCst);
        next = ack + 1;
    }
}

async fn stored(world: &World) -> Vec<u64> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let path = format!("/api/v1/events?device=W01&after={after}&limit=1000");
        let page = world.get(&path).await.expect(200).json();
        let rows = page["events"].as_array().unwrap().clone();
        let Some(last) = rows.last() else {
            return all;
        };
        after = last["id"].as_u64().unwrap();
        let own = rows.iter().filter(|row| row["source"] == "device");
        all.extend(own.map(|row| row["seq"].as_u64().unwrap()));
    }
}

#[tokio::test]
async fn a_second_controller_on_the_same_folder_ends_and_the_first_serves_on() {
    let world = World::start("").await;
    let second = world.start_a_second();
    assert_eq!(second.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(complaint.contains("another process uses"), "{complaint}");
    world.get("/api/v1/status").await.expect(200);
}
