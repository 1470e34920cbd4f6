//! The links by which people confirm a notice. A token is derived from the notice's key and a secret
//! in a file; the store holds its digest only.

use super::text::{CODE, LINK, without};
use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cotmoc_proto::Digest;
use cotmoc_service::file;
use ring::hmac;
use std::path::Path;

const MAX_FILE_BYTES: u64 = 1_024;
const LEAST_CHARS: usize = 32;
const TOKEN_BYTES: usize = 16;
const CODES: u8 = 16;

/// Makes links.
#[derive(Debug)]
pub struct Links {
    secret: hmac::Key,
    base: Option<String>,
}

impl Links {
    /// With the secret of the file `path`, which is made if it is absent.
    ///
    /// # Errors
    /// If the file cannot be read or written, or holds too short a secret.
    pub fn open(path: &Path, base: Option<String>) -> anyhow::Result<Self> {
        if !path.exists() {
            let secret =
                crate::enrolment::new_secret().context("the system gives no randomness")?;
            file::write_durably_with_mode(path, secret.as_bytes(), 0o600)?;
        }
        let secret = file::read_at_most(path, MAX_FILE_BYTES)?;
        anyhow::ensure!(
            secret.len() >= LEAST_CHARS,
            "{}: expected a secret of at least {LEAST_CHARS} characters",
            path.display()
        );
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        Ok(Self { secret, base })
    }

    /// Whether notices have links.
    #[must_use]
    pub const fn are_given(&self) -> bool {
        self.base.is_some()
    }

    /// The link of the notice `key`.
    #[must_use]
    pub fn of(&self, key: &str) -> Option<String> {
        let base = self.base.as_ref()?;
        Some(format!("{base}/a/{}", self.token(key)))
    }

    /// `text` with its link and its code in place.
    #[must_use]
    pub fn put_into(&self, text: &str, key: &str, code: Option<&str>) -> String {
        let text = match code {
            Some(code) => text.replace(CODE, code),
            None => without(text, "\n", CODE),
        };
        match self.of(key) {
            Some(link) => text.replace(LINK, &link),
            None => text.replace(LINK, "–"),
        }
    }

    /// What the store keeps of the token of the notice `key`.
    #[must_use]
    pub fn digest(&self, key: &str) -> Digest {
        token_digest(&self.token(key))
    }

    /// Codes of four digits for the notice `key`, to choose the first that is free from.
    #[must_use]
    pub fn codes(&self, key: &str) -> Vec<String> {
        let code = |number: u8| {
            let tag = hmac::sign(&self.secret, format!("code {number} {key}").as_bytes());
            let first = tag.as_ref().iter().take(4);
            let value = first.fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
            format!("{:04}", value % 10_000)
        };
        (0..CODES).map(code).collect()
    }

    fn token(&self, key: &str) -> String {
        let tag = hmac::sign(&self.secret, key.as_bytes());
        let bytes = tag.as_ref().get(..TOKEN_BYTES).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// What is compared of a token.
#[must_use]
pub fn token_digest(token: &str) -> Digest {
    Digest::of(token.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_the_same_after_a_restart_and_another_for_every_notice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notice.key");
        let open = || Links::open(&path, Some("https://x.vn".to_owned())).unwrap();
        let (before, after) = (open(), open());
        let link = before.of("a").unwrap();
        assert_eq!(after.of("a").unwrap(), link);
        assert_ne!(before.of("b").unwrap(), link);
        let token = link.strip_prefix("https://x.vn/a/").unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(token).unwrap().len(), TOKEN_BYTES);
        assert_eq!(token_digest(token), after.digest("a"));
        let codes = before.codes("a");
        assert_eq!(codes, after.codes("a"));
        assert_ne!(codes, before.codes("b"));
        assert!(
            codes
                .iter()
                .all(|code| code.len() == 4 && code.parse::<u16>().is_ok())
        );
    }
}
