//! Random stories of two walls and a kiosk, heartbeat by heartbeat: the cluster's incident is open exactly
//! while the rule says that the cluster has stopped, and is dated by the component that completed the stop.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers of a test too"
)]

use cotmoc_controller_core::cause::{Cause, Source};
use cotmoc_controller_core::cluster::{About, Rule, StopsWhen};
use cotmoc_controller_core::incident::{Duty, Entry, Extent, Incident, State, What};
use cotmoc_controller_core::law::{Law, Laws};
use cotmoc_controller_core::liveness::{Beat, Liveness, Patience, Phase};
use cotmoc_controller_core::watch::{Plan, Scene, Verdict, Watched};
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::time::{HOUR, MINUTE, Millis, SECOND};
use cotmoc_proto::window::OperatingWindow;
use cotmoc_proto::{DeviceId, TimeMs};
use proptest::prelude::*;

/// 24/11/2026 09:00 at Lào Cai.
const START: TimeMs = TimeMs(1_795_485_600_000);
const BEAT: Millis = 20 * SECOND;
const PARTS: [(&str, ScreenKind); 3] = [
    ("W01", ScreenKind::Wall),
    ("W02", ScreenKind::Wall),
    ("K01", ScreenKind::Kiosk),
];

fn at(minute: i64) -> TimeMs {
    START.plus(minute * MINUTE)
}

fn name(index: usize) -> DeviceId {
    PARTS[index].0.parse().unwrap()
}

/// What a component does for some heartbeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Well,
    Bad,
    Silent,
}

/// A cluster, its devices and the logs of its incidents.
struct Desk {
    scene: Scene,
    watches: Vec<Liveness>,
    logs: Vec<Vec<Entry>>,
    newest: Option<Incident>,
}

impl Desk {
    fn new(when: &[StopsWhen]) -> Self {
        let part = |index: usize| Watched {
            device: name(index),
            kind: PARTS[index].1,
            phase: Phase::Well,
            cause: Cause::Unknown,
        };
        let rule = Rule {
            when: when.iter().copied().collect(),
            ..Rule::default()
        };
        Self {
            scene: Scene {
                about: About::default(),
                extent: Extent::Cluster,
                rule,
                window: OperatingWindow::default(),
                laws: Laws::default(),
                parts: (0..PARTS.len()).map(part).collect(),
            },
            watches: vec![Liveness::new(START); PARTS.len()],
            logs: Vec::new(),
            newest: None,
        }
    }

    /// One second, with the heartbeats that arrive in it.
    fn second(&mut self, now: TimeMs, beats: [Option<Beat>; 3]) {
        let patience = Patience::default();
        for (index, watch) in self.watches.iter_mut().enumerate() {
            if let Some(beat) = beats[index] {
                watch.beat(&patience, beat, now);
            }
            watch.tick(&patience, now);
            self.scene.parts[index].phase = watch.phase();
        }
        self.plan(now);
        let again = self.scene.plan(self.newest.as_ref(), now);
        assert_eq!(
            again,
            Plan::Follow(Vec::new()),
            "a plan leaves nothing to do"
        );
    }

    fn plan(&mut self, now: TimeMs) {
        match self.scene.plan(self.newest.as_ref(), now) {
            Plan::Open(whats) => {
                self.newest = None;
                self.logs.push(Vec::new());
                self.add(now, whats);
            }
            Plan::Follow(whats) => self.add(now, whats),
        }
    }

    fn add(&mut self, at_ms: TimeMs, whats: Vec<What>) {
        for what in whats {
            let entry = Entry { at_ms, what };
            match &mut self.newest {
                Some(incident) => incident.add(&entry).unwrap(),
                None => self.newest = Some(Incident::open(&entry).unwrap()),
            }
            self.logs.last_mut().unwrap().push(entry);
        }
    }

    fn state(&self) -> Option<State> {
        self.newest.as_ref().map(Incident::state)
    }

