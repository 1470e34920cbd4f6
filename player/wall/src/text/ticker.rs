//! Running text: every message is drawn once and then only moved.

mod belt;

use self::belt::{Belt, Placed};
use super::health::{self, Health};
use super::line::{Fit, Frame, Line, Shape};
use super::setting::{Setter, TextFault, unwritable, yuv};
use crate::pipeline::{Overlay, PixelArea};
use cotmoc_canvas::{Ink, PictureMut, opacity_of_percent};
use cotmoc_proto::layout::{Message, Ticker};
use cotmoc_proto::playlist::Language;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

/// Stands between messages.
const SEPARATOR: &str = "   •   ";
/// A message wider than this is cut with an ellipsis.
const WIDEST_PX: u32 = 65_536;
/// The most memory for the shape of one message.
const SHAPE_BYTES: u32 = 16 << 20;
/// All messages are held when they need no more than this together; else only those that are soon in view.
const HELD_BYTES: u64 = 48 << 20;
/// How often a ticker that has not been on air yet looks what would be in view.
const GUESS_EVERY: Duration = Duration::from_millis(500);

const WHAT: &str = "ticker";

/// A ticker over the picture.
#[derive(Debug)]
pub(super) struct TickerOverlay {
    area: PixelArea,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    ticker: Ticker,
    health: Arc<Health>,
    plan: OnceLock<Plan>,
    desk: Mutex<Desk>,
    bell: Condvar,
}

/// What is known once all messages are measured.
#[derive(Debug)]
struct Plan {
    belt: Belt,
    fit: Fit,
    separator: Shape,
    messages: Vec<Measured>,
}

#[derive(Debug)]
struct Measured {
    text: String,
    language: Language,
    width_px: u32,
}

#[derive(Debug, Default)]
struct Desk {
    /// The tick that was drawn last.
    at_ns: Option<i64>,
    shapes: BTreeMap<usize, Shape>,
    /// The ticks for which all shapes are there.
    served: Range<i64>,
    closed: bool,
}

impl TickerOverlay {
    pub(super) fn start(ticker: &Ticker, area: PixelArea) -> Self {
        let shared = Arc::new(Shared {
            ticker: ticker.clone(),
            health: Arc::default(),
            plan: OnceLock::new(),
            desk: Mutex::default(),
            bell: Condvar::new(),
        });
        let working = Arc::clone(&shared);
        health::spawn(WHAT, &shared.health, move || working.work());
        Self { area, shared }
    }
}

impl Overlay for TickerOverlay {
    fn area(&self) -> PixelArea {
        self.area
    }

    fn draw(&self, at_ns: i64, canvas: &mut PictureMut<'_>) {
        let Some(plan) = self.shared.plan.get() else {
            return;
        };
        let ticker = &self.shared.ticker;
        let visible = plan.belt.visible(at_ns, ticker.area.width_px);
        let shapes = self.shared.shapes(plan, at_ns, &visible);
        if shapes.is_empty() {
            return;
        }
        let clip = self.area.into();
        let opacity = opacity_of_percent(ticker.backing.opacity_percent);
        canvas.blend_fill(clip, yuv(ticker.backing.colour), opacity);
        let ink = Ink::opaque(yuv(ticker.style.colour));
        for (shape, x_256ths) in shapes {
            let x = x_256ths + (i64::from(self.area.x) + i64::from(shape.x)) * 256;
            let y = self.area.y.saturating_add(shape.y);
            canvas.stamp(&shape.coverage, x, y, clip, ink);
        }
    }

    fn ready(&self) -> bool {
        self.shared.health.is_settled()
    }

    fn expect(&self, at_ns: i64) {
        self.shared.look_at(at_ns);
    }

    fn fault(&self) -> Option<String> {
        self.shared.health.fault()
    }
}

impl Drop for TickerOverlay {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.bell.notify_all();
    }
}

impl Shared {
    fn work(&self) -> Result<(), TextFault> {
        let setter = Setter::new()?;
        let plan = self.plan(&setter)?;
        let all: u64 = plan.messages.iter().map(|m| self.bytes_of(m)).sum();
        if all <= HELD_BYTES {
            for index in 0..plan.messages.len() {
                self.draw_message(&setter, &plan, index)?;
            }
            self.lock().served = i64::MIN..i64::MAX;
            self.publish(plan);
            return Ok(());
        }
        let mut at_ns = health::probably_now_ns();
        self.serve(&setter, &plan, at_ns)?;
        let plan = self.publish(plan);
        while let Some(next_ns) = self.wait() {
            at_ns = next_ns;
            self.serve(&setter, plan, at_ns)?;
        }
        Ok(())
    }

    fn publish(&self, plan: Plan) -> &Plan {
        let plan = self.plan.get_or_init(|| plan);
        self.health.settle();
        plan
    }

