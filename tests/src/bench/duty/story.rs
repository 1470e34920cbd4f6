//! One incident as it goes: the fault, a controller that is killed, providers that fail, a wall
//! clock that jumps. What decides is the controller's own crates; the disk, the providers and the
//! department's mailbox are modelled: what is on the disk stays, what is sent has arrived.

use cotmoc_controller_core::cause::{Cause, Source};
use cotmoc_controller_core::clock::{Reading, TrustedClock};
use cotmoc_controller_core::incident::{Entry, Incident, Opening, What};
use cotmoc_controller_core::liveness::{Beat, Change, Liveness, Patience};
use cotmoc_controller_core::stage::Table;
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use cotmoc_proto::window::OperatingWindow;
use std::collections::BTreeMap;

/// 24/11/2026 00:00 at Lào Cai.
const MIDNIGHT: TimeMs = TimeMs(1_795_453_200_000);
const STEP: Millis = 10 * SECOND;
const BEAT: Millis = 20 * SECOND;
const LASTS: Millis = 5 * HOUR;

/// Repeatable chance.
pub struct Dice(pub u64);

impl Dice {
    fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        i64::try_from((mixed ^ (mixed >> 31)) >> 2).unwrap_or(0) % end.max(1)
    }

    fn span(&mut self, around: Millis, longest: Millis) -> Span {
        let from = around + self.below(2 * HOUR) - 30 * MINUTE;
        (from, from + MINUTE + self.below(longest))
    }
}

type Span = (Millis, Millis);

/// Which clock the controller goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    Trusted,
    Wall,
}

/// What happens; times count from midnight.
#[derive(Debug)]
pub struct Story {
    pub cause: Cause,
    pub begin: Millis,
    /// When its traces can be seen first.
    pub seen: Millis,
    pub deadline: Millis,
    away: Vec<Span>,
    /// Killed here, with the step at which it is: after the outbox, after the sending.
    kills: Vec<Millis>,
    down: [Vec<Span>; 2],
    jump: Option<(Span, Millis)>,
}

/// How it ended.
#[derive(Debug, Default)]
pub struct Fate {
    pub detected: Option<Millis>,
    /// When the department's mailbox first held a notice.
    pub told: Option<Millis>,
    pub notices: usize,
    pub lost: usize,
    pub duplicates: usize,
    /// Notices to the department that came before their stage was due.
    pub early: usize,
    pub kills: usize,
}

struct Notice {
    due: TimeMs,
    is_department: bool,
    is_marked: bool,
    arrived: usize,
}

impl Story {
    pub fn draw(dice: &mut Dice) -> Self {
        let causes = [
            Cause::Power,
            Cause::Display,
            Cause::Unknown,
            Cause::Integrity,
        ];
        let index = usize::try_from(dice.below(4)).unwrap_or(0);
        let cause = causes.get(index).copied().unwrap_or(Cause::Power);
        let begin = dice.below(DAY / STEP) * STEP;
        let is_late = cause.is_security() && dice.below(4) == 0;
        let seen = begin + if is_late { dice.below(2 * HOUR) } else { 0 };
        let time = begin.rem_euclid(DAY);
        let opening = match time {
            _ if cause.is_security() => begin,
            time if time < 7 * HOUR => 7 * HOUR,
            time if time < 22 * HOUR => begin,
            _ => DAY + 7 * HOUR,
        };
        let times = |dice: &mut Dice, most| usize::try_from(dice.below(most)).unwrap_or(0);
        let away = times(dice, 2);
        let away = (0..away).map(|_| dice.span(opening, 90 * MINUTE)).collect();
        let kills = times(dice, 8);
        let kills = (0..kills)
            .map(|_| dice.span(opening, 1).0 / STEP * STEP)
            .collect();
        let mut failing = || {
            let count = times(dice, 3);
            (0..count).map(|_| dice.span(opening, HOUR)).collect()
        };
        let down = [failing(), failing()];
        let offsets = [3 * HOUR, -3 * HOUR, -MIDNIGHT.0 - opening];
        let offset = usize::try_from(dice.below(3))
            .ok()
            .and_then(|n| offsets.get(n));
        let is_jumping = dice.below(3) == 0;
        let jump = offset
            .filter(|_| is_jumping)
            .map(|by| (dice.span(opening, HOUR), *by));
        Self {
            cause,
            begin,
            seen,
            deadline: opening + HOUR,
            away,
            kills,
            down,
            jump,
        }
    }

