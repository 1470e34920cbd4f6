//! What can be wrong with one entry.

use super::report::Report;
use super::{NAME_CHARS, Names};
use crate::content::{Entry, Event, Kind, Notice, Picture, Problem, Procedure, Text};
use crate::hours::Hours;
use crate::language::Language;
use cotmoc_proto::TimeMs;
use std::collections::BTreeMap;

const SHORT_CHARS: usize = 400;
const BODY_CHARS: usize = 20_000;
const ROUTE_CHARS: usize = 1_000;
const MAX_POPULARITY: u16 = 1_000;

pub(super) fn check(entry: &Entry, names: &Names, report: &mut Report) {
    for (language, text) in entry.texts.iter() {
        check_text(language, text, report);
    }
    if !names.parents.contains_key(&entry.category) {
        report.unknown("category", entry.category.as_str());
    }
    if let Some(unit) = entry
        .unit
        .as_ref()
        .filter(|unit| !names.units.contains_key(unit))
    {
        report.unknown("unit", unit.as_str());
    }
    report.count("aliases", entry.aliases.len(), 0..=40);
    for alias in &entry.aliases {
        report.text("aliases", &alias.text, NAME_CHARS);
    }
    let localized = [
        ("address", &entry.address, 2 * NAME_CHARS),
        ("price", &entry.price, 2 * NAME_CHARS),
        ("route", &entry.route, ROUTE_CHARS),
    ];
    for (field, text, most) in localized {
        text.iter()
            .for_each(|text| report.localized(field, text, most));
    }
    check_phones_and_pictures(entry, report);
    if let Some(hours) = &entry.hours {
        check_hours(hours, report);
    }
    if entry.popularity > MAX_POPULARITY {
        let (value, most) = (entry.popularity.into(), MAX_POPULARITY.into());
        report.add("popularity", Problem::TooHigh { value, most });
    }
    check_times("valid_until", entry.valid_from, entry.valid_until, report);
    if let Some(website) = &entry.website {
        report.text("website", website, 300);
        if !website.starts_with("https://") {
            report.add("website", Problem::NotHttps);
        }
    }
    report.text("owner", &entry.owner, NAME_CHARS);
    report.text("source", &entry.source, 300);
    match &entry.kind {
        Kind::Procedure(procedure) => check_procedure(procedure, report),
        Kind::Festival(event) => check_event(event, report),
        Kind::Notice(notice) => check_notice(notice, report),
        Kind::Place
        | Kind::Hotel
        | Kind::Food
        | Kind::Transport
        | Kind::Border
        | Kind::Invest
        | Kind::Service => {}
    }
}

fn check_text(language: Language, text: &Text, report: &mut Report) {
    report.text(&format!("name.{language}"), &text.name, NAME_CHARS);
    report.optional(&format!("short.{language}"), &text.short, SHORT_CHARS, &[]);
    report.optional(&format!("body.{language}"), &text.body, BODY_CHARS, &['\n']);
    let Some(pinyin) = &text.pinyin else {
        return;
    };
    let field = format!("pinyin.{language}");
    if language != Language::Zh {
        return report.add(field, Problem::WrongLanguage { language });
    }
    report.text(&field, pinyin, 2 * NAME_CHARS);
    let syllables = pinyin.split_whitespace().count();
    let characters = text
        .name
        .chars()
        .filter(|c| crate::fold::is_han(*c))
        .count();
    if syllables != characters {
        report.add(
            field,
            Problem::PinyinCount {
                syllables,
                characters,
            },
        );
    }
}

fn check_phones_and_pictures(entry: &Entry, report: &mut Report) {
    report.count("phones", entry.phones.len(), 0..=10);
    for label in entry.phones.iter().filter_map(|phone| phone.label.as_ref()) {
        report.localized("phones", label, NAME_CHARS);
    }
    report.count("pictures", entry.pictures.len(), 0..=20);
    for picture in &entry.pictures {
        check_picture("pictures", picture, report);
    }
}

pub(super) fn check_picture(field: &str, picture: &Picture, report: &mut Report) {
    report.localized(&format!("{field}.alt"), &picture.alt, 400);
    report.text(&format!("{field}.credit"), &picture.credit, NAME_CHARS);
    report.text(&format!("{field}.licence"), &picture.licence, NAME_CHARS);
}

fn check_hours(hours: &Hours, report: &mut Report) {
    for spans in hours.week.0.values() {
        report.count("hours.week", spans.len(), 0..=6);
    }
    report.count("hours.exceptions", hours.exceptions.len(), 0..=400);
    let mut lines = BTreeMap::new();
    for (index, exception) in hours.exceptions.iter().enumerate() {
        report.count("hours.exceptions", exception.spans.len(), 0..=6);
        if let Some(note) = &exception.note {
            report.localized("hours.exceptions", note, NAME_CHARS);
        }
        let first_line = *lines.entry(exception.date).or_insert(index + 1);
        if first_line != index + 1 {
            let field = format!("hours.exceptions {}", exception.date);
            report.add(field, Problem::Duplicate { first_line });
        }
    }
}

fn check_procedure(procedure: &Procedure, report: &mut Report) {
    report.count("applies", procedure.applies.len(), 1..=30);
    report.count("steps", procedure.steps.len(), 1..=40);
    report.count("legal_basis", procedure.legal_basis.len(), 1..=20);
    report.count("documents", procedure.documents.len(), 0..=40);
    report.count("fees", procedure.fees.len(), 0..=20);
    for step in &procedure.steps {
        report.localized("steps", step, 600);
    }
    for document in &procedure.documents {
        report.localized("documents", &document.name, 300);
    }
    for fee in &procedure.fees {
        report.localized("fees", &fee.name, 300);
    }
    for basis in &procedure.legal_basis {
        report.text("legal_basis", &basis.document, 300);
        let clause = basis.clause.as_deref().unwrap_or_default();
        report.optional("legal_basis.clause", clause, NAME_CHARS, &[]);
    }
}

fn check_event(event: &Event, report: &mut Report) {
    report.count("dates", event.dates.len(), 1..=100);
    if event.dates.iter().any(|dates| dates.last < dates.first) {
        report.ends_before_start("dates");
    }
}

fn check_notice(notice: &Notice, report: &mut Report) {
    check_times("until", Some(notice.from), notice.until, report);
}

fn check_times(field: &str, from: Option<TimeMs>, until: Option<TimeMs>, report: &mut Report) {
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        report.ends_before_start(field);
    }
}
