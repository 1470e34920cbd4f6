//! Enrolment: a device trades a one-time token and proof of its key for a certificate. The port is
//! closed unless a token waits to be used, and guessing is slowed down.

mod attempts;
mod door;

pub use attempts::Attempts;
pub use door::{Door, reserve};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cotmoc_proto::Digest;
use ring::rand::{SecureRandom as _, SystemRandom};

const SECRET_BYTES: usize = 32;

/// A new secret of 32 random bytes, as text; `None` if the system gives no randomness.
#[must_use]
pub fn new_secret() -> Option<String> {
    let mut bytes = [0_u8; SECRET_BYTES];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is kept of a token.
#[must_use]
pub fn token_digest(token: &str) -> Digest {
    Digest::of(token.as_bytes())
}
