//! A device as the controller meets it: a key, a certificate, heartbeats.

use crate::world::{Answer, World, answer};
use cotmoc_proto::Digest;
use cotmoc_proto::envelope::PayloadType;
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use reqwest::{Client, Method};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

pub struct Device {
    pub name: String,
    pub key: KeyPair,
    pub certificate: Option<String>,
    client: Option<Client>,
    address: SocketAddr,
}

impl Device {
    pub fn new(world: &World, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            key: KeyPair::generate().unwrap(),
            certificate: None,
            client: None,
            address: world.address("device"),
        }
    }

    /// The same device after the controller came back on another port.
    pub fn moved(self, world: &World) -> Self {
        Self {
            address: world.address("device"),
            ..self
        }
    }

    pub fn spki_sha256(&self) -> Digest {
        Digest::of(&self.key.subject_public_key_info())
    }

    pub fn csr(&self) -> String {
        csr(&self.key, CertificateParams::default())
    }

    pub fn registration(&self, world: &World) -> Value {
        json!({
            "device": self.name,
            "channel": world.site.channel,
            "spki_sha256": self.spki_sha256(),
        })
    }

    /// Registers the device; its one-time token.
    pub async fn register(&self, world: &World) -> String {
        let registration = self.registration(world);
        let answer = world.post("/api/v1/devices", &registration).await;
        let answer = answer.expect(201).json();
        answer["token"].as_str().unwrap().to_owned()
    }

    /// Enrols with `token`; keeps the certificate if there is one.
    pub async fn enrol(&mut self, world: &World, token: &str) -> Answer {
        let answer = enrol(world, &self.name, token, &self.csr()).await;
        if answer.status.is_success() {
            let pem = answer.json()["certificate_pem"]
                .as_str()
                .unwrap()
                .to_owned();
            self.use_certificate(world, pem);
        }
        answer
    }

    pub fn use_certificate(&mut self, world: &World, pem: String) {
        let ca = world.data().join("ca/server-ca.pem");
        self.client = Some(client(&ca, Some((&pem, &self.key))));
        self.certificate = Some(pem);
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("https://localhost:{}{path}", self.address.port());
        self.client.as_ref().unwrap().request(method, url)
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    pub async fn sync(&self, mono_ms: u64, records: &[Value]) -> Answer {
        let body = self.heartbeat(mono_ms, records);
        answer(
            self.request(Method::POST, "/d/v1/sync")
                .body(body.to_string()),
        )
        .await
    }

    /// Sends a heartbeat of a screen that is on air now.
    pub async fn lit(&self) {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let now_ms = i64::try_from(since.unwrap().as_millis()).unwrap();
        let mut heartbeat = self.heartbeat(1, &[]);
        let mut screen = crate::sync::report(1);
        screen["status"] = "on-air".into();
        screen["at_ms"] = now_ms.into();
        heartbeat["wall_ms"] = now_ms.into();
        heartbeat["screens"] = json!([screen]);
        let request = self.request(Method::POST, "/d/v1/sync");
        let sent = answer(request.body(heartbeat.to_string())).await;
        sent.expect(200);
    }

    pub fn heartbeat(&self, mono_ms: u64, records: &[Value]) -> Value {
        json!({
            "v": 1,
            "device": self.name,
            "boot": "boot-1",
            "mono_ms": mono_ms,
            "wall_ms": 1_795_400_000_000_i64,
            "clock": "synchronised",
            "host": {
                "uptime_ms": mono_ms, "load_milli": 100, "memory_free_bytes": 1_000_000,
                "media_free_bytes": 1_000_000, "software": "0.1.0",
            },
            "outbox": { "waiting": records.len(), "dropped": 0 },
            "screens": [],
            "records": records,
        })
    }

    /// Receipt `n` as an envelope signed by `key`.
    pub fn receipt(&self, n: u64, prev: Option<Digest>) -> (String, Digest) {
        let mut receipt = json!({
            "site": "huu-nghi", "channel": "hall", "device": self.name, "boot": "boot-1",
            "n": n, "at_ms": 1_795_400_000_000_i64, "root_version": 1, "release": 1,
            "takedown": 0, "showing": ["item-1"],
        });
        if let Some(prev) = prev {
            receipt["prev"] = json!(prev);
        }
        let payload = serde_json::to_vec(&receipt).unwrap();
        let mut envelope =
            cotmoc_proto::envelope::Envelope::unsigned(PayloadType::Receipt, payload);
        let random = ring::rand::SystemRandom::new();
        let algorithm = &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = self.key.serialize_der();
        let key = ring::signature::EcdsaKeyPair::from_pkcs8(algorithm, &pkcs8, &random).unwrap();
        let sig = key.sign(&random, &envelope.signed_bytes()).unwrap();
        let signature = cotmoc_proto::envelope::Signature {
            keyid: self.spki_sha256(),
            sig: sig.as_ref().to_vec(),
        };
        envelope.add_signature(signature).unwrap();
        let text = String::from_utf8(envelope.to_bytes()).unwrap();
        (text, envelope.payload_digest())
    }
}

/// Record `seq` of boot `boot-1` with this body.
pub fn record(seq: u64, body: &Value) -> Value {
    json!({
        "boot": "boot-1", "seq": seq, "mono_ms": seq * 10,
        "wall_ms": 1_795_400_000_000_i64, "clock": "synchronised", "body": body,
    })
}

/// Event records with these numbers.
pub fn events(numbers: impl IntoIterator<Item = u64>) -> Vec<Value> {
    let body = json!({ "event": { "kind": "started", "detail": { "process": "wall" } } });
    let each = |seq| record(seq, &body);
    numbers.into_iter().map(each).collect()
}

pub fn csr(key: &KeyPair, params: CertificateParams) -> String {
    params.serialize_request(key).unwrap().pem().unwrap()
}

pub async fn enrol(world: &World, device: &str, token: &str, csr_pem: &str) -> Answer {
    let client = client(&world.data().join("ca/server-ca.pem"), None);
    let url = format!(
        "https://localhost:{}/d/v1/enrol",
        world.address("enrol").port()
    );
    let body = json!({ "device": device, "token": token, "csr_pem": csr_pem });
    // The port opens a moment after the token was made.
    crate::world::eventually("the enrolment port answers", async || {
        let response = client.post(&url).body(body.to_string()).send().await.ok()?;
        Some(Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().to_vec(),
        })
    })
    .await
}

/// A client that trusts the authority in the file `ca` alone.
pub fn client(ca: &Path, certificate: Option<(&str, &KeyPair)>) -> Client {
    Client::builder()
        .tls_backend_preconfigured(tls(ca, certificate))
        .no_proxy()
        .https_only(true)
        .build()
        .unwrap()
}

pub fn tls(ca: &Path, certificate: Option<(&str, &KeyPair)>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(ca).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    match certificate {
        Some((pem, key)) => {
            let chain = vec![CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
            builder.with_client_auth_cert(chain, key).unwrap()
        }
        None => builder.with_no_client_auth(),
    }
}
