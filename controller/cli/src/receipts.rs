//! Waiting for the walls: only what a device signed with its own key counts, never what the
//! controller says about it.

use crate::api::Api;
use crate::desk::Desk;
use crate::out::Out;
use crate::table::Table;
use crate::{End, format, text};
use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cotmoc_proto::trust::{Receipt, verify_receipt};
use cotmoc_proto::window::OperatingWindow;
use cotmoc_proto::{DeviceId, Digest, ItemId, TimeMs};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;

const PAUSE: Duration = Duration::from_millis(500);

/// What the walls are to confirm.
#[derive(Debug)]
pub struct Wanted {
    pub devices: Vec<DeviceId>,
    /// This release or a later one.
    pub release: Option<(u64, Digest)>,
    /// This takedown or a later one; 0: none.
    pub takedown: u64,
    /// This override or a later one; 0: none.
    pub override_seq: u64,
    /// This template on air.
    pub template: Option<ItemId>,
}

/// What one wall said.
#[derive(Debug, Serialize)]
pub struct Confirmation {
    pub device: DeviceId,
    pub confirmed: bool,
    /// Whether the device's key was noted here when it was enrolled; if not, the controller is
    /// believed about whose key it is.
    pub key_pinned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<TimeMs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

#[derive(Debug, Deserialize)]
struct DeviceRow {
    /// SubjectPublicKeyInfo of the device's key, base64; absent before it enrolled.
    #[serde(default)]
    spki: Option<String>,
    /// The key before this one, where the device has renewed its key.
    #[serde(default)]
    previous_spki: Option<String>,
}

impl DeviceRow {
    /// The keys whose receipts count: the noted one alone, where one is noted.
    fn keys(&self, device: &DeviceId, pin: Option<&Digest>) -> Result<Vec<Vec<u8>>> {
        let current = self.spki.as_deref();
        let current = current.context("the device has not enrolled yet")?;
        let keys: Result<Vec<_>, _> = [Some(current), self.previous_spki.as_deref()]
            .into_iter()
            .flatten()
            .map(|key| BASE64.decode(key))
            .collect();
        let mut keys = keys.context("the device's key is damaged")?;
        if let Some(pin) = pin {
            keys.retain(|key| Digest::of(key) == *pin);
            ensure!(
                !keys.is_empty(),
                "the controller shows another key for it than was noted at its enrolment; if the \
                 device renewed its key: {}",
                self.what_to_note(device)
            );
        }
        Ok(keys)
    }

    /// Whether the key that is noted is the one before the key in use.
    fn is_renewed_since(&self, pin: Option<&Digest>) -> bool {
        let current = self.spki.as_deref().and_then(|key| BASE64.decode(key).ok());
        pin.is_some_and(|pin| current.is_some_and(|current| Digest::of(&current) != *pin))
    }

