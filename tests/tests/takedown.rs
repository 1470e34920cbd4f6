//! The urgent path: one duty officer takes content down on every wall of a channel, and each wall
//! confirms with its own signature.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_proto::media::Mime;
use cotmoc_proto::trust::verify_receipt;
use cotmoc_test_kit as kit;
use cotmoc_tests::programme::{GREEN, GREY, RED, colour, is_near, pictures, short};
use cotmoc_tests::{Board, Lab, eventually};

const WALLS: [&str; 3] = ["W01", "W02", "W03"];

#[test]
fn d09_a_takedown_reaches_every_wall_and_every_wall_confirms_with_its_own_key() {
    let lab = Lab::start().unwrap();
    let [red, green, grey] = [RED, GREEN, GREY].map(|rgb| {
        lab.upload(Mime::Png, &kit::media::png(160, 90, rgb))
            .unwrap()
    });
    let mut release = short(lab.site.release(1, &grey, &[&red, &green]));
    release.devices = WALLS.iter().map(|name| name.parse().unwrap()).collect();
    lab.publish_release(&release).unwrap();
    let boards: Vec<Board> = WALLS.iter().map(|name| lab.board(name).unwrap()).collect();
    for name in WALLS {
        eventually("the release is on air", || {
            lab.report(name).filter(|r| r.release == 1)
        });
    }

    let takedown = lab.site.takedown(1, 1, &[red.sha256]);
    lab.publish(&lab.site.seal_takedown(&takedown)).unwrap();

    for (name, board) in WALLS.iter().zip(&boards) {
        let receipt = eventually("a receipt that names the takedown", || {
            let spki = lab.spki(name)?;
            let receipts = lab.receipts(name);
            let verified = receipts
                .iter()
                .filter_map(|r| verify_receipt(&spki, r.as_bytes()).ok());
            verified
                .map(|(receipt, _)| receipt)
                .find(|receipt| receipt.takedown == 1)
        });
        assert_eq!(receipt.device.as_str(), *name);
        let seen = pictures(board).len();
        let fresh = eventually("two more pictures", || {
            let all = pictures(board);
            (all.len() >= seen + 2).then(|| all[seen..].to_vec())
        });
        assert!(
            fresh.iter().all(|path| is_near(colour(path), GREEN)),
            "{name}"
        );
    }
}
