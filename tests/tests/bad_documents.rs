//! Documents that must not change what a wall shows, delivered to a running wall by a courier in
//! an attacker's hands: refused with a reason that reaches the controller, and the wall plays on.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_proto::Digest;
use cotmoc_proto::device::EventKind;
use cotmoc_proto::envelope::{Envelope, PayloadType, Signature};
use cotmoc_proto::release::Release;
use cotmoc_test_kit::{Person, seal, seal_payload};
use cotmoc_tests::Programme;
use cotmoc_tests::programme::pictures;

/// Delivers an envelope that must be refused for `reason`, and checks that nothing else happens.
fn refused(programme: &Programme, envelope: &[u8], reason: &str) {
    programme.smuggle("release.dsse", envelope);
    programme
        .lab
        .wait_for_event("W01", &EventKind::ReleaseRefused, reason);
    programme.assert_still_on_air(1);
}

fn release_2(programme: &Programme) -> Release {
    programme.next(2, &[&programme.green])
}

fn signed_by(release: &Release, people: &[&Person]) -> Vec<u8> {
    seal(PayloadType::Release, release, people)
}

#[test]
fn an_unsigned_release_is_refused() {
    let programme = Programme::on_air().unwrap();
    refused(
        &programme,
        &signed_by(&release_2(&programme), &[]),
        "unsigned",
    );
}

#[test]
fn a_release_signed_by_an_editor_alone_is_refused() {
    let programme = Programme::on_air().unwrap();
    let [editor, _] = &programme.lab.site.editors;
    refused(
        &programme,
        &signed_by(&release_2(&programme), &[editor]),
        "unsigned",
    );
}

#[test]
fn a_release_signed_by_two_editors_is_refused() {
    let programme = Programme::on_air().unwrap();
    let [first, second] = &programme.lab.site.editors;
    refused(
        &programme,
        &signed_by(&release_2(&programme), &[first, second]),
        "unsigned",
    );
}

#[test]
fn a_release_signed_twice_by_one_person_is_refused() {
    let programme = Programme::on_air().unwrap();
    let [editor, _] = &programme.lab.site.editors;
    let good = signed_by(&release_2(&programme), &[editor]);
    let text = String::from_utf8(good).unwrap();
    let signature = text
        .split("\"signatures\":[")
        .nth(1)
        .unwrap()
        .trim_end_matches("]}")
        .to_owned();
    let twice = text.replace(&signature, &format!("{signature},{signature}"));
    refused(&programme, twice.as_bytes(), "duplicate-signature");
}

#[test]
fn a_release_for_another_site_channel_or_device_is_refused() {
    let programme = Programme::on_air().unwrap();
    let changes: [fn(&mut Release); 3] = [
        |release| release.site = "elsewhere".parse().unwrap(),
        |release| release.channel = "elsewhere".parse().unwrap(),
        |release| release.devices = vec!["W99".parse().unwrap()],
    ];
    for change in changes {
        let mut release = release_2(&programme);
        change(&mut release);
        refused(
            &programme,
            &programme.lab.site.seal_release(&release),
            "not-for-us",
        );
    }
}

#[test]
fn an_older_release_is_refused() {
    let programme = Programme::on_air().unwrap();
    let second = release_2(&programme);
    programme.lab.publish_release(&second).unwrap();
    programme.wait_for_release(2);
    let first = programme.lab.site.seal_release(&programme.release);
    programme.smuggle("release.dsse", &first);
    programme
        .lab
        .wait_for_event("W01", &EventKind::ReleaseRefused, "rollback");
    programme.assert_still_on_air(2);
}

#[test]
fn another_release_with_the_number_of_the_running_one_is_refused() {
    let programme = Programme::on_air().unwrap();
    let mut other = programme.release.clone();
    other.note = "other".to_owned();
    refused(
        &programme,
        &programme.lab.site.seal_release(&other),
        "equivocation",
    );
}

#[test]
fn a_release_with_one_changed_byte_is_refused_wherever_it_is() {
    let programme = Programme::on_air().unwrap();
    let good = programme.lab.site.seal_release(&release_2(&programme));
    let running = programme.wait_for_release(1);
    programme.capture_courier();
    for at in (0..good.len()).step_by(good.len() / 60) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        programme.overwrite("release.dsse", &bad);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    programme.overwrite("release.dsse", &good[..good.len() - 1]);
    cotmoc_tests::eventually("the wall refuses the last of them", || {
        programme
            .board
            .wall_log()
            .contains("Malformed")
            .then_some(())
    });
    programme.free_courier();
    programme
        .lab
        .wait_for_event("W01", &EventKind::ReleaseRefused, "malformed");
    programme.assert_still_on_air(1);
    assert_eq!(
        programme.wait_for_release(1).release_sha256,
        running.release_sha256
    );
}

