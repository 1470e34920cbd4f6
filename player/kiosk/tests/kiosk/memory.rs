//! The daemon as its own process, with as much content as a province has.

use crate::support::{PATIENCE, content, eventually, write_package};
use serde_json::{Value, json};
use std::process::Stdio;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;

const ENTRIES: usize = 20_000;
const MOST_MIB: u64 = 48;

/// The content of the tests with many more entries, every one with three names and a text.
fn large() -> Value {
    let mut content = content();
    let entries = content["entries"].as_array_mut().unwrap();
    let kinds = [
        ("Nhà nghỉ", "旅馆", "Guesthouse"),
        ("Quán ăn", "餐馆", "Restaurant"),
        ("Bản", "村寨", "Village"),
        ("Thác", "瀑布", "Waterfall"),
    ];
    let names = [
        ("Mường Khương", "孟康", "Muong Khuong"),
        ("Bát Xát", "巴刹", "Bat Xat"),
        ("Văn Bàn", "文盘", "Van Ban"),
        ("Si Ma Cai", "新马街", "Si Ma Cai"),
        ("Bảo Yên", "保安", "Bao Yen"),
    ];
    for number in entries.len()..ENTRIES {
        let (kind, name) = (kinds[number % kinds.len()], names[number % names.len()]);
        let text = |kind: &str, name: &str| {
            json!({
                "name": format!("{kind} {name} {number}"),
                "short": format!("{kind} {name}, số {number}."),
                "body": format!("{kind} {name} {number}. ").repeat(12),
            })
        };
        entries.push(json!({
            "id": format!("e{number}"), "kind": "place", "category": "nature", "owner": "x", "source": "x",
            "texts": {"vi": text(kind.0, name.0), "zh": text(kind.1, name.1), "en": text(kind.2, name.2)},
            "position": {"lat_microdeg": 22_000_000 + number, "lon_microdeg": 103_900_000 + number},
        }));
    }
    content
}

async fn ask(address: &str, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    answer
}

fn resident_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib / 1024
}

#[tokio::test]
async fn with_twenty_thousand_entries_the_daemon_stays_small() {
    let folder = tempfile::tempdir().unwrap();
    write_package(&large(), &folder.path().join("package"));
    let config = folder.path().join("kiosk.toml");
    let log = folder.path().join("log");
    std::fs::write(
        &config,
        "site = \"s\"\nchannel = \"c\"\ndevice = \"K01\"\nfactory_root = \"root.dsse\"\ndata = \"data\"\ninbox = \"inbox\"\n\
         media = \"media\"\nlink = \"link.sock\"\nlisten = \"127.0.0.1:0\"\nclock.source = \"system\"\n\
         development.unsigned_package = \"package\"\n",
    )
    .unwrap();
    let mut kiosk = Command::new(env!("CARGO_BIN_EXE_cotmoc-kiosk"))
        .arg("--config")
        .arg(&config)
        .stderr(Stdio::from(std::fs::File::create(&log).unwrap()))
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let address = eventually("the kiosk serves", async || {
        let text = std::fs::read_to_string(&log).unwrap();
        let rest = text.split("address=").nth(1)?;
        Some(rest.split_whitespace().next()?.to_owned())
    })
    .await;
    ask(&address, "POST /v1/begin", "{\"language\":\"vi\"}").await;
    for query in [
        "b",
        "ba",
        "bat%20xat",
        "muongkhuong",
        "wengpan",
        "guesthouse%20van",
        "thacc%20sima",
        "nha%20nghi%20123",
        "%E6%9D%91%E5%AF%A8",
    ] {
        for page in ["/v1/results?full=1&q=", "/v1/results?q="] {
            let answer = ask(&address, &format!("GET {page}{query}"), "").await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{query}");
        }
    }
    for page in ["/map", "/category/nature?pages=50", "/home"] {
        assert!(
            ask(&address, &format!("GET {page}"), "")
                .await
                .starts_with("HTTP/1.1 200"),
            "{page}"
        );
    }
    let mib = resident_mib(kiosk.id().unwrap());
    assert!(mib <= MOST_MIB, "{mib} MiB");
    kiosk.kill().await.unwrap();
}
