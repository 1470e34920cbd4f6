//! When the controller was away, asleep or behind, nobody is accused of that time, and the witness hears it.

use crate::device::Device;
use crate::world::{World, eventually};
use cotmoc_test_kit::always_open;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const RULES: &str = "[incidents]\nsuspect_s = 2\nsilent_s = 4\ngrace_s = 6\n";

/// A controller with a wall that is to be on air at all times.
async fn world() -> (World, Device) {
    let world = World::start(RULES).await;
    let mut release = world.release(1, None).await;
    release.window = always_open();
    release.devices = vec!["W01".parse().unwrap()];
    let envelope = world.site.seal_release(&release);
    world.publish(&envelope).await.expect(201);
    let device = world.device("W01").await;
    (world, device)
}

async fn incidents(world: &World) -> usize {
    let answer = world.get("/api/v1/incidents").await.expect(200).json();
    answer["incidents"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_that_slept_accuses_nobody_of_that_time_and_goes_on_watching() {
    let (world, device) = world().await;
    let device = Arc::new(device);
    let own = Arc::clone(&device);
    let beating = tokio::spawn(async move {
        for beat in 1.. {
            let mut body = own.heartbeat(beat, &[]);
            body["screens"] = json!([crate::sync::report(1)]);
            let request = own.request(reqwest::Method::POST, "/d/v1/sync");
            drop(request.body(body.to_string()).send().await);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    eventually("it is heard", async || {
        let status = world.get("/api/v1/status").await.expect(200).json();
        status.to_string().contains("last_seen_ms").then_some(())
    })
    .await;
    world.signal(rustix::process::Signal::STOP);
    tokio::time::sleep(Duration::from_secs(8)).await;
    world.signal(rustix::process::Signal::CONT);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(
        incidents(&world).await,
        0,
        "the silence was the machine's own"
    );
    beating.abort();
    eventually("a silence of its own is an incident", async || {
        (incidents(&world).await == 1).then_some(())
    })
    .await;
}
