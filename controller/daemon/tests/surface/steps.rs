//! T17: killed between any two steps of a stage, the controller tells everybody at least once, under one
//! key, and notes each stage once.

use crate::postbox::{Postbox, Step};
use crate::world::{World, eventually};
use cotmoc_test_kit::always_open;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Command};

/// Two commits may follow so closely that nobody comes between.
const TRIES: usize = 8;

/// Somebody else who writes to the database, from the moment at which `condition` holds.
struct Lock {
    process: Child,
    held: PathBuf,
}

impl Lock {
    fn when(world: &World, condition: &str, too_late: &str) -> Self {
        let held = world
            .folder
            .path()
            .join(format!("held-{}", condition.len()));
        let process = Command::new("/usr/bin/python3")
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/surface/hold.py"
            ))
            .args([&world.data().join("controller.db"), &held])
            .args([condition, too_late])
            .spawn()
            .unwrap();
        Self { process, held }
    }

    /// Whether it was there in time.
    async fn is_held(&mut self) -> bool {
        eventually("the step is reached or over", async || {
            let is_over = self.process.try_wait().unwrap().is_some();
            (self.held.exists() || is_over).then(|| self.held.exists())
        })
        .await
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Operator and department hear at once.
async fn world(port: u16) -> World {
    World::start(&format!(
        "[notices]\nattempt_s = 20\n[incidents]\nsuspect_s = 1\nsilent_s = 2\ngrace_s = 1\n\
         [[incidents.tables]]\nfrom = \"2020-01-01\"\n\
         [[incidents.tables.operation.steps]]\nid = \"operator\"\nto = [\"operator\"]\n\
         [[incidents.tables.operation.steps]]\nid = \"department\"\nto = [\"department\"]\n\
         [[incidents.people]]\nname = \"Trực ban\"\nroles = [\"operator\"]\nvia = [\"mail=truc@example.vn\"]\n\
         [[incidents.people]]\nname = \"Sở\"\nroles = [\"department\"]\nvia = [\"mail=so@example.vn\"]\n\
         [[notices.routes]]\nname = \"mail\"\nchannel = \"mail\"\nserver = \"127.0.0.1\"\n\
         security = \"none\"\nport = {port}\nfrom = \"cotmoc@example.vn\"\n"
    ))
    .await
}

/// One wall that was heard once and is to be on air at all times: it falls silent.
async fn a_wall_falls_silent(world: &World) {
    let mut release = world.release(1, None).await;
    release.window = always_open();
    release.devices = vec!["W01".parse().unwrap()];
    let envelope = world.site.seal_release(&release);
    world.publish(&envelope).await.expect(201);
    world.device("W01").await.sync(1, &[]).await.expect(200);
}

/// The incident, once its stages are fired and both notices are accepted, with those notices.
async fn told(world: &World) -> (Value, Vec<Value>) {
    let incident = eventually("everybody was told", async || {
        let all = world.get("/api/v1/incidents").await.expect(200).json();
        let id = all["incidents"][0]["incident"].as_str()?.to_owned();
        let incident = world
            .get(&format!("/api/v1/incidents/{id}"))
            .await
            .expect(200)
            .json();
        let log = incident["log"].as_array().unwrap();
        let has = |is: &dyn Fn(&Value) -> bool| log.iter().any(|line| is(&line["what"]));
        let fired = |stage: &str| has(&|what| what["fired"]["stage"] == stage);
        let accepted = has(&|what| what == &json!("accepted"));
        (fired("operator") && fired("department") && accepted).then_some(incident)
    })
    .await;
    let notices = eventually("both notices are accepted", async || {
        let all = world
            .get("/api/v1/notices?limit=100")
            .await
            .expect(200)
            .json();
        let all = all["notices"].as_array().unwrap().clone();
        let is_accepted = |n: &Value| n["state"] == "accepted";
        (all.len() >= 2 && all.iter().all(is_accepted)).then_some(all)
    })
    .await;
    (incident, notices)
}

/// Nothing is lost, nothing is there twice.
async fn assert_told_once(world: &World, postbox: &Postbox, step: &str) {
    let (incident, notices) = told(world).await;
    let keys: BTreeSet<_> = notices.iter().map(|n| n["key"].as_str().unwrap()).collect();
    assert_eq!((notices.len(), keys.len()), (2, 2), "{step}: {notices:#?}");
    let log = incident["log"].as_array().unwrap();
    for stage in ["operator", "department"] {
        let fired = log
            .iter()
            .filter(|line| line["what"]["fired"]["stage"] == stage);
        assert_eq!(fired.count(), 1, "{step}: {stage}");
    }
    let mails = postbox.mails();
    let ids: BTreeSet<_> = mails
        .iter()
        .map(|mail| {
            mail.lines()
                .find(|line| line.starts_with("Message-ID"))
                .unwrap()
        })
        .collect();
    assert_eq!(ids.len(), 2, "{step}: one key for each notice");
    for key in keys {
        assert!(
            ids.iter().any(|id| id.contains(key)),
            "{step}: {key} arrived"
        );
    }
    assert!(mails.len() <= 4, "{step}: {} mails", mails.len());
}

#[tokio::test]
async fn killed_at_any_word_to_the_mail_server() {
    for step in Step::ALL {
        let postbox = Postbox::start(Some(step)).await;
        let mut world = world(postbox.port).await;
        a_wall_falls_silent(&world).await;
        postbox.has_stopped(step).await;
        world.kill();
        postbox.go_on(None);
        world.restart().await;
        assert_told_once(&world, &postbox, &format!("{step:?}")).await;
    }
}

#[tokio::test]
async fn killed_between_any_two_things_that_are_stored() {
    let opened = "EXISTS (SELECT 1 FROM incident_entry)";
    let enqueued = "EXISTS (SELECT 1 FROM notice)";
    let fired = "EXISTS (SELECT 1 FROM incident_entry WHERE entry LIKE '%fired%')";
    let accepted = "EXISTS (SELECT 1 FROM notice WHERE accepted_ms IS NOT NULL)";
    for step in [
        format!("{opened} AND NOT {enqueued}"),
        format!("{enqueued} AND NOT {fired}"),
        format!("{fired} AND NOT {accepted}"),
        accepted.to_owned(),
    ] {
        let mut tries = 0;
        while !was_killed_at(&step, accepted).await {
            tries += 1;
            assert!(tries < TRIES, "never reached in time: {step}");
        }
    }
}

/// Whether the controller was killed while `step` held; then everything is as it must be.
async fn was_killed_at(step: &str, too_late: &str) -> bool {
    let postbox = Postbox::start(None).await;
    let mut world = world(postbox.port).await;
    a_wall_falls_silent(&world).await;
    let mut lock = Lock::when(&world, step, too_late);
    if !lock.is_held().await {
        return false;
    }
    world.kill();
    drop(lock);
    world.restart().await;
    assert_told_once(&world, &postbox, step).await;
    true
}

#[tokio::test]
async fn killed_after_the_mail_server_said_yes_and_before_that_is_marked() {
    let postbox = Postbox::start(Some(Step::Stored)).await;
    let mut world = world(postbox.port).await;
    a_wall_falls_silent(&world).await;
    postbox.has_stopped(Step::Stored).await;
    let mut lock = Lock::when(&world, "1", "0");
    assert!(lock.is_held().await);
    postbox.go_on(Some(Step::Answered));
    postbox.has_stopped(Step::Answered).await;
    world.kill();
    drop(lock);
    postbox.go_on(None);
    world.restart().await;
    assert_told_once(&world, &postbox, "answered and not marked").await;
    let sent = postbox.mails().len();
    assert!(sent >= 3, "what was not marked is sent again: {sent}");
}
