//! A release that is being signed: a file, or a draft on the controller.

use crate::api::Api;
use crate::chain::read_envelope;
use crate::desk::{Desk, unverified_release};
use crate::files;
use crate::settings::Settings;
use crate::signing;
use anyhow::{Context as _, Result, ensure};
use cotmoc_proto::Digest;
use cotmoc_proto::envelope::Envelope;
use cotmoc_proto::release::Release;
use cotmoc_proto::trust::RoleName;
use std::path::{Path, PathBuf};

/// A release with whatever signatures it has. Nothing is verified yet.
#[derive(Debug)]
pub struct Document {
    pub envelope: Envelope,
    pub release: Release,
    pub file: Option<PathBuf>,
}

impl Document {
    /// Opens a file, or a draft of the controller if `target` is a digest.
    pub async fn open(settings: &Settings, target: &str) -> Result<Self> {
        match target.parse::<Digest>() {
            Ok(digest) => Self::from_draft(&Api::new(settings)?, &digest).await,
            Err(_) => Self::from_file(Path::new(target)),
        }
    }

    /// Opens a file.
    pub fn from_file(file: &Path) -> Result<Self> {
        let shown = file.display();
        let envelope = Envelope::parse(&read_envelope(file)?)
            .with_context(|| format!("{shown} is not an envelope"))?;
        let document = Self::new(envelope).with_context(|| format!("{shown} is not a release"))?;
        Ok(Self {
            file: Some(file.to_owned()),
            ..document
        })
    }

    /// From its envelope.
    pub fn new(envelope: Envelope) -> Result<Self> {
        let release = unverified_release(&envelope)?;
        release.check()?;
        Ok(Self {
            envelope,
            release,
            file: None,
        })
    }

    /// The digest of the payload: the name of the draft.
    pub fn digest(&self) -> Digest {
        self.envelope.payload_digest()
    }

    /// Takes over the signatures that others left on the controller in the meantime.
    pub async fn collect(self, desk: &Desk<'_>) -> Result<Self> {
        let Some(api) = &desk.api else {
            return Ok(self);
        };
        let Some(bytes) = api.draft(&self.digest()).await? else {
            return Ok(self);
        };
        let other = Envelope::parse(&bytes).context("the controller's draft is damaged")?;
        let envelope = signing::merge(&self.envelope, &other, desk.root(), RoleName::Release)?;
        Ok(Self { envelope, ..self })
    }

    /// Puts the envelope where it came from, and on the controller for the others.
    pub async fn store(&self, desk: &Desk<'_>) -> Result<()> {
        let bytes = self.envelope.to_bytes();
        if let Some(file) = &self.file {
            files::replace(file, &bytes)?;
        }
        if let Some(api) = &desk.api {
            api.put_draft(&self.digest(), bytes)
                .await
                .context("leave the draft on the controller")?;
        }
        Ok(())
    }

    async fn from_draft(api: &Api, digest: &Digest) -> Result<Self> {
        let bytes = api.draft(digest).await?;
        let bytes = bytes.with_context(|| {
            format!("the controller has no draft {digest}; it may have been published or deleted")
        })?;
        let envelope = Envelope::parse(&bytes).context("the controller's draft is damaged")?;
        ensure!(
            envelope.payload_digest() == *digest,
            "the controller sent another draft than {}",
            digest.short()
        );
        Self::new(envelope)
    }
}
