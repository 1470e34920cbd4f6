//! Planner: whom to tell of an obligation, and when, counted from the moment at which it is due.

use super::{Measure, Obligation, Owed, Standing};
use crate::stage::{Audience, UnknownAudience};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Who hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hearer {
    /// The people of the agency that owes it.
    Subject,
    Office(Audience),
}

/// When a stage is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum When {
    /// So long before it is due, and not after.
    Before { ms: Millis },
    /// When it is due and not done, or so long after.
    After { ms: Millis },
    /// When the records that would decide are still not there so long after.
    Undecided { ms: Millis },
    /// When so much of what a day may be dark is used, before the day is over.
    SlackUsed { percent: u32 },
}

/// One reminder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    pub id: String,
    pub when: When,
    pub to: BTreeSet<Hearer>,
}

/// A stage that is to be sent now. Of several that are due at once, each hearer gets the last one that
/// is for it, as one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// To be written into the log as fired.
    pub stage: String,
    pub to: BTreeSet<Hearer>,
}

impl std::fmt::Display for Hearer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Subject => f.write_str("subject"),
            Self::Office(audience) => f.write_str(audience.as_str()),
        }
    }
}

impl std::str::FromStr for Hearer {
    type Err = UnknownHearer;
    fn from_str(text: &str) -> Result<Self, UnknownHearer> {
        match text {
            "subject" => Ok(Self::Subject),
            other => other
                .parse()
                .map(Self::Office)
                .map_err(|_unknown: UnknownAudience| UnknownHearer(text.to_owned())),
        }
    }
}

/// A name that stands for nobody who hears of obligations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither \"subject\" nor one of the offices")]
pub struct UnknownHearer(String);

/// What is to be sent at `now`: every stage that is due and was not fired, while it is not fulfilled.
/// `live` is what is known of a day that is not over.
#[must_use]
pub fn due(obligation: &Obligation, live: Option<&Measure>, now: TimeMs) -> Vec<Call> {
    if obligation.is_fulfilled() {
        return Vec::new();
    }
    let stages = obligation.terms.stages.iter();
    let wanted = stages.filter(|stage| {
        obligation.fired(&stage.id).is_none() && is_due(obligation, stage.when, live, now)
    });
    wanted
        .map(|stage| Call {
            stage: stage.id.clone(),
            to: stage.to.clone(),
        })
        .collect()
}

fn is_due(obligation: &Obligation, when: When, live: Option<&Measure>, now: TimeMs) -> bool {
    let due = obligation.terms.due_ms;
    match when {
        When::Before { ms } => due.plus(-ms) <= now && now < due,
        When::After { ms } => {
            due.plus(ms) <= now && matches!(obligation.standing(now), Standing::Breached { .. })
        }
        When::Undecided { ms } => {
            due.plus(ms) <= now && matches!(obligation.standing(now), Standing::Undecided { .. })
        }
        When::SlackUsed { percent } => {
            now < due && live.is_some_and(|live| is_used(obligation, live, percent))
        }
    }
}

/// Whether a day has used so much of its slack: everything that is not proved to be on air counts.
fn is_used(obligation: &Obligation, live: &Measure, percent: u32) -> bool {
    let terms = &obligation.terms;
    let Owed::OnAir { quota_ms } = terms.owed else {
        return false;
    };
    let slack = (terms.period.length_ms() - quota_ms).max(0);
    let elapsed = live.until_ms.since(terms.period.from_ms).max(0);
    let used = (elapsed - live.on_air_ms).max(0);
    used > 0 && used.saturating_mul(100) >= slack.saturating_mul(i64::from(percent))
}

impl Stage {
    /// How long before it is due somebody hears first; 0 if not before.
    #[must_use]
    pub const fn lead_ms(&self) -> Millis {
        match self.when {
            When::Before { ms } => ms,
            When::After { .. } | When::Undecided { .. } | When::SlackUsed { .. } => 0,
        }
    }
}
