//! When every site falls silent at once, the controller asks whether it is the one that is away.

use crate::device::Device;
use crate::world::{World, eventually};
use cotmoc_test_kit::always_open;
use serde_json::Value;
use std::net::TcpListener;

const PEOPLE: &str = "[[incidents.people]]\nname = \"Trực ban\"\nroles = [\"operator\"]\nvia = [\"sheet\"]\n\
    [[incidents.people]]\nname = \"Sở\"\nroles = [\"department\"]\nvia = [\"sheet\"]\n";
const WALLS: [&str; 3] = ["W01", "W02", "W03"];

/// The cluster of one wall, named otherwise than it.
fn cluster(wall: &str, place: &str) -> String {
    format!(
        "[[clusters]]\nid = \"cum-{wall}\"\nname = \"Cụm {wall}\"\nplace = \"{place}\"\nwalls = [\"{wall}\"]\n"
    )
}

/// A controller whose network is proved by `probe`, with three walls that were heard once and are to be
/// on air at all times.
async fn world(probe: &str, place: &str, more: &str) -> (World, Vec<Device>) {
    let clusters = WALLS.map(|wall| cluster(wall, place));
    let world = World::start(&format!(
        "[incidents]\nnetwork = [\"{probe}\"]\nsuspect_s = 1\nsilent_s = 20\ngrace_s = 1\n{more}{PEOPLE}{}\
         [[notices.routes]]\nname = \"sheet\"\nchannel = \"sheet\"\nfolder = \"sheets\"\n",
        clusters.concat()
    ))
    .await;
    let mut release = world.release(1, None).await;
    release.window = always_open();
    release.devices = WALLS.map(|name| name.parse().unwrap()).to_vec();
    let envelope = world.site.seal_release(&release);
    world.publish(&envelope).await.expect(201);
    let mut walls = Vec::new();
    for name in WALLS {
        walls.push(world.device(name).await);
    }
    for wall in &walls {
        wall.sync(1, &[]).await.expect(200);
    }
    (world, walls)
}

/// The three incidents, once they are open.
async fn open(world: &World) -> Vec<Value> {
    eventually("three incidents are open", async || {
        let answer = world.get("/api/v1/incidents").await.expect(200).json();
        let all = answer["incidents"].as_array().unwrap().clone();
        (all.len() == WALLS.len()).then_some(all)
    })
    .await
}

/// Every notice of a stage, once each incident's log says that the stage was fired.
async fn sent(world: &World, incidents: &[Value], stage: &str) -> Vec<Value> {
    for incident in incidents {
        let id = incident["incident"].as_str().unwrap();
        eventually(&format!("{stage} of {id} is fired"), async || {
            let path = format!("/api/v1/incidents/{id}");
            let log = world.get(&path).await.expect(200).json()["log"].clone();
            let fired = |line: &Value| line["what"]["fired"]["stage"] == stage;
            log.as_array().unwrap().iter().any(fired).then_some(())
        })
        .await;
    }
    let answer = world.get("/api/v1/notices?limit=100").await.expect(200);
    let all = answer.json()["notices"].as_array().unwrap().clone();
    all.into_iter().filter(|n| n["stage"] == stage).collect()
}

#[tokio::test]
async fn all_sites_gone_with_our_own_network_are_one_message_and_every_hour_runs() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let probe = closed.local_addr().unwrap().to_string();
    drop(closed);
    let early = "[[incidents.tables]]\nfrom = \"2020-01-01\"\n\
        [[incidents.tables.operation.steps]]\nid = \"operator\"\nto = [\"operator\"]\n\
        [[incidents.tables.operation.steps]]\nid = \"department\"\nto = [\"department\"]\n";
    let (world, _walls) = world(&probe, "", early).await;
    let incidents = open(&world).await;
    for incident in &incidents {
        assert_eq!(incident["cause"], "unknown", "silence is no cause");
    }
    let to_operator = sent(&world, &incidents, "operator").await;
    let [one] = to_operator.as_slice() else {
        panic!("one message for all, not {to_operator:#?}");
    };
    let body = one["body"].as_str().unwrap();
    for wall in WALLS {
        assert!(body.contains(&format!("Cụm {wall}")), "{wall} in {body}");
    }
    assert!(
        body.contains("đường truyền của trung tâm giám sát cũng hỏng"),
        "{body}"
    );
    let to_department = sent(&world, &incidents, "department").await;
    assert_eq!(
        to_department.len(),
        WALLS.len(),
        "a duty is never put together with another"
    );
}

#[tokio::test]
async fn all_sites_gone_while_our_network_works_are_messages_of_their_own() {
    let open_port = TcpListener::bind("127.0.0.1:0").unwrap();
    let probe = open_port.local_addr().unwrap().to_string();
    let (world, _walls) = world(&probe, "", "").await;
    let incidents = open(&world).await;
    let to_operator = sent(&world, &incidents, "operator").await;
    assert_eq!(to_operator.len(), WALLS.len());
    for notice in &to_operator {
        assert!(!notice["body"].as_str().unwrap().contains("đường truyền"));
    }
}

#[tokio::test]
async fn the_clusters_of_one_place_that_fall_silent_together_are_one_message_and_every_hour_runs() {
    let open_port = TcpListener::bind("127.0.0.1:0").unwrap();
    let probe = open_port.local_addr().unwrap().to_string();
    let early = "[[incidents.tables]]\nfrom = \"2020-01-01\"\n\
        [[incidents.tables.operation.steps]]\nid = \"operator\"\nto = [\"operator\"]\n\
        [[incidents.tables.operation.steps]]\nid = \"department\"\nafter_minutes = 1\n\
        to = [\"department\"]\n";
    let (world, _walls) = world(&probe, "phường Lào Cai", early).await;
    let incidents = open(&world).await;
    let to_operator = sent(&world, &incidents, "operator").await;
    let [one] = to_operator.as_slice() else {
        panic!("one message for the place, not {to_operator:#?}");
    };
    let body = one["body"].as_str().unwrap();
    for wall in WALLS {
        assert!(
            body.contains(&format!("Cụm {wall}, phường Lào Cai")),
            "{wall} in {body}"
        );
    }
    assert!(!body.contains("đường truyền"), "our own network works");
    let to_department = sent(&world, &incidents, "department").await;
    assert_eq!(to_department.len(), WALLS.len());
}
