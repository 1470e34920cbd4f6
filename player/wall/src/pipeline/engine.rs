//! The engine as its owner sees it: started from a configuration, told what to show, asked how it goes, stopped.

mod assembly;
mod studio;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cotmoc_canvas::Tone;
use gstreamer as gst;

use self::assembly::{
    canvas_info, furnished_show, lay_foundation, start_beat, start_pictures, start_sound,
};
use self::studio::Studio;
use super::aired::Aired;
use super::announce::Announcer;
use super::beat::{Order, Scheduler};
use super::board::Board;
use super::clock::{monotonic_clock, to_ns};
use super::config::EngineConfig;
use super::cue::{Cue, Medium, ZoneId};
use super::elements::canvas_caps;
use super::item::Item;
use super::keeper::Keeper;
use super::mixer::{Dials, Mixer, MixerTools, SoundTimeline};
use super::output::PictureFeed;
use super::path::Takes;
use super::picture::{PictureError, snapshot};
use super::pulse::Pulse;
use super::report::{EngineEvent, Status, ZoneStatus};
use super::scene::{Scene, SceneId};
use super::shelf::Shelf;
use super::zone::ZoneCommand;

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
    #[error("the wall has no scene {scene}")]
    NoSuchScene { scene: SceneId },
    #[error("scene {scene}, or one of its zones, has a number that is in use")]
    SceneKnown { scene: SceneId },
    #[error("the frame clock has ended")]
    Ended,
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
    studio: Studio,
    shelf: Arc<Shelf>,
    shelf_keeper: JoinHandle<()>,
    feed: Arc<PictureFeed>,
    aired: Arc<Aired>,
    board: Arc<Board>,
    scheduler: Scheduler,
    mixer: Mixer,
    announcer: Arc<Announcer>,
    dials: Arc<Dials>,
    /// One for each output.
    picture_keepers: Vec<Keeper>,
    /// None when sound goes nowhere.
    sound_keeper: Option<Keeper>,
    numbers: AtomicU64,
    stopping: bool,
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
            base.studio.ticks,
            canvas_info(&base.studio)?,
            base.studio.events.clone(),
            config.witness.clone(),
        ));
        let feed = PictureFeed::new(
            Arc::clone(&aired),
            canvas_caps(base.studio.size, config.rate),
            base.studio.ticks.period_ns(),
            (config.outputs.len(), takes),
        );
        let feed = Arc::new(feed);
        let (timeline, sound_feed) = (Arc::new(SoundTimeline::default()), Arc::default());
        let shelf_keeper = base.shelf.start().map_err(EngineError::Thread)?;
        let show = furnished_show(&base)?;
        let picture_keepers = start_pictures(config, &base, &feed)?;
        let sound_keeper = start_sound(config, &base, &sound_feed)?;
        let shop = base.shelf.shop(ZoneId(0));
        let shop = shop.ok_or(EngineError::NoSuchZone { zone: ZoneId(0) })?;
        let announcer = Announcer::new(&shop, &config.patience, &base.studio.events);
        let (announcer, dials) = (Arc::new(announcer), Arc::new(Dials::new(config.volume)));
        let mixer = Mixer::start(MixerTools {
            clock: Arc::clone(&base.studio.clock),
            timeline: Arc::clone(&timeline),
            announcer: Arc::clone(&announcer),
            dials: Arc::clone(&dials),
            feed: sound_feed,
            board: Arc::clone(&base.board),
            witness: config.witness.clone(),
        })
        .map_err(EngineError::Thread)?;
        let scheduler = start_beat(&base, show, (&feed, timeline))?;
        let engine = Self {
            studio: base.studio,
            shelf: base.shelf,
            shelf_keeper,
            feed,
            aired,
            board: base.board,
            scheduler,
            mixer,
            announcer,
            dials,
            picture_keepers,
            sound_keeper,
            numbers: AtomicU64::new(1),
            stopping: false,
        };
        Ok((engine, inbox))
    }

    /// Builds a scene that is not seen or heard yet: its zones take cues and decode ahead like others. Numbers of
    /// scenes and zones are new.
    ///
    /// # Errors
    /// When a size is impossible or a number is in use.
    pub fn prepare(&self, scene: Scene) -> Result<(), EngineError> {
        let id = scene.id;
        let (show, shops) = self.studio.build(scene)?;
        if !self.shelf.open(id, shops) {
            return Err(EngineError::SceneKnown { scene: id });
        }
        self.order(Order::Prepare(Box::new(show)))
    }

    /// Lets a prepared scene be seen from the first tick not before `at_ns` on which all its zones have the pictures
    /// that are due. The one that is seen until then ends with that tick.
    ///
    /// # Errors
    /// When there is no such scene.
    pub fn take(&self, scene: SceneId, at_ns: i64) -> Result<(), EngineError> {
        if !self.shelf.knows(scene) {
            return Err(EngineError::NoSuchScene { scene });
        }
        self.order(Order::Take { scene, at_ns })
    }

    /// Lets go of a prepared scene that is not wanted any more. The one that is seen stays.
    ///
    /// # Errors
    /// When there is no such scene.
    pub fn discard(&self, scene: SceneId) -> Result<(), EngineError> {
        if !self.shelf.knows(scene) {
            return Err(EngineError::NoSuchScene { scene });
        }
        self.order(Order::Discard(scene))
    }

    /// Brightens or dims everything that is shown, from the next tick on.
    ///
    /// # Errors
    /// When the engine has ended.
    pub fn set_light(&self, tone: Tone) -> Result<(), EngineError> {
        self.order(Order::Light(Box::new(tone)))
    }

    /// Holds these stills and slides decoded from now on, for every size of zone there is, and lets go of others: a
    /// cue of one of them can take the air on the very next tick.
    pub fn keep_ready(&self, media: Vec<Medium>) {
        self.shelf.keep(media);
    }

    /// Announces a cue: decoded ahead, shown on the first tick whose group time is not before its start.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn cue(&self, zone: ZoneId, cue: Cue) -> Result<(), EngineError> {
        let item = self.item(zone, cue)?;
        self.order(Order::Zone(zone, ZoneCommand::Announce(item)))
    }

    /// Shows a cue as soon as it is decoded (or at its start, if that is later) instead of everything announced.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn cut(&self, zone: ZoneId, cue: Cue) -> Result<(), EngineError> {
        let cut = Cue {
            crossfade_ns: 0,
            ..cue
        };
        let item = self.item(zone, cut)?;
        self.order(Order::Zone(zone, ZoneCommand::Cut(item)))
    }

    /// Plans darkness from `at_ns` on; announced cues that start then or later are dropped.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn dark(&self, zone: ZoneId, at_ns: i64) -> Result<(), EngineError> {
        self.plan(zone, ZoneCommand::Darken { at_ns })
    }

    /// Plans the standby picture from `at_ns` on; announced cues that start then or later are dropped.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn standby(&self, zone: ZoneId, at_ns: i64) -> Result<(), EngineError> {
        self.plan(zone, ZoneCommand::StandBy { at_ns })
    }

    /// Sounds a medium of sound beside the zones in its slot, and lowers the programme meanwhile. Announcements whose
    /// slots overlap follow each other in the order of their starts. The same cue again changes nothing.
    pub fn announce_sound(&self, cue: Cue) {
        self.announcer.announce(cue);
    }

    /// Ends the announcement that sounds and forgets the ones that have not begun.
    pub fn silence_announcements(&self) {
        self.announcer.silence();
    }

    /// From 0.0, silent, to 1.0, as recorded. Reached within a quarter of a second.
    pub fn set_volume(&self, volume: f64) {
        self.dials.set_volume(volume);
    }

    /// What is left of the programme under an announcement: from 0.0, nothing, to 1.0, all of it.
    pub fn set_duck(&self, duck: f64) {
        self.dials.set_duck(duck);
    }

    /// Group time minus monotonic time. Small corrections are slewed, larger ones are steps.
    pub fn set_offset(&self, offset_ns: i64) {
        self.studio.clock.set_offset(offset_ns);
    }

    /// Group time now.
    #[must_use]
    pub fn now_ns(&self) -> i64 {
        self.studio.clock.now_ns()
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
            frames_composed: self.board.frames_composed(),
            scene: self.board.scene(),
            to_be_kept: self.shelf.missing(),
            last_presented_at_ns: totals.last_at_ns,
            output_ok: self.board.output_ok.load(Ordering::Relaxed),
            audio_ok: self.board.audio_ok.load(Ordering::Relaxed),
            level: self.board.level(),
            leaked: self.studio.graveyard.leaked(),
            zones: self.zone_states(),
        }
    }

    /// The counters, for a thread of the owner's that watches.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        Pulse::new(Arc::clone(&self.aired), Arc::clone(&self.board))
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
        if !self.scheduler.send(Order::Stop) {
            tracing::trace!("The frame clock had ended already.");
        }
        self.shelf.stop();
        wait_for(deadline, || {
            self.scheduler.has_ended() && self.shelf_keeper.is_finished()
        });
        self.mixer.stop();
        wait_for(deadline, || self.mixer.has_ended());
        let keepers = || self.sound_keeper.iter().chain(&self.picture_keepers);
        keepers().for_each(Keeper::stop);
        wait_for(deadline, || keepers().all(Keeper::has_ended));
        wait_for(deadline, || self.studio.graveyard.remaining() == 0);
        self.aired.finish();
        let remaining = self.remaining();
        if remaining == 0 {
            return Ok(());
        }
        Err(EngineError::DidNotStop { remaining })
    }

    fn remaining(&self) -> usize {
        let keepers = self.sound_keeper.iter().chain(&self.picture_keepers);
        let own = [self.scheduler.has_ended(), self.shelf_keeper.is_finished()];
        let own = own
            .into_iter()
            .chain(keepers.map(Keeper::has_ended))
            .chain([self.mixer.has_ended()]);
        own.filter(|ended| !ended).count() + self.studio.graveyard.remaining()
    }

    fn item(&self, zone: ZoneId, cue: Cue) -> Result<Arc<Item>, EngineError> {
        let shop = self.shelf.shop(zone);
        let shop = shop.ok_or(EngineError::NoSuchZone { zone })?;
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let is_still = cue.medium.kind.is_still();
        let kept = is_still.then(|| self.shelf.frame(&cue.medium.key, shop.size));
        Ok(match kept.flatten() {
            Some(frame) => Item::ready_made(number, cue, &shop, frame),
            None => Item::announce(number, cue, &shop),
        })
    }

    /// A change of nothing but the plan.
    fn plan(&self, zone: ZoneId, command: ZoneCommand) -> Result<(), EngineError> {
        if self.shelf.shop(zone).is_none() {
            return Err(EngineError::NoSuchZone { zone });
        }
        self.order(Order::Zone(zone, command))
    }

    fn order(&self, order: Order) -> Result<(), EngineError> {
        if self.scheduler.send(order) {
            return Ok(());
        }
        Err(EngineError::Ended)
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
