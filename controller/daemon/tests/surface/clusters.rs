//! A cluster with two walls and a kiosk: one incident, one message; a component alone is a fault.

use crate::device::{Device, record};
use crate::world::{World, eventually};
use cotmoc_controller_core::incident::What;
use cotmoc_controller_core::report::examine;
use cotmoc_test_kit::always_open;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Stages of operation at once, and the technician's too.
const SETTINGS: &str = "[incidents]\nsuspect_s = 3\nsilent_s = 20\nstable_s = 1\ngrace_s = 1\n\
    [[incidents.tables]]\nfrom = \"2020-01-01\"\nhour_minutes = 50\n\
    [[incidents.tables.fault.steps]]\nid = \"fault\"\nto = [\"technician\"]\nunless = \"mended\"\n\
    [[clusters]]\nid = \"cua-khau\"\nname = \"Cửa khẩu quốc tế\"\nplace = \"phường Lào Cai\"\n\
    unit = \"Đồn Biên phòng\"\nwalls = [\"W01\", \"W02\"]\nkiosks = [\"K01\"]\n\
    [[notices.routes]]\nname = \"sheet\"\nchannel = \"sheet\"\nfolder = \"sheets\"\n\
    [[notices.routes]]\nname = \"other\"\nchannel = \"sheet\"\nfolder = \"others\"\n\
    [[incidents.people]]\nname = \"Trực ban\"\nroles = [\"operator\"]\n\
    units = [\"Đồn Biên phòng\"]\nvia = [\"sheet\"]\n\
    [[incidents.people]]\nname = \"Kỹ thuật\"\nroles = [\"technician\"]\n\
    clusters = [\"cua-khau\"]\nvia = [\"sheet\"]\n\
    [[incidents.people]]\nname = \"Điện lực\"\nroles = [\"power-unit\"]\n\
    clusters = [\"cua-khau\"]\nvia = [\"sheet\"]\n\
    [[incidents.people]]\nname = \"Huyện khác\"\nroles = [\"operator\", \"technician\", \"power-unit\"]\n\
    units = [\"UBND huyện\"]\nvia = [\"other\"]\n";
const DEVICES: [&str; 3] = ["W01", "W02", "K01"];

async fn world() -> (World, Vec<Arc<Device>>) {
    let world = World::start(SETTINGS).await;
    let mut release = world.release(1, None).await;
    release.window = always_open();
    release.devices = DEVICES.map(|name| name.parse().unwrap()).to_vec();
    let envelope = world.site.seal_release(&release);
    world.publish(&envelope).await.expect(201);
    let mut devices = Vec::new();
    for name in DEVICES {
        devices.push(Arc::new(world.device(name).await));
    }
    for device in &devices {
        device.lit().await;
    }
    (world, devices)
}

/// Goes on to send heartbeats.
fn alive(device: &Arc<Device>) -> JoinHandle<()> {
    let device = Arc::clone(device);
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(std::time::Duration::from_millis(500));
        loop {
            tick.tick().await;
            device.lit().await;
        }
    })
}

async fn incidents(world: &World) -> Vec<Value> {
    let answer = world.get("/api/v1/incidents").await.expect(200).json();
    answer["incidents"].as_array().unwrap().clone()
}

/// The first incident of which this holds.
async fn incident(world: &World, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    eventually(what, async || {
        incidents(world).await.into_iter().find(|one| is(one))
    })
    .await
}

/// The notices of an incident's stage, once its log says that it was fired.
async fn sent(world: &World, id: &Value, stage: &str) -> Vec<Value> {
    let id = id.as_str().unwrap();
    eventually(&format!("{stage} of {id} is fired"), async || {
        let path = format!("/api/v1/incidents/{id}");
        let log = world.get(&path).await.expect(200).json()["log"].clone();
        let fired = |line: &Value| line["what"]["fired"]["stage"] == stage;
        log.as_array().unwrap().iter().any(fired).then_some(())
    })
    .await;
    let answer = world.get("/api/v1/notices?limit=1000").await.expect(200);
    let all = answer.json()["notices"].as_array().unwrap().clone();
    let of = |notice: &Value| notice["incident"] == id && notice["stage"] == stage;
    all.into_iter().filter(of).collect()
}

