//! The emergency path: one duty officer shows an approved template on every wall of a channel, and
//! ends it early; without anybody it ends by itself.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_proto::TimeMs;
use cotmoc_proto::device::{EventKind, Showing};
use cotmoc_proto::media::Mime;
use cotmoc_proto::override_order::Override;
use cotmoc_proto::playlist::Item;
use cotmoc_proto::release::Release;
use cotmoc_proto::time::{HOUR, SECOND};
use cotmoc_proto::trust::{Receipt, verify_receipt};
use cotmoc_proto::window::OperatingWindow;
use cotmoc_test_kit as kit;
use cotmoc_tests::programme::{BLUE, GREEN, GREY, RED, colour, is_near, pictures, short};
use cotmoc_tests::{Board, Lab, eventually};

const WALLS: [&str; 2] = ["W01", "W02"];

/// A lab whose release plays red and green and has a blue template.
struct Scene {
    lab: Lab,
    template: Item,
    release: Release,
}

impl Scene {
    fn new(walls: &[&str]) -> Self {
        Self::with_window(walls, &kit::always_open())
    }

    fn with_window(walls: &[&str], window: &OperatingWindow) -> Self {
        let lab = Lab::start().unwrap();
        let [red, green, grey, blue] = [RED, GREEN, GREY, BLUE].map(|rgb| {
            lab.upload(Mime::Png, &kit::media::png(160, 90, rgb))
                .unwrap()
        });
        let template = kit::item("evacuate", &blue, 10_000);
        let mut release = short(lab.site.release(1, &grey, &[&red, &green]));
        release.devices = walls.iter().map(|name| name.parse().unwrap()).collect();
        release.templates = vec![template.clone()];
        release.window = window.clone();
        lab.publish_release(&release).unwrap();
        Self {
            lab,
            template,
            release,
        }
    }

    fn board(&self, name: &str) -> Board {
        let board = self.lab.board(name).unwrap();
        self.programme_on_air(name);
        board
    }

    fn order(&self, order: &Override) {
        self.lab
            .publish(&self.lab.site.seal_override(order))
            .unwrap();
    }

    fn programme_on_air(&self, name: &str) {
        eventually("the programme is on air", || {
            let report = self.lab.report(name)?;
            let is_item = |show: &Showing| matches!(show, Showing::Item { .. });
            report.showing.iter().any(is_item).then_some(())
        });
    }

    fn template_on_air(&self, name: &str) {
        eventually("the template is on air", || {
            let report = self.lab.report(name)?;
            let is_template = |show: &Showing| matches!(show, Showing::Template { item, .. } if *item == self.template.id);
            report.showing.iter().any(is_template).then_some(())
        });
    }

    /// Waits until the wall has said over several seconds that it shows the template.
    fn template_stays_on_air(&self, name: &str) {
        self.template_on_air(name);
        let since = self.lab.report(name).unwrap().at_ms;
        eventually("the template is still on air", || {
            let report = self.lab.report(name)?;
            let is_template = |show: &Showing| matches!(show, Showing::Template { .. });
            assert!(report.showing.iter().all(is_template), "{report:?}");
            (report.at_ms.since(since) > 8 * SECOND).then_some(())
        });
    }

    /// A receipt of the wall that `says` so, signed with the wall's own key.
    fn receipt(&self, name: &str, says: impl Fn(&Receipt) -> bool) -> Receipt {
        eventually("a receipt of what is shown", || {
            let spki = self.lab.spki(name)?;
            let receipts = self.lab.receipts(name);
            let verified = receipts
                .iter()
                .filter_map(|receipt| verify_receipt(&spki, receipt.as_bytes()).ok());
            verified.map(|(receipt, _)| receipt).find(&says)
        })
    }
}

/// Waits until the wall presents a picture in one of these colours.
fn presents(board: &Board, wanted: &[[u8; 3]]) {
    eventually("a picture in the colour that is due", || {
        let newest = pictures(board).pop()?;
        let found = colour(&newest);
        wanted.iter().any(|rgb| is_near(found, *rgb)).then_some(())
    });
}

/// Asserts that the next pictures that the wall presents all have one of these colours.
fn presents_only(board: &Board, wanted: &[[u8; 3]]) {
    let seen = pictures(board).len();
    let fresh = eventually("three more pictures", || {
        let all = pictures(board);
        (all.len() >= seen + 3).then(|| all.get(seen..).unwrap_or_default().to_vec())
    });
    for path in fresh {
        let found = colour(&path);
        let is_due = wanted.iter().any(|rgb| is_near(found, *rgb));
        assert!(is_due, "{found:?} instead of {wanted:?}");
    }
}

