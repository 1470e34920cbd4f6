//! A controller that an attacker owns: it answers whatever it likes. No one is to sign, and no
//! one is to believe, because of it.

use crate::support::{Place, Ran};
use cotmoc_proto::Digest;
use cotmoc_proto::envelope::{Envelope, PayloadType};
use cotmoc_proto::time::TimeMs;
use cotmoc_proto::trust::Receipt;
use cotmoc_test_kit::{Person, seal};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

/// What it answers, by method and path; everything else is not found.
type Answers = BTreeMap<String, Vec<u8>>;

struct Liar {
    place: Place,
    flags: String,
}

impl Liar {
    fn new(place: Place, answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answers = answers.clone();
                std::thread::spawn(move || serve(&stream, &answers));
            }
        });
        place.write("token", b"any\n");
        let flags = format!("--controller http://{address} --token-file token --root root.dsse");
        Self { place, flags }
    }

    fn line(&self, line: &str) -> Ran {
        self.place.line(&format!("{} {line}", self.flags))
    }

    fn sign(&self, holder: &str) -> Ran {
        let line = format!(
            "{} release sign r.dsse --yes --media-dir fetched",
            self.flags
        );
        self.place.sign(&line, holder)
    }
}

fn serve(mut stream: &TcpStream, answers: &Answers) {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    if reader.read_line(&mut first).is_err() {
        return;
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    std::io::copy(
        &mut std::io::Read::take(reader, length),
        &mut std::io::sink(),
    )
    .ok();
    let target = first
        .rsplit_once(' ')
        .map(|(target, _version)| target)
        .unwrap_or_default();
    let (status, body) = match answers.get(target) {
        Some(body) => ("200 OK", body.as_slice()),
        None => ("404 Not Found", &b"{}"[..]),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok();
    stream.write_all(body).ok();
}

/// A place with a draft for signing, and the honest answers about it.
fn drafted() -> (Place, Answers) {
    let place = Place::with_programme();
    place
        .line("release draft chuong-trinh.toml --out r.dsse --offline --root root.dsse")
        .good();
    let mut answers = Answers::from([(
        "GET /api/v1/channels/hall/takedowns".to_owned(),
        b"{\"takedowns\":[]}".to_vec(),
    )]);
    for name in ["a.png", "b.png", "phim.mp4", "du-phong.png"] {
        let bytes = place.read(name);
        answers.insert(format!("GET /api/v1/blobs/{}", Digest::of(&bytes)), bytes);
    }
    let draft = Envelope::parse(&place.read("r.dsse"))
        .unwrap()
        .payload_digest();
    answers.insert(format!("PUT /api/v1/drafts/{draft}"), b"{}".to_vec());
    (place, answers)
}

fn blob(place: &Place, name: &str) -> String {
    format!("GET /api/v1/blobs/{}", Digest::of(&place.read(name)))
}

#[test]
fn an_honest_answer_is_signed() {
    let (place, answers) = drafted();
    Liar::new(place, answers).sign("an").good();
}

#[test]
fn s13_other_bytes_than_the_release_names_are_never_signed() {
    let (place, answers) = drafted();
    let good = place.read("a.png");
    let other = cotmoc_test_kit::media::png(320, 180, [7, 7, 7]);
    assert_eq!(good.len(), other.len(), "the size gives nothing away");
    let endless = [&good[..], &vec![0; 1 << 20]].concat();
    let cut = good[..100].to_vec();
    let place_of = blob(&place, "a.png");
    let unsigned = place.read("r.dsse");
    let mut liar = Liar::new(place, answers.clone());
    for lie in [other, endless, cut] {
        let mut lies = answers.clone();
        lies.insert(place_of.clone(), lie);
        liar = Liar::new(liar.place, lies);
        liar.sign("an").refused(&["nothing was signed"]);
        assert_eq!(liar.place.read("r.dsse"), unsigned);
        assert!(
            !liar
                .place
                .path(&format!("fetched/{}.png", Digest::of(&good)))
                .exists(),
            "nothing unchecked carries the name of something checked"
        );
    }
}

#[test]
fn a_root_that_does_not_follow_from_the_trusted_one_is_refused() {
    let (place, mut answers) = drafted();
    let elsewhere = Place::people();
    elsewhere
        .line("root next root.dsse --out root2.dsse")
        .good();
    for holder in ["an", "binh"] {
        elsewhere
            .sign("root sign root2.dsse --from root.dsse", holder)
            .good();
    }
    answers.insert(
        "GET /api/v1/roots/2".to_owned(),
        elsewhere.read("root2.dsse"),
    );
    Liar::new(place, answers)
        .sign("an")
        .refused(&["root 2 of the controller is not a successor of the trusted root"]);
}

#[test]
fn a_published_release_that_nobody_signed_is_refused() {
    let (place, mut answers) = drafted();
    let unsigned = place.read("r.dsse");
    answers.insert("GET /api/v1/channels/hall/release".to_owned(), unsigned);
    Liar::new(place, answers)
        .sign("an")
        .refused(&["the published release is not signed by the people"]);
}

#[test]
fn a_draft_with_another_payload_under_the_same_name_is_refused() {
    let (place, mut answers) = drafted();
    let draft = Envelope::parse(&place.read("r.dsse")).unwrap();
    let digest = draft.payload_digest();
    let text = String::from_utf8(draft.unverified_payload().to_vec()).unwrap();
    let other = text.replace("Dự phòng", "Khác hẳn");
    let forged = Envelope::unsigned(PayloadType::Release, other.into_bytes()).to_bytes();
    answers.insert(format!("GET /api/v1/drafts/{digest}"), forged);
    let liar = Liar::new(place, answers);
    liar.sign("an").refused(&["another payload"]);
    let by_name = format!("{} release sign {digest} --yes", liar.flags);
    liar.place
        .sign(&by_name, "an")
        .refused(&["the controller sent another draft"]);
}

/// A published release, a device, and its receipt.
fn confirmed_by(signer: &Person, pinned: Option<&Person>) -> Ran {
    let (place, mut answers) = drafted();
    for holder in ["an", "binh"] {
        let line = "release sign r.dsse --yes --offline --root root.dsse --media-dir media";
        for name in ["a.png", "b.png", "phim.mp4", "du-phong.png"] {
            let bytes = place.read(name);
            std::fs::create_dir_all(place.path("media")).unwrap();
            let kind = name.rsplit_once('.').unwrap().1;
            place.write(&format!("media/{}.{kind}", Digest::of(&bytes)), &bytes);
        }
        place.sign(line, holder).good();
    }
    let digest = Envelope::parse(&place.read("r.dsse"))
        .unwrap()
        .payload_digest();
    let honest = Person::new("W01");
    let shown = pinned.unwrap_or(&honest);
    answers.insert("POST /api/v1/envelopes".to_owned(), b"{}".to_vec());
    for device in ["W01", "W02"] {
        let receipt = Receipt {
            site: "lang-son".parse().unwrap(),
            channel: "hall".parse().unwrap(),
            device: device.parse().unwrap(),
            boot: "b1".parse().unwrap(),
            n: 1,
            at_ms: TimeMs(1_795_464_000_000),
            root_version: 1,
            release: 1,
            release_sha256: Some(digest),
            takedown: 0,
            override_seq: 0,
            showing: Vec::new(),
            prev: None,
        };
        let envelope = seal(PayloadType::Receipt, &receipt, &[signer]);
        let receipts = serde_json::json!({
            "receipts": [{ "envelope": String::from_utf8(envelope).unwrap() }],
        });
        let row = serde_json::json!({ "device": device, "spki": signer.key().spki });
        answers.insert(
            format!("GET /api/v1/devices/{device}"),
            row.to_string().into_bytes(),
        );
        let list = format!("GET /api/v1/receipts?device={device}");
        answers.insert(list, receipts.to_string().into_bytes());
    }
    let pins = match pinned {
        Some(_) => format!("device_keys = [\"W01={0}\", \"W02={0}\"]\n", shown.keyid()),
        None => String::new(),
    };
    place.write("cli.toml", pins.as_bytes());
    Liar::new(place, answers).line("release publish r.dsse --wait 0 --config cli.toml")
}

#[test]
fn a_receipt_that_the_device_signed_confirms() {
    let device = Person::new("W01");
    let ran = confirmed_by(&device, Some(&device));
    assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
    assert!(ran.out.contains("Every wall confirmed"), "{}", ran.out);
}

#[test]
fn a_receipt_under_a_key_that_the_controller_made_up_does_not_confirm() {
    let ran = confirmed_by(&Person::new("attacker"), Some(&Person::new("W01")));
    assert_eq!(ran.code, 3, "{}\n{}", ran.out, ran.err);
    assert!(ran.out.contains("another key"), "{}", ran.out);
}