    /// Every heartbeat from `from` to `to` minutes, each component doing one thing.
    fn run(&mut self, (from, to): (i64, i64), doing: [Doing; 3]) {
        for second in from * 60..to * 60 {
            let now = START.plus(second * SECOND);
            let is_beat = (second * SECOND) % BEAT == 0;
            self.second(now, doing.map(|one| one.beat().filter(|_| is_beat)));
        }
    }
}

impl Doing {
    const fn beat(self) -> Option<Beat> {
        match self {
            Self::Well => Some(Beat::Well),
            Self::Bad => Some(Beat::Bad),
            Self::Silent => None,
        }
    }
}

use Doing::{Bad, Silent, Well};

#[test]
fn a_power_cut_of_two_walls_and_a_kiosk_is_one_incident_that_names_all_three() {
    let mut desk = Desk::new(&[StopsWhen::EveryWall, StopsWhen::AnyKiosk]);
    desk.run((0, 1), [Well; 3]);
    desk.run((1, 30), [Silent; 3]);
    desk.run((30, 40), [Well; 3]);
    assert_eq!(desk.logs.len(), 1, "{:#?}", desk.logs);
    let incident = desk.newest.clone().unwrap();
    assert_eq!(incident.state(), State::Resolved);
    assert_eq!(incident.occurred(), at(1).plus(-BEAT));
    let What::Opened(opening) = &desk.logs[0][0].what else {
        panic!("{:?}", desk.logs[0][0]);
    };
    let parts = &opening.scope.as_ref().unwrap().parts;
    assert!(parts.iter().all(|part| part.down_ms.is_some()), "{parts:?}");
    assert_eq!(incident.down().unwrap().len(), 0, "all are back");
}

#[test]
fn one_of_two_walls_is_no_stop_until_the_other_fails_and_that_one_dates_it() {
    let mut desk = Desk::new(&[StopsWhen::EveryWall]);
    desk.run((0, 10), [Well, Well, Well]);
    desk.run((10, 30), [Silent, Well, Well]);
    assert_eq!(desk.state(), None);
    assert_eq!(desk.scene.verdict(at(30)), Verdict::Stable);
    desk.run((30, 35), [Silent, Silent, Well]);
    let incident = desk.newest.clone().unwrap();
    assert_eq!(incident.occurred(), at(30).plus(-BEAT));
    assert_eq!(incident.source(), Source::Silence);
    // One wall that is back ends the stop; the other is a fault.
    desk.run((35, 40), [Silent, Well, Well]);
    assert_eq!(desk.state(), Some(State::Resolved));
    let fault = desk.scene.of_fault(&name(0)).plan(None, at(40));
    assert!(matches!(fault, Plan::Open(_)), "{fault:?}");
}

#[test]
fn evidence_counts_only_of_the_component_that_completed_the_stop() {
    let mut desk = Desk::new(&[StopsWhen::EveryWall]);
    desk.run((0, 10), [Well, Well, Well]);
    desk.run((10, 30), [Silent, Well, Silent]);
    desk.run((30, 35), [Silent, Silent, Silent]);
    let evidence = |index, minute| What::Evidence {
        source: Source::Device,
        cause: Some(Cause::Power),
        occurred_ms: Some(at(minute)),
        stopped_ms: None,
        device: Some(name(index)),
    };
    let occurred = |desk: &Desk| desk.newest.as_ref().unwrap().occurred();
    desk.add(at(35), vec![evidence(0, 12)]);
    assert_eq!(
        occurred(&desk),
        at(30).plus(-BEAT),
        "the first had failed before"
    );
    desk.add(at(35), vec![evidence(2, 11)]);
    assert_eq!(
        occurred(&desk),
        at(30).plus(-BEAT),
        "a kiosk does not count"
    );
    desk.add(at(35), vec![evidence(1, 31)]);
    assert_eq!(occurred(&desk), at(31));
    assert_eq!(desk.newest.as_ref().unwrap().source(), Source::Device);
    // It was the network that hid the first wall: it had gone on for longer than the second.
    desk.add(at(36), vec![evidence(0, 11)]);
    assert_eq!(occurred(&desk), at(31));
    assert_eq!(desk.newest.as_ref().unwrap().cause(), Cause::Power);
}

