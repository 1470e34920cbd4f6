//! Notices by a GSM modem: without SIM or network, with a number that fails, hung in the middle of a text,
//! unplugged and back under another name; and what people answer.

use crate::sinks::{MailServer, Sink};
use crate::telephone::{Callee, Fault, Telephone, modem};
use crate::world::{World, eventually};
use axum::http::StatusCode;
use serde_json::{Value, json};

const ONE: &str = "+84911111111";
const TWO: &str = "+84922222222";

fn route(name: &str, channel: &str, to: &[&str], more: &str) -> String {
    let to: Vec<_> = to.iter().map(|to| format!("\"{to}\"")).collect();
    format!(
        "[[notices.routes]]\nname = \"{name}\"\nchannel = \"{channel}\"\nmodem = \"sim1\"\nto = [{}]\n{more}\n",
        to.join(", ")
    )
}

async fn world(telephone: &Telephone, more: &str, routes: &[String]) -> World {
    let modem = modem("sim1", &telephone.name(), more);
    World::empty(&format!("{modem}{}", routes.concat())).await
}

async fn drill(world: &World) -> String {
    let answer = world.post("/api/v1/drill", &json!({})).await.expect(201);
    answer.json()["incident"].as_str().unwrap().to_owned()
}

async fn notices(world: &World) -> Vec<Value> {
    let answer = world.get("/api/v1/notices?limit=1000").await.expect(200);
    answer.json()["notices"].as_array().unwrap().clone()
}

/// The notice to this number, once it is as `is` says.
async fn when(world: &World, to: &str, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    eventually(&format!("the notice to {to} {what}"), async || {
        let mut all = notices(world).await.into_iter();
        all.find(|n| n["address"] == to && n["recipient"] == "drill" && is(n))
    })
    .await
}

fn says(notice: &Value, words: &str) -> bool {
    notice["last_error"]
        .as_str()
        .is_some_and(|error| error.contains(words))
}

#[tokio::test]
async fn a_text_leaves_by_the_modem_and_the_network_says_that_it_arrived() {
    let telephone = Telephone::plugged_in();
    let world = world(&telephone, "", &[route("sms", "sms", &[ONE], "")]).await;
    drill(&world).await;
    let notice = when(&world, ONE, "is delivered", |n| n["delivered_ms"].is_i64()).await;
    assert_eq!(notice["state"], "accepted");
    assert_eq!(notice["provider_ref"], "1");
    let sent = telephone.mood().sent.clone();
    assert_eq!((sent.len(), sent[0].to.as_str()), (1, ONE));
    assert!(
        sent[0].text.starts_with("DIEN TAP, khong co su co"),
        "{}",
        sent[0].text
    );
    assert!(sent[0].text.contains("\nNhan OK "), "{}", sent[0].text);
}

#[tokio::test]
async fn with_diacritics_a_text_goes_in_parts_that_say_the_whole() {
    let telephone = Telephone::plugged_in();
    let world = world(
        &telephone,
        "",
        &[route("sms", "sms", &[ONE], "diacritics = true")],
    )
    .await;
    drill(&world).await;
    when(&world, ONE, "is delivered", |n| n["delivered_ms"].is_i64()).await;
    let sent: String = telephone
        .mood()
        .sent
        .iter()
        .map(|part| part.text.clone())
        .collect();
    assert!(
        sent.contains("DIỄN TẬP, không có sự cố") && sent.contains("Nhắn OK "),
        "{sent}"
    );
}

#[tokio::test]
async fn a_number_that_the_network_fails_delays_no_other_and_is_tried_again() {
    let telephone = Telephone::plugged_in();
    telephone.mood().refused.insert(ONE.to_owned(), 38);
    let world = world(&telephone, "", &[route("sms", "sms", &[ONE, TWO], "")]).await;
    drill(&world).await;
    when(&world, TWO, "is accepted", |n| n["state"] == "accepted").await;
    let failed = when(&world, ONE, "has failed", |n| says(n, "CMS 38")).await;
    assert_eq!(failed["state"], "queued");
    telephone.mood().refused.clear();
    let again = when(&world, ONE, "is accepted", |n| n["state"] == "accepted").await;
    assert!(again["attempts"].as_u64().unwrap() >= 2);
    let to: Vec<_> = telephone
        .mood()
        .sent
        .iter()
        .map(|text| text.to.clone())
        .collect();
    assert_eq!(to, [TWO, ONE]);
}

