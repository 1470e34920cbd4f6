//! A scene at work: its zones tick together, whether it is seen or still prepared.

use std::sync::Arc;

use gstreamer as gst;
use gstreamer_video as gst_video;

use super::cue::ZoneId;
use super::overlay::Overlay;
use super::path::Route;
use super::scene::SceneId;
use super::shelf::Shelf;
use super::zone::{Choice, Span, Stage, ZoneCommand};

/// One zone of a scene.
#[derive(Debug)]
pub(super) struct Seat {
    pub zone: ZoneId,
    pub size: (u32, u32),
    pub stage: Stage,
    pub route: Arc<Route>,
    /// The standby picture is there.
    pub furnished: bool,
}

/// A scene's zones, and what they chose for the last tick.
#[derive(Debug)]
pub(super) struct Show {
    pub id: SceneId,
    pub info: gst_video::VideoInfo,
    /// Where they are not those of the canvas at the start.
    pub caps: Option<gst::Caps>,
    pub seats: Vec<Seat>,
    pub overlays: Vec<Arc<dyn Overlay>>,
    /// One zone alone is the whole canvas, and nothing is drawn over it.
    pub is_plain: bool,
    /// Some zone fills the whole canvas.
    pub is_covered: bool,
    pub choices: Vec<(ZoneId, Choice)>,
}

impl Show {
    pub(super) fn tick(&mut self, tick_ns: i64) {
        self.choices.clear();
        let seats = self.seats.iter_mut();
        let choices = seats.map(|seat| (seat.zone, seat.stage.tick(tick_ns)));
        self.choices.extend(choices);
    }

    /// Pictures may come in a decoder's own format where nothing is ever drawn on them.
    pub(super) fn choose_routes(&self, is_neutral: bool) {
        for seat in &self.seats {
            seat.route.set_plain(self.is_plain && is_neutral);
        }
    }

    /// Gives zones the standby picture as soon as it is decoded; where that fails, they stay black instead.
    pub(super) fn furnish(&mut self, shelf: &Shelf) {
        for seat in self.seats.iter_mut().filter(|seat| !seat.furnished) {
            match shelf.standby(seat.size) {
                Some(Ok(standby)) => {
                    seat.stage.furnish(standby);
                    seat.furnished = true;
                }
                Some(Err(_)) => seat.furnished = true,
                None => {}
            }
        }
    }

    /// Every zone has something to show at any time.
    pub(super) fn is_furnished(&self) -> bool {
        self.seats.iter().all(|seat| seat.furnished)
    }

    /// Every zone has the picture that is due, and everything drawn over them is there.
    pub(super) fn is_ready(&self, tick_ns: i64) -> bool {
        let mut seats = self.seats.iter();
        self.is_furnished()
            && seats.all(|seat| seat.stage.is_settled(tick_ns))
            && self.overlays.iter().all(|overlay| overlay.ready())
    }

    /// False when it has no such zone.
    pub(super) fn obey(&mut self, zone: ZoneId, command: ZoneCommand) -> Result<(), ZoneCommand> {
        match self.seats.iter_mut().find(|seat| seat.zone == zone) {
            Some(seat) => {
                seat.stage.obey(command);
                Ok(())
            }
            None => Err(command),
        }
    }

    /// What each zone lets be heard.
    pub(super) fn spans(&self) -> impl Iterator<Item = (ZoneId, Vec<Span>)> {
        let seats = self.seats.iter();
        seats.map(|seat| (seat.zone, seat.stage.spans()))
    }
}
