//! What people answer by SMS when a provider hands it in.

use crate::sinks::Sink;
use crate::world::{World, answer, eventually};
use axum::http::StatusCode;
use serde_json::{Value, json};

const TO: &str = "+84911111111";
const SECRET: &str = "0123456789abcdef";

async fn world(gateway: &Sink) -> (World, tempfile::TempDir) {
    let secrets = tempfile::tempdir().unwrap();
    let file = secrets.path().join("replies");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let world = World::empty(&format!(
        "[notices]\nlisten = \"127.0.0.1:0\"\n\
         [[notices.routes]]\nname = \"sms\"\nchannel = \"sms\"\nto = [\"{TO}\"]\nprivate = true\n\
         url = \"http://{}/\"\nbody = '''{{\"to\": \"{{to}}\", \"text\": \"{{text}}\"}}'''\n\
         replies.from = \"/msisdn\"\nreplies.text = \"/content\"\nreplies.secret_file = \"{}\"\n",
        gateway.address,
        file.display()
    ))
    .await;
    (world, secrets)
}

fn texts(gateway: &Sink) -> Vec<String> {
    let bodies = gateway.accepted().into_iter().map(|got| got.body);
    let texts = bodies.map(|body| serde_json::from_slice::<Value>(&body).unwrap());
    texts
        .map(|json| json["text"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_answer_that_a_gateway_hands_in_confirms_only_with_the_routes_secret() {
    let gateway = Sink::start(|_| (StatusCode::OK, None)).await;
    let (world, _secrets) = world(&gateway).await;
    world.post("/api/v1/drill", &json!({})).await.expect(201);
    let text = eventually("the text came", async || texts(&gateway).into_iter().next()).await;
    let (_, code) = text.split_once("Nhan OK ").unwrap();
    let at = world.address("links");
    let post = |path: &str, secret: &str, body: String| {
        let request = world
            .http
            .post(format!("http://{at}{path}"))
            .bearer_auth(secret);
        answer(request.header("host", "cotmoc.example.vn").body(body))
    };
    let said = |from: &str, code: &str| {
        json!({ "msisdn": from, "content": format!("OK {code}") }).to_string()
    };
    for (path, secret) in [
        ("/r/sms", "wrong"),
        ("/r/other", SECRET),
        ("/r/sms?secret=wrong", ""),
    ] {
        post(path, secret, said(TO, code))
            .await
            .refused(401, "unauthorised");
    }
    post("/r/sms", SECRET, "{}".to_owned()).await.expect(400);
    let state = async || {
        let all = world.get("/api/v1/notices").await.expect(200).json();
        let all = all["notices"].as_array().unwrap().clone();
        let mut drills = all.into_iter().filter(|n| n["recipient"] == "drill");
        drills.next().unwrap()["state"].clone()
    };
    post("/r/sms", SECRET, said("+84922222222", code))
        .await
        .expect(200);
    let wrong = if code == "1234" { "4321" } else { "1234" };
    post("/r/sms", SECRET, said(TO, wrong)).await.expect(200);
    assert_ne!(state().await, "confirmed");
    let form = format!("msisdn=0911111111&content=OK+{code}&id=9");
    let url = format!("http://{at}/r/sms?secret={SECRET}");
    answer(world.http.post(url).body(form)).await.expect(200);
    assert_eq!(state().await, "confirmed");
    eventually(
        "both answers to the person came, none to the stranger",
        async || {
            let texts = texts(&gateway);
            let has = |words: &str| texts.iter().any(|text| text.contains(words));
            (has("da ghi nhan") && has("sai ma") && texts.len() == 3).then_some(())
        },
    )
    .await;
}

#[tokio::test]
async fn whoever_guesses_codes_is_not_heard_any_more() {
    let gateway = Sink::start(|_| (StatusCode::OK, None)).await;
    let (world, _secrets) = world(&gateway).await;
    world.post("/api/v1/drill", &json!({})).await.expect(201);
    let text = eventually("the text came", async || texts(&gateway).into_iter().next()).await;
    let (_, right) = text.split_once("Nhan OK ").unwrap();
    let right: u16 = right.parse().unwrap();
    for guess in (0..10_000)
        .filter(|guess| *guess != right)
        .take(5)
        .chain([right])
    {
        let request = world
            .http
            .post(format!("http://{}/r/sms", world.address("links")));
        let body = json!({ "msisdn": TO, "content": format!("OK {guess:04}") }).to_string();
        answer(request.bearer_auth(SECRET).body(body))
            .await
            .expect(200);
    }
    let all = world.get("/api/v1/notices").await.expect(200).json();
    let all = all["notices"].as_array().unwrap();
    assert!(all.iter().all(|n| n["state"] != "confirmed"), "{all:#?}");
}