#[test]
fn an_override_shows_the_template_on_every_wall_until_it_is_ended() {
    let scene = Scene::new(&WALLS);
    let boards = WALLS.map(|name| scene.board(name));
    scene.order(&scene.lab.site.override_show(1, &scene.template, HOUR));
    for (name, board) in WALLS.iter().zip(&boards) {
        presents(board, &[BLUE]);
        scene.template_stays_on_air(name);
        presents(board, &[BLUE]);
        let receipt = scene.receipt(name, |receipt| {
            receipt.override_seq == 1 && receipt.showing == [scene.template.id.clone()]
        });
        assert_eq!(receipt.device.as_str(), *name);
        scene
            .lab
            .wait_for_event(name, &EventKind::OverrideAccepted, "evacuate");
    }
    scene.order(&scene.lab.site.override_end(2, 1));
    for (name, board) in WALLS.iter().zip(&boards) {
        presents(board, &[RED, GREEN]);
        scene.programme_on_air(name);
        scene.receipt(name, |receipt| receipt.override_seq == 2);
        presents_only(board, &[RED, GREEN]);
    }
}

#[test]
fn an_override_outlives_the_wall_and_the_controller() {
    let mut scene = Scene::new(&WALLS[..1]);
    let mut board = scene.board("W01");
    scene.order(&scene.lab.site.override_show(1, &scene.template, HOUR));
    presents(&board, &[BLUE]);
    scene.lab.controller = None;
    let seen = pictures(&board).len();
    board.wall = None;
    board.start_wall().unwrap();
    eventually("a picture of the template", || {
        let all = pictures(&board);
        let mut fresh = all.iter().skip(seen).map(|path| colour(path));
        assert!(
            !fresh
                .clone()
                .any(|rgb| is_near(rgb, RED) || is_near(rgb, GREEN))
        );
        fresh.any(|rgb| is_near(rgb, BLUE)).then_some(())
    });
    scene.lab.restart_controller().unwrap();
    scene.template_on_air("W01");
    scene.order(&scene.lab.site.override_end(2, 1));
    presents(&board, &[RED, GREEN]);
}

/// A window of one minute, as far from now as it can be.
fn closed_now() -> OperatingWindow {
    let usual = OperatingWindow::default();
    let now = std::time::SystemTime::now();
    let since_1970 = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    let in_twelve_hours = TimeMs(i64::try_from(since_1970.as_millis()).unwrap() + 12 * HOUR);
    let local = usual.zone.format(in_twelve_hours);
    let hour = local.split(' ').nth(1).unwrap().split(':').next().unwrap();
    OperatingWindow {
        opens: format!("{hour}:00").parse().unwrap(),
        closes: format!("{hour}:01").parse().unwrap(),
        quota_min: 0,
        ..usual
    }
}

#[test]
fn an_override_lights_a_wall_that_is_dark_by_plan() {
    let scene = Scene::with_window(&WALLS[..1], &closed_now());
    let board = scene.lab.board("W01").unwrap();
    let dark_by_plan = || {
        eventually("the wall is dark by plan", || {
            let report = scene.lab.report("W01").filter(|r| r.release == 1)?;
            let is_dark = |show: &Showing| matches!(show, Showing::Dark { .. });
            report.showing.iter().any(is_dark).then_some(())
        });
    };
    dark_by_plan();
    scene.order(&scene.lab.site.override_show(1, &scene.template, HOUR));
    presents(&board, &[BLUE]);
    scene.template_stays_on_air("W01");
    scene.order(&scene.lab.site.override_end(2, 1));
    dark_by_plan();
}

#[test]
fn an_override_ends_by_itself_and_the_programme_goes_on() {
    let scene = Scene::new(&WALLS[..1]);
    let board = scene.board("W01");
    let order = scene
        .lab
        .site
        .override_show(1, &scene.template, 15 * SECOND);
    scene.order(&order);
    presents(&board, &[BLUE]);
    scene
        .lab
        .wait_for_event("W01", &EventKind::OverrideOver, "1");
    presents(&board, &[RED, GREEN]);
    presents_only(&board, &[RED, GREEN]);
    assert_eq!(
        scene.lab.report("W01").unwrap().release,
        scene.release.version
    );
}

#[test]
fn d05_d06_the_controller_refuses_what_walls_would_not_show() {
    let scene = Scene::new(&WALLS[..1]);
    let site = &scene.lab.site;
    let own = kit::item("own", &scene.template.asset, 10_000);
    for (order, code) in [
        (site.override_show(1, &own, HOUR), "no-such-template"),
        (
            site.override_show(1, &scene.template, 25 * HOUR),
            "bad-override",
        ),
        (site.override_show(2, &scene.template, HOUR), "version-gap"),
    ] {
        let envelope = site.seal_override(&order);
        let answer = scene
            .lab
            .request("POST", "/api/v1/envelopes", Some(&envelope))
            .unwrap();
        let answer = answer.json().unwrap();
        assert_eq!(answer.get("error").and_then(|e| e.as_str()), Some(code));
    }
}
