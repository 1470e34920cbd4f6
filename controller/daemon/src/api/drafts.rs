//! Drafts: a document waits here until everybody who must has signed it. Signatures of the same
//! payload are put together; one that is not good is refused, so that it cannot take a place.

use crate::app::Shared;
use crate::clock;
use crate::http::{ApiError, ApiResult, Params, Raw, Segment};
use crate::store::{DocumentKind, DraftRow, MAX_DRAFTS};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cotmoc_proto::envelope::{Envelope, PayloadType, Signature};
use cotmoc_proto::json::parse_strict;
use cotmoc_proto::override_order::Override;
use cotmoc_proto::release::Release;
use cotmoc_proto::takedown::Takedown;
use cotmoc_proto::trust::Root;
use cotmoc_proto::{ChannelId, Digest, Reject, crypto};
use serde::Deserialize;
use std::sync::Arc;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    channel: Option<ChannelId>,
}

/// What a draft says it is. Nobody has verified it.
struct Said {
    kind: DocumentKind,
    channel: String,
    number: u64,
    /// The keys that a root brings itself.
    root: Option<Arc<Root>>,
}

pub(super) async fn merge(
    State(app): State<Shared>,
    Segment(payload_sha256): Segment<Digest>,
    Raw(bytes): Raw,
) -> ApiResult<Response> {
    let sent = Envelope::parse(&bytes)?;
    if sent.payload_digest() != payload_sha256 {
        return Err(ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "digest-mismatch",
            format!("the payload has the digest {}", sent.payload_digest()),
        ));
    }
    let said = read(&sent)?;
    let roots = [app.published().root.clone(), said.root.clone()];
    for signature in sent.signatures() {
        check_signature(&roots, &sent, signature)?;
    }
    let stored = app.store.draft(payload_sha256).await?;
    let is_new = stored.is_none();
    let merged = match stored {
        Some(stored) => join(Envelope::parse(&stored.envelope)?, &sent)?,
        None => sent,
    };
    let row = DraftRow {
        payload_sha256,
        kind: said.kind,
        channel: said.channel,
        number: said.number,
        updated_ms: clock::now(),
        envelope: merged.to_bytes(),
    };
    let view = view(&app, &row)?;
    if !app.store.put_draft(row).await? {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "too-many-drafts",
            format!("there are {MAX_DRAFTS} drafts already"),
        )
        .remedy("delete drafts that are not needed any more"));
    }
    let status = if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, axum::Json(view)).into_response())
}

pub(super) async fn show(
    State(app): State<Shared>,
    Segment(payload_sha256): Segment<Digest>,
) -> ApiResult<Response> {
    let draft = app.store.draft(payload_sha256).await?;
    let draft = draft.ok_or_else(|| ApiError::not_found("such draft"))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], draft.envelope).into_response())
}

pub(super) async fn list(
    State(app): State<Shared>,
    Params(filter): Params<Filter>,
) -> ApiResult<Response> {
    let channel = filter.channel.map(String::from);
    let rows = app.store.drafts(channel).await?;
    let views: Vec<_> = rows
        .iter()
        .map(|row| view(&app, row))
        .collect::<ApiResult<_>>()?;
    Ok(axum::Json(serde_json::json!({ "drafts": views })).into_response())
}

pub(super) async fn delete(
    State(app): State<Shared>,
    Segment(payload_sha256): Segment<Digest>,
) -> ApiResult<StatusCode> {
    // A draft that is gone already, because it was published, is as good as deleted.
    app.store.delete_draft(payload_sha256).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read(envelope: &Envelope) -> ApiResult<Said> {
    let payload = envelope.unverified_payload();
    let said = match envelope.payload_type() {
        PayloadType::Root => {
            let root: Root = parse_strict(payload).map_err(Reject::malformed)?;
            root.check()?;
            Said {
                kind: DocumentKind::Root,
                channel: String::new(),
                number: root.version,
                root: Some(Arc::new(root)),
            }
        }
        PayloadType::Release => {
            let release: Release = parse_strict(payload).map_err(Reject::malformed)?;
            release.check()?;
            Said {
                kind: DocumentKind::Release,
                channel: release.channel.into(),
                number: release.version,
                root: None,
            }
        }
        PayloadType::Takedown => {
            let takedown: Takedown = parse_strict(payload).map_err(Reject::malformed)?;
            takedown.check()?;
            Said {
                kind: DocumentKind::Takedown,
                channel: takedown.channel.into(),
                number: takedown.seq,
                root: None,
            }
        }
        PayloadType::Override => {
            let order: Override = parse_strict(payload).map_err(Reject::malformed)?;
            order.check()?;
            Said {
                kind: DocumentKind::Override,
                channel: order.channel.into(),
                number: order.seq,
                root: None,
            }
        }
        kind @ (PayloadType::Software | PayloadType::Receipt | PayloadType::Report) => {
            let found = kind.as_str().to_owned();
            return Err(Reject::UnknownType { found }.into());
        }
    };
    Ok(said)
}

fn check_signature(
    roots: &[Option<Arc<Root>>],
    envelope: &Envelope,
    signature: &Signature,
) -> ApiResult<()> {
    let mut known = roots.iter().flatten();
    let key = known.find_map(|root| root.keys.0.get(&signature.keyid));
    let Some(key) = key else {
        return Err(bad_signature(
            "unknown-key",
            format!("key {} is in no root known here", signature.keyid.short()),
            "publish the root that names this key first",
        ));
    };
    let message = envelope.signed_bytes();
    let good = key
        .spki_der()
        .is_some_and(|spki| crypto::verify(key.alg, &spki, &message, &signature.sig));
    if good {
        return Ok(());
    }
    Err(bad_signature(
        "bad-signature",
        format!("the signature of {} does not hold", key.holder),
        "sign the draft again",
    ))
}

fn bad_signature(code: &'static str, message: String, remedy: &str) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, message).remedy(remedy)
}

/// Adds the signatures of `sent` that `stored` does not have.
fn join(mut stored: Envelope, sent: &Envelope) -> ApiResult<Envelope> {
    for signature in sent.signatures() {
        match stored.add_signature(signature.clone()) {
            Ok(()) | Err(Reject::DuplicateSignature { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(stored)
}

fn view(app: &Shared, row: &DraftRow) -> ApiResult<serde_json::Value> {
    let envelope = Envelope::parse(&row.envelope)?;
    let own = read(&envelope)?.root;
    let roots = [app.published().root.clone(), own];
    let holder = |keyid: &Digest| {
        roots
            .iter()
            .flatten()
            .find_map(|root| root.holder(keyid))
            .map(ToString::to_string)
    };
    let signatures: Vec<_> = envelope
        .signatures()
        .iter()
        .map(|s| serde_json::json!({ "keyid": s.keyid, "holder": holder(&s.keyid) }))
        .collect();
    Ok(serde_json::json!({
        "payload_sha256": row.payload_sha256,
        "kind": row.kind,
        "channel": row.channel,
        "number": row.number,
        "updated_ms": row.updated_ms,
        "signatures": signatures,
    }))
}
