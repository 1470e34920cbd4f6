//! What all handlers share: handles to the state, and the changes that touch more than one of
//! them.

use crate::accounts::Accounts;
use crate::beacon::Voice;
use crate::blobs::{BlobError, BlobFiles};
use crate::ca::{Authorities, ServerCertificate, Validity};
use crate::clock;
use crate::directory::Directory;
use crate::enrolment::{Attempts, Door};
use crate::faults::Faults;
use crate::http::{ApiError, ApiResult};
use crate::incidents::Desk;
use crate::ledger::Airtime;
use crate::network::Network;
use crate::notices::Notices;
use crate::obligations::Obligations;
use crate::operator::OperatorToken;
use crate::publish::{self, Checked, Refusal};
use crate::published::{Published, PublishedError};
use crate::seen::Heartbeats;
use crate::settings::Settings;
use crate::store::{DocumentRow, NewDocument, Note, Store};
use axum::http::StatusCode;
use cotmoc_proto::media::{Asset, CHUNK_BYTES};
use cotmoc_proto::window::OperatingWindow;
use cotmoc_proto::{ChannelId, DeviceId, Reject, SiteId, TimeMs};
use cotmoc_service::folder::{self, Held};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, Semaphore, watch};

const UPLOADS: usize = 8;

/// A shared handle to the controller's state.
pub type Shared = Arc<App>;

/// The controller's state.
#[derive(Debug)]
pub struct App {
    pub settings: Settings,
    pub store: Store,
    pub blobs: Arc<BlobFiles>,
    pub authorities: Authorities,
    pub certificate: Arc<ServerCertificate>,
    pub directory: Directory,
    pub heartbeats: Heartbeats,
    pub door: Door,
    pub attempts: Mutex<Attempts>,
    pub operator: OperatorToken,
    pub accounts: Accounts,
    pub voice: Voice,
    pub notices: Arc<Notices>,
    pub desk: tokio::sync::Mutex<Desk>,
    /// Told when a device says what the desk should look at before its next turn.
    pub attention: Notify,
    pub airtime: Airtime,
    pub obligations: tokio::sync::Mutex<Obligations>,
    pub network: Network,
    pub faults: Faults,
    pub uploads: Arc<Semaphore>,
    /// The database could not be copied whole.
    pub damaged: AtomicBool,
    /// Questions for news that may be held at once.
    pub waiters: Arc<Semaphore>,
    published: watch::Sender<Arc<Published>>,
    /// Publishing and whatever else changes `published` happens one at a time.
    publishing: tokio::sync::Mutex<()>,
    _held: Held,
}

/// A document that is published now.
#[derive(Debug)]
pub struct Done {
    pub row: DocumentRow,
    pub is_new: bool,
    pub revision: u64,
}

impl App {
    /// Opens everything in the data folder, or makes it.
    ///
    /// # Errors
    /// With the step that failed.
    pub async fn open(settings: Settings) -> anyhow::Result<Self> {
        let data = settings.data.clone();
        let held = folder::hold(&data)?;
        let store = Store::open(&data.join("controller.db"))?;
        let last_alive = store.probed().await?;
        clock::begin(last_alive.unwrap_or(TimeMs(0)));
        match store.note(started_note(last_alive), clock::now()).await {
            // No restart makes room, and notices leave from memory meanwhile.
            Err(error) if error.is_of_the_disk() => {
                tracing::error!(%error, "the database takes nothing; the controller starts without");
            }
            noted => noted?,
        }
        let authorities = Authorities::open(&data.join("ca"))?;
        let names = settings.names.clone();
        let certificate = ServerCertificate::new(&authorities.server, names, clock::wall())?;
        let published = Published::load(&store).await?;
        let notices = Notices::open(&settings.notices, &data, store.clone())?;
        Ok(Self {
            notices: Arc::new(notices),
            desk: tokio::sync::Mutex::new(Desk::load(&store, &settings.rules).await?),
            airtime: Airtime::new(),
            obligations: tokio::sync::Mutex::new(
                Obligations::load(&store, &settings.obligations).await?,
            ),
            attention: Notify::new(),
            network: Network::new(settings.network.clone()),
            faults: Faults::default(),
            blobs: Arc::new(BlobFiles::open(data.join("blobs"), settings.blobs)?),
            certificate: Arc::new(certificate),
            authorities,
            directory: Directory::load(&store).await?,
            heartbeats: Heartbeats::load(&store).await?,
            door: Door::default(),
            attempts: Mutex::default(),
            voice: Voice::open(&data)?,
            accounts: Accounts::open(&data, store.clone()).await?,
            operator: OperatorToken::open(&data.join("operator.token"))?,
            damaged: AtomicBool::new(false),
            uploads: Arc::new(Semaphore::new(UPLOADS)),
            waiters: Arc::new(Semaphore::new(settings.connections)),
            published: watch::Sender::new(Arc::new(published)),
            publishing: tokio::sync::Mutex::default(),
            _held: held,
            store,
            settings,
        })
    }

