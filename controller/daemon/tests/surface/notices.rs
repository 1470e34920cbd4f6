//! Notices reach people although servers refuse, wait, are away or answer nonsense, and although the
//! controller dies in the middle.

use crate::sinks::{MailServer, Sink};
use crate::world::{World, answer, eventually};
use axum::http::StatusCode;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const TO: &str = "truc@example.vn";
const SECRET: &str = "0123456789abcdef";

fn mail(name: &str, port: u16, more: &str) -> String {
    format!(
        "[[notices.routes]]\nname = \"{name}\"\nchannel = \"mail\"\nto = [\"{TO}\"]\n\
         server = \"127.0.0.1\"\nsecurity = \"none\"\nport = {port}\n\
         from = \"cotmoc@example.vn\"\n{more}\n"
    )
}

fn sms(name: &str, to: &str, at: SocketAddr, more: &str) -> String {
    format!(
        "[[notices.routes]]\nname = \"{name}\"\nchannel = \"sms\"\nto = [{to}]\n\
         url = \"http://{at}/send\"\nprivate = true\n\
         body = '''{{\"to\": \"{{to}}\", \"text\": \"{{text}}\", \"key\": \"{{key}}\"}}'''\n{more}\n"
    )
}

async fn world(routes: &[String]) -> World {
    World::empty(&format!(
        "[notices]\nlinks = \"https://cotmoc.example.vn\"\nattempt_s = 5\n{}",
        routes.concat()
    ))
    .await
}

async fn drill(world: &World) -> String {
    let answer = world.post("/api/v1/drill", &json!({})).await.expect(201);
    answer.json()["incident"].as_str().unwrap().to_owned()
}

async fn notices(world: &World) -> Vec<Value> {
    let answer = world.get("/api/v1/notices?limit=1000").await.expect(200);
    answer.json()["notices"].as_array().unwrap().clone()
}

/// The notice of this route, once it is in this state.
async fn settled(world: &World, route: &str, state: &str) -> Value {
    eventually(&format!("{route} is {state}"), async || {
        let all = notices(world).await;
        all.into_iter()
            .find(|n| n["route"] == route && n["state"] == state)
    })
    .await
}

/// The token of the link in this text.
fn token(text: &str) -> String {
    let (_, rest) = text.split_once("https://cotmoc.example.vn/a/").unwrap();
    rest.chars().take(22).collect()
}

#[tokio::test]
async fn a_drill_without_any_route_says_what_to_configure() {
    let world = World::empty("").await;
    world
        .post("/api/v1/drill", &json!({}))
        .await
        .refused(409, "no-routes");
    let url = format!("http://{}/api/v1/drill", world.address("console"));
    let stranger = answer(world.http.post(url)).await;
    stranger.refused(401, "unauthorised");
}

#[tokio::test]
async fn a_mail_arrives_once_in_vietnamese_with_the_key_as_its_id_and_one_recipient() {
    let server = MailServer::start("slow").await;
    let world = world(&[mail("mail", server.port, "")]).await;
    drill(&world).await;
    let notice = settled(&world, "mail", "accepted").await;
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    let key = notice["key"].as_str().unwrap();
    assert!(
        mails[0].contains(&format!("Message-ID: <{key}@example.vn>")),
        "{}",
        mails[0]
    );
    assert!(mails[0].contains("Auto-Submitted: auto-generated"));
    assert!(mails[0].contains("charset=utf-8"));
    assert_eq!(mails[0].matches("X-Rcpt-To:").count(), 1);
    assert_eq!(notice["attempts"], 1);
    assert!(
        notice["provider_ref"]
            .as_str()
            .unwrap()
            .contains("queued as 1")
    );
    let stored = notice["body"].as_str().unwrap();
    assert!(
        stored.contains("DIỄN TẬP") && stored.contains("{link}"),
        "{stored}"
    );
}

