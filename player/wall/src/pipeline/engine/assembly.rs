//! Puts the threads of an engine together, in the order in which they need each other.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;

use gstreamer_video as gst_video;

use super::EngineError;
use super::studio::Studio;
use crate::pipeline::beat::{BeatTools, Scheduler};
use crate::pipeline::board::Board;
use crate::pipeline::config::{AudioKind, EngineConfig};
use crate::pipeline::cue::ZoneId;
use crate::pipeline::elements::canvas_caps;
use crate::pipeline::keeper::{self, Keeper, KeeperTools};
use crate::pipeline::mixer::{SoundFeed, SoundLine, SoundTimeline};
use crate::pipeline::output::{PictureFeed, PictureLine};
use crate::pipeline::path::Takes;
use crate::pipeline::picture::standby_medium;
use crate::pipeline::report::EngineEvent;
use crate::pipeline::shelf::Shelf;
use crate::pipeline::show::Show;

/// Parts that everything else is built from.
pub(super) struct Foundation {
    pub studio: Studio,
    pub board: Arc<Board>,
    pub shelf: Arc<Shelf>,
}

pub(super) fn lay_foundation(
    config: &EngineConfig,
    takes: &Arc<Takes>,
    events: Sender<EngineEvent>,
) -> Result<Foundation, EngineError> {
    if config.rate.num == 0 || config.rate.den == 0 {
        return Err(EngineError::Format {
            width: config.width,
            height: config.height,
            num: config.rate.num,
            den: config.rate.den,
        });
    }
    Ok(Foundation {
        studio: Studio::new(config, Arc::clone(takes), events),
        board: Arc::default(),
        shelf: Arc::new(Shelf::new(standby_medium(&config.standby_png))),
    })
}

pub(super) fn canvas_info(studio: &Studio) -> Result<gst_video::VideoInfo, EngineError> {
    let info = gst_video::VideoInfo::from_caps(&canvas_caps(studio.size, studio.rate));
    info.ok().ok_or_else(|| studio.impossible(studio.size))
}

/// The scene at the start, its standby picture decoded.
pub(super) fn furnished_show(base: &Foundation) -> Result<Show, EngineError> {
    let (mut show, shops) = base.studio.build(base.studio.first_scene())?;
    base.shelf.open(show.id, shops);
    if let Err(detail) = base.shelf.await_standby(ZoneId(0)) {
        base.shelf.stop();
        return Err(EngineError::Standby { detail });
    }
    show.furnish(&base.shelf);
    show.choose_routes(true);
    Ok(show)
}

pub(super) fn start_beat(
    base: &Foundation,
    show: Show,
    (feed, timeline): (&Arc<PictureFeed>, Arc<SoundTimeline>),
) -> Result<Scheduler, EngineError> {
    let tools = BeatTools {
        clock: Arc::clone(&base.studio.clock),
        ticks: base.studio.ticks,
        patience: base.studio.patience.clone(),
        feed: Arc::clone(feed),
        timeline,
        board: Arc::clone(&base.board),
        shelf: Arc::clone(&base.shelf),
        events: base.studio.events.clone(),
    };
    Scheduler::start(tools, show).map_err(EngineError::Thread)
}

pub(super) fn start_pictures(
    config: &EngineConfig,
    base: &Foundation,
    feed: &Arc<PictureFeed>,
) -> Result<Vec<Keeper>, EngineError> {
    let outputs = config.outputs.iter().enumerate();
    let keepers = outputs.map(|(output, wanted)| {
        let line = PictureLine {
            output,
            config: wanted.clone(),
            clock: Arc::clone(&base.studio.clock),
            feed: Arc::clone(feed),
            arrived: Arc::default(),
        };
        let tools = keeper_tools(keeper::Medium::Picture { output }, config, base);
        Keeper::start(line, tools).map_err(EngineError::Thread)
    });
    keepers.collect()
}

pub(super) fn start_sound(
    config: &EngineConfig,
    base: &Foundation,
    feed: &Arc<SoundFeed>,
) -> Result<Option<Keeper>, EngineError> {
    if config.audio == AudioKind::None {
        base.board.audio_ok.store(true, Ordering::Relaxed);
        return Ok(None);
    }
    let line = SoundLine {
        kind: config.audio.clone(),
        clock: Arc::clone(&base.studio.clock),
        feed: Arc::clone(feed),
        arrived: Arc::default(),
    };
    let tools = keeper_tools(keeper::Medium::Sound, config, base);
    let keeper = Keeper::start(line, tools).map_err(EngineError::Thread)?;
    Ok(Some(keeper))
}

fn keeper_tools(medium: keeper::Medium, config: &EngineConfig, base: &Foundation) -> KeeperTools {
    KeeperTools {
        medium,
        patience: config.patience.clone(),
        graveyard: base.studio.graveyard.clone(),
        board: Arc::clone(&base.board),
        events: base.studio.events.clone(),
    }
}
