//! One entry, with all that is known of it.

use super::card::{self, Open};
use super::frame::{Frame, Text, date_and_time, day, icon};
use super::{home, show};
use crate::app::Scene;
use crate::words::Words;
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use cotmoc_lookup::content::{
    Access, Currency, Facility, Fee, Kind, MediaPath, Procedure, Severity,
};
use cotmoc_lookup::{Entry, Language};
use cotmoc_proto::window::Day;

#[derive(Template)]
#[template(path = "entry.html")]
struct Page {
    frame: Frame,
    id: String,
    icon: &'static str,
    category_id: String,
    category: Text,
    name: Text,
    other_names: Vec<Text>,
    say: String,
    has_place: bool,
    notice: Option<Flag>,
    pictures: Vec<PictureText>,
    short: Option<Text>,
    body: Option<Text>,
    paragraphs: Vec<String>,
    occasions: Vec<String>,
    documents: Vec<Paper>,
    steps: Vec<Text>,
    fees: Vec<FeeText>,
    bases: Vec<String>,
    open: Option<Open>,
    week: Vec<DayText>,
    phones: Vec<PhoneText>,
    address: Option<Text>,
    distance: Option<String>,
    price: Option<Text>,
    access: Vec<AccessText>,
    codes: Vec<Code>,
    source: String,
    verified: Option<String>,
}

struct Flag {
    tone: &'static str,
    words: String,
}

struct PictureText {
    file: String,
    alt: Text,
    credit: String,
}

/// A paper to bring.
pub(super) struct Paper {
    pub name: Text,
    pub required: bool,
}

/// What something costs.
pub(super) struct FeeText {
    pub name: Text,
    pub amount: String,
}

struct DayText {
    name: &'static str,
    hours: String,
    today: bool,
}

struct PhoneText {
    number: String,
    label: Option<Text>,
}

struct AccessText {
    icon: &'static str,
    words: &'static str,
}

/// A QR code with what it is for.
pub(super) struct Code {
    pub src: String,
    pub words: &'static str,
    /// What it says, where people can read it.
    pub shows: String,
}

/// `GET /entry/{id}`.
pub async fn page(Path(id): Path<String>, scene: Scene) -> Response {
    let read = id.parse().ok().map(|id| scene.package.lookup.entry(&id));
    match read {
        Some(Ok(Some(entry))) if entry.is_valid(scene.at()) => show(&of(&scene, &entry)),
        Some(Err(error)) => {
            tracing::error!(id, %error, "an entry cannot be read");
            home::missing(scene).await
        }
        Some(Ok(_)) | None => home::missing(scene).await,
    }
}

fn of(scene: &Scene, entry: &Entry) -> Page {
    let language = scene.language();
    let category = scene.package.lookup.category(&entry.category);
    let name = Text::from(entry.name(language));
    let body = entry.body(language).map(Text::from);
    let id = entry.id.to_string();
    let has_place = entry.position.is_some();
    let mut page = Page {
        frame: Frame::of(scene, "entry", &name.value).back_to("/search"),
        icon: category.map_or("service", |category| icon(category.icon)),
        category_id: entry.category.to_string(),
        category: category.map_or_else(
            || Text::own(scene.words(), ""),
            |category| Text::of(&category.name, language),
        ),
        other_names: other_names(entry, &name),
        name,
        say: format!("e:{id}:all"),
        has_place,
        notice: notice(scene, entry),
        pictures: pictures(entry, language),
        short: entry.short(language).map(Text::from),
        paragraphs: body.as_ref().map(paragraphs).unwrap_or_default(),
        body,
        occasions: occasions(entry),
        documents: Vec::new(),
        steps: Vec::new(),
        fees: Vec::new(),
        bases: Vec::new(),
        open: Open::of(scene, entry),
        week: week(scene, entry),
        phones: phones(entry, language),
        address: entry
            .address
            .as_ref()
            .map(|address| Text::of(address, language)),
        distance: entry
            .position
            .map(|position| card::distance(scene, position)),
        price: entry.price.as_ref().map(|price| Text::of(price, language)),
        access: access(entry.access, scene.words()),
        codes: codes(entry, scene.words()),
        source: entry.source.clone(),
        verified: entry.verified.map(day),
        id,
    };
    if let Kind::Procedure(procedure) = &entry.kind {
        page.documents = documents(procedure, language);
        page.steps = steps(procedure, language);
        page.fees = fees(&procedure.fees, language);
        page.bases = bases(procedure, scene.words());
    }
    page
}

