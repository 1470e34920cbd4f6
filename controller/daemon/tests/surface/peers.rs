//! T30: whatever goes wrong on one route, whoever is reached by another hears in time, and the outbox says
//! what is true of each.

use crate::sinks::{MailServer, Sink};
use crate::world::{World, eventually};
use axum::http::StatusCode;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use std::path::PathBuf;

const TO: &str = "truc@example.vn";

fn mail(name: &str, server: &str, port: u16, more: &str) -> String {
    format!(
        "[[notices.routes]]\nname = \"{name}\"\nchannel = \"mail\"\nto = [\"{TO}\"]\nserver = \"{server}\"\n\
         port = {port}\nfrom = \"cotmoc@example.vn\"\n{more}\n"
    )
}

fn sms(name: &str, url: &str) -> String {
    format!(
        "[[notices.routes]]\nname = \"{name}\"\nchannel = \"sms\"\nto = [\"+84911111111\"]\nurl = \"{url}\"\n\
         private = true\nbody = '''{{\"to\": \"{{to}}\", \"text\": \"{{text}}\"}}'''\n"
    )
}

/// A certificate of localhost that has expired, its key, and the authority behind it.
fn expired(folder: &tempfile::TempDir) -> [PathBuf; 3] {
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
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let certificate = put("old.pem", &params.signed_by(&leaf, &issuer).unwrap().pem());
    [certificate, put("old.key", &leaf.serialize_pem()), ca]
}

/// A notice of this route, once `is` holds.
async fn on(world: &World, route: &str, is: impl Fn(&Value) -> bool) -> Value {
    eventually(&format!("{route} is as it must be"), async || {
        let all = world
            .get("/api/v1/notices?limit=100")
            .await
            .expect(200)
            .json();
        let all = all["notices"].as_array().unwrap().clone();
        all.into_iter().find(|n| n["route"] == route && is(n))
    })
    .await
}

#[tokio::test]
async fn eight_bad_routes_delay_no_good_one_and_each_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key, ca] = expired(&folder);
    let old = MailServer::start_at(0, "take", &[&certificate, &key]).await;
    let refusing = MailServer::start("refuse").await;
    let greylisting = MailServer::start("greylist-long").await;
    let hanging = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hangs = hanging.local_addr().unwrap().port();
    let failing = Sink::start(|_| (StatusCode::BAD_GATEWAY, None)).await;
    let busy = Sink::start(|_| (StatusCode::TOO_MANY_REQUESTS, Some("3600"))).await;
    let stern = Sink::start(|_| (StatusCode::FORBIDDEN, None)).await;
    let good = MailServer::start("take").await;
    let (here, plain) = ("127.0.0.1", "security = \"none\"");
    let starttls = format!("security = \"starttls\"\nca_file = \"{}\"", ca.display());
    let routes = [
        mail("tls-old", "localhost", old.port, &starttls),
        mail("refuses", here, refusing.port, plain),
        mail("greylists", here, greylisting.port, plain),
        mail("dns-dead", "mail.does-not-exist.invalid", 25, &starttls),
        mail("hangs", here, hangs, plain),
        sms("fails", &format!("http://{}/", failing.address)),
        sms("busy", &format!("http://{}/", busy.address)),
        sms("stern", &format!("http://{}/", stern.address)),
        mail("good", here, good.port, plain),
    ];
    let settings = format!("[notices]\nattempt_s = 5\n{}", routes.concat());
    let world = World::empty(&settings).await;
    world.post("/api/v1/drill", &json!({})).await.expect(201);
    let good_one = on(&world, "good", |n| n["state"] == "accepted").await;
    let taken =
        good_one["accepted_ms"].as_i64().unwrap() - good_one["created_ms"].as_i64().unwrap();
    assert!(
        taken < 4_000,
        "the good one waited {taken} ms for those that hang for 5 s"
    );
    assert_eq!(good_one["attempts"], 1);
    assert!(
        good_one["delivered_ms"].is_null(),
        "a mail server's yes is no delivery"
    );
    for (route, state, words) in [
        ("tls-old", "queued", "xpired"),
        ("refuses", "dead", "550"),
        ("greylists", "queued", "451"),
        ("dns-dead", "queued", "lookup"),
        ("hangs", "queued", "no answer within 5 s"),
        ("fails", "queued", "502"),
        ("busy", "queued", "429"),
        ("stern", "dead", "403"),
    ] {
        on(&world, route, |n| {
            let error = n["last_error"].as_str().unwrap_or_default();
            n["state"] == state && error.contains(words)
        })
        .await;
    }
    assert_states(&world).await;
}

/// What people see of the routes.
async fn assert_states(world: &World) {
    let states = world.get("/api/v1/routes").await.expect(200).json();
    let state = |name: &str| {
        let mut routes = states["routes"].as_array().unwrap().iter();
        routes.find(|route| route["route"] == name).unwrap().clone()
    };
    assert!(state("good")["accepted_ms"].is_i64() && state("good")["waiting"] == 0);
    let hangs = state("hangs");
    assert!(
        hangs["accepted_ms"].is_null() && hangs["waiting"] == 1,
        "{hangs}"
    );
    assert!(hangs["failed_ms"].is_i64(), "{hangs}");
    assert_eq!(hangs["last_error"], "no answer within 5 s");
}
