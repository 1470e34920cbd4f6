//! News reaches whoever waits.

use crate::world::World;
use serde_json::json;

#[tokio::test]
async fn whoever_waits_is_told_at_once_and_whoever_is_behind_does_not_wait() {
    let world = World::start("").await;
    let device = world.device("W01").await;
    let revision = async || {
        let answer = device.sync(1, &[]).await.expect(200).json();
        answer["desired"]["revision"].as_u64().unwrap()
    };
    let before = revision().await;
    let behind = device.get("/d/v1/wait?revision=0").await.expect(200);
    assert_eq!(behind.json()["revision"], before);
    let release = world.release(1, None).await;
    let sealed = world.site.seal_release(&release);
    let path = format!("/d/v1/wait?revision={before}");
    // Held for at most 55 s: an answer with a revision is the wake-up, not the end of the time.
    let (woken, published) = tokio::join!(device.get(&path), world.publish(&sealed));
    published.expect(201);
    assert_eq!(woken.expect(200).json()["revision"], before + 1);
    assert_eq!(revision().await, before + 1);
}

#[tokio::test]
async fn without_news_the_wait_ends_and_news_of_other_channels_are_none() {
    let world = World::start("[sync]\nwait_ms = 400\n").await;
    let device = world.device("W01").await;
    let answer = device.sync(1, &[]).await.expect(200).json();
    let revision = answer["desired"]["revision"].as_u64().unwrap();
    let path = format!("/d/v1/wait?revision={revision}");
    let other = json!({ "channel": "other" });
    let (held, added) = tokio::join!(device.get(&path), world.post("/api/v1/channels", &other));
    added.expect(201);
    held.expect(204);
    device
        .get("/d/v1/wait?revision=x")
        .await
        .refused(400, "bad-request");
    device.get("/d/v1/wait").await.refused(400, "bad-request");
}
