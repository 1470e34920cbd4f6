//! The visit under way: one at a time, as a kiosk has one glass. A task of its own holds it, runs the
//! session machine and forgets everything at its reset; nothing of a visit is ever written anywhere.

use cotmoc_lookup::Language;
use cotmoc_lookup::content::{Nationality, Purpose};
use cotmoc_player_core::session::{Effect, Event, Manner, Phase, Rules, Session};
use cotmoc_service::boot;
use serde::{Deserialize, Serialize};
use std::future;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// Requests that may wait; more than one glass can make.
const WAITING: usize = 64;

/// What a visitor chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choices {
    pub language: Language,
    pub size: Size,
    pub theme: Theme,
    pub reach: Reach,
    pub speech: Speech,
}

/// The size of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Size {
    #[serde(rename = "100")]
    Normal,
    #[serde(rename = "130")]
    Large,
    #[serde(rename = "170")]
    VeryLarge,
}

/// The colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    Normal,
    Contrast,
}

/// Where the controls stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    Whole,
    Low,
}

/// Whether what has the focus is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speech {
    Off,
    On,
}

impl Size {
    /// In per cent, as pages say it.
    #[must_use]
    pub const fn percent(self) -> &'static str {
        match self {
            Self::Normal => "100",
            Self::Large => "130",
            Self::VeryLarge => "170",
        }
    }
}

impl Choices {
    /// What holds before anybody chose.
    #[must_use]
    pub const fn start() -> Self {
        Self {
            language: Language::Vi,
            size: Size::Normal,
            theme: Theme::Normal,
            reach: Reach::Whole,
            speech: Speech::Off,
        }
    }

    /// Whether the visitor needs more time.
    const fn is_accessible(self) -> bool {
        !matches!(self.size, Size::Normal)
            || matches!(self.theme, Theme::Contrast)
            || matches!(self.reach, Reach::Low)
            || matches!(self.speech, Speech::On)
    }
}

/// One change of what a visitor chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub language: Option<Language>,
    pub size: Option<Size>,
    pub theme: Option<Theme>,
    pub reach: Option<Reach>,
    pub speech: Option<Speech>,
}

/// All that is known of a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub phase: Phase,
    pub choices: Choices,
    /// What was typed last, and the category it was narrowed to.
    pub query: String,
    pub category: Option<String>,
    pub nationality: Option<Nationality>,
    pub purpose: Option<Purpose>,
    pub began_ms: u64,
    /// The urgent notice that the visitor has read.
    pub urgent_read: Option<String>,
    pub gave_feedback: bool,
    /// Something is being written.
    pub writes: bool,
}

impl Visit {
    const fn none() -> Self {
        Self {
            phase: Phase::Attract,
            choices: Choices::start(),
            query: String::new(),
            category: None,
            nationality: None,
            purpose: None,
            began_ms: 0,
            urgent_read: None,
            gave_feedback: false,
            writes: false,
        }
    }

    const fn manner(&self) -> Manner {
        Manner {
            accessible: self.choices.is_accessible(),
            form: self.writes,
        }
    }

    /// The number of the visit; 0 while nobody is there.
    #[must_use]
    pub const fn number(&self) -> u64 {
        match self.phase {
            Phase::Attract => 0,
            Phase::Active { visit } | Phase::Asking { visit, .. } => visit,
        }
    }
}

/// What pages tell a browser about the visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Told {
    pub visit: u64,
    /// Time left to answer, if the visitor is being asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asking_ms: Option<u64>,
}

impl Told {
    /// What is to be told of `visit` at `now_ms`.
    #[must_use]
    pub const fn of(visit: &Visit, now_ms: u64) -> Self {
        let asking_ms = match visit.phase {
            Phase::Attract | Phase::Active { .. } => None,
            Phase::Asking { until_ms, .. } => Some(until_ms.saturating_sub(now_ms)),
        };
        Self {
            visit: visit.number(),
            asking_ms,
        }
    }
}

type Change = Box<dyn FnOnce(&mut Visit) + Send>;

enum Order {
    Observe(Event),
    Change(Change),
}

/// A handle to the visit under way.
#[derive(Debug, Clone)]
pub struct Desk {
    orders: mpsc::Sender<(Order, oneshot::Sender<Visit>)>,
    visit: watch::Receiver<Visit>,
}

impl Desk {
    /// Starts the task that holds the visit; it ends with the last handle.
    #[must_use]
    pub fn start(rules: Rules) -> Self {
        let (orders, waiting) = mpsc::channel(WAITING);
        let (told, visit) = watch::channel(Visit::none());
        tokio::spawn(keep(Session::new(rules), waiting, told));
        Self { orders, visit }
    }

    /// The visit as it is.
    #[must_use]
    pub fn visit(&self) -> Visit {
        self.visit.borrow().clone()
    }

    /// The visit, from now on.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Visit> {
        self.visit.clone()
    }

    /// Tells what happened at the glass; the visit after that.
    pub async fn observe(&self, event: Event) -> Visit {
        self.order(Order::Observe(event)).await
    }

    /// Changes what is known of the visit `number`; of no other.
    pub async fn change(
        &self,
        number: u64,
        change: impl FnOnce(&mut Visit) + Send + 'static,
    ) -> Visit {
        let change = Box::new(move |visit: &mut Visit| {
            if number != 0 && visit.number() == number {
                change(visit);
            }
        });
        self.order(Order::Change(change)).await
    }

    async fn order(&self, order: Order) -> Visit {
        let (answer, answered) = oneshot::channel();
        let sent = self.orders.send((order, answer)).await;
        match (sent, answered.await) {
            (Ok(()), Ok(visit)) => visit,
            (Ok(()) | Err(_), _) => Visit::none(),
        }
    }
}

async fn keep(
    mut session: Session,
    mut waiting: mpsc::Receiver<(Order, oneshot::Sender<Visit>)>,
    told: watch::Sender<Visit>,
) {
    loop {
        let order = tokio::select! {
            order = waiting.recv() => match order {
                Some(order) => Some(order),
                None => return,
            },
            () = due(&session) => None,
        };
        let now_ms = boot::since_boot_ms();
        let Some((order, answer)) = order else {
            observe(&mut session, Event::Tick, now_ms, &told);
            continue;
        };
        match order {
            Order::Observe(event) => observe(&mut session, event, now_ms, &told),
            Order::Change(change) => {
                observe(&mut session, Event::Tick, now_ms, &told);
                told.send_modify(change);
                let manner = told.borrow().manner();
                observe(&mut session, Event::Manner(manner), now_ms, &told);
            }
        }
        // Whoever asked may have gone.
        drop(answer.send(told.borrow().clone()));
    }
}

fn observe(session: &mut Session, event: Event, now_ms: u64, told: &watch::Sender<Visit>) {
    let effects = session.observe(event, now_ms);
    if effects.is_empty() && told.borrow().phase == session.phase() {
        return;
    }
    told.send_modify(|visit| {
        for effect in &effects {
            match effect {
                Effect::Begin { .. } => {
                    *visit = Visit::none();
                    visit.began_ms = now_ms;
                }
                Effect::Reset { .. } => *visit = Visit::none(),
                Effect::Ask { .. } | Effect::Resume => {}
            }
        }
        visit.phase = session.phase();
    });
}

async fn due(session: &Session) {
    match session.deadline() {
        Some(due_ms) => {
            let wait_ms = due_ms.saturating_sub(boot::since_boot_ms());
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        }
        None => future::pending().await,
    }
}