    fn plan(&self, setter: &Setter) -> Result<Plan, TextFault> {
        let messages = self.writable(setter);
        let frame = self.frame();
        let worded = messages.iter().map(|m| (m.text.as_str(), m.language));
        let lines: Vec<_> = worded.collect();
        let fit = frame.fit(setter, &lines);
        let separator = frame.line(setter, (SEPARATOR, Language::Vi), fit);
        let gap_px = separator.width_px();
        let measured: Vec<Measured> = messages
            .iter()
            .map(|message| self.measure(setter, message, fit))
            .collect();
        let steps: Vec<u32> = measured.iter().map(|m| m.width_px + gap_px).collect();
        Ok(Plan {
            belt: Belt::new(self.ticker.speed_px_per_s, &messages, &steps),
            fit,
            separator: separator.shape()?,
            messages: measured,
        })
    }

    fn frame(&self) -> Frame {
        Frame {
            style: self.ticker.style.clone(),
            height_px: self.ticker.area.height_px,
            width_px: None,
        }
    }

    /// The messages that the typefaces here can write; of the others the fault tells.
    fn writable(&self, setter: &Setter) -> Vec<Message> {
        let missing = setter.missing(&self.ticker.style);
        let mut messages = self.ticker.messages.clone();
        messages.retain(|message| match unwritable(&message.text, &missing) {
            None => true,
            Some(fault) => {
                self.health.note(WHAT, fault);
                false
            }
        });
        messages
    }

    fn measure(&self, setter: &Setter, message: &Message, fit: Fit) -> Measured {
        let (text, language) = (message.text.clone(), message.language);
        let line = self.frame().line(setter, (&text, language), fit);
        let limit_px = self.limit_px();
        if line.shorten(limit_px) {
            tracing::warn!(limit_px, message = %text,
                "A message of the ticker is too long and is cut with an ellipsis.");
        }
        let unknown = line.unknown_letters();
        if unknown > 0 {
            tracing::warn!(unknown, message = %text,
                "A message of the ticker has characters that no typeface here can draw.");
        }
        Measured {
            width_px: line.width_px(),
            text,
            language,
        }
    }

    fn limit_px(&self) -> u32 {
        let rows = self.ticker.area.height_px.max(1);
        (SHAPE_BYTES / rows).min(WIDEST_PX)
    }

    fn bytes_of(&self, message: &Measured) -> u64 {
        u64::from(message.width_px) * u64::from(self.ticker.area.height_px)
    }

    /// Draws what is in view from `at_ns` until the belt has moved on by the width of the area, and forgets the rest.
    fn serve(&self, setter: &Setter, plan: &Plan, at_ns: i64) -> Result<(), TextFault> {
        let width_px = self.ticker.area.width_px;
        let soon = plan
            .belt
            .soon_visible(at_ns, width_px, width_px.saturating_mul(2));
        let wanted: BTreeSet<usize> = soon.iter().map(|placed| placed.message).collect();
        self.lock().shapes.retain(|index, _| wanted.contains(index));
        for placed in soon {
            self.draw_message(setter, plan, placed.message)?;
        }
        let until_ns = at_ns.saturating_add(plan.belt.ns_of_px(width_px));
        self.lock().served = at_ns..until_ns;
        Ok(())
    }

    fn draw_message(&self, setter: &Setter, plan: &Plan, index: usize) -> Result<(), TextFault> {
        if self.lock().shapes.contains_key(&index) {
            return Ok(());
        }
        let Some(message) = plan.messages.get(index) else {
            return Ok(());
        };
        let worded = (message.text.as_str(), message.language);
        let line: Line = self.frame().line(setter, worded, plan.fit);
        line.shorten(self.limit_px());
        let shape = line.shape()?;
        self.lock().shapes.insert(index, shape);
        Ok(())
    }

    /// Waits for a tick that is not served. None when the ticker is no longer wanted.
    fn wait(&self) -> Option<i64> {
        let mut desk = self.lock();
        loop {
            if desk.closed {
                return None;
            }
            let at_ns = desk.at_ns.unwrap_or_else(health::probably_now_ns);
            if !desk.served.contains(&at_ns) {
                return Some(at_ns);
            }
            desk = self
                .bell
                .wait_timeout(desk, GUESS_EVERY)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn look_at(&self, at_ns: i64) {
        let mut desk = self.lock();
        desk.at_ns = Some(at_ns);
        if !desk.served.contains(&at_ns) {
            self.bell.notify_all();
        }
    }

    /// The shapes of what is in view with their places, a separator behind each message.
    fn shapes(&self, plan: &Plan, at_ns: i64, visible: &[Placed]) -> Vec<(Shape, i64)> {
        self.look_at(at_ns);
        let desk = self.lock();
        let mut shapes = Vec::new();
        for placed in visible {
            let width_px = plan.messages.get(placed.message).map_or(0, |m| m.width_px);
            let behind = placed.x_256ths + i64::from(width_px) * 256;
            if let Some(shape) = desk.shapes.get(&placed.message) {
                shapes.push((shape.clone(), placed.x_256ths));
            }
            shapes.push((plan.separator.clone(), behind));
        }
        shapes
    }

    fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
