//! The record of what the sink really presented, built from its own count of rendered frames.
//!
//! The output's pad probe calls `arrived` for every buffer that reaches the sink. When the next one arrives the
//! sink is done with the one before, and its counter tells whether that one was rendered or dropped.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;
use sha2::{Digest, Sha256};

use super::clock::Ticks;
use super::config::{LumaPlane, PresentedFrame, Showing, Witness};
use super::cue::ZoneId;
use super::item::Frame;
use super::report::EngineEvent;
use super::zone::{Choice, Owner, Slot};

const THUMBNAIL: (usize, usize) = (32, 18);

/// A frame on its way to the sink.
#[derive(Debug)]
struct Sent {
    running_ns: i64,
    at_ns: i64,
    zone: ZoneId,
    choice: Choice,
    late: bool,
}

/// What a zone has on the wall, as far as the sink has confirmed.
#[derive(Debug)]
struct OnScreen {
    owner: Owner,
    first_at_ns: i64,
    last_at_ns: i64,
    frames: u64,
    in_slot: u64,
    late: u64,
}

#[derive(Debug, Default)]
struct Record {
    generation: u64,
    /// Frames of a stand-in output reach nobody and are not counted.
    counting: bool,
    sent: VecDeque<Sent>,
    in_sink: Vec<Sent>,
    rendered: u64,
    zones: BTreeMap<ZoneId, OnScreen>,
    totals: Totals,
}

/// Sums over the engine's life.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub presented: u64,
    pub late: u64,
    pub dropped: u64,
    pub last_at_ns: Option<i64>,
}

/// Shared by the scheduler (what was sent), the output (what arrived) and the engine (what to report).
#[derive(Debug)]
pub(super) struct Aired {
    ticks: Ticks,
    info: gst_video::VideoInfo,
    events: Sender<EngineEvent>,
    witness: Option<Arc<dyn Witness>>,
    record: Mutex<Record>,
}

impl Aired {
    pub(super) fn new(
        ticks: Ticks,
        info: gst_video::VideoInfo,
        events: Sender<EngineEvent>,
        witness: Option<Arc<dyn Witness>>,
    ) -> Self {
        Self {
            ticks,
            info,
            events,
            witness,
            record: Mutex::default(),
        }
    }

    /// A new output pipeline begins; what was on its way to the old one is lost.
    pub(super) fn restart(&self, generation: u64, counting: bool) {
        let mut record = self.lock();
        let lost = record.sent.len() + record.in_sink.len();
        record.totals.dropped += u64::try_from(lost).unwrap_or(0);
        record.sent.clear();
        record.in_sink.clear();
        record.rendered = 0;
        record.generation = generation;
        record.counting = counting;
    }

    pub(super) fn sent(&self, zone: ZoneId, choice: Choice, at_ns: i64, running_ns: i64) {
        self.lock().sent.push_back(Sent {
            running_ns,
            at_ns,
            zone,
            choice,
            late: false,
        });
    }

    pub(super) fn not_sent(&self) {
        self.lock().totals.dropped += 1;
    }

    /// A buffer stamped `running_ns` reached the sink at `now_ns`, when it had rendered `rendered` others.
    pub(super) fn arrived(&self, generation: u64, running_ns: i64, rendered: u64, now_ns: i64) {
        let presented = {
            let mut record = self.lock();
            if record.generation != generation {
                return;
            }
            let presented = record.leave_sink(rendered);
            record.enter_sink(running_ns, now_ns > running_ns + self.ticks.period_ns());
            presented
        };
        presented.iter().for_each(|sent| self.present(sent));
    }

    /// Closes the account of whatever is still on the wall.
    pub(super) fn finish(&self) {
        let zones = std::mem::take(&mut self.lock().zones);
        for (zone, screen) in zones {
            self.report_end(zone, &screen);
        }
    }

    pub(super) fn totals(&self) -> Totals {
        self.lock().totals
    }

    pub(super) fn showing(&self, zone: ZoneId) -> Option<Showing> {
        self.lock().zones.get(&zone).map(|s| s.owner.showing())
    }

    fn present(&self, sent: &Sent) {
        self.show_witness(sent);
        let ended = {
            let mut record = self.lock();
            record.count(sent);
            record.put_on_screen(sent)
        };
        if let Some(ended) = &ended {
            self.report_end(sent.zone, ended);
        }
        if ended.is_some() || self.is_first(sent) {
            self.report_start(sent);
        }
    }

    fn is_first(&self, sent: &Sent) -> bool {
        self.lock()
            .zones
            .get(&sent.zone)
            .is_some_and(|s| s.frames == 1)
    }

    fn report_start(&self, sent: &Sent) {
        let (zone, at_ns) = (sent.zone, sent.at_ns);
        self.tell(match &sent.choice.owner {
            Owner::Cue(slot) => EngineEvent::Started {
                zone,
                cue: slot.cue,
                label: slot.label.clone(),
                at_ns,
                thumbnail_sha256: self.thumbnail(&sent.choice.frame),
            },
            Owner::Standby => EngineEvent::Standby { zone, at_ns },
            Owner::Dark => EngineEvent::Dark { zone, at_ns },
        });
    }

