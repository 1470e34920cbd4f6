//! Who may sign what, and envelopes that are not what they seem.

use crate::board::{Board, accepted};
use cotmoc_gate::{Outcome, What};
use cotmoc_proto::Reject;
use cotmoc_proto::envelope::{Envelope, MAX_ENVELOPE_BYTES, PayloadType, Signature};
use cotmoc_proto::release::Release;
use cotmoc_test_kit::{Person, seal, seal_payload};

/// Lets `people` sign release 2 while release 1 is running, and says why it was refused.
fn refused_by(choose: impl Fn(&Board) -> Vec<&Person>) -> Reject {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let envelope = seal(PayloadType::Release, &board.release(2), &choose(&board));
    board.refused(&mut gate, &envelope)
}

fn clause_of(reject: Reject) -> String {
    let Reject::Unsigned { clause, .. } = reject else {
        panic!("{reject:?}");
    };
    clause
}

#[test]
fn s01_a_key_that_is_not_in_the_root_cannot_publish() {
    let controller = Person::new("controller");
    let board = Board::new();
    let mut gate = board.boot();
    let envelope = seal(PayloadType::Release, &board.release(1), &[&controller]);
    assert_eq!(clause_of(board.refused(&mut gate, &envelope)), "editor");
    let envelope = seal(PayloadType::Release, &board.release(1), &[]);
    assert_eq!(clause_of(board.refused(&mut gate, &envelope)), "editor");
}

#[test]
fn s02_an_editor_alone_cannot_publish() {
    let clause = clause_of(refused_by(|board| vec![&board.site.editors[0]]));
    assert_eq!(clause, "approver");
}

#[test]
fn s03_two_editors_or_two_approvers_cannot_publish() {
    let by_editors = refused_by(|board| board.site.editors.iter().collect());
    let by_approvers = refused_by(|board| board.site.approvers.iter().collect());
    assert_eq!(clause_of(by_editors), "approver");
    assert_eq!(clause_of(by_approvers), "editor");
}

#[test]
fn s04_one_key_twice_does_not_count_twice() {
    let board = Board::new();
    let mut gate = board.boot();
    let sealed = seal(
        PayloadType::Release,
        &board.release(1),
        &[&board.site.editors[0]],
    );
    let mut json: serde_json::Value = serde_json::from_slice(&sealed).unwrap();
    let first = json["signatures"][0].clone();
    json["signatures"].as_array_mut().unwrap().push(first);
    let reject = board.refused(&mut gate, &serde_json::to_vec(&json).unwrap());
    assert!(matches!(reject, Reject::DuplicateSignature { .. }));
}

#[test]
fn s07_no_changed_bit_anywhere_is_accepted() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let good = board.sealed(2);
    for position in (0..good.len()).step_by(19) {
        let mut bad = good.clone();
        bad[position] ^= 1 << (position % 8);
        board.refused(&mut gate, &bad);
    }
    assert!(accepted(&board.offer(&mut gate, &good), 2));
}

#[test]
fn s08_a_document_cannot_pass_as_one_of_another_type() {
    let board = Board::new();
    let mut gate = board.boot();
    let release = serde_json::to_vec(&board.release(1)).unwrap();
    let (editor, approver) = (&board.site.editors[0], &board.site.approvers[0]);
    let mut envelope = Envelope::unsigned(PayloadType::Takedown, release.clone());
    let real = Envelope::parse(&board.sealed(1)).unwrap();
    for signature in real.signatures() {
        envelope.add_signature(signature.clone()).unwrap();
    }
    let as_takedown = envelope.to_bytes();
    let reject = board.refused(&mut gate, &as_takedown);
    assert!(matches!(reject, Reject::UnknownType { .. }));
    let signed_as_takedown = seal_payload(PayloadType::Takedown, release, &[editor, approver]);
    let text = String::from_utf8(signed_as_takedown).unwrap();
    let renamed = text.replace("takedown.v1", "release.v1");
    assert_eq!(
        clause_of(board.refused(&mut gate, renamed.as_bytes())),
        "editor"
    );
    for unknown in ["release.v2", "beacon.v1", "override.v1"] {
        let other = text.replace("takedown.v1", unknown);
        let reject = board.refused(&mut gate, other.as_bytes());
        assert!(matches!(reject, Reject::UnknownType { .. }), "{unknown}");
    }
}

