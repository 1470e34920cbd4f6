//! `cotmoc channel`: the programmes that walls can follow.

use crate::api::Api;
use crate::out::Out;
use crate::settings::Settings;
use crate::table::Table;
use crate::text;
use anyhow::Result;
use cotmoc_proto::ChannelId;
use serde::Deserialize;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Add a channel
    Add { channel: ChannelId },
    /// List the channels
    List,
}

#[derive(Debug, Deserialize)]
struct Channels {
    channels: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    channel: ChannelId,
    release: u64,
    takedown: u64,
    #[serde(default, rename = "override")]
    override_seq: u64,
}

pub async fn run(out: Out, settings: &Settings, command: Command) -> Result<()> {
    let api = Api::new(settings)?;
    match command {
        Command::Add { channel } => {
            let body = serde_json::json!({ "channel": channel });
            let answer: serde_json::Value = api.post("/api/v1/channels", &body).await?;
            out.fact(text::CHANNEL, &channel);
            out.document(&answer)?;
        }
        Command::List => {
            let answer: serde_json::Value = api.get("/api/v1/channels").await?;
            show(out, &Channels::deserialize(&answer)?);
            out.document(&answer)?;
        }
    }
    Ok(())
}

fn show(out: Out, list: &Channels) {
    let mut table = Table::new([
        out.words(text::CHANNEL),
        out.words(text::RELEASE),
        out.words(text::TAKEDOWN),
        out.words(text::OVERRIDE),
    ]);
    for row in &list.channels {
        let number = |number: u64| match number {
            0 => "–".to_owned(),
            number => number.to_string(),
        };
        table.row([
            row.channel.to_string(),
            number(row.release),
            number(row.takedown),
            number(row.override_seq),
        ]);
    }
    out.table(&table);
}
