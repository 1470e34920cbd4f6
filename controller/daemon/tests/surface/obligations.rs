//! What is owed by the calendar is told in time, recorded by people, and measured by the ledger.

use crate::device::record;
use crate::sinks::MailServer;
use crate::world::{World, eventually};
use cotmoc_controller_core::ledger::Span;
use cotmoc_controller_core::obligation::{
    Entry, Hearer, Kind, Owed, Stage, Subject, Terms, What, When,
};
use cotmoc_controller_core::stage::Audience;
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{DAY, HOUR, MINUTE};
use cotmoc_proto::window::OperatingWindow;
use serde_json::{Value, json};

pub fn now() -> TimeMs {
    TimeMs(jiff::Timestamp::now().as_millisecond())
}

/// Yesterday's operating window.
pub fn yesterday() -> Span {
    let window = OperatingWindow::default();
    let today = window.zone.date(now());
    let (from_ms, to_ms) = window.on(today.yesterday().unwrap());
    Span { from_ms, to_ms }
}

pub fn settings(port: u16, rules: &str) -> String {
    format!(
        "{rules}\n[[notices.routes]]\nname = \"mail\"\nchannel = \"mail\"\nto = [\"x@example.vn\"]\n\
         server = \"127.0.0.1\"\nsecurity = \"none\"\nport = {port}\nfrom = \"cotmoc@example.vn\"\n\
         [[incidents.people]]\nname = \"Báo Lào Cai\"\nagencies = [\"Báo Lào Cai\"]\n\
         via = [\"mail=bao@example.vn\"]\n\
         [[incidents.people]]\nname = \"Trực ban\"\nroles = [\"operator\", \"unit-head\"]\n\
         via = [\"mail=truc@example.vn\"]\n"
    )
}

/// Due at the end of this month, for the year before, and heard of at once.
pub fn this_month(stage: &str) -> String {
    let month = OperatingWindow::default().zone.date(now()).month();
    format!(
        "[[obligations]]\nid = \"bao\"\nkind = \"contribution\"\nwho = \"Báo Lào Cai\"\n\
         months = [{month}]\nday = 31\ntime = \"24:00\"\nholiday = \"same\"\n\
         [[obligations.stages]]\nid = \"now\"\n{stage}\nto = [\"subject\"]\n"
    )
}

pub async fn owed(world: &World) -> Vec<Value> {
    let answer = world.get("/api/v1/obligations?all=true").await.expect(200);
    answer.json()["obligations"].as_array().unwrap().clone()
}

pub async fn first(world: &World, prefix: &str) -> Value {
    eventually(&format!("there is {prefix}"), async || {
        let is_it = |one: &Value| one["obligation"].as_str().unwrap().starts_with(prefix);
        owed(world).await.into_iter().find(is_it)
    })
    .await
}

/// Mails to this address, once there are so many.
async fn mails(server: &MailServer, to: &str, count: usize) -> Vec<String> {
    eventually(&format!("{count} mails to {to}"), async || {
        let to = format!("To: {to}");
        let found: Vec<String> = server
            .mails()
            .into_iter()
            .filter(|m| m.contains(&to))
            .collect();
        (found.len() >= count).then_some(found)
    })
    .await
}

/// Writes the first line of a log as an earlier run of the controller would have.
fn begun(world: &World, id: &str, terms: Terms) {
    let entry = Entry {
        at_ms: terms.period.from_ms,
        what: What::Opened(terms),
    };
    let database = rusqlite::Connection::open(world.data().join("controller.db")).unwrap();
    let text = serde_json::to_string(&entry).unwrap();
    let sql = "INSERT INTO obligation_entry (obligation, at_ms, entry) VALUES (?1, ?2, ?3)";
    database.execute(sql, (id, entry.at_ms.0, text)).unwrap();
    for change in [
        "DELETE FROM obligation_entry",
        "UPDATE obligation_entry SET at_ms = 0",
    ] {
        database.execute(change, []).unwrap_err();
    }
}

#[tokio::test]
async fn an_agency_hears_once_and_not_again_after_what_it_delivered_was_recorded() {
    let server = MailServer::start("take").await;
    let rules = this_month("before_hours = 8760");
    let mut world = World::empty(&settings(server.port, &rules)).await;
    let one = first(&world, "bao.").await;
    assert!(one["standing"]["running"]["due"].is_i64(), "{one}");
    assert_eq!(one["subject"]["agency"], "Báo Lào Cai");
    eventually("the notice is accepted", async || {
        let answer = world.get("/api/v1/notices").await.expect(200).json();
        (answer["notices"][0]["state"] == "accepted").then_some(())
    })
    .await;
    world.kill();
    world.restart().await;

    let path = format!(
        "/api/v1/obligations/{}",
        one["obligation"].as_str().unwrap()
    );
    let deliveries = format!("{path}/deliveries");
    let delivered = |done_ms: Option<TimeMs>, second: Option<&str>| json!({ "by": "Minh", "reference": "Chợ phiên Bắc Hà", "done_ms": done_ms, "second": second });
    let before = now().plus(-10 * MINUTE);
    let long_ago = Some(before);
    for (done_ms, second) in [
        (long_ago, None),
        (long_ago, Some("Minh")),
        (Some(now().plus(HOUR)), Some("Lan")),
    ] {
        let body = delivered(done_ms, second);
        world.post(&deliveries, &body).await.refused(409, "refused");
    }
    let empty = json!({ "by": " ", "reference": "x" });
    world.post(&deliveries, &empty).await.refused(400, "empty");
    let body = delivered(long_ago, Some("Lan"));
    let done = world.post(&deliveries, &body).await.expect(200).json();
    assert_eq!(done["standing"]["satisfied"]["at"], json!(long_ago));
    let recorded = done["deliveries"][0]["recorded_ms"].as_i64().unwrap();
    assert!(recorded >= before.0 + 10 * MINUTE);

    let withdrawn = json!({ "by": "Lan", "reason": "nhầm cơ quan" });
    let path_back = format!("{path}/withdrawal");
    let back = world.post(&path_back, &withdrawn).await.expect(200).json();
    assert!(back["standing"]["running"]["due"].is_i64());
    world
        .post(&path_back, &withdrawn)
        .await
        .refused(409, "refused");
    let log = world.get(&path).await.expect(200).json()["log"].clone();
    let fired = log.as_array().unwrap().iter();
    let fired = fired
        .filter(|line| line["what"]["fired"].is_object())
        .count();
    assert_eq!(fired, 1, "{log}");
    assert_eq!(mails(&server, "bao@example.vn", 1).await.len(), 1);
    world
        .get("/api/v1/obligations/none.2026-01")
        .await
        .refused(404, "unknown-obligation");
}

