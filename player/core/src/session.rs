//! Machine: one visitor after another at a kiosk. A visit begins with a touch and ends with a reset: by
//! the visitor's own wish, or after a quiet time and a question that any touch answers. Nothing of a
//! visit outlives its reset.
//!
//! WCAG 2.2, 2.2.1 asks for at least 20 s to answer and for a simple action; both hold by construction.

/// The least time that a question stands, in milliseconds.
pub const LEAST_QUESTION_MS: u64 = 20_000;
/// The longest that one thing being played counts as activity, in milliseconds.
pub const MOST_PLAYING_MS: u64 = 10 * 60_000;

/// How long a visitor may be quiet before being asked, and how long the question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    quiet_ms: u64,
    question_ms: u64,
}

impl Patience {
    /// Both in milliseconds; a question never stands shorter than [`LEAST_QUESTION_MS`].
    #[must_use]
    pub const fn new(quiet_ms: u64, question_ms: u64) -> Self {
        let question_ms = if question_ms < LEAST_QUESTION_MS {
            LEAST_QUESTION_MS
        } else {
            question_ms
        };
        Self {
            quiet_ms,
            question_ms,
        }
    }

    /// The longer of both, each for itself.
    #[must_use]
    fn or(self, other: Self) -> Self {
        Self {
            quiet_ms: self.quiet_ms.max(other.quiet_ms),
            question_ms: self.question_ms.max(other.question_ms),
        }
    }
}

/// The patience of a kiosk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    pub usual: Patience,
    /// For those who need more time and say so by what they switch on.
    pub accessible: Patience,
    /// While something is being written.
    pub form: Patience,
}

impl Default for Rules {
    /// 45 s and 20 s; 90 s and 30 s; 90 s and 20 s.
    fn default() -> Self {
        Self {
            usual: Patience::new(45_000, 20_000),
            accessible: Patience::new(90_000, 30_000),
            form: Patience::new(90_000, 20_000),
        }
    }
}

/// What a visitor is about, as far as patience depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    pub accessible: bool,
    pub form: bool,
}

/// What happened at the glass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A touch or a key, anywhere.
    Touch,
    /// Sound or a picture of this length began to play.
    Playing {
        length_ms: u64,
    },
    /// It ended, or was stopped.
    Played,
    Manner(Manner),
    /// The visitor wants to start over, or goes.
    Leave,
    /// Nothing but time.
    Tick,
}

/// What follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// A visit begins; visits are counted from 1.
    Begin { visit: u64 },
    /// The visitor is to be asked whether anyone is still there.
    Ask { until_ms: u64 },
    /// The visitor is still there.
    Resume,
    /// Everything about this visit is to be forgotten.
    Reset { visit: u64, by: Ending },
}

/// Why a visit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Visitor,
    Quiet,
}

/// What the glass shows of the visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nobody is there.
    Attract,
    Active {
        visit: u64,
    },
    Asking {
        visit: u64,
        until_ms: u64,
    },
}

/// The machine; times are those of a clock that never goes back, in milliseconds.
#[derive(Debug, Clone)]
pub struct Session {
    rules: Rules,
    manner: Manner,
    visits: u64,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Attract,
    /// Quiet since then; a time to come while something plays.
    Active {
        quiet_ms: u64,
    },
    Asking {
        until_ms: u64,
    },
}

impl Session {
    /// A kiosk that nobody has touched.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            manner: Manner::default(),
            visits: 0,
            state: State::Attract,
        }
    }

    /// What the glass shows.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        let visit = self.visits;
        match self.state {
            State::Attract => Phase::Attract,
            State::Active { .. } => Phase::Active { visit },
            State::Asking { until_ms } => Phase::Asking { visit, until_ms },
        }
    }

    /// When time alone changes something.
    #[must_use]
    pub fn deadline(&self) -> Option<u64> {
        match self.state {
            State::Attract => None,
            State::Active { quiet_ms } => Some(quiet_ms.saturating_add(self.patience().quiet_ms)),
            State::Asking { until_ms } => Some(until_ms),
        }
    }

    /// Takes in what happened at `now_ms`; what time alone has changed by then comes first.
    pub fn observe(&mut self, event: Event, now_ms: u64) -> Vec<Effect> {
        let mut effects = self.pass_time(now_ms);
        match (event, self.state) {
            (Event::Tick, _)
            | (Event::Leave | Event::Playing { .. } | Event::Played, State::Attract)
            | (Event::Played, State::Asking { .. }) => {}
            (Event::Touch, State::Attract) => {
                self.visits += 1;
                self.state = State::Active { quiet_ms: now_ms };
                effects.push(Effect::Begin { visit: self.visits });
            }
            (Event::Touch, State::Active { quiet_ms }) => {
                let quiet_ms = quiet_ms.max(now_ms);
                self.state = State::Active { quiet_ms };
            }
            (Event::Touch, State::Asking { .. }) => {
                self.state = State::Active { quiet_ms: now_ms };
                effects.push(Effect::Resume);
            }
            (Event::Playing { length_ms }, State::Active { .. } | State::Asking { .. }) => {
                if matches!(self.state, State::Asking { .. }) {
                    effects.push(Effect::Resume);
                }
                let length_ms = length_ms.min(MOST_PLAYING_MS);
                let quiet_ms = now_ms.saturating_add(length_ms);
                self.state = State::Active { quiet_ms };
            }
            (Event::Played, State::Active { quiet_ms }) => {
                let quiet_ms = quiet_ms.min(now_ms);
                self.state = State::Active { quiet_ms };
            }
            (Event::Manner(manner), _) => {
                if self.state != State::Attract {
                    self.manner = manner;
                }
                // Whoever needs less patience from now on has done something just now.
                if let State::Active { quiet_ms } = self.state {
                    let quiet_ms = quiet_ms.max(now_ms);
                    self.state = State::Active { quiet_ms };
                }
            }
            (Event::Leave, State::Active { .. } | State::Asking { .. }) => {
                effects.push(self.reset(Ending::Visitor));
            }
        }
        effects
    }

    fn pass_time(&mut self, now_ms: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        while self.deadline().is_some_and(|due_ms| due_ms <= now_ms) {
            match self.state {
                State::Attract => return effects,
                State::Active { .. } => {
                    // Who was not asked in time is asked now: the question always stands its time.
                    let until_ms = now_ms.saturating_add(self.patience().question_ms);
                    self.state = State::Asking { until_ms };
                    effects.push(Effect::Ask { until_ms });
                }
                State::Asking { .. } => effects.push(self.reset(Ending::Quiet)),
            }
        }
        effects
    }

    fn reset(&mut self, by: Ending) -> Effect {
        self.state = State::Attract;
        self.manner = Manner::default();
        Effect::Reset {
            visit: self.visits,
            by,
        }
    }

    fn patience(&self) -> Patience {
        let mut patience = self.rules.usual;
        if self.manner.accessible {
            patience = patience.or(self.rules.accessible);
        }
        if self.manner.form {
            patience = patience.or(self.rules.form);
        }
        patience
    }
}

#[cfg(test)]
mod tests;
