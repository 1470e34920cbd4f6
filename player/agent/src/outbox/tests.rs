use super::*;
use cotmoc_proto::TimeMs;
use cotmoc_proto::device::{ClockQuality, OnAir, OnAirState};
use std::collections::BTreeMap;

const KERNEL_BOOT: &str = "0e0ea0ac-9f9c-4d2f-9d3c-000000000001";
const EARLIER_BOOT: &str = "0e0ea0ac-9f9c-4d2f-9d3c-000000000000";
const LIMIT: u64 = 50 << 20;

fn open(folder: &Path) -> Store {
    Store::open(Some(&folder.join("outbox.db")), KERNEL_BOOT, LIMIT).unwrap()
}

fn event(text: &str) -> RecordBody {
    RecordBody::Event(Event::new(
        EventKind::Started,
        [("process", text.to_owned())],
    ))
}

fn sample(n: i64) -> RecordBody {
    RecordBody::OnAir(OnAir {
        state: OnAirState::OnAir,
        from_ms: TimeMs(n),
        to_ms: TimeMs(n + 1),
        reason: "x".repeat(100),
        clock: ClockQuality::Held,
    })
}

fn own(body: RecordBody) -> Item {
    Item {
        source: None,
        boot: KERNEL_BOOT.to_owned(),
        stamp: stamp_untrusted(),
        body,
    }
}

fn of_spool(id: u64, body: RecordBody) -> Item {
    Item {
        source: Some(("spool".to_owned(), id)),
        ..own(body)
    }
}

fn add(store: &mut Store, items: &[Item]) {
    store.add(&items.iter().collect::<Vec<_>>()).unwrap();
}

fn numbers(records: &[Record]) -> Vec<u64> {
    records.iter().map(|record| record.seq).collect()
}

#[test]
fn records_are_numbered_from_one_stay_until_they_are_acknowledged_and_survive_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    add(&mut store, &["a", "b", "c"].map(|text| own(event(text))));
    let first = store.batch(200, 1 << 20).unwrap();
    assert_eq!(numbers(&first), [1, 2, 3]);
    drop(store);
    let mut store = open(folder.path());
    assert_eq!(store.batch(200, 1 << 20).unwrap(), first);
    store.ack(&BTreeMap::from([(store.boot(), 2)])).unwrap();
    add(&mut store, &[own(event("d"))]);
    assert_eq!(numbers(&store.batch(200, 1 << 20).unwrap()), [3, 4]);
    store
        .ack(&BTreeMap::from([(store.boot(), u64::MAX)]))
        .unwrap();
    assert_eq!(store.health().unwrap().waiting, 0);
    add(&mut store, &[own(event("e"))]);
    assert_eq!(numbers(&store.batch(200, 1 << 20).unwrap()), [5]);
}

#[test]
fn an_acknowledgement_never_removes_what_was_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    add(&mut store, &["a", "b"].map(|text| own(event(text))));
    assert_eq!(numbers(&store.batch(1, 1 << 20).unwrap()), [1]);
    store
        .ack(&BTreeMap::from([(store.boot(), u64::MAX)]))
        .unwrap();
    assert_eq!(numbers(&store.batch(9, 1 << 20).unwrap()), [2]);
}

#[test]
fn what_a_spool_sends_twice_is_kept_once_even_after_it_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    add(
        &mut store,
        &[of_spool(1, event("a")), of_spool(2, event("b"))],
    );
    store.batch(200, 1 << 20).unwrap();
    store.ack(&BTreeMap::from([(store.boot(), 2)])).unwrap();
    drop(store);
    let mut store = open(folder.path());
    add(
        &mut store,
        &[
            of_spool(1, event("a")),
            of_spool(2, event("b")),
            of_spool(3, event("c")),
        ],
    );
    let records = store.batch(200, 1 << 20).unwrap();
    assert_eq!(numbers(&records), [3]);
    assert_eq!(records[0].body, event("c"));
}

#[test]
fn a_record_of_an_earlier_boot_keeps_its_boot_and_is_numbered_within_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let earlier = Item {
        boot: EARLIER_BOOT.to_owned(),
        ..of_spool(1, event("before"))
    };
    add(&mut store, &[own(event("now")), earlier]);
    let records = store.batch(200, 1 << 20).unwrap();
    assert_eq!(numbers(&records), [1, 1]);
    assert!(records[0].boot.as_str().starts_with(KERNEL_BOOT));
    assert!(records[1].boot.as_str().starts_with(EARLIER_BOOT));
}

#[test]
fn a_full_outbox_drops_the_oldest_samples_says_so_and_leaves_no_hole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox.db");
    let mut store = Store::open(Some(&path), KERNEL_BOOT, 100_000).unwrap();
    add(&mut store, &[own(event("first"))]);
    for n in 0..1_000 {
        add(&mut store, &[own(sample(n)), own(event("later"))]);
    }
    let dropped = store.health().unwrap().dropped;
    assert!(dropped > 0);
    let mut records = Vec::new();
    loop {
        let batch = store.batch(200, 1 << 20).unwrap();
        let Some(last) = batch.last() else { break };
        store
            .ack(&BTreeMap::from([(last.boot.clone(), last.seq)]))
            .unwrap();
        records.extend(batch);
    }
    let count = u64::try_from(records.len()).unwrap();
    assert_eq!(numbers(&records), (1..=count).collect::<Vec<_>>());
    let told: u64 = records.iter().filter_map(told_dropped).sum();
    assert_eq!(told, dropped);
    let events = records
        .iter()
        .filter(|r| r.body == event("later") || r.body == event("first"));
    assert_eq!(events.count(), 1_001);
}

