//! The engine as its owner sees it: started from a configuration, told what to show, asked how it goes, stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use gstreamer as gst;
use gstreamer_video as gst_video;

use super::aired::Aired;
use super::board::Board;
use super::clock::{GroupClock, Ticks, monotonic_clock, to_ns};
use super::config::{AudioKind, EngineConfig};
use super::cue::{Cue, ZoneId};
use super::elements::{output_caps, picture_caps};
use super::graveyard::Graveyard;
use super::item::{Item, Workshop};
use super::keeper::{self, Keeper, KeeperTools};
use super::mixer::{Mixer, MixerTools, SoundFeed, SoundLine, SoundTimeline};
use super::output::{PictureFeed, PictureLine};
use super::path::{Route, Takes};
use super::picture::{PictureError, backdrops, snapshot};
use super::report::{EngineEvent, Status, ZoneStatus};
use super::zone::{StageParts, ZoneCommand, ZoneScheduler, ZoneTools};

/// Why an engine does not start, or does not do as told.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("the media framework does not start: {detail}")]
    Framework { detail: String },
    #[error("the picture format {width}x{height} at {num}/{den} frames per second is not possible")]
    Format {
        width: u32,
        height: u32,
        num: u32,
        den: u32,
    },
    #[error("the standby picture cannot be decoded: {detail}")]
    Standby { detail: String },
    #[error("a thread of the engine could not be started")]
    Thread(#[source] std::io::Error),
    #[error("the wall has no zone {zone}")]
    NoSuchZone { zone: ZoneId },
    #[error("the scheduler of zone {zone} has ended")]
    ZoneEnded { zone: ZoneId },
    #[error("{remaining} threads of the engine did not end in time")]
    DidNotStop { remaining: usize },
}

/// Monotonic time of the clock that engines run on; group time minus this is the offset an engine is given.
///
/// # Errors
/// When the media framework does not start.
pub fn monotonic_ns() -> Result<i64, EngineError> {
    init()?;
    Ok(to_ns(gst::prelude::ClockExt::time(&monotonic_clock())))
}

fn init() -> Result<(), EngineError> {
    gst::init().map_err(|e| EngineError::Framework {
        detail: e.to_string(),
    })
}

/// A playing wall.
#[derive(Debug)]
pub struct Engine {
    shop: Workshop,
    feed: Arc<PictureFeed>,
    aired: Arc<Aired>,
    board: Arc<Board>,
    zones: Vec<ZoneScheduler>,
    mixer: Mixer,
    /// One for each output.
    picture_keepers: Vec<Keeper>,
    /// None when sound goes nowhere.
    sound_keeper: Option<Keeper>,
    numbers: AtomicU64,
    stopping: bool,
}

/// Parts that everything else is built from.
struct Foundation {
    shop: Workshop,
    ticks: Ticks,
    info: gst_video::VideoInfo,
    board: Arc<Board>,
    events: Sender<EngineEvent>,
}

impl Engine {
    /// Starts presenting the standby picture.
    ///
    /// # Errors
    /// When the format is impossible or the standby picture cannot be decoded. A sink that does not work is no
    /// error here: it is reported as an event and tried again.
    pub fn start(config: &EngineConfig) -> Result<(Self, Receiver<EngineEvent>), EngineError> {
        init()?;
        let (events, inbox) = channel();
        let takes = Arc::new(Takes::new(config.outputs.len()));
        let base = lay_foundation(config, &takes, events)?;
        let aired = Arc::new(Aired::new(
            base.ticks,
            base.info.clone(),
            base.events.clone(),
            config.witness.clone(),
        ));
        let feed = PictureFeed::new(
            Arc::clone(&aired),
            output_caps(config),
            base.ticks.period_ns(),
            (config.outputs.len(), takes),
        );
        let feed = Arc::new(feed);
        let (timeline, sound_feed) = (Arc::new(SoundTimeline::default()), Arc::default());
        let picture_keepers = start_pictures(config, &base, &feed)?;
        let sound_keeper = start_sound(config, &base, &sound_feed)?;
        let mixer = Mixer::start(MixerTools {
            clock: Arc::clone(&base.shop.clock),
            timeline: Arc::clone(&timeline),
            feed: sound_feed,
            board: Arc::clone(&base.board),
            witness: config.witness.clone(),
        })
        .map_err(EngineError::Thread)?;
        let zone = start_zone(ZoneId(0), config, &base, &feed, timeline)?;
        let engine = Self {
            shop: base.shop,
            feed,
            aired,
            board: base.board,
            zones: vec![zone],
            mixer,
            picture_keepers,
            sound_keeper,
            numbers: AtomicU64::new(1),
            stopping: false,
        };
        Ok((engine, inbox))
    }

