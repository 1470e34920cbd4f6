//! Values: where an incident and its duty stand, and why an entry cannot be added.

use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{MINUTE, Millis};
use serde::{Deserialize, Serialize};

/// Where the fault itself stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Open,
    Recovering,
    Resolved,
    Dismissed,
    Closed,
}

/// Where the duty to notify the department stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    /// Nothing stopped within the hours of operation.
    NotDue,
    Running {
        deadline: TimeMs,
    },
    Satisfied {
        at: TimeMs,
    },
    /// Since the deadline, whenever that was noticed; `late` is when the notice came after all.
    Breached {
        deadline: TimeMs,
        late: Option<TimeMs>,
    },
}

/// Why an entry cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("an incident begins with its opening, and opens once")]
    Opening,
    #[error("the incident is closed or dismissed")]
    Over,
    #[error("whoever proposes does not agree as well: another person must")]
    SamePerson,
    #[error("nobody has proposed a dismissal")]
    NotProposed,
    #[error("a security incident is not dismissed; close it with its cause and remedy")]
    Security,
    #[error("it is not resolved yet")]
    NotResolved,
    #[error("the department has not been notified yet")]
    DutyOpen,
    #[error("resolved more than {} minutes ago: this is a new incident", .0 / MINUTE)]
    TooLate(Millis),
    #[error("reminders rest for {} minutes at most", .0 / MINUTE)]
    TooLong(Millis),
    #[error("only the fault of a component becomes part of an incident")]
    NoFault,
}