#[tokio::test]
async fn a_mail_that_is_greylisted_is_accepted_at_the_next_attempt() {
    let server = MailServer::start("greylist").await;
    let world = world(&[mail("mail", server.port, "")]).await;
    drill(&world).await;
    let notice = settled(&world, "mail", "accepted").await;
    assert_eq!(notice["attempts"], 2);
    assert!(
        notice["last_error"].as_str().unwrap().contains("451"),
        "{notice}"
    );
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn a_server_that_comes_up_later_gets_what_waited() {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let mut world = world(&[mail("mail", port, "")]).await;
    drill(&world).await;
    eventually("an attempt failed", async || {
        let all = notices(&world).await;
        all[0]["last_error"].is_string().then_some(())
    })
    .await;
    world.end().await;
    world.restart().await;
    let server = MailServer::start_at(port, "take", &[]).await;
    let notice = settled(&world, "mail", "accepted").await;
    assert!(notice["attempts"].as_u64().unwrap() >= 2);
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn a_server_is_spoken_to_under_tls_only_with_a_certificate_that_holds_and_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (authority, leaf) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = put("ca.pem", &params.self_signed(&authority).unwrap().pem());
    let issuer = Issuer::new(params, authority);
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = put("mail.pem", &params.signed_by(&leaf, &issuer).unwrap().pem());
    let key = put("mail.key", &leaf.serialize_pem());
    let server = MailServer::start_at(0, "take", &[&certificate, &key]).await;
    let route = |name: &str, password: &str, more: &str| {
        let file = put(name, &format!("{password}\n"));
        let more = format!(
            "user = \"cotmoc\"\npassword_file = \"{}\"\n{more}",
            file.display()
        );
        let route = mail(name, server.port, &more);
        let route = route.replace("\"none\"", "\"starttls\"");
        route.replace("\"127.0.0.1\"", "\"localhost\"")
    };
    let ca = format!("ca_file = \"{}\"", ca.display());
    let routes = [
        route("good", "mat-khau", &ca),
        route("wrong", "khac", &ca),
        route("stranger", "mat-khau", ""),
    ];
    let world = world(&routes).await;
    drill(&world).await;
    settled(&world, "good", "accepted").await;
    let dead = settled(&world, "wrong", "dead").await;
    assert!(
        dead["last_error"].as_str().unwrap().contains("535"),
        "{dead}"
    );
    let distrusted = eventually("the certificate is not believed", async || {
        let all = notices(&world).await;
        let error = all.iter().find(|n| n["route"] == "stranger")?["last_error"].clone();
        error.as_str().map(str::to_owned)
    })
    .await;
    assert!(distrusted.contains("UnknownIssuer"), "{distrusted}");
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn what_one_route_refuses_for_good_goes_out_by_the_next_one_and_is_noted() {
    let refusing = MailServer::start("refuse").await;
    let taking = MailServer::start("take").await;
    let routes = [
        mail("first", refusing.port, "instead = \"second\""),
        mail("second", taking.port, "").replace(&format!("\"{TO}\""), ""),
    ];
    let world = world(&routes).await;
    drill(&world).await;
    settled(&world, "second", "accepted").await;
    let dead = settled(&world, "first", "dead").await;
    assert!(
        dead["last_error"].as_str().unwrap().contains("550"),
        "{dead}"
    );
    assert_eq!(taking.mails().len(), 1);
    let noted = world
        .get("/api/v1/events?limit=100")
        .await
        .expect(200)
        .json();
    let noted = noted["events"].as_array().unwrap().iter();
    let kinds: Vec<_> = noted
        .map(|row| row["body"]["event"]["kind"].clone())
        .collect();
    assert!(kinds.contains(&json!("notice-dead")), "{kinds:?}");
}

#[tokio::test]
async fn what_was_refused_for_good_is_sent_again_when_somebody_has_removed_the_cause() {
    let refusing = MailServer::start("refuse").await;
    let port = refusing.port;
    let world = world(&[mail("mail", port, "")]).await;
    let incident = drill(&world).await;
    settled(&world, "mail", "dead").await;
    drop(refusing);
    let taking = MailServer::start_at(port, "take", &[]).await;
    let retry = async |incident: &str| {
        let body = json!({ "incident": incident });
        let answer = world.post("/api/v1/notices/retry", &body).await.expect(200);
        answer.json()["notices"].clone()
    };
    assert_eq!(retry("another").await, 0);
    assert_eq!(retry(&incident).await, 1);
    settled(&world, "mail", "accepted").await;
    assert_eq!(retry(&incident).await, 0);
    assert_eq!(taking.mails().len(), 1);
}

#[tokio::test]
async fn a_route_that_hangs_or_fails_delays_no_other() {
    let hanging = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let failing = Sink::start(|_| (StatusCode::INTERNAL_SERVER_ERROR, None)).await;
    let good = Sink::start(|_| (StatusCode::OK, None)).await;
    let routes = [
        mail("hangs", hanging.local_addr().unwrap().port(), ""),
        sms("fails", "\"+84911111111\"", failing.address, ""),
        sms(
            "good",
            "\"+84922222222\"",
            good.address,
            "reference = \"/id\"",
        ),
    ];
    let world = world(&routes).await;
    for _ in 0..3 {
        let begun = Instant::now();
        let incident = drill(&world).await;
        eventually("the good route delivered", async || {
            let mut all = notices(&world).await.into_iter();
            all.find(|n| {
                n["incident"] == *incident && n["route"] == "good" && n["state"] == "accepted"
            })
        })
        .await;
        assert!(
            begun.elapsed() < Duration::from_secs(4),
            "{:?}",
            begun.elapsed()
        );
    }
    let failed = settled(&world, "fails", "queued").await;
    assert!(failed["last_error"].as_str().unwrap().starts_with("500"));
    let hung = settled(&world, "hangs", "queued").await;
    assert_eq!(hung["last_error"], "no answer within 5 s");
    assert_eq!(
        settled(&world, "good", "accepted").await["provider_ref"],
        "p-1"
    );
}

#[tokio::test]
async fn an_sms_is_plain_text_of_one_part_and_a_gateway_that_says_no_is_asked_again() {
    let sink = Sink::start(|_| (StatusCode::OK, None)).await;
    let routes = [
        sms(
            "yes",
            "\"+84911111111\"",
            sink.address,
            "success = \"/code=100\"",
        ),
        sms(
            "no",
            "\"+84922222222\"",
            sink.address,
            "success = \"/code=101\"",
        ),
    ];
    let world = world(&routes).await;
    drill(&world).await;
    settled(&world, "yes", "accepted").await;
    eventually("the refusal is stored", async || {
        let all = notices(&world).await;
        let error = all.iter().find(|n| n["route"] == "no")?["last_error"].clone();
        error
            .as_str()?
            .contains("did not take it over")
            .then_some(())
    })
    .await;
    let sent: Value = serde_json::from_slice(&sink.accepted()[0].body).unwrap();
    let text = sent["text"].as_str().unwrap();
    assert!(
        text.is_ascii() && text.len() <= 160 && text.starts_with("DIEN TAP"),
        "{text}"
    );
    assert_eq!(token(text).len(), 22);
}

#[tokio::test]
async fn a_webhook_is_signed_repeated_under_one_key_waits_as_asked_and_follows_nobody() {
    let busy = Sink::start(|n| match n {
        0 => (StatusCode::TOO_MANY_REQUESTS, Some("7")),
        _ => (StatusCode::OK, None),
    })
    .await;
    let elsewhere = Sink::start(|_| (StatusCode::OK, None)).await;
    let target: &'static str = format!("http://{}/", elsewhere.address).leak();
    let moving = Sink::start(move |_| (StatusCode::TEMPORARY_REDIRECT, Some(target))).await;
    let secrets = tempfile::tempdir().unwrap();
    let file = secrets.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let hook = |name: &str, at: SocketAddr| {
        format!(
            "[[notices.routes]]\nname = \"{name}\"\nchannel = \"webhook\"\nurl = \"http://{at}/\"\n\
             secret_file = \"{}\"\nprivate = true\n",
            file.display()
        )
    };
    let world = world(&[hook("busy", busy.address), hook("moving", moving.address)]).await;
    let begun = Instant::now();
    drill(&world).await;
    let dead = settled(&world, "moving", "dead").await;
    assert!(
        dead["last_error"].as_str().unwrap().starts_with("307"),
        "{dead}"
    );
    let notice = settled(&world, "busy", "accepted").await;
    assert!(
        begun.elapsed() >= Duration::from_secs(7),
        "{:?}",
        begun.elapsed()
    );
    assert!(elsewhere.got().is_empty());
    let got = busy.got();
    assert_eq!(got.len(), 2);
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
    for one in got {
        let header = |name: &str| one.headers[name].to_str().unwrap().to_owned();
        assert_eq!(notice["key"], header("idempotency-key"));
        let signed = [header("x-cotmoc-timestamp").as_bytes(), b".", &one.body].concat();
        let tag = ring::hmac::sign(&key, &signed);
        let hex: String = tag.as_ref().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(header("x-cotmoc-signature"), format!("sha256={hex}"));
    }
}

#[tokio::test]
async fn a_sheet_is_written_and_printed_again_when_the_printer_failed() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().display();
    let fails_once =
        format!("test -e {at}/up || {{ touch {at}/up; exit 1; }}; cp \\\"$0\\\" {at}/out");
    let route = format!(
        "[[notices.routes]]\nname = \"sheet\"\nchannel = \"sheet\"\nfolder = \"{at}/sheets\"\n\
         command = [\"sh\", \"-c\", \"{fails_once}\"]\n"
    );
    let world = world(&[route]).await;
    drill(&world).await;
    let notice = settled(&world, "sheet", "accepted").await;
    assert_eq!(notice["attempts"], 2);
    let printed = std::fs::read_to_string(folder.path().join("out")).unwrap();
    assert!(printed.contains("DIỄN TẬP") && printed.contains("PHIẾU THÔNG BÁO"));
    assert!(!printed.contains("{link}"));
}

#[tokio::test]
async fn t51_whoever_opens_a_link_changes_nothing_and_the_button_confirms_once() {
    let sink = Sink::start(|_| (StatusCode::OK, None)).await;
    let to = "\"+84911111111\", \"+84922222222\"";
    let world = world(&[sms("sms", to, sink.address, "")]).await;
    drill(&world).await;
    let sent = eventually("both messages came", async || {
        let sent = sink.accepted();
        (sent.len() == 2).then_some(sent)
    })
    .await;
    let first: Value = serde_json::from_slice(&sent[0].body).unwrap();
    let path = format!("/a/{}", token(first["text"].as_str().unwrap()));
    let open = |method: Method, path: &str| {
        let url = format!("http://{}{path}", world.address("console"));
        answer(world.http.request(method, url))
    };
    let database = std::fs::read(world.data().join("controller.db-wal")).unwrap();
    let secret = path.trim_start_matches("/a/").as_bytes();
    assert!(
        !database.windows(secret.len()).any(|w| w == secret),
        "the token is stored"
    );
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let page = open(method, &path).await.expect(200);
        let csp = page.headers["content-security-policy"].to_str().unwrap();
        assert!(csp.contains("default-src 'self'") && csp.contains("form-action 'self'"));
        assert_eq!(page.headers["cache-control"], "no-store");
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
    }
    let states = async || {
        let all = notices(&world).await;
        all.iter().filter(|n| n["state"] == "confirmed").count()
    };
    assert_eq!(states().await, 0);
    open(Method::POST, "/a/AAAAAAAAAAAAAAAAAAAAAA")
        .await
        .expect(404);
    assert_eq!(states().await, 0);
    open(Method::POST, &path).await.expect(200);
    let once = settled(&world, "sms", "confirmed").await;
    assert_eq!(once["key"], first["key"]);
    let again = open(Method::POST, &path).await.expect(200);
    assert!(String::from_utf8_lossy(&again.body).contains("Đã xác nhận lúc"));
    assert_eq!(settled(&world, "sms", "confirmed").await, once);
    assert_eq!(states().await, 1);
}

