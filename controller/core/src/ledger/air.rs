//! Resolver: what a cluster showed, from what the sinks of its walls presented. Nothing is on air without
//! a record that says so: where records are missing, nobody knows.

use super::Span;
use cotmoc_proto::device::OnAirState;
use cotmoc_proto::{Millis, TimeMs};
use serde::{Deserialize, Serialize};

/// One stretch of a wall's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    pub from_ms: TimeMs,
    pub to_ms: TimeMs,
    pub state: OnAirState,
}

/// How many walls have to show approved content for the cluster to be on air.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    One,
    Every,
}

/// One wall of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wall {
    /// Since when it belongs to it, and until when.
    pub life: Span,
    /// What its records say, disjoint and in order.
    pub pieces: Vec<Piece>,
}

/// What records say of a cluster, in order. What they leave out is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Air {
    pub lit: Vec<Span>,
    pub dark: Vec<Span>,
}

/// What is known of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Lit,
    Dark,
    Unknown,
}

impl Piece {
    /// Its span.
    #[must_use]
    pub const fn span(&self) -> Span {
        Span {
            from_ms: self.from_ms,
            to_ms: self.to_ms,
        }
    }

    const fn seen(&self) -> Seen {
        match self.state {
            OnAirState::OnAir => Seen::Lit,
            OnAirState::Standby | OnAirState::Off => Seen::Dark,
            OnAirState::Unknown => Seen::Unknown,
        }
    }
}

/// Lays `piece` over `pieces`: of records that contradict each other, the later one holds. They stay
/// disjoint and in order.
pub fn paint(pieces: &mut Vec<Piece>, piece: Piece) {
    if piece.from_ms >= piece.to_ms {
        return;
    }
    let first = pieces.partition_point(|one| one.to_ms < piece.from_ms);
    let after = pieces.partition_point(|one| one.from_ms <= piece.to_ms);
    let touched: Vec<Piece> = pieces.drain(first..after).collect();
    let rest = touched.iter().flat_map(|one| {
        one.span().without(piece.span()).map(|span| Piece {
            from_ms: span.from_ms,
            to_ms: span.to_ms,
            ..*one
        })
    });
    let mut laid: Vec<Piece> = rest.chain([piece]).collect();
    laid.sort_by_key(|one| one.from_ms);
    laid.dedup_by(|next, one| {
        let goes_on = one.state == next.state && one.to_ms == next.from_ms;
        if goes_on {
            one.to_ms = next.to_ms;
        }
        goes_on
    });
    pieces.splice(first..first, laid);
}

impl Air {
    /// What a cluster with these walls showed within `period`. A wall counts while it belongs to the
    /// cluster; while there is none, nobody knows.
    #[must_use]
    pub fn of(walls: &[Wall], needs: Needs, period: Span) -> Self {
        let mut edges: Vec<TimeMs> = vec![period.from_ms, period.to_ms];
        for wall in walls {
            edges.extend([wall.life.from_ms, wall.life.to_ms]);
            edges.extend(wall.pieces.iter().flat_map(|one| [one.from_ms, one.to_ms]));
        }
        edges.retain(|at| period.from_ms <= *at && *at <= period.to_ms);
        edges.sort_unstable();
        edges.dedup();
        let mut air = Self::default();
        for pair in edges.windows(2) {
            let &[from_ms, to_ms] = pair else { continue };
            let there = walls.iter().filter(|wall| wall.life.holds(from_ms));
            let into = match needs.seen(there.map(|wall| wall.at(from_ms))) {
                Seen::Lit => &mut air.lit,
                Seen::Dark => &mut air.dark,
                Seen::Unknown => continue,
            };
            match into.last_mut() {
                Some(last) if last.to_ms == from_ms => last.to_ms = to_ms,
                Some(_) | None => into.push(Span { from_ms, to_ms }),
            }
        }
        air
    }

    /// When what was lit within `span` first added up to `length_ms`.
    #[must_use]
    pub fn full(&self, span: Span, length_ms: Millis) -> Option<TimeMs> {
        let mut missing = length_ms;
        for lit in self.lit.iter().filter_map(|lit| lit.common(span)) {
            if lit.length_ms() >= missing {
                return Some(lit.from_ms.plus(missing));
            }
            missing -= lit.length_ms();
        }
        None
    }
}

