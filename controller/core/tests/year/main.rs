//! A year of one cluster, heartbeat by heartbeat, with faults of every cause, a controller that
//! crashes and goes away, and mail that fails. The ledger and the book of incidents must give what
//! the model painted independently, second for second.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers of a test too"
)]

mod model;

use cotmoc_controller_core::cause::{Cause, Source};
use cotmoc_controller_core::incident::{Duty, Entry, Incident, Opening, State, What};
use cotmoc_controller_core::ledger::{Air, Book, Span, Stop, Totals, days};
use cotmoc_controller_core::liveness::{Beat, Change, Liveness, Patience};
use cotmoc_controller_core::stage::Table;
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{DAY, HOUR, MINUTE, Millis};
use cotmoc_proto::window::OperatingWindow;
use model::{
    BEAT, DAYS, Dice, Fault, MIDNIGHT, Model, STEP, WALLS, is_open, of_day, on_air, painted, within,
};
use std::collections::{BTreeMap, BTreeSet};

struct Case {
    id: String,
    wall: usize,
    log: Vec<Entry>,
    incident: Incident,
    next: Option<TimeMs>,
}

/// The controller: what survives it is the logs and the outbox.
struct Controller {
    patience: Patience,
    table: Table,
    window: OperatingWindow,
    walls: Vec<(Liveness, TimeMs)>,
    cases: Vec<Case>,
    outbox: BTreeSet<(usize, String)>,
    /// What the department has from whom, and when its officer confirms.
    confirming: BTreeMap<usize, TimeMs>,
}

impl Controller {
    fn new() -> Self {
        Self {
            patience: Patience::default(),
            table: Table::default(),
            window: OperatingWindow::default(),
            walls: vec![(Liveness::new(MIDNIGHT), MIDNIGHT); WALLS],
            cases: Vec::new(),
            outbox: BTreeSet::new(),
            confirming: BTreeMap::new(),
        }
    }

    fn add(&mut self, case: usize, now: TimeMs, what: What) {
        let entry = Entry { at_ms: now, what };
        let case = &mut self.cases[case];
        case.incident.add(&entry).unwrap();
        case.log.push(entry);
        case.next = Some(now);
    }

    /// What the watch adds; of what was dismissed there is nothing more to say.
    fn follow(&mut self, case: Option<usize>, now: TimeMs, what: What) {
        let case = case.unwrap();
        if self.cases[case].incident.state() != State::Dismissed {
            self.add(case, now, what);
        }
    }

    fn open(&mut self, wall: usize, now: TimeMs, cause: Cause, last_proof_ms: TimeMs) -> usize {
        let opening = Opening::new(cause, last_proof_ms, self.window.clone());
        let entry = Entry {
            at_ms: now,
            what: What::Opened(opening),
        };
        self.cases.push(Case {
            id: format!("wall-{wall}-{}", self.cases.len()),
            wall,
            incident: Incident::open(&entry).unwrap(),
            log: vec![entry],
            next: Some(now),
        });
        self.cases.len() - 1
    }

    fn restart(&mut self, now: TimeMs) {
        for case in &mut self.cases {
            let again = Incident::replay(&case.log).unwrap();
            assert_eq!(again, case.incident);
            case.incident = again;
            case.next = Some(now);
        }
        for wall in 0..WALLS {
            let last = self.walls[wall].1;
            let newest = self
                .newest(wall)
                .map(|case| self.cases[case].incident.state());
            let mut liveness = match newest {
                Some(State::Open | State::Recovering) => Liveness::stopped(last, last),
                Some(State::Resolved | State::Closed | State::Dismissed) | None => {
                    Liveness::new(last)
                }
            };
            liveness.resume(&self.patience, now);
            self.walls[wall].0 = liveness;
        }
    }

    fn newest(&self, wall: usize) -> Option<usize> {
        let is_stop = |case: &Case| case.wall == wall && case.incident.cause() != Cause::Access;
        self.cases.iter().rposition(is_stop)
    }

    /// A heartbeat, then time.
    fn hear(&mut self, wall: usize, beat: Option<Beat>, now: TimeMs) {
        let watched = &mut self.walls[wall];
        let heard = beat.and_then(|beat| {
            watched.1 = now;
            watched.0.beat(&self.patience, beat, now)
        });
        let ticked = self.walls[wall].0.tick(&self.patience, now);
        for change in heard.into_iter().chain(ticked) {
            let newest = self.newest(wall);
            match change {
                Change::Suspected | Change::Cleared => {}
                Change::Recovering => self.follow(newest, now, What::Recovered),
                Change::Resolved => self.follow(newest, now, What::Resolved),
                Change::Relapsed => self.follow(newest, now, What::Relapsed),
                Change::Stopped { last_proof, .. } => {
                    let again = newest.filter(|case| {
                        let incident = &self.cases[*case].incident;
                        let resolved = incident.resolved();
                        incident.state() == State::Resolved
                            && resolved.is_some_and(|at| now.since(at) <= 10 * MINUTE)
                    });
                    match again {
                        Some(case) => self.add(case, now, What::Relapsed),
                        None => drop(self.open(wall, now, Cause::Unknown, last_proof)),
                    }
                }
            }
        }
    }

