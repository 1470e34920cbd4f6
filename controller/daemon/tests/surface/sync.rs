//! Heartbeats and records.

use crate::device::{events, record};
use crate::world::World;
use cotmoc_proto::Digest;
use serde_json::{Value, json};

#[tokio::test]
async fn t34_duplicated_and_reordered_batches_are_stored_once_and_acknowledged_without_a_hole() {
    let world = World::start("").await;
    let device = world.device("W01").await;
    let ack = async |mono_ms: u64, numbers: &[u64]| {
        let answer = device.sync(mono_ms, &events(numbers.iter().copied())).await;
        answer.expect(200).json()["ack"]["boot-1"].as_u64().unwrap()
    };
    assert_eq!(ack(1, &[1, 2, 3]).await, 3);
    assert_eq!(ack(1, &[1, 2, 3]).await, 3, "the same heartbeat again");
    assert_eq!(ack(3, &[7, 8]).await, 3, "4 to 6 may be on their way");
    assert_eq!(ack(3, &[7, 8]).await, 3, "a repetition proves nothing");
    assert_eq!(ack(2, &[6, 4, 5]).await, 8);
    assert_eq!(ack(4, &[9, 9, 10]).await, 10);
    let stored = world.events("W01", "started").await;
    assert_eq!(stored.len(), 10);
    assert!(world.events("W01", "records-missing").await.is_empty());
}

#[tokio::test]
async fn records_that_the_device_lost_are_noted_and_do_not_hold_up_the_others() {
    let world = World::start("").await;
    let device = world.device("W01").await;
    let batch = events([1, 2, 5, 9]);
    let first = device.sync(1, &batch).await.expect(200).json();
    assert_eq!(first["ack"]["boot-1"], 2);
    let second = device.sync(2, &events([5, 9])).await.expect(200).json();
    assert_eq!(second["ack"]["boot-1"], 9);
    let missing = world.events("W01", "records-missing").await;
    let spans: Vec<_> = missing
        .iter()
        .map(|e| (e["detail"]["from"].clone(), e["detail"]["to"].clone()))
        .collect();
    assert_eq!(spans, [(json!("3"), json!("4")), (json!("6"), json!("8"))]);
}

#[tokio::test]
async fn what_a_newer_device_says_is_kept_and_holds_nothing_up() {
    let world = World::start("").await;
    let device = world.device("W01").await;
    let strange = [
        record(1, &json!({ "hologram": { "depth": 3 } })),
        record(2, &json!({ "event": { "kind": "hatched", "detail": {} } })),
    ];
    let mut heartbeat = device.heartbeat(1, &strange);
    heartbeat["screens"] = json!([{ "kind": "hologram" }]);
    heartbeat["later"] = json!(true);
    let request = device.request(reqwest::Method::POST, "/d/v1/sync");
    let answer = crate::world::answer(request.body(heartbeat.to_string())).await;
    assert_eq!(answer.expect(200).json()["ack"]["boot-1"], 2);
    assert_eq!(world.events("W01", "hatched").await.len(), 1);
}

#[tokio::test]
async fn t39_a_heartbeat_that_is_wrong_is_refused_and_changes_nothing() {
    let world = World::start("").await;
    let device = world.device("W01").await;
    let send = async |body: Value| {
        let request = device.request(reqwest::Method::POST, "/d/v1/sync");
        crate::world::answer(request.body(body.to_string())).await
    };
    let mut other = device.heartbeat(1, &[]);
    other["device"] = "W02".into();
    send(other).await.refused(403, "wrong-device");
    let mut newer = device.heartbeat(1, &[]);
    newer["v"] = 2.into();
    send(newer).await.refused(400, "version");
    for seq in [0, u64::MAX] {
        let records = events([1])
            .into_iter()
            .map(|mut record| {
                record["seq"] = seq.into();
                record
            })
            .collect::<Vec<_>>();
        send(device.heartbeat(1, &records))
            .await
            .refused(400, "bad-request");
    }
    let many = events(1..=201);
    send(device.heartbeat(1, &many))
        .await
        .refused(413, "too-big");
    let mut huge = device.heartbeat(1, &[]);
    huge["note"] = "x".repeat(300 * 1024).into();
    send(huge).await.refused(413, "too-big");
    let deep = "[".repeat(100_000);
    let request = device.request(reqwest::Method::POST, "/d/v1/sync");
    crate::world::answer(request.body(deep))
        .await
        .refused(400, "bad-request");
    assert!(world.events("W01", "started").await.is_empty());
}

