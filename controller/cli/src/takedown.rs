//! `cotmoc takedown`: one duty officer takes content down, at once.

use crate::desk::{Desk, OfflineArgs};
use crate::out::Out;
use crate::receipts::{self, Wanted};
use crate::settings::Settings;
use crate::signing::{self, KeyArgs};
use crate::{End, clock, text};
use anyhow::{Context as _, Result, bail, ensure};
use cotmoc_proto::envelope::{Envelope, PayloadType};
use cotmoc_proto::release::Release;
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::trust::RoleName;
use cotmoc_proto::{ChannelId, Digest, ItemId};
use std::collections::BTreeSet;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The channel
    #[arg(long)]
    channel: ChannelId,
    #[command(flatten)]
    what: What,
    /// Why, for the record
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    key: KeyArgs,
    /// Take down without asking (for scripts)
    #[arg(long)]
    yes: bool,
    /// Wait until every wall has confirmed with its own signature, at most this long; exit code 3
    /// if one did not
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
}

/// What is taken down.
#[derive(Debug, clap::Args)]
#[group(required = true)]
struct What {
    /// Media by digest
    #[arg(long, value_name = "SHA256", value_delimiter = ',')]
    asset: Vec<Digest>,
    /// Items of the running release, with every other item that shows the same media
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    item: Vec<ItemId>,
    /// The whole programme: the walls show the fallback
    #[arg(long)]
    whole: bool,
}

pub async fn run(out: Out, settings: &Settings, args: &Args) -> Result<End> {
    let desk = Desk::open(out, settings, &OfflineArgs::default()).await?;
    let last = desk.published(&args.channel).await?;
    let release = &last
        .with_context(|| format!("channel {} has no release: nothing is shown", args.channel))?
        .document;
    let takedown = plan(&desk, args, release).await?;
    let envelope = Envelope::unsigned(PayloadType::Takedown, serde_json::to_vec(&takedown)?);
    args.key
        .check_record(&envelope, &[desk.root()], RoleName::Takedown)?;
    show(out.for_a_decision(), release, &takedown);
    if !args.yes && out.ask(text::CONFIRM_TAKEDOWN)? != "yes" {
        bail!("nothing was taken down: the answer was not yes");
    }
    let key = args.key.unlock()?;
    let signed = signing::sign(&envelope, &[desk.root()], RoleName::Takedown, &key)?;
    let published = desk.online()?.publish(signed.to_bytes()).await?;
    out.fact(
        text::PUBLISHED,
        format_args!("{} takedown {}", args.channel, takedown.seq),
    );
    let Some(seconds) = args.wait else {
        out.document(&published)?;
        return Ok(End::Done);
    };
    let wanted = Wanted {
        devices: release.devices.clone(),
        release: None,
        takedown: takedown.seq,
        override_seq: 0,
        template: None,
    };
    let confirmed = receipts::wait(&desk, &wanted, Duration::from_secs(seconds)).await?;
    receipts::report(out, &published, &confirmed)
}

async fn plan(desk: &Desk<'_>, args: &Args, release: &Release) -> Result<Takedown> {
    let known = desk.takedowns(&args.channel).await?;
    let newest = known.iter().map(|takedown| takedown.seq).max();
    let takedown = Takedown {
        site: desk.root().site.clone(),
        channel: args.channel.clone(),
        epoch: desk.root().epoch,
        seq: newest.unwrap_or_default() + 1,
        issued_ms: clock::now(),
        max_release: release.version,
        assets: assets(&args.what, release)?,
        whole: args.what.whole,
        reason: args.reason.clone(),
    };
    takedown.check()?;
    ensure!(
        release.epoch == desk.root().epoch,
        "the running release is of an older epoch: no wall shows it any more"
    );
    Ok(takedown)
}

fn assets(what: &What, release: &Release) -> Result<BTreeSet<Digest>> {
    let mut assets: BTreeSet<Digest> = what.asset.iter().copied().collect();
    for id in &what.item {
        let item = release.items().find(|item| item.id == *id);
        let item = item.with_context(|| {
            let known: Vec<&str> = release.items().map(|item| item.id.as_str()).collect();
            format!(
                "release {} of channel {} has no item {id}; it has {}",
                release.version,
                release.channel,
                known.join(", ")
            )
        })?;
        assets.insert(item.digest());
    }
    Ok(assets)
}

fn show(out: Out, release: &Release, takedown: &Takedown) {
    let devices: Vec<&str> = release.devices.iter().map(|d| d.as_str()).collect();
    out.fact(text::CHANNEL, &takedown.channel);
    out.fact(text::DEVICES, devices.join(", "));
    out.fact(text::REASON, &takedown.reason);
    if takedown.whole {
        out.fact(text::TAKEDOWN, out.words(text::WHOLE_PROGRAMME));
    }
    for asset in &takedown.assets {
        let items: Vec<String> = release
            .items()
            .filter(|item| item.digest() == *asset)
            .map(|item| format!("{} ({})", item.id, item.title))
            .collect();
        let items = if items.is_empty() {
            out.words(text::NOTHING)
        } else {
            items.join(", ")
        };
        out.fact(text::TAKEDOWN, format_args!("{} {items}", asset.short()));
    }
}
