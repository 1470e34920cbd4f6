//! The root of trust: it starts at the file this person trusts, and every later root must be
//! signed by the one before it, whoever handed it over.

use crate::api::Api;
use crate::files;
use crate::settings::Settings;
use anyhow::{Context as _, Result, anyhow, ensure};
use cotmoc_proto::Reject;
use cotmoc_proto::envelope::MAX_ENVELOPE_BYTES;
use cotmoc_proto::override_order::Override;
use cotmoc_proto::release::Release;
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::trust::{
    Admitted, Identity, Root, admit_root, factory_root, verify_override, verify_release,
    verify_takedown,
};
use std::path::{Path, PathBuf};

/// The most roots that are followed.
const MAX_ROOTS: u64 = 10_000;

/// Roots from the trusted one to the newest, oldest first.
#[derive(Debug)]
pub struct Chain {
    older: Vec<Root>,
    current: Root,
}

impl Chain {
    /// Starts at the trusted root, follows the files in `later`, then what the controller has.
    pub async fn load(settings: &Settings, later: &[PathBuf], api: Option<&Api>) -> Result<Self> {
        let mut chain = Self::trusted(settings)?;
        for file in later {
            chain
                .follow(&read_envelope(file)?)
                .with_context(|| format!("{} does not follow", file.display()))?;
        }
        let Some(api) = api else {
            return Ok(chain);
        };
        while chain.current.version < MAX_ROOTS {
            let next = chain.current.version + 1;
            let Some(bytes) = api.find_envelope(&format!("/api/v1/roots/{next}")).await? else {
                break;
            };
            chain.follow(&bytes).with_context(|| {
                format!("root {next} of the controller is not a successor of the trusted root")
            })?;
        }
        Ok(chain)
    }

    /// The newest root.
    pub fn current(&self) -> &Root {
        &self.current
    }

    /// A release that was valid under this root or an older one: a key that was removed since
    /// does not make what it signed unknown.
    pub fn published_release(&self, me: &Identity, bytes: &[u8]) -> Result<Admitted<Release>> {
        self.under_any(|root| verify_release(root, me, bytes))
            .context(
                "the published release is not signed by the people the root of trust names (if \
                 they left since, give the devices' first root as --root: the later ones are \
                 followed from there)",
            )
    }

    /// A takedown that was valid under this root or an older one.
    pub fn published_takedown(&self, me: &Identity, bytes: &[u8]) -> Result<Admitted<Takedown>> {
        self.under_any(|root| verify_takedown(root, me, bytes))
            .context("a takedown of the controller is not signed by a duty officer")
    }

    /// An override that was valid under this root or an older one.
    pub fn published_override(&self, me: &Identity, bytes: &[u8]) -> Result<Admitted<Override>> {
        self.under_any(|root| verify_override(root, me, bytes))
            .context("an override of the controller is not signed by a duty officer")
    }

    fn under_any<T>(&self, verify: impl Fn(&Root) -> Result<T, Reject>) -> Result<T> {
        let newest = verify(&self.current);
        match newest {
            Ok(good) => Ok(good),
            Err(reject) => self
                .older
                .iter()
                .rev()
                .find_map(|root| verify(root).ok())
                .ok_or_else(|| anyhow!(reject)),
        }
    }

    fn trusted(settings: &Settings) -> Result<Self> {
        let file = settings.root.as_deref().ok_or_else(|| {
            anyhow!(
                "no root of trust: give --root FILE, or root in ~/.config/cotmoc/cli.toml; it is \
                 the signed root document that the devices were delivered with"
            )
        })?;
        let current = factory_root(&read_envelope(file)?)
            .with_context(|| format!("{} is not a signed root document", file.display()))?;
        Ok(Self {
            older: Vec::new(),
            current,
        })
    }

    fn follow(&mut self, bytes: &[u8]) -> Result<()> {
        let next = admit_root(&self.current, bytes)?;
        ensure!(
            next.version > self.current.version,
            "root {} is not newer",
            next.version
        );
        self.older.push(std::mem::replace(&mut self.current, next));
        Ok(())
    }
}

/// The bytes of an envelope's file.
pub fn read_envelope(path: &Path) -> Result<Vec<u8>> {
    let limit = u64::try_from(MAX_ENVELOPE_BYTES).unwrap_or(u64::MAX);
    files::read(path, limit)
}
