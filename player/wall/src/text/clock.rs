//! The time of day or the date, drawn ahead so that it changes on the very tick.

mod face;

use super::health::{self, Health};
use super::line::{Fit, Frame, Shape};
use super::setting::{Setter, TextFault, unwritable, yuv};
use crate::pipeline::{Overlay, PixelArea};
use cotmoc_canvas::{Ink, PictureMut, opacity_of_percent};
use cotmoc_proto::layout::Clock;
use cotmoc_proto::playlist::Language;
use cotmoc_proto::time::TimeMs;
use cotmoc_proto::window::Zone;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a clock that has not been on air yet looks what time it would show.
const GUESS_EVERY: Duration = Duration::from_millis(250);

const NS_PER_MS: i64 = 1_000_000;
const WHAT: &str = "clock";

/// A clock over the picture.
#[derive(Debug)]
pub(super) struct ClockOverlay {
    area: PixelArea,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    clock: Clock,
    zone: Zone,
    health: Arc<Health>,
    desk: Mutex<Desk>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct Desk {
    /// The time that was asked for last.
    at: Option<TimeMs>,
    /// What is shown and what follows, in order.
    faces: Vec<Face>,
    /// It has been on air.
    seen: bool,
    closed: bool,
}

/// What the clock shows for a while.
#[derive(Debug, Clone)]
struct Face {
    from: TimeMs,
    to: TimeMs,
    text: String,
    shape: Shape,
    width_px: u32,
}

impl ClockOverlay {
    pub(super) fn start(clock: &Clock, zone: &Zone, area: PixelArea) -> Self {
        let shared = Arc::new(Shared {
            clock: clock.clone(),
            zone: zone.clone(),
            health: Arc::default(),
            desk: Mutex::default(),
            bell: Condvar::new(),
        });
        let working = Arc::clone(&shared);
        health::spawn(WHAT, &shared.health, move || working.work());
        Self { area, shared }
    }
}

impl Overlay for ClockOverlay {
    fn area(&self) -> PixelArea {
        self.area
    }

    fn draw(&self, at_ns: i64, canvas: &mut PictureMut<'_>) {
        let Some(face) = self.shared.face(TimeMs(at_ns.div_euclid(NS_PER_MS))) else {
            return;
        };
        let Clock { backing, style, .. } = &self.shared.clock;
        let clip = self.area.into();
        let opacity = opacity_of_percent(backing.opacity_percent);
        canvas.blend_fill(clip, yuv(backing.colour), opacity);
        let width_px = i32::try_from(face.width_px).unwrap_or(0);
        let left = self.area.x + (self.area.width - width_px) / 2 + face.shape.x;
        let top = self.area.y + face.shape.y;
        let ink = Ink::opaque(yuv(style.colour));
        canvas.stamp(&face.shape.coverage, i64::from(left) * 256, top, clip, ink);
    }

    fn ready(&self) -> bool {
        let health = &self.shared.health;
        health.is_settled() && (health.fault().is_some() || self.shared.lock().is_furnished())
    }

    fn expect(&self, at_ns: i64) {
        self.shared.look_at(TimeMs(at_ns.div_euclid(NS_PER_MS)));
    }

    fn fault(&self) -> Option<String> {
        self.shared.health.fault()
    }
}

impl Drop for ClockOverlay {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.bell.notify_all();
    }
}

impl Desk {
    /// Whether the face for the time that it is expected to show first is there. Later ones are not waited for.
    fn is_furnished(&self) -> bool {
        let expected = self.at.filter(|_| !self.seen);
        expected.is_none_or(|at| self.face_at(at).is_some())
    }

    fn face_at(&self, at: TimeMs) -> Option<&Face> {
        let shows = |face: &&Face| face.from <= at && at < face.to;
        self.faces.iter().find(shows)
    }

    /// The time whose face is to be drawn next.
    fn lacking(&self, at: TimeMs) -> Option<TimeMs> {
        match self.face_at(at) {
            None => Some(at),
            Some(face) if self.face_at(face.to).is_none() => Some(face.to),
            Some(_) => None,
        }
    }

    fn insert(&mut self, at: TimeMs, face: Face) {
        let still_wanted = |old: &Face| old.to >= at && old.from <= face.to;
        self.faces.retain(still_wanted);
        self.faces.push(face);
    }
}

impl Shared {
    /// What to show at `at`; while it is not drawn yet, what was drawn last.
    fn face(&self, at: TimeMs) -> Option<Face> {
        self.look_at(at);
        let mut desk = self.lock();
        desk.seen = true;
        desk.face_at(at).or_else(|| desk.faces.last()).cloned()
    }

    fn look_at(&self, at: TimeMs) {
        let mut desk = self.lock();
        desk.at = Some(at);
        if desk.lacking(at).is_some() {
            self.bell.notify_all();
        }
    }

    fn work(&self) -> Result<(), TextFault> {
        let setter = Setter::new()?;
        let samples = face::samples(self.clock.format);
        let missing = setter.missing(&self.clock.style);
        if let Some(fault) = samples.iter().find_map(|text| unwritable(text, &missing)) {
            return Err(fault);
        }
        let frame = Frame {
            style: self.clock.style.clone(),
            height_px: self.clock.area.height_px,
            width_px: Some(self.clock.area.width_px),
        };
        let lines: Vec<_> = samples.iter().map(|s| (s.as_str(), Language::Vi)).collect();
        let fit = frame.fit(&setter, &lines);
        while let Some((at, wanted)) = self.wait() {
            let face = self.draw_face(&setter, (&frame, fit), wanted)?;
            let mut desk = self.lock();
            desk.insert(at, face);
            if desk.lacking(at).is_none() {
                self.health.settle();
            }
        }
        Ok(())
    }

    fn draw_face(
        &self,
        setter: &Setter,
        (frame, fit): (&Frame, Fit),
        at: TimeMs,
    ) -> Result<Face, TextFault> {
        let (from, to) = face::span(self.clock.format, at);
        let text = face::text(self.clock.format, &self.zone, at);
        let same = self.lock().faces.iter().find(|f| f.text == text).cloned();
        if let Some(face) = same {
            return Ok(Face { from, to, ..face });
        }
        let line = frame.line(setter, (&text, Language::Vi), fit);
        Ok(Face {
            from,
            to,
            shape: line.shape()?,
            width_px: line.width_px(),
            text,
        })
    }

    /// Waits until a face is lacking: the time that is shown, and the time whose face to draw. None when the clock is
    /// no longer wanted.
    fn wait(&self) -> Option<(TimeMs, TimeMs)> {
        let mut desk = self.lock();
        loop {
            if desk.closed {
                return None;
            }
            let guess = || TimeMs(health::probably_now_ns().div_euclid(NS_PER_MS));
            let at = desk.at.unwrap_or_else(guess);
            if let Some(wanted) = desk.lacking(at) {
                return Some((at, wanted));
            }
            desk = self
                .bell
                .wait_timeout(desk, GUESS_EVERY)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
