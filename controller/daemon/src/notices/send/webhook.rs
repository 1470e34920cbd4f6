//! Another system told by HTTP: signed, so that it knows who speaks and that it is not an old
//! message, and under the same key at each repetition.

use super::http::{body, client};
use super::{Letter, Sent, secret};
use crate::clock;
use crate::settings::Webhook;
use anyhow::Context as _;
use reqwest::{Client, Url, header};
use ring::hmac;
use std::fmt::Write as _;

const LEAST_SECRET_BYTES: usize = 16;

/// An address that is told.
#[derive(Debug)]
pub struct Hook {
    http: Client,
    url: Url,
    key: hmac::Key,
}

impl Hook {
    pub fn open(settings: &Webhook) -> anyhow::Result<Self> {
        let file = &settings.secret_file;
        let secret = secret(file).with_context(|| format!("{}", file.display()))?;
        anyhow::ensure!(
            secret.len() >= LEAST_SECRET_BYTES,
            "{}: expected a secret of at least {LEAST_SECRET_BYTES} characters",
            file.display()
        );
        Ok(Self {
            http: client(&settings.url, settings.private)?,
            url: settings.url.clone(),
            key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        })
    }

    pub async fn send(&self, letter: &Letter<'_>) -> Sent {
        let notice = letter.notice;
        let json = serde_json::json!({
            "v": 1,
            "key": notice.key,
            "incident": notice.incident,
            "stage": notice.stage,
            "recipient": notice.recipient,
            "created_ms": notice.created_ms,
            "subject": notice.subject,
            "text": letter.body,
            "link": letter.link,
        });
        let json = json.to_string();
        let timestamp = (clock::now().0 / 1_000).to_string();
        let request = self
            .http
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", &notice.key)
            .header("X-Cotmoc-Signature", sign(&self.key, &timestamp, &json))
            .header("X-Cotmoc-Timestamp", timestamp)
            .body(json);
        match body(request.send().await).await {
            Ok(_body) => Sent::Accepted { reference: None },
            Err(sent) => sent,
        }
    }
}

fn sign(key: &hmac::Key, timestamp: &str, body: &str) -> String {
    let tag = hmac::sign(key, format!("{timestamp}.{body}").as_bytes());
    let mut text = "sha256=".to_owned();
    for byte in tag.as_ref() {
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_other_programs() {
        // printf '1700000000.{}' | openssl dgst -sha256 -hmac 0123456789abcdef
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"0123456789abcdef");
        assert_eq!(
            sign(&key, "1700000000", "{}"),
            "sha256=e4f8e2ecae2295b2ddb2f0b5584c8275e226c0ebe9b3b819e70156bb67122e3e"
        );
    }
}
