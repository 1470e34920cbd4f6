//! Where each message of a ticker stands at any time: a pure function, so that every wall that is given the same
//! messages shows them at the same place.
//!
//! Think of an endless belt that moves from right to left. Its far end was fixed at the beginning of the epoch;
//! messages are laid on it one after the other. Where the set of current messages changes, the one that is just
//! coming in is finished, then the new set follows.

use cotmoc_proto::layout::Message;
use cotmoc_proto::time::TimeMs;

/// Parts of a pixel in which places are counted.
const PARTS: i128 = 256;
/// Messages are never nearer to each other, so that an area never shows too many.
const LEAST_PX: u32 = 16;
/// Places are held within these, far from where numbers run over.
const FAR: i64 = i64::MAX / 4;

/// A message on the belt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed {
    pub message: usize,
    /// From the area's left edge, in 256ths of a pixel.
    pub x_256ths: i64,
}

/// The whole belt, in 256ths of a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Belt {
    speed_px_per_s: u32,
    /// Of each message, with what separates it from the next.
    lengths: Vec<i64>,
    /// In the order of their places.
    stretches: Vec<Stretch>,
}

/// A part of the belt on which the same messages are repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stretch {
    from: i64,
    /// Where a first message begins.
    anchor: i64,
    order: Vec<usize>,
    /// Of all its messages together; 0 when there are none.
    period: i64,
}

impl Belt {
    /// `widths_px` are those of the messages with what separates each from the next.
    pub(super) fn new(speed_px_per_s: u32, messages: &[Message], widths_px: &[u32]) -> Self {
        let length = |width: &u32| i64::from((*width).max(LEAST_PX)) * 256;
        let mut belt = Self {
            speed_px_per_s,
            lengths: widths_px.iter().map(length).collect(),
            stretches: Vec::new(),
        };
        let changes = changes(messages);
        let before = changes.first().map_or(TimeMs(0), |first| first.plus(-1));
        belt.begin(messages, before);
        for change in changes {
            belt.change(messages, change);
        }
        belt
    }

    /// The messages that an area of `width_px` shows at `at_ns`, from left to right.
    pub(super) fn visible(&self, at_ns: i64, width_px: u32) -> Vec<Placed> {
        self.between(at_ns, i64::from(width_px) * 256, 0)
    }

    /// The same, with those that come in while the belt moves on by `ahead_px`.
    pub(super) fn soon_visible(&self, at_ns: i64, width_px: u32, ahead_px: u32) -> Vec<Placed> {
        self.between(at_ns, i64::from(width_px) * 256, i64::from(ahead_px) * 256)
    }

    /// How long the belt takes to move by `px`.
    pub(super) fn ns_of_px(&self, px: u32) -> i64 {
        i64::from(px) * 1_000_000_000 / i64::from(self.speed_px_per_s.max(1))
    }

    /// The place of the belt that is at the area's right edge at `at_ns`.
    fn place_at(&self, at_ns: i64) -> i64 {
        self.place(i128::from(at_ns), 1_000_000_000)
    }

    fn place(&self, time: i128, per_second: i128) -> i64 {
        let place = (time * i128::from(self.speed_px_per_s) * PARTS).div_euclid(per_second);
        let far = i128::from(FAR);
        i64::try_from(place.clamp(-far, far)).unwrap_or(0)
    }

    fn begin(&mut self, messages: &[Message], at: TimeMs) {
        let stretch = self.stretch(messages, at, 0, 0);
        self.stretches.push(Stretch {
            from: i64::MIN,
            ..stretch
        });
    }

    /// The messages that are current at `at`, from place `from` on, beginning with the first at or after `first`.
    fn stretch(&self, messages: &[Message], at: TimeMs, from: i64, first: usize) -> Stretch {
        let current = |index: &usize| messages.get(*index).is_some_and(|m| m.is_current(at));
        let later = (first..self.lengths.len()).filter(current);
        let earlier = (0..first.min(self.lengths.len())).filter(current);
        let order: Vec<usize> = later.chain(earlier).collect();
        let lengths = order.iter().filter_map(|index| self.lengths.get(*index));
        Stretch {
            from,
            anchor: from,
            period: lengths.sum(),
            order,
        }
    }

    fn change(&mut self, messages: &[Message], at: TimeMs) {
        let place = self.place(i128::from(at.0), 1_000);
        let Some(last) = self.stretches.last() else {
            return;
        };
        if place <= last.from {
            let first = last.order.first().copied().unwrap_or(0);
            let instead = self.stretch(messages, at, last.from, first);
            self.stretches.pop();
            return self.stretches.push(instead);
        }
        let (seam, next) = match self.entering(last, place) {
            Some((message, end)) => (end, message + 1),
            None => (place, 0),
        };
        let stretch = self.stretch(messages, at, seam, next);
        if stretch.order != last.order {
            self.stretches.push(stretch);
        }
    }

    /// The message that lies at `place`, and where it ends.
    fn entering(&self, stretch: &Stretch, place: i64) -> Option<(usize, i64)> {
        if stretch.period <= 0 {
            return None;
        }
        let into = (place - stretch.anchor).rem_euclid(stretch.period);
        let mut end = 0;
        for message in &stretch.order {
            end += self.lengths.get(*message).copied().unwrap_or(0);
            if into < end {
                return Some((*message, place - into + end));
            }
        }
        None
    }

    fn between(&self, at_ns: i64, width: i64, ahead: i64) -> Vec<Placed> {
        let right = self.place_at(at_ns);
        let (left, end) = (right - width, right.saturating_add(ahead));
        let mut found = Vec::new();
        for (index, stretch) in self.stretches.iter().enumerate() {
            let next = self.stretches.get(index + 1);
            let until = next.map_or(end, |next| next.from.min(end));
            if until <= left || stretch.from >= end {
                continue;
            }
            self.lay(stretch, (left.max(stretch.from), until), |message, at| {
                found.push(Placed {
                    message,
                    x_256ths: at - left,
                });
            });
        }
        found
    }

    /// Names every message of `stretch` that reaches into the places from `from` until `until`.
    fn lay(&self, stretch: &Stretch, (from, until): (i64, i64), mut name: impl FnMut(usize, i64)) {
        if stretch.period <= 0 {
            return;
        }
        let mut at = from - (from - stretch.anchor).rem_euclid(stretch.period);
        for message in stretch.order.iter().cycle() {
            if at >= until {
                break;
            }
            let end = at + self.lengths.get(*message).copied().unwrap_or(256);
            if end > from {
                name(*message, at);
            }
            at = end;
        }
    }
}

/// The times at which the set of current messages may change, in order.
fn changes(messages: &[Message]) -> Vec<TimeMs> {
    let edges = messages.iter().flat_map(|m| [m.from_ms, m.to_ms]);
    let mut edges: Vec<TimeMs> = edges.flatten().collect();
    edges.sort_unstable();
    edges.dedup();
    edges
}

#[cfg(test)]
mod tests;