impl Wall {
    fn at(&self, at: TimeMs) -> Seen {
        let next = self.pieces.partition_point(|one| one.to_ms <= at);
        let found = self.pieces.get(next).filter(|one| one.from_ms <= at);
        found.map_or(Seen::Unknown, Piece::seen)
    }
}

impl Needs {
    fn seen(self, walls: impl Iterator<Item = Seen>) -> Seen {
        let (decides, else_) = match self {
            Self::One => (Seen::Lit, Seen::Dark),
            Self::Every => (Seen::Dark, Seen::Lit),
        };
        let mut all = None;
        for seen in walls {
            if seen == decides {
                return decides;
            }
            let is_same = all.is_none_or(|before| before == seen);
            all = Some(if is_same { seen } else { Seen::Unknown });
        }
        all.map_or(Seen::Unknown, |seen| {
            if seen == else_ { else_ } else { Seen::Unknown }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STATES: [OnAirState; 4] = [
        OnAirState::OnAir,
        OnAirState::Standby,
        OnAirState::Off,
        OnAirState::Unknown,
    ];

    fn piece((from, length, state): (i64, i64, usize)) -> Piece {
        Piece {
            from_ms: TimeMs(from),
            to_ms: TimeMs(from + length),
            state: STATES[state],
        }
    }

    fn span(from: i64, to: i64) -> Span {
        Span {
            from_ms: TimeMs(from),
            to_ms: TimeMs(to),
        }
    }

    fn at(pieces: &[Piece], at: i64) -> Option<OnAirState> {
        let mut found = pieces.iter().filter(|one| one.span().holds(TimeMs(at)));
        let first = found.next().map(|one| one.state);
        assert!(found.next().is_none(), "two say something of {at}");
        first
    }

    fn wall(life: Span, pieces: &[(i64, i64, usize)]) -> Wall {
        Wall {
            life,
            pieces: pieces.iter().copied().map(piece).collect(),
        }
    }

    #[test]
    fn a_cluster_is_on_air_by_one_wall_or_by_every_wall_and_never_without_a_record() {
        let all = span(0, 100);
        // Lit 0-50 and dark 50-100; lit 20-60, then lost.
        let walls = [
            wall(all, &[(0, 50, 0), (50, 50, 2)]),
            wall(all, &[(20, 40, 0), (60, 40, 3)]),
        ];
        let one = Air::of(&walls, Needs::One, all);
        assert_eq!(one.lit, [span(0, 60)]);
        assert_eq!(one.dark, [], "60-100: nobody knows of the second wall");
        let every = Air::of(&walls, Needs::Every, all);
        assert_eq!(every.lit, [span(20, 50)]);
        assert_eq!(every.dark, [span(50, 100)]);
        assert_eq!(one.full(span(10, 100), 30), Some(TimeMs(40)));
        assert_eq!(every.full(all, 31), None);
    }

    #[test]
    fn a_wall_counts_while_it_belongs_to_the_cluster() {
        let walls = [
            wall(span(0, 40), &[(0, 100, 0)]),
            wall(span(30, 90), &[(0, 100, 2)]),
        ];
        let air = Air::of(&walls, Needs::One, span(0, 100));
        assert_eq!((air.lit, air.dark), (vec![span(0, 40)], vec![span(40, 90)]));
        let none = Air::of(&[], Needs::Every, span(0, 100));
        assert_eq!(none, Air::default());
    }

    proptest! {
        #[test]
        fn of_records_that_contradict_each_other_the_later_holds(
            records in prop::collection::vec((0_i64..60, 0_i64..30, 0_usize..4), 0..40),
        ) {
            let (mut pieces, mut model) = (Vec::new(), [None; 100]);
            for record in records {
                paint(&mut pieces, piece(record));
                let (from, to) = (usize::try_from(record.0).unwrap(), usize::try_from(record.0 + record.1).unwrap());
                model[from..to].fill(Some(STATES[record.2]));
            }
            for (moment, expected) in (0_i64..).zip(model) {
                prop_assert_eq!(at(&pieces, moment), expected);
            }
            for pair in pieces.windows(2) {
                let is_joined = pair[0].to_ms == pair[1].from_ms && pair[0].state == pair[1].state;
                prop_assert!(!is_joined && pair[0].to_ms <= pair[1].from_ms);
            }
        }
    }
}