    /// What is published now.
    #[must_use]
    pub fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published.borrow())
    }

    /// Tells of everything that is published from now on.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<Arc<Published>> {
        self.published.subscribe()
    }

    /// The site of the root; a name for "none yet" before there is one.
    #[must_use]
    pub fn site(&self) -> SiteId {
        self.published().root.as_ref().map_or_else(
            || "unnamed".parse().expect("the name is a legal identifier"),
            |root| root.site.clone(),
        )
    }

    /// A certificate (PEM) of `device` for the key `spki`.
    ///
    /// # Errors
    /// [`ApiError`], after the log says why.
    pub fn certify(&self, device: &DeviceId, spki: &[u8]) -> ApiResult<String> {
        let life = Validity {
            from: clock::wall(),
            days: self.settings.certificate_days,
        };
        let authority = &self.authorities.device;
        let certificate = authority.certify_device(&self.site(), device, spki, life);
        certificate.map_err(|error| {
            tracing::error!(%error, %device, "a certificate could not be made");
            ApiError::internal()
        })
    }

    /// Adds a channel; whether it is new.
    ///
    /// # Errors
    /// [`ApiError`].
    pub async fn add_channel(&self, channel: ChannelId) -> ApiResult<bool> {
        let _one_at_a_time = self.publishing.lock().await;
        let is_new = self.store.add_channel(channel, clock::now()).await?;
        self.reload().await?;
        Ok(is_new)
    }

    /// Publishes the envelope `bytes`, if everything about it is right.
    ///
    /// # Errors
    /// [`ApiError`] saying what is not right.
    pub async fn publish(&self, bytes: Vec<u8>) -> ApiResult<Done> {
        let _one_at_a_time = self.publishing.lock().await;
        let published = self.published();
        let sent = bytes.clone();
        let checking = tokio::task::spawn_blocking(move || publish::check(&published, &sent));
        let checked = checking.await.map_err(|_join| ApiError::internal())?;
        let (document, assets) = match checked.map_err(refused)? {
            Checked::New { document, assets } => (document, assets),
            Checked::Known(row) => match self.signed_anew(&row, &bytes).await? {
                Some(document) => (document, Vec::new()),
                None => return Ok(self.done(row, false)),
            },
        };
        for asset in assets {
            self.check_asset(asset).await?;
        }
        let now = clock::now();
        let row = DocumentRow {
            kind: document.kind,
            channel: document.channel.clone(),
            epoch: document.epoch,
            number: document.number,
            resigned: document.resigned,
            envelope_sha256: document.envelope_sha256,
            payload_sha256: document.payload_sha256,
            published_ms: now,
        };
        let note = published_note(&document);
        self.store.publish(document, note, now).await?;
        self.reload().await?;
        tracing::info!(kind = row.kind.as_str(), number = row.number, channel = ?row.channel, "a document was published");
        Ok(self.done(row, true))
    }

    /// What was published as `row`, with signatures that `bytes` adds.
    async fn signed_anew(&self, row: &DocumentRow, bytes: &[u8]) -> ApiResult<Option<NewDocument>> {
        let published = self.published();
        let kept = self.store.envelope(row.envelope_sha256).await?;
        let (Some(root), Some((_, kept))) = (&published.root, kept) else {
            return Ok(None);
        };
        Ok(publish::signed_anew(root, row, (&kept, bytes)))
    }

    fn done(&self, row: DocumentRow, is_new: bool) -> Done {
        let published = self.published();
        let revision = match &row.channel {
            Some(channel) => published.revision(channel),
            None => published.root.as_ref().map_or(0, |root| root.version),
        };
        Done {
            row,
            is_new,
            revision,
        }
    }

    /// Whether the blob of `asset` is here with the stated size, and its chunk list is right.
    async fn check_asset(&self, asset: Asset) -> ApiResult<()> {
        let missing = || {
            ApiError::from(Reject::MediaMissing {
                asset: asset.sha256,
            })
        };
        let blob = self.store.blob(asset.sha256).await?.ok_or_else(missing)?;
        let list = self
            .store
            .blob(asset.chunks_sha256)
            .await?
            .ok_or_else(missing)?;
        if !self.blobs.holds(&blob) || !self.blobs.holds(&list) {
            return Err(missing());
        }
        if blob.size_bytes != asset.size_bytes || list.size_bytes != asset.chunk_list_bytes() {
            return Err(wrong_asset(&asset, "its size is not the stated one"));
        }
        let chunk_bytes = asset.chunk_bytes.get();
        let found = if chunk_bytes == CHUNK_BYTES {
            blob.chunks_sha256
        } else {
            let blobs = Arc::clone(&self.blobs);
            let hashing = tokio::task::spawn_blocking(move || {
                blobs.chunk_list_digest(asset.sha256, chunk_bytes)
            });
            hashing.await.map_err(|_join| ApiError::internal())??
        };
        if found == asset.chunks_sha256 {
            Ok(())
        } else {
            Err(wrong_asset(
                &asset,
                "its chunk list is not that of its bytes",
            ))
        }
    }

    async fn reload(&self) -> ApiResult<()> {
        let published = Published::load(&self.store)
            .await
            .map_err(|error| match error {
                PublishedError::Store(error) => ApiError::from(error),
                PublishedError::Damaged { .. } => {
                    tracing::error!(%error, "what was published cannot be read back");
                    ApiError::internal()
                }
            })?;
        self.published.send_replace(Arc::new(published));
        Ok(())
    }
}