    fn what_to_note(&self, device: &DeviceId) -> String {
        let current = self.spki.as_deref().and_then(|key| BASE64.decode(key).ok());
        let digest = current.map(|key| Digest::of(&key).to_string());
        let digest = digest.unwrap_or_default();
        format!(
            "run `cotmoc-agent key` on the device; only if it prints {digest}, note that key: \
             device_keys = [\"{device}={digest}\"]"
        )
    }
}

#[derive(Debug, Deserialize)]
struct ReceiptList {
    receipts: Vec<ReceiptRow>,
}

#[derive(Debug, Deserialize)]
struct ReceiptRow {
    /// The receipt's envelope as text.
    envelope: String,
}

/// Polls until every device has confirmed or `limit` has passed.
pub async fn wait(desk: &Desk<'_>, wanted: &Wanted, limit: Duration) -> Result<Vec<Confirmation>> {
    let api = desk.online()?;
    let deadline = Instant::now() + limit;
    desk.out.note(desk.out.words(text::WAITING));
    loop {
        let mut all = Vec::new();
        for device in &wanted.devices {
            all.push(ask(desk, api, device, wanted).await);
        }
        if all.iter().all(|one| one.confirmed) || Instant::now() >= deadline {
            return Ok(all);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Shows who confirmed.
pub fn report(
    out: Out,
    published: &serde_json::Value,
    confirmations: &[Confirmation],
) -> Result<End> {
    let zone = OperatingWindow::default().zone;
    let mut table = Table::new([
        out.words(text::DEVICE),
        out.words(text::STATE),
        out.words(text::AT),
        out.words(text::DETAIL),
    ]);
    for one in confirmations {
        let state = if one.confirmed {
            "✓".to_owned()
        } else {
            out.words(text::MISSING_CONFIRMATION)
        };
        table.row([
            one.device.to_string(),
            state,
            one.at_ms
                .map(|at| format::date_time(&zone, at))
                .unwrap_or_default(),
            one.problem.clone().unwrap_or_default(),
        ]);
    }
    out.table(&table);
    let complete = confirmations.iter().all(|one| one.confirmed);
    if complete {
        out.say(out.words(text::ALL_CONFIRMED));
    }
    out.document(&serde_json::json!({
        "published": published,
        "confirmations": confirmations,
        "all_confirmed": complete,
    }))?;
    Ok(if complete {
        End::Done
    } else {
        End::Unconfirmed
    })
}

async fn ask(desk: &Desk<'_>, api: &Api, device: &DeviceId, wanted: &Wanted) -> Confirmation {
    let pin = desk.settings.device_keys.get(device.as_str());
    let newest = newest(desk, api, device, wanted).await;
    let key_pinned = pin.is_some();
    match newest {
        Ok(receipt) => Confirmation {
            device: device.clone(),
            confirmed: receipt.is_some(),
            key_pinned,
            at_ms: receipt.map(|receipt| receipt.at_ms),
            problem: None,
        },
        Err(error) => Confirmation {
            device: device.clone(),
            confirmed: false,
            key_pinned,
            at_ms: None,
            problem: Some(format!("{error:#}")),
        },
    }
}

/// The receipt of `device` that confirms what is wanted, if there is one.
async fn newest(
    desk: &Desk<'_>,
    api: &Api,
    device: &DeviceId,
    wanted: &Wanted,
) -> Result<Option<Receipt>> {
    let row: DeviceRow = api.get(&format!("/api/v1/devices/{device}")).await?;
    let pin = desk.settings.device_keys.get(device.as_str());
    let keys = row.keys(device, pin)?;
    let list: ReceiptList = api
        .get(&format!("/api/v1/receipts?device={device}"))
        .await?;
    let good = list
        .receipts
        .iter()
        .filter_map(|row| {
            keys.iter()
                .find_map(|spki| verify_receipt(spki, row.envelope.as_bytes()).ok())
        })
        .map(|(receipt, _digest)| receipt)
        .filter(|receipt| {
            receipt.device == *device
                && receipt.site == desk.root().site
                && confirms(receipt, wanted)
        });
    let newest = good.max_by_key(|receipt| receipt.n);
    ensure!(
        newest.is_some() || !row.is_renewed_since(pin),
        "the device has renewed its key since it was noted: {}",
        row.what_to_note(device)
    );
    Ok(newest)
}

fn confirms(receipt: &Receipt, wanted: &Wanted) -> bool {
    let runs = wanted.release.is_none_or(|(version, digest)| {
        receipt.release > version
            || (receipt.release == version && receipt.release_sha256 == Some(digest))
    });
    let shows = wanted
        .template
        .as_ref()
        .is_none_or(|template| receipt.showing.contains(template));
    runs && shows
        && receipt.takedown >= wanted.takedown
        && receipt.override_seq >= wanted.override_seq
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e16_after_a_renewal_the_noted_key_alone_counts_and_the_message_says_what_to_do() {
        let device: DeviceId = "W01".parse().unwrap();
        let row = DeviceRow {
            spki: Some(BASE64.encode(b"new")),
            previous_spki: Some(BASE64.encode(b"old")),
        };
        let keys = |pin: Option<&[u8]>| row.keys(&device, pin.map(Digest::of).as_ref());
        assert_eq!(keys(None).unwrap(), [b"new", b"old"]);
        assert_eq!(keys(Some(b"old")).unwrap(), [b"old"]);
        assert_eq!(keys(Some(b"new")).unwrap(), [b"new"]);
        let advice = format!("device_keys = [\"W01={}\"]", Digest::of(b"new"));
        let error = keys(Some(b"other")).unwrap_err().to_string();
        assert!(
            error.contains("another key") && error.contains(&advice),
            "{error}"
        );
        assert!(row.what_to_note(&device).contains("cotmoc-agent key"));
        assert!(row.is_renewed_since(Some(&Digest::of(b"old"))));
        assert!(!row.is_renewed_since(Some(&Digest::of(b"new"))));
        assert!(!row.is_renewed_since(None));
    }
}
