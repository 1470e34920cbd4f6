use super::*;
use proptest::prelude::*;

const SECOND: u64 = 1_000;
const START: u64 = 100 * SECOND;
const WALL: TimeMs = TimeMs(1_795_366_800_000);

fn glass() -> Glass {
    Glass::new(Patience::default(), Boards::default(), START)
}

const fn well() -> Signs {
    Signs {
        painted_ms: Some(2 * SECOND),
        look: None,
        touch_ms: None,
        felt_ms: None,
    }
}

fn looks(look: Look) -> Signs {
    Signs {
        look: Some(look),
        ..well()
    }
}

/// What is done, and when, if the signs are these from second `from` to `to`.
fn run(glass: &mut Glass, signs: Signs, from: u64, to: u64) -> Vec<(u64, Step, Trouble)> {
    let turn = |second| {
        let wall = WALL.plus(i64::try_from(second * SECOND).unwrap());
        let done = glass.observe(signs, START + second * SECOND, wall);
        done.map(|(step, trouble)| (second, step, trouble))
    };
    (from..to).filter_map(turn).collect()
}

#[test]
fn a_screen_that_starts_is_not_judged_and_a_mute_browser_is_started_again_at_once() {
    let mut glass = glass();
    let never = Signs::default();
    assert_eq!(run(&mut glass, never, 0, 40), []);
    let done = run(&mut glass, never, 40, 41);
    assert_eq!(done, [(40, Step::Browser, Trouble::Mute)]);
    assert_eq!(run(&mut glass, well(), 41, 400), []);
    let mute = Signs {
        painted_ms: Some(15 * SECOND + 1),
        ..well()
    };
    assert_eq!(run(&mut glass, mute, 400, 401)[0].1, Step::Browser);
}

#[test]
fn what_does_not_help_is_followed_by_the_next_step_until_a_person_is_called() {
    let mut glass = glass();
    let done = run(&mut glass, Signs::default(), 40, 1_200);
    let steps: Vec<_> = done.iter().map(|(_, step, _)| *step).collect();
    assert_eq!(steps[..6], LADDER);
    assert!(steps[6..].iter().all(|step| *step == Step::Browser));
    assert!(steps.len() > 10, "the browser is tried on: {steps:?}");
}

#[test]
fn one_wrong_look_is_a_page_that_changes_two_are_a_wrong_glass() {
    for (look, trouble) in [
        (Look::Wrong, Trouble::Wrong),
        (Look::Blank, Trouble::Blank),
        (Look::Unreadable, Trouble::Unreadable),
    ] {
        let mut glass = glass();
        assert_eq!(run(&mut glass, looks(look), 50, 51), []);
        assert_eq!(run(&mut glass, looks(Look::Right), 51, 52), []);
        assert_eq!(run(&mut glass, looks(look), 52, 53), []);
        let done = run(&mut glass, looks(look), 53, 54);
        assert_eq!(done, [(53, Step::Browser, trouble)]);
    }
}

#[test]
fn fingers_that_no_page_feels_three_times_are_a_deaf_screen() {
    let mut glass = glass();
    let touched = Signs {
        touch_ms: Some(0),
        felt_ms: Some(600 * SECOND),
        ..well()
    };
    let quiet = Signs {
        felt_ms: Some(600 * SECOND),
        ..well()
    };
    for second in [50, 55] {
        assert_eq!(run(&mut glass, touched, second, second + 1), []);
        assert_eq!(run(&mut glass, quiet, second + 1, second + 5), []);
    }
    assert_eq!(run(&mut glass, touched, 60, 61), []);
    let done = run(&mut glass, quiet, 61, 66);
    assert_eq!(done, [(64, Step::Browser, Trouble::Deaf)]);
}

#[test]
fn a_finger_that_is_felt_makes_those_before_it_good() {
    let mut glass = glass();
    for second in (50..120).step_by(4) {
        let touched = Signs {
            touch_ms: Some(100),
            felt_ms: Some(if second % 8 == 2 { 80 } else { 5 * SECOND }),
            ..well()
        };
        assert_eq!(run(&mut glass, touched, second, second + 1), []);
    }
}

#[test]
fn a_board_starts_again_three_times_a_day_at_most_and_not_twice_in_half_an_hour() {
    let mut boards = Boards::default();
    let at = |minutes: i64| WALL.plus(minutes * MINUTE);
    for minutes in [0, 31, 62] {
        assert!(boards.may(at(minutes)));
        boards.note(at(minutes));
        assert!(!boards.may(at(minutes + 29)));
    }
    assert!(!boards.may(at(400)));
    assert!(!boards.may(at(-5_000)), "a clock that went back");
    assert!(boards.may(at(24 * 60 + 1)));
}

#[test]
fn a_ladder_begins_from_below_again_after_ten_calm_minutes() {
    let mut glass = glass();
    run(&mut glass, Signs::default(), 40, 200);
    assert!(glass.rung >= 3);
    assert_eq!(run(&mut glass, well(), 200, 1_100), []);
    let done = run(&mut glass, Signs::default(), 1_100, 1_101);
    assert_eq!(done[0].1, Step::Browser);
    assert_eq!(glass.rung, 1);
}

proptest! {
    #[test]
    fn nothing_is_done_twice_before_it_could_help_and_nothing_while_all_is_well(
        story in prop::collection::vec((any::<bool>(), 1u64..90), 1..60),
    ) {
        let mut glass = glass();
        let (mut second, mut last) = (0, None::<(u64, Step)>);
        for (is_well, length) in story {
            let signs = if is_well { well() } else { Signs::default() };
            for (at, step, _) in run(&mut glass, signs, second, second + length) {
                prop_assert!(!is_well);
                if let Some((before, done)) = last {
                    prop_assert!((at - before) * SECOND >= done.settles_ms());
                }
                last = Some((at, step));
            }
            second += length;
        }
    }
}
