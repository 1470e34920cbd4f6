//! Damaged and hostile bytes: nothing panics, and nothing that people did not sign is admitted.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this is a test"
)]

use cotmoc_proto::Reject;
use cotmoc_proto::envelope::Envelope;
use cotmoc_proto::json::parse_strict;
use cotmoc_proto::override_order::Override;
use cotmoc_proto::release::Release;
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::trust::{
    Identity, Receipt, Root, TrustState, admit_override, admit_release, admit_root, admit_takedown,
    factory_root, verify_receipt,
};
use proptest::prelude::*;
use proptest::sample::Index;

const ROOT_1: &[u8] = include_bytes!("recorded/envelope.root-1.json");
const ROOT_2: &[u8] = include_bytes!("recorded/envelope.root-2.json");
const RELEASE: &[u8] = include_bytes!("recorded/envelope.release-1.json");
const TAKEDOWN: &[u8] = include_bytes!("recorded/envelope.takedown-1.json");
const DUTY_ROOT: &[u8] = include_bytes!("recorded/envelope.override-root.json");
const SHOW: &[u8] = include_bytes!("recorded/envelope.override-show.json");
const SIGNED: [&[u8]; 6] = [ROOT_1, ROOT_2, RELEASE, TAKEDOWN, DUTY_ROOT, SHOW];

/// A device that has the second root and nothing else, and one of another site whose root has the
/// override role.
struct Device {
    first: Root,
    root: Root,
    state: TrustState,
    me: Identity,
    duty_root: Root,
    other: Identity,
}

impl Device {
    fn new() -> Self {
        let first = factory_root(ROOT_1).unwrap();
        let root = admit_root(&first, ROOT_2).unwrap();
        Self {
            state: TrustState::fresh(&root),
            me: Identity {
                site: "lao-cai".parse().unwrap(),
                channel: "gate".parse().unwrap(),
                device: "W01".parse().unwrap(),
            },
            duty_root: factory_root(DUTY_ROOT).unwrap(),
            other: Identity {
                site: "huu-nghi".parse().unwrap(),
                channel: "hall".parse().unwrap(),
                device: "W01".parse().unwrap(),
            },
            first,
            root,
        }
    }

    /// Whether any door opens to `bytes`.
    fn admits(&self, bytes: &[u8]) -> bool {
        let elsewhere = TrustState::fresh(&self.duty_root);
        let doors: [Result<(), Reject>; 6] = [
            factory_root(bytes).map(drop),
            admit_root(&self.first, bytes).map(drop),
            admit_release(&self.root, &self.state, &self.me, bytes).map(drop),
            admit_takedown(&self.root, &self.state, &self.me, bytes).map(drop),
            admit_override(&self.duty_root, &elsewhere, &self.other, bytes).map(drop),
            verify_receipt(b"", bytes).map(drop),
        ];
        doors.iter().any(Result::is_ok)
    }
}

/// One way in which bytes come to harm.
#[derive(Debug, Clone)]
enum Harm {
    Flip(Index, u8),
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, Index),
    Repeat(Index, Index),
    Splice(Index, Index, usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    let place = any::<Index>;
    let text = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..8),
        prop::sample::select(vec!["\"", "\\u0000", "{", "[", "null", "-0", "1e9", " "])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop_oneof![
        (place(), 0_u8..8).prop_map(|(at, bit)| Harm::Flip(at, 1 << bit)),
        (place(), any::<u8>()).prop_map(|(at, byte)| Harm::Replace(at, byte)),
        (place(), text).prop_map(|(at, text)| Harm::Insert(at, text)),
        (place(), place()).prop_map(|(from, to)| Harm::Remove(from, to)),
        (place(), place()).prop_map(|(from, to)| Harm::Repeat(from, to)),
        (place(), place(), 0..SIGNED.len()).prop_map(|(at, from, of)| Harm::Splice(at, from, of)),
    ]
}