#[test]
fn s09_keys_of_other_roles_cannot_publish_a_release() {
    let by_duty = refused_by(|board| board.site.duty.iter().collect());
    let by_root = refused_by(|board| board.site.root_holders.iter().collect());
    let editor_and_duty = refused_by(|b| vec![&b.site.editors[0], &b.site.duty[0]]);
    assert_eq!(clause_of(by_duty), "editor");
    assert_eq!(clause_of(by_root), "editor");
    assert_eq!(clause_of(editor_and_duty), "approver");
}

#[test]
fn s10_what_is_too_big_too_deep_or_ambiguous_is_refused_even_if_signed() {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let (editor, approver) = (&board.site.editors[0], &board.site.approvers[0]);
    let good = serde_json::to_string(&board.release(2)).unwrap();
    let mut variants = vec![
        good.replacen("\"version\":2", "\"version\":2,\"version\":3", 1),
        good.replacen("\"version\":2", "\"version\":2.0", 1),
        good.replacen("\"version\":2", "\"version\":-2", 1),
        good.replacen("\"version\":2", "\"version\":9007199254740992", 1),
        good.replacen("\"version\":2", "\"version\":2,\"extra\":1", 1),
        good.replacen("\"version\":2", "\"version\":null", 1),
        format!("{good} {{}}"),
        String::new(),
    ];
    variants.push("[".repeat(100_000));
    for payload in variants {
        let head: String = payload.chars().take(60).collect();
        let envelope = seal_payload(
            PayloadType::Release,
            payload.into_bytes(),
            &[editor, approver],
        );
        let reject = board.refused(&mut gate, &envelope);
        assert!(
            matches!(reject, Reject::Malformed { .. }),
            "{head}: {reject}"
        );
    }
    let reject = board.refused(&mut gate, &vec![b' '; MAX_ENVELOPE_BYTES + 1]);
    assert!(matches!(reject, Reject::TooBig { .. }));
    let reject = board.refused(&mut gate, "[".repeat(100_000).as_bytes());
    assert!(matches!(reject, Reject::Malformed { .. }));
}

#[test]
fn s10_five_thousand_signatures_are_not_checked() {
    let board = Board::new();
    let mut gate = board.boot();
    let mut json: serde_json::Value = serde_json::from_slice(&board.sealed(1)).unwrap();
    let signatures = json["signatures"].as_array_mut().unwrap();
    let sig = signatures[0]["sig"].clone();
    signatures.extend((0..5_000).map(|n| {
        let keyid = format!("{n:064x}");
        serde_json::json!({"keyid": keyid, "sig": sig})
    }));
    let mut bytes = serde_json::to_vec(&json).unwrap();
    let reject = board.refused(&mut gate, &bytes);
    assert!(matches!(reject, Reject::TooBig { .. }), "{reject}");
    json["signatures"].as_array_mut().unwrap().truncate(17);
    bytes = serde_json::to_vec(&json).unwrap();
    let reject = board.refused(&mut gate, &bytes);
    assert_eq!(reject, Reject::TooManySignatures { count: 17 });
}

/// Seals a good release 2 after `change`, with the right signatures, and says why it was refused.
fn refused_after(change: impl Fn(&mut Release)) -> Reject {
    let board = Board::new();
    let mut gate = board.boot();
    board.accept(&mut gate, [1]);
    let mut release = board.release(2);
    change(&mut release);
    board.refused(&mut gate, &board.site.seal_release(&release))
}

#[test]
fn s11_a_release_for_another_channel_or_device_is_not_shown_here() {
    let channel = refused_after(|release| release.channel = "vip".parse().unwrap());
    let device = refused_after(|release| release.devices = vec!["W09".parse().unwrap()]);
    assert!(matches!(
        channel,
        Reject::NotForUs {
            what: "channel",
            ..
        }
    ));
    assert!(matches!(device, Reject::NotForUs { what: "device", .. }));
    let nobody = refused_after(|release| release.devices.clear());
    assert!(matches!(nobody, Reject::NotForUs { .. }));
}

#[test]
fn s11_a_release_that_the_mailbox_gave_another_address_is_unsigned() {
    let board = Board::new();
    let mut gate = board.boot();
    let mut release = board.release(1);
    release.devices = vec!["W09".parse().unwrap()];
    let signed = Envelope::parse(&board.site.seal_release(&release)).unwrap();
    let ours = serde_json::to_vec(&board.release(1)).unwrap();
    let mut forged = Envelope::unsigned(PayloadType::Release, ours);
    for signature in signed.signatures() {
        forged.add_signature(signature.clone()).unwrap();
    }
    let clause = clause_of(board.refused(&mut gate, &forged.to_bytes()));
    assert_eq!(clause, "editor");
}

