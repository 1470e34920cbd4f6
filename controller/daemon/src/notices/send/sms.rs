//! SMS by a gateway that takes HTTP POST, in the form that the provider asks for.

use super::http::{body, client};
use super::{Letter, Sent, secret};
use crate::settings::{Form, Gateway};
use reqwest::header::{self, HeaderName, HeaderValue};
use reqwest::{Client, Url};
use serde_json::Value;

/// A provider's gateway.
#[derive(Debug)]
pub struct Gate {
    http: Client,
    url: Url,
    form: Form,
    template: String,
    secret: String,
    header: Option<(HeaderName, HeaderValue)>,
    reference: Option<String>,
    /// Pointer and value.
    success: Option<(String, String)>,
}

impl Gate {
    pub fn open(settings: &Gateway) -> anyhow::Result<Self> {
        let secret = match &settings.secret_file {
            Some(file) => secret(file)?,
            None => String::new(),
        };
        let header = settings.header.as_deref().and_then(|h| h.split_once(": "));
        let header = match header {
            Some((name, value)) => {
                let mut value = HeaderValue::from_str(&value.replace("{secret}", &secret))?;
                value.set_sensitive(true);
                Some((name.parse()?, value))
            }
            None => None,
        };
        let success = settings.success.as_deref();
        let success = success.map(|test| test.split_once('=').unwrap_or((test, "true")));
        Ok(Self {
            http: client(&settings.url, settings.private)?,
            url: settings.url.clone(),
            form: settings.form,
            template: settings.body.clone(),
            secret,
            header,
            reference: settings.reference.clone(),
            success: success.map(|(pointer, value)| (pointer.to_owned(), value.to_owned())),
        })
    }

    pub async fn send(&self, letter: &Letter<'_>) -> Sent {
        let kind = match self.form {
            Form::Json => "application/json",
            Form::Urlencoded => "application/x-www-form-urlencoded",
        };
        let mut request = self
            .http
            .post(self.url.clone())
            .header(header::CONTENT_TYPE, kind)
            .header("Idempotency-Key", &letter.notice.key)
            .body(self.body(letter));
        if let Some((name, value)) = &self.header {
            request = request.header(name, value);
        }
        match body(request.send().await).await {
            Ok(answer) => self.judge(&answer),
            Err(sent) => sent,
        }
    }

    fn body(&self, letter: &Letter<'_>) -> String {
        let values = [
            ("{to}", letter.notice.address.as_str()),
            ("{text}", &letter.body),
            ("{key}", &letter.notice.key),
            ("{secret}", &self.secret),
        ];
        fill(
            &self.template,
            &values.map(|(name, value)| (name, written(self.form, value))),
        )
    }

    fn judge(&self, answer: &[u8]) -> Sent {
        let json: Value = serde_json::from_slice(answer).unwrap_or(Value::Null);
        let at = |pointer: &str| json.pointer(pointer).map(text_of);
        if let Some((pointer, value)) = &self.success
            && at(pointer).as_ref() != Some(value)
        {
            let said: String = String::from_utf8_lossy(answer).chars().take(200).collect();
            return Sent::later(format!("the gateway did not take it over: {said}"));
        }
        Sent::Accepted {
            reference: self.reference.as_deref().and_then(at),
        }
    }
}

fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// `value` as it may stand in a body of this form.
fn written(form: Form, value: &str) -> String {
    match form {
        Form::Json => {
            let quoted = Value::from(value).to_string();
            let inner = quoted
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            inner.unwrap_or_default().to_owned()
        }
        Form::Urlencoded => {
            let mut text = String::new();
            for byte in value.bytes() {
                match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                        text.push(char::from(byte));
                    }
                    _ => text.push_str(&format!("%{byte:02X}")),
                }
            }
            text
        }
    }
}

/// Fills in every name at once: what a value holds is not looked at again.
fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, from)) = rest.find('{').map(|at| rest.split_at(at)) {
        text.push_str(before);
        let known = values
            .iter()
            .find_map(|(name, value)| Some((value, from.strip_prefix(name)?)));
        rest = match known {
            Some((value, after)) => {
                text.push_str(value);
                after
            }
            None => {
                text.push('{');
                from.strip_prefix('{').unwrap_or_default()
            }
        };
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t53_whatever_a_text_holds_it_stays_a_text() {
        let evil = "a\"}&to=1\r\n{secret}\u{1a}";
        let json = fill(
            "{\"t\": \"{text}\"}",
            &[("{text}", written(Form::Json, evil))],
        );
        let read: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read, serde_json::json!({ "t": evil }));
        let form = fill(
            "t={text}&k=1",
            &[("{text}", written(Form::Urlencoded, evil))],
        );
        assert_eq!(form, "t=a%22%7D%26to%3D1%0D%0A%7Bsecret%7D%1A&k=1");
    }
}
