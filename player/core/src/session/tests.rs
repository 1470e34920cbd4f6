use super::*;
use proptest::prelude::*;

const QUIET: u64 = 45_000;
const QUESTION: u64 = 20_000;

fn session() -> Session {
    Session::new(Rules::default())
}

#[test]
fn a_visit_is_touched_asked_and_forgotten() {
    let mut session = session();
    assert_eq!(session.phase(), Phase::Attract);
    assert_eq!(
        session.observe(Event::Touch, 0),
        [Effect::Begin { visit: 1 }]
    );
    assert_eq!(session.deadline(), Some(QUIET));
    assert_eq!(session.observe(Event::Tick, QUIET - 1), []);
    let until_ms = QUIET + QUESTION;
    assert_eq!(
        session.observe(Event::Tick, QUIET),
        [Effect::Ask { until_ms }]
    );
    let by = Ending::Quiet;
    assert_eq!(
        session.observe(Event::Tick, until_ms),
        [Effect::Reset { visit: 1, by }]
    );
    assert_eq!(session.deadline(), None);
    assert_eq!(
        session.observe(Event::Touch, until_ms + 1),
        [Effect::Begin { visit: 2 }]
    );
}

#[test]
fn any_touch_answers_the_question() {
    let mut session = session();
    session.observe(Event::Touch, 0);
    session.observe(Event::Tick, QUIET);
    let last = QUIET + QUESTION - 1;
    assert_eq!(session.observe(Event::Touch, last), [Effect::Resume]);
    assert_eq!(session.deadline(), Some(last + QUIET));
}

#[test]
fn who_is_asked_late_has_the_whole_time_to_answer() {
    let mut session = session();
    session.observe(Event::Touch, 0);
    let late = 10 * QUIET;
    let until_ms = late + QUESTION;
    assert_eq!(
        session.observe(Event::Tick, late),
        [Effect::Ask { until_ms }]
    );
}

#[test]
fn more_time_where_more_is_needed_and_only_for_that_visit() {
    let manner = |accessible, form| Event::Manner(Manner { accessible, form });
    for (event, quiet, question) in [
        (manner(false, false), 45_000, 20_000),
        (manner(true, false), 90_000, 30_000),
        (manner(false, true), 90_000, 20_000),
        (manner(true, true), 90_000, 30_000),
    ] {
        let mut session = session();
        session.observe(Event::Touch, 0);
        session.observe(event, 0);
        assert_eq!(session.deadline(), Some(quiet));
        session.observe(Event::Tick, quiet);
        assert_eq!(session.deadline(), Some(quiet + question));
        session.observe(Event::Leave, quiet);
        session.observe(Event::Touch, quiet);
        assert_eq!(session.deadline(), Some(quiet + 45_000));
    }
}

#[test]
fn what_plays_is_activity_up_to_its_length_and_never_for_ever() {
    let mut session = session();
    session.observe(Event::Touch, 0);
    session.observe(Event::Playing { length_ms: 60_000 }, 0);
    assert_eq!(session.deadline(), Some(60_000 + QUIET));
    // A touch while it plays does not make the visitor quiet any sooner.
    session.observe(Event::Touch, 10_000);
    assert_eq!(session.deadline(), Some(60_000 + QUIET));
    session.observe(Event::Played, 20_000);
    assert_eq!(session.deadline(), Some(20_000 + QUIET));
    let length_ms = u64::MAX;
    session.observe(Event::Playing { length_ms }, 20_000);
    assert_eq!(session.deadline(), Some(20_000 + MOST_PLAYING_MS + QUIET));
}

#[test]
fn no_rule_makes_the_question_shorter_than_twenty_seconds() {
    let hasty = Patience::new(0, 0);
    let rules = Rules {
        usual: hasty,
        accessible: hasty,
        form: hasty,
    };
    let mut session = Session::new(rules);
    session.observe(Event::Touch, 5);
    session.observe(Event::Tick, 5);
    assert_eq!(session.deadline(), Some(5 + LEAST_QUESTION_MS));
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Touch),
        4 => Just(Event::Tick),
        1 => (0_u64..1_200_000).prop_map(|length_ms| Event::Playing { length_ms }),
        1 => Just(Event::Played),
        1 => (any::<bool>(), any::<bool>())
            .prop_map(|(accessible, form)| Event::Manner(Manner { accessible, form })),
        1 => Just(Event::Leave),
    ]
}

fn story() -> impl Strategy<Value = Vec<(Event, u64)>> {
    prop::collection::vec((event(), prop_oneof![0_u64..2_000, 0_u64..120_000]), 0..80)
}

proptest! {
    /// Whatever happens: a visit begins once and is forgotten once, it is never forgotten for its
    /// quiet without a question that stood at least twenty seconds, and any touch saves it.
    #[test]
    fn every_visit_begins_once_ends_once_and_is_asked_first(story in story()) {
        let mut session = session();
        let (mut now, mut open, mut asked) = (0, None, None);
        for (event, after) in story {
            now += after;
            for effect in session.observe(event, now) {
                match effect {
                    Effect::Begin { visit } => {
                        prop_assert_eq!(open.replace(visit), None);
                        asked = None;
                    }
                    Effect::Ask { until_ms } => {
                        prop_assert!(open.is_some());
                        prop_assert!(until_ms >= now + LEAST_QUESTION_MS);
                        asked = Some(now);
                    }
                    Effect::Resume => prop_assert!(asked.take().is_some()),
                    Effect::Reset { visit, by } => {
                        prop_assert_eq!(open.take(), Some(visit));
                        if by == Ending::Quiet {
                            prop_assert!(asked.is_some_and(|at| now - at >= LEAST_QUESTION_MS));
                        }
                    }
                }
            }
            if event == Event::Touch {
                let is_active = matches!(session.phase(), Phase::Active { .. });
                prop_assert!(is_active);
            }
            prop_assert_eq!(open.is_none(), session.phase() == Phase::Attract);
            prop_assert!(session.deadline().is_none_or(|due| due > now));
        }
    }

    /// Left alone, every kiosk comes back to nobody, within the longest patience.
    #[test]
    fn a_kiosk_that_is_left_alone_comes_to_rest(story in story()) {
        let mut session = session();
        let mut now = 0;
        for (event, after) in story {
            now += after;
            session.observe(event, now);
        }
        let longest = now + MOST_PLAYING_MS + 90_000 + 30_000;
        while let Some(due) = session.deadline() {
            session.observe(Event::Tick, due);
            prop_assert!(due <= longest);
        }
        prop_assert_eq!(session.phase(), Phase::Attract);
    }
}
