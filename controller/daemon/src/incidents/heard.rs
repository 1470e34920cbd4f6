//! Resolver: what an event of a device is worth, and in the log of which incident.

use super::Desk;
use super::case::{Case, INTRUSION};
use super::evidence::{self, Intrusion};
use crate::clock;
use crate::overview::DeviceView;
use crate::store::RecordRow;
use cotmoc_controller_core::cause::Cause;
use cotmoc_controller_core::incident::{State, What};
use cotmoc_proto::window::Phase;
use cotmoc_proto::{DeviceId, TimeMs};

impl Desk {
    /// What an event of a device is worth, and in the log of which incident.
    pub(super) fn heard(
        &self,
        view: &DeviceView,
        event: &RecordRow,
    ) -> Option<(String, Vec<What>)> {
        match evidence::intrusion(event) {
            Some(Intrusion::Begun(what)) => return self.intruded(view, event, what),
            Some(Intrusion::Over(until)) => return self.shut(&view.row.device, event.id, until),
            None => {}
        }
        let what = evidence::of(event)?;
        let newest = self.newest(&view.row.device);
        match newest.filter(|case| case.is_about(&what)) {
            Some(case) => Some((case.id.clone(), vec![what])),
            None => self.short_cut(view, what),
        }
    }

    /// Somebody is at the cabinet: an incident of its own, the same one while it goes on.
    fn intruded(
        &self,
        view: &DeviceView,
        event: &RecordRow,
        what: What,
    ) -> Option<(String, Vec<What>)> {
        let device = &view.row.device;
        let id = format!("{device}{INTRUSION}{}", event.id);
        let is_dated = evidence::occurred(&what).is_some();
        let is_known = |case: &Case| case.id == id || (is_dated && case.knows(&what));
        if self.intrusions(device).any(is_known) {
            return None;
        }
        let newest = self.intrusions(device).max_by_key(|c| c.intrusion());
        match newest.map(|case| (case, case.incident.state())) {
            Some((case, State::Open | State::Recovering)) => Some((case.id.clone(), vec![what])),
            Some((case, State::Resolved)) if is_dated && case.may_come_back(clock::now()) => {
                Some((case.id.clone(), vec![what, What::Relapsed]))
            }
            Some(_) | None => {
                let at = evidence::occurred(&what).unwrap_or_else(clock::now);
                let opened = What::Opened {
                    cause: Cause::Access,
                    last_proof_ms: at,
                    window: view.window.clone(),
                };
                Some((id, vec![opened, what]))
            }
        }
    }

    /// The cabinet is shut again: what an earlier event began is resolved, unless it was opened once
    /// more since, as after a start, when old events are heard again.
    fn shut(
        &self,
        device: &DeviceId,
        event: u64,
        until: Option<TimeMs>,
    ) -> Option<(String, Vec<What>)> {
        let is_open = |case: &&Case| matches!(case.incident.state(), State::Open);
        let earlier = |case: &&Case| case.intrusion().is_some_and(|begun| begun < event);
        let is_last = |case: &&Case| {
            let times = case.log.iter().filter_map(|e| evidence::occurred(&e.what));
            until.zip(times.max()).is_none_or(|(end, last)| last <= end)
        };
        let mut open = self.intrusions(device).filter(is_open).filter(earlier);
        open.find(is_last)
            .map(|case| (case.id.clone(), vec![What::Resolved]))
    }

    /// A power cut that was over before anybody missed the device is an incident all the same, if it
    /// had to be on air.
    fn short_cut(&self, view: &DeviceView, what: What) -> Option<(String, Vec<What>)> {
        let (from, to) = evidence::power_cut(&what)?;
        let device = &view.row.device;
        let is_open = |at| matches!(view.window.phase(at), Phase::Open { .. });
        let mut of = self.cases.values().filter(|case| case.device == *device);
        if !(is_open(from) || is_open(to)) || of.any(|case| case.knows(&what)) {
            return None;
        }
        let opened = What::Opened {
            cause: Cause::Power,
            last_proof_ms: from,
            window: view.window.clone(),
        };
        let id = format!("{device}-{}", from.0 / 1_000);
        let is_new = !self.cases.contains_key(&id);
        is_new.then(|| (id, vec![opened, what, What::Recovered, What::Resolved]))
    }

    fn intrusions(&self, device: &DeviceId) -> impl Iterator<Item = &Case> {
        let of = self
            .cases
            .values()
            .filter(move |case| case.device == *device);
        of.filter(|case| case.intrusion().is_some())
    }
}
