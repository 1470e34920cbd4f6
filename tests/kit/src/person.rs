//! People who hold keys, and envelopes with their signatures.

use cotmoc_proto::crypto::{Algorithm, p256_spki};
use cotmoc_proto::envelope::{Envelope, PayloadType, Signature};
use cotmoc_proto::trust::Key;
use cotmoc_proto::{Digest, Holder};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde::Serialize;

/// A person with a P-256 key of their own.
#[derive(Debug)]
pub struct Person {
    pub holder: Holder,
    key_pair: EcdsaKeyPair,
}

impl Person {
    /// A person with a new key.
    #[must_use]
    pub fn new(holder: &str) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key is made");
        Self {
            holder: holder.parse().expect("a legal holder"),
            key_pair: EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random)
                .expect("a key that was just made is good"),
        }
    }

    /// The SubjectPublicKeyInfo (DER).
    #[must_use]
    pub fn spki(&self) -> Vec<u8> {
        p256_spki(self.key_pair.public_key().as_ref())
    }

    /// The key's id.
    #[must_use]
    pub fn keyid(&self) -> Digest {
        Digest::of(&self.spki())
    }

    /// The key as a root document lists it.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::new(
            Algorithm::EcdsaP256Sha256,
            &self.spki(),
            self.holder.clone(),
        )
    }

    /// A signature over `message`, r ‖ s.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.key_pair
            .sign(&SystemRandom::new(), message)
            .expect("P-256 signs anything")
            .as_ref()
            .to_vec()
    }

    /// Appends this person's signature to `envelope`.
    pub fn countersign(&self, envelope: &mut Envelope) {
        let signature = Signature {
            keyid: self.keyid(),
            sig: self.sign(&envelope.signed_bytes()),
        };
        envelope
            .add_signature(signature)
            .expect("each person signs once");
    }
}

/// `document` in an envelope that `people` have signed, as it travels.
pub fn seal<T: Serialize>(kind: PayloadType, document: &T, people: &[&Person]) -> Vec<u8> {
    let payload = serde_json::to_vec(document).expect("a document is writable as JSON");
    seal_payload(kind, payload, people)
}

/// Any bytes in an envelope that `people` have signed, as it travels.
#[must_use]
pub fn seal_payload(kind: PayloadType, payload: Vec<u8>, people: &[&Person]) -> Vec<u8> {
    let mut envelope = Envelope::unsigned(kind, payload);
    for person in people {
        person.countersign(&mut envelope);
    }
    envelope.to_bytes()
}
