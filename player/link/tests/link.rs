//! Both ends over a real socket, and each end against a peer that misbehaves.

use cotmoc_link::{
    AgentMessage, LinkConfig, MAX_FRAME_BYTES, ScreenId, ScreenLink, ScreenMessage, ScreenRecord,
    Server, ServerError, Stamp, What,
};
use cotmoc_proto::device::{
    ClockQuality, Event, EventKind, OutputHealth, RecordBody, ScreenKind, ScreenReport,
    ScreenStatus,
};
use cotmoc_proto::{Digest, TimeMs};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn reports_records_and_damage_arrive_and_answers_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = bind(folder.path()).await;
    let (link, looks) = start(folder.path());
    link.record(stamp(), event("one"));
    link.damaged(Digest::of(b"x"));
    link.report(report(3));
    let (mut records, mut damaged, mut reports) = (Vec::new(), Vec::new(), Vec::new());
    while records.is_empty() || damaged.is_empty() || reports.is_empty() {
        match next(&mut server).await.1 {
            What::Came(peer) => {
                assert_eq!(peer.kind, ScreenKind::Wall);
                assert_eq!(peer.pid, i32::try_from(std::process::id()).ok());
            }
            What::Said(ScreenMessage::Record(record)) => records.push(record.body),
            What::Said(ScreenMessage::Damaged { asset }) => damaged.push(asset),
            What::Said(ScreenMessage::Report(report)) => reports.push(report.release),
            What::Said(ScreenMessage::Hello { .. }) | What::Gone => panic!("out of place"),
        }
    }
    assert_eq!(records, [event("one")]);
    assert_eq!((damaged, reports), (vec![Digest::of(b"x")], vec![3]));
    looks.recv_timeout(PATIENCE).unwrap();
    server.sender().look();
    looks.recv_timeout(PATIENCE).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_agent_did_not_store_is_sent_again_by_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = bind(folder.path()).await;
    let (link, _looks) = start(folder.path());
    for text in ["a", "b", "c"] {
        link.record(stamp(), event(text));
    }
    let first = records(&mut server, 3).await;
    let id = first[0].1.id;
    server.sender().say(first[0].0, AgentMessage::Stored { id });
    drop(link);
    let (link, _looks) = start(folder.path());
    let mut again = Vec::new();
    while again.last() != Some(&first[2].1) {
        again.push(records(&mut server, 1).await.remove(0).1);
    }
    assert!(again.contains(&first[1].1), "{again:?}");
    assert!(again.windows(2).all(|pair| pair[0].id < pair[1].id));
    drop(link);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_without_an_agent_keeps_everything_and_delivers_it_in_order_later() {
    let folder = tempfile::tempdir().unwrap();
    let (link, _looks) = start(folder.path());
    let began = Instant::now();
    for n in 0..1_000 {
        link.record(stamp(), event(&n.to_string()));
    }
    assert!(began.elapsed() < PATIENCE);
    assert!(!link.is_connected());
    let mut server = bind(folder.path()).await;
    let mut texts = Vec::new();
    while texts.len() < 1_000 {
        let (screen, what) = next(&mut server).await;
        if let What::Said(ScreenMessage::Record(record)) = what {
            texts.push(record.body);
            let id = record.id;
            server.sender().say(screen, AgentMessage::Stored { id });
        }
    }
    let expected: Vec<_> = (0..1_000).map(|n| event(&n.to_string())).collect();
    assert_eq!(texts, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_comes_back_by_itself_when_the_agent_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = bind(folder.path()).await;
    let (link, looks) = start(folder.path());
    link.record(stamp(), event("kept"));
    let first = records(&mut server, 1).await;
    looks.recv_timeout(PATIENCE).unwrap();
    drop(server);
    let mut server = bind(folder.path()).await;
    let again = records(&mut server, 1).await;
    assert_eq!(again[0].1, first[0].1);
    looks.recv_timeout(PATIENCE).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_single_bytes_is_one_message() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = bind(folder.path()).await;
    let mut stream = UnixStream::connect(socket(folder.path())).unwrap();
    for byte in frame(&hello()).iter().chain(&frame(&damaged())) {
        stream.write_all(&[*byte]).unwrap();
    }
    assert!(matches!(next(&mut server).await.1, What::Came(_)));
    assert_eq!(next(&mut server).await.1, What::Said(damaged()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_that_sends_garbage_too_much_or_out_of_turn_is_dropped_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = bind(folder.path()).await;
    let (link, _looks) = start(folder.path());
    let (good, came) = next(&mut server).await;
    assert!(matches!(came, What::Came(_)));
    let oversize = u32::try_from(MAX_FRAME_BYTES + 1).unwrap().to_be_bytes();
    let after_hello = |bytes: &[u8]| [frame(&hello()).as_slice(), bytes].concat();
    let bad = [
        frame(&damaged()),
        b"\0\0\0\x05hello".to_vec(),
        b"\xff\xff\xff\xff".to_vec(),
        after_hello(&oversize),
        after_hello(b"\0\0\0\x02[]"),
        after_hello(b"\0\0\0\x64cut"),
    ];
    for bytes in bad {
        let mut stream = UnixStream::connect(socket(folder.path())).unwrap();
        stream.write_all(&bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        loop {
            let (screen, what) = next(&mut server).await;
            assert_ne!(screen, good);
            if what == What::Gone {
                break;
            }
            assert!(matches!(what, What::Came(_)), "{what:?}");
        }
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest));
    }
    link.damaged(Digest::of(b"y"));
    assert_eq!(next(&mut server).await, (good, What::Said(damaged())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_talks_nonsense_to_the_screen_costs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::os::unix::net::UnixListener::bind(socket(folder.path())).unwrap();
    let (link, _looks) = start(folder.path());
    link.record(stamp(), event("kept"));
    for nonsense in [&b"\xff\xff\xff\xff"[..], b"\0\0\0\x01x", b"", b"\0\0"] {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(nonsense).unwrap();
    }
    drop(listener);
    std::fs::remove_file(socket(folder.path())).unwrap();
    let mut server = bind(folder.path()).await;
    assert_eq!(records(&mut server, 1).await[0].1.body, event("kept"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_in_use_and_a_file_in_its_place_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = bind(folder.path()).await;
    let second = Server::bind(&socket(folder.path()), "0").await;
    assert!(matches!(second.unwrap_err(), ServerError::InUse { .. }));
    drop(server);
    std::fs::write(socket(folder.path()), b"mine").unwrap();
    let third = Server::bind(&socket(folder.path()), "0").await;
    assert!(matches!(third.unwrap_err(), ServerError::NotASocket { .. }));
    assert_eq!(std::fs::read(socket(folder.path())).unwrap(), b"mine");
}

async fn bind(folder: &Path) -> Server {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match Server::bind(&socket(folder), "0").await {
            Ok(server) => return server,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        tokio::task::yield_now().await;
    }
}

fn start(folder: &Path) -> (ScreenLink, Receiver<()>) {
    ScreenLink::start(LinkConfig {
        socket: socket(folder),
        spool_dir: folder.join("spool"),
        kind: ScreenKind::Wall,
    })
    .expect("a thread")
}

fn socket(folder: &Path) -> std::path::PathBuf {
    folder.join("link.sock")
}

async fn next(server: &mut Server) -> (ScreenId, What) {
    let happening = tokio::time::timeout(PATIENCE, server.next()).await;
    let happening = happening
        .expect("within the patience")
        .expect("a server that lives");
    (happening.screen, happening.what)
}

async fn records(server: &mut Server, count: usize) -> Vec<(ScreenId, ScreenRecord)> {
    let mut records = Vec::new();
    while records.len() < count {
        if let (screen, What::Said(ScreenMessage::Record(record))) = next(server).await {
            records.push((screen, record));
        }
    }
    records
}

fn frame(message: &ScreenMessage) -> Vec<u8> {
    let json = serde_json::to_vec(message).expect("writable");
    let length = u32::try_from(json.len()).expect("short").to_be_bytes();
    [length.as_slice(), &json].concat()
}

fn hello() -> ScreenMessage {
    ScreenMessage::Hello {
        v: 1,
        kind: ScreenKind::Kiosk,
        pid: 1,
        spool: "s".to_owned(),
    }
}

fn damaged() -> ScreenMessage {
    ScreenMessage::Damaged {
        asset: Digest::of(b"y"),
    }
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

fn report(release: u64) -> ScreenReport {
    ScreenReport {
        kind: ScreenKind::Wall,
        at_ms: TimeMs(1),
        status: ScreenStatus::OnAir,
        clock: ClockQuality::Held,
        showing: Vec::new(),
        root_version: 1,
        release,
        release_sha256: None,
        takedown: 0,
        override_seq: 0,
        output: OutputHealth::default(),
        display: None,
        on_air_today_ms: 0,
        quota_ms: 0,
    }
}
