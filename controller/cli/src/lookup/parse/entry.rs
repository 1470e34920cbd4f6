//! One entry, from its own row and from the rows of other tables that belong to it.

use super::{Reader, facility, picture};
use crate::lookup::fields::Fields;
use crate::lookup::sheets::{
    ALIAS_KINDS, CURRENCIES, DAYS, FLAGS, KINDS, Key, LANGUAGES, NATIONALITIES, PURPOSES,
    SEVERITIES,
};
use cotmoc_lookup::Entry;
use cotmoc_lookup::content::{
    Access, Alias, Applies, DateSpan, Document, Event, Fee, Kind, KindTag, LegalBasis, Nationality,
    Notice, Phone, Picture, Procedure, Purpose, Text,
};
use cotmoc_lookup::hours::{Exception, Hours, LocalDate, Span};
use cotmoc_lookup::language::Localized;
use cotmoc_proto::json::UniqueMap;
use cotmoc_proto::window::Day;
use std::collections::BTreeMap;

type ByEntry<T> = BTreeMap<String, Vec<T>>;

/// What belongs to entries, by their ids.
pub(super) struct Parts {
    aliases: ByEntry<Alias>,
    phones: ByEntry<Phone>,
    hours: ByEntry<(Vec<Day>, Span)>,
    exceptions: ByEntry<(LocalDate, Option<Span>, Option<Localized<String>>)>,
    pictures: ByEntry<Picture>,
    effective: ByEntry<LocalDate>,
    applies: ByEntry<Vec<Applies>>,
    steps: ByEntry<Localized<String>>,
    documents: ByEntry<Document>,
    fees: ByEntry<Fee>,
    legal: ByEntry<LegalBasis>,
    dates: ByEntry<DateSpan>,
    notices: ByEntry<Notice>,
}

impl Parts {
    pub(super) fn of(reader: &Reader<'_>) -> Self {
        Self {
            aliases: reader.of_entries(Key::Aliases, alias),
            phones: reader.of_entries(Key::Phones, phone),
            hours: reader.of_entries(Key::Hours, opening),
            exceptions: reader.of_entries(Key::Exceptions, exception),
            pictures: reader.of_entries(Key::Pictures, |fields| picture(&fields)),
            effective: reader.of_entries(Key::Procedures, |f| f.date_required("effective")),
            applies: reader.of_entries(Key::Applies, applies),
            steps: reader.of_entries(Key::Steps, |fields| fields.localized_required("text")),
            documents: reader.of_entries(Key::Documents, document),
            fees: reader.of_entries(Key::Fees, fee),
            legal: reader.of_entries(Key::Legal, legal),
            dates: reader.of_entries(Key::Events, dates),
            notices: reader.of_entries(Key::Notices, notice),
        }
    }

    pub(super) fn entry(&self, fields: Fields<'_>) -> Option<Entry> {
        let (id, category) = (fields.parsed("id"), fields.parsed("category"));
        let name = fields.text("id").unwrap_or_default();
        fields.required("kind");
        let tag: Option<KindTag> = fields.word("kind", KINDS);
        let kind = tag.and_then(|tag| self.kind(tag, &name, fields));
        let texts = texts(fields);
        let popularity = fields.whole("popularity").unwrap_or_default();
        let (owner, source) = (fields.required("owner"), fields.required("source"));
        let access = Access {
            wheelchair: facility(&fields, "wheelchair"),
            toilet: facility(&fields, "toilet"),
            parking: facility(&fields, "parking"),
        };
        let (valid_from, valid_until) = (fields.moment("valid_from"), fields.moment("valid_until"));
        let (unit, position) = (fields.maybe("unit"), fields.position("lat", "lon"));
        let (address, price) = (fields.localized("address"), fields.localized("price"));
        let (route, verified) = (fields.localized("route"), fields.date("verified"));
        Some(Entry {
            id: id?,
            kind: kind?,
            category: category?,
            texts: texts?,
            aliases: of(&self.aliases, &name),
            address,
            unit,
            position,
            phones: of(&self.phones, &name),
            hours: self.hours(&name),
            price,
            website: fields.text("website"),
            pictures: of(&self.pictures, &name),
            route,
            access,
            popularity: u16::try_from(popularity).unwrap_or(u16::MAX),
            valid_from,
            valid_until,
            owner: owner?,
            source: source?,
            verified,
        })
    }

