//! Notices to people: written down first, then sent until somebody else has taken them over.
//!
//! ```text
//! whoever decides -> enqueue -> store (outbox) -> sender, one per route -> send -> mark
//!                                                                   people <- link -> confirm
//! ```

mod link;
mod plain;
mod send;
mod sender;
mod text;

pub use link::token_digest;
pub use text::{Facts, Occasion, without_link};

use crate::clock;
use crate::settings::{NoticeSettings, RouteSettings, Way};
use crate::store::{NewNotice, NoticeRow, Store, StoreError};
use anyhow::Context as _;
use cotmoc_proto::{Digest, TimeMs};
use link::Links;
use send::Transport;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use text::Texts;
use tokio::sync::Notify;
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
}

#[derive(Debug)]
struct Route {
    settings: RouteSettings,
    transport: Transport,
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
        let route = |settings: &RouteSettings| {
            let transport = Transport::open(settings).with_context(|| {
                format!("the route {} of notices cannot be used", settings.name)
            })?;
            Ok(Route {
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
        let again = self.store.release_leases(now).await?;
        let lost = self.store.bury_unrouted(self.names(), now).await?;
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
        for index in 0..self.routes.len() {
            tasks.spawn(sender::run(Arc::clone(self), index, stop.clone()));
        }
        Ok(())
    }

    /// The routes as they are configured.
    pub fn routes(&self) -> impl Iterator<Item = &RouteSettings> {
        self.routes.iter().map(|route| &route.settings)
    }

    /// Stores notices durably and lets them be sent. An order that is repeated changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was stored.
    pub async fn enqueue(&self, orders: Vec<Order>) -> Result<Enqueued, StoreError> {
        let mut done = Enqueued::default();
        let (mut notices, mut told) = (Vec::new(), Vec::new());
        for order in orders {
            match self.route_for(&order) {
                Ok(route) => {
                    notices.push(self.notice(&order, &route.settings));
                    told.push(route);
                }
                Err(reason) => {
                    tracing::error!(
                        route = order.route,
                        address = order.address,
                        incident = order.incident,
                        "a notice cannot be sent: {reason}"
                    );
                    done.refused.push((order, reason));
                }
            }
        }
        done.new = self.store.enqueue(notices, clock::now()).await?;
        for route in told {
            route.news.notify_one();
        }
        Ok(done)
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
            Way::Sms(_) => {
                let link = self.links.of(&key);
                self.texts
                    .sms(order.occasion, &order.facts, link.as_deref())
            }
            Way::Mail(_) | Way::Webhook(_) | Way::Sheet(_) => {
                self.texts
                    .mail(order.occasion, &order.facts, self.links.are_given())
            }
        };
        NewNotice {
            token_sha256: self.links.digest(&key),
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
        Some(NewNotice {
            token_sha256: self.links.digest(&key),
            key,
            incident: notice.incident.clone(),
            stage: notice.stage.clone(),
            recipient: notice.recipient.clone(),
            channel: notice.channel.clone(),
            route: name.clone(),
            address: notice.address.clone(),
            subject: notice.subject.clone(),
            body: notice.body.clone(),
            due_ms: now,
        })
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