/// Runs work that blocks.
///
/// # Errors
/// What the work says, or that it broke down.
pub async fn blocking<T, F>(work: F) -> ApiResult<T>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, BlobError> + Send + 'static,
{
    let joined = tokio::task::spawn_blocking(work).await;
    Ok(joined.map_err(|_join| ApiError::internal())??)
}

/// What a report of an incident says about the controller's own absence.
fn started_note(last_alive: Option<TimeMs>) -> Note {
    let zone = OperatingWindow::default().zone;
    let last = last_alive.map_or_else(|| "–".to_owned(), |at| zone.format(at));
    Note::general("controller-started", [("last_alive", last)])
}

fn published_note(document: &NewDocument) -> Note {
    let channel = document.channel.as_ref().map_or("", ChannelId::as_str);
    Note::general(
        "document-published",
        [
            ("document", document.kind.as_str().to_owned()),
            ("channel", channel.to_owned()),
            ("number", document.number.to_string()),
            ("envelope_sha256", document.envelope_sha256.to_string()),
        ],
    )
}

fn wrong_asset(asset: &Asset, what: &str) -> ApiError {
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "wrong-asset",
        format!("asset {}: {what}", asset.sha256.short()),
    )
    .remedy("add the media file again and draft the release from that")
}

fn refused(refusal: Refusal) -> ApiError {
    let message = refusal.to_string();
    let conflict = |code| ApiError::new(StatusCode::CONFLICT, code, message.clone());
    match refusal {
        Refusal::Rejected(reject) => reject.into(),
        Refusal::NoRoot => conflict("no-root").remedy("publish the site's root first"),
        Refusal::NotFirstRoot { .. } => {
            conflict("root-gap").remedy("publish the roots in order, beginning with version 1")
        }
        Refusal::UnknownChannel { .. } => {
            conflict("unknown-channel").remedy("add the channel first, or check its name")
        }
        Refusal::Gap { .. } => {
            conflict("version-gap").remedy("draft the document again from the newest one")
        }
        Refusal::WrongPrev { .. } => {
            conflict("wrong-prev").remedy("draft the release again from the newest one")
        }
        Refusal::NotPublishable { .. } => ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "unknown-type",
            message.clone(),
        )
        .remedy("publish a root, a release, a takedown or an override"),
    }
}
