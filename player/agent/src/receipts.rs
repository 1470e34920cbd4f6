//! Receipts: what this device runs and shows, signed with its key, each naming the one before.

use crate::key::DeviceKey;
use crate::outbox::Outbox;
use crate::reporter::Reporter;
use crate::screens::Reports;
use cotmoc_proto::device::{ScreenReport, Showing};
use cotmoc_proto::trust::{Identity, Receipt};
use cotmoc_proto::{BootId, Digest, ItemId};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// A change of what is shown is receipted at most this often; what is accepted, at once.
const AT_MOST_EVERY: Duration = Duration::from_secs(300);

/// Writes receipts into the outbox.
#[derive(Debug)]
pub struct Receipts {
    pub me: Identity,
    pub boot: BootId,
    /// The key in use.
    pub key: watch::Receiver<Arc<DeviceKey>>,
    pub outbox: Outbox,
    pub reporter: Reporter,
}

impl Receipts {
    /// Watches the reports for ever.
    pub async fn run(self, mut reports: watch::Receiver<Reports>) {
        let mut last: Option<(Statement, Instant)> = None;
        loop {
            let now = reports
                .borrow_and_update()
                .values()
                .next()
                .map(Statement::of);
            let due = match (&now, &last) {
                (Some(_), None) => Some(Duration::ZERO),
                (Some(now), Some((before, _))) if now.accepted != before.accepted => {
                    Some(Duration::ZERO)
                }
                (Some(now), Some((before, at))) if now != before => {
                    Some(AT_MOST_EVERY.saturating_sub(at.elapsed()))
                }
                (Some(_) | None, _) => None,
            };
            if let (Some(Duration::ZERO), Some(now)) = (due, now) {
                self.write(now.clone());
                last = Some((now, Instant::now()));
                continue;
            }
            let patience = due.unwrap_or(Duration::from_secs(86_400));
            tokio::select! {
                changed = reports.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(patience) => {}
            }
        }
    }

    fn write(&self, statement: Statement) {
        let stamp = self.reporter.stamp();
        let (me, boot) = (self.me.clone(), self.boot.clone());
        let key = Arc::clone(&self.key.borrow());
        self.outbox.put_receipt(stamp, move |n, prev| {
            let receipt = Receipt {
                site: me.site.clone(),
                channel: me.channel.clone(),
                device: me.device.clone(),
                boot: boot.clone(),
                n,
                at_ms: stamp.wall_ms,
                root_version: statement.accepted.root_version,
                release: statement.accepted.release,
                release_sha256: statement.accepted.release_sha256,
                takedown: statement.accepted.takedown,
                override_seq: statement.accepted.override_seq,
                showing: statement.showing.clone(),
                prev,
            };
            match key.sign_receipt(&receipt) {
                Ok(signed) => Some(signed),
                Err(error) => {
                    tracing::error!(%error, "a receipt is left out");
                    None
                }
            }
        });
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    accepted: Accepted,
    showing: Vec<ItemId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Accepted {
    root_version: u64,
    release: u64,
    release_sha256: Option<Digest>,
    takedown: u64,
    override_seq: u64,
    /// Whether a template is on air: that it is, and that it no longer is, is told at once.
    template: bool,
}

impl Statement {
    fn of(report: &ScreenReport) -> Self {
        let item = |showing: &Showing| match showing {
            Showing::Item { item, .. }
            | Showing::Template { item, .. }
            | Showing::Fallback { item, .. } => Some(item.clone()),
            Showing::Dark { .. } | Showing::Factory { .. } => None,
        };
        let is_template = |showing: &Showing| matches!(showing, Showing::Template { .. });
        Self {
            accepted: Accepted {
                root_version: report.root_version,
                release: report.release,
                release_sha256: report.release_sha256,
                takedown: report.takedown,
                override_seq: report.override_seq,
                template: report.showing.iter().any(is_template),
            },
            showing: report.showing.iter().filter_map(item).collect(),
        }
    }
}
