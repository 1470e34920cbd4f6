//! The belt moves evenly, repeats itself, and shows messages in their time.

use super::*;
use cotmoc_proto::playlist::Language;
use proptest::prelude::*;

const SECOND_NS: i64 = 1_000_000_000;
/// 23/11/2026 00:00 at the border gate.
const MIDNIGHT_MS: i64 = 1_795_366_800_000;

fn message(from_ms: Option<i64>, to_ms: Option<i64>) -> Message {
    Message {
        text: "x".to_owned(),
        language: Language::Vi,
        from_ms: from_ms.map(TimeMs),
        to_ms: to_ms.map(TimeMs),
    }
}

/// A speed, and messages with their widths, some of them for a time only.
fn belts() -> impl Strategy<Value = (u32, Vec<Message>, Vec<u32>)> {
    let edge = || prop::option::of(0i64..200_000);
    let one = (edge(), edge(), 1u32..3_000).prop_filter_map("ends first", |(from, to, width)| {
        let ordered = !matches!((from, to), (Some(from), Some(to)) if from >= to);
        let moved = |edge: i64| MIDNIGHT_MS + edge;
        ordered.then(|| (message(from.map(moved), to.map(moved)), width))
    });
    (10u32..=2_000, prop::collection::vec(one, 1..6)).prop_map(|(speed, all)| {
        let (messages, widths) = all.into_iter().unzip();
        (speed, messages, widths)
    })
}

fn x_of(placed: &[Placed], index: usize) -> i64 {
    placed[index].x_256ths
}

#[test]
fn messages_follow_each_other_without_a_gap_and_the_last_one_is_followed_by_the_first() {
    let messages = vec![message(None, None); 3];
    let belt = Belt::new(100, &messages, &[300, 200, 500]);
    let placed = belt.visible(MIDNIGHT_MS * 1_000_000, 1_500);
    let names: Vec<usize> = placed.iter().map(|p| p.message).collect();
    assert!(
        names.windows(2).all(|w| w[1] == (w[0] + 1) % 3),
        "{names:?}"
    );
    for (index, pair) in placed.windows(2).enumerate() {
        let width = [300, 200, 500][pair[0].message] * 256;
        assert_eq!(x_of(&placed, index + 1) - x_of(&placed, index), width);
    }
    assert!(x_of(&placed, 0) <= 0);
}

#[test]
fn a_message_is_let_in_in_its_time_only_and_the_others_close_up() {
    let day = 86_400_000;
    let (from, to) = (MIDNIGHT_MS + 10_000, MIDNIGHT_MS + 20_000);
    let messages = [message(None, None), message(Some(from), Some(to))];
    let belt = Belt::new(100, &messages, &[100, 100]);
    let names = |at_ms: i64| -> Vec<usize> {
        let placed = belt.visible(at_ms * 1_000_000, 400);
        placed.iter().map(|p| p.message).collect()
    };
    assert!(!names(from).contains(&1));
    assert!(names(from + 2_000).contains(&1));
    assert!(names(to).contains(&1));
    assert!(!names(to + 6_000).contains(&1));
    assert!(!names(MIDNIGHT_MS - day).contains(&1) && !names(MIDNIGHT_MS + day).contains(&1));
}

#[test]
fn when_no_message_is_current_the_belt_is_empty_and_the_next_one_comes_in_at_its_time() {
    let from = MIDNIGHT_MS + 10_000;
    let belt = Belt::new(200, &[message(Some(from), None)], &[100]);
    assert_eq!(belt.visible((from - 1) * 1_000_000, 400), []);
    let one_px_later_ns = from * 1_000_000 + SECOND_NS / 200;
    let placed = belt.visible(one_px_later_ns, 400);
    assert_eq!(placed.len(), 1);
    assert_eq!(placed[0].x_256ths, 399 * 256);
}

#[test]
fn no_message_at_all_is_an_empty_belt() {
    assert_eq!(Belt::new(100, &[], &[]).visible(0, 400), []);
}

