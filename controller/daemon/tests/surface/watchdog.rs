//! A full disk is told, and does not restart the controller: no restart makes room.

use crate::world::{World, eventually};
use serde_json::json;
use std::os::unix::net::UnixDatagram;

#[tokio::test]
async fn the_watchdog_is_fed_while_nothing_can_be_written() {
    let (world, manager) = World::watched("").await;
    let channel = json!({ "channel": "hall" });
    world.publish(&world.site.factory_root()).await.expect(201);
    world.post("/api/v1/channels", &channel).await.expect(201);
    let device = world.device("W01").await;
    world.fill_the_disk();
    let other = json!({ "channel": "other" });
    let refused = world.post("/api/v1/channels", &other).await;
    assert!(refused.status.is_server_error(), "{}", refused.status);

    // A heartbeat waits that cannot be kept.
    device.lit().await;
    manager.set_nonblocking(true).unwrap();
    told(&manager);
    let mut fed = 0;
    eventually("it is fed for longer than heartbeats wait", async || {
        fed += told(&manager);
        (fed >= 15).then_some(())
    })
    .await;
    world.get("/api/v1/incidents").await.expect(200);
}

/// How often the manager was told that all goes on.
fn told(manager: &UnixDatagram) -> usize {
    let mut buffer = [0; 64];
    let messages = std::iter::from_fn(|| {
        let length = manager.recv(&mut buffer).ok()?;
        Some(buffer[..length].starts_with(b"WATCHDOG=1"))
    });
    messages.filter(|is_watchdog| *is_watchdog).count()
}
