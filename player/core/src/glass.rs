//! Machine: whether visitors of a kiosk see what the pages paint and reach the pages with a finger, and
//! what is tried if not: the browser, the compositor, the board, a person. A browser that says that it
//! paints proves nothing: the glass is read back, and fingers are counted where the kernel sees them.

use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{DAY, MINUTE};
use serde::{Deserialize, Serialize};

/// How patient to be, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// A browser that has said nothing for as long is mute.
    pub mute_ms: u64,
    /// Between a finger on the panel and the page that must have felt it.
    pub touch_ms: u64,
    /// Looks at the glass in a row that must find it wrong.
    pub wrong_looks: u32,
    /// Touches in a row that no page felt.
    pub lost_touches: u32,
    /// All well for as long: the ladder begins from below again.
    pub calm_ms: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            mute_ms: 15_000,
            touch_ms: 3_000,
            wrong_looks: 2,
            lost_touches: 3,
            calm_ms: 600_000,
        }
    }
}

/// What one look at the glass found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// The number that was given to the page.
    Right,
    /// Something else than the page.
    Wrong,
    /// One colour all over.
    Blank,
    /// The glass cannot be read.
    Unreadable,
}

/// What is known in one turn. Ages are milliseconds since then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Signs {
    /// Since the browser last said that it paints and is seen; `None`: never.
    pub painted_ms: Option<u64>,
    /// A look at the glass, if there was one in this turn.
    pub look: Option<Look>,
    /// A finger that was put on the panel so long ago, if nobody has said so before.
    pub touch_ms: Option<u64>,
    /// Since a page felt a pointer; `None`: never.
    pub felt_ms: Option<u64>,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    Mute,
    Wrong,
    Blank,
    Unreadable,
    /// Fingers do not reach the pages.
    Deaf,
}

impl Trouble {
    /// Stable code for events.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Mute => "browser-mute",
            Self::Wrong => "glass-wrong",
            Self::Blank => "glass-blank",
            Self::Unreadable => "glass-unreadable",
            Self::Deaf => "touch-lost",
        }
    }
}

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Browser,
    Compositor,
    Board,
    /// Nothing of this helps: somebody has to come. The browser is tried on.
    Person,
}

impl Step {
    /// Stable code for events.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Compositor => "compositor",
            Self::Board => "board",
            Self::Person => "person",
        }
    }

    /// For how long nothing is judged after it, in milliseconds.
    const fn settles_ms(self) -> u64 {
        match self {
            Self::Browser => 30_000,
            Self::Compositor => 40_000,
            Self::Board | Self::Person => 180_000,
        }
    }
}

const LADDER: [Step; 6] = [
    Step::Browser,
    Step::Browser,
    Step::Compositor,
    Step::Compositor,
    Step::Board,
    Step::Person,
];
/// A page measures with a clock of its own: it may seem to feel a finger a little too early.
const SLACK_MS: u64 = 500;
/// A board starts again at most so often within a day, and not twice within half an hour.
const BOARDS_A_DAY: usize = 3;

/// The starts of the board that the ladder asked for. Kept on the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boards {
    times: Vec<TimeMs>,
}

impl Boards {
    /// Whether one more is in order at `now`. A clock that went back counts as no time at all.
    fn may(&self, now: TimeMs) -> bool {
        let within = |length| {
            let young = self
                .times
                .iter()
                .filter(move |time| now.since(**time) < length);
            young.count()
        };
        within(DAY) < BOARDS_A_DAY && within(30 * MINUTE) == 0
    }

    fn note(&mut self, now: TimeMs) {
        self.times.retain(|time| now.since(*time) < DAY);
        self.times.push(now);
    }
}

/// One kiosk's glass.
#[derive(Debug, Clone)]
pub struct Glass {
    patience: Patience,
    boards: Boards,
    rung: usize,
    /// Until when nothing is judged.
    settled_ms: u64,
    /// Since when all is well.
    well_since_ms: Option<u64>,
    wrong_looks: u32,
    lost_touches: u32,
    /// Fingers whose time to be felt is not over: when they touched.
    fingers_ms: Vec<u64>,
}