proptest! {
    /// The same message is never further from where even motion brings it than the parts that places are counted in.
    #[test]
    fn every_message_moves_evenly_to_the_left(
        (speed, messages, widths) in belts(),
        at_ms in 0i64..260_000,
        step_ns in 1i64..40_000_000,
    ) {
        let belt = Belt::new(speed, &messages, &widths);
        let at_ns = (MIDNIGHT_MS - 30_000 + at_ms) * 1_000_000;
        let (before, after) = (belt.visible(at_ns, 1_000), belt.visible(at_ns + step_ns, 1_000));
        let moved = i128::from(step_ns) * i128::from(speed) * 256 / 1_000_000_000;
        let moved = i64::try_from(moved).unwrap();
        for old in &before {
            let width = i64::from(widths[old.message].max(16)) * 256;
            let expected = old.x_256ths - moved;
            let found = after.iter().any(|new| {
                new.message == old.message && (new.x_256ths - expected).abs() <= 1
            });
            prop_assert!(found || expected + width <= 1, "{old:?} vanished");
        }
        for new in &after {
            let expected = new.x_256ths + moved;
            let found = before.iter().any(|old| {
                old.message == new.message && (old.x_256ths - expected).abs() <= 1
            });
            prop_assert!(found || expected >= 1_000 * 256 - 1, "{new:?} came from nowhere");
        }
    }

    /// Nothing overlaps and, as long as messages are current, nothing is left free.
    #[test]
    fn messages_lie_side_by_side((speed, messages, widths) in belts(), at_ms in 0i64..260_000) {
        let belt = Belt::new(speed, &messages, &widths);
        let placed = belt.visible((MIDNIGHT_MS - 30_000 + at_ms) * 1_000_000, 1_000);
        let always = messages.iter().any(|m| m.from_ms.is_none() && m.to_ms.is_none());
        for pair in placed.windows(2) {
            let end = pair[0].x_256ths + i64::from(widths[pair[0].message].max(16)) * 256;
            prop_assert!(pair[1].x_256ths >= end);
            prop_assert!(!always || pair[1].x_256ths == end);
        }
        if always {
            let last = placed[placed.len() - 1];
            prop_assert!(placed[0].x_256ths <= 0);
            let end = last.x_256ths + i64::from(widths[last.message].max(16)) * 256;
            prop_assert!(end >= 1_000 * 256);
        }
    }

    /// Without windows of time the belt repeats itself after the time that its length takes.
    #[test]
    fn the_belt_is_periodic(
        speed in 10u32..=2_000,
        widths in prop::collection::vec(16u32..3_000, 1..6),
        at_ms in 0i64..100_000_000,
        laps in 1i64..5,
    ) {
        let messages = vec![message(None, None); widths.len()];
        let belt = Belt::new(speed, &messages, &widths);
        let length: i64 = widths.iter().copied().map(i64::from).sum();
        // As many laps as take whole nanoseconds.
        let lap_ns = length * i64::from(speed) * laps * SECOND_NS / i64::from(speed);
        let at_ns = (MIDNIGHT_MS + at_ms) * 1_000_000;
        prop_assert_eq!(belt.visible(at_ns, 1_000), belt.visible(at_ns + lap_ns, 1_000));
    }

    /// What comes into view was named before.
    #[test]
    fn what_will_be_in_view_soon_is_known_ahead(
        (speed, messages, widths) in belts(),
        at_ms in 0i64..260_000,
        ahead_px in 1u32..2_000,
    ) {
        let belt = Belt::new(speed, &messages, &widths);
        let at_ns = (MIDNIGHT_MS - 30_000 + at_ms) * 1_000_000;
        let soon = belt.soon_visible(at_ns, 1_000, ahead_px);
        let known = |p: &Placed| soon.iter().any(|s| s.message == p.message);
        for part in 0..=4 {
            let later_ns = at_ns + belt.ns_of_px(ahead_px) * part / 4;
            let visible = belt.visible(later_ns, 1_000);
            prop_assert!(visible.iter().all(known));
        }
    }

    #[test]
    fn no_time_makes_the_belt_fail(at_ns in any::<i64>(), from in any::<i64>(), to in any::<i64>()) {
        let messages = [message(Some(from), None), message(None, Some(to)), message(None, None)];
        for at_ns in [at_ns, i64::MIN, i64::MAX, 0] {
            let belt = Belt::new(2_000, &messages, &[1, 65_536, 300]);
            prop_assert!(belt.visible(at_ns, 16_384).len() < 2_000);
        }
    }
}