#[tokio::test]
async fn a_number_that_does_not_exist_is_given_up_and_another_route_takes_over() {
    let telephone = Telephone::plugged_in();
    telephone.mood().refused.insert(ONE.to_owned(), 1);
    let gateway = Sink::start(|_| (StatusCode::OK, None)).await;
    let second = format!(
        "[[notices.routes]]\nname = \"gateway\"\nchannel = \"sms\"\nprivate = true\nurl = \"http://{}/\"\n\
         body = '''{{\"to\": \"{{to}}\", \"text\": \"{{text}}\"}}'''\n",
        gateway.address
    );
    let first = route("sms", "sms", &[ONE], "instead = \"gateway\"");
    let world = world(&telephone, "", &[first, second]).await;
    drill(&world).await;
    when(&world, ONE, "is dead", |n| {
        n["state"] == "dead" && says(n, "CMS 1:")
    })
    .await;
    when(&world, ONE, "went by the gateway", |n| {
        n["route"] == "gateway" && n["state"] == "accepted"
    })
    .await;
    let text: Value = serde_json::from_slice(&gateway.accepted()[0].body).unwrap();
    let text = text["text"].as_str().unwrap();
    assert!(
        !text.contains("OK") && !text.contains('{'),
        "nobody reads answers there: {text}"
    );
}

#[tokio::test]
async fn what_a_modem_without_a_sim_fails_to_send_three_times_another_route_sends() {
    let telephone = Telephone::plugged_in();
    telephone.mood().fault = Fault::NoSim;
    let gateway = Sink::start(|_| (StatusCode::OK, None)).await;
    let second = format!(
        "[[notices.routes]]\nname = \"gateway\"\nchannel = \"sms\"\nprivate = true\nurl = \"http://{}/\"\n\
         body = '''{{\"to\": \"{{to}}\", \"text\": \"{{text}}\"}}'''\n",
        gateway.address
    );
    let first = route("sms", "sms", &[ONE], "instead = \"gateway\"");
    let world = world(&telephone, "", &[first, second]).await;
    drill(&world).await;
    when(&world, ONE, "went by the gateway", |n| {
        n["route"] == "gateway" && n["state"] == "accepted"
    })
    .await;
    let waits = when(&world, ONE, "waits", |n| n["route"] == "sms").await;
    assert_ne!(waits["state"], "accepted");
    assert_eq!(gateway.accepted().len(), 1);
}

#[tokio::test]
async fn a_text_that_the_network_takes_and_loses_is_not_called_delivered() {
    let telephone = Telephone::plugged_in();
    telephone.mood().lost.insert(ONE.to_owned());
    let world = world(&telephone, "", &[route("sms", "sms", &[ONE], "")]).await;
    drill(&world).await;
    let returned = when(&world, ONE, "came back", |n| n["state"] == "dead").await;
    assert!(
        says(&returned, "không giao được") && returned["delivered_ms"].is_null(),
        "{returned}"
    );
    let events = world.get("/api/v1/events?limit=100").await.expect(200);
    assert!(String::from_utf8_lossy(&events.body).contains("notice-returned"));
}

#[tokio::test]
async fn without_sim_or_network_people_hear_why_and_nothing_is_lost() {
    let telephone = Telephone::plugged_in();
    telephone.mood().fault = Fault::NoSim;
    let world = world(&telephone, "", &[route("sms", "sms", &[ONE], "")]).await;
    drill(&world).await;
    when(&world, ONE, "waits for a SIM", |n| says(n, "chưa có SIM")).await;
    telephone.mood().fault = Fault::NoNetwork;
    when(&world, ONE, "waits for a network", |n| {
        says(n, "không vào được mạng")
    })
    .await;
    telephone.mood().fault = Fault::None;
    when(&world, ONE, "is delivered", |n| n["delivered_ms"].is_i64()).await;
    assert_eq!(telephone.mood().sent.len(), 1);
}

