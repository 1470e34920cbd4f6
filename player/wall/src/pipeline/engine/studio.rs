//! Builds scenes: a stage for every zone, with what its items need.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use gstreamer_video as gst_video;

use super::EngineError;
use crate::pipeline::clock::{GroupClock, Ticks};
use crate::pipeline::config::{EngineConfig, FrameRate, PathChoice, Patience, PixelArea};
use crate::pipeline::cue::ZoneId;
use crate::pipeline::elements::{canvas_caps, picture_caps};
use crate::pipeline::graveyard::Graveyard;
use crate::pipeline::item::Workshop;
use crate::pipeline::path::{Route, Takes};
use crate::pipeline::picture::black;
use crate::pipeline::report::EngineEvent;
use crate::pipeline::scene::{Scene, SceneId, ScenePlace};
use crate::pipeline::show::{Seat, Show};
use crate::pipeline::zone::{Backdrops, Place, Stage, StageParts};

/// What every scene of an engine has in common.
#[derive(Debug)]
pub(super) struct Studio {
    pub clock: Arc<GroupClock>,
    pub graveyard: Graveyard,
    pub ticks: Ticks,
    pub rate: FrameRate,
    /// Of the canvas at the start.
    pub size: (u32, u32),
    pub patience: Patience,
    pub path: PathChoice,
    pub takes: Arc<Takes>,
    pub events: Sender<EngineEvent>,
}

/// A scene that nobody sees yet, and what items of its zones are made with.
pub(super) type Built = (Show, Vec<(ZoneId, Workshop)>);

impl Studio {
    pub(super) fn new(
        config: &EngineConfig,
        takes: Arc<Takes>,
        events: Sender<EngineEvent>,
    ) -> Self {
        Self {
            clock: Arc::new(GroupClock::new(config.rate, config.offset_ns)),
            graveyard: Graveyard::new(config.patience.leaked_after),
            ticks: Ticks::new(config.rate),
            rate: config.rate,
            size: (config.width, config.height),
            patience: config.patience.clone(),
            path: config.path,
            takes,
            events,
        }
    }

    /// The scene at the start: one zone that is the whole canvas.
    pub(super) fn first_scene(&self) -> Scene {
        let (width, height) = self.size;
        let zone = ScenePlace {
            zone: ZoneId(0),
            area: PixelArea::whole(width, height),
        };
        Scene {
            id: SceneId(0),
            width,
            height,
            zones: vec![zone],
            overlays: Vec::new(),
        }
    }

    pub(super) fn build(&self, scene: Scene) -> Result<Built, EngineError> {
        let size = (scene.width, scene.height);
        let caps = canvas_caps(size, self.rate);
        let info = gst_video::VideoInfo::from_caps(&caps);
        let info = info.ok().ok_or_else(|| self.impossible(size))?;
        let whole = PixelArea::whole(scene.width, scene.height);
        let mut shops = Vec::new();
        let mut seats = Vec::new();
        for place in &scene.zones {
            let shop = self.shop(place)?;
            seats.push(self.seat(place, &shop)?);
            shops.push((place.zone, shop));
        }
        let is_covered = scene.zones.iter().any(|place| place.area == whole);
        let show = Show {
            id: scene.id,
            info,
            caps: (size != self.size).then_some(caps),
            is_plain: is_covered && scene.zones.len() == 1 && scene.overlays.is_empty(),
            is_covered,
            seats,
            overlays: scene.overlays,
            choices: Vec::new(),
        };
        Ok((show, shops))
    }

    fn shop(&self, place: &ScenePlace) -> Result<Workshop, EngineError> {
        let edge = |edge| u32::try_from(edge).unwrap_or(0);
        let size = (edge(place.area.width), edge(place.area.height));
        if size.0 == 0 || size.1 == 0 {
            return Err(self.impossible(size));
        }
        let route = Route::new(self.path, Arc::clone(&self.takes));
        Ok(Workshop {
            clock: Arc::clone(&self.clock),
            graveyard: self.graveyard.clone(),
            caps: picture_caps(size.0, size.1),
            size,
            route: Arc::new(route),
        })
    }

    fn seat(&self, place: &ScenePlace, shop: &Workshop) -> Result<Seat, EngineError> {
        let caps = canvas_caps(shop.size, self.rate);
        let info = gst_video::VideoInfo::from_caps(&caps);
        let info = info.ok().ok_or_else(|| self.impossible(shop.size))?;
        let black = black(&info).map_err(|detail| EngineError::Standby { detail })?;
        let parts = StageParts {
            zone: place.zone,
            place: Arc::new(Place {
                area: place.area,
                info,
            }),
            patience: self.patience.clone(),
            ticks: self.ticks,
            shop: shop.clone(),
            events: self.events.clone(),
            backdrops: Backdrops {
                standby: black.clone(),
                black,
            },
        };
        Ok(Seat {
            zone: place.zone,
            size: shop.size,
            stage: Stage::new(parts),
            route: Arc::clone(&shop.route),
            furnished: false,
        })
    }

    pub(super) fn impossible(&self, (width, height): (u32, u32)) -> EngineError {
        EngineError::Format {
            width,
            height,
            num: self.rate.num,
            den: self.rate.den,
        }
    }
}
