//! Overrides: the newest one that is good says what holds.

use super::{Gate, remember};
use crate::media::Stamp;
use crate::report::{Outcome, What};
use crate::vault::{self, MAX_OVERRIDES};
use cotmoc_proto::Digest;
use cotmoc_proto::envelope::Envelope;
use cotmoc_proto::override_order::{Action, Override};
use cotmoc_proto::trust::{self, Admitted, RoleName};
use cotmoc_service::file::FileError;
use std::collections::BTreeMap;

impl Gate {
    pub(super) fn take_overrides(&mut self, outcomes: &mut Vec<Outcome>) {
        if !self.standing.is_whole() {
            return;
        }
        let names = vault::override_names(&self.config.inbox_dir);
        let newest = names.len().saturating_sub(MAX_OVERRIDES);
        let told = outcomes.len();
        let mut idle = BTreeMap::new();
        for name in names.into_iter().skip(newest) {
            let stamp = Stamp::at(&self.config.inbox_dir.join(&name));
            let is_idle = stamp.is_some() && self.intake.idle_orders.get(&name) == stamp.as_ref();
            let is_settled = is_idle
                || self
                    .read_inbox(&name, What::Override, outcomes)
                    .is_none_or(|bytes| self.take_override(bytes, outcomes));
            idle.extend(stamp.filter(|_| is_settled).map(|stamp| (name, stamp)));
        }
        self.intake.idle_orders = idle;
        if outcomes
            .iter()
            .skip(told)
            .any(|outcome| matches!(outcome, Outcome::OverrideAccepted { .. }))
        {
            self.intake.idle_orders.clear();
        }
    }

    /// `false`: it is good and is to be looked at again.
    fn take_override(&mut self, bytes: Vec<u8>, outcomes: &mut Vec<Outcome>) -> bool {
        let sha256 = Digest::of(&bytes);
        if self.intake.ordered.contains(&sha256) {
            return true;
        }
        let trust = &mut self.standing.book.trust;
        match trust::admit_override(&self.standing.root, trust, &self.config.me, &bytes) {
            Err(reject) => self.refuse(What::Override, reject, sha256, outcomes),
            Ok(Admitted { document, .. }) if document.seq == trust.override_seq => {
                if let Err(error) = self.sign_override_anew(&document, &bytes) {
                    self.not_kept(What::Override, sha256, &error, outcomes);
                    return false;
                }
                remember(&mut self.intake.ordered, sha256);
            }
            Ok(Admitted { document, digest }) => {
                trust.on_override(&document, digest);
                outcomes.push(accepted(&document));
                self.keep_override(document.seq, bytes, outcomes);
                remember(&mut self.intake.ordered, sha256);
            }
        }
        true
    }

    /// People wait for it: it is in force before it is on disk. Signed file first, counter second.
    pub(super) fn keep_override(&mut self, seq: u64, bytes: Vec<u8>, outcomes: &mut Vec<Outcome>) {
        let written = self.vault.write_override(seq, &bytes);
        let saved = written.and_then(|()| self.slots.save(&mut self.standing.book));
        if let Err(error) = saved {
            self.not_kept(What::Override, Digest::of(&bytes), &error, outcomes);
            self.intake.unkept_order = Some((seq, bytes));
        }
    }

    /// The newest override came again with other signatures: the good ones are added to those
    /// kept, so that it outlives a root that takes its signer's key away.
    fn sign_override_anew(&self, order: &Override, bytes: &[u8]) -> Result<(), FileError> {
        let name = vault::override_name(order.seq);
        let kept = match self.vault.override_order(&name) {
            Ok(kept) => Envelope::parse(&kept).ok(),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        let sent = Envelope::parse(bytes).ok();
        let root = &self.standing.root;
        let merged = match (kept, sent) {
            (Some(kept), Some(sent)) => root.merge(RoleName::Override, &kept, &sent),
            (None, sent) => sent,
            (Some(_), None) => None,
        };
        merged.map_or(Ok(()), |merged| {
            self.vault.write_override(order.seq, &merged.to_bytes())
        })
    }

    /// What has become of the override in force since it was last told.
    pub(super) fn tell_of_override(&mut self, outcomes: &mut Vec<Outcome>) {
        let over = std::mem::take(&mut self.intake.over);
        outcomes.extend(over.into_iter().map(|seq| Outcome::OverrideOver { seq }));
        let trust = &self.standing.book.trust;
        let running = self.standing.running.as_ref();
        let hidden = trust.override_in_force.as_ref().and_then(|order| {
            let reject = match running {
                Some(running) => trust.template_in(&running.release).err()?,
                None => order.template.without_release(),
            };
            Some((order.seq, reject))
        });
        let told = hidden.as_ref().map(|(seq, reject)| (*seq, reject.code()));
        if self.intake.hidden != told {
            self.intake.hidden = told;
            let hidden = hidden.map(|(seq, reject)| Outcome::OverrideHidden { seq, reject });
            outcomes.extend(hidden);
        }
    }
}

fn accepted(order: &Override) -> Outcome {
    let (template, ends) = match &order.action {
        Action::Show(template) => (Some(template.item.clone()), None),
        Action::End { ends } => (None, Some(*ends)),
    };
    Outcome::OverrideAccepted {
        seq: order.seq,
        template,
        ends,
    }
}
