//! Planner: which obligations begin, by rules that are settings. Every month and every day of operation
//! gives exactly one obligation of a rule, however often and however late this is asked.

use super::calendar::{first_of_month, next_month};
use super::{Kind, Monthly, Obligation, Owed, Stage, Subject, Terms, WorkingDays};
use crate::ledger::Span;
use cotmoc_proto::time::{DAY, Millis};
use cotmoc_proto::window::{DayTime, OperatingWindow, Zone, next_day};
use cotmoc_proto::{ClusterId, TimeMs};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// The most that begin at once; the rest begins when this is asked again.
pub const MOST_AT_ONCE: usize = 500;
/// No period is looked for further back: the controller was away for longer than anybody reports on.
const FARTHEST: Millis = 800 * DAY;

/// What is owed again and again, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The same for every version of a rule.
    pub id: String,
    pub kind: Kind,
    pub rhythm: Rhythm,
    pub stages: Vec<Stage>,
    /// From when on, and until when, this version holds: a month or a day follows the version that
    /// holds when it begins.
    pub from: Option<TimeMs>,
    pub until: Option<TimeMs>,
}

/// When a rule asks for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rhythm {
    /// So many deliveries by an agency, on a day of some months.
    Monthly {
        agency: String,
        least: u32,
        monthly: Monthly,
    },
    /// The quota of every operating window, by these clusters; none: all.
    EveryWindow { clusters: Vec<ClusterId> },
}

/// All rules, with what they are counted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub all: Vec<Rule>,
    pub days: WorkingDays,
    pub zone: Zone,
}

/// A cluster that has to be on air.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    pub name: ClusterId,
    pub window: OperatingWindow,
}

/// Which obligations there are already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    ids: BTreeSet<String>,
    /// By series: the end of the newest period.
    newest: BTreeMap<Series, TimeMs>,
}

/// A rule, and the cluster where each has obligations of its own: periods of a series follow each other.
type Series = (String, Option<ClusterId>);

/// Why rules cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("the name {0:?} of a rule: small letters, digits and hyphens")]
    Name(String),
    #[error("two versions of the rule {0:?} hold at the same time")]
    Overlap(String),
    #[error("two stages have the name {0:?}, and each is sent once")]
    Twice(String),
    #[error("stage {0:?} calls nobody")]
    Nobody(String),
}

impl Known {
    /// Takes one in.
    pub fn add(&mut self, id: &str, terms: &Terms) {
        self.ids.insert(id.to_owned());
        let cluster = match &terms.subject {
            Subject::Agency(_) => None,
            Subject::Cluster(cluster) => Some(cluster.clone()),
        };
        let ends = terms.period.to_ms;
        let newest = self.newest.entry((terms.rule.clone(), cluster));
        newest
            .and_modify(|newest| *newest = ends.max(*newest))
            .or_insert(ends);
    }

    /// Those of these obligations.
    #[must_use]
    pub fn of<'a>(all: impl IntoIterator<Item = (&'a str, &'a Obligation)>) -> Self {
        let mut known = Self::default();
        for (id, obligation) in all {
            known.add(id, obligation.terms());
        }
        known
    }

    fn newest(&self, rule: &Rule, cluster: Option<&Cluster>) -> Newest {
        let series = (rule.id.clone(), cluster.map(|one| one.name.clone()));
        Newest(self.newest.get(&series).copied())
    }
}

/// Up to when a series is known.
#[derive(Debug, Clone, Copy)]
struct Newest(Option<TimeMs>);

impl Newest {
    /// Where to begin looking.
    fn since(self, now: TimeMs) -> TimeMs {
        self.0.unwrap_or(now).min(now).max(now.plus(-FARTHEST))
    }

    /// What follows the newest period; a series that was never seen asks for nothing that is past.
    fn is_before(self, terms: &Terms, now: TimeMs) -> bool {
        match self.0 {
            Some(ends) => ends < terms.period.to_ms,
            None => now < terms.due_ms,
        }
    }
}

impl Rules {
    /// What begins at `now`: each obligation that is not known, with its name.
    #[must_use]
    pub fn begin(&self, clusters: &[Cluster], known: &Known, now: TimeMs) -> Vec<(String, Terms)> {
        let mut begun: BTreeMap<String, Terms> = BTreeMap::new();
        for rule in &self.all {
            let found = match &rule.rhythm {
                Rhythm::Monthly { .. } => self.months(rule, known, now),
                Rhythm::EveryWindow { clusters: only } => {
                    let ours = |one: &&Cluster| only.is_empty() || only.contains(&one.name);
                    let ours = clusters.iter().filter(ours);
                    ours.flat_map(|one| windows(rule, one, known, now))
                        .collect()
                }
            };
            for (id, terms) in found {
                if !known.ids.contains(&id) {
                    begun.entry(id).or_insert(terms);
                }
            }
        }
        begun.into_iter().take(MOST_AT_ONCE).collect()
    }

