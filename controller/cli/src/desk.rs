//! What a signer works with: the root of trust, the controller if it is to be asked, and what
//! was published before.

use crate::api::Api;
use crate::chain::{Chain, read_envelope};
use crate::out::Out;
use crate::settings::Settings;
use anyhow::{Context as _, Result, bail, ensure};
use cotmoc_proto::envelope::{Envelope, PayloadType};
use cotmoc_proto::json::parse_strict;
use cotmoc_proto::override_order::Override;
use cotmoc_proto::release::Release;
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::trust::{Admitted, Identity, Root};
use cotmoc_proto::{ChannelId, DeviceId, Digest};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Working without the controller.
#[derive(Debug, Default, clap::Args)]
pub struct OfflineArgs {
    /// Ask no controller: everything comes from files
    #[arg(long)]
    pub offline: bool,
    /// With --offline: the release published last; without it this is the channel's first
    #[arg(long, value_name = "FILE", requires = "offline")]
    pub previous: Option<PathBuf>,
    /// With --offline: the root documents after the trusted one, in order
    #[arg(
        long,
        value_name = "FILES",
        value_delimiter = ',',
        requires = "offline"
    )]
    pub later_root: Vec<PathBuf>,
}

/// Root of trust, controller, and what was published before.
#[derive(Debug)]
pub struct Desk<'s> {
    pub out: Out,
    pub settings: &'s Settings,
    pub api: Option<Api>,
    pub chain: Chain,
    previous: Option<PathBuf>,
}

/// One line of the controller's list of documents.
#[derive(Debug, Deserialize)]
struct Listed {
    envelope_sha256: Digest,
}

impl<'s> Desk<'s> {
    /// Verifies the root of trust; without `--offline` up to the newest root of the controller.
    pub async fn open(out: Out, settings: &'s Settings, offline: &OfflineArgs) -> Result<Self> {
        let api = if offline.offline {
            None
        } else {
            Some(Api::new(settings)?)
        };
        let chain = Chain::load(settings, &offline.later_root, api.as_ref()).await?;
        Ok(Self {
            out,
            settings,
            api,
            chain,
            previous: offline.previous.clone(),
        })
    }

    /// The controller; an error with `--offline`.
    pub fn online(&self) -> Result<&Api> {
        self.api
            .as_ref()
            .context("this needs the controller: leave out --offline")
    }

    /// The newest root.
    pub fn root(&self) -> &Root {
        self.chain.current()
    }

    /// The release published last in `channel`, verified; with its envelope.
    pub async fn published(&self, channel: &ChannelId) -> Result<Option<Admitted<Release>>> {
        let bytes = match (&self.previous, &self.api) {
            (Some(file), _) => Some(read_envelope(file)?),
            (None, Some(api)) => api.release(channel).await?,
            (None, None) => None,
        };
        bytes
            .map(|bytes| {
                let device = some_device(&bytes)?;
                self.chain
                    .published_release(&self.identity(channel, device), &bytes)
            })
            .transpose()
    }

    /// Every takedown of `channel`, verified.
    pub async fn takedowns(&self, channel: &ChannelId) -> Result<Vec<Takedown>> {
        let me = self.identity(channel, "any".parse()?);
        let mut takedowns = Vec::new();
        for bytes in self.listed(channel, "takedowns").await? {
            let takedown = self.chain.published_takedown(&me, &bytes)?.document;
            if takedown.epoch == self.root().epoch {
                takedowns.push(takedown);
            }
        }
        Ok(takedowns)
    }

    /// Every override of `channel`, verified, oldest first.
    pub async fn overrides(&self, channel: &ChannelId) -> Result<Vec<Admitted<Override>>> {
        let me = self.identity(channel, "any".parse()?);
        let mut overrides = Vec::new();
        for bytes in self.listed(channel, "overrides").await? {
            let order = self.chain.published_override(&me, &bytes)?;
            if order.document.epoch == self.root().epoch {
                overrides.push(order);
            }
        }
        overrides.sort_by_key(|order| order.document.seq);
        Ok(overrides)
    }

    /// The envelopes that the controller lists for `channel` as `what`; none with `--offline`.
    async fn listed(&self, channel: &ChannelId, what: &str) -> Result<Vec<Vec<u8>>> {
        let Some(api) = &self.api else {
            return Ok(Vec::new());
        };
        let mut list: BTreeMap<String, Vec<Listed>> = api
            .get(&format!("/api/v1/channels/{channel}/{what}"))
            .await
            .with_context(|| {
                format!("channel {channel} (a new channel: `cotmoc channel add {channel}`)")
            })?;
        let mut envelopes = Vec::new();
        for listed in list.remove(what).unwrap_or_default() {
            let path = format!("/api/v1/envelopes/{}", listed.envelope_sha256);
            let Some(bytes) = api.find_envelope(&path).await? else {
                bail!("the controller lists {what} that it does not have");
            };
            envelopes.push(bytes);
        }
        Ok(envelopes)
    }

    /// What documents for `device` in `channel` must name.
    pub fn identity(&self, channel: &ChannelId, device: DeviceId) -> Identity {
        Identity {
            site: self.root().site.clone(),
            channel: channel.clone(),
            device,
        }
    }
}

/// Reads a release without verifying who signed it: to show it, or to check and sign it.
pub fn unverified_release(envelope: &Envelope) -> Result<Release> {
    ensure!(
        envelope.payload_type() == PayloadType::Release,
        "this is {}, not a release",
        envelope.payload_type().as_str()
    );
    parse_strict(envelope.unverified_payload()).context("the release is malformed")
}

fn some_device(bytes: &[u8]) -> Result<DeviceId> {
    let release = unverified_release(&Envelope::parse(bytes)?)?;
    let device = release.devices.first().cloned();
    device.context("the published release names no device")
}