fn down(incident: &Value) -> Vec<&str> {
    let down = incident["down"].as_array().unwrap().iter();
    down.map(|name| name.as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_power_cut_at_two_walls_and_a_kiosk_is_one_incident_and_one_message_that_names_them() {
    let (world, devices) = world().await;
    let open = incident(&world, "the cluster has stopped", |one| {
        one["state"] == "open"
    })
    .await;
    assert_eq!(open["cluster"], "cua-khau");
    assert_eq!(open["name"], "Cửa khẩu quốc tế, phường Lào Cai");
    let hour = open["deadline_ms"].as_i64().unwrap() - open["occurred_ms"].as_i64().unwrap();
    assert_eq!(hour, 50 * 60_000, "the settings' own hour");
    let told = sent(&world, &open["incident"], "operator").await;
    let to_operator: Vec<&Value> = told
        .iter()
        .filter(|n| n["recipient"] == "Trực ban")
        .collect();
    let [one] = to_operator.as_slice() else {
        panic!("one message, not {told:#?}");
    };
    let body = one["body"].as_str().unwrap();
    assert!(body.contains("Cửa khẩu quốc tế, phường Lào Cai"), "{body}");
    for name in DEVICES {
        assert!(body.contains(&format!("{name}: ")), "{name} in {body}");
    }
    assert!(!told.iter().any(|n| n["recipient"] == "Huyện khác"));
    assert_eq!(incidents(&world).await.len(), 1, "no fault beside it");

    // The cause shows when a board is back: now the power unit hears, as soon as that is known.
    let proof = open["occurred_ms"].as_i64().unwrap() + 2_000;
    let cut = json!({ "after_ms": proof.to_string(), "before_ms": (proof + 9_000).to_string() });
    let lost = json!({ "event": { "kind": "power-lost", "detail": cut } });
    for device in &devices[..2] {
        device.sync(2, &[record(1, &lost)]).await.expect(200);
    }
    let power = incident(&world, "it was the power", |one| one["cause"] == "power").await;
    assert_eq!(power["occurred_ms"], proof, "both walls say so");
    let told = sent(&world, &open["incident"], "power").await;
    let names: Vec<&Value> = told.iter().map(|notice| &notice["recipient"]).collect();
    assert_eq!(names, ["Điện lực"]);

    // The report names the cluster and holds the numbers by which it is judged.
    let path = format!(
        "/api/v1/incidents/{}/report",
        open["incident"].as_str().unwrap()
    );
    let bytes = world.get(&path).await.expect(200).body;
    let report = examine(&bytes, None).unwrap().report;
    assert_eq!(report.cluster.as_str(), "cua-khau");
    assert_eq!(report.about().place, "phường Lào Cai");
    let What::Opened(opening) = &report.log[0].what else {
        panic!("{:?}", report.log[0]);
    };
    assert_eq!(opening.laws.at(opening.last_proof_ms).duty_ms, 50 * 60_000);
}

#[tokio::test]
async fn a_wall_alone_is_a_fault_for_the_technician_until_the_other_stops_too() {
    let (world, devices) = world().await;
    let (second, kiosk) = (alive(&devices[1]), alive(&devices[2]));
    let fault = incident(&world, "the fault is known", |one| one["is_fault"] == true).await;
    assert_eq!(
        (down(&fault), &fault["duty"]),
        (vec!["W01"], &json!("not-due"))
    );
    let told = sent(&world, &fault["incident"], "fault").await;
    let names: Vec<&Value> = told.iter().map(|notice| &notice["recipient"]).collect();
    assert_eq!(names, ["Kỹ thuật"]);
    assert!(
        told[0]["body"].as_str().unwrap().contains("W01: "),
        "{told:?}"
    );
    assert_eq!(incidents(&world).await.len(), 1, "no hour runs");

    second.abort();
    let is_stop = |one: &Value| one["is_fault"] == false && one["state"] == "open";
    let stop = incident(&world, "the cluster has stopped", is_stop).await;
    assert_eq!(down(&stop), ["W01", "W02"]);
    let occurred = stop["occurred_ms"].as_i64().unwrap();
    assert!(
        occurred > fault["occurred_ms"].as_i64().unwrap(),
        "the second wall dates it"
    );
    let joined = incident(&world, "the fault is part of it", |one| {
        one["is_fault"] == true && one["state"] == "closed"
    });
    assert_eq!(joined.await["incident"], fault["incident"]);

    let second = alive(&devices[1]);
    incident(&world, "the stop is over", |one| {
        one["incident"] == stop["incident"] && one["state"] == "resolved"
    })
    .await;
    let again = incident(&world, "the first wall is a fault again", |one| {
        one["is_fault"] == true && one["state"] == "open"
    });
    assert_eq!(down(&again.await), ["W01"]);
    second.abort();
    kiosk.abort();
}

#[tokio::test]
async fn every_event_of_a_burst_is_weighed_once_over_a_restart_too() {
    let mut world = World::start("").await;
    let device = world.device("W01").await;
    let line = json!({ "since_ms": "1795400000000" });
    let opened = json!({ "event": { "kind": "door-opened", "detail": line } });
    let dull = json!({ "event": { "kind": "started", "detail": { "process": "wall" } } });
    let mut seq = 0;
    for page in 0..6 {
        let body = |number| {
            if page == 0 && number == 0 {
                &opened
            } else {
                &dull
            }
        };
        let records: Vec<Value> = (0..200)
            .map(|number| {
                seq += 1;
                record(seq, body(number))
            })
            .collect();
        device.sync(page + 1, &records).await.expect(200);
    }
    world.kill();
    world.restart().await;
    let is_intrusion = |one: &Value| one["cause"] == "access";
    let found = incident(&world, "the first of 1,200 was weighed", is_intrusion).await;
    let path = format!("/api/v1/incidents/{}", found["incident"].as_str().unwrap());
    let log = world.get(&path).await.expect(200).json()["log"].clone();
    world.end().await;
    world.restart().await;
    let turned = world.device("W02").await;
    turned.lit().await;
    eventually("the desk has taken a turn", async || {
        let page = world.get("/api/v1/incidents").await.expect(200).json();
        (!page["incidents"].as_array().unwrap().is_empty()).then_some(())
    })
    .await;
    let again = world.get(&path).await.expect(200).json()["log"].clone();
    let said = |log: &Value| {
        let lines = log.as_array().unwrap().iter();
        lines
            .filter(|line| line["what"]["evidence"].is_object())
            .count()
    };
    assert_eq!((said(&log), said(&again)), (1, 1));
}

#[tokio::test]
async fn the_last_words_of_a_wall_are_evidence_of_the_stop_that_is_noticed_after_them() {
    let (world, devices) = world().await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let since = i64::try_from(now.unwrap().as_millis()).unwrap();
    let words =
        json!({ "event": { "kind": "on-battery", "detail": { "since_ms": since.to_string() } } });
    for device in &devices[..2] {
        device.sync(2, &[record(1, &words)]).await.expect(200);
    }
    let stop = incident(&world, "it was the power", |one| one["cause"] == "power").await;
    assert_eq!(
        (&stop["occurred_ms"], &stop["occurred_by"]),
        (&json!(since), &json!("device"))
    );
}
