//! Who asks for a page: the session in the cookie, and for every change the proof that it comes from a
//! page of ours.

use super::frame::Problem;
use super::words::words;
use crate::accounts::is_same;
use crate::app::Shared;
use crate::store::SESSION_MS;
use axum::Form;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use cotmoc_controller_core::role::{Right, Role};
use cotmoc_proto::Digest;
use serde::Deserialize;
use serde::de::DeserializeOwned;

const COOKIE: &str = "cotmoc-session";
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Somebody who has signed in.
#[derive(Debug, Clone)]
pub(super) struct SignedIn {
    pub session: u64,
    pub account: String,
    pub name: String,
    pub role: Role,
    /// What the forms of this session carry.
    pub csrf: String,
}

/// A form that somebody who has signed in sent from one of our pages.
#[derive(Debug)]
pub(super) struct Posted<T> {
    pub who: SignedIn,
    pub form: T,
}

/// A form without fields.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

#[derive(Debug, Deserialize)]
struct Guarded<T> {
    csrf: String,
    #[serde(flatten)]
    form: T,
}

impl SignedIn {
    /// Whether the role allows it.
    ///
    /// # Errors
    /// [`Problem`] if not.
    pub(super) fn need(&self, right: Right) -> Result<(), Problem> {
        if self.role.may(right) {
            Ok(())
        } else {
            Err(Problem::forbidden())
        }
    }

    /// As logs name them.
    pub(super) fn label(&self) -> String {
        format!("{} ({})", self.name, self.account)
    }
}

impl FromRequestParts<Shared> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, Response> {
        let secret = secret(&parts.headers).unwrap_or_default();
        let found = app.accounts.session(secret).await;
        let found = found.map_err(|error| Problem::from(error).into_response())?;
        let Some((session, account)) = found else {
            return Err(sign_in_first(parts));
        };
        Ok(Self {
            session: session.id,
            account: account.account,
            name: account.name,
            role: account.role,
            csrf: Digest::of(format!("form:{secret}").as_bytes()).to_string(),
        })
    }
}

impl<T: DeserializeOwned> FromRequest<Shared> for Posted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        from_our_page(&parts.headers).map_err(IntoResponse::into_response)?;
        let who = SignedIn::from_request_parts(&mut parts, app).await?;
        let request = Request::from_parts(parts, body);
        let read = Form::<Guarded<T>>::from_request(request, app).await;
        let Ok(Form(Guarded { csrf, form })) = read else {
            return Err(Problem::incomplete().into_response());
        };
        if !is_same(who.csrf.as_bytes(), csrf.as_bytes()) {
            return Err(foreign().into_response());
        }
        Ok(Self { who, form })
    }
}

/// Refuses what a page of somebody else has sent.
pub(super) fn from_our_page(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| {
        headers
            .get(name)
            .map(|value: &HeaderValue| value.to_str().unwrap_or("?"))
    };
    let is_ours = match (text(FETCH_SITE), text(header::ORIGIN), text(header::HOST)) {
        (Some(site), _, _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin), Some(host)) => {
            let name = origin
                .strip_prefix("http://")
                .or_else(|| origin.strip_prefix("https://"));
            name == Some(host)
        }
        (None, Some(_), None) => false,
        (None, None, _) => true,
    };
    if is_ours { Ok(()) } else { Err(foreign()) }
}

/// The cookie of a new session; `None`: of none any more. The listener is on this machine's own
/// addresses only, where browsers do not ask for TLS.
pub(super) fn cookie(secret: Option<&str>) -> [(HeaderName, String); 1] {
    let (value, age) = secret.map_or(("", 0), |secret| (secret, SESSION_MS / 1_000));
    let text = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}");
    [(header::SET_COOKIE, text)]
}

fn secret(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).into_iter();
    let texts = all.filter_map(|value| value.to_str().ok());
    let mut pairs = texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value)
}

fn sign_in_first(parts: &Parts) -> Response {
    let path = if parts.method == axum::http::Method::GET {
        parts.uri.path()
    } else {
        "/incidents"
    };
    Redirect::to(&format!("/sign-in?next={path}")).into_response()
}

fn foreign() -> Problem {
    let said = words(
        "Yêu cầu này không đến từ trang của chúng tôi; hãy tải lại trang.",
        "This did not come from a page of ours; load the page again.",
    );
    Problem::new(StatusCode::FORBIDDEN, said)
}

/// Where to go after signing in: a path of ours, never another place.
pub(super) fn safe(next: &str) -> &str {
    let is_path = next.starts_with('/') && !next.starts_with("//");
    let is_plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if is_path && is_plain {
        next
    } else {
        "/incidents"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_signing_in_nobody_is_led_elsewhere() {
        assert_eq!(safe("/incidents/W01-1"), "/incidents/W01-1");
        for bad in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil",
            "/a b",
            "/a\r\nb",
        ] {
            assert_eq!(safe(bad), "/incidents", "{bad:?}");
        }
    }

    #[test]
    fn what_another_page_sends_is_refused() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter();
            let pairs =
                pairs.map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)));
            pairs.collect::<HeaderMap>()
        };
        let host = ("host", "localhost:8080");
        for good in [
            vec![host, ("sec-fetch-site", "same-origin")],
            vec![host, ("origin", "http://localhost:8080")],
            vec![host],
        ] {
            assert!(from_our_page(&headers(&good)).is_ok(), "{good:?}");
        }
        for bad in [
            vec![host, ("sec-fetch-site", "cross-site")],
            vec![host, ("sec-fetch-site", "same-site")],
            vec![host, ("origin", "http://localhost:9090")],
            vec![host, ("origin", "null")],
        ] {
            assert!(from_our_page(&headers(&bad)).is_err(), "{bad:?}");
        }
    }
}
