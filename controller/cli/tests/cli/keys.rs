use crate::support::{PASSPHRASE, Place};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

#[test]
fn a_new_key_is_private_readable_by_openssl_and_is_never_overwritten() {
    let place = Place::new();
    place.key("an");
    let mode = std::fs::metadata(place.path("an.key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let made = place.read("an.key");
    assert!(made.starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"));

    let args = "keys new --holder an --out an.key --passphrase-file pw";
    place
        .line(args)
        .refused(&["an.key exists", "never overwritten"]);
    assert_eq!(place.read("an.key"), made);

    let openssl = |passphrase: &str| {
        Command::new("openssl")
            .args(["pkey", "-pubout", "-outform", "DER", "-in"])
            .arg(place.path("an.key"))
            .arg("-passin")
            .arg(format!("pass:{passphrase}"))
            .output()
            .unwrap()
    };
    let read = openssl(PASSPHRASE);
    assert!(
        read.status.success(),
        "{}",
        String::from_utf8_lossy(&read.stderr)
    );
    let keyid = cotmoc_proto::Digest::of(&read.stdout).to_string();
    assert_eq!(place.json("keys show an.key")["keyid"], keyid.as_str());
    assert!(!openssl("another passphrase").status.success());
}

#[test]
fn k02_a_wrong_passphrase_is_one_clear_error_and_nothing_is_tried_again() {
    let place = Place::with_people();
    place.write("pw", b"not the passphrase\n");
    let before = place.read("root.dsse");
    let said = place
        .sign("root sign root.dsse", "binh")
        .refused(&["binh.key: wrong passphrase, or the file is damaged"]);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(place.read("root.dsse"), before);
}

#[test]
fn a_short_passphrase_protects_no_key() {
    let place = Place::new();
    place.write("pw", b"too short\n");
    place
        .line("keys new --holder an --out an.key --passphrase-file pw")
        .refused(&["fewer than 12 characters"]);
    assert!(!place.path("an.key").exists());
}

#[test]
fn a_key_that_is_not_protected_is_refused() {
    let place = Place::with_people();
    let plain = b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    place.write("binh.key", plain);
    place
        .sign("root sign root.dsse", "binh")
        .refused(&["not a passphrase-protected key", "cotmoc keys new"]);
}

#[test]
fn a_record_shows_whose_key_it_is_in_the_language_that_was_asked_for() {
    let place = Place::new();
    place.key("an");
    let both = place.line("keys show an.key.pub").good().out;
    assert!(both.contains("Người giữ · Holder: an"), "{both}");
    let one = place.line("keys show an.key.pub --lang vi").good().out;
    assert!(
        one.contains("Người giữ: an") && !one.contains("Holder"),
        "{one}"
    );
}
