use super::*;
use cotmoc_proto::resolve::{Picture, ScreenState, resolve};
use cotmoc_proto::time::HOUR;
use proptest::prelude::*;

/// 23/11/2026 00:00 at the border gate.
const MIDNIGHT: TimeMs = TimeMs(1_795_366_800_000);
const FLOOR: TimeMs = TimeMs(MIDNIGHT.0 - 3 * DAY);
const YEAR_2106: TimeMs = TimeMs(4_294_967_296_000);

/// A board: true time goes on with the boot clock, the system clock is off by what one likes.
struct Board {
    clock: Clock,
    mono_ms: u64,
    start: TimeMs,
    off_ms: Millis,
    support: Support,
    floor: TimeMs,
}

impl Board {
    fn at(start: TimeMs, support: Support) -> Self {
        Self {
            clock: Clock::new(ClockRules::default()),
            mono_ms: 20_000,
            start: start.plus(-20_000),
            off_ms: 0,
            support,
            floor: FLOOR,
        }
    }

    fn truth(&self) -> TimeMs {
        self.start.plus(i64::try_from(self.mono_ms).unwrap())
    }

    fn look(&mut self) -> Observed {
        let reading = Reading {
            mono_ms: self.mono_ms,
            system: self.truth().plus(self.off_ms),
            support: self.support,
            earliest_now: self.floor,
        };
        self.clock.observe(reading)
    }

    /// Lets time pass with a look every second.
    fn pass(&mut self, ms: Millis) -> Vec<Observed> {
        (0..ms / SECOND)
            .map(|_| {
                self.mono_ms += 1_000;
                self.look()
            })
            .collect()
    }
}

fn effects(seen: &[Observed]) -> Vec<ClockEffect> {
    seen.iter().flat_map(|one| one.effects.clone()).collect()
}

fn is_dark(belief: &Belief) -> bool {
    resolve(None, &ScreenState::default(), belief.moment()).picture == Picture::Dark
}

#[test]
fn a_supported_and_plausible_clock_is_believed_at_once() {
    let table = [
        (Support::Nothing, ClockQuality::Untrusted),
        (Support::Battery, ClockQuality::Held),
        (Support::Synchronised, ClockQuality::Synchronised),
        (Support::Operator, ClockQuality::Synchronised),
    ];
    for (support, quality) in table {
        let mut board = Board::at(MIDNIGHT, support);
        let seen = board.look();
        assert_eq!(seen.belief.quality, quality, "{support:?}");
        assert_eq!(seen.belief.now, MIDNIGHT);
        assert_eq!(seen.effects, [ClockEffect::QualityChanged { quality }]);
        assert_eq!(board.look().effects, []);
    }
}

#[test]
fn a_clock_before_the_earliest_or_far_past_it_is_not_believed() {
    for wrong in [
        TimeMs(0),
        FLOOR.plus(-1),
        FLOOR.plus(400 * DAY + 1),
        YEAR_2106,
    ] {
        for support in [Support::Battery, Support::Synchronised, Support::Operator] {
            let mut board = Board::at(wrong, support);
            let belief = board.look().belief;
            assert_eq!(belief.quality, ClockQuality::Untrusted, "{wrong:?}");
            assert_eq!(belief.now, wrong);
            assert!(
                !is_dark(&belief),
                "never dark by a clock that is not believed"
            );
        }
    }
}

#[test]
fn a_clock_that_comes_to_its_senses_is_believed_from_then_on() {
    let mut board = Board::at(MIDNIGHT, Support::Nothing);
    board.off_ms = -MIDNIGHT.0;
    assert!(!board.look().belief.is_trusted());
    board.off_ms = 0;
    board.support = Support::Synchronised;
    let seen = board.pass(SECOND);
    assert_eq!(seen[0].belief.quality, ClockQuality::Synchronised);
    assert_eq!(seen[0].belief.now, board.truth());
}

