//! A person's key: a passphrase-protected file that other tools can read, and a public record
//! beside it that proves its maker held the key.

use crate::files;
use crate::secret::Secret;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use cotmoc_proto::crypto::{self, Algorithm};
use cotmoc_proto::envelope::{Envelope, Signature, pae};
use cotmoc_proto::trust::Key;
use cotmoc_proto::{Digest, Holder};
use p256::SecretKey;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer as _;
use p256::elliptic_curve::Generate as _;
use pkcs8::pkcs5::{pbes2, scrypt};
use pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use ring::rand::{SecureRandom as _, SystemRandom};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const RECORD_TYPE: &str = "application/vnd.cotmoc.key.v1+json";
const MAX_FILE_BYTES: u64 = 64 * 1024;
/// scrypt 2^14 · 8 · 5: 16 MiB, below the memory that openssl allows itself.
const SCRYPT: (u8, u32, u32) = (14, 8, 5);

/// A private key, unlocked.
pub struct PrivateKey {
    signing: SigningKey,
    spki: Vec<u8>,
}

/// The public half of a key as it travels: what the root document will say about it, and a
/// signature of just that by the key itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicRecord {
    pub alg: Algorithm,
    pub spki: String,
    pub holder: Holder,
    pub keyid: Digest,
    /// Signature by the key over the other four fields (base64).
    pub proof: String,
}

/// What the proof of possession signs.
#[derive(Serialize)]
struct Statement<'a> {
    alg: Algorithm,
    holder: &'a Holder,
    keyid: Digest,
    spki: &'a str,
}

impl PrivateKey {
    /// A new key.
    pub fn generate() -> Result<Self> {
        let secret =
            SecretKey::try_generate().map_err(|error| anyhow!("make a random key: {error}"))?;
        Ok(Self::new(&secret))
    }

    /// Unlocks the key in `path`. One wrong passphrase is one error, nothing is tried again.
    pub fn open(path: &Path, passphrase: &Secret) -> Result<Self> {
        let pem = files::read_text(path, MAX_FILE_BYTES)?;
        ensure!(
            pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----"),
            "{} is not a passphrase-protected key; make one with `cotmoc keys new`",
            path.display()
        );
        let secret = SecretKey::from_pkcs8_encrypted_pem(pem.trim(), passphrase.as_bytes())
            .map_err(|error| {
                if matches!(error, pkcs8::Error::PublicKey(_)) {
                    anyhow!("{} is not a P-256 key", path.display())
                } else {
                    anyhow!(
                        "{}: wrong passphrase, or the file is damaged",
                        path.display()
                    )
                }
            })?;
        Ok(Self::new(&secret))
    }

    /// The key as a PEM file (PKCS#8, PBES2 with scrypt and AES-256-CBC) under `passphrase`.
    pub fn to_pem(&self, passphrase: &Secret) -> Result<Secret> {
        let (mut salt, mut iv) = ([0; 16], [0; 16]);
        let random = SystemRandom::new();
        if random.fill(&mut salt).is_err() || random.fill(&mut iv).is_err() {
            bail!("the system gives no random numbers");
        }
        let (log_n, r, p) = SCRYPT;
        let cost = scrypt::Params::new(log_n, r, p).context("scrypt parameters")?;
        let parameters = pbes2::Parameters::generate_scrypt_aes256cbc(cost, &salt, iv)
            .map_err(|error| anyhow!("key protection: {error}"))?;
        let plain = self.signing.to_pkcs8_der().context("write the key")?;
        let info = pkcs8::PrivateKeyInfoRef::try_from(plain.as_bytes()).context("read the key")?;
        let sealed = info
            .encrypt_with_params(parameters, passphrase.as_bytes())
            .context("protect the key")?;
        sealed
            .to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF)
            .map_err(|error| anyhow!("write the key as PEM: {error}"))
    }

    /// SHA-256 of the public key.
    pub fn keyid(&self) -> Digest {
        Digest::of(&self.spki)
    }

    /// A signature of `envelope`.
    pub fn sign(&self, envelope: &Envelope) -> Signature {
        Signature {
            keyid: self.keyid(),
            sig: self.raw(&envelope.signed_bytes()),
        }
    }

    /// The public record that names `holder` as the person who keeps this key.
    pub fn record(&self, holder: Holder) -> PublicRecord {
        let mut record = PublicRecord {
            alg: Algorithm::EcdsaP256Sha256,
            spki: BASE64.encode(&self.spki),
            holder,
            keyid: self.keyid(),
            proof: String::new(),
        };
        record.proof = BASE64.encode(self.raw(&record.statement()));
        record
    }

    fn new(secret: &SecretKey) -> Self {
        let signing = SigningKey::from(secret);
        let point = signing.verifying_key().to_sec1_point(false);
        let spki = crypto::p256_spki(point.as_bytes());
        Self { signing, spki }
    }

    fn raw(&self, message: &[u8]) -> Vec<u8> {
        let signature: p256::ecdsa::Signature = self.signing.sign(message);
        signature.to_bytes().to_vec()
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey({})", self.keyid().short())
    }
}

impl PublicRecord {
    /// Reads a record and checks its proof of possession.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = files::read(path, MAX_FILE_BYTES)?;
        let record: Self = cotmoc_proto::json::parse_strict(&bytes)
            .with_context(|| format!("{} is not a public key record", path.display()))?;
        record
            .check()
            .with_context(|| format!("{} cannot be used", path.display()))?;
        Ok(record)
    }

    /// The record as its key stands in a root document.
    pub fn to_key(&self) -> Key {
        Key {
            alg: self.alg,
            spki: self.spki.clone(),
            holder: self.holder.clone(),
        }
    }

    fn check(&self) -> Result<()> {
        let spki = BASE64.decode(&self.spki).context("spki is not base64")?;
        ensure!(
            Digest::of(&spki) == self.keyid,
            "keyid is not the digest of the key"
        );
        ensure!(
            crypto::public_key(self.alg, &spki).is_some(),
            "the key is not of its algorithm, or too short"
        );
        let proof = BASE64.decode(&self.proof).context("proof is not base64")?;
        ensure!(
            crypto::verify(self.alg, &spki, &self.statement(), &proof),
            "its proof of possession does not hold: the record was changed, or its maker does not \
             have the key; ask {} for a new record (`cotmoc keys new`)",
            self.holder
        );
        Ok(())
    }

    fn statement(&self) -> Vec<u8> {
        let statement = Statement {
            alg: self.alg,
            holder: &self.holder,
            keyid: self.keyid,
            spki: &self.spki,
        };
        let body = serde_json::to_vec(&statement).expect("text is always writable as JSON");
        pae(RECORD_TYPE, &body)
    }
}

/// Where the public record of the key in `path` lies.
pub fn record_path(path: &Path) -> PathBuf {
    files::with_suffix(path, ".pub")
}

/// A key id for two people to read to each other: eight groups of eight digits.
pub fn fingerprint(keyid: &Digest) -> String {
    let digits: Vec<char> = keyid.to_string().chars().collect();
    let groups: Vec<String> = digits
        .chunks(8)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}
