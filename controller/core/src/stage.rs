//! Resolver: who must hear of an incident, and when, counted from the beginning of the law's hour.
//! The table is data; its default is the regulation's (Điều 7.6, 8.3, 13.3) with margins before the
//! hour, so that one failure on the way does not cost it.

use crate::incident::{Duty, Incident, State};
use crate::law::Law;
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{MINUTE, Millis};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Who hears. Which people these are, for a cluster and a cause, is settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// The unit that operates the cluster.
    Operator,
    Technician,
    /// Ban quản lý Khu kinh tế, for power faults (Điều 8.3a).
    PowerUnit,
    /// The operating unit's head and deputy.
    UnitHead,
    /// Sở Thông tin và Truyền thông.
    Department,
    DepartmentHead,
    /// UBND tỉnh.
    Province,
}

impl Audience {
    /// Every audience.
    pub const ALL: [Self; 7] = [
        Self::Operator,
        Self::Technician,
        Self::PowerUnit,
        Self::UnitHead,
        Self::Department,
        Self::DepartmentHead,
        Self::Province,
    ];

    /// The name in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Technician => "technician",
            Self::PowerUnit => "power-unit",
            Self::UnitHead => "unit-head",
            Self::Department => "department",
            Self::DepartmentHead => "department-head",
            Self::Province => "province",
        }
    }

    /// Whether a notice to it is one to the department.
    #[must_use]
    pub const fn is_department(self) -> bool {
        matches!(self, Self::Department | Self::DepartmentHead)
    }
}

impl std::str::FromStr for Audience {
    type Err = UnknownAudience;
    fn from_str(text: &str) -> Result<Self, UnknownAudience> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| UnknownAudience(text.to_owned()))
    }
}

/// A name that stands for no audience.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is none of those who hear of incidents")]
pub struct UnknownAudience(String);

/// When a stage is not needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unless {
    Never,
    /// Somebody has taken the incident on, or maintenance is announced: a reminder.
    Acknowledged,
    /// The department's notice was taken over.
    Accepted,
    /// An officer of the department has confirmed.
    Confirmed,
    /// Taken over before the hour was out.
    InTime,
    /// It works again.
    Mended,
}

impl Unless {
    /// Every exception.
    pub const ALL: [Self; 6] = [
        Self::Never,
        Self::Acknowledged,
        Self::Accepted,
        Self::Confirmed,
        Self::InTime,
        Self::Mended,
    ];

    /// The name in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Acknowledged => "acknowledged",
            Self::Accepted => "accepted",
            Self::Confirmed => "confirmed",
            Self::InTime => "in-time",
            Self::Mended => "mended",
        }
    }
}

impl std::str::FromStr for Unless {
    type Err = UnknownException;
    fn from_str(text: &str) -> Result<Self, UnknownException> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| UnknownException(text.to_owned()))
    }
}

/// A name that stands for no exception.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no exception of a stage")]
pub struct UnknownException(String);

/// One step of the escalation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    pub id: String,
    /// Milliseconds after the beginning of the hour.
    pub after_ms: Millis,
    pub to: BTreeSet<Audience>,
    pub unless: Unless,
}

/// The stages of one kind of incident, in order, and how often the owners hear again until it is
/// resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stages {
    pub steps: Vec<Stage>,
    pub repeat_ms: Millis,
    pub repeat_to: BTreeSet<Audience>,
}

/// Every kind of incident, and the numbers by which they are judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub operation: Stages,
    pub security: Stages,
    /// Of a component whose failure does not stop its cluster.
    pub fault: Stages,
    pub law: Law,
}

/// A stage that is to be sent now. Of several that are due at once, each audience gets the last one
/// that is for it, as one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// To be written into the log as fired.
    pub stage: String,
    pub to: BTreeSet<Audience>,
}

impl Default for Table {
    fn default() -> Self {
        use Audience::{
            Department, DepartmentHead, Operator, PowerUnit, Province, Technician, UnitHead,
        };
        let step = |id: &str, minutes: Millis, to: &[Audience], unless| Stage {
            id: id.to_owned(),
            after_ms: minutes * MINUTE,
            to: to.iter().copied().collect(),
            unless,
        };
        let owners: BTreeSet<Audience> = [Operator, Technician].into();
        Self {
            operation: Stages {
                steps: vec![
                    step("operator", 0, &[Operator, Technician], Unless::Never),
                    step("power", 0, &[PowerUnit], Unless::Never),
                    step("remind-5", 5, &[Operator, UnitHead], Unless::Acknowledged),
                    step("remind-15", 15, &[Operator, UnitHead], Unless::Acknowledged),
                    step("remind-30", 30, &[Operator, UnitHead], Unless::Acknowledged),
                    step("department", 45, &[Department], Unless::Accepted),
                    step(
                        "last-resort",
                        55,
                        &[Department, DepartmentHead],
                        Unless::Accepted,
                    ),
                    step("breach", 60, &[UnitHead, DepartmentHead], Unless::InTime),
                ],
                repeat_ms: 30 * MINUTE,
                repeat_to: owners.clone(),
            },
            security: Stages {
                steps: vec![
                    step("operator", 0, &[Operator, Technician], Unless::Never),
                    step("department", 0, &[Department], Unless::Never),
                    step(
                        "remind-5",
                        5,
                        &[Operator, UnitHead, Department],
                        Unless::Confirmed,
                    ),
                    step("last-resort", 15, &[DepartmentHead], Unless::Confirmed),
                    step("breach", 60, &[UnitHead, DepartmentHead], Unless::InTime),
                    step("province", 90, &[Province], Unless::Confirmed),
                ],
                repeat_ms: 15 * MINUTE,
                repeat_to: owners,
            },
            fault: Stages {
                // Until then it may show that the whole cluster has stopped.
                steps: vec![step("fault", 5, &[Technician], Unless::Mended)],
                repeat_ms: 0,
                repeat_to: BTreeSet::new(),
            },
            law: Law::default(),
        }
    }
}

