//! What visitors take along: QR codes that a phone reads without any network of the kiosk.

use crate::app::{App, Scene};
use crate::pages::procedures::{applying, nationality_word, purpose_word};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cotmoc_lookup::Entry;
use cotmoc_lookup::content::{Kind, Nationality, Purpose};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::Deserialize;

/// More does not scan well from a screen.
const MOST_BYTES: usize = 900;

/// The routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/qr/entry/{id}", get(entry))
        .route("/qr/route/{id}", get(route))
        .route("/qr/website/{id}", get(website))
        .route("/qr/checklist/{nationality}/{purpose}", get(checklist))
        .route("/qr/feedback.svg", get(feedback))
}

async fn entry(State(app): State<App>, Path(file): Path<String>, scene: Scene) -> Response {
    let Some(entry) = find(&scene, &file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let public = app.settings.public_url.as_deref();
    draw(&public.map_or_else(
        || card(&scene, &entry),
        |public| {
            let language = scene.language();
            format!("{public}/e/{}?lang={language}", entry.id)
        },
    ))
}

async fn route(State(app): State<App>, Path(file): Path<String>, scene: Scene) -> Response {
    let position = find(&scene, &file).and_then(|entry| entry.position);
    let Some(position) = position else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let place = |text: &str| {
        text.replace("{lat}", &format!("{:.6}", position.lat()))
            .replace("{lon}", &format!("{:.6}", position.lon()))
    };
    draw(&place(&app.settings.route_url))
}

async fn website(Path(file): Path<String>, scene: Scene) -> Response {
    match find(&scene, &file).and_then(|entry| entry.website) {
        Some(website) => draw(&website),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn feedback(State(app): State<App>) -> Response {
    match &app.settings.feedback_url {
        Some(url) => draw(&format!("{url}?kiosk={}", app.settings.me.device)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Debug, Deserialize)]
struct Whom {
    nationality: Nationality,
    purpose: String,
}

async fn checklist(State(app): State<App>, Path(whom): Path<Whom>, scene: Scene) -> Response {
    let file = whom.purpose.strip_suffix(".svg");
    let purpose = file.and_then(|name| {
        let known = Purpose::ALL.into_iter();
        known
            .into_iter()
            .find(|purpose| serde_json::to_value(purpose).is_ok_and(|value| value == *name))
    });
    let Some(purpose) = purpose else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let text = match app.settings.public_url.as_deref() {
        Some(public) => format!(
            "{public}/p/{}/{}?lang={}",
            word(whom.nationality),
            word(purpose),
            scene.language()
        ),
        None => list(&scene, whom.nationality, purpose),
    };
    draw(&text)
}

fn word(value: impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).ok();
    value
        .as_ref()
        .and_then(|value| value.as_str())
        .unwrap_or_default()
        .to_owned()
}

/// The checklist as text: a phone without any network shows it.
fn list(scene: &Scene, nationality: Nationality, purpose: Purpose) -> String {
    let w = scene.words();
    let language = scene.language();
    let mut lines = vec![format!(
        "{}: {} · {}",
        w.checklist,
        nationality_word(w, nationality),
        purpose_word(w, purpose)
    )];
    for entry in applying(scene, nationality, purpose) {
        let Kind::Procedure(procedure) = &entry.kind else {
            continue;
        };
        lines.push(format!("■ {}", entry.name(language).value));
        for document in &procedure.documents {
            lines.push(format!("- {}", document.name.text(language).value));
        }
        for (number, step) in (1..).zip(&procedure.steps) {
            lines.push(format!("{number}. {}", step.text(language).value));
        }
    }
    cut(&lines.join("\n"))
}

/// The entry as a card for a phone's contacts where it can be reached or found, else as text.
fn card(scene: &Scene, entry: &Entry) -> String {
    let language = scene.language();
    let name = entry.name(language).value;
    let short = entry.short(language).map(|short| short.value);
    let address = entry
        .address
        .as_ref()
        .map(|address| address.text(language).value);
    if entry.phones.is_empty() && entry.position.is_none() && address.is_none() {
        let body = entry.body(language).map(|body| body.value);
        let parts = [Some(name), short, body];
        let parts: Vec<&str> = parts.into_iter().flatten().collect();
        return cut(&parts.join("\n"));
    }
    let mut lines = vec![
        "BEGIN:VCARD".to_owned(),
        "VERSION:3.0".to_owned(),
        format!("N:;{};;;", escape(name)),
        format!("FN:{}", escape(name)),
    ];
    let phones = entry.phones.iter().take(3);
    lines.extend(phones.map(|phone| format!("TEL:{}", phone.number.as_str())));
    lines.extend(address.map(|address| format!("ADR:;;{};;;;", escape(address))));
    lines.extend(
        entry
            .position
            .map(|at| format!("GEO:{:.6};{:.6}", at.lat(), at.lon())),
    );
    lines.extend(entry.website.iter().map(|url| format!("URL:{url}")));
    lines.extend(short.map(|short| format!("NOTE:{}", escape(&cut_to(short, 300)))));
    lines.push("END:VCARD".to_owned());
    lines.join("\r\n")
}

fn escape(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace(['\r', '\n'], " ");
    text.replace(',', "\\,").replace(';', "\\;")
}

fn cut(text: &str) -> String {
    cut_to(text, MOST_BYTES)
}

/// The text itself, or as much of it as fits.
fn cut_to(text: &str, most_bytes: usize) -> String {
    if text.len() <= most_bytes {
        return text.to_owned();
    }
    let mut cut = String::new();
    for c in text.chars() {
        if cut.len() + c.len_utf8() + '…'.len_utf8() > most_bytes {
            break;
        }
        cut.push(c);
    }
    cut.push('…');
    cut
}

fn find(scene: &Scene, file: &str) -> Option<Entry> {
    let id = file.strip_suffix(".svg")?.parse().ok()?;
    let entry = scene.package.lookup.entry(&id).ok().flatten();
    entry.filter(|entry| entry.is_valid(scene.at()))
}

fn draw(text: &str) -> Response {
    let code = match QrCode::with_error_correction_level(text, EcLevel::M) {
        Ok(code) => code,
        Err(error) => {
            tracing::error!(%error, bytes = text.len(), "a QR code could not be made");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let picture = code
        .render::<svg::Color<'_>>()
        .min_dimensions(240, 240)
        .quiet_zone(true)
        .build();
    ([(header::CONTENT_TYPE, "image/svg+xml")], picture).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        assert_eq!(cut_to("Sa Pa", 5), "Sa Pa");
        assert_eq!(cut_to("Sa Pa!", 5), "Sa…");
        assert_eq!(cut_to("沙坝镇", 7), "沙…");
        assert!(cut(&"ầ".repeat(2_000)).len() <= MOST_BYTES);
    }

    #[test]
    fn nothing_in_a_name_can_add_a_line_to_a_card() {
        assert_eq!(escape("a\r\nTEL:113;b,c\\"), "a  TEL:113\\;b\\,c\\\\");
    }
}
