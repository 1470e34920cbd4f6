//! Machine: a report as it travels, signed by the controller that made it, and what is found wrong with it.

use super::{Fault, Report};
use cotmoc_proto::Digest;
use cotmoc_proto::crypto::{self, Algorithm};
use cotmoc_proto::envelope::{Envelope, PayloadType};

/// The largest report that is read, in bytes.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// What is known of who made a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    /// Nobody has signed it: one of the first form.
    None,
    /// Somebody has; by which key is not checked without the controller's.
    Unchecked { by: Digest },
    /// The controller whose key is known.
    Holds { by: Digest },
    /// Not by the key that is known, or changed since.
    Broken,
}

/// A report that was read, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    pub report: Report,
    pub seal: Seal,
    /// Of what was signed: the name of the report, whoever signed it.
    pub digest: Digest,
    /// Empty: it is to be believed, as far as its seal goes.
    pub faults: Vec<Fault>,
}

/// Reads a report. `key` is the public key (SPKI) of the controller, if it is known: then nothing but its
/// signature is good enough.
///
/// # Errors
/// [`Fault::Unreadable`]: it is none. Whatever else is wrong stands in [`Examined::faults`].
pub fn examine(bytes: &[u8], key: Option<&[u8]>) -> Result<Examined, Fault> {
    let unreadable = |error: &dyn std::fmt::Display| Fault::Unreadable(error.to_string());
    let envelope = match Envelope::parse_within(bytes, MAX_BYTES) {
        Ok(envelope) if envelope.payload_type() == PayloadType::Report => envelope,
        Ok(envelope) => return Err(unreadable(&envelope.payload_type().as_str())),
        Err(error) => {
            let report: Report =
                serde_json::from_slice(bytes).map_err(|_bare| unreadable(&error))?;
            let fault = key.is_some().then_some(Fault::Unsigned);
            let digest = Digest::of(bytes);
            return Ok(examined(report, (Seal::None, fault), digest));
        }
    };
    let report = serde_json::from_slice(envelope.unverified_payload());
    let report: Report = report.map_err(|error| unreadable(&error))?;
    Ok(examined(
        report,
        seal(&envelope, key),
        envelope.payload_digest(),
    ))
}

fn examined(report: Report, (seal, fault): (Seal, Option<Fault>), digest: Digest) -> Examined {
    let faults = fault.into_iter().chain(report.faults()).collect();
    Examined {
        report,
        seal,
        digest,
        faults,
    }
}

fn seal(envelope: &Envelope, key: Option<&[u8]>) -> (Seal, Option<Fault>) {
    let signatures = envelope.signatures();
    let found = signatures.first().map(|signature| signature.keyid);
    let Some(spki) = key else {
        return match found {
            Some(by) => (Seal::Unchecked { by }, None),
            None => (Seal::None, None),
        };
    };
    let by = Digest::of(spki);
    let Some(signature) = signatures.iter().find(|signature| signature.keyid == by) else {
        let fault = found.map_or(Fault::Unsigned, |_| Fault::OtherKey { found });
        return (Seal::Broken, Some(fault));
    };
    let algorithm = Algorithm::EcdsaP256Sha256;
    if crypto::verify(algorithm, spki, &envelope.signed_bytes(), &signature.sig) {
        (Seal::Holds { by }, None)
    } else {
        (Seal::Broken, Some(Fault::Signature))
    }
}
