//! The main job: what two people signed plays on a wall, on schedule, with or without the network.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_proto::device::{OnAirState, RecordBody, ScreenStatus, Showing};
use cotmoc_proto::window::{DayTime, OperatingWindow};
use cotmoc_tests::programme::{GREEN, RED, colour, is_near, pictures};
use cotmoc_tests::{Programme, eventually};

#[test]
fn what_two_people_signed_is_shown_in_order_and_proved() {
    let programme = Programme::on_air().unwrap();
    let aired = eventually("four items are proved to have been on air", || {
        let aired = programme.lab.aired("W01");
        (aired.len() >= 4).then_some(aired)
    });
    for pair in aired.windows(2) {
        let [before, after] = pair else { continue };
        assert_ne!(before.item, after.item, "the items take turns");
        assert!(before.last_ms < after.first_ms);
        let gap = after.first_ms.since(before.last_ms);
        assert!(
            gap <= 1_000,
            "{gap} ms between the last frame of one item and the first of the next"
        );
        assert!(before.frames > 0 && before.release == 1);
    }
    let all = pictures(&programme.board);
    assert!(all.iter().any(|path| is_near(colour(path), RED)));
    assert!(all.iter().any(|path| is_near(colour(path), GREEN)));
}

#[test]
fn a_new_release_takes_over_without_a_dark_moment() {
    let programme = Programme::on_air().unwrap();
    let next = programme.next(2, &[&programme.green]);
    programme.lab.publish_release(&next).unwrap();
    let report = programme.wait_for_release(2);
    assert_eq!(report.status, ScreenStatus::OnAir);
    programme.assert_still_on_air(2);
}

#[test]
fn the_wall_plays_on_without_controller_network_or_agent_and_after_a_restart_of_everything() {
    let mut programme = Programme::on_air().unwrap();
    programme.lab.controller.as_mut().unwrap().kill();
    programme.board.agent.as_mut().unwrap().kill();
    programme.board.wall.as_mut().unwrap().kill();
    let seen = pictures(&programme.board).len();
    programme.board.start_wall().unwrap();
    let after = eventually(
        "both items are presented again with nobody else there",
        || {
            let all = pictures(&programme.board);
            let fresh = all.get(seen..)?;
            let has = |rgb| fresh.iter().any(|path| is_near(colour(path), rgb));
            (has(RED) && has(GREEN)).then(|| fresh.to_vec())
        },
    );
    assert!(after.iter().all(|path| {
        let found = colour(path);
        is_near(found, RED) || is_near(found, GREEN)
    }));

    programme.board.start_agent().unwrap();
    programme.lab.restart_controller().unwrap();
    programme.assert_still_on_air(1);
    let aired = eventually("what was aired alone reaches the controller later", || {
        let aired = programme.lab.aired("W01");
        (aired.len() >= 2).then_some(aired)
    });
    assert!(aired.iter().all(|proof| proof.release == 1));
}

#[test]
fn outside_the_operating_window_the_wall_is_dark_by_plan_and_counts_no_hours() {
    let programme = Programme::on_air().unwrap();
    let mut night = programme.next(2, &[&programme.green]);
    // A window that is closed now, whatever the time is: one hour, twelve hours from now.
    let zone = OperatingWindow::default().zone;
    let now = cotmoc_proto::TimeMs(i64::try_from(now_ms()).unwrap());
    let local = zone.format(now);
    let hour: u16 = local.split([' ', ':']).nth(1).unwrap().parse().unwrap();
    let opens = (hour + 12) % 24;
    night.window = OperatingWindow {
        zone,
        opens: DayTime::new(opens.min(22), 0).unwrap(),
        closes: DayTime::new(opens.min(22) + 1, 0).unwrap(),
        quota_min: 60,
    };
    programme.lab.publish_release(&night).unwrap();
    let report = eventually("the wall is in standby by plan", || {
        programme
            .lab
            .report("W01")
            .filter(|r| r.status == ScreenStatus::StandbyByPlan)
    });
    assert!(
        report
            .showing
            .iter()
            .all(|s| matches!(s, Showing::Dark { .. }))
    );
    let on_air = report.on_air_today_ms;
    eventually("a later report", || {
        programme
            .lab
            .report("W01")
            .filter(|r| r.at_ms.since(report.at_ms) > 3_000)
    });
    assert_eq!(programme.lab.report("W01").unwrap().on_air_today_ms, on_air);
}

#[test]
fn a_power_cut_leaves_an_interval_with_its_uncertainty_in_the_ledger() {
    let mut programme = Programme::on_air().unwrap();
    programme.assert_still_on_air(1);
    programme.board.wall.as_mut().unwrap().kill();
    programme.board.start_wall().unwrap();
    let body = eventually("the ledger tells of the cut", || {
        programme.lab.on_air("W01").into_iter().find(|body| {
            matches!(body, RecordBody::OnAir(i) if matches!(i.state, OnAirState::Unknown | OnAirState::Off))
        })
    });
    let RecordBody::OnAir(interval) = body else {
        return;
    };
    assert!(interval.to_ms >= interval.from_ms);
    assert!(
        interval.state != OnAirState::Unknown || interval.to_ms.since(interval.from_ms) <= 10_000
    );
}

fn now_ms() -> u128 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("this machine's clock is past 1970")
        .as_millis()
}
