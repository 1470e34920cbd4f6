//! `cotmoc override`: one duty officer shows an approved emergency template on every wall, at
//! once and for a limited time, and ends it early.

use crate::desk::{Desk, OfflineArgs};
use crate::out::Out;
use crate::receipts::{self, Wanted};
use crate::settings::Settings;
use crate::signing::{self, KeyArgs};
use crate::table::Table;
use crate::text::{self, Text};
use crate::{End, clock, format};
use anyhow::{Context as _, Result, bail, ensure};
use cotmoc_proto::envelope::{Envelope, PayloadType};
use cotmoc_proto::override_order::{Action, Override, Template};
use cotmoc_proto::playlist::Item;
use cotmoc_proto::release::Release;
use cotmoc_proto::time::{HOUR, MINUTE, Millis, SECOND};
use cotmoc_proto::trust::{Admitted, RoleName, TrustState};
use cotmoc_proto::window::OperatingWindow;
use cotmoc_proto::{ChannelId, ItemId};
use std::time::Duration;

/// A wall may still run an older release, and a new one may be published in an emergency: the
/// template is shown in this many releases before and after the one in force.
const RELEASES_AROUND: u64 = 10;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Show an approved emergency template on every wall of a channel
    Show(ShowArgs),
    /// End it: the walls go back to the programme
    End(EndArgs),
    /// List what was ordered
    List {
        /// The channel
        #[arg(long)]
        channel: ChannelId,
    },
}

#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Item id of the template; without a known one the templates are listed
    #[arg(long, value_name = "ID")]
    template: ItemId,
    /// How long: 90m, 2h, 1h30m; counted while a wall has power
    #[arg(long = "for", value_name = "TIME", value_parser = span)]
    lasts_ms: Millis,
    #[command(flatten)]
    order: OrderArgs,
}

#[derive(Debug, clap::Args)]
pub struct EndArgs {
    #[command(flatten)]
    order: OrderArgs,
}

#[derive(Debug, clap::Args)]
struct OrderArgs {
    /// The channel
    #[arg(long)]
    channel: ChannelId,
    /// Why, for the record
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    key: KeyArgs,
    /// Do it without asking (for scripts)
    #[arg(long)]
    yes: bool,
    /// Wait until every wall has confirmed with its own signature, at most this long; exit code 3
    /// if one did not
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u64>,
}

pub async fn run(out: Out, settings: &Settings, command: &Command) -> Result<End> {
    let desk = Desk::open(out, settings, &OfflineArgs::default()).await?;
    match command {
        Command::Show(args) => show(&desk, args).await,
        Command::End(args) => end(&desk, args).await,
        Command::List { channel } => list(&desk, channel).await,
    }
}

async fn show(desk: &Desk<'_>, args: &ShowArgs) -> Result<End> {
    let release = in_force(desk, &args.order.channel).await?;
    let item = template(&release, &args.template)?;
    let limit_ms = desk.root().override_limit_ms;
    ensure!(
        args.lasts_ms <= limit_ms,
        "--for {}: the root of trust allows at most {}",
        format::length(args.lasts_ms),
        format::length(limit_ms)
    );
    let known = desk.overrides(&args.order.channel).await?;
    let action = Action::Show(Template {
        item: item.id.clone(),
        asset: item.digest(),
        min_release: release.version.saturating_sub(RELEASES_AROUND).max(1),
        max_release: release.version.saturating_add(RELEASES_AROUND),
        duration_ms: args.lasts_ms,
    });
    let order = draft(desk, &args.order, &known, action)?;
    would_show(desk, &release, &order).await?;
    let people = desk.out.for_a_decision();
    tell(people, &release, &order);
    people.fact(text::TEMPLATE, format_args!("{} ({})", item.id, item.title));
    people.fact(text::LASTS, format::length(args.lasts_ms));
    let template = Some(item.id.clone());
    carry_out(
        desk,
        &args.order,
        (&release, &order),
        template,
        text::CONFIRM_OVERRIDE,
    )
    .await
}

async fn end(desk: &Desk<'_>, args: &EndArgs) -> Result<End> {
    let release = in_force(desk, &args.order.channel).await?;
    let known = desk.overrides(&args.order.channel).await?;
    let newest = known.last().map(|order| &order.document);
    let Some(newest) = newest.filter(|order| order.template().is_some()) else {
        bail!("channel {} has no override to end", args.order.channel);
    };
    let action = Action::End { ends: newest.seq };
    let order = draft(desk, &args.order, &known, action)?;
    let people = desk.out.for_a_decision();
    tell(people, &release, &order);
    people.fact(text::ENDS, described(newest));
    carry_out(
        desk,
        &args.order,
        (&release, &order),
        None,
        text::CONFIRM_OVERRIDE_END,
    )
    .await
}

async fn list(desk: &Desk<'_>, channel: &ChannelId) -> Result<End> {
    let known = desk.overrides(channel).await?;
    let out = desk.out;
    let mut table = Table::new([
        out.words(text::ORDER),
        out.words(text::ISSUED),
        out.words(text::WHAT),
        out.words(text::REASON),
    ]);
    let zone = OperatingWindow::default().zone;
    for Admitted { document, .. } in &known {
        let what = match &document.action {
            Action::Show(_) => described(document),
            Action::End { ends } => format!("{} {ends}", out.words(text::ENDS)),
        };
        table.row([
            document.seq.to_string(),
            format::date_time(&zone, document.issued_ms),
            what,
            document.reason.clone(),
        ]);
    }
    out.table(&table);
    let documents: Vec<&Override> = known.iter().map(|order| &order.document).collect();
    out.document(&serde_json::json!({ "overrides": documents }))?;
    Ok(End::Done)
}