#[test]
fn a_clock_that_jumps_over_closing_time_and_back_never_darkens_the_wall() {
    for off_ms in [2 * HOUR, 5 * HOUR, -13 * HOUR, 90 * DAY, -MIDNIGHT.0] {
        let mut board = Board::at(MIDNIGHT.plus(21 * HOUR), Support::Synchronised);
        board.look();
        board.off_ms = off_ms;
        let mut seen = board.pass(9 * MINUTE);
        board.off_ms = 0;
        seen.extend(board.pass(40 * MINUTE));
        assert!(seen.iter().all(|one| !is_dark(&one.belief)), "{off_ms}");
        assert_eq!(seen.last().unwrap().belief.now, board.truth());
        let told = effects(&seen);
        assert_eq!(told[0], ClockEffect::Stepped { by_ms: off_ms });
        let steps = told
            .iter()
            .filter(|e| matches!(e, ClockEffect::Stepped { .. }));
        assert_eq!(steps.count(), 1);
        assert!(
            !told
                .iter()
                .any(|e| matches!(e, ClockEffect::Followed { .. }))
        );
    }
}

#[test]
fn a_step_is_followed_when_it_has_stood_supported_for_ten_minutes() {
    for support in [Support::Battery, Support::Synchronised, Support::Operator] {
        let mut board = Board::at(MIDNIGHT, support);
        board.look();
        board.off_ms = HOUR;
        let seen = board.pass(10 * MINUTE);
        assert!(
            effects(&seen)
                .iter()
                .all(|e| !matches!(e, ClockEffect::Followed { .. }))
        );
        assert_eq!(seen.last().unwrap().belief.quality, ClockQuality::Held);
        assert_eq!(seen.last().unwrap().belief.now, board.truth());
        assert_eq!(board.clock.deadline(), Some(board.mono_ms + 1_000));
        let seen = board.pass(SECOND);
        assert_eq!(seen[0].effects[0], ClockEffect::Followed { by_ms: HOUR });
        assert_eq!(seen[0].belief.now, board.truth().plus(HOUR));
        assert_eq!(board.clock.deadline(), None);
    }
}

#[test]
fn a_step_that_nothing_supports_is_never_followed() {
    let mut board = Board::at(MIDNIGHT.plus(12 * HOUR), Support::Synchronised);
    board.look();
    board.support = Support::Nothing;
    board.off_ms = 12 * HOUR;
    let seen = board.pass(3 * HOUR);
    assert!(
        seen.iter()
            .all(|one| one.belief.quality == ClockQuality::Held)
    );
    assert_eq!(seen.last().unwrap().belief.now, board.truth());
}

#[test]
fn a_step_out_of_reason_is_never_followed() {
    for wrong in [TimeMs(0), YEAR_2106] {
        let mut board = Board::at(MIDNIGHT.plus(12 * HOUR), Support::Synchronised);
        board.look();
        board.off_ms = wrong.since(board.truth());
        let seen = board.pass(3 * HOUR);
        assert_eq!(seen.last().unwrap().belief.now, board.truth());
        assert!(
            seen.iter()
                .all(|one| one.belief.quality == ClockQuality::Held)
        );
    }
}

#[test]
fn many_small_steps_move_the_time_no_faster_than_it_is_slewed() {
    let mut board = Board::at(MIDNIGHT, Support::Battery);
    board.look();
    for _ in 0..240 {
        board.off_ms += 1_500;
        board.pass(MINUTE);
    }
    let moved = board.look().belief.now.since(board.truth());
    assert!(moved <= 4 * HOUR / 2_000, "moved by {moved} ms in 4 h");
}

#[test]
fn a_small_difference_is_removed_gently() {
    let mut board = Board::at(MIDNIGHT, Support::Synchronised);
    board.look();
    board.off_ms = -1_000;
    let seen = board.pass(200 * SECOND);
    for pair in seen.windows(2) {
        let step = pair[1].belief.now.since(pair[0].belief.now);
        assert!((995..=1_000).contains(&step), "{step} ms in a second");
    }
    assert_eq!(seen.last().unwrap().belief.now, board.truth().plus(-1_000));
    assert_eq!(effects(&seen), []);
}

