//! `cotmoc release publish`: the controller gets what every wall of the release would accept.

use super::document::Document;
use crate::desk::{Desk, OfflineArgs};
use crate::out::Out;
use crate::receipts::{self, Wanted};
use crate::settings::Settings;
use crate::{End, signing, text};
use anyhow::{Context as _, Result};
use cotmoc_proto::trust::{RoleName, Root, verify_release};
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file, or the digest of a draft on the controller
    target: String,
    /// Wait until every wall has confirmed with its own signature, at most this long; exit code 3
    /// if one did not
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
}

pub async fn run(out: Out, settings: &Settings, args: &Args) -> Result<End> {
    let desk = Desk::open(out, settings, &OfflineArgs::default()).await?;
    let document = Document::open(settings, &args.target).await?;
    let document = document.collect(&desk).await?;
    let release = &document.release;
    let published = match already(&desk, &document).await? {
        Some(published) => published,
        None => publish(out, &desk, &document).await?,
    };
    out.fact(
        text::PUBLISHED,
        format_args!("{} v{}", release.channel, release.version),
    );
    let Some(seconds) = args.wait else {
        out.document(&published)?;
        return Ok(End::Done);
    };
    let wanted = Wanted {
        devices: release.devices.clone(),
        release: Some((release.version, document.digest())),
        takedown: 0,
        override_seq: 0,
        template: None,
    };
    let confirmed = receipts::wait(&desk, &wanted, Duration::from_secs(seconds)).await?;
    receipts::report(out, &published, &confirmed)
}

/// Publishing twice is no mistake: a second time waits for the walls, say. Nothing is sent then,
/// unless the release has been signed anew: the walls get the further signatures.
async fn already(desk: &Desk<'_>, document: &Document) -> Result<Option<serde_json::Value>> {
    let Some(last) = desk.published(&document.release.channel).await? else {
        return Ok(None);
    };
    let is_signed = |root: &Root| root.verify(RoleName::Release, &document.envelope).is_ok();
    if last.digest != document.digest() || is_signed(desk.root()) {
        return Ok(None);
    }
    Ok(Some(serde_json::json!({
        "kind": "release",
        "channel": last.document.channel,
        "number": last.document.version,
        "payload_sha256": last.digest,
    })))
}

async fn publish(out: Out, desk: &Desk<'_>, document: &Document) -> Result<serde_json::Value> {
    let release = &document.release;
    let bytes = document.envelope.to_bytes();
    for device in &release.devices {
        let me = desk.identity(&release.channel, device.clone());
        if let Err(reject) = verify_release(desk.root(), &me, &bytes) {
            let states = signing::clause_states(&document.envelope, desk.root(), RoleName::Release);
            signing::show_clauses(out.for_a_complaint(), &states);
            return Err(reject).with_context(|| {
                format!("wall {device} would not accept this; nothing was published")
            });
        }
    }
    desk.online()?.publish(bytes).await
}
