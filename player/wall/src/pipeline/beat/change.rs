//! One scene takes the place of another on one tick, for the eye and the ear.

use super::Beat;
use crate::pipeline::clock::duration_ns;
use crate::pipeline::scene::SceneId;
use crate::pipeline::show::Show;
use crate::pipeline::zone::Span;

/// A change of scene that is ordered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Take {
    scene: SceneId,
    at_ns: i64,
}

impl Beat {
    pub(super) fn plan_take(&mut self, scene: SceneId, at_ns: i64) {
        if self.prepared.iter().any(|show| show.id == scene) {
            let at_ns = at_ns.max(self.tools.clock.now_ns());
            self.next = Some(Take { scene, at_ns });
        }
    }

    pub(super) fn discard(&mut self, scene: SceneId) {
        if self.next.is_some_and(|take| take.scene == scene) {
            self.next = None;
        }
        let place = self.prepared.iter().position(|show| show.id == scene);
        if let Some(place) = place {
            let mut show = self.prepared.swap_remove(place);
            show.seats.iter_mut().for_each(|seat| seat.stage.close());
            self.forget(&show);
        }
    }

    /// Whether another scene is seen from this tick on. The old one stays until the new one has its pictures.
    pub(super) fn change_scene(&mut self, tick_ns: i64) -> bool {
        let due = self.next.filter(|take| take.at_ns <= tick_ns);
        let seats = self.shown.seats.iter_mut();
        seats.for_each(|seat| seat.stage.await_successor(due.is_some()));
        let Some(take) = due else { return false };
        let limit_ns = duration_ns(self.tools.patience.preroll_limit);
        let is_overdue = tick_ns - take.at_ns > limit_ns;
        let ready = |show: &Show| {
            show.id == take.scene && (show.is_ready(tick_ns) || is_overdue && show.is_furnished())
        };
        let Some(place) = self.prepared.iter().position(ready) else {
            return false;
        };
        self.next = None;
        let mut new = self.prepared.swap_remove(place);
        let seats = new.seats.iter_mut();
        seats.for_each(|seat| seat.stage.reveal(take.at_ns));
        let mut old = std::mem::replace(&mut self.shown, new);
        let seats = old.seats.iter_mut();
        seats.for_each(|seat| seat.stage.leave(tick_ns));
        self.composer.start_over();
        self.tools.board.show(self.shown.id);
        self.forget(&old);
        tracing::info!(from = %old.id, to = %self.shown.id, "Another scene is shown.");
        true
    }

    /// Lets what is seen be heard, and ahead of its time what will be seen next.
    pub(super) fn publish_sound(&self, tick_ns: i64) {
        let next = self.next.filter(|take| {
            let mut shows = self.prepared.iter();
            shows.any(|show| show.id == take.scene && show.is_ready(tick_ns))
        });
        for (zone, mut spans) in self.shown.spans() {
            if let Some(take) = next {
                spans.iter_mut().for_each(|span| end_at(span, take.at_ns));
            }
            self.tools.timeline.set(zone, spans);
        }
        for show in &self.prepared {
            let take = next.filter(|take| take.scene == show.id);
            for (zone, spans) in show.spans() {
                let spans = take.map_or_else(Vec::new, |take| from(spans, take.at_ns));
                self.tools.timeline.set(zone, spans);
            }
        }
    }

    /// Ends everything.
    pub(super) fn close(mut self) {
        let shows = [&mut self.shown].into_iter().chain(&mut self.prepared);
        for seat in shows.flat_map(|show| &mut show.seats) {
            seat.stage.close();
            self.tools.timeline.set(seat.zone, Vec::new());
        }
    }

    fn forget(&mut self, show: &Show) {
        for seat in &show.seats {
            self.tools.timeline.set(seat.zone, Vec::new());
            self.tools.board.forget(seat.zone);
            self.paths.remove(&seat.zone);
        }
        self.tools.shelf.close(show.id);
    }
}

fn end_at(span: &mut Span, at_ns: i64) {
    if span.ends_ns > at_ns {
        span.ends_ns = at_ns;
        span.fade_out_ns = 0;
    }
}

fn from(mut spans: Vec<Span>, at_ns: i64) -> Vec<Span> {
    spans.retain(|span| span.ends_ns > at_ns);
    for span in spans.iter_mut().filter(|span| span.from_ns < at_ns) {
        span.from_ns = at_ns;
        span.fade_in_ns = 0;
    }
    spans
}