#[tokio::test]
async fn what_was_due_is_overdue_until_it_is_done_and_then_late_whatever_the_settings_say_now() {
    let server = MailServer::start("take").await;
    let mut world = World::empty(&settings(server.port, &this_month("after_hours = 0"))).await;
    first(&world, "bao.").await;
    world.end().await;
    let due_ms = now().plus(-2 * DAY);
    let terms = Terms {
        rule: "old".to_owned(),
        kind: Kind::Report,
        subject: Subject::Agency("Báo Lào Cai".to_owned()),
        period: Span {
            from_ms: now().plus(-30 * DAY),
            to_ms: due_ms,
        },
        due_ms,
        owed: Owed::Deliveries { least: 1 },
        stages: vec![Stage {
            id: "overdue".to_owned(),
            when: When::After { ms: 0 },
            to: [Hearer::Subject].into(),
        }],
    };
    begun(&world, "old.2026-06", terms);
    world.restart().await;
    let said = mails(&server, "bao@example.vn", 1).await;
    assert!(said[0].contains("old.2026-06"), "{}", said[0]);
    let old = first(&world, "old.").await;
    let late = |at: Value| json!({ "breached": { "due": due_ms, "late": at } });
    assert_eq!(old["standing"], late(Value::Null));
    let body = json!({ "by": "Minh", "reference": "125/BC" });
    let path = "/api/v1/obligations/old.2026-06/deliveries";
    let done = world.post(path, &body).await.expect(200).json();
    let at = done["deliveries"][0]["done_ms"].clone();
    assert_eq!(done["standing"], late(at));
}

#[tokio::test]
async fn a_day_is_measured_by_the_records_of_its_walls_and_decided_when_they_decide() {
    let server = MailServer::start("take").await;
    let rules = "[[obligations]]\nid = \"air\"\nkind = \"air-time\"\n";
    let mut world = World::start(&settings(server.port, rules)).await;
    let device = world.device("W01").await;
    device.sync(1, &[]).await.expect(200);
    world.end().await;
    let day = yesterday();
    let terms = Terms {
        rule: "air".to_owned(),
        kind: Kind::AirTime,
        subject: Subject::Cluster(world.site.channel.as_str().parse().unwrap()),
        period: day,
        due_ms: day.to_ms,
        owed: Owed::OnAir {
            quota_ms: 14 * HOUR,
        },
        stages: vec![Stage {
            id: "short".to_owned(),
            when: When::After { ms: 0 },
            to: [Hearer::Office(Audience::Operator)].into(),
        }],
    };
    begun(&world, "air.yesterday", terms);
    world.restart().await;
    let device = device.moved(&world);
    let span = |seq: u64, state: &str, from_h: i64, to_h: i64| {
        let body = json!({ "on-air": {
            "state": state, "from_ms": day.from_ms.plus(from_h * HOUR),
            "to_ms": day.from_ms.plus(to_h * HOUR), "reason": "", "clock": "synchronised",
        }});
        record(seq, &body)
    };
    device
        .sync(2, &[span(1, "on-air", 0, 10)])
        .await
        .expect(200);
    let stands = async |what: &str| {
        eventually(what, async || {
            let one = first(&world, "air.yesterday").await;
            one["standing"][what].is_object().then_some(one)
        })
        .await
    };
    let open = stands("undecided").await;
    assert_eq!(open["standing"]["undecided"]["due"], json!(day.to_ms));
    device.sync(3, &[span(2, "off", 10, 15)]).await.expect(200);
    let short = stands("breached").await;
    assert_eq!(short["measure"]["on_air_ms"], 10 * HOUR);
    assert_eq!(short["measure"]["unknown_ms"], 0);
    let said = mails(&server, "truc@example.vn", 1).await;
    assert!(said[0].contains("air.yesterday"), "{}", said[0]);
    // The clock was ahead: what comes later holds.
    device
        .sync(4, &[span(3, "on-air", 10, 15)])
        .await
        .expect(200);
    let kept = stands("satisfied").await;
    let full = day.from_ms.plus(14 * HOUR);
    assert_eq!(kept["standing"]["satisfied"]["at"], json!(full));
    let listed = world.get("/api/v1/obligations").await.expect(200).json();
    let listed = listed["obligations"].as_array().unwrap();
    assert!(
        !listed
            .iter()
            .any(|one| one["obligation"] == "air.yesterday")
    );
}