#[test]
fn a_release_with_an_unknown_field_or_a_key_twice_is_refused() {
    let programme = Programme::on_air().unwrap();
    let ([editor, _], [approver, _]) = (&programme.lab.site.editors, &programme.lab.site.approvers);
    let text = serde_json::to_string(&release_2(&programme)).unwrap();
    for bad in [
        text.replacen("\"version\":2", "\"version\":2,\"extra\":1", 1),
        text.replacen("\"version\":2", "\"version\":2,\"version\":2", 1),
    ] {
        assert_ne!(bad, text);
        let envelope = seal_payload(PayloadType::Release, bad.into_bytes(), &[editor, approver]);
        refused(&programme, &envelope, "malformed");
    }
}

#[test]
fn an_oversized_envelope_is_refused() {
    let programme = Programme::on_air().unwrap();
    let mut release = release_2(&programme);
    release.note = "x".repeat(600 * 1024);
    refused(
        &programme,
        &programme.lab.site.seal_release(&release),
        "too-big",
    );
}

#[test]
fn a_takedown_passed_off_as_a_release_is_refused() {
    let programme = Programme::on_air().unwrap();
    let takedown = programme.lab.site.takedown(1, 1, &[programme.red.sha256]);
    refused(
        &programme,
        &programme.lab.site.seal_takedown(&takedown),
        "unknown-type",
    );
}

#[test]
fn a_takedown_that_an_editor_signed_is_refused() {
    let programme = Programme::on_air().unwrap();
    let takedown = programme.lab.site.takedown(1, 1, &[programme.red.sha256]);
    let [editor, _] = &programme.lab.site.editors;
    programme.smuggle(
        "takedown.1.dsse",
        &seal(PayloadType::Takedown, &takedown, &[editor]),
    );
    programme
        .lab
        .wait_for_event("W01", &EventKind::TakedownRefused, "unsigned");
    programme.assert_still_on_air(1);
}

#[test]
fn an_override_that_an_editor_signed_is_refused() {
    let programme = Programme::on_air().unwrap();
    let template = cotmoc_test_kit::item("item-1", &programme.red, 10_000);
    let order = programme.lab.site.override_show(1, &template, 60_000);
    let [editor, _] = &programme.lab.site.editors;
    programme.smuggle(
        "override.1.dsse",
        &seal(PayloadType::Override, &order, &[editor]),
    );
    programme
        .lab
        .wait_for_event("W01", &EventKind::OverrideRefused, "unsigned");
    programme.assert_still_on_air(1);
}

#[test]
fn a_root_of_an_attackers_own_people_is_refused() {
    let programme = Programme::on_air().unwrap();
    let attacker = cotmoc_test_kit::Site::new();
    let mut root = attacker.root();
    root.version = 2;
    programme.smuggle("root.2.dsse", &attacker.seal_root(&root));
    programme
        .lab
        .wait_for_event("W01", &EventKind::RootRefused, "unsigned");
    programme.assert_still_on_air(1);
}

#[test]
fn a_release_signed_with_the_device_key_or_any_stranger_is_refused() {
    let programme = Programme::on_air().unwrap();
    let (stranger, friend) = (Person::new("stranger"), Person::new("friend"));
    refused(
        &programme,
        &signed_by(&release_2(&programme), &[&stranger, &friend]),
        "unsigned",
    );
}

#[test]
fn the_signatures_of_one_release_do_not_carry_over_to_another() {
    let programme = Programme::on_air().unwrap();
    let good = Envelope::parse(&programme.lab.site.seal_release(&programme.release)).unwrap();
    let payload = serde_json::to_vec(&release_2(&programme)).unwrap();
    let mut forged = Envelope::unsigned(PayloadType::Release, payload);
    for Signature { keyid, sig } in good.signatures() {
        forged
            .add_signature(Signature {
                keyid: *keyid,
                sig: sig.clone(),
            })
            .unwrap();
    }
    refused(&programme, &forged.to_bytes(), "unsigned");
    assert!(!pictures(&programme.board).is_empty());
    assert_ne!(forged.payload_digest(), Digest::of(b""));
}
