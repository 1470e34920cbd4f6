//! T19: the disk takes nothing any more. What must be said still leaves, the fault itself is told, and when
//! there is room again nothing was lost and nothing sent twice.

use crate::device::Device;
use crate::sinks::MailServer;
use crate::world::{World, eventually};
use cotmoc_test_kit::always_open;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

const ROOM: &str = "24m";

fn settings(port: u16) -> String {
    format!(
        "[notices]\nattempt_s = 5\n[blobs]\nkeep_free_bytes = 0\n[incidents]\nsuspect_s = 1\nsilent_s = 6\ngrace_s = 1\n\
         [[incidents.people]]\nname = \"Trực ban\"\nroles = [\"operator\"]\nvia = [\"mail=truc@example.vn\"]\n\
         [[incidents.people]]\nname = \"Kỹ thuật\"\nroles = [\"technician\"]\nvia = [\"mail=kt@example.vn\"]\n\
         [[incidents.people]]\nname = \"Sở\"\nroles = [\"department\"]\nvia = [\"mail=so@example.vn\"]\n\
         [[notices.routes]]\nname = \"mail\"\nchannel = \"mail\"\nto = [\"drill@example.vn\"]\n\
         server = \"127.0.0.1\"\nsecurity = \"none\"\nport = {port}\nfrom = \"cotmoc@example.vn\"\n"
    )
}

/// Fills the disk of the controller's data folder to the last byte; the file that does it.
fn fill(world: &World) -> PathBuf {
    let path = world.data().join("filler");
    let mut file = std::fs::File::create(&path).unwrap();
    for piece in [1 << 16, 512, 1] {
        while file.write_all(&vec![0; piece]).is_ok() {}
    }
    path
}

/// How often each mail came, by its Message-ID.
fn mails(server: &MailServer) -> BTreeMap<String, usize> {
    let mut all: BTreeMap<String, usize> = BTreeMap::new();
    for mail in server.mails() {
        let id = mail
            .lines()
            .find_map(|line| line.strip_prefix("Message-ID: "));
        *all.entry(id.unwrap().to_owned()).or_default() += 1;
    }
    all
}

/// Whether somebody got a mail in whose head this stands.
fn came(server: &MailServer, to: &str, words: &str) -> Option<()> {
    let mails = server.mails();
    let is_it = |mail: &&String| mail.contains(&format!("X-Rcpt-To: {to}")) && mail.contains(words);
    mails.iter().find(is_it).map(drop)
}

async fn wall(world: &World) -> Device {
    let mut release = world.release(1, None).await;
    release.window = always_open();
    release.devices = vec!["W01".parse().unwrap()];
    world
        .publish(&world.site.seal_release(&release))
        .await
        .expect(201);
    let wall = world.device("W01").await;
    wall.sync(1, &[]).await.expect(200);
    wall
}

#[tokio::test]
async fn on_a_full_disk_notices_leave_from_memory_and_are_stored_when_there_is_room() {
    let server = MailServer::start("take").await;
    let mut world = World::on_a_small_disk(ROOM, &settings(server.port)).await;
    let wall = wall(&world).await;
    let filler = fill(&world);
    // A heartbeat still counts; what would have to be stored is not acknowledged.
    let refused = wall.sync(2, &crate::device::events(1..3)).await;
    assert_eq!(
        refused.status,
        503,
        "{}",
        String::from_utf8_lossy(&refused.body)
    );
    eventually("the technician hears of the disk", async || {
        came(&server, "kt@example.vn", "disk-")
    })
    .await;
    // The wall falls silent now: its incident opens and is told although nothing can be stored.
    eventually("the operator hears of the wall", async || {
        came(&server, "truc@example.vn", "Message-ID")
    })
    .await;
    let answer = world.post("/api/v1/drill", &json!({})).await;
    assert!(
        answer.status.is_server_error(),
        "people are not told that it is stored: {}",
        answer.status
    );
    std::fs::remove_file(filler).unwrap();
    let stored = stored(&world).await;
    let incident = eventually("the incident's log is written", async || {
        let answer = world.get("/api/v1/incidents").await.expect(200).json();
        answer["incidents"].as_array().unwrap().first().cloned()
    })
    .await;
    let id = incident["incident"].as_str().unwrap();
    assert_eq!(fired(&world, id).await, 1);
    // The log is on the disk: it is there after a restart, and nothing is sent again.
    eventually("a drill can be stored again", async || {
        let answer = world.post("/api/v1/drill", &json!({})).await;
        answer.status.is_success().then_some(())
    })
    .await;
    let drilled = async || came(&server, "drill@example.vn", "drill-");
    eventually("the drill arrived", drilled).await;
    for kind in [
        "controller-fault",
        "controller-fault-over",
        "notices-sent-from-memory",
    ] {
        eventually(&format!("{kind} is noted"), async || {
            kinds(&world).await.contains(&json!(kind)).then_some(())
        })
        .await;
    }
    world.kill();
    world.restart().await;
    assert_eq!(fired(&world, id).await, 1);
    let sent = mails(&server);
    for notice in &stored {
        let key = notice["key"].as_str().unwrap();
        let found = sent.iter().find(|(id, _)| id.contains(key));
        assert_eq!(found.map(|(_, count)| *count), Some(1), "{notice}");
    }
}

/// What the controller has stored of the two notices, once both are accepted.
async fn stored(world: &World) -> Vec<Value> {
    eventually("what was sent is stored", async || {
        let answer = world.get("/api/v1/notices?limit=100").await.expect(200);
        let all = answer.json()["notices"].as_array().unwrap().clone();
        let of = |recipient: &str| {
            all.iter()
                .any(|n| n["recipient"] == recipient && n["state"] == "accepted")
        };
        (of("Trực ban") && of("Kỹ thuật")).then_some(all)
    })
    .await
}

/// How often the log says that the operator was told.
async fn fired(world: &World, incident: &str) -> usize {
    let path = format!("/api/v1/incidents/{incident}");
    let log = world.get(&path).await.expect(200).json()["log"].clone();
    let lines = log.as_array().unwrap().iter();
    lines
        .filter(|line| line["what"]["fired"]["stage"] == "operator")
        .count()
}

async fn kinds(world: &World) -> Vec<Value> {
    let events = world
        .get("/api/v1/events?limit=200")
        .await
        .expect(200)
        .json();
    let events = events["events"].as_array().unwrap().iter();
    events
        .map(|event| event["body"]["event"]["kind"].clone())
        .collect()
}

#[tokio::test]
async fn a_controller_that_starts_on_a_full_disk_still_sends_what_waited() {
    let server = MailServer::start("take").await;
    let port = server.port;
    drop(server);
    let mut world = World::on_a_small_disk(ROOM, &settings(port)).await;
    world.post("/api/v1/drill", &json!({})).await.expect(201);
    eventually("an attempt failed", async || {
        let all = world.get("/api/v1/notices").await.expect(200).json();
        all["notices"][0]["last_error"].is_string().then_some(())
    })
    .await;
    let filler = fill(&world);
    world.kill();
    world.restart().await;
    let server = MailServer::start_at(port, "take", &[]).await;
    eventually("the drill arrived", async || {
        came(&server, "drill@example.vn", "drill-")
    })
    .await;
    std::fs::remove_file(filler).unwrap();
    eventually("that is stored", async || {
        let all = world.get("/api/v1/notices").await.expect(200).json();
        (all["notices"][0]["state"] == "accepted").then_some(())
    })
    .await;
    let mails = server.mails();
    let drills = mails
        .iter()
        .filter(|mail| mail.contains("drill@example.vn"));
    assert_eq!(drills.count(), 1);
}
