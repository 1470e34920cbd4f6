//! Who may ask, how much, how long; and what answers give away.

use crate::world::{World, answer};
use reqwest::{Method, header};
use std::process::{Command, Stdio};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

#[tokio::test]
async fn without_the_operators_token_nothing_is_told() {
    let world = World::start("").await;
    let url = |path: &str| format!("http://{}{path}", world.address("console"));
    for path in [
        "/api/v1/status",
        "/api/v1/devices",
        "/api/v1/events",
        "/api/v1/channels/hall/release",
    ] {
        let bare = answer(world.http.get(url(path))).await;
        bare.refused(401, "unauthorised");
        for wrong in [
            "",
            "x",
            &format!("x{}", world.token()),
            &format!("{}x", world.token()),
        ] {
            let request = world.http.get(url(path)).bearer_auth(wrong);
            answer(request).await.refused(401, "unauthorised");
        }
    }
    let foreign = world.request(Method::GET, "/api/v1/status");
    let foreign = foreign.header(header::HOST, "evil.example");
    answer(foreign).await.refused(421, "wrong-host");
}

#[tokio::test]
async fn whoever_is_refused_early_hears_why_however_much_was_on_its_way() {
    let world = World::start("").await;
    let path = "/api/v1/envelopes";
    let url = format!("http://{}{path}", world.address("console"));
    for length in [0, 700 << 10, 2 << 20, 7 << 20] {
        for _ in 0..10 {
            let body = vec![b' '; length];
            let stranger = world.http.post(&url).body(body.clone());
            answer(stranger).await.refused(401, "unauthorised");
            if length > 0 {
                let known = world.request(Method::POST, path).body(body);
                answer(known).await.refused(413, "too-big");
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_waits_only_briefly_for_a_body_that_does_not_come() {
    let world = World::start("").await;
    let address = world.address("console").to_string();
    let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /api/v1/envelopes HTTP/1.1\r\nHost: {address}\r\nContent-Length: 4000000\r\n\r\nx"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut said = vec![0; 12];
    stream.read_exact(&mut said).await.unwrap();
    assert_eq!(said, b"HTTP/1.1 401");
}

#[tokio::test]
async fn w17_errors_are_json_say_what_to_do_and_leak_nothing() {
    let world = World::start("").await;
    for (method, path, status) in [
        (Method::GET, "/nowhere", 404),
        (Method::GET, "/api/v1/nowhere", 404),
        (Method::DELETE, "/api/v1/status", 405),
        (Method::GET, "/api/v1/devices/W%2f01", 400),
        (Method::GET, "/api/v1/roots/minus", 400),
        (Method::GET, "/api/v1/events?limit=many", 400),
        (Method::GET, "/api/v1/events?colour=red", 400),
        (Method::POST, "/api/v1/channels", 400),
    ] {
        let answer = answer(world.request(method, path)).await;
        assert_eq!(answer.status, status, "{path}");
        let json = answer.json();
        for field in ["error", "message", "remedy"] {
            assert!(json[field].is_string(), "{path}: {json}");
        }
        let headers = format!("{:?}", answer.headers).to_lowercase();
        for leak in ["server\"", "axum", "hyper", "cotmoc", "powered"] {
            assert!(!headers.contains(leak), "{path}: {headers}");
        }
        assert!(headers.contains("default-src 'self'"), "{path}: {headers}");
    }
}

#[tokio::test]
async fn t40_a_head_that_is_too_long_and_a_body_that_never_ends_are_cut_off() {
    let world = World::start("").await;
    let connect = async || {
        let socket = tokio::net::TcpStream::connect(world.address("console"));
        socket.await.unwrap()
    };
    let mut socket = connect().await;
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    drop(socket.write_all(long.as_bytes()).await);
    let mut answer = String::new();
    drop(socket.read_to_string(&mut answer).await);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );

    let mut socket = connect().await;
    let head = format!(
        "POST /api/v1/envelopes HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        world.token()
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    let endless = async { while socket.write_all(chunk.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(crate::world::PATIENCE, endless)
        .await
        .expect("an endless body is cut off");
}

#[test]
fn five_mistakes_in_the_settings_are_all_reported_and_end_with_64() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("controller.toml");
    let text = "names = [\"no name\"]\ncolour = 1\n[listen]\nconsole = \"0.0.0.0:80\"\n\
                device = \"nowhere\"\n[sync]\nnext_ms = 5\n";
    std::fs::write(&path, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_cotmoc-controller"))
        .arg("--config")
        .arg(&path)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(64));
    let said = String::from_utf8(output.stderr).unwrap();
    for key in [
        "names",
        "colour",
        "listen.console",
        "listen.device",
        "sync.next_ms",
    ] {
        assert!(said.contains(key), "{key} in {said}");
    }
}