impl Glass {
    /// A screen that is being started at `now_ms` (since the boot).
    #[must_use]
    pub const fn new(patience: Patience, boards: Boards, now_ms: u64) -> Self {
        Self {
            patience,
            boards,
            rung: 0,
            settled_ms: now_ms.saturating_add(Step::Compositor.settles_ms()),
            well_since_ms: None,
            wrong_looks: 0,
            lost_touches: 0,
            fingers_ms: Vec::new(),
        }
    }

    /// Which starts of the board were asked for: to be written before a board is started.
    #[must_use]
    pub const fn boards(&self) -> &Boards {
        &self.boards
    }

    /// One turn at `now_ms` (since the boot); `wall` is used for the starts of the board alone.
    pub fn observe(&mut self, signs: Signs, now_ms: u64, wall: TimeMs) -> Option<(Step, Trouble)> {
        let trouble = self.judge(signs, now_ms);
        if now_ms < self.settled_ms {
            return None;
        }
        let Some(trouble) = trouble else {
            let since = *self.well_since_ms.get_or_insert(now_ms);
            if now_ms.saturating_sub(since) >= self.patience.calm_ms {
                self.rung = 0;
            }
            return None;
        };
        let step = self.step(wall);
        self.begin(step, now_ms);
        Some((step, trouble))
    }

    /// The process of the browser or of the compositor ended by itself and is started again.
    pub fn began(&mut self, step: Step, now_ms: u64) {
        self.begin(step, now_ms);
    }

    fn begin(&mut self, step: Step, now_ms: u64) {
        self.settled_ms = now_ms.saturating_add(step.settles_ms());
        self.well_since_ms = None;
        self.wrong_looks = 0;
        self.lost_touches = 0;
        self.fingers_ms.clear();
    }

    fn step(&mut self, wall: TimeMs) -> Step {
        let last = LADDER.len() - 1;
        let step = LADDER.get(self.rung).copied().unwrap_or(Step::Person);
        match step {
            Step::Board if self.boards.may(wall) => self.boards.note(wall),
            Step::Board => {
                self.rung = last;
                return Step::Person;
            }
            // A person was called; until one comes, the browser is tried on.
            Step::Person if self.rung > last => return Step::Browser,
            Step::Browser | Step::Compositor | Step::Person => {}
        }
        self.rung += 1;
        step
    }

    fn judge(&mut self, signs: Signs, now_ms: u64) -> Option<Trouble> {
        let Patience {
            mute_ms,
            wrong_looks,
            lost_touches,
            ..
        } = self.patience;
        let looked = self.look(signs.look);
        self.touch(signs, now_ms);
        if signs.painted_ms.is_none_or(|age| age > mute_ms) {
            return Some(Trouble::Mute);
        }
        if self.lost_touches >= lost_touches {
            return Some(Trouble::Deaf);
        }
        looked.filter(|_| self.wrong_looks >= wrong_looks)
    }

    fn look(&mut self, look: Option<Look>) -> Option<Trouble> {
        let trouble = match look? {
            Look::Right => {
                self.wrong_looks = 0;
                return None;
            }
            Look::Wrong => Trouble::Wrong,
            Look::Blank => Trouble::Blank,
            Look::Unreadable => Trouble::Unreadable,
        };
        self.wrong_looks = self.wrong_looks.saturating_add(1);
        Some(trouble)
    }

    /// Every finger must be felt within its time; one that is makes those before it good.
    fn touch(&mut self, signs: Signs, now_ms: u64) {
        let touched = signs.touch_ms.map(|age| now_ms.saturating_sub(age));
        self.fingers_ms.extend(touched);
        let felt = signs.felt_ms.map(|age| now_ms.saturating_sub(age));
        if let Some(felt) = felt
            && self
                .fingers_ms
                .iter()
                .any(|finger| *finger <= felt.saturating_add(SLACK_MS))
        {
            self.fingers_ms
                .retain(|finger| *finger > felt.saturating_add(SLACK_MS));
            self.lost_touches = 0;
        }
        let limit = self.patience.touch_ms;
        let before = self.fingers_ms.len();
        self.fingers_ms
            .retain(|finger| now_ms.saturating_sub(*finger) <= limit);
        let lost = before - self.fingers_ms.len();
        self.lost_touches = self
            .lost_touches
            .saturating_add(u32::try_from(lost).unwrap_or(u32::MAX));
    }
}

#[cfg(test)]
mod tests;
