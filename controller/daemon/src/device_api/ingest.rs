//! Reads what a heartbeat brings. A record that this version does not understand is kept as it
//! came: a newer device must not be stuck behind an older controller.

use crate::http::ApiError;
use crate::store::{DeviceRow, NewRecord, ReceiptFacts, RecordKind};
use cotmoc_proto::device::{ClockQuality, HostHealth, OutboxHealth, RecordBody};
use cotmoc_proto::json::MAX_INTEGER;
use cotmoc_proto::trust::verify_receipt;
use cotmoc_proto::{BootId, DeviceId, TimeMs};
use serde::Deserialize;
use serde_json::Value;

/// A `SyncRequest` whose screens and records are not read yet.
#[derive(Debug, Deserialize)]
pub(super) struct Incoming {
    pub v: u32,
    pub device: DeviceId,
    pub boot: BootId,
    pub mono_ms: u64,
    pub wall_ms: TimeMs,
    pub clock: ClockQuality,
    pub host: HostHealth,
    pub outbox: OutboxHealth,
    #[serde(default)]
    pub screens: Vec<Value>,
    #[serde(default)]
    pub records: Vec<IncomingRecord>,
}

#[derive(Debug, Deserialize)]
pub(super) struct IncomingRecord {
    boot: BootId,
    seq: u64,
    mono_ms: u64,
    wall_ms: TimeMs,
    clock: ClockQuality,
    body: Value,
}

impl IncomingRecord {
    /// Whether it carries a signature.
    pub(super) fn is_signed(&self) -> bool {
        self.body.get("receipt").is_some()
    }
}

/// Reads one record; receipts are verified with the key of `device`.
pub(super) fn read_record(
    device: &DeviceRow,
    incoming: IncomingRecord,
) -> Result<NewRecord, ApiError> {
    if !(1..=MAX_INTEGER).contains(&incoming.seq) || incoming.mono_ms > MAX_INTEGER {
        return Err(ApiError::bad_request(format!(
            "record {}: numbers start at 1 and end at 2^53 - 1",
            incoming.seq
        )));
    }
    let (kind, span, receipt) = match RecordBody::deserialize(&incoming.body) {
        Ok(RecordBody::Event(_)) => (RecordKind::Event, None, None),
        Ok(RecordBody::Aired(aired)) => {
            let span = Some((aired.first_ms, aired.last_ms));
            (RecordKind::Aired, span, None)
        }
        Ok(RecordBody::OnAir(on_air)) => {
            let span = Some((on_air.from_ms, on_air.to_ms));
            (RecordKind::OnAir, span, None)
        }
        Ok(RecordBody::Receipt(text)) => {
            let facts = check_receipt(device, &text);
            (RecordKind::Receipt, None, Some(facts))
        }
        Err(error) => {
            tracing::warn!(%error, device = %device.device, seq = incoming.seq, "a record is not understood; it is kept as it came");
            (RecordKind::Unknown, None, None)
        }
    };
    Ok(NewRecord {
        boot: incoming.boot,
        seq: incoming.seq,
        mono_ms: incoming.mono_ms,
        wall_ms: incoming.wall_ms,
        clock: incoming.clock,
        kind,
        span,
        receipt,
        body: incoming.body.to_string(),
    })
}

fn check_receipt(device: &DeviceRow, text: &str) -> ReceiptFacts {
    let verify = |spki| verify_receipt(spki, text.as_bytes());
    let verdict = device.receipt_keys().map(verify).reduce(|first, other| {
        if first.is_ok() {
            first
        } else {
            other.or(first)
        }
    });
    let Some(verdict) = verdict else {
        return ReceiptFacts::Refused {
            code: "unknown-key",
        };
    };
    match verdict {
        Ok((receipt, _)) if receipt.device != device.device => {
            ReceiptFacts::Refused { code: "not-for-us" }
        }
        Ok((receipt, payload_sha256)) => ReceiptFacts::Signed {
            n: receipt.n,
            prev: receipt.prev,
            payload_sha256,
        },
        Err(reject) => ReceiptFacts::Refused {
            code: reject.code(),
        },
    }
}
