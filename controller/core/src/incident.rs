//! Machine: one incident, folded from its log. The technical state, the duty to notify and what
//! people did are read from the same entries: after any crash the same log gives the same incident.

use crate::cause::{Cause, Source};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{HOUR, MINUTE, Millis};
use cotmoc_proto::window::{OperatingWindow, Phase};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The law's hour, from the occurrence to the department's notice (Điều 8.3b, 13.3b).
pub const DUTY_MS: Millis = HOUR;
/// An incident that comes back so soon is the same one.
pub const REOPEN_MS: Millis = 10 * MINUTE;
/// The longest time for which somebody may keep reminders away.
pub const LONGEST_ACK_MS: Millis = 15 * MINUTE;

/// One line of the log. Entries are added, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When the controller wrote it, by its trusted clock.
    pub at_ms: TimeMs,
    pub what: What,
}

/// What became known, or was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum What {
    /// Detected. `last_proof_ms` is the last proof that all was well, `window` when the cluster has
    /// to be on air.
    Opened {
        cause: Cause,
        last_proof_ms: TimeMs,
        window: OperatingWindow,
    },
    /// A statement about when and why. `stopped_ms`: at this time it certainly did not work.
    Evidence {
        source: Source,
        cause: Option<Cause>,
        occurred_ms: Option<TimeMs>,
        stopped_ms: Option<TimeMs>,
    },
    /// Somebody has taken it on: reminders rest until then, nothing else does.
    Acknowledged { by: String, until_ms: TimeMs },
    /// It works again; not yet proved stable.
    Recovered,
    /// Recovered and stable.
    Resolved,
    /// It stopped again.
    Relapsed,
    /// The notices of a stage were handed to the outbox.
    Fired { stage: String },
    /// The department's provider or its officer has taken a notice over.
    Accepted,
    /// An officer of the department has confirmed it.
    Confirmed { by: String },
    /// One person states that nothing stopped, and why.
    DismissalProposed { by: String, proof: String },
    /// Another person agrees.
    Dismissed { by: String },
    /// One person has written cause and remedy down.
    ClosingProposed { by: String, remedy: String },
    /// Cause and remedy are written down; a second person signs.
    Closed {
        by: String,
        countersigned: String,
        remedy: String,
    },
}

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
    #[error("resolved more than {} minutes ago: this is a new incident", REOPEN_MS / MINUTE)]
    TooLate,
    #[error("reminders rest for {} minutes at most", LONGEST_ACK_MS / MINUTE)]
    TooLong,
}

/// An incident, as its log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    state: State,
    window: OperatingWindow,
    cause: Cause,
    detected: TimeMs,
    /// The best statement of when it happened, and what it is worth.
    claim: (Source, TimeMs),
    /// First proof that it did not work.
    stopped: Option<TimeMs>,
    recovered: Option<TimeMs>,
    resolved: Option<TimeMs>,
    /// Who has taken it on, and until when reminders rest.
    acknowledged: Option<(String, TimeMs)>,
    fired: BTreeMap<String, TimeMs>,
    accepted: Option<TimeMs>,
    confirmed: Option<TimeMs>,
    dismissal: Option<Proposal>,
    closing: Option<Proposal>,
}

/// What one person has proposed and another has to agree to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub by: String,
    /// The proof that nothing stopped, or cause and remedy.
    pub text: String,
}

impl Incident {
    /// Reads the whole log.
    ///
    /// # Errors
    /// [`Refused`] by the first entry that cannot follow those before it.
    pub fn replay(log: &[Entry]) -> Result<Self, Refused> {
        let (first, rest) = log.split_first().ok_or(Refused::Opening)?;
        let mut incident = Self::open(first)?;
        for entry in rest {
            incident.add(entry)?;
        }
        Ok(incident)
    }

