//! One of each signed document and of each message, every field filled.

use cotmoc_proto::crypto::{Algorithm, p256_spki};
use cotmoc_proto::device::{
    Aired, ClockQuality, Desired, DocumentRef, EnrolRequest, EnrolResponse, Event, EventKind,
    HostHealth, OnAir, OnAirState, OutboxHealth, OutputHealth, Record, RecordBody, RenewRequest,
    RenewResponse, ScreenKind, ScreenReport, ScreenStatus, Showing, SyncRequest, SyncResponse,
    VERSION, WaitResponse,
};
use cotmoc_proto::json::UniqueMap;
use cotmoc_proto::layout::Layout;
use cotmoc_proto::media::{Asset, Mime};
use cotmoc_proto::override_order::{Action, Override, Template};
use cotmoc_proto::plan::{LightPlan, SoundPlan};
use cotmoc_proto::playlist::{CalendarDate, Daypart, Item, Language, Playlist};
use cotmoc_proto::release::{OnStale, Release};
use cotmoc_proto::software::{Bundle, Software};
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::time::{DAY, HOUR, TimeMs};
use cotmoc_proto::trust::{Clause, Key, Receipt, Role, RoleName, Root};
use cotmoc_proto::window::{Day, OperatingWindow};
use cotmoc_proto::{BootId, Digest};
use std::fmt::Debug;
use std::num::NonZeroU32;
use std::str::FromStr;

const ISSUED: TimeMs = TimeMs(1_795_366_800_000);
const OPENING: TimeMs = TimeMs(ISSUED.0 + 7 * HOUR);