    /// Whether the controller runs.
    pub fn is_up(&self, at: Millis) -> bool {
        !within(&self.away, at)
    }

    /// Whether a way to the department works.
    pub fn is_reachable(&self, at: Millis) -> bool {
        self.down.iter().any(|down| !within(down, at))
    }

    /// Lives through it.
    pub fn live(&self, clock: Clock) -> anyhow::Result<Fate> {
        let mut desk = Desk::new(self, clock);
        let opening = self.deadline - HOUR;
        let mut at = (self.begin - 2 * MINUTE).min(opening - HOUR) / BEAT * BEAT;
        desk.begin(at);
        let mut was_up = true;
        while at < opening + LASTS {
            let is_up = self.is_up(at);
            if is_up && !was_up {
                desk.restart(at)?;
            }
            was_up = is_up;
            if is_up {
                desk.turn(at)?;
            }
            at += STEP;
        }
        Ok(desk.fate())
    }
}

fn within(spans: &[Span], at: Millis) -> bool {
    spans.iter().any(|(from, to)| (*from..*to).contains(&at))
}

struct Desk<'s> {
    story: &'s Story,
    clock: Clock,
    trusted: TrustedClock,
    patience: Patience,
    table: Table,
    window: OperatingWindow,
    liveness: Liveness,
    last_heard: TimeMs,
    /// The log is on the disk, the incident is folded from it.
    log: Vec<Entry>,
    incident: Option<Incident>,
    next: Option<TimeMs>,
    outbox: BTreeMap<String, Notice>,
    fate: Fate,
}

impl<'s> Desk<'s> {
    fn new(story: &'s Story, clock: Clock) -> Self {
        let reading = Reading {
            wall_ms: MIDNIGHT,
            boot_ms: 0,
            is_synchronised: true,
        };
        Self {
            story,
            clock,
            trusted: TrustedClock::boot(reading, MIDNIGHT),
            patience: Patience::default(),
            table: Table::default(),
            window: OperatingWindow::default(),
            liveness: Liveness::new(MIDNIGHT),
            last_heard: MIDNIGHT,
            log: Vec::new(),
            incident: None,
            next: None,
            outbox: BTreeMap::new(),
            fate: Fate::default(),
        }
    }

    fn begin(&mut self, at: Millis) {
        self.last_heard = self.now(at);
        self.liveness = Liveness::new(self.last_heard);
    }

    /// The controller's time at `at`.
    fn now(&mut self, at: Millis) -> TimeMs {
        let jump = self
            .story
            .jump
            .filter(|((from, to), _)| (*from..*to).contains(&at));
        let wall_ms = MIDNIGHT.plus(at + jump.map_or(0, |(_, by)| by));
        let reading = Reading {
            wall_ms,
            boot_ms: at,
            is_synchronised: jump.is_none(),
        };
        match self.clock {
            Clock::Trusted => self.trusted.now(reading),
            Clock::Wall => wall_ms,
        }
    }

    fn add(&mut self, now: TimeMs, what: What) -> anyhow::Result<()> {
        let entry = Entry { at_ms: now, what };
        match &mut self.incident {
            Some(incident) => incident.add(&entry)?,
            None => self.incident = Some(Incident::open(&entry)?),
        }
        self.log.push(entry);
        self.next = Some(now);
        Ok(())
    }

    /// What was in memory is gone; what is on the disk is read again.
    fn restart(&mut self, at: Millis) -> anyhow::Result<()> {
        let now = self.now(at);
        self.liveness = if self.log.is_empty() {
            Liveness::new(self.last_heard)
        } else {
            let again = Incident::replay(&self.log)?;
            anyhow::ensure!(
                Some(&again) == self.incident.as_ref(),
                "a log gave another incident"
            );
            self.incident = Some(again);
            Liveness::stopped(self.last_heard, self.last_heard)
        };
        self.liveness.resume(&self.patience, now);
        self.next = Some(now);
        for notice in self.outbox.values_mut().filter(|notice| !notice.is_marked) {
            notice.due = notice.due.min(now);
        }
        self.fate.kills += 1;
        Ok(())
    }