#[test]
fn s14_a_release_of_another_site_is_refused_even_with_the_same_people() {
    let reject = refused_after(|release| release.site = "lao-bao".parse().unwrap());
    assert!(matches!(reject, Reject::NotForUs { what: "site", .. }));
}

#[test]
fn s15_base64_of_another_alphabet_with_line_breaks_or_without_padding_is_refused() {
    let board = Board::new();
    let mut gate = board.boot();
    let padded_with_both_signs = (0..).find_map(|n: u32| {
        let mut release = board.release(1);
        release.note = format!("{}???>>>~~~", "x".repeat(usize::try_from(n).unwrap()));
        let sealed = String::from_utf8(board.site.seal_release(&release)).unwrap();
        let fits = sealed.contains("=\",\"signatures") && sealed.contains('/');
        fits.then_some(sealed)
    });
    let good = padded_with_both_signs.unwrap();
    let json: serde_json::Value = serde_json::from_str(&good).unwrap();
    let payload = json["payload"].as_str().unwrap();
    let (head, tail) = payload.split_at(40);
    let broken = format!("{head}\\n{tail}");
    for other in [
        payload.replace('/', "_").replace('+', "-"),
        broken,
        payload.trim_end_matches('=').to_owned(),
        format!("{payload}="),
    ] {
        let bad = good.replace(payload, &other);
        let reject = board.refused(&mut gate, bad.as_bytes());
        assert!(matches!(reject, Reject::Malformed { .. }), "{reject}");
    }
    assert!(accepted(&board.offer(&mut gate, good.as_bytes()), 1));
}

#[test]
fn k07_a_signature_in_der_is_refused() {
    let board = Board::new();
    let mut gate = board.boot();
    let sealed = Envelope::parse(&board.sealed(1)).unwrap();
    let mut in_der = Envelope::unsigned(PayloadType::Release, sealed.unverified_payload().to_vec());
    for Signature { keyid, sig } in sealed.signatures() {
        let (r, s) = sig.split_at(32);
        let body = [integer(r), integer(s)].concat();
        let sig = [vec![0x30, u8::try_from(body.len()).unwrap()], body].concat();
        let keyid = *keyid;
        in_der.add_signature(Signature { keyid, sig }).unwrap();
    }
    let clause = clause_of(board.refused(&mut gate, &in_der.to_bytes()));
    assert_eq!(clause, "editor");
}

fn integer(big_endian: &[u8]) -> Vec<u8> {
    let first = big_endian.iter().position(|b| *b != 0).unwrap();
    let mut digits = big_endian[first..].to_vec();
    if digits[0] >= 0x80 {
        digits.insert(0, 0);
    }
    [vec![2, u8::try_from(digits.len()).unwrap()], digits].concat()
}

#[test]
fn a_refusal_is_told_once_for_the_same_bytes() {
    let board = Board::new();
    let mut gate = board.boot();
    let bad = seal(PayloadType::Release, &board.release(1), &[]);
    board.refused(&mut gate, &bad);
    assert_eq!(gate.ingest(), []);
    let worse = seal(PayloadType::Release, &board.release(2), &[]);
    board.refused(&mut gate, &worse);
    assert_eq!(board.offer(&mut gate, &bad), []);
}

#[test]
fn a_release_may_bring_signatures_of_strangers_too() {
    let board = Board::new();
    let mut gate = board.boot();
    let stranger = Person::new("stranger");
    let people = [&stranger, &board.site.editors[1], &board.site.approvers[1]];
    let envelope = seal(PayloadType::Release, &board.release(1), &people);
    assert!(accepted(&board.offer(&mut gate, &envelope), 1));
}

#[test]
fn a_root_and_a_takedown_by_the_wrong_people_are_refused_under_their_own_name() {
    let board = Board::new();
    let mut gate = board.boot();
    let mut root = board.site.root();
    root.version = 2;
    let editor = &board.site.editors[0];
    board.put_inbox("root.2.dsse", &seal(PayloadType::Root, &root, &[editor]));
    let takedown = board.site.takedown(1, 1, &[]);
    let envelope = seal(PayloadType::Takedown, &takedown, &[editor]);
    board.put_inbox("takedown.1.dsse", &envelope);
    let whats: Vec<What> = gate
        .ingest()
        .iter()
        .map(|outcome| {
            let Outcome::Refused { what, reject, .. } = outcome else {
                panic!("{outcome:?}");
            };
            assert!(matches!(reject, Reject::Unsigned { .. }), "{reject}");
            *what
        })
        .collect();
    assert_eq!(whats, [What::Root, What::Takedown]);
}