#[tokio::test]
async fn a07_receipts_are_verified_with_the_devices_key_and_a_break_in_their_chain_is_an_event() {
    let world = World::start("").await;
    let device = world.device("W01").await;
    let stranger = world.device("W02").await;
    let (first, first_digest) = device.receipt(1, None);
    let (second, second_digest) = device.receipt(2, Some(first_digest));
    let (fourth, _) = device.receipt(4, Some(second_digest));
    let (forged, _) = stranger.receipt(5, None);
    let receipts = [&first, &second, &fourth, &forged];
    let records: Vec<_> = receipts
        .iter()
        .zip(1..)
        .map(|(text, seq)| record(seq, &json!({ "receipt": text })))
        .collect();
    device.sync(1, &records).await.expect(200);
    let stored = world
        .get("/api/v1/receipts?device=W01")
        .await
        .expect(200)
        .json();
    let stored = stored["receipts"].as_array().unwrap();
    let verdicts: Vec<_> = stored.iter().map(|row| row["verdict"].clone()).collect();
    assert_eq!(verdicts, ["signed", "signed", "signed", "unsigned"]);
    assert_eq!(stored[0]["envelope"], first);
    let gaps = world.events("W01", "receipt-gap").await;
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0]["detail"]["expected"], "3");
    assert_eq!(gaps[0]["detail"]["found"], "4");
    assert_eq!(world.events("W01", "receipt-refused").await.len(), 1);
}

#[tokio::test]
async fn the_ledger_of_a_day_is_summed_in_the_zone_of_the_regulation() {
    let world = World::start("").await;
    let device = world.device("W01").await;
    // 23/11/2026 07:00 to 09:00 at the border gate, then an hour dark, then past midnight.
    let seven: i64 = 1_795_366_800_000 + 7 * 3_600_000;
    let on_air = |seq, state: &str, from_h: i64, to_h: i64| {
        let body = json!({ "on-air": {
            "state": state, "from_ms": seven + from_h * 3_600_000,
            "to_ms": seven + to_h * 3_600_000, "reason": "", "clock": "synchronised",
        }});
        record(seq, &body)
    };
    let records = [
        on_air(1, "on-air", 0, 2),
        on_air(2, "off", 2, 3),
        on_air(3, "on-air", 16, 20),
    ];
    device.sync(1, &records).await.expect(200);
    let path = "/api/v1/on-air?device=W01&date=2026-11-23";
    let day = world.get(path).await.expect(200).json();
    assert_eq!(day["on_air_ms"], 3 * 3_600_000);
    assert_eq!(day["on-air"].as_array().unwrap().len(), 3);
    let bad = world.get("/api/v1/on-air?device=W01&date=today").await;
    bad.refused(400, "bad-request");
}

