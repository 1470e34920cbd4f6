//! The one place that checks a signature; the algorithm comes from the root document, never from
//! the envelope.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};

/// Signature algorithms that a root document may name (Circular 15/2025/TT-BKHCN allows these).
/// Ed25519 is left out on purpose: common back-ends accept the identity point as a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256, signature as r ‖ s (64 bytes).
    #[serde(rename = "ecdsa-p256-sha256")]
    EcdsaP256Sha256,
    /// RSASSA-PSS with SHA-256, 2048 to 8192 bits.
    #[serde(rename = "rsa-pss-sha256")]
    RsaPssSha256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 to 8192 bits, for old tokens.
    #[serde(rename = "rsa-pkcs1-sha256")]
    RsaPkcs1Sha256,
}

const P256_SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
const RSA_ALGORITHM: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];
const MIN_RSA_PUBLIC_KEY_BYTES: usize = 256;

/// The bare public key inside a SubjectPublicKeyInfo of exactly the shape `algorithm` requires.
/// `None` for any other shape: there is no general ASN.1 reader to confuse.
#[must_use]
pub fn public_key(algorithm: Algorithm, spki: &[u8]) -> Option<&[u8]> {
    match algorithm {
        Algorithm::EcdsaP256Sha256 => spki
            .strip_prefix(P256_SPKI)
            .filter(|point| point.len() == 65 && point.first() == Some(&4)),
        Algorithm::RsaPssSha256 | Algorithm::RsaPkcs1Sha256 => rsa_public_key(spki),
    }
}

/// The SubjectPublicKeyInfo of a P-256 key given as its uncompressed point (65 bytes).
#[must_use]
pub fn p256_spki(point: &[u8]) -> Vec<u8> {
    [P256_SPKI, point].concat()
}

/// Whether `signature` is a signature of `message` by the key in `spki` under `algorithm`.
#[must_use]
pub fn verify(algorithm: Algorithm, spki: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Some(key) = public_key(algorithm, spki) else {
        return false;
    };
    match algorithm {
        Algorithm::EcdsaP256Sha256 => {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, signature)
        }
        Algorithm::RsaPssSha256 => {
            UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key).verify(message, signature)
        }
        Algorithm::RsaPkcs1Sha256 => {
            UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(message, signature)
        }
    }
    .is_ok()
}

/// `SEQUENCE { AlgorithmIdentifier rsaEncryption, BIT STRING { RSAPublicKey } }` in minimal DER.
fn rsa_public_key(spki: &[u8]) -> Option<&[u8]> {
    let body = tlv(spki, 0x30)?;
    let bits = tlv(body.strip_prefix(RSA_ALGORITHM)?, 0x03)?;
    let key = bits.strip_prefix(&[0])?;
    (key.len() >= MIN_RSA_PUBLIC_KEY_BYTES).then_some(key)
}

/// The content of the one DER element of type `tag` that fills `der` exactly.
fn tlv(der: &[u8], tag: u8) -> Option<&[u8]> {
    let (length, content) = match *der {
        [found, first, ref rest @ ..] if found == tag && first < 0x80 => (usize::from(first), rest),
        [found, 0x81, length, ref rest @ ..] if found == tag && length >= 0x80 => {
            (usize::from(length), rest)
        }
        [found, 0x82, high, low, ref rest @ ..] if found == tag && high > 0 => {
            (usize::from(u16::from_be_bytes([high, low])), rest)
        }
        _ => return None,
    };
    (content.len() == length).then_some(content)
}
