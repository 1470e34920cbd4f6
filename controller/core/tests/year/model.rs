//! What happens in the year, and what the ledger and the book must say of it, kept without them.

use cotmoc_controller_core::cause::Cause;
use cotmoc_controller_core::ledger::Span;
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{DAY, HOUR, MINUTE, Millis, SECOND};
use std::collections::BTreeSet;

/// 01/01/2027 00:00 at Lào Cai.
pub const MIDNIGHT: TimeMs = TimeMs(1_798_736_400_000);
pub const DAYS: i64 = 365;
pub const WALLS: usize = 3;
pub const BEAT: Millis = 20 * SECOND;
pub const STEP: Millis = 10 * SECOND;
pub const OPENS: Millis = 7 * HOUR;
pub const CLOSES: Millis = 22 * HOUR;

/// Repeatable chance.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        i64::try_from((mixed ^ (mixed >> 31)) >> 2).unwrap() % end
    }

    /// From `least` to below `end`, in whole heartbeats.
    pub fn beats(&mut self, least: Millis, end: Millis) -> Millis {
        (least + self.below(end - least)) / BEAT * BEAT
    }
}

/// What is wrong, by the model. Times count from the year's beginning.
#[derive(Debug, Clone)]
pub struct Fault {
    pub wall: usize,
    pub cause: Cause,
    /// The device says nothing meanwhile.
    pub is_silent: bool,
    /// From when to when; in between all is well.
    pub pieces: Vec<(Millis, Millis)>,
}

impl Fault {
    pub fn begin(&self) -> Millis {
        self.pieces[0].0
    }

    pub fn end(&self) -> Millis {
        self.pieces.last().unwrap().1
    }

    /// A mere silence or an opened cabinet leaves the picture.
    pub fn is_dark(&self) -> bool {
        !matches!(self.cause, Cause::Network | Cause::Access)
    }

    /// Too short for an incident.
    pub fn is_blip(&self) -> bool {
        self.pieces.iter().all(|(from, to)| to - from < MINUTE)
    }

    pub fn holds(&self, at: Millis) -> bool {
        self.pieces
            .iter()
            .any(|(from, to)| (*from..*to).contains(&at))
    }
}

/// What happens in the year.
pub struct Model {
    pub faults: Vec<Fault>,
    /// When the controller is away.
    pub away: Vec<(Millis, Millis)>,
    pub crashes: BTreeSet<Millis>,
    /// When the two ways to the department fail.
    pub down: [Vec<(Millis, Millis)>; 2],
}

pub fn within(spans: &[(Millis, Millis)], at: Millis) -> bool {
    spans.iter().any(|(from, to)| (*from..*to).contains(&at))
}

pub fn is_open(at: Millis) -> bool {
    (OPENS..CLOSES).contains(&at.rem_euclid(DAY))
}

impl Model {
    pub fn draw(dice: &mut Dice) -> Self {
        let away: Vec<_> = (0..12)
            .map(|month| {
                let from = (month * 30 + dice.below(28)) * DAY + dice.beats(9 * HOUR, 17 * HOUR);
                (from, from + dice.beats(10 * MINUTE, 3 * HOUR))
            })
            .collect();
        let mut outages = |count| {
            let mut draw = |_| {
                let from = dice.beats(0, DAYS * DAY);
                (from, from + dice.beats(MINUTE, 30 * HOUR))
            };
            (0..count).map(&mut draw).collect()
        };
        let down = [outages(60), outages(60)];
        let crashes = (0..600).map(|_| dice.beats(0, DAYS * DAY)).collect();
        let mut faults = Vec::new();
        let mut day = 0;
        while day < DAYS - 5 {
            let first = fault(dice, day, 0);
            let near = (first.begin() - HOUR, first.end() + HOUR);
            let is_clear = away.iter().all(|(from, to)| *to < near.0 || near.1 < *from);
            let second = fault(dice, day, 1);
            let overlaps = second.begin() <= near.1 && is_clear;
            day = first.end().max(if overlaps { second.end() } else { 0 }) / DAY + 1;
            let only_when_watched = !first.is_dark() || first.is_blip();
            if is_clear || !only_when_watched {
                faults.push(first);
            }
            if overlaps {
                let spans = (second.begin() - HOUR, second.end() + HOUR);
                if away
                    .iter()
                    .all(|(from, to)| *to < spans.0 || spans.1 < *from)
                {
                    faults.push(second);
                }
            }
        }
        Self {
            faults,
            away,
            crashes,
            down,
        }
    }
}