#[tokio::test]
async fn a_technician_hears_once_of_a_modem_that_sends_nothing_and_sees_when_it_works() {
    let telephone = Telephone::plugged_in();
    telephone.mood().fault = Fault::NoSim;
    let server = MailServer::start("take").await;
    let people = format!(
        "[[incidents.people]]\nname = \"Kỹ thuật\"\nroles = [\"technician\"]\n\
         via = [\"sms={ONE}\", \"mail=kt@example.vn\"]\n\
         [[notices.routes]]\nname = \"mail\"\nchannel = \"mail\"\nserver = \"127.0.0.1\"\n\
         security = \"none\"\nport = {}\nfrom = \"cotmoc@example.vn\"\n",
        server.port
    );
    let world = world(&telephone, "", &[route("sms", "sms", &[], ""), people]).await;
    eventually("the technician has a mail", async || {
        server
            .mails()
            .iter()
            .any(|mail| mail.contains("kt@example.vn"))
            .then_some(())
    })
    .await;
    let state = async || world.get("/api/v1/routes").await.expect(200).json();
    let ill = state().await;
    assert_eq!(ill["faults"][0]["name"], "modem sim1");
    assert!(
        ill["routes"][0]["modem"]["trouble"]
            .as_str()
            .unwrap()
            .contains("chưa có SIM")
    );
    telephone.mood().fault = Fault::None;
    let well = eventually("the modem works", async || {
        let state = state().await;
        (state["faults"] == json!([])).then_some(state)
    })
    .await;
    assert_eq!(well["routes"][0]["modem"]["operator"], "Viettel");
    assert_eq!(well["routes"][0]["modem"]["signal_percent"], 67);
    assert_eq!(server.mails().len(), 1);
    let sent = notices(&world).await;
    assert!(
        sent.iter().all(|n| n["route"] == "mail"),
        "not by the modem itself: {sent:#?}"
    );
}

#[tokio::test]
async fn a_modem_that_hangs_in_the_middle_of_a_text_is_reset_and_sends_it_again() {
    let telephone = Telephone::plugged_in();
    telephone.mood().fault = Fault::HangsAtText;
    let world = world(&telephone, "", &[route("sms", "sms", &[ONE], "")]).await;
    drill(&world).await;
    when(&world, ONE, "met silence", |n| says(n, "không trả lời")).await;
    when(&world, ONE, "is delivered", |n| n["delivered_ms"].is_i64()).await;
    let mood = telephone.mood();
    assert_eq!((mood.sent.len(), mood.resets), (1, 1));
}

#[tokio::test]
async fn a_modem_that_stays_silent_has_its_power_switched_by_the_configured_command() {
    let telephone = Telephone::plugged_in();
    telephone.mood().fault = Fault::Dead;
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("switched");
    let more = format!("power_cycle = [\"touch\", \"{}\"]", mark.display());
    let world = world(&telephone, &more, &[route("sms", "sms", &[ONE], "")]).await;
    drill(&world).await;
    eventually("the power was switched", async || {
        mark.exists().then_some(())
    })
    .await;
    telephone.mood().fault = Fault::None;
    when(&world, ONE, "is delivered", |n| n["delivered_ms"].is_i64()).await;
}

#[tokio::test]
async fn a_modem_that_comes_back_under_another_number_is_found_by_its_name() {
    let mut telephone = Telephone::plugged_in();
    let world = world(&telephone, "", &[route("sms", "sms", &[ONE], "")]).await;
    drill(&world).await;
    when(&world, ONE, "is delivered", |n| n["delivered_ms"].is_i64()).await;
    telephone.unplug();
    let second = drill(&world).await;
    when(&world, ONE, "waits for the modem", |n| {
        n["incident"] == *second && (says(n, "không mở được cổng") || says(n, "bị rút"))
    })
    .await;
    telephone.plug();
    when(&world, ONE, "is delivered", |n| {
        n["incident"] == *second && n["delivered_ms"].is_i64()
    })
    .await;
    assert_eq!(telephone.mood().sent.len(), 2);
}