async fn in_force(desk: &Desk<'_>, channel: &ChannelId) -> Result<Release> {
    ensure!(
        desk.root().roles.0.contains_key(&RoleName::Override),
        "this root of trust has no override role, so no wall would obey: make a root with \
         `cotmoc root next --add-override DUTY.key.pub`"
    );
    let last = desk.published(channel).await?;
    let release = last
        .with_context(|| format!("channel {channel} has no release, so no approved template"))?
        .document;
    ensure!(
        release.epoch == desk.root().epoch,
        "the running release is of an older epoch: no wall shows it any more"
    );
    Ok(release)
}

fn template<'r>(release: &'r Release, id: &ItemId) -> Result<&'r Item> {
    let found = release.templates.iter().find(|item| item.id == *id);
    found.with_context(|| {
        let known: Vec<String> = release
            .templates
            .iter()
            .map(|item| format!("{} ({})", item.id, item.title))
            .collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        format!(
            "release {} of channel {} has no template {id}; approved are: {known}",
            release.version, release.channel
        )
    })
}

fn draft(
    desk: &Desk<'_>,
    args: &OrderArgs,
    known: &[Admitted<Override>],
    action: Action,
) -> Result<Override> {
    let newest = known.last().map_or(0, |order| order.document.seq);
    let order = Override {
        site: desk.root().site.clone(),
        channel: args.channel.clone(),
        epoch: desk.root().epoch,
        seq: newest + 1,
        issued_ms: clock::now(),
        action,
        reason: args.reason.clone(),
    };
    order.check()?;
    Ok(order)
}

/// Refuses an order that walls would accept and not show.
async fn would_show(desk: &Desk<'_>, release: &Release, order: &Override) -> Result<()> {
    let mut state = TrustState::fresh(desk.root());
    let digest = release.fallback.digest();
    state.on_release(release, digest);
    for takedown in desk.takedowns(&order.channel).await? {
        state.on_takedown(&takedown);
    }
    state.on_override(order, digest);
    state
        .template_in(release)
        .context("the walls would not show it")?;
    Ok(())
}

fn tell(out: Out, release: &Release, order: &Override) {
    let devices: Vec<&str> = release.devices.iter().map(|d| d.as_str()).collect();
    out.fact(text::CHANNEL, &order.channel);
    out.fact(text::DEVICES, devices.join(", "));
    out.fact(text::REASON, &order.reason);
}

async fn carry_out(
    desk: &Desk<'_>,
    args: &OrderArgs,
    (release, order): (&Release, &Override),
    template: Option<ItemId>,
    question: Text,
) -> Result<End> {
    let (out, roots) = (desk.out, [desk.root()]);
    let envelope = Envelope::unsigned(PayloadType::Override, serde_json::to_vec(order)?);
    args.key
        .check_record(&envelope, &roots, RoleName::Override)?;
    if !args.yes && out.ask(question)? != "yes" {
        bail!("nothing was changed: the answer was not yes");
    }
    let key = args.key.unlock()?;
    let signed = signing::sign(&envelope, &roots, RoleName::Override, &key)?;
    let published = desk.online()?.publish(signed.to_bytes()).await?;
    out.fact(
        text::PUBLISHED,
        format_args!("{} override {}", order.channel, order.seq),
    );
    let Some(seconds) = args.wait else {
        out.document(&published)?;
        return Ok(End::Done);
    };
    let wanted = Wanted {
        devices: release.devices.clone(),
        release: None,
        takedown: 0,
        override_seq: order.seq,
        template,
    };
    let confirmed = receipts::wait(desk, &wanted, Duration::from_secs(seconds)).await?;
    receipts::report(out, &published, &confirmed)
}

fn described(order: &Override) -> String {
    order.template().map_or_else(String::new, |template| {
        format!(
            "{}: {}, {}",
            order.seq,
            template.item,
            format::length(template.duration_ms)
        )
    })
}

/// Reads `90m`, `2h`, `1h30m`, `45s`.
fn span(text: &str) -> Result<Millis, String> {
    let odd = || format!("{text:?}: expected a time such as 90m, 2h or 1h30m");
    let (mut total, mut number, mut is_unit_due) = (0_i64, 0_i64, false);
    for letter in text.chars() {
        let unit = match letter {
            'h' => HOUR,
            'm' => MINUTE,
            's' => SECOND,
            digit => {
                let digit = digit.to_digit(10).ok_or_else(odd)?;
                let longer = number.checked_mul(10).ok_or_else(odd)?;
                number = longer.checked_add(i64::from(digit)).ok_or_else(odd)?;
                is_unit_due = true;
                continue;
            }
        };
        let part = number.checked_mul(unit).filter(|_| is_unit_due);
        total = part
            .and_then(|part| total.checked_add(part))
            .ok_or_else(odd)?;
        (number, is_unit_due) = (0, false);
    }
    if is_unit_due || total == 0 {
        return Err(odd());
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_read_as_people_write_them() {
        for (text, length) in [
            ("2h", 2 * HOUR),
            ("90m", 90 * MINUTE),
            ("1h30m", 90 * MINUTE),
            ("45s", 45 * SECOND),
        ] {
            assert_eq!(span(text), Ok(length));
        }
        for text in [
            "",
            "2",
            "h",
            "2x",
            "0h",
            "-1h",
            "1h30",
            "99999999999999999h",
        ] {
            assert!(span(text).is_err(), "{text}");
        }
    }
}