    /// Begins with the entry that opens it.
    ///
    /// # Errors
    /// [`Refused::Opening`] for any other entry.
    pub fn open(entry: &Entry) -> Result<Self, Refused> {
        let What::Opened {
            cause,
            last_proof_ms,
            window,
        } = &entry.what
        else {
            return Err(Refused::Opening);
        };
        Ok(Self {
            state: State::Open,
            window: window.clone(),
            cause: *cause,
            detected: entry.at_ms,
            claim: (Source::Silence, entry.at_ms.min(*last_proof_ms)),
            stopped: None,
            recovered: None,
            resolved: None,
            acknowledged: None,
            fired: BTreeMap::new(),
            accepted: None,
            confirmed: None,
            dismissal: None,
            closing: None,
        })
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// [`Refused`]; then nothing has changed.
    pub fn add(&mut self, entry: &Entry) -> Result<(), Refused> {
        // What reached the department is known whatever else was decided.
        let is_receipt = matches!(entry.what, What::Accepted | What::Confirmed { .. });
        if matches!(self.state, State::Closed | State::Dismissed) && !is_receipt {
            return Err(Refused::Over);
        }
        let at = entry.at_ms;
        match &entry.what {
            What::Opened { .. } => return Err(Refused::Opening),
            What::Accepted => self.accepted = self.accepted.or(Some(at)),
            What::Confirmed { .. } => {
                self.accepted = self.accepted.or(Some(at));
                self.confirmed = self.confirmed.or(Some(at));
            }
            What::Evidence {
                source,
                cause,
                occurred_ms,
                stopped_ms,
            } => self.weigh(*source, *cause, (*occurred_ms, *stopped_ms)),
            What::Acknowledged { by, until_ms } => {
                if until_ms.since(at) > LONGEST_ACK_MS {
                    return Err(Refused::TooLong);
                }
                self.acknowledged = Some((by.clone(), *until_ms));
            }
            What::Recovered => self.recover(at),
            What::Resolved => self.settle(at),
            What::Relapsed => self.relapse(at)?,
            What::Fired { stage } => {
                self.fired.entry(stage.clone()).or_insert(at);
            }
            What::DismissalProposed { by, proof } => {
                if self.cause.is_security() {
                    return Err(Refused::Security);
                }
                self.dismissal = Some(Proposal::new(by, proof));
            }
            What::Dismissed { by } => self.dismiss(by)?,
            What::ClosingProposed { by, remedy } => {
                self.may_close()?;
                self.closing = Some(Proposal::new(by, remedy));
            }
            What::Closed {
                by, countersigned, ..
            } => self.close(by, countersigned)?,
        }
        Ok(())
    }

    /// Where the fault stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    #[must_use]
    pub const fn cause(&self) -> Cause {
        self.cause
    }

    /// When the controller found out.
    #[must_use]
    pub const fn detected(&self) -> TimeMs {
        self.detected
    }

    /// When it happened by the best evidence, never later than the first proof that it did not
    /// work: a claim cannot push the deadline past what is known.
    #[must_use]
    pub fn occurred(&self) -> TimeMs {
        let (_, claimed) = self.claim;
        self.stopped.map_or(claimed, |proof| claimed.min(proof))
    }

    /// What that is founded on.
    #[must_use]
    pub const fn source(&self) -> Source {
        self.claim.0
    }

    /// When the law's hour begins: for security at the occurrence, else as soon as the cluster had
    /// to be on air.
    #[must_use]
    pub fn begins(&self) -> TimeMs {
        let occurred = self.occurred();
        if self.cause.is_security() {
            return occurred;
        }
        match self.window.phase(occurred) {
            Phase::Open { .. } => occurred,
            Phase::Closed { until } => until,
        }
    }

    /// When the department must know at the latest.
    #[must_use]
    pub fn deadline(&self) -> TimeMs {
        self.begins().plus(DUTY_MS)
    }

    /// Where the duty stands at `now`. Acknowledgement, maintenance and recovery change nothing;
    /// what was mended before it had to be on air is no duty.
    #[must_use]
    pub fn duty(&self, now: TimeMs) -> Duty {
        if self.state == State::Dismissed || self.was_mended_in_time() {
            return Duty::NotDue;
        }
        let deadline = self.deadline();
        match self.accepted {
            Some(at) if at <= deadline => Duty::Satisfied { at },
            late if late.is_some() || deadline <= now => Duty::Breached { deadline, late },
            Some(_) | None => Duty::Running { deadline },
        }
    }

    /// It worked again before the cluster had to be on air.
    fn was_mended_in_time(&self) -> bool {
        let begins = self.begins();
        !self.cause.is_security() && self.recovered.is_some_and(|at| at <= begins)
    }

    /// Whether reminders rest at `now`.
    #[must_use]
    pub fn is_acknowledged(&self, now: TimeMs) -> bool {
        self.acknowledged_by(now).is_some()
    }

    /// Until when reminders rest, if somebody has asked for that.
    #[must_use]
    pub fn acknowledged_until(&self) -> Option<TimeMs> {
        self.acknowledged.as_ref().map(|(_, until)| *until)
    }

    /// Who has taken it on, while reminders rest.
    #[must_use]
    pub fn acknowledged_by(&self, now: TimeMs) -> Option<&str> {
        let current = self.acknowledged.as_ref().filter(|(_, until)| now < *until);
        current.map(|(by, _)| by.as_str())
    }

    /// The dismissal that somebody has proposed last.
    #[must_use]
    pub const fn dismissal(&self) -> Option<&Proposal> {
        self.dismissal.as_ref()
    }

    /// The closing that somebody has signed, since it last stopped.
    #[must_use]
    pub const fn closing(&self) -> Option<&Proposal> {
        self.closing.as_ref()
    }

    /// When the notices of `stage` were handed to the outbox.
    #[must_use]
    pub fn fired(&self, stage: &str) -> Option<TimeMs> {
        self.fired.get(stage).copied()
    }

    /// When a notice to the department was first taken over.
    #[must_use]
    pub const fn accepted(&self) -> Option<TimeMs> {
        self.accepted
    }

    /// When an officer of the department first confirmed.
    #[must_use]
    pub const fn confirmed(&self) -> Option<TimeMs> {
        self.confirmed
    }

    /// When it first worked again, if it has since it last stopped.
    #[must_use]
    pub const fn recovered(&self) -> Option<TimeMs> {
        self.recovered
    }

    /// When that had proved stable.
    #[must_use]
    pub const fn resolved(&self) -> Option<TimeMs> {
        self.resolved
    }

    fn weigh(
        &mut self,
        source: Source,
        cause: Option<Cause>,
        (occurred, stopped): (Option<TimeMs>, Option<TimeMs>),
    ) {
        if let Some(found) = cause {
            self.cause = self.cause.revised(found);
        }
        if let Some(claimed) = occurred {
            let (known, time) = self.claim;
            let is_better = source > known || (source == known && claimed < time);
            if is_better {
                self.claim = (source, claimed.min(self.detected));
            }
        }
        if let Some(proof) = stopped {
            self.stopped = Some(self.stopped.map_or(proof, |known| known.min(proof)));
        }
    }

    const fn recover(&mut self, at: TimeMs) {
        if matches!(self.state, State::Open) {
            self.state = State::Recovering;
            self.recovered = Some(at);
        }
    }

    fn settle(&mut self, at: TimeMs) {
        if matches!(self.state, State::Open | State::Recovering) {
            self.state = State::Resolved;
            self.recovered = self.recovered.or(Some(at));
            self.resolved = Some(at);
        }
    }

    fn relapse(&mut self, at: TimeMs) -> Result<(), Refused> {
        if self.resolved.is_some_and(|then| at.since(then) > REOPEN_MS) {
            return Err(Refused::TooLate);
        }
        self.state = State::Open;
        self.recovered = None;
        self.resolved = None;
        self.closing = None;
        Ok(())
    }

    fn dismiss(&mut self, by: &str) -> Result<(), Refused> {
        if self.cause.is_security() {
            return Err(Refused::Security);
        }
        match &self.dismissal {
            None => Err(Refused::NotProposed),
            Some(proposal) if proposal.by == by => Err(Refused::SamePerson),
            Some(_) => {
                self.state = State::Dismissed;
                Ok(())
            }
        }
    }

    fn close(&mut self, by: &str, countersigned: &str) -> Result<(), Refused> {
        if by == countersigned {
            return Err(Refused::SamePerson);
        }
        self.may_close()?;
        self.state = State::Closed;
        Ok(())
    }

    fn may_close(&self) -> Result<(), Refused> {
        if self.state != State::Resolved {
            return Err(Refused::NotResolved);
        }
        if self.accepted.is_none() && !self.was_mended_in_time() {
            return Err(Refused::DutyOpen);
        }
        Ok(())
    }
}

impl Proposal {
    fn new(by: &str, text: &str) -> Self {
        Self {
            by: by.to_owned(),
            text: text.to_owned(),
        }
    }
}
