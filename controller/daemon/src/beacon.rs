//! The beacon: while the controller finds nothing wrong with itself, it says so to its witnesses, signed.
//! Whatever goes wrong, a stuck desk, a full disk, a notice that does not leave, ends in silence, and
//! silence is what the witness raises the alarm about.

use crate::app::Shared;
use crate::clock;
use crate::drills;
use crate::store::Note;
use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotmoc_controller_core::health::{Beacon, DOMAIN, Findings, Unwell, VERSION};
use cotmoc_controller_core::incident::State;
use cotmoc_proto::Digest;
use cotmoc_proto::crypto::{self, Algorithm, p256_spki};
use cotmoc_proto::envelope::{Envelope, Signature};
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_service::file;
use reqwest::{Client, Url, redirect};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const MAX_KEY_BYTES: u64 = 1_024;
/// How long finding out one thing may take.
const LIMIT: Duration = Duration::from_secs(5);
const CALL_LIMIT: Duration = Duration::from_secs(10);
/// Since when a stage must be due to count as overdue.
const OVERDUE_MS: Millis = MINUTE;

/// The key with which the controller speaks for itself: it signs beacons and the reports of incidents, two
/// kinds of bytes that never look alike. No device knows it, and no picture follows from it.
pub struct Voice {
    key: EcdsaKeyPair,
    random: SystemRandom,
    /// The public half (SPKI), as `beacon.pub` holds it.
    public: Vec<u8>,
}

/// A beacon on its way.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The beacon's own JSON, as it was signed.
    beacon: String,
    signature: String,
}

impl Voice {
    /// The key in the folder `data`, or a new one; its public half is written beside it for witnesses.
    ///
    /// # Errors
    /// If it cannot be made, written or read.
    pub fn open(data: &Path) -> anyhow::Result<Self> {
        let (path, random) = (data.join("beacon.key"), SystemRandom::new());
        if !path.exists() {
            let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
            let made = made.ok().context("the system gives no randomness")?;
            file::write_durably_with_mode(&path, made.as_ref(), 0o600)?;
        }
        let bytes = file::read_at_most(&path, MAX_KEY_BYTES)?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &bytes, &random);
        let key = key.ok().with_context(|| {
            format!(
                "{} is no key: delete it, and give the new beacon.pub to every witness",
                path.display()
            )
        })?;
        let public = p256_spki(key.public_key().as_ref());
        let text = STANDARD.encode(&public);
        let path = data.join("beacon.pub");
        let line = format!("{text}\n");
        // A full disk is no reason not to start.
        let is_there =
            file::read_at_most(&path, MAX_KEY_BYTES).is_ok_and(|it| it == line.as_bytes());
        if !is_there {
            file::write_durably(&path, line.as_bytes())?;
        }
        Ok(Self {
            key,
            random,
            public,
        })
    }

    /// The public half (SPKI).
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// The envelope with the controller's signature; `None` without randomness.
    #[must_use]
    pub fn seal(&self, mut envelope: Envelope) -> Option<Envelope> {
        let message = envelope.signed_bytes();
        let sig = self.key.sign(&self.random, &message).ok()?;
        let signature = Signature {
            keyid: Digest::of(&self.public),
            sig: sig.as_ref().to_vec(),
        };
        envelope.add_signature(signature).ok()?;
        Some(envelope)
    }

    fn sign(&self, beacon: &Beacon) -> Option<Signed> {
        let beacon = serde_json::to_string(beacon).ok()?;
        let message = [DOMAIN, beacon.as_bytes()].concat();
        let signature = self.key.sign(&self.random, &message).ok()?;
        Some(Signed {
            beacon,
            signature: STANDARD.encode(signature),
        })
    }
}

impl Signed {
    /// The beacon, if the key in `spki` has signed it.
    #[must_use]
    pub fn read(&self, spki: &[u8]) -> Option<Beacon> {
        let signature = STANDARD.decode(&self.signature).ok()?;
        let message = [DOMAIN, self.beacon.as_bytes()].concat();
        let is_signed = crypto::verify(Algorithm::EcdsaP256Sha256, spki, &message, &signature);
        is_signed
            .then(|| serde_json::from_str(&self.beacon).ok())
            .flatten()
    }
}

impl std::fmt::Debug for Voice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Voice").finish_non_exhaustive()
    }
}

