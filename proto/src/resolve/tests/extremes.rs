//! Times, lengths and numbers at the ends of their ranges.

use super::programme::{MIDNIGHT, at, item, playlist, release, window, with, without, word};
use crate::digest::Digest;
use crate::release::Release;
use crate::resolve::{Moment, Picture, ScreenState, resolve};
use crate::time::{DAY, HOUR, TimeMs};

const YEAR_1: TimeMs = TimeMs(-62_135_596_800_000);
const YEAR_9999: TimeMs = TimeMs(253_370_764_800_000);

fn three_items() -> Release {
    let mut release = release(vec![playlist(
        "p",
        1,
        &[],
        vec![item("a", 500), item("b", 999), item("c", 86_400_000)],
    )]);
    release.window = window("Asia/Ho_Chi_Minh", "07:00", "22:00");
    release
}

#[test]
fn any_time_at_all_has_an_answer_that_lasts_beyond_it() {
    let release = three_items();
    let mut around: Vec<i64> = vec![i64::MIN, i64::MAX - 1, YEAR_1.0, YEAR_9999.0, 0];
    around.extend((0..63).flat_map(|bit| [1_i64 << bit, -(1_i64 << bit)]));
    around.extend([-377_705_023_201_000, 253_402_207_200_000]);
    let state = without(&["a"]);
    for centre in around {
        for step in [-DAY, -HOUR, -1, 0, 1, HOUR, DAY] {
            let now = TimeMs(centre).plus(step);
            for trusted in [true, false] {
                let answer = resolve(Some(&release), &state, Moment { at: now, trusted });
                assert!(answer.until > now || now == TimeMs::MAX, "{now:?}");
                if !trusted || now.to_timestamp().is_none() {
                    assert_ne!(word(&answer), "dark", "{now:?}");
                }
            }
        }
    }
}

#[test]
fn the_window_holds_in_the_first_and_the_last_years_of_the_calendar() {
    let release = three_items();
    for start in [YEAR_1, YEAR_9999] {
        let date = release.window.zone.date(start.plus(2 * DAY));
        let (opens, closes) = release.window.on(date);
        assert_eq!(closes.since(opens), 15 * HOUR);
        assert_eq!(word(&at(&release, opens.plus(-1))), "dark");
        assert_eq!(word(&at(&release, opens)), "a");
        assert_ne!(word(&at(&release, closes.plus(-1))), "dark");
        assert_eq!(word(&at(&release, closes)), "dark");
    }
}

#[test]
fn item_times_at_the_ends_of_the_range_change_nothing() {
    let mut release = three_items();
    release.issued_ms = TimeMs(i64::MIN);
    release.playlists[0].items[0].from_ms = Some(TimeMs(i64::MIN));
    release.playlists[0].items[1].to_ms = Some(TimeMs::MAX);
    let opens = MIDNIGHT.plus(7 * HOUR);
    assert_eq!(word(&at(&release, opens)), "a");
    assert_eq!(word(&at(&release, opens.plus(500))), "b");
}

#[test]
fn items_without_a_length_are_passed_over() {
    let mut release = three_items();
    release.playlists[0].items[0].dur_ms = 0;
    let opens = MIDNIGHT.plus(7 * HOUR);
    assert_eq!(word(&at(&release, opens)), "b");
    for item in &mut release.playlists[0].items {
        item.dur_ms = 0;
    }
    assert_eq!(word(&at(&release, opens)), "fallback NothingPlayable");
}

#[test]
fn items_of_one_millisecond_change_every_millisecond() {
    let release = release(vec![playlist(
        "p",
        1,
        &[],
        vec![item("a", 1), item("b", 1), item("c", 1)],
    )]);
    let opens = MIDNIGHT.plus(7 * HOUR);
    for step in 0..9 {
        let answer = with(&release, &without(&["b"]), opens.plus(step));
        assert_eq!(answer.until, opens.plus(step + 1));
        let expected = ["a", "c", "c"][usize::try_from(step % 3).unwrap()];
        assert_eq!(word(&answer), expected);
    }
}

#[test]
fn a_thousand_items_of_which_one_can_be_played_fill_a_day_without_a_search() {
    let mut items: Vec<_> = (0..1_000).map(|n| item(&format!("i{n}"), 500)).collect();
    items[0].dur_ms = 86_400_000;
    let unavailable = items[..999].iter().map(|item| item.digest()).collect();
    let release = release(vec![playlist("p", 1, &[], items)]);
    let state = ScreenState {
        unavailable,
        ..ScreenState::default()
    };
    assert!(!state.unavailable.contains(&Digest::of(b"i999")));
    let opens = MIDNIGHT.plus(7 * HOUR);
    let mut answers = 0;
    let mut now = opens;
    while now < opens.plus(HOUR) {
        let answer = with(&release, &state, now);
        assert_eq!(word(&answer), "i999");
        assert!(matches!(answer.picture, Picture::Lit(_)));
        now = answer.until;
        answers += 1;
    }
    assert_eq!(answers, 7_200, "one answer per showing");
    let late = with(&release, &state, opens.plus(15 * HOUR - 1));
    assert_eq!(
        word(&late),
        "i999",
        "the last slot of the day is found at once"
    );
}
