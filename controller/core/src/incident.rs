//! Machine: one incident, folded from its log. The technical state, the duty to notify and what
//! people did are read from the same entries: after any crash the same log gives the same incident.

mod entry;
mod parts;
mod state;

pub use entry::{Entry, Extent, Opening, Part, Scope, What};
pub use state::{Duty, Refused, State};

use crate::cause::{Cause, Source};
use crate::law::{Law, Laws};
use cotmoc_proto::window::{OperatingWindow, Phase};
use cotmoc_proto::{DeviceId, TimeMs};
use parts::Parts;
use std::collections::{BTreeMap, BTreeSet};

/// An incident, as its log says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    state: State,
    window: OperatingWindow,
    laws: Laws,
    is_fault: bool,
    /// The cluster's components; `None` in logs that do not name them.
    parts: Option<Parts>,
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
    /// When people ended it, or it became part of another.
    ended: Option<(TimeMs, Ending)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Signed,
    Joined,
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
        let What::Opened(opening) = &entry.what else {
            return Err(Refused::Opening);
        };
        let scope = opening.scope.as_ref();
        Ok(Self {
            state: State::Open,
            window: opening.window.clone(),
            laws: opening.laws.clone(),
            is_fault: scope.is_some_and(|scope| scope.extent == Extent::Fault),
            parts: scope.map(|scope| Parts::new(scope, entry.at_ms)),
            cause: opening.cause,
            detected: entry.at_ms,
            claim: (Source::Silence, entry.at_ms.min(opening.last_proof_ms)),
            stopped: None,
            recovered: None,
            resolved: None,
            acknowledged: None,
            fired: BTreeMap::new(),
            accepted: None,
            confirmed: None,
            dismissal: None,
            closing: None,
            ended: None,
        })
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// [`Refused`]; then nothing has changed.
    pub fn add(&mut self, entry: &Entry) -> Result<(), Refused> {
        // What reached the department is known whatever else was decided.
        let is_receipt = matches!(entry.what, What::Accepted | What::Confirmed { .. });
        if self.is_over() && !is_receipt {
            return Err(Refused::Over);
        }
        let at = entry.at_ms;
        match &entry.what {
            What::Opened(_) => return Err(Refused::Opening),
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
                device,
            } => self.weigh(
                (*source, device.as_ref()),
                *cause,
                (*occurred_ms, *stopped_ms),
            ),
            What::Failed { device, .. } => self.of_parts(|parts| parts.fail(device)),
            What::Restored { device } => self.of_parts(|parts| parts.restore(device)),
            What::Joined { .. } => {
                if !self.is_fault {
                    return Err(Refused::NoFault);
                }
                self.state = State::Closed;
                self.ended = Some((at, Ending::Joined));
            }
            What::Acknowledged { by, until_ms } => {
                let longest = self.law().longest_ack_ms;
                if until_ms.since(at) > longest {
                    return Err(Refused::TooLong(longest));
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
            What::Dismissed { by } => self.dismiss(by, at)?,
            What::ClosingProposed { by, remedy } => {
                self.may_close()?;
                self.closing = Some(Proposal::new(by, remedy));
            }
            What::Closed {
                by, countersigned, ..
            } => self.close((by, countersigned), at)?,
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

    /// When the cluster has to be on air.
    #[must_use]
    pub const fn window(&self) -> &OperatingWindow {
        &self.window
    }

    /// The first proof that it did not work, if there is one.
    #[must_use]
    pub const fn stopped(&self) -> Option<TimeMs> {
        self.stopped
    }

    /// When the controller found out.
    #[must_use]
    pub const fn detected(&self) -> TimeMs {
        self.detected
    }

    /// When it happened by the best evidence, never later than the first proof that it did not
    /// work: a claim cannot push the deadline past what is known. Of a cluster it is when the component
    /// failed that completed the stop.
    #[must_use]
    pub fn occurred(&self) -> TimeMs {
        let (_, claimed) = self.founded();
        self.stopped.map_or(claimed, |proof| claimed.min(proof))
    }

    /// What that is founded on.
    #[must_use]
    pub fn source(&self) -> Source {
        self.founded().0
    }

    /// What is said of the whole, unless its components know better.
    fn founded(&self) -> (Source, TimeMs) {
        let (source, time) = self.claim;
        match self.parts.as_ref().and_then(Parts::occurred) {
            Some((of_parts, since))
                if of_parts > source || (of_parts == source && since <= time) =>
            {
                (of_parts, since)
            }
            Some(_) | None => self.claim,
        }
    }

    /// Whether a component has failed and the cluster goes on without it: then no hour runs.
    #[must_use]
    pub const fn is_fault(&self) -> bool {
        self.is_fault
    }

    /// The components that do not work now.
    #[must_use]
    pub fn down(&self) -> Option<&BTreeSet<DeviceId>> {
        self.parts.as_ref().map(Parts::down)
    }

    /// The numbers by which it is judged: those of the day on which its hour began.
    #[must_use]
    pub fn law(&self) -> Law {
        self.laws.at(self.begins())
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
        self.begins().plus(self.law().duty_ms)
    }

    /// Where the duty stands at `now`. Acknowledgement, maintenance and recovery change nothing;
    /// what was mended before it had to be on air is no duty.
    #[must_use]
    pub fn duty(&self, now: TimeMs) -> Duty {
        if self.is_fault || self.state == State::Dismissed || self.was_mended_in_time() {
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
    #[must_use]
    pub fn was_mended_in_time(&self) -> bool {
        let begins = self.begins();
        !self.cause.is_security() && self.recovered.is_some_and(|at| at <= begins)
    }

    /// Whether people have ended it: nothing is added to its log but what the department says.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        matches!(self.state, State::Closed | State::Dismissed)
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

    /// Whether a stop now would be the same incident.
    #[must_use]
    pub fn may_reopen(&self, now: TimeMs) -> bool {
        let is_over = matches!(self.state, State::Closed | State::Dismissed);
        let reopen = self.law().reopen_ms;
        !is_over && self.resolved.is_none_or(|then| now.since(then) <= reopen)
    }

    /// Whether people have judged a stop of which this is the last proof that all was well, and ended it.
    #[must_use]
    pub fn covers(&self, last_proof: TimeMs) -> bool {
        match self.ended {
            Some((at, Ending::Signed)) => last_proof <= self.recovered.unwrap_or(at),
            Some((_, Ending::Joined)) | None => false,
        }
    }

    fn of_parts(&mut self, change: impl FnOnce(&mut Parts)) {
        if let Some(parts) = &mut self.parts {
            change(parts);
        }
    }

    fn weigh(
        &mut self,
        (source, device): (Source, Option<&DeviceId>),
        cause: Option<Cause>,
        (occurred, stopped): (Option<TimeMs>, Option<TimeMs>),
    ) {
        let detected = self.detected;
        if let (Some(device), Some(parts)) = (device, &mut self.parts) {
            let claimed = occurred.map(|time| time.min(detected));
            let made_it = parts.weigh((source, device), (claimed, stopped));
            // Of a component that did not stop the cluster a cause is a hint, and nothing more.
            if let Some(found) = cause.filter(|_| made_it || self.cause == Cause::Unknown) {
                self.cause = self.cause.revised(found);
            }
            return;
        }
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
        if !self.may_reopen(at) {
            return Err(Refused::TooLate(self.law().reopen_ms));
        }
        self.state = State::Open;
        self.recovered = None;
        self.resolved = None;
        self.closing = None;
        Ok(())
    }

    fn dismiss(&mut self, by: &str, at: TimeMs) -> Result<(), Refused> {
        if self.cause.is_security() {
            return Err(Refused::Security);
        }
        match &self.dismissal {
            None => Err(Refused::NotProposed),
            Some(proposal) if proposal.by == by => Err(Refused::SamePerson),
            Some(_) => {
                self.state = State::Dismissed;
                self.ended = Some((at, Ending::Signed));
                Ok(())
            }
        }
    }

    fn close(&mut self, (by, countersigned): (&str, &str), at: TimeMs) -> Result<(), Refused> {
        if by == countersigned {
            return Err(Refused::SamePerson);
        }
        self.may_close()?;
        self.state = State::Closed;
        self.ended = Some((at, Ending::Signed));
        Ok(())
    }

    fn may_close(&self) -> Result<(), Refused> {
        if self.state != State::Resolved {
            return Err(Refused::NotResolved);
        }
        if self.accepted.is_none() && !self.is_fault && !self.was_mended_in_time() {
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
