//! The device's key: it proves who the device is, and signs its receipts.

use cotmoc_proto::Digest;
use cotmoc_proto::crypto::p256_spki;
use cotmoc_proto::envelope::{Envelope, PayloadType, Signature};
use cotmoc_proto::trust::Receipt;
use cotmoc_service::file::{self, FileError};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use std::path::Path;

/// The file that holds the device's key, in the agent's folder.
pub const KEY: &str = "device.key";
const MAX_KEY_BYTES: u64 = 16 * 1024;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why the key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("the device key could not be read")]
    Read(#[source] FileError),
    #[error("the device key could not be stored")]
    Store(#[source] FileError),
    #[error("the device key could not be made")]
    Make(#[source] rcgen::Error),
    #[error("{path} is not a P-256 key in PKCS#8 PEM; move it away to have a new one made")]
    Parse {
        path: String,
        #[source]
        source: Cause,
    },
    #[error("the certificate request could not be made")]
    Request(#[source] rcgen::Error),
    #[error("the receipt could not be signed")]
    Sign(#[source] Cause),
}

/// The device's P-256 key.
pub struct DeviceKey {
    pair: KeyPair,
    signer: EcdsaKeyPair,
}

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DeviceKey")
            .field(&self.spki_sha256())
            .finish()
    }
}

impl DeviceKey {
    /// The key in `folder`; a new one where there is none.
    ///
    /// # Errors
    /// [`KeyError`]. A key that is there is never replaced.
    pub fn load_or_make(folder: &Path) -> Result<Self, KeyError> {
        Self::load_or_make_file(&folder.join(KEY))
    }

    /// The key in the file `path`; a new one where there is none.
    ///
    /// # Errors
    /// [`KeyError`]. A key that is there is never replaced.
    pub fn load_or_make_file(path: &Path) -> Result<Self, KeyError> {
        let pem = match file::read_at_most(path, MAX_KEY_BYTES) {
            Ok(pem) => pem,
            Err(error) if error.is_not_found() => make(path)?,
            Err(error) => return Err(KeyError::Read(error)),
        };
        let parse = |source: Cause| KeyError::Parse {
            path: path.display().to_string(),
            source,
        };
        let pem = String::from_utf8(pem).map_err(|error| parse(error.into()))?;
        let pair = KeyPair::from_pkcs8_pem_and_sign_algo(&pem, &PKCS_ECDSA_P256_SHA256)
            .map_err(|error| parse(error.into()))?;
        let signer = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            pair.serialized_der(),
            &SystemRandom::new(),
        )
        .map_err(|error| parse(error.to_string().into()))?;
        Ok(Self { pair, signer })
    }

    /// The SubjectPublicKeyInfo (DER).
    #[must_use]
    pub fn spki(&self) -> Vec<u8> {
        p256_spki(self.signer.public_key().as_ref())
    }

    /// By what the controller knows the device.
    #[must_use]
    pub fn spki_sha256(&self) -> Digest {
        Digest::of(&self.spki())
    }

    /// The key as PKCS#8 (DER), for TLS.
    #[must_use]
    pub fn pkcs8_der(&self) -> &[u8] {
        self.pair.serialized_der()
    }

    /// A certificate request (PEM) for the device `name`.
    ///
    /// # Errors
    /// [`KeyError::Request`].
    pub fn request_pem(&self, name: &str) -> Result<String, KeyError> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params
            .serialize_request(&self.pair)
            .and_then(|request| request.pem())
            .map_err(KeyError::Request)
    }

    /// Signs `receipt`: the envelope as text, and the digest of its payload.
    ///
    /// # Errors
    /// [`KeyError::Sign`].
    pub fn sign_receipt(&self, receipt: &Receipt) -> Result<(String, Digest), KeyError> {
        let payload = serde_json::to_vec(receipt).map_err(|error| KeyError::Sign(error.into()))?;
        let mut envelope = Envelope::unsigned(PayloadType::Receipt, payload);
        let sig = self
            .signer
            .sign(&SystemRandom::new(), &envelope.signed_bytes())
            .map_err(|error| KeyError::Sign(error.to_string().into()))?;
        let signature = Signature {
            keyid: self.spki_sha256(),
            sig: sig.as_ref().to_vec(),
        };
        envelope
            .add_signature(signature)
            .map_err(|error| KeyError::Sign(error.into()))?;
        let text =
            String::from_utf8(envelope.to_bytes()).map_err(|error| KeyError::Sign(error.into()))?;
        Ok((text, envelope.payload_digest()))
    }
}

fn make(path: &Path) -> Result<Vec<u8>, KeyError> {
    let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(KeyError::Make)?;
    let pem = pair.serialize_pem().into_bytes();
    file::write_durably_with_mode(path, &pem, 0o600).map_err(KeyError::Store)?;
    tracing::info!(path = %path.display(), "a new device key was made");
    Ok(pem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::TimeMs;
    use cotmoc_proto::trust::verify_receipt;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_key_is_made_once_kept_private_and_signs_receipts_that_hold() {
        let folder = tempfile::tempdir().unwrap();
        let key = DeviceKey::load_or_make(folder.path()).unwrap();
        let again = DeviceKey::load_or_make(folder.path()).unwrap();
        assert_eq!(key.spki_sha256(), again.spki_sha256());
        let mode = folder
            .path()
            .join("device.key")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let receipt = Receipt {
            site: "s".parse().unwrap(),
            channel: "c".parse().unwrap(),
            device: "d".parse().unwrap(),
            boot: "b".parse().unwrap(),
            n: 1,
            at_ms: TimeMs(5),
            root_version: 1,
            release: 2,
            release_sha256: None,
            takedown: 0,
            override_seq: 0,
            showing: Vec::new(),
            prev: None,
        };
        let (text, digest) = key.sign_receipt(&receipt).unwrap();
        assert_eq!(
            verify_receipt(&key.spki(), text.as_bytes()),
            Ok((receipt, digest))
        );
        assert!(
            key.request_pem("W01")
                .unwrap()
                .contains("CERTIFICATE REQUEST")
        );
    }

    #[test]
    fn a_damaged_key_is_named_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("device.key");
        std::fs::write(&path, b"rubbish").unwrap();
        let error = DeviceKey::load_or_make(folder.path()).unwrap_err();
        assert!(matches!(error, KeyError::Parse { .. }), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"rubbish");
    }
}