#[tokio::test]
async fn a_device_is_told_what_it_should_have_and_gets_only_what_is_its_channels() {
    let world = World::start("").await;
    let device = world.device("W01").await;
    let release = world.release(1, None).await;
    let sealed = world.site.seal_release(&release);
    world.publish(&sealed).await.expect(201);
    let takedown = world.site.takedown(1, 1, &[Digest::of(b"x")]);
    let takedown = world.site.seal_takedown(&takedown);
    world.publish(&takedown).await.expect(201);
    let desired = device.sync(1, &[]).await.expect(200).json()["desired"].clone();
    let sha256 = |bytes: &[u8]| Digest::of(bytes).to_string();
    assert_eq!(desired["release"]["envelope_sha256"], sha256(&sealed));
    assert_eq!(
        desired["takedowns"][0]["envelope_sha256"],
        sha256(&takedown)
    );
    assert_eq!(
        desired["roots"],
        json!([]),
        "the factory root is on the device"
    );
    let envelope = device
        .get(&format!("/d/v1/envelope/{}", sha256(&sealed)))
        .await;
    assert_eq!(envelope.expect(200).body, sealed);
    let asset = release.fallback.asset;
    for blob in [asset.sha256, asset.chunks_sha256] {
        let path = format!("/d/v1/blob/{blob}");
        device.get(&path).await.expect(200);
    }
    let part = device
        .request(
            reqwest::Method::GET,
            &format!("/d/v1/blob/{}", asset.sha256),
        )
        .header("Range", "bytes=65536-131071");
    assert_eq!(
        crate::world::answer(part).await.expect(206).body.len(),
        65_536
    );

    world.put_blob(b"not published").await.expect(201);
    let path = format!("/d/v1/blob/{}", Digest::of(b"not published"));
    device.get(&path).await.refused(404, "not-found");
    world
        .post("/api/v1/channels", &json!({ "channel": "other" }))
        .await
        .expect(201);
    let mut stranger = crate::device::Device::new(&world, "X01");
    let mut registration = stranger.registration(&world);
    registration["channel"] = "other".into();
    let token = world
        .post("/api/v1/devices", &registration)
        .await
        .expect(201)
        .json();
    stranger
        .enrol(&world, token["token"].as_str().unwrap())
        .await
        .expect(200);
    for path in [
        format!("/d/v1/blob/{}", asset.sha256),
        format!("/d/v1/envelope/{}", sha256(&sealed)),
        format!("/d/v1/blob/{}", "../".repeat(3)),
    ] {
        let status = stranger.get(&path).await.status;
        assert!(matches!(status.as_u16(), 400 | 404), "{path}: {status}");
    }
    let nothing = stranger.sync(1, &[]).await.expect(200).json();
    assert!(nothing["desired"].get("release").is_none());
}

#[tokio::test]
async fn a_release_that_lifts_a_takedown_ends_it_for_screens_that_run_the_release() {
    let world = World::start("").await;
    let device = world.device("W01").await;
    let digests = world.publish_releases(1).await;
    let takedown = world.site.takedown(1, 1, &[Digest::of(b"x")]);
    world
        .publish(&world.site.seal_takedown(&takedown))
        .await
        .expect(201);
    let mut second = world.release(2, Some(digests[0])).await;
    second.lifts_takedown = 1;
    world
        .publish(&world.site.seal_release(&second))
        .await
        .expect(201);
    let takedowns = async |running: u64| {
        let mut heartbeat = device.heartbeat(running, &[]);
        heartbeat["screens"] = json!([report(running)]);
        let request = device.request(reqwest::Method::POST, "/d/v1/sync");
        let answer = crate::world::answer(request.body(heartbeat.to_string())).await;
        let desired = answer.expect(200).json()["desired"].clone();
        desired["takedowns"].as_array().unwrap().len()
    };
    assert_eq!(takedowns(1).await, 1);
    assert_eq!(takedowns(2).await, 0);
}

pub fn report(release: u64) -> Value {
    json!({
        "kind": "wall", "at_ms": 1_795_400_000_000_i64, "status": "on-air",
        "clock": "synchronised", "showing": [], "root_version": 1, "release": release,
        "takedown": 0, "on_air_today_ms": 0, "quota_ms": 50_400_000,
        "output": { "presented": 1, "late": 0, "dropped": 0, "configured_sink": true },
    })
}
