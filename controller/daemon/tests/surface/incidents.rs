//! What devices say of themselves becomes incidents, once.

use crate::device::record;
use crate::world::{World, eventually};
use serde_json::{Value, json};

/// 23/11/2026 at Lào Cai, within the hours of operation.
const MORNING_MS: i64 = 1_795_400_000_000;

fn event(seq: u64, kind: &str, detail: &Value) -> Value {
    record(seq, &json!({ "event": { "kind": kind, "detail": detail } }))
}

async fn incidents(world: &World, cause: &str) -> Vec<Value> {
    let answer = world.get("/api/v1/incidents").await.expect(200).json();
    let all = answer["incidents"].as_array().unwrap().clone();
    all.into_iter()
        .filter(|one| one["cause"] == cause)
        .collect()
}

/// The incidents of this cause, once there are so many and the last is in this state.
async fn settled(world: &World, cause: &str, count: usize, state: &str) -> Vec<Value> {
    let what = format!("{count} incidents of {cause}, the last {state}");
    eventually(&what, async || {
        let found = incidents(world, cause).await;
        (found.len() == count && found[0]["state"] == state).then_some(found)
    })
    .await
}

#[tokio::test]
async fn a_door_that_is_opened_is_a_security_incident_until_it_is_shut_and_once_over_a_restart() {
    let mut world = World::start("").await;
    let device = world.device("W01").await;
    let since = |from: i64| {
        let (since, until) = (MORNING_MS + from, MORNING_MS + from + 20_000);
        json!({ "line": "door", "since_ms": since.to_string(), "until_ms": until.to_string() })
    };
    let line = since(0);
    device
        .sync(1, &[event(1, "door-opened", &line)])
        .await
        .expect(200);
    let open = settled(&world, "access", 1, "open").await;
    assert_eq!(
        open[0]["occurred_ms"], MORNING_MS,
        "not when it was heard of"
    );
    assert_eq!(
        open[0]["duty"], "breached",
        "a day passed before it was heard of"
    );

    device
        .sync(2, &[event(2, "door-closed", &line)])
        .await
        .expect(200);
    settled(&world, "access", 1, "resolved").await;

    let again = since(60_000);
    device
        .sync(3, &[event(3, "door-opened", &again)])
        .await
        .expect(200);
    settled(&world, "access", 1, "open").await;

    world.kill();
    world.restart().await;
    let device = device.moved(&world);
    let cut = json!({
        "after_ms": MORNING_MS.to_string(), "before_ms": (MORNING_MS + 9_000).to_string(),
    });
    device
        .sync(4, &[event(4, "power-lost", &cut)])
        .await
        .expect(200);
    settled(&world, "power", 1, "resolved").await;
    let heard_again = incidents(&world, "access").await;
    assert_eq!(
        heard_again[0]["state"], "open",
        "the old closing is not of this opening"
    );
    device
        .sync(5, &[event(5, "door-closed", &again)])
        .await
        .expect(200);
    settled(&world, "access", 1, "resolved").await;

    let id = incidents(&world, "access").await[0]["incident"].clone();
    let path = format!("/api/v1/incidents/{}", id.as_str().unwrap());
    let body = json!({ "by": "Minh", "proof": "kỹ thuật viên mở" });
    world
        .post(&format!("{path}/dismissal"), &body)
        .await
        .refused(409, "refused");
    let log = world.get(&path).await.expect(200).json()["log"].clone();
    let relapses = log.as_array().unwrap().iter();
    let relapses = relapses.filter(|line| line["what"] == "relapsed").count();
    assert_eq!(relapses, 1, "{log}");
}

#[tokio::test]
async fn an_intrusion_at_an_unknown_time_is_an_incident_since_it_was_heard_of() {
    let world = World::start("").await;
    let device = world.device("W01").await;
    let mut opened = event(1, "tamper-detected", &json!({ "since_ms": "5000" }));
    opened["clock"] = "untrusted".into();
    device.sync(1, &[opened]).await.expect(200);
    let open = settled(&world, "access", 1, "open").await;
    assert_eq!(open[0]["duty"], "running");
}

#[tokio::test]
async fn a_power_cut_too_short_to_be_missed_is_an_incident_that_is_over() {
    let world = World::start("").await;
    let device = world.device("W01").await;
    let cut = |from: i64, to: i64| json!({ "boot": "before", "after_ms": from.to_string(), "before_ms": to.to_string() });
    let night_ms = MORNING_MS + 16 * 3_600_000;
    let events = [
        event(1, "power-lost", &cut(night_ms, night_ms + 30_000)),
        event(2, "power-lost", &cut(MORNING_MS, MORNING_MS + 30_000)),
        event(3, "power-lost", &cut(MORNING_MS, MORNING_MS + 30_000)),
    ];
    device.sync(1, &events).await.expect(200);
    let found = settled(&world, "power", 1, "resolved").await;
    assert_eq!(found[0]["occurred_ms"], MORNING_MS);
    assert_eq!(found[0]["occurred_by"], "device");
}

/// An incident that two people have closed.
pub async fn closed(world: &World) -> String {
    let device = world.device("W01").await;
    let line = json!({ "line": "door", "since_ms": MORNING_MS.to_string() });
    device
        .sync(1, &[event(1, "door-opened", &line)])
        .await
        .expect(200);
    let open = settled(world, "access", 1, "open").await;
    let id = open[0]["incident"].as_str().unwrap().to_owned();
    let until = MORNING_MS + 20_000;
    let line = json!({ "line": "door", "since_ms": MORNING_MS.to_string(), "until_ms": until.to_string() });
    device
        .sync(2, &[event(2, "door-closed", &line)])
        .await
        .expect(200);
    settled(world, "access", 1, "resolved").await;
    let path = format!("/api/v1/incidents/{id}");
    let told = json!({ "by": "Đ/c Hoa" });
    world.post(&format!("{path}/told"), &told).await.expect(200);
    let closing = json!({ "by": "Minh", "countersigned": "Lan", "remedy": "Thay khoá" });
    world
        .post(&format!("{path}/close"), &closing)
        .await
        .expect(200);
    id
}