#[test]
fn what_two_people_have_dismissed_is_no_new_incident_until_it_stops_again() {
    let mut desk = Desk::new(&[StopsWhen::EveryWall]);
    desk.run((0, 1), [Well, Well, Well]);
    desk.run((1, 10), [Silent, Silent, Well]);
    let proposed = What::DismissalProposed {
        by: "lan".to_owned(),
        proof: "the journal shows every frame".to_owned(),
    };
    let dismissed = What::Dismissed {
        by: "minh".to_owned(),
    };
    desk.add(at(10), vec![proposed, dismissed]);
    desk.run((10, 20), [Silent, Silent, Well]);
    assert_eq!(desk.logs.len(), 1, "it is the same silence");
    desk.run((20, 22), [Well, Well, Well]);
    // Within the time of recovery: a stop all the same.
    desk.run((22, 30), [Silent, Silent, Well]);
    assert_eq!(desk.logs.len(), 2);
    assert_eq!(desk.state(), Some(State::Open));
}

#[test]
fn a_fault_has_no_hour_and_becomes_part_of_the_stop() {
    let mut desk = Desk::new(&[StopsWhen::EveryWall]);
    desk.run((0, 1), [Well, Well, Well]);
    desk.run((1, 10), [Silent, Well, Well]);
    let Plan::Open(lines) = desk.scene.of_fault(&name(0)).plan(None, at(10)) else {
        panic!("no fault");
    };
    let entry = |what| Entry {
        at_ms: at(10),
        what,
    };
    let log: Vec<Entry> = lines.into_iter().map(entry).collect();
    let mut fault = Incident::replay(&log).unwrap();
    assert_eq!(fault.duty(at(600)), Duty::NotDue);
    let joined = What::Joined {
        incident: "gate-1".to_owned(),
    };
    fault.add(&entry(joined.clone())).unwrap();
    assert_eq!(fault.state(), State::Closed);
    assert!(!fault.covers(at(0)), "another fault may follow");
    desk.run((10, 15), [Silent, Silent, Well]);
    let mut stop = desk.newest.clone().unwrap();
    stop.add(&entry(joined)).unwrap_err();
}

#[test]
fn the_numbers_are_those_of_the_day_on_which_the_hour_began() {
    let short = Law {
        duty_ms: 30 * MINUTE,
        ..Law::default()
    };
    let mut desk = Desk::new(&[StopsWhen::EveryWall]);
    desk.scene.laws = Laws::default().with(at(10), short);
    desk.run((0, 9), [Well, Well, Well]);
    desk.run((9, 15), [Silent, Silent, Well]);
    let deadline = |desk: &Desk| desk.newest.as_ref().unwrap().deadline();
    assert_eq!(deadline(&desk), at(9).plus(HOUR - BEAT));
    // It began later than was thought, under the new numbers; its log alone says so.
    let evidence = |index| What::Evidence {
        source: Source::Device,
        cause: None,
        occurred_ms: Some(at(10).plus(10 * SECOND)),
        stopped_ms: None,
        device: Some(name(index)),
    };
    desk.add(at(15), vec![evidence(0), evidence(1)]);
    assert_eq!(deadline(&desk), at(10).plus(30 * MINUTE + 10 * SECOND));
    let text = serde_json::to_string(&desk.logs[0]).unwrap();
    let log: Vec<Entry> = serde_json::from_str(&text).unwrap();
    assert_eq!(
        Incident::replay(&log).as_ref(),
        Ok(desk.newest.as_ref().unwrap())
    );
}