/// Looks at itself, and speaks while all is well, until `stop`.
pub async fn speak(app: Shared, stop: CancellationToken) {
    let mut tick = tokio::time::interval(app.settings.witness.every);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let client = Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .timeout(CALL_LIMIT);
    let client = match client.build() {
        Ok(client) => client,
        Err(error) => return tracing::error!(%error, "witnesses cannot be called"),
    };
    let mut verdict = None;
    let mut is_noted = false;
    let mut deaf = BTreeSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let found = findings(&app).await.vouch();
        if verdict != Some(found) {
            tell(found);
            // The desk has not looked at anything yet after a start: that is no fault.
            match found {
                Err(reason) if verdict.is_some() => {
                    is_noted = true;
                    let reason = [("reason", reason.to_string())];
                    note(&app, Note::general("controller-unwell", reason)).await;
                }
                Ok(()) if std::mem::take(&mut is_noted) => {
                    note(&app, Note::general("controller-well", [])).await;
                }
                Ok(()) | Err(_) => {}
            }
            verdict = Some(found);
        }
        if found.is_ok() {
            call(&app, &client, &mut deaf).await;
        }
    }
}

fn tell(found: Result<(), Unwell>) {
    match found {
        Ok(()) => tracing::info!("the controller finds nothing wrong with itself"),
        Err(Unwell::Desk) => tracing::warn!("the incident desk has not looked at everything yet"),
        Err(reason) => {
            tracing::error!(%reason, "the controller does not vouch for itself: its witnesses hear nothing");
        }
    }
}

/// What a report of an incident says about the controller.
async fn note(app: &Shared, note: Note) {
    if let Err(error) = app.store.note(note, clock::now()).await {
        tracing::warn!(%error, "the controller's own state could not be noted");
    }
}

async fn findings(app: &Shared) -> Findings {
    let now = clock::now();
    let begun = Instant::now();
    let written = tokio::time::timeout(LIMIT, app.store.probe(now)).await;
    let write_ms = matches!(written, Ok(Ok(()))).then(|| millis(begun.elapsed()));
    let audited = async {
        let desk = app.desk.lock().await;
        let turned = desk.turned();
        let audited = desk.audit(&app.store, now.plus(-OVERDUE_MS)).await;
        audited
            .ok()
            .map(|(differences, overdue)| (turned, differences, overdue))
    };
    let (turned, differences, overdue_stages) = tokio::time::timeout(LIMIT, audited)
        .await
        .ok()
        .flatten()
        .unwrap_or((None, 0, 0));
    // What cannot be read is as bad as what is wrong.
    let unreached = app.store.unreached(now).await.unwrap_or(1);
    Findings {
        since_turn_ms: turned.map(|at| now.since(at)),
        write_ms,
        overdue_stages,
        differences,
        unreached,
        is_drill_missing: drills::is_missing(app, now).await.unwrap_or(true),
        is_damaged: app.damaged.load(Ordering::Relaxed),
        journal_bytes: (journal_bytes(app), app.settings.journal_bytes),
    }
}

/// The length of the database's write-ahead log; the store folds it in unless a reader is in the way.
fn journal_bytes(app: &Shared) -> u64 {
    let file = app.settings.data.join("controller.db-wal");
    file.metadata().map_or(0, |metadata| metadata.len())
}

async fn call(app: &Shared, client: &Client, deaf: &mut BTreeSet<Url>) {
    let is_open = |state| matches!(state, State::Open | State::Recovering);
    let open = app
        .desk
        .lock()
        .await
        .cases()
        .filter(|case| is_open(case.incident.state()))
        .count();
    let beacon = Beacon {
        version: VERSION,
        site: app.site().to_string(),
        at_ms: clock::now(),
        open,
    };
    let Some(body) = app
        .voice
        .sign(&beacon)
        .and_then(|signed| serde_json::to_string(&signed).ok())
    else {
        return;
    };
    for witness in &app.settings.witness.to {
        let answer = client.post(witness.clone()).body(body.clone()).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        if let Err(error) = &answer {
            tracing::warn!(%error, %witness, "a witness did not take the beacon");
        }
        let is_news = match answer {
            Ok(_taken) => deaf.remove(witness),
            Err(_refused) => deaf.insert(witness.clone()),
        };
        if is_news {
            let kind = if deaf.contains(witness) {
                "witness-deaf"
            } else {
                "witness-hears"
            };
            note(app, Note::general(kind, [("witness", witness.to_string())])).await;
        }
    }
}

fn millis(length: Duration) -> Millis {
    Millis::try_from(length.as_millis()).unwrap_or(Millis::MAX)
}
