//! The status page.

use crate::device::{Device, record};
use crate::world::{Answer, World, answer};
use cotmoc_proto::time::{HOUR, MINUTE};
use cotmoc_test_kit::always_open;
use serde_json::{Value, json};

const EVIL: &str = "<script>alert(1)</script>\"'&";

#[tokio::test]
async fn the_page_says_of_every_wall_what_it_is_and_shows() {
    let world = seeded().await;
    let page = fetch(&world, "/").await.expect(200);
    let html = String::from_utf8(page.body).unwrap();
    for expected in [
        "huu-nghi",
        "W01",
        "đang phát",
        "on air",
        "Cửa khẩu số – Nhanh, minh bạch",
        "5 giờ 12 phút",
        "14 giờ",
        "W02",
        "có liên lạc nhưng không phát hình",
        "W03",
        "đồng hồ không đáng tin",
        "W04",
        "mất liên lạc trong giờ phát",
        "W05",
        "chờ đăng ký",
        "Lỗi toàn vẹn",
        "bản 1",
        "vừa xong",
        "Đã phát hành",
        "Chương trình tuần 48",
        "00:00–24:00",
    ] {
        assert!(html.contains(expected), "{expected} in {html}");
    }
}

#[tokio::test]
async fn w10_what_devices_and_people_write_stays_text() {
    let world = seeded().await;
    let page = fetch(&world, "/").await.expect(200);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"));
    let html = String::from_utf8(page.body).unwrap();
    assert!(html.contains("&#60;script&#62;alert(1)"), "{html}");
    for inline in ["<script>", " style=", " onclick=", "javascript:"] {
        assert!(!html.contains(inline), "{inline}");
    }
    for (path, kind) in [
        ("/assets/console.css", "text/css"),
        ("/assets/console.js", "text/javascript"),
        ("/assets/icon.svg", "image/svg+xml"),
    ] {
        let asset = fetch(&world, path).await.expect(200);
        let found = asset.headers["content-type"].to_str().unwrap();
        assert!(found.starts_with(kind), "{path}: {found}");
    }
}

#[tokio::test]
async fn the_status_says_the_same_to_programs() {
    let world = seeded().await;
    let status = world.get("/api/v1/status").await.expect(200).json();
    let of = |name: &str| {
        let devices = status["devices"].as_array().unwrap();
        devices
            .iter()
            .find(|d| d["device"] == name)
            .unwrap()
            .clone()
    };
    let first = of("W01");
    assert_eq!(first["status"], "on-air");
    assert_eq!(first["report"]["release"], 1);
    assert_eq!(first["release_published"], 1);
    assert_eq!(first["on_air_today_ms"], 5 * HOUR + 12 * MINUTE);
    assert_eq!(first["quota_ms"], 14 * HOUR);
    assert!(first["last_seen_ms"].is_i64());
    assert_eq!(of("W02")["status"], "online-not-lit");
    assert_eq!(of("W05")["state"], "pending");
    assert_eq!(of("W05")["status"], Value::Null);
}

#[tokio::test]
async fn after_an_orderly_end_the_last_heartbeats_are_still_known() {
    let mut world = seeded().await;
    let before = world.get("/api/v1/status").await.expect(200).json();
    world.end().await;
    world.restart().await;
    let after = world.get("/api/v1/status").await.expect(200).json();
    for (before, after) in before["devices"]
        .as_array()
        .unwrap()
        .iter()
        .zip(after["devices"].as_array().unwrap())
    {
        assert_eq!(before["last_seen_ms"], after["last_seen_ms"]);
        assert_eq!(before["report"], after["report"]);
    }
}

async fn fetch(world: &World, path: &str) -> Answer {
    let url = format!("http://{}{path}", world.address("console"));
    answer(world.http.get(url)).await
}

/// A site with walls of every kind, through the real interfaces.
async fn seeded() -> World {
    let world = World::start("").await;
    let mut release = world.release(1, None).await;
    let names = ["W01", "W02", "W03", "W04", "W05"];
    release.devices = names.map(|name| name.parse().unwrap()).to_vec();
    release.window = always_open();
    release.note = "Chương trình tuần 48".to_owned();
    let sealed = world.site.seal_release(&release);
    world.publish(&sealed).await.expect(201);
    let takedown = world.site.takedown(1, 1, &[cotmoc_proto::Digest::of(b"x")]);
    let takedown = world.site.seal_takedown(&takedown);
    world.publish(&takedown).await.expect(201);

    let lit = world.device("W01").await;
    let showing = json!([{
        "what": "item", "zone": "main", "playlist": "loop", "item": "item-1",
        "title": "Cửa khẩu số – Nhanh, minh bạch", "since_ms": now_ms() - 8_000,
    }]);
    report(&lit, "on-air", "synchronised", &showing, &[]).await;
    let dark = world.device("W02").await;
    let refused = json!({ "event": {
        "kind": "integrity-fault", "detail": { "what": EVIL, "reason": "state-slot" },
    }});
    dark.sync(1, &[record(1, &refused)]).await.expect(200);
    let untrusted = world.device("W03").await;
    let fallback = json!([{
        "what": "fallback", "item": "fallback", "reason": "clock", "since_ms": now_ms() - 900_000,
    }]);
    report(&untrusted, "clock-untrusted", "untrusted", &fallback, &[]).await;
    world.device("W04").await;
    Device::new(&world, "W05").register(&world).await;
    world
}

async fn report(device: &Device, status: &str, clock: &str, showing: &Value, records: &[Value]) {
    let mut heartbeat = device.heartbeat(1, records);
    heartbeat["wall_ms"] = now_ms().into();
    heartbeat["clock"] = clock.into();
    let mut screen = crate::sync::report(1);
    screen["at_ms"] = now_ms().into();
    screen["status"] = status.into();
    screen["clock"] = clock.into();
    screen["showing"] = showing.clone();
    screen["on_air_today_ms"] = (5 * HOUR + 12 * MINUTE).into();
    heartbeat["screens"] = json!([screen]);
    let request = device.request(reqwest::Method::POST, "/d/v1/sync");
    answer(request.body(heartbeat.to_string()))
        .await
        .expect(200);
}

fn now_ms() -> i64 {
    cotmoc_service::boot::wall_ms()
}
