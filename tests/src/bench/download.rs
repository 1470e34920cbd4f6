//! The agent against curl: the same 200 MB from the same controller over loopback TLS, and what a
//! cut connection costs.

use super::{Outcome, mebibytes_per_s, usage};
use crate::board::Board;
use crate::lab::Lab;
use crate::programme::{GREY, short};
use crate::wait::eventually;
use cotmoc_proto::media::{Asset, CHUNK_BYTES, Mime};
use cotmoc_test_kit as kit;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const BYTES: usize = 200 << 20;

pub fn run() -> anyhow::Result<Outcome> {
    let lab = Lab::start()?;
    let asset = lab.upload(Mime::Mp4, &video_like(1, BYTES))?;
    let grey = lab.upload(Mime::Png, &kit::media::png(64, 64, GREY))?;
    let ours = by_agent(&lab, &asset, &grey)?;
    let peer = by_curl(&lab, &asset)?;
    let cut = after_a_cut(&lab, &asset, &grey)?;
    let checked = check_and_sync(&lab.dir().join("curl.out"))?;
    let speed = |took| mebibytes_per_s(asset.size_bytes, took);
    let (agent, curl, same_work) = (speed(ours.took), speed(peer), speed(peer + checked));
    Ok(Outcome {
        rows: vec![
            (
                "agent, verified chunk by chunk and synced".into(),
                format!("{agent:.0} MiB/s"),
            ),
            (
                "agent, processor time".into(),
                format!("{:.2} s", ours.cpu.as_secs_f64()),
            ),
            (
                "curl, unverified, not synced".into(),
                format!("{curl:.0} MiB/s"),
            ),
            (
                "curl, then sha256sum and sync".into(),
                format!("{same_work:.0} MiB/s"),
            ),
            (
                "bytes fetched again after a cut".into(),
                format!("{cut} (chunk: {CHUNK_BYTES})"),
            ),
        ],
        aims: vec![
            (
                "at most one chunk is fetched again",
                cut <= u64::from(CHUNK_BYTES) + OVERHEAD,
            ),
            (
                "at least as fast as curl with the same work",
                agent >= same_work,
            ),
        ],
        ours: json!({
            "mib_per_s": agent, "cpu_ms": ours.cpu.as_millis(), "refetched_after_cut_bytes": cut,
        }),
        peers: json!({ "curl_mib_per_s": curl, "curl_checked_and_synced_mib_per_s": same_work }),
    })
}

/// What TLS and HTTP add to the payload of the two connections that a cut makes, with room.
const OVERHEAD: u64 = 2 << 20;

struct Downloaded {
    took: Duration,
    cpu: Duration,
}

fn by_agent(lab: &Lab, asset: &Asset, grey: &Asset) -> anyhow::Result<Downloaded> {
    let mut board = Board::new(lab, lab.site.identity("W01"))?;
    board.enrol(lab)?;
    board.start_agent()?;
    let pid = board.agent.as_ref().map_or(0, crate::Process::pid);
    eventually("the agent has said hello", || {
        lab.has_heard_from("W01").then_some(())
    });
    let before = usage(pid).map(|(cpu, _)| cpu).unwrap_or_default();
    let start = Instant::now();
    lab.publish_release(&short(lab.site.release(1, grey, &[asset])))?;
    let blob = kit::media::blob_path(&board.path("media"), asset.sha256);
    eventually("the agent has the asset", || blob.exists().then_some(()));
    let took = start.elapsed();
    let cpu = usage(pid)
        .map(|(cpu, _)| cpu)
        .unwrap_or_default()
        .saturating_sub(before);
    Ok(Downloaded { took, cpu })
}