    /// Announces a cue: decoded ahead, shown on the first tick whose group time is not before its start.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn cue(&self, zone: ZoneId, cue: Cue) -> Result<(), EngineError> {
        let item = self.item(cue);
        self.send(zone, ZoneCommand::Announce(item))
    }

    /// Shows a cue as soon as it is decoded (or at its start, if that is later) instead of everything announced.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn cut(&self, zone: ZoneId, cue: Cue) -> Result<(), EngineError> {
        let item = self.item(cue);
        self.send(zone, ZoneCommand::Cut(item))
    }

    /// Plans darkness from `at_ns` on; announced cues that start then or later are dropped.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn dark(&self, zone: ZoneId, at_ns: i64) -> Result<(), EngineError> {
        self.send(zone, ZoneCommand::Darken { at_ns })
    }

    /// Plans the standby picture from `at_ns` on; announced cues that start then or later are dropped.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn standby(&self, zone: ZoneId, at_ns: i64) -> Result<(), EngineError> {
        self.send(zone, ZoneCommand::StandBy { at_ns })
    }

    /// Group time minus monotonic time. Small corrections are slewed, larger ones are steps.
    pub fn set_offset(&self, offset_ns: i64) {
        self.shop.clock.set_offset(offset_ns);
    }

    /// Group time now.
    #[must_use]
    pub fn now_ns(&self) -> i64 {
        self.shop.clock.now_ns()
    }

    #[must_use]
    pub fn status(&self) -> Status {
        let totals = self.aired.totals();
        Status {
            now_ns: self.now_ns(),
            frames_presented: totals.presented,
            frames_late: totals.late,
            frames_dropped: totals.dropped + self.board.skipped_ticks(),
            ticks: self.board.ticks(),
            last_presented_at_ns: totals.last_at_ns,
            output_ok: self.board.output_ok.load(Ordering::Relaxed),
            audio_ok: self.board.audio_ok.load(Ordering::Relaxed),
            level: self.board.level(),
            leaked: self.shop.graveyard.leaked(),
            zones: self.zone_states(),
        }
    }

    /// What the sink presented last, as PNG. May take a while; never disturbs playing.
    ///
    /// # Errors
    /// When nothing has been presented yet or the frame cannot be encoded.
    pub fn picture(&self) -> Result<Vec<u8>, PictureError> {
        snapshot(&self.feed)
    }

    /// Ends everything in reverse order of start.
    ///
    /// # Errors
    /// When something did not end before the deadline; the process should then leave.
    pub fn stop(mut self, within: Duration) -> Result<(), EngineError> {
        self.end(within)
    }

    fn end(&mut self, within: Duration) -> Result<(), EngineError> {
        let deadline = Instant::now() + within;
        self.stopping = true;
        for zone in &self.zones {
            if !zone.send(ZoneCommand::Stop) {
                tracing::trace!(zone = %zone.zone, "The scheduler had ended already.");
            }
        }
        wait_for(deadline, || self.zones.iter().all(ZoneScheduler::has_ended));
        self.mixer.stop();
        wait_for(deadline, || self.mixer.has_ended());
        let keepers = || self.sound_keeper.iter().chain(&self.picture_keepers);
        keepers().for_each(Keeper::stop);
        wait_for(deadline, || keepers().all(Keeper::has_ended));
        wait_for(deadline, || self.shop.graveyard.remaining() == 0);
        self.aired.finish();
        let remaining = self.remaining();
        if remaining == 0 {
            return Ok(());
        }
        Err(EngineError::DidNotStop { remaining })
    }

    fn remaining(&self) -> usize {
        let zones = self.zones.iter().map(ZoneScheduler::has_ended);
        let keepers = self.sound_keeper.iter().chain(&self.picture_keepers);
        let own = zones
            .chain(keepers.map(Keeper::has_ended))
            .chain([self.mixer.has_ended()]);
        own.filter(|ended| !ended).count() + self.shop.graveyard.remaining()
    }

    fn item(&self, cue: Cue) -> Arc<Item> {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        Item::announce(number, cue, &self.shop)
    }

    fn send(&self, zone: ZoneId, command: ZoneCommand) -> Result<(), EngineError> {
        let scheduler = self.zones.iter().find(|z| z.zone == zone);
        let scheduler = scheduler.ok_or(EngineError::NoSuchZone { zone })?;
        if scheduler.send(command) {
            return Ok(());
        }
        Err(EngineError::ZoneEnded { zone })
    }

    fn zone_states(&self) -> Vec<ZoneStatus> {
        let notes = self.board.zones();
        let states = notes.into_iter().map(|(zone, note)| ZoneStatus {
            zone,
            chosen: note.chosen,
            presented: self.aired.showing(zone),
            announced: note.announced,
            next_ready: note.next_ready,
        });
        states.collect()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if !self.stopping
            && let Err(error) = self.end(Duration::from_secs(2))
        {
            tracing::warn!(%error, "The engine was dropped and has not ended.");
        }
    }
}