#[tokio::test]
async fn links_can_have_a_listener_of_their_own_that_serves_nothing_else() {
    let world = World::empty("[notices]\nlisten = \"127.0.0.1:0\"\n").await;
    let at = world.address("links");
    let open = |path: &str| {
        answer(
            world
                .http
                .get(format!("http://{at}{path}"))
                .header("host", "cotmoc.example.vn"),
        )
    };
    open("/a/x").await.expect(404);
    open("/assets/console.css").await.expect(200);
    for path in ["/", "/api/v1/status", "/api/v1/notices"] {
        open(path).await.refused(404, "not-found");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_in_the_middle_of_two_hundred_notices_lose_none_and_repeat_under_one_key() {
    const COUNT: usize = 200;
    let sink = Sink::start(|n| match n % 5 {
        0 => (StatusCode::INTERNAL_SERVER_ERROR, None),
        _ => (StatusCode::OK, None),
    })
    .await;
    let numbers: Vec<_> = (0..COUNT).map(|n| format!("\"+8491{n:07}\"")).collect();
    let mut world = world(&[sms("sms", &numbers.join(", "), sink.address, "")]).await;
    drill(&world).await;
    for kill in 1..=5 {
        eventually("some were sent", async || {
            (sink.got().len() >= kill * 30).then_some(())
        })
        .await;
        world.kill();
        world.restart().await;
    }
    let all = eventually("all are accepted", async || {
        let all = notices(&world).await;
        all.iter().all(|n| n["state"] == "accepted").then_some(all)
    })
    .await;
    let keys = |got: Vec<Value>| -> BTreeSet<String> {
        got.iter()
            .map(|n| n["key"].as_str().unwrap().to_owned())
            .collect()
    };
    let bodies = sink.accepted().into_iter();
    let arrived = keys(
        bodies
            .map(|got| serde_json::from_slice(&got.body).unwrap())
            .collect(),
    );
    assert_eq!(arrived.len(), COUNT);
    assert_eq!(arrived, keys(all));
    let repeated = sink.accepted().len() - COUNT;
    assert!(repeated <= 5 * 4, "{repeated} were sent twice");
}