fn by_curl(lab: &Lab, asset: &Asset) -> anyhow::Result<Duration> {
    let device = lab.dir().join("W01/agent");
    let file = lab.dir().join("curl.out");
    let start = Instant::now();
    let status = Command::new("curl")
        .args(["-sSf", "--cacert"])
        .arg(lab.server_ca())
        .arg("--cert")
        .arg(device.join("device.pem"))
        .arg("--key")
        .arg(device.join("device.key"))
        .arg("-o")
        .arg(&file)
        .arg(format!(
            "https://{}/d/v1/blob/{}",
            lab.addresses().device,
            asset.sha256
        ))
        .status()?;
    anyhow::ensure!(status.success(), "curl failed: {status}");
    Ok(start.elapsed())
}

/// What curl leaves to be done before the file can be believed and outlives a power cut.
fn check_and_sync(file: &std::path::Path) -> anyhow::Result<Duration> {
    let start = Instant::now();
    for program in ["sha256sum", "sync"] {
        let status = Command::new(program)
            .arg(file)
            .stdout(std::process::Stdio::null())
            .status()?;
        anyhow::ensure!(status.success(), "{program} failed: {status}");
    }
    Ok(start.elapsed())
}

/// A second board behind a relay that cuts the connection once, in mid-asset. Returns how many
/// bytes beyond the asset came through the relay.
fn after_a_cut(lab: &Lab, asset: &Asset, grey: &Asset) -> anyhow::Result<u64> {
    let relay = Relay::start(&lab.addresses().device, asset.size_bytes / 2 + 300_000)?;
    let mut board = Board::new(lab, lab.site.identity("W02"))?;
    board.enrol(lab)?;
    let config = std::fs::read_to_string(board.path("agent.toml"))?;
    std::fs::write(
        board.path("agent.toml"),
        config.replace(&lab.addresses().device, &relay.address),
    )?;
    let first = lab.site.release(1, grey, &[asset]);
    let mut both = short(first);
    both.version = 2;
    both.prev = Some(cotmoc_proto::Digest::of(&serde_json::to_vec(&short(
        lab.site.release(1, grey, &[asset]),
    ))?));
    both.devices = vec!["W01".parse()?, "W02".parse()?];
    lab.publish_release(&both)?;
    board.start_agent()?;
    let blob = kit::media::blob_path(&board.path("media"), asset.sha256);
    eventually("the agent has the asset in spite of the cut", || {
        blob.exists().then_some(())
    });
    Ok(relay
        .passed
        .load(Ordering::SeqCst)
        .saturating_sub(asset.size_bytes))
}

/// Passes bytes on, and cuts every connection once after `cut_after` bytes from the server.
struct Relay {
    address: String,
    passed: Arc<AtomicU64>,
}

impl Relay {
    fn start(server: &str, cut_after: u64) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let passed = Arc::new(AtomicU64::new(0));
        let (server, counter) = (server.to_owned(), passed.clone());
        let cut = Arc::new(AtomicU64::new(cut_after));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(upstream) = TcpStream::connect(&server) else {
                    continue;
                };
                connect(client, upstream, &counter, &cut);
            }
        });
        Ok(Self { address, passed })
    }
}

fn connect(client: TcpStream, server: TcpStream, passed: &Arc<AtomicU64>, cut: &Arc<AtomicU64>) {
    let (Ok(from_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    std::thread::spawn(move || drop(std::io::copy(&mut &from_client, &mut &to_server)));
    let (passed, cut) = (passed.clone(), cut.clone());
    std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = (&server).read(&mut buffer) {
            let Some(bytes) = buffer.get(..count) else {
                break;
            };
            let total =
                passed.fetch_add(u64::try_from(count).unwrap_or_default(), Ordering::SeqCst);
            if (&client).write_all(bytes).is_err() {
                break;
            }
            if total > cut.load(Ordering::SeqCst) {
                cut.store(u64::MAX, Ordering::SeqCst);
                break;
            }
        }
        for stream in [&client, &server] {
            drop(stream.shutdown(Shutdown::Both));
        }
    });
}

fn video_like(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
    let rest = length.saturating_sub(bytes.len());
    bytes.extend(kit::media::noise(seed, rest));
    bytes
}