    fn report_end(&self, zone: ZoneId, screen: &OnScreen) {
        let Owner::Cue(slot) = &screen.owner else {
            return;
        };
        let due = self.ticks.between(slot.from_ns, slot.ends_ns());
        self.tell(EngineEvent::Ended {
            zone,
            cue: slot.cue,
            label: slot.label.clone(),
            first_at_ns: screen.first_at_ns,
            last_at_ns: screen.last_at_ns,
            frames: screen.frames,
            late: screen.late,
            lost: due.saturating_sub(screen.in_slot),
        });
    }

    fn show_witness(&self, sent: &Sent) {
        let Some(witness) = &self.witness else { return };
        self.with_luma(&sent.choice.frame, |luma| {
            witness.frame(&PresentedFrame {
                zone: sent.zone,
                at_ns: sent.at_ns,
                showing: sent.choice.owner.showing(),
                luma,
            });
        });
    }

    fn thumbnail(&self, frame: &Frame) -> String {
        let mut hasher = Sha256::new();
        self.with_luma(frame, |luma| {
            let (columns, rows) = THUMBNAIL;
            for row in 0..rows {
                let y = (2 * row + 1) * luma.height / (2 * rows);
                for column in 0..columns {
                    let x = (2 * column + 1) * luma.width / (2 * columns);
                    hasher.update([luma.at(x, y).unwrap_or(0)]);
                }
            }
        });
        hasher
            .finalize()
            .iter()
            .fold(String::new(), |mut hex, byte| {
                if write!(hex, "{byte:02x}").is_err() {
                    tracing::error!("A digest could not be written.");
                }
                hex
            })
    }

    fn with_luma(&self, frame: &Frame, see: impl FnOnce(LumaPlane<'_>)) {
        let own = frame.caps.as_ref();
        let own = own.map(|caps| gst_video::VideoInfo::from_caps(caps));
        let info = match &own {
            Some(Ok(info)) => info,
            Some(Err(_)) => return,
            None => &self.info,
        };
        let Ok(picture) = gst_video::VideoFrameRef::from_buffer_ref_readable(&frame.buffer, info)
        else {
            return;
        };
        let stride = picture.plane_stride().first().copied().unwrap_or(0);
        if let Ok(bytes) = picture.plane_data(0) {
            see(LumaPlane {
                width: usize::try_from(info.width()).unwrap_or(0),
                height: usize::try_from(info.height()).unwrap_or(0),
                stride: usize::try_from(stride).unwrap_or(0),
                bytes,
            });
        }
    }

    fn tell(&self, event: EngineEvent) {
        if self.events.send(event).is_err() {
            tracing::trace!("Nobody listens to the engine's events.");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Record {
    fn leave_sink(&mut self, rendered: u64) -> Vec<Sent> {
        let left = std::mem::take(&mut self.in_sink);
        let was_rendered = rendered > self.rendered;
        self.rendered = rendered;
        if was_rendered && self.counting {
            return left;
        }
        self.totals.dropped += u64::try_from(left.len()).unwrap_or(0);
        Vec::new()
    }

    fn enter_sink(&mut self, running_ns: i64, late: bool) {
        while let Some(first) = self.sent.front() {
            if first.running_ns > running_ns {
                break;
            }
            let Some(mut sent) = self.sent.pop_front() else {
                break;
            };
            if sent.running_ns == running_ns {
                sent.late = late;
                self.in_sink.push(sent);
            } else {
                self.totals.dropped += 1;
            }
        }
    }

    fn count(&mut self, sent: &Sent) {
        self.totals.presented += 1;
        self.totals.late += u64::from(sent.late);
        self.totals.last_at_ns = Some(sent.at_ns);
    }

    /// Returns what the frame replaced on the wall.
    fn put_on_screen(&mut self, sent: &Sent) -> Option<OnScreen> {
        let in_slot = u64::from(sent.is_in_slot());
        let late = u64::from(sent.late);
        if let Some(screen) = self.zones.get_mut(&sent.zone)
            && screen.owner.is(&sent.choice.owner)
        {
            screen.last_at_ns = sent.at_ns;
            screen.frames += 1;
            screen.in_slot += in_slot;
            screen.late += late;
            return None;
        }
        self.zones.insert(
            sent.zone,
            OnScreen {
                owner: sent.choice.owner.clone(),
                first_at_ns: sent.at_ns,
                last_at_ns: sent.at_ns,
                frames: 1,
                in_slot,
                late,
            },
        )
    }
}

impl Sent {
    fn is_in_slot(&self) -> bool {
        match &self.choice.owner {
            Owner::Cue(slot) => (slot.from_ns..slot.ends_ns()).contains(&self.at_ns),
            Owner::Standby | Owner::Dark => false,
        }
    }
}

impl Owner {
    /// The same showing, not merely the same cue.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Cue(a), Self::Cue(b)) => Arc::<Slot>::ptr_eq(a, b),
            (Self::Standby, Self::Standby) | (Self::Dark, Self::Dark) => true,
            (Self::Cue(_) | Self::Standby | Self::Dark, _) => false,
        }
    }
}
