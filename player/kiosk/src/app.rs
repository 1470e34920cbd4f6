//! What every page is made from.

use crate::beat::Beats;
use crate::feedback::Feedbacks;
use crate::keeper::Time;
use crate::looks::Looks;
use crate::settings::Settings;
use crate::shelf::{Current, Package};
use crate::teller::Teller;
use crate::visit::{Desk, Visit};
use crate::words::Words;
use cotmoc_lookup::content::{Content, Kind, KindTag, Severity};
use cotmoc_lookup::query::Searcher;
use cotmoc_lookup::{Entry, Language};
use cotmoc_player_core::clock::Belief;
use cotmoc_proto::TimeMs;
use cotmoc_proto::window::{OperatingWindow, Phase};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// What handlers share; clones are handles to the same.
#[derive(Debug, Clone)]
pub struct App {
    pub settings: Arc<Settings>,
    pub desk: Desk,
    pub beats: Beats,
    pub looks: Looks,
    pub feedbacks: Feedbacks,
    pub teller: Teller,
    /// Cancelled when the process ends: what never ends by itself ends then.
    pub shutdown: CancellationToken,
    pub world: World,
}

/// What the shelf and the keeper say, and the tables that searches share.
#[derive(Debug, Clone)]
pub struct World {
    current: Current,
    time: Time,
    searcher: Arc<Mutex<Searcher>>,
}

impl World {
    /// A world of what is current.
    #[must_use]
    pub fn new(current: Current, time: Time) -> Self {
        Self {
            current,
            time,
            searcher: Arc::new(Mutex::new(Searcher::new())),
        }
    }
}

/// What one page is made from: nothing of it changes while it is made.
#[derive(Debug)]
pub struct Scene {
    pub package: Arc<Package>,
    pub visit: Visit,
    pub now: Belief,
}

/// What the glass shows when nobody is there.
#[derive(Debug)]
pub enum Face {
    Attract(Scene),
    Urgent(Scene, Box<Entry>),
    Closed(Scene, TimeMs),
    OutOfOrder,
}

impl App {
    /// The package in use.
    #[must_use]
    pub fn package(&self) -> Option<Arc<Package>> {
        self.world.current.borrow().package.clone()
    }

    /// The time that is believed.
    #[must_use]
    pub fn now(&self) -> Belief {
        *self.world.time.borrow()
    }

    /// What a page for `visit` is made from; nothing without a package.
    #[must_use]
    pub fn scene(&self, visit: Visit) -> Option<Scene> {
        Some(Scene {
            package: self.package()?,
            visit,
            now: self.now(),
        })
    }

    /// What the glass shows when nobody is there.
    #[must_use]
    pub fn face(&self) -> Face {
        let Some(scene) = self.scene(self.desk.visit()) else {
            return Face::OutOfOrder;
        };
        if let Some(entry) = scene.urgent() {
            return Face::Urgent(scene, Box::new(entry));
        }
        match scene.closed_until() {
            Some(until) => Face::Closed(scene, until),
            None => Face::Attract(scene),
        }
    }

    /// Searches with the tables that searches share: the glass types one query at a time.
    pub fn searching<T>(&self, search: impl FnOnce(&mut Searcher) -> T) -> T {
        let mut searcher = self
            .world
            .searcher
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        search(&mut searcher)
    }
}

impl Scene {
    /// The words of the visitor's language.
    #[must_use]
    pub const fn words(&self) -> &'static Words {
        Words::of(self.language())
    }

    #[must_use]
    pub const fn language(&self) -> Language {
        self.visit.choices.language
    }

    /// The content without its entries.
    #[must_use]
    pub fn head(&self) -> &Content {
        self.package.lookup.head()
    }

    #[must_use]
    pub fn window(&self) -> &OperatingWindow {
        &self.head().cluster.window
    }

    /// The time to look things up at: without a clock to believe, when the content was put together.
    #[must_use]
    pub fn at(&self) -> TimeMs {
        if self.now.is_trusted() {
            self.now.now
        } else {
            self.head().created
        }
    }

    /// Until when the kiosk rests; never on the word of a clock that cannot be believed.
    #[must_use]
    pub fn closed_until(&self) -> Option<TimeMs> {
        match self.window().phase(self.now.now) {
            Phase::Closed { until } if self.now.is_trusted() => Some(until),
            Phase::Closed { .. } | Phase::Open { .. } => None,
        }
    }

    /// The entry with the number that a search told; one that cannot be read is left out.
    #[must_use]
    pub fn entry(&self, number: u32) -> Option<Entry> {
        self.package
            .lookup
            .entry_at(number)
            .inspect_err(|error| tracing::error!(number, %error, "an entry cannot be read"))
            .ok()
            .flatten()
    }

    /// The entries of a kind that are valid, the most popular first.
    pub fn of_kind(&self, kind: KindTag) -> impl Iterator<Item = Entry> {
        let numbers = self.package.lookup.of_kind(kind, self.at());
        numbers.into_iter().filter_map(|number| self.entry(number))
    }

    /// The urgent notice that takes the whole screen.
    #[must_use]
    pub fn urgent(&self) -> Option<Entry> {
        self.of_kind(KindTag::Notice).find(|entry| {
            matches!(&entry.kind, Kind::Notice(notice) if notice.severity == Severity::Urgent)
        })
    }

    /// The urgent notice that this visitor has not read.
    #[must_use]
    pub fn unread(&self) -> Option<Entry> {
        let read = self.visit.urgent_read.as_deref();
        self.urgent()
            .filter(|entry| read != Some(entry.id.as_str()))
    }
}
