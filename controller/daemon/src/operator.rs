//! The operator's token: made at the first start, kept in a file only for the operator, compared
//! in constant time with what a request brings.

use crate::enrolment::new_secret;
use anyhow::Context as _;
use axum::http::{HeaderMap, header};
use cotmoc_service::file;
use ring::hmac;
use std::path::Path;

const MAX_FILE_BYTES: u64 = 1_024;
const LEAST_CHARS: usize = 32;

/// What is kept of the token in memory.
#[derive(Debug)]
pub struct OperatorToken {
    key: hmac::Key,
    tag: hmac::Tag,
}

impl OperatorToken {
    /// Reads the token from the file `path`, or makes one.
    ///
    /// # Errors
    /// If the file cannot be read or written, or holds too short a token.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        if !path.exists() {
            let token = new_secret().context("the system gives no randomness")?;
            file::write_durably_with_mode(path, format!("{token}\n").as_bytes(), 0o600)?;
            tracing::info!(path = %path.display(), "an operator token was made");
        }
        let bytes = file::read_at_most(path, MAX_FILE_BYTES)?;
        let token = String::from_utf8(bytes).context("the operator token is not text")?;
        let token = token.trim();
        anyhow::ensure!(
            token.len() >= LEAST_CHARS,
            "{}: expected a token of at least {LEAST_CHARS} characters; delete the file to get a new one",
            path.display()
        );
        let random = ring::rand::SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random)
            .ok()
            .context("the system gives no randomness")?;
        let tag = hmac::sign(&key, token.as_bytes());
        Ok(Self { key, tag })
    }

    /// Whether the request carries the token.
    #[must_use]
    pub fn admits(&self, headers: &HeaderMap) -> bool {
        headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.as_bytes().strip_prefix(b"Bearer "))
            .is_some_and(|token| hmac::verify(&self.key, token, self.tag.as_ref()).is_ok())
    }
}