    fn kind(&self, tag: KindTag, name: &str, fields: Fields<'_>) -> Option<Kind> {
        let missing = |sheet: Key| {
            let sheet = sheet.as_str();
            fields.wrong(
                "kind",
                &format!("cần một dòng cho mục này trong bảng {sheet}, hãy thêm vào"),
                &format!("needs a line for this entry in the table {sheet}, add it"),
            );
        };
        Some(match tag {
            KindTag::Place => Kind::Place,
            KindTag::Hotel => Kind::Hotel,
            KindTag::Food => Kind::Food,
            KindTag::Transport => Kind::Transport,
            KindTag::Border => Kind::Border,
            KindTag::Invest => Kind::Invest,
            KindTag::Service => Kind::Service,
            KindTag::Procedure => {
                let Some(effective) = one(&self.effective, name) else {
                    missing(Key::Procedures);
                    return None;
                };
                Kind::Procedure(Procedure {
                    applies: of(&self.applies, name).into_iter().flatten().collect(),
                    steps: of(&self.steps, name),
                    documents: of(&self.documents, name),
                    fees: of(&self.fees, name),
                    legal_basis: of(&self.legal, name),
                    effective,
                })
            }
            KindTag::Festival => Kind::Festival(Event {
                dates: of(&self.dates, name),
            }),
            KindTag::Notice => {
                let Some(notice) = one(&self.notices, name) else {
                    missing(Key::Notices);
                    return None;
                };
                Kind::Notice(notice)
            }
        })
    }

    fn hours(&self, name: &str) -> Option<Hours> {
        let mut week: BTreeMap<Day, Vec<Span>> = BTreeMap::new();
        for (days, span) in of(&self.hours, name) {
            for day in days {
                week.entry(day).or_default().push(span);
            }
        }
        let mut exceptions: Vec<Exception> = Vec::new();
        for (date, span, note) in of(&self.exceptions, name) {
            match exceptions.iter_mut().find(|day| day.date == date) {
                Some(day) => {
                    day.spans.extend(span);
                    day.note = day.note.take().or(note);
                }
                None => exceptions.push(Exception {
                    date,
                    spans: span.into_iter().collect(),
                    note,
                }),
            }
        }
        let is_known = !week.is_empty() || !exceptions.is_empty();
        is_known.then_some(Hours {
            week: UniqueMap(week),
            exceptions,
        })
    }
}

fn of<T: Clone>(all: &ByEntry<T>, name: &str) -> Vec<T> {
    all.get(name).cloned().unwrap_or_default()
}

fn one<T: Clone>(all: &ByEntry<T>, name: &str) -> Option<T> {
    all.get(name)?.first().cloned()
}

fn texts(fields: Fields<'_>) -> Option<Localized<Text>> {
    let text = |language: &str| {
        let part = |name: &str| fields.text(&format!("{name}.{language}"));
        let pinyin = fields.text("pinyin").filter(|_text| language == "zh");
        let audio = fields.read(&format!("audio.{language}"));
        let name = part("name");
        let other = part("short").is_some() || part("body").is_some() || audio.is_some();
        if name.is_none() && (other || pinyin.is_some()) {
            fields.required(&format!("name.{language}"));
        }
        Some(Text {
            name: name?,
            short: part("short").unwrap_or_default(),
            body: part("body").unwrap_or_default(),
            pinyin,
            audio,
        })
    };
    let [vi, zh, en] = LANGUAGES.map(text);
    if vi.is_none() {
        fields.required("name.vi");
    }
    Some(Localized { vi: vi?, zh, en })
}

fn alias(fields: Fields<'_>) -> Option<Alias> {
    let text = fields.required("text");
    fields.required("kind");
    let kind = fields.word("kind", ALIAS_KINDS);
    Some(Alias {
        text: text?,
        kind: kind?,
    })
}

