//! The screens of this board: what they report, what they record, and whether they are there.

use crate::nurse::Signs;
use crate::outbox::{Item, Outbox};
use cotmoc_link::{AgentMessage, FromScreen, Peer, ScreenId, ScreenMessage, Server, What};
use cotmoc_player_core::symptom::{Glass, Sign, Trouble};
use cotmoc_proto::Digest;
use cotmoc_proto::device::{ScreenKind, ScreenReport};
use cotmoc_service::boot;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// A screen that has not reported for this long is lost.
const LOST_AFTER: Duration = Duration::from_secs(10);
/// A screen whose process has ended is lost unless it is back so soon.
const GONE_AFTER: Duration = Duration::from_millis(700);
const TICK: Duration = Duration::from_millis(100);
/// How long a screen may take to come when the board starts.
const FIRST_REPORT: Duration = Duration::from_secs(60);

/// The latest report of every screen that is there.
pub type Reports = BTreeMap<ScreenKind, ScreenReport>;

#[derive(Debug, Clone, Copy)]
enum Presence {
    Awaited { until: Instant },
    There { last: Instant },
    Leaving { until: Instant },
    Lost,
}

/// Listens to the screens.
#[derive(Debug)]
pub struct Screens {
    server: Server,
    outbox: Outbox,
    signs: Signs,
    reports: watch::Sender<Reports>,
    damaged: mpsc::Sender<Digest>,
    peers: BTreeMap<ScreenId, Peer>,
    presence: BTreeMap<ScreenKind, Presence>,
    glass: BTreeMap<ScreenKind, Glass>,
}

impl Screens {
    /// Listens on `server`; `expected` are the screens that should be there. Blobs that a screen
    /// found damaged go to `damaged`.
    #[must_use]
    pub fn new(
        server: Server,
        expected: &[ScreenKind],
        outbox: Outbox,
        signs: Signs,
        damaged: mpsc::Sender<Digest>,
    ) -> Self {
        let until = Instant::now() + FIRST_REPORT;
        let awaited = |kind: &ScreenKind| (*kind, Presence::Awaited { until });
        Self {
            server,
            outbox,
            signs,
            reports: watch::Sender::new(Reports::new()),
            damaged,
            peers: BTreeMap::new(),
            presence: expected.iter().map(awaited).collect(),
            glass: BTreeMap::new(),
        }
    }

    /// The reports of the screens that are there.
    #[must_use]
    pub fn reports(&self) -> watch::Receiver<Reports> {
        self.reports.subscribe()
    }

    /// Listens for ever.
    pub async fn run(mut self) {
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                happening = self.server.next() => match happening {
                    Some(FromScreen { screen, what }) => self.happened(screen, what),
                    None => return,
                },
                _ = tick.tick() => self.look_for_lost(Instant::now()),
            }
        }
    }

    fn happened(&mut self, screen: ScreenId, what: What) {
        match what {
            What::Came(peer) => {
                self.peers.insert(screen, peer);
            }
            What::Said(message) => self.said(screen, message),
            What::Gone => {
                let gone = self.peers.remove(&screen).map(|peer| peer.kind);
                if let Some(kind) = gone.filter(|kind| !self.is_connected(*kind)) {
                    self.signs.tell(Trouble::Screen, name(kind), Sign::Present);
                    let until = Instant::now() + GONE_AFTER;
                    self.presence.insert(kind, Presence::Leaving { until });
                }
            }
        }
    }

    fn said(&mut self, screen: ScreenId, message: ScreenMessage) {
        let Some(peer) = self.peers.get(&screen) else {
            return;
        };
        match message {
            ScreenMessage::Hello { .. } => {}
            ScreenMessage::Report(report) if report.kind == peer.kind => self.reported(report),
            ScreenMessage::Report(_) => {
                tracing::warn!(%screen, "a screen reports for another; it is not believed");
            }
            ScreenMessage::Record(record) => {
                let (sender, id) = (self.server.sender(), record.id);
                let item = Item {
                    source: Some((peer.spool.clone(), record.id)),
                    boot: record.boot,
                    stamp: record.stamp,
                    body: record.body,
                };
                self.outbox.put_from_screen(item, move || {
                    sender.say(screen, AgentMessage::Stored { id })
                });
            }
            ScreenMessage::Damaged { asset } => {
                tracing::warn!(%screen, %asset, "a screen found a damaged blob");
                if self.damaged.try_send(asset).is_err() {
                    tracing::warn!(%asset, "too many damaged blobs at once; this one must be reported again");
                }
            }
        }
    }

    fn reported(&mut self, report: ScreenReport) {
        let kind = report.kind;
        let last = Instant::now();
        self.presence.insert(kind, Presence::There { last });
        let glass = self.glass.entry(kind).or_default();
        for (trouble, sign) in glass.observe(&report, boot::since_boot_ms()) {
            self.signs.tell(trouble, name(kind), sign);
        }
        self.reports.send_modify(|reports| {
            reports.insert(kind, report);
        });
    }

    fn is_connected(&self, kind: ScreenKind) -> bool {
        self.peers.values().any(|peer| peer.kind == kind)
    }

    fn look_for_lost(&mut self, now: Instant) {
        for (kind, presence) in &mut self.presence {
            let lost = match presence {
                Presence::Awaited { until } | Presence::Leaving { until } => now >= *until,
                Presence::There { last } => now.duration_since(*last) >= LOST_AFTER,
                Presence::Lost => false,
            };
            if lost {
                *presence = Presence::Lost;
                self.signs.tell(Trouble::Screen, name(*kind), Sign::Present);
                self.reports.send_modify(|reports| {
                    reports.remove(kind);
                });
            }
        }
    }
}

const fn name(kind: ScreenKind) -> &'static str {
    match kind {
        ScreenKind::Wall => "wall",
        ScreenKind::Kiosk => "kiosk",
    }
}
