//! Where a gateway hands in what people send back: with a secret, in a form of its own.

use crate::notices::send::secret;
use crate::settings::Replies;
use anyhow::Context as _;
use ring::hmac;
use serde_json::{Map, Value};

const LEAST_SECRET_BYTES: usize = 16;

/// The door of one route.
#[derive(Debug)]
pub struct Door {
    key: hmac::Key,
    tag: hmac::Tag,
    from: String,
    text: String,
}

impl Door {
    pub fn open(settings: &Replies) -> anyhow::Result<Self> {
        let file = &settings.secret_file;
        let secret = secret(file).with_context(|| format!("{}", file.display()))?;
        anyhow::ensure!(
            secret.len() >= LEAST_SECRET_BYTES,
            "{}: expected a secret of at least {LEAST_SECRET_BYTES} characters",
            file.display()
        );
        let random = ring::rand::SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random);
        let key = key.ok().context("the system gives no randomness")?;
        let tag = hmac::sign(&key, secret.as_bytes());
        Ok(Self {
            key,
            tag,
            from: settings.from.clone(),
            text: settings.text.clone(),
        })
    }

    /// Whether this is its secret.
    #[must_use]
    pub fn admits(&self, secret: &str) -> bool {
        hmac::verify(&self.key, secret.as_bytes(), self.tag.as_ref()).is_ok()
    }

    /// The sender's number and the text, in JSON or in form fields.
    #[must_use]
    pub fn read(&self, body: &[u8]) -> Option<(String, String)> {
        let json: Value = match serde_json::from_slice(body) {
            Ok(json) => json,
            Err(_no_json) => Value::Object(fields(body)?),
        };
        let at = |pointer: &str| match json.pointer(pointer)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        Some((at(&self.from)?, at(&self.text)?))
    }
}

fn fields(body: &[u8]) -> Option<Map<String, Value>> {
    let text = std::str::from_utf8(body).ok()?;
    let url = reqwest::Url::parse(&format!("form:?{text}")).ok()?;
    let pairs = url.query_pairs();
    Some(
        pairs
            .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_forms_are_read_and_only_the_secret_opens() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "short\n").unwrap();
        let settings = Replies {
            from: "/msg/from".to_owned(),
            text: "/msg/text".to_owned(),
            secret_file: file.clone(),
        };
        assert!(Door::open(&settings).is_err());
        std::fs::write(&file, "0123456789abcdef\n").unwrap();
        let door = Door::open(&settings).unwrap();
        assert!(door.admits("0123456789abcdef"));
        assert!(!door.admits("0123456789abcdeF") && !door.admits(""));
        let read = door.read(b"{\"msg\": {\"from\": 84912345678, \"text\": \"OK 4821\"}}");
        assert_eq!(read, Some(("84912345678".to_owned(), "OK 4821".to_owned())));
        assert_eq!(
            door.read(b"{\"msg\": {\"from\": [], \"text\": \"OK\"}}"),
            None
        );
        let door = Door::open(&Replies {
            from: "/from".to_owned(),
            text: "/text".to_owned(),
            ..settings
        });
        let read = door.unwrap().read(b"from=%2B84912345678&text=OK+4821&id=7");
        assert_eq!(
            read,
            Some(("+84912345678".to_owned(), "OK 4821".to_owned()))
        );
    }
}