    /// What is wrong with them.
    ///
    /// # Errors
    /// [`Unfit`], the first of them.
    pub fn check(&self) -> Result<(), Unfit> {
        let is_legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        for (at, rule) in self.all.iter().enumerate() {
            if rule.id.is_empty() || !rule.id.chars().all(is_legal) {
                return Err(Unfit::Name(rule.id.clone()));
            }
            let others = self.all.iter().skip(at + 1).filter(|one| one.id == rule.id);
            if others.into_iter().any(|other| rule.overlaps(other)) {
                return Err(Unfit::Overlap(rule.id.clone()));
            }
            let mut names = BTreeSet::new();
            for stage in &rule.stages {
                if stage.to.is_empty() {
                    return Err(Unfit::Nobody(stage.id.clone()));
                }
                if !names.insert(&stage.id) {
                    return Err(Unfit::Twice(stage.id.clone()));
                }
            }
        }
        Ok(())
    }

    fn months(&self, rule: &Rule, known: &Known, now: TimeMs) -> Vec<(String, Terms)> {
        let Rhythm::Monthly {
            agency,
            least,
            monthly,
        } = &rule.rhythm
        else {
            return Vec::new();
        };
        let subject = Subject::Agency(agency.clone());
        let newest = known.newest(rule, None);
        // A due day may have moved into the month after.
        let begins = first_of_month(self.zone.date(newest.since(now)));
        let begins = first_of_month(begins.yesterday().unwrap_or(begins));
        let firsts = std::iter::successors(Some(begins), |first| Some(next_month(*first)));
        let ahead = self.zone.date(now.plus(DAY * 366));
        let asked = firsts.take_while(|first| *first <= ahead).filter(|first| {
            monthly.is_in(first.month()) && rule.holds(self.zone.at(*first, DayTime::MIDNIGHT))
        });
        let terms = asked.map(|first| {
            let terms = Terms {
                rule: rule.id.clone(),
                kind: rule.kind,
                subject: subject.clone(),
                period: monthly.period(first, &self.zone),
                due_ms: monthly.due(first, &self.days, &self.zone),
                owed: Owed::Deliveries { least: *least },
                stages: rule.stages.clone(),
            };
            let id = format!("{}.{:04}-{:02}", rule.id, first.year(), first.month());
            (id, terms)
        });
        let has_begun = |terms: &Terms| {
            let first_heard = terms.due_ms.plus(-rule.lead_ms());
            terms.period.from_ms.min(first_heard) <= now
        };
        terms
            .filter(|(_, terms)| newest.is_before(terms, now) && has_begun(terms))
            .collect()
    }
}

/// The windows of a cluster that have begun.
fn windows(rule: &Rule, cluster: &Cluster, known: &Known, now: TimeMs) -> Vec<(String, Terms)> {
    let subject = Subject::Cluster(cluster.name.clone());
    let newest = known.newest(rule, Some(cluster));
    let zone = &cluster.window.zone;
    let last = zone.date(now);
    let first = zone.date(newest.since(now));
    let days = std::iter::successors(Some(first), |day| Some(next_day(*day)));
    let days = days.take_while(|day| *day <= last).take(MOST_AT_ONCE);
    let terms = days.map(|day: Date| {
        let (opens, closes) = cluster.window.on(day);
        let terms = Terms {
            rule: rule.id.clone(),
            kind: rule.kind,
            subject: subject.clone(),
            period: Span {
                from_ms: opens,
                to_ms: closes,
            },
            due_ms: closes,
            owed: Owed::OnAir {
                quota_ms: cluster.window.quota_ms(),
            },
            stages: rule.stages.clone(),
        };
        (format!("{}.{}.{day}", rule.id, cluster.name), terms)
    });
    terms
        .filter(|(_, terms)| {
            let begins = terms.period.from_ms;
            newest.is_before(terms, now) && begins <= now && rule.holds(begins)
        })
        .collect()
}

impl Rule {
    fn holds(&self, at: TimeMs) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let begins_before_the_end = |one: &Self, other: &Self| {
            let from = one.from.unwrap_or(TimeMs(i64::MIN));
            other.until.is_none_or(|until| from < until)
        };
        begins_before_the_end(self, other) && begins_before_the_end(other, self)
    }

    fn lead_ms(&self) -> Millis {
        let leads = self.stages.iter().map(Stage::lead_ms);
        leads.max().unwrap_or(0)
    }
}
