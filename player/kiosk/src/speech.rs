//! Reading aloud: texts of the package and the pages' own words, never any other, spoken by the voice
//! that the distribution brings.

use crate::app::{App, Scene};
use crate::pages::card::Open;
use crate::words::Words;
use axum::Router;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use cotmoc_lookup::content::Kind;
use cotmoc_lookup::language::Shown;
use cotmoc_lookup::{Entry, Language};
use serde::Deserialize;
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio_util::io::ReaderStream;

const MOST_CHARS: usize = 4_000;
const MOST_PARTS: usize = 16;

/// The routes.
pub fn router() -> Router<App> {
    Router::new().route("/speech", get(speak))
}

#[derive(Debug, Deserialize)]
struct Asked {
    /// What to say, by name: `w:home`, `e:ENTRY:name`, separated by spaces.
    say: String,
}

/// A text with its language.
#[derive(Debug, PartialEq, Eq)]
struct Spoken {
    text: String,
    language: Language,
}

async fn speak(State(app): State<App>, scene: Scene, Query(asked): Query<Asked>) -> Response {
    if let Some(recorded) = recorded(&scene, &asked.say) {
        return recorded;
    }
    let parts = asked.say.split(' ').take(MOST_PARTS);
    let spoken: Vec<Spoken> = parts.flat_map(|part| say(&scene, part)).collect();
    if spoken.is_empty() {
        return StatusCode::NOT_FOUND.into_response();
    }
    match start(&app.settings.speech_program, &markup(&spoken)).await {
        Ok(body) => ([(header::CONTENT_TYPE, "audio/wav")], body).into_response(),
        Err(error) => {
            tracing::error!(%error, program = app.settings.speech_program, "nothing can be read aloud");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// What an agency recorded is better than any voice of ours.
fn recorded(scene: &Scene, say: &str) -> Option<Response> {
    let id = say.strip_prefix("e:")?.strip_suffix(":all")?;
    let entry = scene.package.lookup.entry(&id.parse().ok()?).ok()??;
    let file = entry.texts.get(scene.language())?.audio.as_ref()?;
    let bytes = scene.package.media.read(file);
    let bytes = bytes.inspect_err(|error| {
        tracing::error!(file = file.as_str(), %error, "a recording cannot be read");
    });
    let kind = [(header::CONTENT_TYPE, "audio/ogg")];
    Some((kind, bytes.ok()?).into_response())
}

fn say(scene: &Scene, part: &str) -> Vec<Spoken> {
    let language = scene.language();
    let own = |text: &str| Spoken {
        text: text.to_owned(),
        language,
    };
    let lookup = &scene.package.lookup;
    let Some((what, name)) = part.split_once(':') else {
        return Vec::new();
    };
    match what {
        "w" => scene.words().get(name).map(own).into_iter().collect(),
        "l" => language_named(name).into_iter().collect(),
        "k" => name
            .chars()
            .next()
            .filter(|c| name.chars().count() == 1 && c.is_alphanumeric())
            .map(|c| own(&c.to_string()))
            .into_iter()
            .collect(),
        "g" => {
            let id = name.parse().ok();
            let category = id.and_then(|id| lookup.category(&id).cloned());
            let text = category.map(|category| shown(&category.name.text(language)));
            text.into_iter().collect()
        }
        "c" if name == "staff" => vec![shown(&scene.head().cluster.staff.text(language))],
        "n" => {
            let contact = name.parse().ok();
            let contact = contact.and_then(|index: usize| scene.head().emergency.get(index));
            let texts = contact.map(|contact| {
                let digits: Vec<String> =
                    contact.number.as_str().chars().map(String::from).collect();
                [shown(&contact.name.text(language)), own(&digits.join(" "))]
            });
            texts.into_iter().flatten().collect()
        }
        "e" => of_entry(scene, name),
        _ => Vec::new(),
    }
}

fn of_entry(scene: &Scene, name: &str) -> Vec<Spoken> {
    let Some((id, part)) = name.rsplit_once(':') else {
        return Vec::new();
    };
    let id = id.parse().ok();
    let entry = id.and_then(|id| scene.package.lookup.entry(&id).ok().flatten());
    let Some(entry) = entry else {
        return Vec::new();
    };
    let language = scene.language();
    match part {
        "name" => vec![shown(&entry.name(language))],
        "open" => open(scene, &entry).into_iter().collect(),
        "all" => {
            let texts = [
                Some(entry.name(language)),
                entry.short(language),
                entry.body(language),
            ];
            let texts = texts.iter().flatten().map(shown);
            let mut all: Vec<Spoken> = texts.collect();
            all.extend(open(scene, &entry));
            if let Kind::Procedure(procedure) = &entry.kind {
                let documents = procedure.documents.iter().map(|document| &document.name);
                let steps = documents.chain(&procedure.steps);
                all.extend(steps.map(|text| shown(&text.text(language))));
            }
            all
        }
        _ => Vec::new(),
    }
}

fn open(scene: &Scene, entry: &Entry) -> Option<Spoken> {
    Some(Spoken {
        text: Open::of(scene, entry)?.words,
        language: scene.language(),
    })
}

fn language_named(code: &str) -> Option<Spoken> {
    let mut all = Language::ALL.into_iter();
    let language = all.find(|language| language.to_string() == code)?;
    let text = match language {
        Language::Vi => "Tiếng Việt",
        Language::Zh => "中文",
        Language::En => "English",
    };
    debug_assert!(Words::of(language).language == language);
    Some(Spoken {
        text: text.to_owned(),
        language,
    })
}

fn shown(shown: &Shown<&str>) -> Spoken {
    Spoken {
        text: shown.value.to_owned(),
        language: shown.language,
    }
}

/// The texts as SSML, each with its voice. Whatever a text holds, it stays text.
fn markup(spoken: &[Spoken]) -> String {
    let mut left = MOST_CHARS;
    let mut markup = String::from("<speak>");
    for part in spoken {
        let text: String = part.text.chars().take(left).collect();
        left -= text.chars().count();
        let voice = match part.language {
            Language::Vi => "vi",
            Language::Zh => "cmn",
            Language::En => "en-gb",
        };
        let text: String = text.chars().map(plain).collect();
        markup.push_str(&format!("<voice name=\"{voice}\">{text}</voice><break/>"));
    }
    markup.push_str("</speak>");
    markup
}

/// What would be read as markup is not spoken anyway.
fn plain(c: char) -> char {
    match c {
        '<' | '>' | '&' | '"' => ' ',
        c if c.is_control() => ' ',
        c => c,
    }
}

/// The sound as it is made; the voice ends when nobody listens any more.
async fn start(program: &str, markup: &str) -> std::io::Result<Body> {
    let mut child = Command::new(program)
        .args(["-m", "-v", "vi", "--stdin", "--stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(std::io::ErrorKind::BrokenPipe.into());
    };
    input.write_all(markup.as_bytes()).await?;
    drop(input);
    let sound = ReaderStream::new(output);
    Ok(Body::from_stream(Kept { sound, child }))
}

/// The sound and the process that makes it.
struct Kept<S> {
    sound: S,
    #[expect(dead_code, reason = "it is ended when this is dropped")]
    child: tokio::process::Child,
}

impl<S: futures_util::Stream + Unpin> futures_util::Stream for Kept<S> {
    type Item = S::Item;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<S::Item>> {
        std::pin::Pin::new(&mut self.sound).poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup_and_none_is_endless() {
        let hostile = Spoken {
            text: "</voice><audio src=\"/etc/passwd\"/>&\u{7}".to_owned(),
            language: Language::En,
        };
        let long = Spoken {
            text: "ă".repeat(10_000),
            language: Language::Vi,
        };
        let markup = markup(&[hostile, long]);
        assert_eq!(markup.matches('<').count(), 2 + 2 * 3);
        assert!(!markup.contains('&') && !markup.contains('\u{7}'));
        assert!(markup.chars().filter(|c| *c == 'ă').count() < MOST_CHARS);
    }
}
