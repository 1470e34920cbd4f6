//! The on-air ledger says what the sinks presented, what stopped them, and what nobody knows.

use crate::device::{Device, record};
use crate::obligations::{now, yesterday};
use crate::world::{World, eventually};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{DAY, HOUR, MINUTE};
use cotmoc_proto::window::OperatingWindow;
use serde_json::{Value, json};

pub fn span(seq: u64, state: &str, (from, to): (TimeMs, TimeMs), clock: &str) -> Value {
    let body = json!({ "on-air": {
        "state": state, "from_ms": from, "to_ms": to, "reason": "", "clock": clock,
    }});
    record(seq, &body)
}

async fn day(world: &World) -> Value {
    let date = OperatingWindow::default().zone.date(yesterday().from_ms);
    let path = format!("/api/v1/ledger?from={date}&to={date}");
    let answer = world.get(&path).await.expect(200).json();
    let clusters = answer["clusters"].as_array().unwrap();
    assert_eq!(clusters.len(), 1, "{answer}");
    let day = clusters[0]["days"][0].clone();
    assert_eq!(day["date"], date.to_string());
    let totals = &clusters[0]["totals"];
    let of = |key: &str| totals[key].as_i64().unwrap();
    let parts = of("on_air_ms") + of("explained_ms") + of("unexplained_ms") + of("unknown_ms");
    assert_eq!(of("required_ms"), parts);
    day
}

fn whys(day: &Value) -> Vec<(i64, String)> {
    let missing = day["missing"].as_array().unwrap().iter();
    missing
        .map(|one| {
            let length =
                one["span"]["to_ms"].as_i64().unwrap() - one["span"]["from_ms"].as_i64().unwrap();
            let why = one["why"].as_str().map_or("incident", |why| why);
            (length / MINUTE, why.to_owned())
        })
        .collect()
}

/// A wall that was on air yesterday from opening until 20:00, but for half an hour without power.
pub async fn seeded(world: &World) -> Device {
    let device = world.device("W01").await;
    let opening = yesterday().from_ms;
    let at = |hours: i64, minutes: i64| opening.plus(hours * HOUR + minutes * MINUTE);
    let cut = json!({ "event": { "kind": "power-lost", "detail": {
        "boot": "before", "after_ms": at(5, 0).0.to_string(), "before_ms": at(5, 30).0.to_string(),
    }}});
    let records = [
        span(1, "on-air", (at(0, 0), at(5, 0)), "synchronised"),
        span(2, "off", (at(5, 0), at(5, 30)), "held"),
        span(3, "on-air", (at(5, 30), at(13, 0)), "held"),
        span(4, "on-air", (at(13, 0), at(15, 0)), "untrusted"),
        record(5, &cut),
    ];
    device.sync(1, &records).await.expect(200);
    eventually("the power cut is an incident", async || {
        let answer = world.get("/api/v1/incidents").await.expect(200).json();
        (answer["incidents"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
    device
}

#[tokio::test]
async fn a_day_that_lost_its_records_is_unknown_and_never_on_air() {
    let mut world = World::start("").await;
    let device = seeded(&world).await;
    let found = day(&world).await;
    assert_eq!(found["on_air_ms"], 12 * HOUR + 30 * MINUTE);
    assert_eq!(found["quota"], "open", "{found}");
    let expected = [(30, "incident".to_owned()), (120, "unknown".to_owned())];
    assert_eq!(whys(&found), expected, "an untrusted clock proves nothing");

    let opening = yesterday().from_ms;
    let evening = (opening.plus(13 * HOUR), opening.plus(15 * HOUR));
    let dark = span(6, "off", evening, "held");
    device.sync(2, &[dark]).await.expect(200);
    let found = day(&world).await;
    assert_eq!(found["quota"], "short");
    assert_eq!(whys(&found)[1], (120, "unexplained".to_owned()));

    // The same once more, and one that contradicts it, after a crash.
    world.kill();
    world.restart().await;
    let device = device.moved(&world);
    let again = span(6, "off", evening, "held");
    device.sync(3, &[again]).await.expect(200);
    assert_eq!(day(&world).await["quota"], "short");
    let lit = span(7, "on-air", (evening.0, evening.1), "held");
    device.sync(4, &[lit]).await.expect(200);
    let found = day(&world).await;
    assert_eq!(found["quota"], "kept");
    assert_eq!(
        found["full_ms"],
        json!(opening.plus(14 * HOUR + 30 * MINUTE))
    );
}

#[tokio::test]
async fn nothing_is_on_air_in_the_future_and_a_wall_from_before_has_its_past() {
    let world = World::start("").await;
    let device = world.device("W01").await;
    let far = (now().plus(-3 * DAY), now().plus(400 * DAY));
    device
        .sync(1, &[span(1, "on-air", far, "held")])
        .await
        .expect(200);
    let zone = OperatingWindow::default().zone;
    let (from, to) = (zone.date(far.0), zone.date(now().plus(3 * DAY)));
    let path = format!("/api/v1/ledger?from={from}&to={to}");
    let answer = world.get(&path).await.expect(200).json();
    let totals = &answer["clusters"][0]["totals"];
    assert!(
        totals["on_air_ms"].as_i64().unwrap() <= 4 * 15 * HOUR,
        "{totals}"
    );
    assert!(
        totals["on_air_ms"].as_i64().unwrap() >= 2 * 15 * HOUR,
        "{totals}"
    );
    for bad in [
        "from=2026-02-30",
        "from=2026-02-02&to=2026-02-01",
        "from=2020-01-01&to=2026-01-01",
    ] {
        let path = format!("/api/v1/ledger?{bad}");
        world.get(&path).await.refused(400, "bad-request");
    }
}

#[tokio::test]
async fn the_book_counts_incidents_by_cause_and_by_what_became_of_the_hour() {
    let world = World::start("").await;
    seeded(&world).await;
    let date = OperatingWindow::default().zone.date(yesterday().from_ms);
    let path = format!("/api/v1/incident-book?from={date}&to={date}");
    let answer = world.get(&path).await.expect(200).json();
    let power = &answer["book"]["by_cause"]["power"];
    assert_eq!(power["incidents"], 1);
    assert_eq!(power["stopped_ms"], 30 * MINUTE);
    assert_eq!(answer["stopped_ms"], 30 * MINUTE);
    assert_eq!(answer["book"]["breached"], 1, "heard of a day later");
    let before = date.yesterday().unwrap();
    let path = format!("/api/v1/incident-book?from={before}&to={before}");
    let answer = world.get(&path).await.expect(200).json();
    assert_eq!(answer["book"]["by_cause"], json!({}));
}
