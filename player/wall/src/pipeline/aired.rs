//! The record of what the sink really presented, built from its own count of rendered frames.
//!
//! The output's pad probe calls `arrived` for every buffer that reaches the sink. When the next one arrives the
//! sink is done with the one before, and its counter tells whether that one was rendered or dropped.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cotmoc_canvas::Area;
use gstreamer_video as gst_video;
use gstreamer_video::prelude::*;
use sha2::{Digest, Sha256};

use super::clock::Ticks;
use super::config::{LumaPlane, PixelArea, PresentedFrame, Showing, Witness};
use super::cue::ZoneId;
use super::item::Frame;
use super::output::Composed;
use super::report::EngineEvent;
use super::zone::{Choice, Owner, Slot};

const THUMBNAIL: (usize, usize) = (32, 18);

/// A frame on its way to the sink.
#[derive(Debug)]
struct Sent {
    running_ns: i64,
    at_ns: i64,
    shares: Vec<(ZoneId, Choice)>,
    late: bool,
    /// Kept for the witness alone.
    picture: Option<Frame>,
}

/// What one zone has of a presented picture.
#[derive(Clone, Copy)]
struct Share<'a> {
    zone: ZoneId,
    choice: &'a Choice,
    at_ns: i64,
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

    /// A picture is on its way to the sink.
    pub(super) fn sent(&self, composed: Composed, at_ns: i64, running_ns: i64) {
        let Composed {
            buffer,
            caps,
            shares,
        } = composed;
        let picture = self.witness.is_some().then_some(Frame {
            at_ns,
            duration_ns: 0,
            buffer,
            caps,
        });
        self.lock().sent.push_back(Sent {
            running_ns,
            at_ns,
            shares,
            late: false,
            picture,
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
        self.lock().count(sent);
        for (zone, screen) in self.lock().leave_screen(sent) {
            self.report_end(zone, &screen);
        }
        for (zone, choice) in &sent.shares {
            let share = Share {
                zone: *zone,
                choice,
                at_ns: sent.at_ns,
                late: sent.late,
            };
            self.present_share(share);
        }
    }

    fn present_share(&self, share: Share<'_>) {
        let ended = self.lock().put_on_screen(share);
        if let Some(ended) = &ended {
            self.report_end(share.zone, ended);
        }
        if ended.is_some() || self.is_first(share.zone) {
            self.report_start(share);
        }
    }

    fn is_first(&self, zone: ZoneId) -> bool {
        self.lock().zones.get(&zone).is_some_and(|s| s.frames == 1)
    }

    fn report_start(&self, share: Share<'_>) {
        let (zone, at_ns) = (share.zone, share.at_ns);
        self.tell(match &share.choice.owner {
            Owner::Cue(slot) => EngineEvent::Started {
                zone,
                cue: slot.cue,
                label: slot.label.clone(),
                at_ns,
                thumbnail_sha256: self.thumbnail(share.choice),
            },
            Owner::Standby => EngineEvent::Standby { zone, at_ns },
            Owner::Dark => EngineEvent::Dark { zone, at_ns },
        });
    }

    fn report_end(&self, zone: ZoneId, screen: &OnScreen) {
        let Owner::Cue(slot) = &screen.owner else {
            return;
        };
        let due = self.ticks.between(slot.since_ns(), slot.ends_ns());
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

    /// Shows of each zone what is to be seen of it, with all that is drawn over it.
    fn show_witness(&self, sent: &Sent) {
        let (Some(witness), Some(picture)) = (&self.witness, &sent.picture) else {
            return;
        };
        with_luma(picture, &self.info, |whole| {
            for (zone, choice) in &sent.shares {
                let passed_on = picture.buffer.as_ptr() == choice.frame.buffer.as_ptr();
                let luma = if passed_on {
                    whole
                } else {
                    part(whole, choice.place.area)
                };
                witness.frame(&PresentedFrame {
                    zone: *zone,
                    at_ns: sent.at_ns,
                    showing: choice.owner.showing(),
                    luma,
                });
            }
        });
    }

    /// Of the item's own picture, whatever is drawn over it.
    fn thumbnail(&self, choice: &Choice) -> String {
        let mut hasher = Sha256::new();
        with_luma(&choice.frame, &choice.place.info, |luma| {
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

    /// Returns zones that the picture has not: another scene is seen.
    fn leave_screen(&mut self, sent: &Sent) -> Vec<(ZoneId, OnScreen)> {
        let has = |zone: &ZoneId| sent.shares.iter().any(|(other, _)| other == zone);
        let gone = self.zones.keys().filter(|zone| !has(zone));
        let gone: Vec<ZoneId> = gone.copied().collect();
        let taken = gone.into_iter();
        taken
            .filter_map(|zone| Some((zone, self.zones.remove(&zone)?)))
            .collect()
    }

    /// Returns what the frame replaced on the wall.
    fn put_on_screen(&mut self, share: Share<'_>) -> Option<OnScreen> {
        let owner = &share.choice.owner;
        let in_slot = u64::from(owner.is_due(share.at_ns));
        let late = u64::from(share.late);
        if let Some(screen) = self.zones.get_mut(&share.zone)
            && screen.owner.is(owner)
        {
            screen.last_at_ns = share.at_ns;
            screen.frames += 1;
            screen.in_slot += in_slot;
            screen.late += late;
            return None;
        }
        self.zones.insert(
            share.zone,
            OnScreen {
                owner: owner.clone(),
                first_at_ns: share.at_ns,
                last_at_ns: share.at_ns,
                frames: 1,
                in_slot,
                late,
            },
        )
    }
}

impl Owner {
    /// It has the slot of which `at_ns` is a part.
    fn is_due(&self, at_ns: i64) -> bool {
        match self {
            Self::Cue(slot) => (slot.since_ns()..slot.ends_ns()).contains(&at_ns),
            Self::Standby | Self::Dark => false,
        }
    }

    /// The same showing, not merely the same cue.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Cue(a), Self::Cue(b)) => Arc::<Slot>::ptr_eq(a, b),
            (Self::Standby, Self::Standby) | (Self::Dark, Self::Dark) => true,
            (Self::Cue(_) | Self::Standby | Self::Dark, _) => false,
        }
    }
}

/// Calls `see` with the brightness of a frame that is in its zone's format, or says which it is in.
fn with_luma(frame: &Frame, zone: &gst_video::VideoInfo, see: impl FnOnce(LumaPlane<'_>)) {
    let own = frame
        .caps
        .as_ref()
        .map(|caps| gst_video::VideoInfo::from_caps(caps));
    let info = match &own {
        Some(Ok(info)) => info,
        Some(Err(_)) => return,
        None => zone,
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

/// The brightness of a part of the canvas.
fn part(whole: LumaPlane<'_>, area: PixelArea) -> LumaPlane<'_> {
    let inside = Area::whole(whole.width, whole.height).intersection(area.into());
    let inside = inside.unwrap_or(Area::new(0, 0, 0, 0));
    let [x, y, width, height] = [inside.x, inside.y, inside.width, inside.height]
        .map(|edge| usize::try_from(edge).unwrap_or(0));
    LumaPlane {
        width,
        height,
        stride: whole.stride,
        bytes: whole.bytes.get(y * whole.stride + x..).unwrap_or_default(),
    }
}