impl Table {
    /// What is to be sent at `now`: every stage that is due, was not fired and is still needed. A
    /// stage never comes early and never twice. `maintenance` keeps reminders away, nothing else,
    /// and nothing of a security incident.
    #[must_use]
    pub fn due(&self, incident: &Incident, maintenance: bool, now: TimeMs) -> Vec<Call> {
        if !incident.is_fault() && matches!(incident.duty(now), Duty::NotDue) {
            return Vec::new();
        }
        let stages = self.of(incident);
        let begins = incident.begins();
        let steps = stages.steps.iter().filter(|step| {
            let is_due = begins.plus(step.after_ms) <= now;
            let is_needed = step.unless.applies(incident, maintenance, now);
            is_due && is_needed && incident.fired(&step.id).is_none()
        });
        let steps = steps.map(|step| Call {
            stage: step.id.clone(),
            to: step.heard_by(incident).collect(),
        });
        // What nobody hears yet is said once somebody does: the cause may show later.
        let steps = steps.filter(|call| !call.to.is_empty());
        let repeat = stages.repetition(incident, maintenance, now);
        let repeat = repeat.map(|stage| Call {
            stage,
            to: stages.repeat_to.clone(),
        });
        steps.chain(repeat).collect()
    }

    /// Who has heard of the incident so far, and so hears that it is over.
    #[must_use]
    pub fn told(&self, incident: &Incident) -> BTreeSet<Audience> {
        let steps = self.of(incident).steps.iter();
        steps
            .filter(|step| incident.fired(&step.id).is_some())
            .flat_map(|step| step.heard_by(incident))
            .collect()
    }

    /// When to ask again: the next moment after `now` at which something may fall due. `None` when
    /// only another entry of the log can change anything.
    #[must_use]
    pub fn next(&self, incident: &Incident, now: TimeMs) -> Option<TimeMs> {
        let stages = self.of(incident);
        let begins = incident.begins();
        let steps = stages.steps.iter().map(|step| begins.plus(step.after_ms));
        let is_over = !matches!(incident.state(), State::Open | State::Recovering);
        let repeat = (!is_over).then(|| stages.next_repetition(begins, now));
        let woken = incident.acknowledged_until();
        let times = steps.chain(repeat).chain(woken);
        times.filter(|at| *at > now).min()
    }

    const fn of(&self, incident: &Incident) -> &Stages {
        if incident.is_fault() {
            &self.fault
        } else if incident.cause().is_security() {
            &self.security
        } else {
            &self.operation
        }
    }
}

impl Stage {
    /// The power unit hears of power only.
    fn heard_by(&self, incident: &Incident) -> impl Iterator<Item = Audience> {
        let is_power = incident.cause() == crate::cause::Cause::Power;
        let all = self.to.iter().copied();
        all.filter(move |one| is_power || *one != Audience::PowerUnit)
    }
}

impl Stages {
    /// The repetition that is due: named by its number, so that it is sent once.
    fn repetition(&self, incident: &Incident, maintenance: bool, now: TimeMs) -> Option<String> {
        let is_open = matches!(incident.state(), State::Open | State::Recovering);
        let last = self.steps.last().map_or(0, |step| step.after_ms);
        let elapsed = now.since(incident.begins()).saturating_sub(last);
        let number = elapsed
            .checked_div(self.repeat_ms)
            .filter(|number| *number > 0)?;
        let id = format!("repeat-{number}");
        let is_needed = Unless::Acknowledged.applies(incident, maintenance, now);
        (is_open && is_needed && incident.fired(&id).is_none()).then_some(id)
    }

    fn next_repetition(&self, begins: TimeMs, now: TimeMs) -> TimeMs {
        let last = self.steps.last().map_or(0, |step| step.after_ms);
        let elapsed = now.since(begins).saturating_sub(last).max(0);
        let number = elapsed.checked_div(self.repeat_ms).unwrap_or(0);
        begins
            .plus(last)
            .plus(self.repeat_ms.saturating_mul(number + 1))
    }
}

impl Unless {
    /// Whether a stage with this exception is needed.
    fn applies(self, incident: &Incident, maintenance: bool, now: TimeMs) -> bool {
        match self {
            Self::Never => true,
            Self::Acknowledged => {
                let silenced = maintenance && !incident.cause().is_security();
                !incident.is_acknowledged(now) && !silenced && incident.state() == State::Open
            }
            Self::Accepted => incident.accepted().is_none(),
            Self::Confirmed => incident.confirmed().is_none(),
            Self::InTime => matches!(incident.duty(now), Duty::Breached { .. }),
            Self::Mended => incident.state() == State::Open,
        }
    }
}