#[test]
fn a_suspended_board_wakes_up_on_time() {
    let mut board = Board::at(MIDNIGHT, Support::Synchronised);
    board.look();
    board.mono_ms += 8 * 3_600_000;
    let seen = board.look();
    assert_eq!(seen.belief.now, MIDNIGHT.plus(8 * HOUR));
    assert_eq!(seen.effects, []);
}

#[test]
fn a_time_that_a_signed_document_proves_wrong_is_given_up() {
    let mut board = Board::at(MIDNIGHT, Support::Battery);
    board.look();
    board.floor = MIDNIGHT.plus(2 * DAY);
    let seen = board.pass(SECOND);
    assert_eq!(seen[0].belief.quality, ClockQuality::Untrusted);
    board.off_ms = 2 * DAY;
    board.support = Support::Synchronised;
    let seen = board.pass(SECOND);
    assert_eq!(seen[0].belief.quality, ClockQuality::Synchronised);
    assert_eq!(seen[0].belief.now, board.truth().plus(2 * DAY));
}

#[test]
fn a_signed_document_can_prove_the_kept_time_wrong_and_the_system_right() {
    let mut board = Board::at(MIDNIGHT, Support::Battery);
    board.look();
    board.off_ms = 3 * DAY;
    board.support = Support::Synchronised;
    assert_eq!(board.pass(SECOND)[0].belief.now, board.truth());
    board.floor = MIDNIGHT.plus(2 * DAY);
    let seen = board.pass(SECOND);
    assert!(
        seen[0]
            .effects
            .contains(&ClockEffect::Followed { by_ms: 3 * DAY })
    );
    assert_eq!(seen[0].belief.now, board.truth().plus(3 * DAY));
}

fn support() -> impl Strategy<Value = Support> {
    prop::sample::select(vec![
        Support::Nothing,
        Support::Battery,
        Support::Synchronised,
        Support::Operator,
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn time_goes_back_only_when_a_step_is_followed_or_nothing_is_believed(
        story in prop::collection::vec(
            (prop_oneof![-3_000_i64..3_000, -5 * DAY..5 * DAY], support(), 1_u64..900_000),
            1..60,
        ),
    ) {
        let mut board = Board::at(MIDNIGHT, Support::Synchronised);
        let mut last = board.look().belief;
        for (off_ms, support, wait_ms) in story {
            board.off_ms = off_ms;
            board.support = support;
            board.mono_ms += wait_ms;
            let seen = board.look();
            let waited = i64::try_from(wait_ms).unwrap();
            let followed = seen.effects.iter().any(|e| matches!(e, ClockEffect::Followed { .. }));
            if last.is_trusted() && seen.belief.is_trusted() && !followed {
                let went = seen.belief.now.since(last.now);
                prop_assert!(went >= 0);
                prop_assert!((went - waited).abs() <= waited * 5 / 1_000 + 1);
            }
            if !seen.belief.is_trusted() {
                prop_assert_eq!(seen.belief.now, board.truth().plus(off_ms));
            }
            last = seen.belief;
        }
    }

    #[test]
    fn no_reading_at_all_makes_it_panic(
        story in prop::collection::vec((any::<u64>(), any::<i64>(), support(), any::<i64>()), 1..30),
    ) {
        let mut clock = Clock::new(ClockRules::default());
        for (mono_ms, system, support, floor) in story {
            let seen = clock.observe(Reading {
                mono_ms,
                system: TimeMs(system),
                support,
                earliest_now: TimeMs(floor),
            });
            let is_told = seen.belief.is_trusted() || seen.belief.now == TimeMs(system);
            prop_assert!(is_told);
        }
    }
}
