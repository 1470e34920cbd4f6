//! The zones that exist, and the pictures held ready for them: decoded once for every size in use, on a thread of
//! its own, so that what must be shown at once needs no decoder.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::cue::{Medium, ZoneId};
use super::item::{Frame, Workshop};
use super::picture::decode_still;
use super::scene::SceneId;

/// The key of the standby picture.
pub(super) const STANDBY: &str = "standby";

/// A picture's content and the size that it is decoded for.
type Label = (String, (u32, u32));

#[derive(Debug, Default)]
struct Stock {
    scenes: BTreeMap<SceneId, Vec<ZoneId>>,
    shops: BTreeMap<ZoneId, Workshop>,
    standby: Vec<Medium>,
    wanted: Vec<Medium>,
    /// Decoded, or why not.
    frames: BTreeMap<Label, Result<Frame, String>>,
    stopped: bool,
}

/// Shared by the engine, the frame clock and the thread that decodes.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    stock: Mutex<Stock>,
    changed: Condvar,
}

impl Shelf {
    /// A shelf that holds `standby` for every zone.
    pub(super) fn new(standby: Medium) -> Self {
        let shelf = Self::default();
        shelf.lock().standby.push(standby);
        shelf
    }

    /// Starts to decode what is wanted.
    pub(super) fn start(self: &Arc<Self>) -> io::Result<JoinHandle<()>> {
        let shelf = Arc::clone(self);
        thread::Builder::new()
            .name("shelf".to_owned())
            .spawn(move || shelf.run())
    }

    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// Adds a scene's zones. False when one of these names is known.
    pub(super) fn open(&self, scene: SceneId, shops: Vec<(ZoneId, Workshop)>) -> bool {
        let mut stock = self.lock();
        let known = shops.iter().any(|(zone, _)| stock.shops.contains_key(zone));
        if known || stock.scenes.contains_key(&scene) {
            return false;
        }
        let zones = shops.iter().map(|(zone, _)| *zone).collect();
        stock.scenes.insert(scene, zones);
        stock.shops.extend(shops);
        self.changed.notify_all();
        true
    }

    pub(super) fn close(&self, scene: SceneId) {
        let mut stock = self.lock();
        for zone in stock.scenes.remove(&scene).unwrap_or_default() {
            stock.shops.remove(&zone);
        }
        stock.tidy();
    }

    pub(super) fn knows(&self, scene: SceneId) -> bool {
        self.lock().scenes.contains_key(&scene)
    }

    pub(super) fn shop(&self, zone: ZoneId) -> Option<Workshop> {
        self.lock().shops.get(&zone).cloned()
    }

    /// Holds these pictures from now on and lets go of others.
    pub(super) fn keep(&self, media: Vec<Medium>) {
        let mut stock = self.lock();
        stock.wanted = media;
        stock.frames.retain(|_, frame| frame.is_ok());
        stock.tidy();
        self.changed.notify_all();
    }

    pub(super) fn frame(&self, key: &str, size: (u32, u32)) -> Option<Frame> {
        let stock = self.lock();
        let held = stock.frames.get(&(key.to_owned(), size))?;
        held.as_ref().ok().cloned()
    }

    /// The standby picture in one size, or why there is none, once that is known.
    pub(super) fn standby(&self, size: (u32, u32)) -> Option<Result<Frame, String>> {
        let stock = self.lock();
        stock.frames.get(&(STANDBY.to_owned(), size)).cloned()
    }

    /// How many pictures are not decoded yet.
    pub(super) fn missing(&self) -> usize {
        self.lock().missing().count()
    }

    /// Waits until the standby picture is decoded for a zone, or cannot be.
    pub(super) fn await_standby(&self, zone: ZoneId) -> Result<Frame, String> {
        let mut stock = self.lock();
        loop {
            let size = stock.shops.get(&zone).map(|shop| shop.size);
            let size = size.ok_or_else(|| "its zone is gone".to_owned())?;
            if let Some(held) = stock.frames.get(&(STANDBY.to_owned(), size)) {
                return held.clone();
            }
            let woken = self.changed.wait(stock);
            stock = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn run(&self) {
        while let Some((medium, shop)) = self.next() {
            let found = decode_still(&medium, &shop, || self.lock().stopped);
            if let Err(reason) = &found {
                tracing::error!(picture = %medium.label, %reason, "A picture cannot be held ready.");
            }
            let mut stock = self.lock();
            stock.frames.insert((medium.key, shop.size), found);
            stock.tidy();
            self.changed.notify_all();
        }
    }

    /// Waits for a picture that is wanted and not decoded. None at the end.
    fn next(&self) -> Option<(Medium, Workshop)> {
        let mut stock = self.lock();
        loop {
            if stock.stopped {
                return None;
            }
            let missing = stock.missing().next();
            if let Some((medium, shop)) = missing {
                return Some((medium.clone(), shop.clone()));
            }
            let woken = self.changed.wait(stock);
            stock = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Stock> {
        self.stock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stock {
    /// The standby pictures come first.
    fn missing(&self) -> impl Iterator<Item = (&Medium, &Workshop)> {
        let media = self.standby.iter().chain(&self.wanted);
        media
            .flat_map(|medium| self.shops.values().map(move |shop| (medium, shop)))
            .filter(|(medium, shop)| {
                let label = (medium.key.clone(), shop.size);
                !self.frames.contains_key(&label)
            })
    }

    /// Lets go of what is not wanted, or of a size that no zone has.
    fn tidy(&mut self) {
        let Self {
            shops,
            standby,
            wanted,
            frames,
            ..
        } = self;
        frames.retain(|(key, size), _| {
            let wanted = standby.iter().chain(&*wanted).any(|m| m.key == *key);
            wanted && shops.values().any(|shop| shop.size == *size)
        });
    }
}