    /// What the device's journal says of a fault; `true` once there was something to say it of.
    fn told(&mut self, fault: &Fault, now: TimeMs, at: Millis) -> bool {
        let (begin, is_over) = (MIDNIGHT.plus(fault.begin()), fault.end() <= at);
        if fault.cause == Cause::Access {
            let case = self.open(fault.wall, now, Cause::Access, begin);
            self.evidence(case, now, fault, Some(begin));
            return true;
        }
        let newest = self.newest(fault.wall).filter(|case| {
            let incident = &self.cases[*case].incident;
            incident.recovered().is_none_or(|then| then >= begin)
        });
        let Some(case) = newest else {
            if is_over && !fault.is_blip() && fault.is_dark() {
                let case = self.open(fault.wall, now, fault.cause, begin);
                self.evidence(case, now, fault, Some(begin));
                self.add(case, now, What::Resolved);
            }
            return is_over;
        };
        self.evidence(case, now, fault, fault.is_dark().then_some(begin));
        if !fault.is_dark() {
            let proof = "every frame was shown".to_owned();
            let by = "lan".to_owned();
            self.add(case, now, What::DismissalProposed { by, proof });
            let by = "minh".to_owned();
            self.add(case, now, What::Dismissed { by });
        }
        true
    }

    fn evidence(&mut self, case: usize, now: TimeMs, fault: &Fault, begin: Option<TimeMs>) {
        let what = What::Evidence {
            source: Source::Device,
            cause: Some(fault.cause),
            occurred_ms: begin,
            stopped_ms: begin,
            device: None,
        };
        self.add(case, now, what);
    }

    /// Into the outbox first, noted after; `dies` in between.
    fn escalate(&mut self, now: TimeMs, dies: bool) {
        for index in 0..self.cases.len() {
            let case = &self.cases[index];
            if case.next.is_none_or(|at| now < at) {
                continue;
            }
            let calls = self.table.due(&case.incident, false, now);
            for call in calls {
                if call.to.iter().any(|audience| audience.is_department()) {
                    self.outbox.insert((index, call.stage.clone()));
                }
                if !dies {
                    self.add(index, now, What::Fired { stage: call.stage });
                }
            }
            let case = &mut self.cases[index];
            case.next = self.table.next(&case.incident, now);
        }
    }

    /// The department's provider takes notices over while a way works; its officer confirms later.
    fn deliver(&mut self, now: TimeMs, works: bool, dice: &mut Dice) {
        let sent = if works {
            std::mem::take(&mut self.outbox)
        } else {
            BTreeSet::new()
        };
        for (case, _) in sent {
            if self.cases[case].incident.accepted().is_none() {
                self.add(case, now, What::Accepted);
                let later = now.plus(dice.beats(MINUTE, 3 * HOUR));
                self.confirming.insert(case, later);
            }
        }
        let mut due = self.confirming.iter().filter(|(_, at)| **at <= now);
        if let Some(case) = due.next().map(|(case, _)| *case) {
            self.confirming.remove(&case);
            let by = "sở".to_owned();
            self.add(case, now, What::Confirmed { by });
        }
    }
}

/// Lives through the year.
fn live(model: &Model, dice: &mut Dice) -> Controller {
    let mut controller = Controller::new();
    let mut untold: Vec<&Fault> = model.faults.iter().collect();
    untold.sort_by_key(|fault| fault.begin());
    let mut opened: Vec<(usize, Millis)> = Vec::new();
    let (mut was_away, mut today) = (false, Vec::new());
    for at in (0..DAYS * DAY).step_by(usize::try_from(STEP).unwrap()) {
        let now = MIDNIGHT.plus(at);
        if at % DAY == 0 {
            today = of_day(&model.faults, at);
        }
        if within(&model.away, at) {
            was_away = true;
            continue;
        }
        let dies = model.crashes.contains(&at);
        if std::mem::take(&mut was_away) {
            controller.restart(now);
        }
        let begun = untold.iter().take_while(|f| f.begin() <= at);
        let current: Vec<&Fault> = begun.copied().collect();
        for wall in 0..WALLS {
            let bad = today.iter().find(|f| f.wall == wall && f.holds(at));
            let is_silent = bad.is_some_and(|f| f.is_silent);
            let is_bad = bad.is_some_and(|f| f.is_dark()) && is_open(at);
            let beat = if is_bad { Beat::Bad } else { Beat::Well };
            let beat = (at % BEAT == 0 && !is_silent).then_some(beat);
            controller.hear(wall, beat, now);
            for fault in current.iter().filter(|f| f.wall == wall && beat.is_some()) {
                let is_settled = !fault.is_silent || fault.end() <= at;
                if is_settled && controller.told(fault, now, at) {
                    untold.retain(|one| !std::ptr::eq(*one, *fault));
                    if fault.cause == Cause::Access {
                        opened.push((controller.cases.len() - 1, fault.end()));
                    }
                }
            }
        }
        for (case, _) in opened.extract_if(.., |(_, end)| *end <= at) {
            controller.add(case, now, What::Resolved);
        }
        controller.escalate(now, dies);
        if dies {
            controller.restart(now);
        }
        let works = model.down.iter().any(|down| !within(down, at));
        controller.deliver(now, works && at % MINUTE == 0, dice);
    }
    controller
}

