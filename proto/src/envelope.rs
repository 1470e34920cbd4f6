//! The signed envelope (DSSE 1.0.2): a payload as raw bytes, its type, and signatures over both.

use crate::digest::Digest;
use crate::reject::Reject;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

/// The largest envelope that is read, in bytes.
pub const MAX_ENVELOPE_BYTES: usize = 512 * 1024;
/// The most signatures an envelope may carry.
pub const MAX_SIGNATURES: usize = 16;

/// What a payload is. The type is covered by every signature, so one kind of document can never
/// pass as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PayloadType {
    /// Root of trust: keys and roles.
    Root,
    /// One complete programme of one channel.
    Release,
    /// Subtracts content from a channel.
    Takedown,
    /// Shows an approved template in a channel.
    Override,
    /// What the boards of one class shall run.
    Software,
    /// A device's statement of what it shows.
    Receipt,
    /// A controller's evidence about one incident; no device reads it.
    Report,
}

impl PayloadType {
    /// The type as it stands in the envelope.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "application/vnd.cotmoc.root.v1+json",
            Self::Release => "application/vnd.cotmoc.release.v1+json",
            Self::Takedown => "application/vnd.cotmoc.takedown.v1+json",
            Self::Override => "application/vnd.cotmoc.override.v1+json",
            Self::Software => "application/vnd.cotmoc.software.v1+json",
            Self::Receipt => "application/vnd.cotmoc.receipt.v1+json",
            Self::Report => "application/vnd.cotmoc.report.v1+json",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [
            Self::Root,
            Self::Release,
            Self::Takedown,
            Self::Override,
            Self::Software,
            Self::Receipt,
            Self::Report,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
    }
}

/// One signature. `keyid` is an unauthenticated hint that selects a key of the root document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// SHA-256 of the key's SubjectPublicKeyInfo.
    pub keyid: Digest,
    /// The signature's bytes.
    pub sig: Vec<u8>,
}

/// An envelope that has been read but not verified: its payload stays closed until
/// [`crate::trust`] has checked the signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    payload_type: PayloadType,
    payload: Vec<u8>,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "payloadType")]
    payload_type: String,
    payload: String,
    signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature {
    keyid: Digest,
    sig: String,
}

impl Envelope {
    /// A new envelope without signatures.
    #[must_use]
    pub fn unsigned(payload_type: PayloadType, payload: Vec<u8>) -> Self {
        Self {
            payload_type,
            payload,
            signatures: Vec::new(),
        }
    }

    /// Reads an envelope. Nothing is verified.
    ///
    /// # Errors
    /// [`Reject::TooBig`], [`Reject::TooManySignatures`], [`Reject::DuplicateSignature`],
    /// [`Reject::UnknownType`] or [`Reject::Malformed`]; base64 must be the standard alphabet with
    /// padding and canonical trailing bits.
    pub fn parse(bytes: &[u8]) -> Result<Self, Reject> {
        Self::parse_within(bytes, MAX_ENVELOPE_BYTES)
    }

    /// The same for an envelope of `most` bytes: evidence, which people read and no device does, grows with
    /// its log.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_within(bytes: &[u8], most: usize) -> Result<Self, Reject> {
        if bytes.len() > most {
            return Err(Reject::TooBig { bytes: bytes.len() });
        }
        let wire: Wire = crate::json::parse_strict(bytes).map_err(Reject::malformed)?;
        let payload_type =
            PayloadType::parse(&wire.payload_type).ok_or_else(|| Reject::UnknownType {
                found: wire.payload_type.chars().take(80).collect(),
            })?;
        if wire.signatures.len() > MAX_SIGNATURES {
            return Err(Reject::TooManySignatures {
                count: wire.signatures.len(),
            });
        }
        let payload = BASE64.decode(&wire.payload).map_err(Reject::malformed)?;
        let mut envelope = Self::unsigned(payload_type, payload);
        for WireSignature { keyid, sig } in wire.signatures {
            let sig = BASE64.decode(sig).map_err(Reject::malformed)?;
            envelope.add_signature(Signature { keyid, sig })?;
        }
        Ok(envelope)
    }

    /// Appends a signature; the payload's bytes never change.
    ///
    /// # Errors
    /// [`Reject::DuplicateSignature`] if the key has signed already, [`Reject::TooManySignatures`].
    pub fn add_signature(&mut self, signature: Signature) -> Result<(), Reject> {
        if self.signatures.iter().any(|s| s.keyid == signature.keyid) {
            return Err(Reject::DuplicateSignature {
                keyid: signature.keyid,
            });
        }
        if self.signatures.len() == MAX_SIGNATURES {
            return Err(Reject::TooManySignatures {
                count: MAX_SIGNATURES + 1,
            });
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// What the payload says it is.
    #[must_use]
    pub const fn payload_type(&self) -> PayloadType {
        self.payload_type
    }

    /// The payload's bytes. Unverified: for signing, for display to a signer, for storing.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// The signatures, in the order they were made.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The digest of the payload: the name of the document, whoever signed it.
    #[must_use]
    pub fn payload_digest(&self) -> Digest {
        Digest::of(&self.payload)
    }

    /// The bytes that signatures cover (pre-authentication encoding).
    #[must_use]
    pub fn signed_bytes(&self) -> Vec<u8> {
        pae(self.payload_type.as_str(), &self.payload)
    }

    /// The envelope as it travels.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let wire = Wire {
            payload_type: self.payload_type.as_str().to_owned(),
            payload: BASE64.encode(&self.payload),
            signatures: self
                .signatures
                .iter()
                .map(|s| WireSignature {
                    keyid: s.keyid,
                    sig: BASE64.encode(&s.sig),
                })
                .collect(),
        };
        serde_json::to_vec(&wire).expect("text and lists of text are always writable as JSON")
    }
}

/// DSSE v1 pre-authentication encoding of a type and a body.
#[must_use]
pub fn pae(payload_type: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        body.len()
    )
    .into_bytes();
    out.extend_from_slice(body);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s16_the_encoding_matches_the_vector_of_the_dsse_specification() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn an_envelope_reads_back_as_it_was_written() {
        let mut envelope = Envelope::unsigned(PayloadType::Release, b"{}".to_vec());
        let signature = Signature {
            keyid: Digest::of(b"k"),
            sig: vec![1, 2, 3],
        };
        envelope.add_signature(signature.clone()).unwrap();
        assert_eq!(Envelope::parse(&envelope.to_bytes()), Ok(envelope.clone()));
        assert_eq!(
            envelope.add_signature(signature),
            Err(Reject::DuplicateSignature {
                keyid: Digest::of(b"k")
            })
        );
    }
}
