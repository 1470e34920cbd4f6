//! The screen's end against an agent that has changed sides: it may be silent or loud, but it can
//! neither take records away nor keep the screen from keeping them.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_link::{AgentMessage, LinkConfig, ScreenLink, ScreenMessage, Server, Stamp, What};
use cotmoc_proto::TimeMs;
use cotmoc_proto::device::{ClockQuality, Event, EventKind, RecordBody, ScreenKind};
use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_cannot_store_what_it_was_never_sent() {
    let folder = tempfile::tempdir().unwrap();
    for id in [u64::MAX, u64::MAX - 1, 1_000] {
        let listener = UnixListener::bind(socket(folder.path())).unwrap();
        let (link, looks) = start(folder.path());
        link.record(stamp(), event(&format!("before {id}")));
        let (mut agent, _) = listener.accept().unwrap();
        wait_for_text(&mut agent, "before");
        say(&mut agent, &AgentMessage::Stored { id });
        say(&mut agent, &AgentMessage::Look);
        looks.recv_timeout(PATIENCE).unwrap();
        link.record(stamp(), event(&format!("after {id}")));
        drop((link, listener));
        std::fs::remove_file(socket(folder.path())).unwrap();
    }
    let mut server = Server::bind(&socket(folder.path()), "0").await.unwrap();
    let (_link, _looks) = start(folder.path());
    let expected: Vec<_> = [u64::MAX, u64::MAX - 1, 1_000]
        .iter()
        .flat_map(|id| {
            [
                event(&format!("before {id}")),
                event(&format!("after {id}")),
            ]
        })
        .collect();
    assert_eq!(bodies(&mut server, expected.len()).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_never_stops_talking_costs_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let listener = UnixListener::bind(socket(folder.path())).unwrap();
    let (link, _looks) = start(folder.path());
    let (agent, _) = listener.accept().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let talking = {
        let (mut agent, stop) = (agent.try_clone().unwrap(), Arc::clone(&stop));
        let frames = frame(&AgentMessage::Look).repeat(1_000);
        std::thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) && agent.write_all(&frames).is_ok() {}
        })
    };
    let expected: Vec<_> = (0..2_000).map(|n| event(&n.to_string())).collect();
    for body in &expected {
        link.record(stamp(), body.clone());
        std::thread::sleep(Duration::from_micros(500));
    }
    drop((link, listener));
    stop.store(true, Ordering::Relaxed);
    drop(agent);
    talking.join().unwrap();
    std::fs::remove_file(socket(folder.path())).unwrap();
    let mut server = Server::bind(&socket(folder.path()), "0").await.unwrap();
    let (_link, _looks) = start(folder.path());
    assert_eq!(bodies(&mut server, expected.len()).await, expected);
}

fn start(folder: &Path) -> (ScreenLink, Receiver<()>) {
    ScreenLink::start(LinkConfig {
        socket: socket(folder),
        spool_dir: folder.join("spool"),
        kind: ScreenKind::Wall,
    })
    .unwrap()
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("link.sock")
}

fn frame(message: &AgentMessage) -> Vec<u8> {
    let json = serde_json::to_vec(message).unwrap();
    let length = u32::try_from(json.len()).unwrap().to_be_bytes();
    [length.as_slice(), &json].concat()
}

fn say(agent: &mut UnixStream, message: &AgentMessage) {
    agent.write_all(&frame(message)).unwrap();
}

fn wait_for_text(agent: &mut UnixStream, text: &str) {
    agent.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut seen, mut buffer) = (String::new(), [0; 4_096]);
    while !seen.contains(text) {
        let count = agent.read(&mut buffer).unwrap();
        assert_ne!(count, 0, "the link ended");
        seen.push_str(&String::from_utf8_lossy(buffer.get(..count).unwrap()));
    }
}

/// The next `count` records that come, each stored as a good agent would.
async fn bodies(server: &mut Server, count: usize) -> Vec<RecordBody> {
    let mut bodies = Vec::new();
    while bodies.len() < count {
        let next = tokio::time::timeout(PATIENCE, server.next()).await;
        let happening = next.unwrap().unwrap();
        if let What::Said(ScreenMessage::Record(record)) = happening.what {
            bodies.push(record.body);
            let id = record.id;
            let stored = AgentMessage::Stored { id };
            server.sender().say(happening.screen, stored);
        }
    }
    bodies
}

fn stamp() -> Stamp {
    Stamp {
        mono_ms: 1,
        wall_ms: TimeMs(2),
        clock: ClockQuality::Held,
    }
}

fn event(text: &str) -> RecordBody {
    let detail = [("process", text.to_owned())];
    RecordBody::Event(Event::new(EventKind::Started, detail))
}