/// A fault that begins on `day`, on the walls that share the remainder `side`.
fn fault(dice: &mut Dice, day: i64, side: usize) -> Fault {
    let by_day = dice.beats(OPENS + 10 * MINUTE, 18 * HOUR) + STEP * dice.below(2);
    let at_night = dice.beats(HOUR, 5 * HOUR);
    let short = dice.beats(5 * MINUTE, 3 * HOUR);
    let till_morning = dice.beats(OPENS + 10 * MINUTE, 10 * HOUR);
    let one = |from: Millis, to: Millis| vec![(day * DAY + from, day * DAY + to / BEAT * BEAT)];
    let through = one(by_day, by_day + short);
    let (cause, is_silent, pieces) = match dice.below(11) {
        0 => (Cause::Power, true, one(by_day, by_day + 5 * short)),
        1 => (Cause::Power, true, one(at_night, till_morning)),
        2 => (Cause::Power, true, one(at_night, 6 * HOUR)),
        3 => (Cause::Power, true, one(by_day, by_day + 2 * DAY)),
        4 => (Cause::Power, true, one(by_day, by_day + 40 * SECOND)),
        5 => (Cause::Display, false, one(at_night, till_morning)),
        6 => (Cause::Network, true, through),
        7 => (Cause::Integrity, false, through),
        8 => (Cause::Access, false, through),
        9 => {
            let flap = |n: i64| {
                let from = day * DAY + by_day / BEAT * BEAT + n * 8 * MINUTE;
                (from, from + 4 * MINUTE)
            };
            (Cause::Display, false, (0..4).map(flap).collect())
        }
        _ => {
            let causes = [Cause::Player, Cause::Operator, Cause::Cabinet];
            (
                causes[usize::try_from(dice.below(3)).unwrap()],
                false,
                through,
            )
        }
    };
    Fault {
        wall: if side == 0 {
            0
        } else {
            1 + usize::try_from(dice.below(2)).unwrap()
        },
        cause,
        is_silent,
        pieces,
    }
}

/// The faults that touch the day that begins at `at`.
pub fn of_day(faults: &[Fault], at: Millis) -> Vec<&Fault> {
    let touching = |f: &&Fault| f.begin() < at + DAY && at <= f.end();
    faults.iter().filter(touching).collect()
}

/// The model's own totals, painted in steps: required, on air, missing by each fault, by none.
pub fn painted(model: &Model) -> (Millis, Millis, Vec<Millis>, Millis) {
    let (mut required, mut on_air, mut unexplained) = (0, 0, 0);
    let mut by = vec![0; model.faults.len()];
    let (mut today, mut indices) = (Vec::new(), Vec::new());
    for at in (0..DAYS * DAY).step_by(usize::try_from(STEP).unwrap()) {
        if at % DAY == 0 {
            let index = |f: &&Fault| model.faults.iter().position(|one| std::ptr::eq(one, *f));
            today = of_day(&model.faults, at);
            indices = today.iter().map(|f| index(f).unwrap()).collect::<Vec<_>>();
        }
        if !is_open(at) {
            continue;
        }
        required += STEP;
        let is_dark = today.iter().any(|f| f.is_dark() && f.holds(at));
        if !is_dark {
            on_air += STEP;
            continue;
        }
        let claims = |f: &Fault| {
            let is_claimed = f.cause != Cause::Network && !f.is_blip();
            is_claimed && (f.begin()..f.end()).contains(&at)
        };
        let claiming = indices.iter().zip(&today).filter(|(_, f)| claims(f));
        match claiming.min_by_key(|(_, f)| f.begin()) {
            Some((index, _)) => by[*index] += STEP,
            None => unexplained += STEP,
        }
    }
    (required, on_air, by, unexplained)
}

/// When the cluster was on air: no wall of it was dark.
pub fn on_air(model: &Model) -> Vec<Span> {
    let span = |from, to| Span {
        from_ms: MIDNIGHT.plus(from),
        to_ms: MIDNIGHT.plus(to),
    };
    let dark = model.faults.iter().filter(|f| f.is_dark());
    let mut dark: Vec<_> = dark.flat_map(|f| f.pieces.clone()).collect();
    dark.sort_unstable();
    let (mut spans, mut lit_since) = (Vec::new(), 0);
    for (from, to) in dark {
        if lit_since < from {
            spans.push(span(lit_since, from));
        }
        lit_since = lit_since.max(to);
    }
    spans.push(span(lit_since, DAYS * DAY));
    spans
}