    fn turn(&mut self, at: Millis) -> anyhow::Result<()> {
        let now = self.now(at);
        self.hear(at, now)?;
        let dies = self.story.kills.contains(&at);
        self.escalate(now, dies)?;
        self.send(at, now, dies)?;
        if dies {
            self.restart(at)?;
        }
        Ok(())
    }

    fn hear(&mut self, at: Millis, now: TimeMs) -> anyhow::Result<()> {
        let story = self.story;
        let is_silent = matches!(story.cause, Cause::Power | Cause::Unknown);
        let is_wrong =
            at >= story.seen && (story.cause.is_security() || at + HOUR >= story.deadline);
        let is_heard = at % BEAT == 0 && !(is_silent && at >= story.begin);
        let beat = is_heard.then_some(if is_wrong { Beat::Bad } else { Beat::Well });
        let heard = beat.and_then(|beat| {
            self.last_heard = now;
            self.liveness.beat(&self.patience, beat, now)
        });
        let ticked = self.liveness.tick(&self.patience, now);
        for change in heard.into_iter().chain(ticked) {
            let Change::Stopped { last_proof, .. } = change else {
                continue;
            };
            if self.incident.is_some() {
                continue;
            }
            self.fate.detected = Some(at);
            let opening = Opening::new(story.cause, last_proof, self.window.clone());
            self.add(now, What::Opened(opening))?;
            if !is_silent {
                let begin = MIDNIGHT.plus(story.begin);
                let said = What::Evidence {
                    source: Source::Device,
                    cause: None,
                    occurred_ms: Some(begin),
                    stopped_ms: Some(begin),
                    device: None,
                };
                self.add(now, said)?;
            }
        }
        Ok(())
    }

    /// Into the outbox under keys, noted after; a kill comes in between.
    fn escalate(&mut self, now: TimeMs, dies: bool) -> anyhow::Result<()> {
        let Some(incident) = self
            .incident
            .as_ref()
            .filter(|_| self.next.is_some_and(|at| at <= now))
        else {
            return Ok(());
        };
        let calls = self.table.due(incident, false, now);
        self.next = self.table.next(incident, now);
        for call in calls {
            for audience in &call.to {
                let key = format!("{}/{}", call.stage, audience.as_str());
                self.outbox.entry(key).or_insert(Notice {
                    due: now,
                    is_department: audience.is_department(),
                    is_marked: false,
                    arrived: 0,
                });
            }
            if !dies {
                let next = self.next;
                self.add(now, What::Fired { stage: call.stage })?;
                self.next = next;
            }
        }
        Ok(())
    }

    /// Sent, then marked; a kill comes in between. What fails is tried again within a minute.
    fn send(&mut self, at: Millis, now: TimeMs, dies: bool) -> anyhow::Result<()> {
        let works = self.story.is_reachable(at);
        let is_early = at < self.story.begin;
        let mut is_taken_over = false;
        let due = |notice: &&mut Notice| {
            let is_far = notice.due > now.plus(DAY);
            !notice.is_marked && (notice.due <= now || is_far)
        };
        for notice in self.outbox.values_mut().filter(due) {
            if !works {
                notice.due = now.plus(MINUTE);
                continue;
            }
            notice.arrived += 1;
            notice.is_marked = !dies;
            if notice.is_department {
                self.fate.told = self.fate.told.or(Some(at));
                self.fate.early += usize::from(is_early);
                is_taken_over |= !dies;
            }
        }
        let is_new = self
            .incident
            .as_ref()
            .is_some_and(|one| one.accepted().is_none());
        if is_taken_over && is_new {
            self.add(now, What::Accepted)?;
        }
        Ok(())
    }

    fn fate(self) -> Fate {
        let notices = self.outbox.values();
        Fate {
            notices: self.outbox.len(),
            lost: notices.clone().filter(|notice| notice.arrived == 0).count(),
            duplicates: notices.map(|notice| notice.arrived.saturating_sub(1)).sum(),
            ..self.fate
        }
    }
}
