//! Notices to people: written down first, then sent until somebody else has taken them over.
//!
//! ```text
//! whoever decides -> enqueue -> store (outbox) -> sender, one per route -> send -> mark
//!                                              people <- link -> confirm, answers <- SMS <- people
//! ```

mod answers;
mod link;
mod memory;
mod modem;
mod outbox;
mod plain;
mod send;
mod sender;
mod state;
mod text;

pub use link::token_digest;
pub use modem::Health;
pub use state::RouteState;
pub use text::{Facts, Occasion, without_link};

use crate::clock;
use crate::settings::{NoticeSettings, RouteSettings, Way};
use crate::store::{NewNotice, NoticeRow, Store, StoreError};
use anyhow::Context as _;
use cotmoc_proto::{Digest, TimeMs};
use link::Links;
use send::Transport;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use text::{CODE, Letters, Tail, Texts};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The outbox with its ways out.
#[derive(Debug)]
pub struct Notices {
    store: Store,
    texts: Texts,
    links: Links,
    attempt: Duration,
    routes: Vec<Route>,
    /// The country's own prefix of telephone numbers.
    country: String,
    wrong: answers::Wrong,
    behind: outbox::Behind,
    modems: Vec<modem::Handle>,
    /// Until they are started.
    resting: Mutex<Option<Resting>>,
}

/// What works on modems and what they hand in.
#[derive(Debug)]
struct Resting {
    owners: Vec<modem::Owner>,
    inbox: mpsc::Receiver<modem::Inbound>,
}

#[derive(Debug)]
struct Route {
    settings: RouteSettings,
    transport: Transport,
    /// Where its gateway hands in answers.
    door: Option<answers::Door>,
    news: Notify,
}

/// A notice that somebody wants sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub incident: String,
    pub stage: String,
    pub occasion: Occasion,
    pub facts: Facts,
    pub recipient: String,
    pub route: String,
    /// Empty for a webhook and for a sheet.
    pub address: String,
    pub due_ms: TimeMs,
}

/// What became of orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Enqueued {
    /// How many were not known before.
    pub new: usize,
    /// Those that no route can send, each with the reason.
    pub refused: Vec<(Order, &'static str)>,
}

impl Notices {
    /// Makes every route ready.
    ///
    /// # Errors
    /// If a secret or a text cannot be used.
    pub fn open(settings: &NoticeSettings, data: &Path, store: Store) -> anyhow::Result<Self> {
        // Another provider being installed already is as good.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let (inbox, inbound) = mpsc::channel(1);
        let open = |settings| modem::new(settings, inbox.clone(), clock::now());
        let (modems, owners): (Vec<_>, _) = settings.modems.iter().map(open).unzip();
        let route = |settings: &RouteSettings| {
            let transport = Transport::open(settings, &modems).with_context(|| {
                format!("the route {} of notices cannot be used", settings.name)
            })?;
            let door = match &settings.way {
                Way::Sms(gateway) => gateway.replies.as_ref().map(answers::Door::open),
                Way::Mail(_)
                | Way::Modem(_)
                | Way::Call(_)
                | Way::Voice(_)
                | Way::Webhook(_)
                | Way::Sheet(_) => None,
            };
            Ok(Route {
                door: door.transpose()?,
                settings: settings.clone(),
                transport,
                news: Notify::new(),
            })
        };
        Ok(Self {
            store,
            texts: Texts::load(settings.templates.as_deref())?,
            links: Links::open(&data.join("notice.key"), settings.links.clone())?,
            attempt: settings.attempt,
            routes: settings
                .routes
                .iter()
                .map(route)
                .collect::<anyhow::Result<_>>()?,
            country: settings.country.clone(),
            wrong: answers::Wrong::default(),
            behind: outbox::Behind::default(),
            resting: Mutex::new(Some(Resting {
                owners,
                inbox: inbound,
            })),
            modems,
        })
    }

    /// Starts the senders: what an earlier run had in its hands is sent again.
    ///
    /// # Errors
    /// If the outbox cannot be read.
    pub async fn start(
        self: &Arc<Self>,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        let now = clock::now();
        let taken_up = async {
            let again = self.store.release_leases(now).await?;
            Ok((again, self.store.bury_unrouted(self.names(), now).await?))
        };
        let (again, lost) = match taken_up.await {
            // What was leased is due again when its lease ends.
            Err(error) if StoreError::is_of_the_disk(&error) => {
                tracing::error!(%error, "the outbox cannot be written; notices are sent from memory");
                (0, 0)
            }
            taken_up => taken_up?,
        };
        if again > 0 {
            tracing::warn!(
                again,
                "notices under way when the controller ended are sent again"
            );
        }
        if lost > 0 {
            tracing::error!(
                lost,
                "notices waited for routes that are not configured any more"
            );
        }
        let resting = self
            .resting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(Resting { owners, inbox }) = resting {
            for owner in owners {
                tasks.spawn(owner.run(stop.clone()));
            }
            tasks.spawn(answers::take_in(Arc::clone(self), inbox, stop.clone()));
        }
        for index in 0..self.routes.len() {
            tasks.spawn(sender::run(Arc::clone(self), index, stop.clone()));
        }
        Ok(())
    }

    /// The routes as they are configured.
    pub fn routes(&self) -> impl Iterator<Item = &RouteSettings> {
        self.routes.iter().map(|route| &route.settings)
    }

    /// How the modems are, by their names.
    #[must_use]
    pub fn modems(&self) -> Vec<(String, Health)> {
        let modems = self.modems.iter();
        modems
            .map(|modem| (modem.name().to_owned(), modem.health()))
            .collect()
    }