fn id<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn digest(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

/// A public key that nobody holds.
fn key(holder: &str) -> (Digest, Key) {
    let half = *digest(holder).as_bytes();
    let spki = p256_spki(&[&[4][..], &half, &half].concat());
    let key = Key::new(Algorithm::EcdsaP256Sha256, &spki, id(holder));
    (Digest::of(&spki), key)
}

fn role(clauses: &[(&str, &[&str], u32)]) -> Role {
    let clause = |(name, holders, threshold): &(&str, &[&str], u32)| Clause {
        name: (*name).to_owned(),
        keys: holders.iter().map(|holder| key(holder).0).collect(),
        threshold: *threshold,
    };
    Role {
        all: clauses.iter().map(clause).collect(),
    }
}

pub fn root() -> Root {
    let people = [
        "giam-doc",
        "pho-giam-doc",
        "truong-phong",
        "bien-tap",
        "tham-dinh",
        "truc-ban",
    ];
    let roles = [
        (RoleName::Root, role(&[("root", &people[..3], 2)])),
        (
            RoleName::Release,
            role(&[("editor", &people[3..4], 1), ("approver", &people[4..5], 1)]),
        ),
        (RoleName::Takedown, role(&[("duty", &people[5..], 1)])),
    ];
    Root {
        site: id("lao-cai"),
        version: 1,
        epoch: 1,
        issued_ms: ISSUED,
        expires_ms: ISSUED.plus(366 * DAY),
        keys: UniqueMap(people.iter().map(|person| key(person)).collect()),
        roles: UniqueMap(roles.into()),
        override_limit_ms: DAY,
    }
}

fn item(name: &str, mime: Mime, title: &str, languages: &[Language]) -> Item {
    Item {
        id: id(name),
        title: title.to_owned(),
        languages: languages.to_vec(),
        source: "Sở Văn hoá, Thể thao và Du lịch".to_owned(),
        credit: "Ảnh: Nguyễn Văn A".to_owned(),
        asset: Asset {
            sha256: digest(name),
            size_bytes: 3_145_728,
            mime,
            chunk_bytes: NonZeroU32::new(1 << 20).unwrap(),
            chunks_sha256: digest("chunks"),
            loudness: None,
        },
        dur_ms: 15_000,
        from_ms: None,
        to_ms: None,
    }
}

pub fn release() -> Release {
    let dated = Item {
        from_ms: Some(OPENING),
        to_ms: Some(OPENING.plus(DAY)),
        ..item(
            "le-hoi",
            Mime::Mp4,
            "Lễ hội Gầu Tào · 踩花山",
            &[Language::Vi, Language::Zh],
        )
    };
    let sapa = item("sa-pa", Mime::Jpeg, "Sa Pa in the clouds", &[Language::En]);
    let date = |text: &str| CalendarDate::try_from(text.to_owned()).ok();
    Release {
        site: id("lao-cai"),
        channel: id("gate"),
        devices: vec![id("W01"), id("W02")],
        epoch: 1,
        version: 7,
        prev: Some(digest("release 6")),
        issued_ms: ISSUED,
        refresh_by_ms: ISSUED.plus(14 * DAY),
        expires_ms: ISSUED.plus(30 * DAY),
        offline_grace_ms: 44 * DAY,
        on_stale: OnStale::Fallback,
        window: OperatingWindow::default(),
        layout: Layout::full_screen(1920, 1080),
        dayparts: vec![Daypart {
            id: id("evening"),
            from: id("18:30"),
            to: id("24:00"),
            days: vec![Day::Sat, Day::Sun],
            first_date: date("2026-11-23"),
            last_date: date("2027-02-28"),
        }],
        playlists: vec![
            Playlist {
                id: id("all-day"),
                zone: id("main"),
                priority: 1,
                dayparts: Vec::new(),
                crossfade_ms: 0,
                items: vec![sapa],
            },
            Playlist {
                id: id("festival"),
                zone: id("main"),
                priority: 10,
                dayparts: vec![id("evening")],
                crossfade_ms: 0,
                items: vec![dated],
            },
        ],
        fallback: item("bieu-trung", Mime::Png, "Biểu trưng", &[Language::None]),
        templates: vec![item(
            "khan-cap",
            Mime::Webp,
            "Thông báo khẩn",
            &[Language::Vi],
        )],
        sound: SoundPlan::default(),
        light: LightPlan::default(),
        announcements: Vec::new(),
        lookup: None,
        lifts_takedown: 2,
        note: "Chương trình tuần 48".to_owned(),
    }
}

pub fn takedown() -> Takedown {
    Takedown {
        site: id("lao-cai"),
        channel: id("gate"),
        epoch: 1,
        seq: 3,
        issued_ms: OPENING,
        max_release: 7,
        assets: [digest("le-hoi"), digest("sa-pa")].into(),
        whole: false,
        reason: "Theo công văn 123/STTTT".to_owned(),
    }
}

pub fn override_show() -> Override {
    Override {
        site: id("lao-cai"),
        channel: id("gate"),
        epoch: 1,
        seq: 4,
        issued_ms: OPENING,
        action: Action::Show(Template {
            item: id("khan-cap"),
            asset: digest("khan-cap"),
            min_release: 5,
            max_release: 17,
            duration_ms: 2 * HOUR,
        }),
        reason: "Cháy ở bãi xe".to_owned(),
    }
}

pub fn override_end() -> Override {
    Override {
        seq: 5,
        action: Action::End { ends: 4 },
        reason: "Đã dập lửa".to_owned(),
        ..override_show()
    }
}

/// A root that says how long an override may last.
pub fn root_with_override() -> Root {
    let mut root = root();
    root.override_limit_ms = 4 * HOUR;
    let duty = role(&[("duty", &["truc-ban"], 1)]);
    root.roles.0.insert(RoleName::Override, duty);
    root
}

/// What a screen reports while a template is on air.
pub fn report_of_override() -> ScreenReport {
    ScreenReport {
        showing: vec![Showing::Template {
            item: id("khan-cap"),
            title: "Thông báo khẩn".to_owned(),
            since_ms: OPENING,
        }],
        override_seq: 4,
        ..screen_report()
    }
}

pub fn receipt_of_override() -> Receipt {
    Receipt {
        override_seq: 4,
        showing: vec![id("khan-cap")],
        ..receipt()
    }
}

pub fn response_with_override() -> SyncResponse {
    let mut response = sync_response();
    response.desired.overrides = vec![DocumentRef {
        number: 4,
        envelope_sha256: digest("override 4"),
    }];
    response
}

pub fn receipt() -> Receipt {
    Receipt {
        site: id("lao-cai"),
        channel: id("gate"),
        device: id("W01"),
        boot: boot(),
        n: 12,
        at_ms: OPENING,
        root_version: 1,
        release: 7,
        release_sha256: Some(digest("release 7")),
        takedown: 3,
        override_seq: 0,
        showing: vec![id("sa-pa")],
        prev: Some(digest("receipt 11")),
    }
}

fn boot() -> BootId {
    id("6e2cd4a2-8f5b-4f0d-9d2e-0c6f3a1b2c3d")
}

fn record(seq: u64, body: RecordBody) -> Record {
    Record {
        boot: boot(),
        seq,
        mono_ms: 90_000 + seq,
        wall_ms: OPENING.plus(1),
        clock: ClockQuality::Synchronised,
        body,
    }
}

fn records() -> Vec<Record> {
    let fault = Event::new(
        EventKind::ItemFault,
        [
            ("item", "le-hoi".to_owned()),
            ("reason", "undecodable".to_owned()),
        ],
    );
    let later = Event::new(EventKind::Other("door-open".to_owned()), []);
    let aired = Aired {
        release: 7,
        playlist: id("all-day"),
        item: id("sa-pa"),
        asset: digest("sa-pa"),
        first_ms: OPENING,
        last_ms: OPENING.plus(14_960),
        frames: 375,
        lost: 0,
        thumbnail_sha256: Some(digest("thumbnail")),
    };
    let on_air = OnAir {
        state: OnAirState::Unknown,
        from_ms: OPENING,
        to_ms: OPENING.plus(10_000),
        reason: "power".to_owned(),
        clock: ClockQuality::Held,
    };
    [
        RecordBody::Event(fault),
        RecordBody::Event(later),
        RecordBody::Aired(aired),
        RecordBody::OnAir(on_air),
        RecordBody::Receipt("{\"payloadType\":\"…\"}".to_owned()),
    ]
    .into_iter()
    .zip(1..)
    .map(|(body, seq)| record(seq, body))
    .collect()
}

pub fn screen_report() -> ScreenReport {
    ScreenReport {
        kind: ScreenKind::Wall,
        at_ms: OPENING,
        status: ScreenStatus::OnAir,
        clock: ClockQuality::Synchronised,
        showing: vec![
            Showing::Item {
                zone: id("main"),
                playlist: id("all-day"),
                item: id("sa-pa"),
                title: "Sa Pa in the clouds".to_owned(),
                since_ms: OPENING,
            },
            Showing::Fallback {
                item: id("bieu-trung"),
                reason: "taken-down".to_owned(),
                since_ms: OPENING,
            },
            Showing::Factory {
                reason: "no-release".to_owned(),
                since_ms: OPENING,
            },
            Showing::Dark { since_ms: OPENING },
        ],
        root_version: 1,
        release: 7,
        release_sha256: Some(digest("release 7")),
        takedown: 3,
        override_seq: 0,
        output: OutputHealth {
            presented: 1_000,
            late: 2,
            dropped: 1,
            configured_sink: true,
            last_second: None,
        },
        display: None,
        on_air_today_ms: 3_600_000,
        quota_ms: 14 * HOUR,
    }
}

pub fn sync_request() -> SyncRequest {
    SyncRequest {
        v: VERSION,
        device: id("W01"),
        boot: boot(),
        mono_ms: 95_000,
        wall_ms: OPENING.plus(5_000),
        clock: ClockQuality::Synchronised,
        host: HostHealth {
            uptime_ms: 95_000,
            load_milli: 730,
            memory_free_bytes: 512 << 20,
            media_free_bytes: 9 << 30,
            temperature_milli_c: Some(-1_500),
            software: "0.1.0".to_owned(),
        },
        outbox: OutboxHealth {
            waiting: 5,
            dropped: 0,
        },
        screens: vec![screen_report()],
        records: records(),
    }
}

pub fn sync_response() -> SyncResponse {
    let document = |number, text: &str| DocumentRef {
        number,
        envelope_sha256: digest(text),
    };
    SyncResponse {
        v: VERSION,
        server_ms: OPENING.plus(5_100),
        next_ms: 20_000,
        ack: [(boot(), 5)].into(),
        desired: Desired {
            revision: 31,
            roots: vec![document(2, "root 2")],
            release: Some(document(7, "release 7")),
            takedowns: vec![document(3, "takedown 3")],
            overrides: Vec::new(),
        },
    }
}

pub fn wait_response() -> WaitResponse {
    WaitResponse { revision: 32 }
}

pub fn enrol_request() -> EnrolRequest {
    EnrolRequest {
        device: id("W01"),
        token: "one-time".to_owned(),
        csr_pem: "-----BEGIN CERTIFICATE REQUEST-----\n".to_owned(),
    }
}

pub fn enrol_response() -> EnrolResponse {
    EnrolResponse {
        certificate_pem: "-----BEGIN CERTIFICATE-----\n".to_owned(),
        channel: id("gate"),
    }
}

pub fn renew_request() -> RenewRequest {
    RenewRequest {
        device: id("W01"),
        csr_pem: "-----BEGIN CERTIFICATE REQUEST-----\n".to_owned(),
    }
}

pub fn renew_response() -> RenewResponse {
    RenewResponse {
        certificate_pem: "-----BEGIN CERTIFICATE-----\n".to_owned(),
    }
}

pub fn software() -> Software {
    Software {
        site: id("lao-cai"),
        class: id("raspberry-pi-5"),
        epoch: 1,
        version: 7,
        min_version: 5,
        issued_ms: ISSUED,
        label: "1.4.2".to_owned(),
        bundle: Bundle {
            sha256: digest("bundle"),
            size_bytes: 163_577_856,
            chunk_bytes: NonZeroU32::new(1 << 20).unwrap(),
            chunks_sha256: digest("chunks of the bundle"),
        },
        health_timeout_s: 300,
        note: "Sửa lỗi âm thanh".to_owned(),
    }
}