#[test]
fn records_that_memory_does_not_hold_are_samples_first_and_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place {
        path: folder.path().join("outbox.db"),
        kernel_boot: KERNEL_BOOT.to_owned(),
        limit_bytes: LIMIT,
    };
    let mut keeper = Keeper::new(place, Arc::new(Notify::new()));
    let most = i64::try_from(MAX_UNSAVED).unwrap();
    keeper.unsaved.push_back((own(event("first")), None));
    let samples = (0..most + 6).map(|n| (own(sample(n)), None));
    keeper.unsaved.extend(samples);
    keeper.forget_samples();
    assert_eq!(keeper.unsaved.len(), MAX_UNSAVED);
    keeper.save();
    keeper.save();
    let batch = keeper.store.batch(MAX_UNSAVED * 2, usize::MAX).unwrap();
    assert_eq!(batch.len(), MAX_UNSAVED + 1);
    assert_eq!(batch[0].body, event("first"));
    assert_eq!(batch[1].body, sample(7));
    assert_eq!(told_dropped(batch.last().unwrap()), Some(7));
}

fn told_dropped(record: &Record) -> Option<u64> {
    match &record.body {
        RecordBody::Event(event) if event.kind == EventKind::RecordsDropped => {
            event.detail["count"].parse().ok()
        }
        RecordBody::Event(_)
        | RecordBody::Aired(_)
        | RecordBody::OnAir(_)
        | RecordBody::Receipt(_) => None,
    }
}

#[test]
fn receipts_name_the_one_before_also_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let mut store = open(folder.path());
        let make = |n: u64, prev| {
            seen.push((n, prev));
            Some((format!("receipt {n}"), Digest::of(&n.to_be_bytes())))
        };
        store.add_receipt(stamp_untrusted(), make).unwrap();
    }
    let digest = |n: u64| Some(Digest::of(&n.to_be_bytes()));
    assert_eq!(seen, [(1, None), (2, digest(1)), (3, digest(2))]);
}

#[test]
fn a_batch_is_bounded_in_records_and_bytes_but_never_empty() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    add(
        &mut store,
        &(0..50).map(|n| own(sample(n))).collect::<Vec<_>>(),
    );
    assert_eq!(store.batch(7, 1 << 20).unwrap().len(), 7);
    assert_eq!(store.batch(50, 1).unwrap().len(), 1);
    let some = store.batch(50, 4_000).unwrap().len();
    assert!((5..20).contains(&some), "{some}");
}

#[test]
fn a_file_of_a_later_version_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let path = folder.path().join("outbox.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = Store::open(Some(&path), KERNEL_BOOT, LIMIT).unwrap_err();
    assert!(matches!(
        error,
        StoreError::Newer {
            found: 99,
            known: 1
        }
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_outbox_is_set_aside_and_the_new_one_says_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("outbox.db"), vec![7; 20_000]).unwrap();
    let outbox = Outbox::start(folder.path(), LIMIT).unwrap();
    outbox.put(stamp_untrusted(), event("a"));
    let records = outbox.batch(200, 1 << 20).await;
    assert_eq!(records.len(), 2);
    let RecordBody::Event(first) = &records[0].body else {
        panic!("an event")
    };
    assert_eq!(first.kind, EventKind::IntegrityFault);
    assert_eq!(
        std::fs::read(folder.path().join("outbox.damaged")).unwrap(),
        vec![7; 20_000]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_hears_that_its_record_is_stored_only_when_it_is_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::start(folder.path(), LIMIT).unwrap();
    let (stored, mut heard) = tokio::sync::mpsc::unbounded_channel();
    for id in 1..=600 {
        let stored = stored.clone();
        outbox.put_from_screen(of_spool(id, event("a")), move || stored.send(id).unwrap());
    }
    for id in 1..=600 {
        assert_eq!(heard.recv().await, Some(id));
    }
    outbox.urgent().await;
    let mut second = open(folder.path());
    assert_eq!(second.batch(1_000, 1 << 30).unwrap().len(), 600);
}

#[tokio::test]
async fn a_receipt_that_the_disk_did_not_take_is_written_once_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::start(folder.path(), LIMIT).unwrap();
    outbox.flush().await;
    let other = rusqlite::Connection::open(folder.path().join("outbox.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (told, asked) = std::sync::mpsc::channel();
    outbox.put_receipt(stamp_untrusted(), move |n, _| {
        told.send(n).ok();
        Some((format!("receipt {n}"), Digest::of(&n.to_be_bytes())))
    });
    // The outbox has met the lock and gone on: it answers.
    assert!(outbox.batch(10, 1 << 20).await.is_empty());
    assert!(asked.try_recv().is_err());
    other.execute_batch("ROLLBACK").unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    loop {
        let batch = outbox.batch(10, 1 << 20).await;
        let is_receipt = |record: &Record| matches!(record.body, RecordBody::Receipt(_));
        if batch.iter().any(is_receipt) {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "the receipt is lost");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(asked.recv(), Ok(1));
}