    /// Stores notices durably and lets them be sent. An order that is repeated changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was stored.
    pub async fn enqueue(&self, orders: Vec<Order>) -> Result<Enqueued, StoreError> {
        let (notices, refused) = self.written(orders);
        let routes: BTreeSet<String> = notices.iter().map(|one| one.route.clone()).collect();
        let new = self.store.enqueue(notices, clock::now()).await?;
        for route in self
            .routes
            .iter()
            .filter(|one| routes.contains(&one.settings.name))
        {
            route.news.notify_one();
        }
        Ok(Enqueued { new, refused })
    }

    /// Notices ready to be sent, and the orders that no route can send, each with the reason.
    fn written(&self, orders: Vec<Order>) -> (Vec<NewNotice>, Vec<(Order, &'static str)>) {
        let (mut notices, mut refused) = (Vec::new(), Vec::new());
        for order in orders {
            match self.route_for(&order) {
                Ok(route) => notices.push(self.notice(&order, &route.settings)),
                Err(reason) => {
                    tracing::error!(
                        route = order.route,
                        address = order.address,
                        incident = order.incident,
                        "a notice cannot be sent: {reason}"
                    );
                    refused.push((order, reason));
                }
            }
        }
        (notices, refused)
    }

    /// Sends the dead notices of `incident` again, now that the cause is removed. How many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn retry(&self, incident: String) -> Result<usize, StoreError> {
        let known = self.names();
        let revived = self.store.revive(incident, known, clock::now()).await?;
        for route in &self.routes {
            route.news.notify_one();
        }
        Ok(revived)
    }

    fn names(&self) -> Vec<String> {
        self.routes().map(|route| route.name.clone()).collect()
    }

    fn route_for(&self, order: &Order) -> Result<&Route, &'static str> {
        let route = self.route(&order.route).ok_or("there is no such route")?;
        if route.settings.way.reaches(&order.address) {
            Ok(route)
        } else {
            Err("the route cannot reach this address")
        }
    }

    fn route(&self, name: &str) -> Option<&Route> {
        self.routes.iter().find(|route| route.settings.name == name)
    }

    fn notice(&self, order: &Order, route: &RouteSettings) -> NewNotice {
        let key = key_of(
            (&order.incident, &order.stage),
            (&order.recipient, &route.name, &order.address),
        );
        let written = match route.way {
            Way::Sms(_) | Way::Modem(_) => {
                let link = self.links.of(&key);
                let tail = Tail {
                    link: link.as_deref(),
                    has_code: has_code(&route.way),
                };
                let letters = letters(&route.way);
                self.texts.sms(order.occasion, &order.facts, tail, letters)
            }
            // It is heard: there is nothing to open and nothing to send back.
            Way::Call(_) | Way::Voice(_) => {
                let tail = Tail {
                    link: None,
                    has_code: false,
                };
                self.texts
                    .sms(order.occasion, &order.facts, tail, Letters::Plain)
            }
            Way::Mail(_) | Way::Webhook(_) | Way::Sheet(_) => {
                self.texts
                    .mail(order.occasion, &order.facts, self.links.are_given())
            }
        };
        let codes = if written.body.contains(CODE) {
            self.links.codes(&key)
        } else {
            Vec::new()
        };
        NewNotice {
            token_sha256: self.links.digest(&key),
            codes,
            key,
            incident: order.incident.clone(),
            stage: order.stage.clone(),
            recipient: order.recipient.clone(),
            channel: route.way.channel().to_owned(),
            route: route.name.clone(),
            address: order.address.clone(),
            subject: written.subject,
            body: written.body,
            due_ms: order.due_ms,
        }
    }

    /// The same notice on the route that takes over from this one.
    fn instead(&self, notice: &NoticeRow, route: &RouteSettings, now: TimeMs) -> Option<NewNotice> {
        let other = self.route(route.instead.as_deref()?)?;
        let name = &other.settings.name;
        let key = key_of(
            (&notice.incident, &notice.stage),
            (&notice.recipient, name, &notice.address),
        );
        let codes = if notice.body.contains(CODE) && has_code(&other.settings.way) {
            self.links.codes(&key)
        } else {
            Vec::new()
        };
        Some(NewNotice {
            token_sha256: self.links.digest(&key),
            codes,
            key,
            incident: notice.incident.clone(),
            stage: notice.stage.clone(),
            recipient: notice.recipient.clone(),
            channel: notice.channel.clone(),
            route: name.clone(),
            address: notice.address.clone(),
            subject: notice.subject.clone(),
            body: match letters(&other.settings.way) {
                Letters::Plain if notice.channel == "sms" => plain::plain(&notice.body),
                Letters::Plain | Letters::Diacritics => notice.body.clone(),
            },
            due_ms: now,
        })
    }
}

/// Whether an answer by SMS comes back this way.
const fn has_code(way: &Way) -> bool {
    match way {
        Way::Modem(_) => true,
        Way::Sms(gateway) => gateway.replies.is_some(),
        Way::Mail(_) | Way::Call(_) | Way::Voice(_) | Way::Webhook(_) | Way::Sheet(_) => false,
    }
}

fn letters(way: &Way) -> Letters {
    match way {
        Way::Modem(text) if text.diacritics => Letters::Diacritics,
        Way::Modem(_)
        | Way::Sms(_)
        | Way::Mail(_)
        | Way::Call(_)
        | Way::Voice(_)
        | Way::Webhook(_)
        | Way::Sheet(_) => Letters::Plain,
    }
}

/// The key of a notice: the same for the same stage, recipient and way out; fit for a Message-ID.
fn key_of(
    (incident, stage): (&str, &str),
    (recipient, route, address): (&str, &str, &str),
) -> String {
    let parts = serde_json::json!([incident, stage, recipient, route, address]);
    Digest::of(parts.to_string().as_bytes())
        .to_string()
        .chars()
        .take(32)
        .collect()
}