/// The names in the other languages: who does not read this one recognises the place by them.
fn other_names(entry: &Entry, shown: &Text) -> Vec<Text> {
    let names = entry.texts.iter().map(|(language, text)| Text {
        value: text.name.clone(),
        lang: language.tag(),
        label: None,
    });
    names
        .filter(|name| name.lang != shown.lang && !name.value.is_empty())
        .collect()
}

fn notice(scene: &Scene, entry: &Entry) -> Option<Flag> {
    let Kind::Notice(notice) = &entry.kind else {
        return None;
    };
    let w = scene.words();
    let zone = &scene.window().zone;
    let mut words = format!("{} {}", w.since, date_and_time(zone, notice.from).0);
    if let Some(until) = notice.until {
        let (day, time) = date_and_time(zone, until);
        words = format!("{words} {} {time} {day}", w.until);
    }
    let (tone, kind) = match notice.severity {
        Severity::Urgent => ("bad", w.urgent),
        Severity::Important => ("warn", w.important),
        Severity::Info => ("rest", w.info),
    };
    let words = format!("{kind} · {words}");
    Some(Flag { tone, words })
}

fn pictures(entry: &Entry, language: Language) -> Vec<PictureText> {
    let is_still = |file: &MediaPath| {
        let name = file.as_str();
        name.ends_with(".webp") || name.ends_with(".avif")
    };
    let pictures = entry.pictures.iter();
    pictures
        .filter(|picture| is_still(&picture.file))
        .map(|picture| PictureText {
            file: picture.file.as_str().to_owned(),
            alt: Text::of(&picture.alt, language),
            credit: format!("{} · {}", picture.credit, picture.licence),
        })
        .collect()
}

fn paragraphs(text: &Text) -> Vec<String> {
    let paragraphs = text.value.split("\n\n").map(str::trim);
    paragraphs
        .filter(|paragraph| !paragraph.is_empty())
        .map(str::to_owned)
        .collect()
}

fn occasions(entry: &Entry) -> Vec<String> {
    let Kind::Festival(event) = &entry.kind else {
        return Vec::new();
    };
    let dates = event.dates.iter();
    dates
        .map(|dates| {
            if dates.first == dates.last {
                day(dates.first)
            } else {
                format!("{} – {}", day(dates.first), day(dates.last))
            }
        })
        .collect()
}

pub(super) fn documents(procedure: &Procedure, language: Language) -> Vec<Paper> {
    let documents = procedure.documents.iter();
    documents
        .map(|document| Paper {
            name: Text::of(&document.name, language),
            required: document.required,
        })
        .collect()
}

pub(super) fn steps(procedure: &Procedure, language: Language) -> Vec<Text> {
    let steps = procedure.steps.iter();
    steps.map(|step| Text::of(step, language)).collect()
}

pub(super) fn fees(fees: &[Fee], language: Language) -> Vec<FeeText> {
    let fees = fees.iter();
    fees.map(|fee| FeeText {
        name: Text::of(&fee.name, language),
        amount: amount(fee),
    })
    .collect()
}