fn phone(fields: Fields<'_>) -> Option<Phone> {
    let (number, label) = (fields.phone("number"), fields.localized("label"));
    Some(Phone {
        number: number?,
        label,
    })
}

fn opening(fields: Fields<'_>) -> Option<(Vec<Day>, Span)> {
    fields.required("day");
    let day: Option<DayWord> = fields.word("day", DAYS);
    let (opens, closes) = (
        fields.time_required("opens"),
        fields.time_required("closes"),
    );
    let span = Span {
        opens: opens?,
        closes: closes?,
    };
    Some((day?.days(), span))
}

/// A day of the table of hours.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum DayWord {
    Daily,
    #[serde(untagged)]
    One(Day),
}

impl DayWord {
    fn days(self) -> Vec<Day> {
        match self {
            Self::One(day) => vec![day],
            Self::Daily => vec![
                Day::Mon,
                Day::Tue,
                Day::Wed,
                Day::Thu,
                Day::Fri,
                Day::Sat,
                Day::Sun,
            ],
        }
    }
}

fn exception(fields: Fields<'_>) -> Option<(LocalDate, Option<Span>, Option<Localized<String>>)> {
    let date = fields.date_required("date");
    let note = fields.localized("note");
    let given = |heading| fields.text(heading).is_some();
    let span = match (given("opens"), given("closes")) {
        (false, false) => None,
        (true, true) => Some(Span {
            opens: fields.time("opens")?,
            closes: fields.time("closes")?,
        }),
        (true, false) | (false, true) => {
            fields.time_required(if given("opens") { "closes" } else { "opens" });
            return None;
        }
    };
    Some((date?, span, note))
}

fn applies(fields: Fields<'_>) -> Option<Vec<Applies>> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Or<T> {
        All,
        #[serde(untagged)]
        One(T),
    }
    fields.required("nationality");
    fields.required("purpose");
    let whose: Option<Or<Nationality>> = fields.word("nationality", NATIONALITIES);
    let why: Option<Or<Purpose>> = fields.word("purpose", PURPOSES);
    let nationalities = match whose? {
        Or::All => Nationality::ALL.to_vec(),
        Or::One(one) => vec![one],
    };
    let purposes = match why? {
        Or::All => Purpose::ALL.to_vec(),
        Or::One(one) => vec![one],
    };
    let each = nationalities.into_iter().flat_map(|nationality| {
        let with = move |purpose: &Purpose| Applies {
            nationality,
            purpose: *purpose,
        };
        purposes.iter().map(with).collect::<Vec<_>>()
    });
    Some(each.collect())
}

fn document(fields: Fields<'_>) -> Option<Document> {
    let name = fields.localized_required("name");
    fields.required("required");
    let word = fields.text("required");
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Flag {
        Yes,
        No,
    }
    let flag: Option<Flag> = word.and_then(|_word| fields.word("required", FLAGS));
    Some(Document {
        name: name?,
        required: matches!(flag?, Flag::Yes),
    })
}

fn fee(fields: Fields<'_>) -> Option<Fee> {
    let name = fields.localized_required("name");
    fields.required("amount");
    let amount = fields.whole("amount");
    fields.required("currency");
    let currency = fields.word("currency", CURRENCIES);
    Some(Fee {
        name: name?,
        amount: amount?,
        currency: currency?,
    })
}

fn legal(fields: Fields<'_>) -> Option<LegalBasis> {
    Some(LegalBasis {
        document: fields.required("document")?,
        clause: fields.text("clause"),
    })
}

fn dates(fields: Fields<'_>) -> Option<DateSpan> {
    let (first, last) = (fields.date_required("first"), fields.date_required("last"));
    Some(DateSpan {
        first: first?,
        last: last?,
    })
}

fn notice(fields: Fields<'_>) -> Option<Notice> {
    fields.required("severity");
    let severity = fields.word("severity", SEVERITIES);
    fields.required("from");
    let (from, until) = (fields.moment("from"), fields.moment("until"));
    Some(Notice {
        severity: severity?,
        from: from?,
        until,
    })
}
