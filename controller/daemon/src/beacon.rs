//! The beacon: while the controller finds nothing wrong with itself, it says so to its witnesses, signed.
//! Whatever goes wrong, a stuck desk, a full disk, a notice that does not leave, ends in silence, and
//! silence is what the witness raises the alarm about.

use crate::app::Shared;
use crate::clock;
use crate::drills;
use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cotmoc_controller_core::health::{Beacon, DOMAIN, Findings, Unwell, VERSION};
use cotmoc_controller_core::incident::State;
use cotmoc_proto::crypto::{self, Algorithm, p256_spki};
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_service::file;
use reqwest::{Client, redirect};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const MAX_KEY_BYTES: u64 = 1_024;
/// How long finding out one thing may take.
const LIMIT: Duration = Duration::from_secs(5);
const CALL_LIMIT: Duration = Duration::from_secs(10);
/// Since when a stage must be due to count as overdue.
const OVERDUE_MS: Millis = MINUTE;

/// The key that signs beacons. It signs nothing else, and no device knows it.
pub struct Voice {
    key: EcdsaKeyPair,
    random: SystemRandom,
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
        let public = STANDARD.encode(p256_spki(key.public_key().as_ref()));
        file::write_durably(&data.join("beacon.pub"), format!("{public}\n").as_bytes())?;
        Ok(Self { key, random })
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

/// Looks at itself, and speaks while all is well, until `stop`.
pub async fn speak(app: Shared, voice: Voice, stop: CancellationToken) {
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
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let found = findings(&app).await.vouch();
        if verdict != Some(found) {
            tell(found);
            verdict = Some(found);
        }
        if found.is_ok() {
            call(&app, &voice, &client).await;
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
    }
}

async fn call(app: &Shared, voice: &Voice, client: &Client) {
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
    let Some(body) = voice
        .sign(&beacon)
        .and_then(|signed| serde_json::to_string(&signed).ok())
    else {
        return;
    };
    for witness in &app.settings.witness.to {
        let answer = client.post(witness.clone()).body(body.clone()).send().await;
        if let Err(error) = answer.and_then(reqwest::Response::error_for_status) {
            let error = error.without_url();
            tracing::warn!(%error, %witness, "a witness did not take the beacon");
        }
    }
}

fn millis(length: Duration) -> Millis {
    Millis::try_from(length.as_millis()).unwrap_or(Millis::MAX)
}