/// `1.000.000 VND`, `25.50 CNY`.
fn amount(fee: &Fee) -> String {
    let hundredths = |code| format!("{}.{:02} {code}", fee.amount / 100, fee.amount % 100);
    match fee.currency {
        Currency::Vnd => format!("{} VND", grouped(fee.amount)),
        Currency::Cny => hundredths("CNY"),
        Currency::Usd => hundredths("USD"),
    }
}

fn grouped(amount: u64) -> String {
    let digits = amount.to_string();
    let first = digits.len() % 3;
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && index % 3 == first {
            grouped.push('.');
        }
        grouped.push(digit);
    }
    grouped
}

fn bases(procedure: &Procedure, w: &Words) -> Vec<String> {
    let bases = procedure.legal_basis.iter();
    let mut bases: Vec<String> = bases
        .map(|basis| match &basis.clause {
            Some(clause) => format!("{clause}, {}", basis.document),
            None => basis.document.clone(),
        })
        .collect();
    if let Some(last) = bases.last_mut() {
        *last = format!("{last} ({} {})", w.effective, day(procedure.effective));
    }
    bases
}

fn week(scene: &Scene, entry: &Entry) -> Vec<DayText> {
    let Some(hours) = entry.hours.as_ref().filter(|_| scene.now.is_trusted()) else {
        return Vec::new();
    };
    let w = scene.words();
    let today = Day::from(scene.window().zone.date(scene.now.now).weekday());
    [
        (Day::Mon, w.mon),
        (Day::Tue, w.tue),
        (Day::Wed, w.wed),
        (Day::Thu, w.thu),
        (Day::Fri, w.fri),
        (Day::Sat, w.sat),
        (Day::Sun, w.sun),
    ]
    .map(|(day, name)| {
        let spans = hours.week.0.get(&day).map(Vec::as_slice);
        let spans: Vec<String> = spans
            .unwrap_or_default()
            .iter()
            .map(|span| format!("{}–{}", span.opens, span.closes))
            .collect();
        DayText {
            name,
            hours: if spans.is_empty() {
                w.closed_today.to_owned()
            } else {
                spans.join(", ")
            },
            today: day == today,
        }
    })
    .into()
}

fn phones(entry: &Entry, language: Language) -> Vec<PhoneText> {
    let phones = entry.phones.iter();
    phones
        .map(|phone| PhoneText {
            number: phone.number.as_str().to_owned(),
            label: phone.label.as_ref().map(|label| Text::of(label, language)),
        })
        .collect()
}

fn access(access: Access, w: &Words) -> Vec<AccessText> {
    let wheelchair = access.wheelchair.map(|facility| match facility {
        Facility::Full => w.wheelchair_yes,
        Facility::Partial => w.wheelchair_partial,
        Facility::None => w.wheelchair_no,
    });
    let there = |facility: Option<Facility>, words| {
        facility
            .filter(|facility| *facility != Facility::None)
            .map(|_| words)
    };
    [
        ("wheelchair", wheelchair),
        ("toilet", there(access.toilet, w.toilet)),
        ("parking", there(access.parking, w.parking)),
    ]
    .into_iter()
    .filter_map(|(icon, words)| {
        Some(AccessText {
            icon,
            words: words?,
        })
    })
    .collect()
}

fn codes(entry: &Entry, w: &Words) -> Vec<Code> {
    let id = &entry.id;
    let mut codes = vec![Code {
        src: format!("/qr/entry/{id}.svg"),
        words: w.scan_entry,
        shows: String::new(),
    }];
    if entry.position.is_some() {
        codes.push(Code {
            src: format!("/qr/route/{id}.svg"),
            words: w.scan_route,
            shows: String::new(),
        });
    }
    if let Some(website) = &entry.website {
        codes.push(Code {
            src: format!("/qr/website/{id}.svg"),
            words: w.scan_website,
            shows: website.clone(),
        });
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        for (amount, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1.000"),
            (1_250_000, "1.250.000"),
            (12_345_678, "12.345.678"),
        ] {
            assert_eq!(grouped(amount), text);
        }
    }
}