fn wait_for(deadline: Instant, done: impl Fn() -> bool) -> bool {
    while !done() {
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
    true
}

fn lay_foundation(
    config: &EngineConfig,
    takes: &Arc<Takes>,
    events: Sender<EngineEvent>,
) -> Result<Foundation, EngineError> {
    let impossible = || EngineError::Format {
        width: config.width,
        height: config.height,
        num: config.rate.num,
        den: config.rate.den,
    };
    let sane = config.rate.num > 0 && config.rate.den > 0;
    let info = sane.then(|| gst_video::VideoInfo::from_caps(&output_caps(config)));
    let info = info.and_then(Result::ok).ok_or_else(impossible)?;
    let route = Route::new(config.path, Arc::clone(takes));
    route.set_plain(true);
    Ok(Foundation {
        shop: Workshop {
            clock: Arc::new(GroupClock::new(config.rate, config.offset_ns)),
            graveyard: Graveyard::new(config.patience.leaked_after),
            caps: picture_caps(config),
            route: Arc::new(route),
        },
        ticks: Ticks::new(config.rate),
        info,
        board: Arc::default(),
        events,
    })
}

fn start_pictures(
    config: &EngineConfig,
    base: &Foundation,
    feed: &Arc<PictureFeed>,
) -> Result<Vec<Keeper>, EngineError> {
    let outputs = config.outputs.iter().enumerate();
    let keepers = outputs.map(|(output, wanted)| {
        let line = PictureLine {
            output,
            config: wanted.clone(),
            clock: Arc::clone(&base.shop.clock),
            feed: Arc::clone(feed),
            arrived: Arc::default(),
        };
        let tools = keeper_tools(keeper::Medium::Picture { output }, config, base);
        Keeper::start(line, tools).map_err(EngineError::Thread)
    });
    keepers.collect()
}

fn start_sound(
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
        volume: config.volume,
        clock: Arc::clone(&base.shop.clock),
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
        graveyard: base.shop.graveyard.clone(),
        board: Arc::clone(&base.board),
        events: base.events.clone(),
    }
}

fn start_zone(
    zone: ZoneId,
    config: &EngineConfig,
    base: &Foundation,
    feed: &Arc<PictureFeed>,
    timeline: Arc<SoundTimeline>,
) -> Result<ZoneScheduler, EngineError> {
    let backdrops = backdrops(&config.standby_png, &base.shop, &base.info)
        .map_err(|detail| EngineError::Standby { detail })?;
    let parts = StageParts {
        zone,
        patience: config.patience.clone(),
        ticks: base.ticks,
        shop: base.shop.clone(),
        events: base.events.clone(),
        backdrops,
    };
    let tools = ZoneTools {
        clock: Arc::clone(&base.shop.clock),
        ticks: base.ticks,
        feed: Arc::clone(feed),
        timeline,
        board: Arc::clone(&base.board),
    };
    ZoneScheduler::start(parts, tools).map_err(EngineError::Thread)
}
