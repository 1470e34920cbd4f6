//! Media that is missing, damaged, swapped or cannot be played costs its own slot at most; the
//! reason reaches the controller and the wall shows approved pictures all the while.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_proto::device::{EventKind, Showing};
use cotmoc_proto::media::Mime;
use cotmoc_test_kit as kit;
use cotmoc_tests::programme::{BLUE, colour, is_near, pictures};
use cotmoc_tests::{Programme, eventually};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// Changes a file that is write-protected, as someone with hands on the disk would.
fn tamper(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(path).unwrap();
    change(&mut bytes);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn smuggle_with_media_changed(programme: &Programme, reason: &str, change: impl FnOnce(&Path)) {
    let media = programme.board.path("media");
    let blue = kit::media::put(&media, Mime::Png, &kit::media::png(320, 180, BLUE));
    change(&kit::media::blob_path(&media, blue.sha256));
    let release = programme.next(2, &[&blue, &programme.red]);
    programme.smuggle("release.dsse", &programme.lab.site.seal_release(&release));
    programme
        .lab
        .wait_for_event("W01", &EventKind::MediaRefused, reason);
    programme.assert_still_on_air(1);
}

#[test]
fn a_release_whose_media_is_missing_does_not_replace_the_running_one() {
    let programme = Programme::on_air().unwrap();
    smuggle_with_media_changed(&programme, "media-missing", |blob| {
        std::fs::remove_file(blob).unwrap()
    });
}

#[test]
fn a_release_whose_media_is_truncated_does_not_replace_the_running_one() {
    let programme = Programme::on_air().unwrap();
    smuggle_with_media_changed(&programme, "media-integrity", |blob| {
        tamper(blob, |bytes| bytes.truncate(100))
    });
}

#[test]
fn a_release_whose_media_has_another_size_does_not_replace_the_running_one() {
    let programme = Programme::on_air().unwrap();
    smuggle_with_media_changed(&programme, "media-integrity", |blob| {
        tamper(blob, |bytes| bytes.push(0))
    });
}

#[test]
fn a_release_whose_media_has_a_changed_byte_does_not_replace_the_running_one() {
    let programme = Programme::on_air().unwrap();
    smuggle_with_media_changed(&programme, "media-integrity", |blob| {
        tamper(blob, |bytes| *bytes.last_mut().unwrap() ^= 1);
    });
}

#[test]
fn b06_media_swapped_on_disk_after_the_check_never_reaches_the_screen_and_is_fetched_again() {
    let programme = Programme::on_air().unwrap();
    let path = kit::media::blob_path(&programme.board.path("media"), programme.red.sha256);
    let evil = kit::media::png(320, 180, [250, 0, 250]);
    tamper(&path, |bytes| *bytes = evil.clone());
    programme
        .lab
        .wait_for_event("W01", &EventKind::ItemFault, "integrity");
    programme.assert_still_on_air(1);
    for picture in pictures(&programme.board) {
        assert!(
            !is_near(colour(&picture), [250, 0, 250]),
            "{}",
            picture.display()
        );
    }
    eventually("the damaged blob is fetched again", || {
        (kit::media::describe(Mime::Png, &std::fs::read(&path).ok()?).asset == programme.red)
            .then_some(())
    });
    eventually("the repaired item is on air again", || {
        let report = programme.lab.report("W01")?;
        report
            .showing
            .iter()
            .any(|s| matches!(s, Showing::Item { item, .. } if item.as_str() == "item-1"))
            .then_some(())
    });
}

#[test]
fn a_video_that_no_decoder_can_play_costs_its_own_slot() {
    let programme = Programme::on_air().unwrap();
    let mut garbage = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom".to_vec();
    garbage.extend(kit::media::noise(7, 40_000));
    let garbage = programme.lab.upload(Mime::Mp4, &garbage).unwrap();
    let release = programme.next(2, &[&garbage, &programme.red, &programme.green]);
    programme.lab.publish_release(&release).unwrap();
    programme.wait_for_release(2);
    programme
        .lab
        .wait_for_event("W01", &EventKind::ItemFault, "undecodable");
    programme.assert_still_on_air(2);
}

#[test]
fn a_programme_of_which_nothing_can_be_played_shows_the_signed_fallback() {
    let programme = Programme::on_air().unwrap();
    let mut garbage = b"\x89PNG\r\n\x1a\n".to_vec();
    garbage.extend(kit::media::noise(9, 40_000));
    let garbage = programme.lab.upload(Mime::Png, &garbage).unwrap();
    let release = programme.next(2, &[&garbage]);
    programme.lab.publish_release(&release).unwrap();
    eventually("the fallback is on air", || {
        let report = programme.lab.report("W01")?;
        let fallback = report
            .showing
            .iter()
            .any(|s| matches!(s, Showing::Fallback { .. }));
        (report.release == 2 && fallback).then_some(())
    });
    let newest = eventually("a picture of the fallback", || {
        let all = pictures(&programme.board);
        all.last()
            .cloned()
            .filter(|path| is_near(colour(path), cotmoc_tests::programme::GREY))
    });
    assert!(newest.exists());
}

#[test]
fn a_takedown_removes_an_item_at_once_and_survives_a_restart() {
    let mut programme = Programme::on_air().unwrap();
    let takedown = programme.lab.site.takedown(1, 1, &[programme.red.sha256]);
    programme
        .lab
        .publish(&programme.lab.site.seal_takedown(&takedown))
        .unwrap();
    eventually("the takedown is in force", || {
        programme
            .lab
            .report("W01")
            .filter(|report| report.takedown == 1)
    });
    programme.board.wall.as_mut().unwrap().kill();
    programme.board.start_wall().unwrap();
    let seen = pictures(&programme.board).len();
    let fresh = eventually("three pictures after the restart", || {
        let all = pictures(&programme.board);
        (all.len() >= seen + 3).then(|| all[seen..].to_vec())
    });
    for picture in fresh {
        assert!(
            !is_near(colour(&picture), cotmoc_tests::programme::RED),
            "{}",
            picture.display()
        );
    }
}
