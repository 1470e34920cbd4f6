//! The parts of a release that say how a wall looks and sounds: their written form, the rules they
//! keep, and what they say at any time of any day.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "this is a test, and it reads its files"
)]

mod days;
mod lookup;
mod rules;
mod samples;
mod slides;
mod zones;

use cotmoc_proto::envelope::Envelope;
use cotmoc_proto::json::parse_strict;
use cotmoc_proto::release::Release;
use cotmoc_proto::slide::Slide;
use serde::Serialize;
use serde_json::Value;
use std::path::PathBuf;

fn read(file: &str) -> Vec<u8> {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests");
    std::fs::read(tests.join(file)).unwrap()
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

#[test]
fn a_release_of_several_zones_is_written_and_read_byte_by_byte_as_ever() {
    let release = samples::release();
    assert_eq!(release.check(), Ok(()));
    let golden = String::from_utf8(read("golden/release.zones.json")).unwrap();
    assert_eq!(text(&release), golden);
    assert_eq!(parse_strict::<Release>(golden.as_bytes()).unwrap(), release);
}

#[test]
fn a_text_slide_is_written_and_read_byte_by_byte_as_ever() {
    let golden = read("golden/slide.json");
    assert_eq!(
        String::from_utf8_lossy(&samples::slide().to_bytes()),
        String::from_utf8_lossy(&golden)
    );
    assert_eq!(Slide::parse(&golden).unwrap(), samples::slide());
}

#[test]
fn what_was_signed_before_there_were_zones_is_still_written_as_it_was() {
    let golden = read("golden/release.json");
    let release: Release = parse_strict(&golden).unwrap();
    assert_eq!(text(&release), String::from_utf8_lossy(&golden));
    let envelope = Envelope::parse(&read("recorded/envelope.release-1.json")).unwrap();
    for bytes in [
        envelope.unverified_payload().to_vec(),
        read("recorded/release.least.json"),
    ] {
        let release: Release = parse_strict(&bytes).unwrap();
        assert_eq!(release.check(), Ok(()));
        let written = serde_json::to_value(&release).unwrap();
        assert_eq!(written, serde_json::from_slice::<Value>(&bytes).unwrap());
    }
}

#[test]
fn every_asset_on_the_wall_is_one_that_devices_fetch_and_signers_check() {
    let release = samples::release();
    let fetched: Vec<_> = release.assets().iter().map(|asset| asset.sha256).collect();
    for name in ["phim", "anh", "thong-bao", "du-phong", "loa", "logo"] {
        assert!(
            fetched.contains(&cotmoc_proto::Digest::of(name.as_bytes())),
            "{name}"
        );
    }
    assert_eq!(fetched.len(), 6);
}
