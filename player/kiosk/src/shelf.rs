//! What the kiosk may show: the content package in use, and what the gate knows besides.
//!
//! Whoever makes pages holds a [`Verified`] on a `watch` channel: the latest counts, and a package is
//! exchanged between two requests, never within one.

mod signed;
mod store;
mod unsigned;

pub use signed::{CannotShow, PackageTrial};
pub use store::{Store, StoreConfig};
pub use unsigned::{CannotOpen, open_unsigned};

use cotmoc_lookup::Lookup;
use cotmoc_lookup::content::MediaPath;
use cotmoc_proto::{Digest, TimeMs};
use std::fmt::Debug;
use std::io;
use std::sync::Arc;
use tokio::sync::watch;

/// What every page is made from; never changed, only replaced.
pub type Current = watch::Receiver<Verified>;
/// The bytes of a package: read and checked once, then held, so that nothing can change between the
/// check and the use.
pub type Bytes = Arc<[u8]>;

/// What the gate let through, as of now.
#[derive(Debug, Clone)]
pub struct Verified {
    /// None: the kiosk says that it is out of order, and whom to call.
    pub package: Option<Arc<Package>>,
    pub trust: Trust,
}

/// A package whose files are what was signed and whose canary queries found what they must.
#[derive(Debug)]
pub struct Package {
    pub lookup: Lookup<Bytes>,
    pub media: Box<dyn Media>,
    /// Version of the release that brought it; 0: nobody signed it.
    pub release: u64,
    /// Of the content; of all words, whoever signed them.
    pub sha256: Digest,
}

/// The media files of a package; each is checked whenever it is read.
pub trait Media: Debug + Send + Sync {
    /// The bytes of a file that the package lists.
    ///
    /// # Errors
    /// A file that is not listed, not there, or not what was signed.
    fn read(&self, file: &MediaPath) -> io::Result<Vec<u8>>;
}

/// What the kiosk's report says of trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    pub root_version: u64,
    /// Version of the release that is running; 0: none.
    pub release: u64,
    pub release_sha256: Option<Digest>,
    pub takedown: u64,
    pub override_seq: u64,
    /// Whether what is on the disk is what was signed.
    pub is_whole: bool,
    /// A time that has certainly passed.
    pub earliest_now: TimeMs,
}

impl Verified {
    /// Nothing yet.
    #[must_use]
    pub const fn nothing() -> Self {
        Self {
            package: None,
            trust: Trust {
                root_version: 0,
                release: 0,
                release_sha256: None,
                takedown: 0,
                override_seq: 0,
                is_whole: true,
                earliest_now: TimeMs(0),
            },
        }
    }
}
