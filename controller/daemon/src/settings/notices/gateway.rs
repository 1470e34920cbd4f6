//! Gateways for SMS and calls that are spoken to over HTTP.

use cotmoc_service::config::Reader;
use reqwest::Url;
use std::path::PathBuf;

/// An SMS gateway that is spoken to over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    pub url: Url,
    pub form: Form,
    /// The request's body with `{to}`, `{text}`, `{key}` and `{secret}`.
    pub body: String,
    /// A header `Name: value` with `{secret}`.
    pub header: Option<String>,
    pub secret_file: Option<PathBuf>,
    /// JSON pointer of the provider's own number in its answer.
    pub reference: Option<String>,
    /// `/pointer=value` that an answer must hold to count as accepted.
    pub success: Option<String>,
    /// Addresses of this machine and of private networks may be called.
    pub private: bool,
    /// How it hands in what people send back.
    pub replies: Option<Replies>,
}

/// How a gateway hands in what people send back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replies {
    /// JSON pointers, or names of form fields behind a slash.
    pub from: String,
    pub text: String,
    /// What the gateway must bring along.
    pub secret_file: PathBuf,
}

/// How the body of a request to a gateway is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    Urlencoded,
}

impl std::str::FromStr for Form {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "json" => Ok(Self::Json),
            "urlencoded" => Ok(Self::Urlencoded),
            _ => Err(()),
        }
    }
}

/// Reads the gateway of the route `at`.
pub(super) fn read(reader: &mut Reader, at: &str) -> Option<Gateway> {
    let key = |name: &str| format!("{at}.{name}");
    let url = super::url(reader, &key("url"));
    let form = reader.optional(&key("form"), Form::Json, "json or urlencoded");
    let expected = "the request's body with {to} and {text}";
    let body: Option<String> = reader.required(&key("body"), expected);
    if let Some(body) = body
        .as_deref()
        .filter(|body| !(body.contains("{to}") && body.contains("{text}")))
    {
        reader.mistake(&key("body"), Some(format!("{body:?}")), expected);
    }
    let expected = "a header \"Name: value\" with {secret}";
    let header: Option<String> = reader.maybe(&key("header"), expected);
    if let Some(header) = header.as_deref().filter(|header| !header.contains(": ")) {
        reader.mistake(&key("header"), Some(format!("{header:?}")), expected);
    }
    let secret_file = reader.maybe_path(&key("secret_file"));
    let reference = pointer(reader, &key("reference"), "a JSON pointer such as /id");
    let success = pointer(reader, &key("success"), "a test such as /CodeResult=100");
    let private = reader.optional(&key("private"), false, "true or false");
    let replies = replies(reader, &key("replies"));
    Some(Gateway {
        url: url?,
        form,
        body: body?,
        header,
        secret_file,
        reference,
        success,
        private,
        replies,
    })
}

fn replies(reader: &mut Reader, at: &str) -> Option<Replies> {
    if !reader.has(at) {
        return None;
    }
    let key = |name: &str| format!("{at}.{name}");
    let secret_file = reader.required_path(&key("secret_file"), "a file with the secret");
    let expected = "where it stands in the request: a JSON pointer, or a slash and a form field";
    let from = pointer(reader, &key("from"), expected);
    let text = pointer(reader, &key("text"), expected);
    Some(Replies {
        from: from.unwrap_or_else(|| "/from".to_owned()),
        text: text.unwrap_or_else(|| "/text".to_owned()),
        secret_file: secret_file?,
    })
}

fn pointer(reader: &mut Reader, key: &str, expected: &str) -> Option<String> {
    let text: String = reader.maybe(key, expected)?;
    if !text.starts_with('/') {
        reader.mistake(key, Some(format!("{text:?}")), expected);
    }
    Some(text)
}