/// The code of the newest text to this number.
fn code(telephone: &Telephone, to: &str) -> String {
    let sent = telephone.mood().sent.clone();
    let text = sent.into_iter().rfind(|text| text.to == to).unwrap().text;
    let (_, rest) = text.split_once("Nhan OK ").unwrap();
    rest.chars().take(4).collect()
}

/// Waits until an answer was refused for this reason.
async fn refused(world: &World, reason: &str) {
    eventually(&format!("it was refused: {reason}"), async || {
        let events = world.get("/api/v1/events?limit=100").await.expect(200);
        let events = events.json()["events"].as_array().unwrap().clone();
        let mut events = events.iter().map(|row| &row["body"]["event"]);
        let is_it = |event: &&Value| {
            event["kind"] == "answer-refused" && event["detail"]["reason"] == reason
        };
        events.find(is_it).map(drop)
    })
    .await;
}

#[tokio::test]
async fn an_answer_by_sms_confirms_that_notice_of_that_person_once_and_nothing_else_does() {
    let telephone = Telephone::plugged_in();
    let world = world(&telephone, "", &[route("sms", "sms", &[ONE, TWO], "")]).await;
    drill(&world).await;
    for to in [ONE, TWO] {
        when(&world, to, "is delivered", |n| n["delivered_ms"].is_i64()).await;
    }
    let (one, two) = (code(&telephone, ONE), code(&telephone, TWO));
    telephone.receive("+84999999999", &format!("OK {one}"));
    refused(&world, "no notice ever went to this number").await;
    if one != two {
        telephone.receive(TWO, &format!("OK {one}"));
        refused(&world, "the code is that of no notice to this number").await;
    }
    let confirmed = async || {
        let all = notices(&world).await;
        all.iter().filter(|n| n["state"] == "confirmed").count()
    };
    assert_eq!(confirmed().await, 0);
    telephone.receive("0911111111", &format!("ok {one}"));
    let notice = when(&world, ONE, "is confirmed", |n| n["state"] == "confirmed").await;
    assert!(
        notice["confirmed_by"]
            .as_str()
            .unwrap()
            .contains("0911111111"),
        "{notice}"
    );
    telephone.receive(ONE, &format!("OK {one}"));
    refused(&world, "the notice was confirmed before").await;
    assert_eq!(confirmed().await, 1);
    eventually(
        "both answers were answered, the stranger was not",
        async || {
            let sent = telephone.mood().sent.clone();
            let to = |number: &str, words: &str| {
                sent.iter()
                    .filter(|t| t.to == number && t.text.contains(words))
                    .count()
            };
            assert_eq!(to("+84999999999", ""), 0);
            (to(ONE, "da ghi nhan") == 1 && to(ONE, "da duoc xac nhan") == 1).then_some(())
        },
    )
    .await;
    eventually("nothing is left on the SIM", async || {
        telephone.is_emptied().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_call_that_nobody_takes_is_made_again_and_the_key_1_confirms() {
    let telephone = Telephone::plugged_in();
    let more = "ring_s = 2\ntalk_s = 5\ninit = [\"AT+DDET=1\"]\nsay = 'AT+CTTS=2,\"{text}\"'";
    let routes = [
        route("voice", "voice", &[ONE], ""),
        route("sms", "sms", &[TWO], ""),
    ];
    let world = world(&telephone, more, &routes).await;
    drill(&world).await;
    let missed = when(&world, ONE, "rang in vain", |n| {
        says(n, "không ai nhấc máy")
    })
    .await;
    assert_eq!(
        (missed["channel"].as_str(), missed["state"].as_str()),
        (Some("voice"), Some("queued"))
    );
    when(&world, TWO, "has its text", |n| n["state"] == "accepted").await;
    telephone.mood().callee = Callee::Presses('1');
    let notice = when(&world, ONE, "is confirmed", |n| n["state"] == "confirmed").await;
    assert_eq!(notice["provider_ref"], "answered");
    let mood = telephone.mood();
    assert!(mood.calls.len() >= 2 && mood.calls.iter().all(|number| number == ONE));
    assert!(
        mood.spoken[0].starts_with("\"DIEN TAP, khong co su co"),
        "{:?}",
        mood.spoken
    );
}
