//! From a content to the rows of all tables: what an import starts from, and what an export writes.

use super::sheets::{Key, SHEETS, Sheet};
use super::tables::{Cell, Row, Source, Tables};
use cotmoc_lookup::content::{Facility, Kind, Picture, Position};
use cotmoc_lookup::hours::{Hours, LocalDate, Span};
use cotmoc_lookup::language::{Language, Localized};
use cotmoc_lookup::{Content, Entry};
use cotmoc_proto::TimeMs;
use cotmoc_proto::window::Zone;
use serde::Serialize;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The tables of `content`, which stands in `file`.
pub fn of(content: &Content, file: &str) -> Tables {
    let mut book = Book {
        file,
        zone: &content.cluster.window.zone,
        tables: Tables::default(),
    };
    book.general(content);
    for category in &content.categories {
        let line = Line::default()
            .put("id", &category.id)
            .maybe("parent", category.parent.as_ref())
            .localized("name", Some(&category.name))
            .put("icon", word(&category.icon));
        book.add(Key::Categories, line);
    }
    for unit in &content.units {
        let line = Line::default()
            .put("code", &unit.code)
            .localized("name", Some(&unit.name))
            .put("old_names", unit.old_names.join("; "))
            .position("lat", "lon", unit.position);
        book.add(Key::Units, line);
    }
    content.entries.iter().for_each(|entry| book.entry(entry));
    for synonyms in &content.synonyms {
        book.add(
            Key::Synonyms,
            Line::default().put("words", synonyms.words.join("; ")),
        );
    }
    for canary in &content.canaries {
        let ids: Vec<&str> = canary.expect.iter().map(|id| id.as_str()).collect();
        let line = Line::default()
            .put("query", &canary.query)
            .put("expect", ids.join("; "));
        book.add(Key::Canaries, line);
    }
    for contact in &content.emergency {
        let line = Line::default()
            .localized("name", Some(&contact.name))
            .put("number", contact.number.as_str());
        book.add(Key::Emergency, line);
    }
    book.tables
}

#[derive(Default)]
struct Line(BTreeMap<String, Cell>);

impl Line {
    fn put(mut self, heading: &str, value: impl std::fmt::Display) -> Self {
        let text = value.to_string();
        if !text.is_empty() {
            self.0.insert(heading.to_owned(), Cell::Text(text));
        }
        self
    }

    fn maybe(self, heading: &str, value: Option<impl std::fmt::Display>) -> Self {
        match value {
            Some(value) => self.put(heading, value),
            None => self,
        }
    }

    fn localized(mut self, name: &str, texts: Option<&Localized<String>>) -> Self {
        for (language, text) in texts.iter().flat_map(|texts| texts.iter()) {
            self = self.put(&format!("{name}.{language}"), text);
        }
        self
    }

    fn position(self, lat: &str, lon: &str, position: Option<Position>) -> Self {
        let Some((north, east)) = position.map(Position::microdeg) else {
            return self;
        };
        self.put(lat, degrees(north)).put(lon, degrees(east))
    }

    fn picture(self, picture: &Picture) -> Self {
        self.put("file", picture.file.as_str())
            .localized("alt", Some(&picture.alt))
            .put("credit", &picture.credit)
            .put("licence", &picture.licence)
    }
}

struct Book<'c> {
    file: &'c str,
    zone: &'c Zone,
    tables: Tables,
}