#[test]
fn the_ledger_and_the_book_of_a_year_give_what_the_model_knows() {
    let mut dice = Dice(104);
    let model = Model::draw(&mut dice);
    let controller = live(&model, &mut dice);
    let end = MIDNIGHT.plus(DAYS * DAY);
    let year = Span {
        from_ms: MIDNIGHT,
        to_ms: end,
    };
    let stops = controller.cases.iter();
    let stops: Vec<Stop> = stops
        .filter_map(|case| Stop::of(&case.id, &case.incident, end))
        .collect();
    let air = Air {
        lit: on_air(&model),
        dark: vec![year],
    };
    let ledger = days(&controller.window, year, &air, &stops);
    let totals = Totals::of(&ledger);
    let (required, on_air, by, unexplained) = painted(&model);
    assert_eq!(totals.days, 365);
    assert_eq!(totals.required_ms, required);
    assert_eq!(totals.on_air_ms, on_air);
    assert_eq!(totals.unexplained_ms, unexplained);
    assert_eq!(totals.required_ms, totals.on_air_ms + totals.missing_ms());
    assert!(unexplained > 0, "some stops were too short to be seen");

    let cases = controller.cases.iter();
    let book = Book::of(cases.map(|c| (c.id.as_str(), &c.incident)), &ledger, end);
    let mut expected: BTreeMap<Cause, (usize, Millis)> = BTreeMap::new();
    for (fault, stopped) in model.faults.iter().zip(by).filter(|(f, _)| !f.is_blip()) {
        let tally = expected.entry(fault.cause).or_default();
        *tally = (tally.0 + 1, tally.1 + stopped);
    }
    let found = book.by_cause.iter();
    let found: BTreeMap<_, _> = found
        .map(|(cause, tally)| (*cause, (tally.incidents, tally.stopped_ms)))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(expected.len(), 8, "every cause has occurred");
    assert_eq!(book.stopped_ms(), totals.explained_ms);
    let outcomes = book.satisfied + book.breached + book.running + book.not_due;
    assert_eq!(outcomes, controller.cases.len());
    assert_eq!(book.running, 0);
    check_duty(&model, &controller, end);
}

/// Late only where nobody could know, or no way out worked, until the hour was over.
fn check_duty(model: &Model, controller: &Controller, end: TimeMs) {
    let (mut satisfied, mut breached, mut not_due) = (0, 0, 0);
    for case in &controller.cases {
        let incident = &case.incident;
        let deadline = incident.deadline().since(MIDNIGHT);
        let detected = incident.detected().since(MIDNIGHT);
        let margin = if incident.cause().is_security() {
            HOUR
        } else {
            15 * MINUTE
        };
        let could_be_told = |from: Millis| {
            let minutes = (from.max(0) + MINUTE - 1) / MINUTE..=deadline / MINUTE;
            minutes.map(|minute| minute * MINUTE).any(|at| {
                let works = model.down.iter().any(|down| !within(down, at));
                works && !within(&model.away, at) && !model.crashes.contains(&at)
            })
        };
        match incident.duty(end) {
            Duty::Satisfied { .. } => {
                satisfied += 1;
                assert!(could_be_told(detected), "{}: told by no way", case.id);
            }
            Duty::Breached { .. } => {
                breached += 1;
                let due = detected.max(deadline - margin) + STEP;
                assert!(!could_be_told(due), "{}: late for no reason", case.id);
            }
            Duty::NotDue => {
                not_due += 1;
                let is_nights = incident.begins() > incident.recovered().unwrap();
                assert!(is_nights || incident.state() == State::Dismissed);
            }
            Duty::Running { .. } => panic!("{}: the year is over", case.id),
        }
    }
    assert!(
        satisfied > 100 && breached > 0 && not_due > 0,
        "{satisfied} {breached} {not_due}"
    );
}
