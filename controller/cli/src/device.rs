//! `cotmoc device`: who may fetch a channel, by the digest of the device's own key.

use crate::api::Api;
use crate::out::Out;
use crate::settings::Settings;
use crate::table::Table;
use crate::{format, text};
use anyhow::Result;
use cotmoc_proto::window::OperatingWindow;
use cotmoc_proto::{ChannelId, DeviceId, Digest, TimeMs};
use serde::Deserialize;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Register a device by its key and get the one-time token to type on it
    Enrol {
        device: DeviceId,
        /// The channel it follows
        #[arg(long)]
        channel: ChannelId,
        /// Digest of its key, as `cotmoc-agent key` prints it on the device
        #[arg(long, value_name = "SHA256")]
        spki: Digest,
    },
    /// List the devices
    List,
    /// Show one device
    Show { device: DeviceId },
    /// Refuse the device's key from the next request on
    Revoke { device: DeviceId },
}

#[derive(Debug, Deserialize)]
struct Devices {
    devices: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    device: DeviceId,
    channel: ChannelId,
    state: String,
    spki_sha256: Digest,
}

#[derive(Debug, Deserialize)]
struct Token {
    token: String,
    expires_ms: TimeMs,
}

pub async fn run(out: Out, settings: &Settings, command: Command) -> Result<()> {
    let api = Api::new(settings)?;
    match command {
        Command::Enrol {
            device,
            channel,
            spki,
        } => enrol(out, &api, (&device, &channel, spki)).await,
        Command::List => {
            let answer: serde_json::Value = api.get("/api/v1/devices").await?;
            show(out, &Devices::deserialize(&answer)?.devices);
            Ok(out.document(&answer)?)
        }
        Command::Show { device } => {
            let answer: serde_json::Value = api.get(&format!("/api/v1/devices/{device}")).await?;
            show(out, &[Row::deserialize(&answer)?]);
            Ok(out.document(&answer)?)
        }
        Command::Revoke { device } => {
            let path = format!("/api/v1/devices/{device}/revoke");
            let answer: serde_json::Value = api.post(&path, &serde_json::json!({})).await?;
            out.fact(text::REVOKED, &device);
            Ok(out.document(&answer)?)
        }
    }
}

async fn enrol(
    out: Out,
    api: &Api,
    (device, channel, spki): (&DeviceId, &ChannelId, Digest),
) -> Result<()> {
    let body = serde_json::json!({ "device": device, "channel": channel, "spki_sha256": spki });
    let answer: serde_json::Value = api.post("/api/v1/devices", &body).await?;
    let token = Token::deserialize(&answer)?;
    let zone = OperatingWindow::default().zone;
    out.fact(text::TOKEN, &token.token);
    out.fact(
        text::ONCE_BEFORE,
        format::date_time(&zone, token.expires_ms),
    );
    out.fact(
        text::TYPE_ON_DEVICE,
        format_args!("cotmoc-agent enrol --token {}", token.token),
    );
    out.fact(
        text::NOTE_KEY,
        format_args!("device_keys = [\"{device}={spki}\"]"),
    );
    Ok(out.document(&answer)?)
}

fn show(out: Out, rows: &[Row]) {
    let mut table = Table::new([
        out.words(text::DEVICE),
        out.words(text::CHANNEL),
        out.words(text::STATE),
        out.words(text::FINGERPRINT),
    ]);
    for row in rows {
        table.row([
            row.device.to_string(),
            row.channel.to_string(),
            row.state.clone(),
            row.spki_sha256.to_string(),
        ]);
    }
    out.table(&table);
}