fn harmed(mut bytes: Vec<u8>, harm: &Harm) -> Vec<u8> {
    if bytes.is_empty() {
        return bytes;
    }
    let length = bytes.len();
    let range = |a: &Index, b: &Index| {
        let (a, b) = (a.index(length), b.index(length));
        a.min(b)..a.max(b)
    };
    match harm {
        Harm::Flip(at, bit) => bytes[at.index(length)] ^= bit,
        Harm::Replace(at, byte) => bytes[at.index(length)] = *byte,
        Harm::Insert(at, text) => {
            let at = at.index(length);
            drop(bytes.splice(at..at, text.iter().copied()));
        }
        Harm::Remove(from, to) => drop(bytes.drain(range(from, to))),
        Harm::Repeat(from, to) => {
            let range = range(from, to);
            let copy = bytes[range.clone()].to_vec();
            drop(bytes.splice(range.end..range.end, copy));
        }
        Harm::Splice(at, from, of) => {
            let other = SIGNED[*of];
            bytes.truncate(at.index(length));
            bytes.extend_from_slice(&other[from.index(other.len())..]);
        }
    }
    bytes
}

#[test]
fn what_people_signed_is_admitted() {
    let device = Device::new();
    assert!(SIGNED.iter().all(|bytes| device.admits(bytes)));
}

#[test]
fn no_bit_of_a_takedown_can_be_changed() {
    let device = Device::new();
    for at in 0..TAKEDOWN.len() {
        for bit in 0..8 {
            let mut bytes = TAKEDOWN.to_vec();
            bytes[at] ^= 1 << bit;
            assert!(!device.admits(&bytes), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn no_bit_of_an_override_can_be_changed() {
    let device = Device::new();
    for at in 0..SHOW.len() {
        for bit in 0..8 {
            let mut bytes = SHOW.to_vec();
            bytes[at] ^= 1 << bit;
            assert!(!device.admits(&bytes), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn no_byte_of_a_release_can_be_changed() {
    let device = Device::new();
    for at in 0..RELEASE.len() {
        let mut bytes = RELEASE.to_vec();
        bytes[at] ^= 1;
        assert!(!device.admits(&bytes), "byte {at}");
    }
}

#[test]
fn no_part_of_a_document_is_a_document() {
    let device = Device::new();
    for signed in SIGNED {
        for length in 0..signed.len() {
            assert!(!device.admits(&signed[..length]), "{length} bytes");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_harmed_document_is_refused_or_says_what_people_signed(
        which in 0..SIGNED.len(),
        harms in prop::collection::vec(harm(), 1..4),
    ) {
        let bytes = harms.iter().fold(SIGNED[which].to_vec(), harmed);
        if Device::new().admits(&bytes) {
            let envelope = Envelope::parse(&bytes).unwrap();
            let is_signed = SIGNED.iter().any(|signed| {
                let signed = Envelope::parse(signed).unwrap();
                signed.signed_bytes() == envelope.signed_bytes()
            });
            prop_assert!(is_signed);
        }
    }

    #[test]
    fn a_harmed_payload_is_read_or_refused_without_panic(
        which in 0..SIGNED.len(),
        harms in prop::collection::vec(harm(), 1..4),
    ) {
        let payload = Envelope::parse(SIGNED[which]).unwrap().unverified_payload().to_vec();
        let bytes = harms.iter().fold(payload, harmed);
        if let Ok(root) = parse_strict::<Root>(&bytes) {
            drop(root.check());
        }
        if let Ok(release) = parse_strict::<Release>(&bytes) {
            drop((release.check(), release.media_bytes(), release.assets().len()));
        }
        if let Ok(takedown) = parse_strict::<Takedown>(&bytes) {
            drop(takedown.check());
        }
        if let Ok(order) = parse_strict::<Override>(&bytes) {
            drop((order.check(), order.over_by()));
        }
        drop(parse_strict::<Receipt>(&bytes));
    }

    #[test]
    fn any_bytes_at_all_are_refused_without_panic(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..512),
            "[\\[\\]{}\",:0-9a-z.\\\\ -]{0,200}".prop_map(String::into_bytes),
        ],
    ) {
        prop_assert!(Envelope::parse(&bytes).is_err());
        prop_assert!(parse_strict::<Release>(&bytes).is_err());
        prop_assert!(!Device::new().admits(&bytes));
    }
}