/// A log as the version before wrote it: no components, no numbers.
#[test]
fn a_log_of_before_is_read_as_it_was_meant() {
    let text = r#"[
        {"at_ms": 1795485720000, "what": {"opened": {"cause": "unknown", "last_proof_ms": 1795485600000,
            "window": {"zone": "Asia/Ho_Chi_Minh", "opens": "07:00", "closes": "22:00", "quota_min": 840}}}},
        {"at_ms": 1795485780000, "what": {"evidence": {"source": "device", "cause": "power",
            "occurred_ms": 1795485610000, "stopped_ms": null}}},
        {"at_ms": 1795485800000, "what": "recovered"}]"#;
    let log: Vec<Entry> = serde_json::from_str(text).unwrap();
    let incident = Incident::replay(&log).unwrap();
    assert_eq!(incident.occurred(), START.plus(10 * SECOND));
    assert_eq!(incident.deadline(), START.plus(HOUR + 10 * SECOND));
    assert_eq!((incident.cause(), incident.down()), (Cause::Power, None));
}

fn doing() -> impl Strategy<Value = [Doing; 3]> {
    let one = || prop::sample::select(vec![Well, Well, Bad, Silent]);
    (one(), one(), one()).prop_map(|(a, b, c)| [a, b, c])
}

fn rules() -> impl Strategy<Value = Vec<StopsWhen>> {
    prop::sample::subsequence(StopsWhen::ALL.to_vec(), 1..=StopsWhen::ALL.len())
}

/// The rule once more, written down as people say it. `down` are those that count.
fn says(when: &[StopsWhen], down: [bool; 3]) -> bool {
    let [first, second, kiosk] = down;
    when.iter().any(|one| match one {
        StopsWhen::EveryWall => first && second,
        StopsWhen::AnyWall => first || second,
        StopsWhen::EveryKiosk | StopsWhen::AnyKiosk => kiosk,
        StopsWhen::Everything => first && second && kiosk,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The incident is open exactly while the rule holds, begins with the last proof of whoever completed
    /// it, and its log alone gives it again.
    #[test]
    fn the_incident_is_open_exactly_while_the_rule_says_so(
        when in rules(),
        steps in prop::collection::vec((doing(), 1..12_i64), 1..8),
    ) {
        let mut desk = Desk::new(&when);
        let mut second = 0;
        let mut last_well = [START; 3];
        for (doing, minutes) in steps {
            for _ in 0..minutes * 60 {
                let now = START.plus(second * SECOND);
                let is_beat = (second * SECOND) % BEAT == 0;
                let beats = doing.map(|one| one.beat().filter(|_| is_beat));
                for (last, beat) in last_well.iter_mut().zip(beats) {
                    if beat == Some(Beat::Well) {
                        *last = now;
                    }
                }
                let opened = desk.logs.len();
                desk.second(now, beats);
                let is_stopped = |index: usize| matches!(desk.watches[index].phase(), Phase::Stopped(_));
                let kiosk = is_stopped(2) && now.since(last_well[2]) >= 15 * MINUTE;
                let down = [is_stopped(0), is_stopped(1), kiosk];
                prop_assert_eq!(desk.state() == Some(State::Open), says(&when, down));
                if desk.logs.len() > opened {
                    // No smaller set of those that had failed earlier would have stopped it.
                    let since = desk.newest.as_ref().unwrap().begins();
                    let upto = |limit: TimeMs| {
                        let mut counted = down;
                        for (index, counts) in counted.iter_mut().enumerate() {
                            *counts &= last_well[index] <= limit;
                        }
                        says(&when, counted)
                    };
                    let said_by_device = desk.logs.last().unwrap().len() > 1;
                    prop_assert!(said_by_device || upto(since));
                    prop_assert!(said_by_device || !upto(since.plus(-1)));
                }
                second += 1;
            }
        }
        for log in &desk.logs {
            Incident::replay(log).unwrap();
        }
        if let Some(log) = desk.logs.last() {
            prop_assert_eq!(&Incident::replay(log).unwrap(), desk.newest.as_ref().unwrap());
        }
    }
}