impl Book<'_> {
    fn add(&mut self, key: Key, line: Line) {
        let rows = self.tables.sheets.entry(key).or_default();
        let columns = match rows.first() {
            Some(first) => first.columns.clone(),
            None => Rc::new(Sheet::of(key).headings().into_iter().zip(0..).collect()),
        };
        rows.push(Row {
            source: Source {
                file: self.file.to_owned(),
                sheet: key.as_str().to_owned(),
            },
            line: rows.len() + 1,
            cells: line.0,
            columns,
        });
    }

    fn general(&mut self, content: &Content) {
        let cluster = &content.cluster;
        let line = Line::default()
            .put("site", &content.site)
            .localized("name", Some(&cluster.name))
            .localized("address", Some(&cluster.address))
            .localized("staff", Some(&cluster.staff))
            .position("lat", "lon", Some(cluster.position))
            .put("opens", cluster.window.opens)
            .put("closes", cluster.window.closes);
        self.add(Key::Cluster, line);
        if let Some(map) = &content.map {
            let line = Line::default()
                .picture(&map.picture)
                .position("north", "west", Some(map.north_west))
                .position("south", "east", Some(map.south_east));
            self.add(Key::Map, line);
        }
    }

    fn entry(&mut self, entry: &Entry) {
        let mut line = Line::default()
            .put("id", &entry.id)
            .put("kind", word(&entry.kind.tag()))
            .put("category", &entry.category);
        for (language, text) in entry.texts.iter() {
            line = line
                .put(&format!("name.{language}"), &text.name)
                .put(&format!("short.{language}"), &text.short)
                .put(&format!("body.{language}"), &text.body)
                .maybe(
                    &format!("audio.{language}"),
                    text.audio.as_ref().map(|audio| audio.as_str()),
                );
            if language == Language::Zh {
                line = line.maybe("pinyin", text.pinyin.as_ref());
            }
        }
        let facility = |facility: Option<Facility>| facility.map(|facility| word(&facility));
        let line = line
            .localized("address", entry.address.as_ref())
            .maybe("unit", entry.unit.as_ref())
            .position("lat", "lon", entry.position)
            .localized("price", entry.price.as_ref())
            .maybe("website", entry.website.as_ref())
            .maybe("wheelchair", facility(entry.access.wheelchair))
            .maybe("toilet", facility(entry.access.toilet))
            .maybe("parking", facility(entry.access.parking))
            .localized("route", entry.route.as_ref())
            .put("popularity", entry.popularity)
            .maybe("valid_from", entry.valid_from.map(|at| self.moment(at)))
            .maybe("valid_until", entry.valid_until.map(|at| self.moment(at)))
            .put("owner", &entry.owner)
            .put("source", &entry.source)
            .maybe("verified", entry.verified.map(date));
        self.add(Key::Entries, line);
        self.belongings(entry);
        self.kind(entry);
    }

    fn belongings(&mut self, entry: &Entry) {
        let own = || Line::default().put("entry", &entry.id);
        for alias in &entry.aliases {
            let line = own()
                .put("text", &alias.text)
                .put("kind", word(&alias.kind));
            self.add(Key::Aliases, line);
        }
        for phone in &entry.phones {
            let line = own()
                .put("number", phone.number.as_str())
                .localized("label", phone.label.as_ref());
            self.add(Key::Phones, line);
        }
        for picture in &entry.pictures {
            self.add(Key::Pictures, own().picture(picture));
        }
        if let Some(hours) = &entry.hours {
            self.hours(own, hours);
        }
    }

    fn hours(&mut self, own: impl Fn() -> Line, hours: &Hours) {
        let span =
            |line: Line, span: &Span| line.put("opens", span.opens).put("closes", span.closes);
        for (day, spans) in &hours.week.0 {
            for one in spans {
                let line = own().put("day", word(day));
                self.add(Key::Hours, span(line, one));
            }
        }
        for day in &hours.exceptions {
            let line = || {
                own()
                    .put("date", date(day.date))
                    .localized("note", day.note.as_ref())
            };
            if day.spans.is_empty() {
                self.add(Key::Exceptions, line());
            }
            for one in &day.spans {
                self.add(Key::Exceptions, span(line(), one));
            }
        }
    }

    fn kind(&mut self, entry: &Entry) {
        let own = || Line::default().put("entry", &entry.id);
        match &entry.kind {
            Kind::Procedure(procedure) => {
                self.add(
                    Key::Procedures,
                    own().put("effective", date(procedure.effective)),
                );
                for applies in &procedure.applies {
                    let line = own()
                        .put("nationality", word(&applies.nationality))
                        .put("purpose", word(&applies.purpose));
                    self.add(Key::Applies, line);
                }
                for step in &procedure.steps {
                    self.add(Key::Steps, own().localized("text", Some(step)));
                }
                for document in &procedure.documents {
                    let line = own()
                        .localized("name", Some(&document.name))
                        .put("required", if document.required { "yes" } else { "no" });
                    self.add(Key::Documents, line);
                }
                for fee in &procedure.fees {
                    let line = own()
                        .localized("name", Some(&fee.name))
                        .put("amount", fee.amount)
                        .put("currency", word(&fee.currency));
                    self.add(Key::Fees, line);
                }
                for basis in &procedure.legal_basis {
                    let line = own()
                        .put("document", &basis.document)
                        .maybe("clause", basis.clause.as_ref());
                    self.add(Key::Legal, line);
                }
            }
            Kind::Festival(event) => {
                for span in &event.dates {
                    let line = own()
                        .put("first", date(span.first))
                        .put("last", date(span.last));
                    self.add(Key::Events, line);
                }
            }
            Kind::Notice(notice) => {
                let line = own()
                    .put("severity", word(&notice.severity))
                    .put("from", self.moment(notice.from))
                    .maybe("until", notice.until.map(|at| self.moment(at)));
                self.add(Key::Notices, line);
            }
            Kind::Place
            | Kind::Hotel
            | Kind::Food
            | Kind::Transport
            | Kind::Border
            | Kind::Invest
            | Kind::Service => {}
        }
    }

    /// `23/11/2026 07:00`.
    fn moment(&self, at: TimeMs) -> String {
        let text = self.zone.format(at);
        text.strip_suffix(":00").unwrap_or(&text).to_owned()
    }
}

/// The word that stands for a value in JSON.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// `23/11/2026`.
fn date(date: LocalDate) -> String {
    date.0.strftime("%d/%m/%Y").to_string()
}

/// Millionths of a degree as a decimal number.
fn degrees(micro: i32) -> String {
    let sign = if micro < 0 { "-" } else { "" };
    let (whole, rest) = (
        micro.unsigned_abs() / 1_000_000,
        micro.unsigned_abs() % 1_000_000,
    );
    let text = format!("{sign}{whole}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Every table, those without rows too.
pub fn by_sheet(tables: &Tables) -> impl Iterator<Item = (&'static Sheet, &[Row])> {
    SHEETS.iter().map(|sheet| (sheet, tables.rows(sheet.key)))
}
