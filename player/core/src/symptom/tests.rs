use super::*;
use cotmoc_proto::device::EventKind;
use proptest::prelude::*;

fn door() -> Symptom {
    Symptom {
        trouble: Trouble::Door,
        subject: "cabinet".to_owned(),
    }
}

fn patient(raise_ms: u64, clear_ms: u64) -> Symptoms {
    Symptoms::new(BTreeMap::from([(door(), Patience { raise_ms, clear_ms })]))
}

/// What was told, and when.
type Told = Vec<(u64, Effect)>;
/// From and to.
type Spans = Vec<(u64, u64)>;

/// Feeds a square wave and the passage of time until everything has settled.
fn live(machine: &mut Symptoms, lengths: &[u64]) -> (Told, Spans) {
    let (mut at_ms, mut told, mut bouts) = (1_000, Vec::new(), Vec::new());
    let settle = |machine: &mut Symptoms, upto: u64, told: &mut Vec<_>| {
        while let Some(due) = machine.deadline().filter(|due| *due < upto) {
            let effects = machine.advance(due);
            told.extend(effects.into_iter().map(|effect| (due, effect)));
        }
    };
    for (index, length) in lengths.iter().enumerate() {
        let sign = Sign::when(index % 2 == 0);
        settle(machine, at_ms, &mut told);
        let effects = machine.observe(door(), sign, at_ms);
        told.extend(effects.into_iter().map(|effect| (at_ms, effect)));
        if sign == Sign::Present {
            bouts.push((at_ms, at_ms + length));
        }
        at_ms += length;
    }
    settle(machine, at_ms, &mut told);
    told.extend(
        machine
            .observe(door(), Sign::Absent, at_ms)
            .into_iter()
            .map(|effect| (at_ms, effect)),
    );
    settle(machine, u64::MAX, &mut told);
    (told, bouts)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn nothing_is_lost_nothing_is_early_and_each_ends_once(
        lengths in prop::collection::vec(1u64..300, 1..60),
        raise_ms in 0u64..200,
        clear_ms in 0u64..200,
    ) {
        let mut machine = patient(raise_ms, clear_ms);
        let (told, bouts) = live(&mut machine, &lengths);
        let mut open: Option<u64> = None;
        let mut spans = Vec::new();
        for (at_ms, effect) in &told {
            match effect {
                Effect::Raised { since_ms, .. } => {
                    prop_assert!(open.is_none(), "raised twice");
                    prop_assert!(*at_ms >= since_ms + raise_ms, "raised early");
                    prop_assert!(bouts.iter().any(|(from, _)| from == since_ms));
                    prop_assert!(
                        bouts.iter().any(|(from, to)| from <= at_ms && at_ms <= to),
                        "raised while nothing was there"
                    );
                    open = Some(*since_ms);
                }
                Effect::Cleared { since_ms, until_ms, .. } => {
                    prop_assert_eq!(open.take(), Some(*since_ms));
                    prop_assert_eq!(*at_ms, until_ms + clear_ms);
                    spans.push((*since_ms, *until_ms));
                }
                Effect::Remedy { .. } => prop_assert!(false, "a door has no remedy"),
            }
        }
        prop_assert!(open.is_none() && machine.standing().next().is_none());
        for (from, to) in bouts {
            let told = spans.iter().any(|(since, until)| *since <= from && to <= *until);
            prop_assert!(told || to - from <= raise_ms, "{from}..{to} is lost");
        }
    }

    #[test]
    fn flapping_costs_at_most_one_pair_per_patience(
        lengths in prop::collection::vec(1u64..50, 1..200),
    ) {
        let mut machine = patient(100, 400);
        let (told, _) = live(&mut machine, &lengths);
        let whole: u64 = lengths.iter().sum();
        let most = usize::try_from(2 * (1 + whole / 500)).unwrap();
        prop_assert!(told.len() <= most, "{} events in {whole} ms", told.len());
    }
}

#[test]
fn a_glitch_shorter_than_the_debounce_is_nothing() {
    let mut machine = patient(20, 20);
    assert_eq!(machine.observe(door(), Sign::Present, 0), []);
    assert_eq!(machine.observe(door(), Sign::Absent, 1), []);
    assert_eq!(machine.advance(1_000), []);
    assert_eq!(machine.deadline(), None);
}

#[test]
fn a_low_battery_is_told_first_and_then_the_board_is_switched_off_once() {
    let low = Symptom {
        trouble: Trouble::BatteryLow,
        subject: "ups".to_owned(),
    };
    let mut machine = Symptoms::default();
    let mut told = machine.observe(low.clone(), Sign::Present, 10_000);
    while let Some(due) = machine.deadline() {
        told.extend(machine.advance(due));
    }
    let raised = Effect::Raised {
        symptom: low.clone(),
        since_ms: 10_000,
    };
    let remedy = Remedy::PowerOff;
    let off = Effect::Remedy {
        symptom: low,
        remedy,
    };
    assert_eq!(told, [raised, off.clone()]);
    let now = Now {
        mono_ms: 14_000,
        wall: TimeMs(1_000_000),
    };
    let event = off.event(now);
    assert_eq!(event.kind, EventKind::PoweringOff);
    assert_eq!(event.detail["reason"], "battery-low");
}

#[test]
fn an_event_says_since_when_by_the_wall_clock() {
    let mut machine = Symptoms::default();
    machine.observe(door(), Sign::Present, 10_000);
    let effects = machine.advance(10_500);
    let now = Now {
        mono_ms: 10_500,
        wall: TimeMs(1_000_000),
    };
    let event = effects[0].event(now);
    assert_eq!(event.kind, EventKind::DoorOpened);
    assert_eq!(event.detail["line"], "cabinet");
    assert_eq!(event.detail["since_ms"], "999500");
    assert_eq!(event.detail["since_mono_ms"], "10000");
}

#[test]
fn mains_is_in_trouble_where_its_line_is_silent_and_every_other_where_it_speaks() {
    let roles = ["mains", "on-battery", "low-battery", "door", "tamper"];
    for role in roles.map(|role| role.parse::<Role>().unwrap()) {
        let active = role.sign(LineState::Active);
        assert_eq!(active == Sign::Absent, role == Role::Mains);
        assert_ne!(active, role.sign(LineState::Inactive));
    }
}
