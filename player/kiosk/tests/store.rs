//! The kiosk's store: what comes into use, and what never does, whatever is on the disk.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_kiosk::shelf::{Store, StoreConfig, Verified};
use cotmoc_lookup::package::{self, Listed, bundle};
use cotmoc_lookup::{Content, Language};
use cotmoc_proto::Digest;
use cotmoc_proto::device::{Event, EventKind};
use cotmoc_proto::media::{Asset, Mime};
use cotmoc_proto::release::{LookupPart, Release};
use cotmoc_test_kit::{Site, media};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// One cabinet and the site that signs for it.
struct Cabinet {
    folder: TempDir,
    site: Site,
    fallback: Asset,
    factory_root: Vec<u8>,
}

impl Cabinet {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inbox")).unwrap();
        let site = Site::new();
        let slide = media::png(16, 16, [1, 2, 3]);
        Self {
            fallback: media::put(&folder.path().join("media"), Mime::Png, &slide),
            factory_root: site.factory_root(),
            site,
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn boot(&self) -> (Store, Vec<Event>) {
        Store::open(StoreConfig {
            me: self.site.identity("W01"),
            data: self.path("kiosk"),
            inbox: self.path("inbox"),
            media: self.path("media"),
            factory_root: self.factory_root.clone(),
        })
        .unwrap()
    }

    fn put(&self, bytes: &[u8]) -> Asset {
        media::put(&self.path("media"), Mime::Lookup, bytes)
    }

    /// A release with what is in `content`, and with `pictures` as its media.
    fn release(&self, version: u64, content: Asset, pictures: Vec<Asset>) -> Release {
        Release {
            lookup: Some(LookupPart {
                content,
                media: pictures,
            }),
            ..self
                .site
                .release(version, &self.fallback, &[&self.fallback])
        }
    }

    fn offer(&self, store: &mut Store, release: &Release) -> Vec<Event> {
        self.deliver(&self.site.seal_release(release));
        store.look()
    }

    fn deliver(&self, envelope: &[u8]) {
        fs::write(self.path("inbox/release.dsse"), envelope).unwrap();
    }

    /// Releases 1 and 2, both in order, whose only entry is called after the release.
    fn with_two_releases(&self, store: &mut Store) -> [Asset; 2] {
        [1, 2].map(|version| {
            let asset = self.put(&bundled(&content(&format!("Bản {version}"))));
            let events = self.offer(store, &self.release(version, asset.clone(), Vec::new()));
            assert_eq!(kinds(&events), [EventKind::ReleaseAccepted], "{events:?}");
            asset
        })
    }

    fn blob(&self, asset: &Asset) -> PathBuf {
        media::blob_path(&self.path("media"), asset.sha256)
    }

    fn copy(&self, asset: &Asset) -> PathBuf {
        self.path(&format!("kiosk/packages/{}.lookup", asset.sha256))
    }
}

fn json_content(name: &str) -> Value {
    json!({
        "site": "huu-nghi",
        "created": 1_795_366_800_000_i64,
        "cluster": {
            "name": {"vi": "Cửa khẩu quốc tế Hữu Nghị"},
            "address": {"vi": "Đồng Đăng"},
            "staff": {"vi": "Quầy thông tin"},
            "position": {"lat_microdeg": 21_976_000, "lon_microdeg": 106_713_000},
            "window": {"zone": "Asia/Ho_Chi_Minh", "opens": "07:00", "closes": "22:00", "quota_min": 840}
        },
        "categories": [{"id": "see", "name": {"vi": "Tham quan"}, "icon": "landmark"}],
        "entries": [{
            "id": "gate", "kind": "place", "category": "see",
            "texts": {"vi": {"name": name}}, "owner": "Ban quản lý", "source": "Ban quản lý"
        }],
        "canaries": [{"query": name, "expect": ["gate"]}],
        "emergency": [{"name": {"vi": "Công an"}, "number": "113"}]
    })
}

fn content(name: &str) -> Content {
    serde_json::from_value(json_content(name)).unwrap()
}

fn bundled(content: &Content) -> Vec<u8> {
    package::build(content, &[]).unwrap().bundle()
}

/// The three files of a bundle put together anew, whatever they are.
fn forged(files: [(&str, Vec<u8>); 3]) -> Vec<u8> {
    let listed = files
        .each_ref()
        .map(|(path, bytes)| Listed::of(path, bytes));
    let mut bytes = bundle::head(&listed);
    files.iter().for_each(|(_, file)| bytes.extend(file));
    bytes
}

fn kinds(events: &[Event]) -> Vec<EventKind> {
    events.iter().map(|event| event.kind.clone()).collect()
}

fn now(store: &Store) -> Verified {
    store.current().borrow().clone()
}

fn shown(store: &Store) -> Option<String> {
    let package = now(store).package?;
    let entry = package.lookup.entry_at(0).unwrap().unwrap();
    Some(entry.texts.vi.name)
}

#[test]
fn a_signed_package_comes_into_use_and_is_there_after_a_restart() {
    let cabinet = Cabinet::new();
    let (mut store, events) = cabinet.boot();
    assert_eq!((events, shown(&store)), (Vec::new(), None));
    cabinet.with_two_releases(&mut store);
    assert_eq!(shown(&store).as_deref(), Some("Bản 2"));
    assert_eq!(now(&store).trust.release, 2);
    assert!(now(&store).trust.is_whole);
    drop(store);
    let (store, events) = cabinet.boot();
    assert_eq!(events, []);
    assert_eq!(shown(&store).as_deref(), Some("Bản 2"));
    assert_eq!(now(&store).package.unwrap().release, 2);
}

#[test]
fn a_package_that_nobody_signed_or_that_is_older_changes_nothing() {
    let cabinet = Cabinet::new();
    let (mut store, _) = cabinet.boot();
    let [first, _] = cabinet.with_two_releases(&mut store);
    let stranger = Site::new();
    let forged = Release {
        site: cabinet.site.id.clone(),
        ..cabinet.release(3, cabinet.put(&bundled(&content("Kẻ lạ"))), Vec::new())
    };
    cabinet.deliver(&stranger.seal_release(&forged));
    assert_eq!(kinds(&store.look()), [EventKind::ReleaseRefused]);
    let older = cabinet.release(1, first, Vec::new());
    assert_eq!(
        kinds(&cabinet.offer(&mut store, &older)),
        [EventKind::ReleaseRefused]
    );
    assert_eq!(shown(&store).as_deref(), Some("Bản 2"));
}

#[test]
fn a_signed_package_that_is_bad_is_refused_with_its_reason_and_the_good_one_stays() {
    let cabinet = Cabinet::new();
    let (mut store, _) = cabinet.boot();
    cabinet.with_two_releases(&mut store);
    let good = package::build(&content("Mới"), &[]).unwrap();
    let other = package::build(&content("Khác"), &[]).unwrap();
    let files = |content: &[u8], index: &[u8], canaries: &[u8]| {
        forged([
            (package::CANARIES, canaries.to_vec()),
            (package::CONTENT, content.to_vec()),
            (package::INDEX, index.to_vec()),
        ])
    };
    let (c, i, q) = (
        good.files.content.as_slice(),
        good.files.index.as_slice(),
        good.files.canaries.as_slice(),
    );
    let mut strange = json_content("Mới");
    strange["site"] = json!("lang-son");
    let strange: Content = serde_json::from_value(strange).unwrap();
    let mut truncated = good.bundle();
    truncated.truncate(truncated.len() / 2);
    let cases: [(&str, Vec<u8>); 7] = [
        ("of", truncated),
        ("canary", files(c, &other.files.index, q)),
        ("canary", files(&other.files.content, &other.files.index, q)),
        ("index", files(c, b"no index", q)),
        ("content", files(&c[..c.len() - 1], i, q)),
        ("canaries.json", files(c, i, b"{}")),
        ("site", bundled(&strange)),
    ];
    for (version, (reason, bytes)) in (3..).zip(cases) {
        let release = cabinet.release(version, cabinet.put(&bytes), Vec::new());
        let events = cabinet.offer(&mut store, &release);
        assert_eq!(kinds(&events), [EventKind::ReleaseRefused], "{reason}");
        let detail = &events[0].detail;
        assert_eq!(detail["reason"], "bad-lookup", "{detail:?}");
        assert!(detail["detail"].contains(reason), "{reason}: {detail:?}");
        assert_eq!(store.look(), [], "it is told once");
        assert_eq!(shown(&store).as_deref(), Some("Bản 2"));
    }
    drop(store);
    let (mut store, events) = cabinet.boot();
    assert_eq!(
        (events, shown(&store)),
        (Vec::new(), Some("Bản 2".to_owned()))
    );
    let mended = cabinet.release(20, cabinet.put(&good.bundle()), Vec::new());
    assert_eq!(
        kinds(&cabinet.offer(&mut store, &mended)),
        [EventKind::ReleaseAccepted]
    );
    assert_eq!(shown(&store).as_deref(), Some("Mới"));
}

#[test]
fn what_the_courier_loses_is_shown_from_the_kiosks_own_copy() {
    let cabinet = Cabinet::new();
    let (mut store, _) = cabinet.boot();
    let [_, second] = cabinet.with_two_releases(&mut store);
    drop(store);
    fs::remove_file(cabinet.blob(&second)).unwrap();
    let (store, events) = cabinet.boot();
    assert_eq!(kinds(&events), [EventKind::IntegrityFault]);
    assert_eq!(events[0].detail["reason"], "media-missing");
    assert_eq!(events[0].detail["showing"], "2");
    assert_eq!(shown(&store).as_deref(), Some("Bản 2"));
}

#[test]
fn without_a_whole_copy_the_package_before_is_shown_and_the_reason_told() {
    let cabinet = Cabinet::new();
    let (mut store, _) = cabinet.boot();
    let [first, second] = cabinet.with_two_releases(&mut store);
    drop(store);
    for path in [cabinet.blob(&second), cabinet.copy(&second)] {
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
    }
    let (store, events) = cabinet.boot();
    assert_eq!(kinds(&events), [EventKind::IntegrityFault]);
    assert_eq!(events[0].detail["reason"], "media-integrity");
    assert_eq!(events[0].detail["showing"], "1");
    assert_eq!(shown(&store).as_deref(), Some("Bản 1"));
    assert!(!now(&store).trust.is_whole);
    drop(store);
    for asset in [&first, &second] {
        fs::remove_file(cabinet.blob(asset)).unwrap();
        fs::remove_file(cabinet.copy(asset)).ok();
    }
    let (store, events) = cabinet.boot();
    assert_eq!(events.last().unwrap().detail["showing"], "none");
    assert_eq!(shown(&store), None);
}

#[test]
fn a_package_that_a_duty_officer_takes_down_gives_way_to_the_one_before() {
    let cabinet = Cabinet::new();
    let (mut store, _) = cabinet.boot();
    let [_, second] = cabinet.with_two_releases(&mut store);
    let takedown = cabinet.site.takedown(1, 2, &[second.sha256]);
    let envelope = cabinet.site.seal_takedown(&takedown);
    fs::write(cabinet.path("inbox/takedown.1.dsse"), envelope).unwrap();
    let events = store.look();
    assert_eq!(
        kinds(&events),
        [EventKind::TakedownAccepted, EventKind::IntegrityFault]
    );
    assert_eq!(events[1].detail["reason"], "taken-down");
    assert_eq!(shown(&store).as_deref(), Some("Bản 1"));
    let all = cabinet.site.takedown(2, 2, &[]);
    let envelope = cabinet.site.seal_takedown(&all);
    fs::write(cabinet.path("inbox/takedown.2.dsse"), envelope).unwrap();
    store.look();
    assert_eq!(shown(&store), None);
}

#[test]
fn the_last_two_packages_are_kept_and_no_more() {
    let cabinet = Cabinet::new();
    let (mut store, _) = cabinet.boot();
    cabinet.with_two_releases(&mut store);
    for version in 3..6 {
        let asset = cabinet.put(&bundled(&content(&format!("Bản {version}"))));
        cabinet.offer(&mut store, &cabinet.release(version, asset, Vec::new()));
    }
    assert_eq!(shown(&store).as_deref(), Some("Bản 5"));
    let copies = fs::read_dir(cabinet.path("kiosk/packages")).unwrap();
    assert_eq!(copies.count(), 2);
}

#[test]
fn pictures_are_read_as_they_were_signed_or_not_at_all() {
    let cabinet = Cabinet::new();
    let (mut store, _) = cabinet.boot();
    let picture = media::noise(9, 150_000);
    let mut value = json_content("Nhà thờ đá");
    value["entries"][0]["pictures"] = json!([
        {"file": "church.webp", "alt": {"vi": "Nhà thờ"}, "credit": "x", "licence": "CC0"}
    ]);
    let content: Content = serde_json::from_value(value).unwrap();
    let listed = Listed::of("media/church.webp", &picture);
    let built = package::build(&content, std::slice::from_ref(&listed)).unwrap();
    let pictures = [bundle::head(std::slice::from_ref(&listed)), picture.clone()].concat();
    let content = cabinet.put(&built.bundle());
    let bare = cabinet.release(1, content.clone(), Vec::new());
    let events = cabinet.offer(&mut store, &bare);
    assert!(
        events[0].detail["detail"].contains("church.webp"),
        "{events:?}"
    );
    let pictures = cabinet.put(&pictures);
    let whole = cabinet.release(2, content, vec![pictures.clone()]);
    assert_eq!(
        kinds(&cabinet.offer(&mut store, &whole)),
        [EventKind::ReleaseAccepted]
    );
    let file = "church.webp".to_owned().try_into().unwrap();
    let package = now(&store).package.unwrap();
    assert_eq!(package.media.read(&file).unwrap(), picture);
    let other = "other.webp".to_owned().try_into().unwrap();
    assert!(package.media.read(&other).is_err());
    let blob = cabinet.blob(&pictures);
    let mut bytes = fs::read(&blob).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::remove_file(&blob).unwrap();
    fs::write(&blob, bytes).unwrap();
    assert!(package.media.read(&file).is_err());
    fs::remove_file(&blob).unwrap();
    drop(store);
    let (store, _) = cabinet.boot();
    assert_eq!(
        shown(&store).as_deref(),
        Some("Nhà thờ đá"),
        "words outlive pictures"
    );
}

#[test]
fn twenty_thousand_entries_without_translations_are_opened_and_say_so() {
    let cabinet = Cabinet::new();
    let (mut store, _) = cabinet.boot();
    let mut value = json_content("Cổng chính");
    let entries = value["entries"].as_array_mut().unwrap();
    for number in 0..20_000 {
        entries.push(json!({
            "id": format!("e{number:05}"), "kind": "place", "category": "see",
            "texts": {"vi": {"name": format!("Điểm {number}")}}, "owner": "x", "source": "x"
        }));
    }
    let mut content: Content = serde_json::from_value(value).unwrap();
    content.canaries = package::suggested_canaries(&content).unwrap();
    let asset = cabinet.put(&bundled(&content));
    let events = cabinet.offer(&mut store, &cabinet.release(1, asset, Vec::new()));
    assert_eq!(kinds(&events), [EventKind::ReleaseAccepted]);
    let package = now(&store).package.unwrap();
    assert_eq!(package.lookup.len(), 20_001);
    let entry = package.lookup.entry_at(0).unwrap().unwrap();
    assert!(entry.name(Language::Zh).label.is_some());
    assert_ne!(package.sha256, Digest::of(b""));
}
