//! From the rows of all tables to a content, or to the list of what is wrong with them.

mod entry;

use super::fields::Fields;
use super::finding::Findings;
use super::sheets::{FACILITIES, ICONS, Key, Sheet};
use super::tables::{Row, Source, Tables};
use cotmoc_lookup::Content;
use cotmoc_lookup::content::{
    AdminUnit, Canary, Category, Cluster, Contact, MapPicture, Picture, Place, Position, Problem,
    Synonyms,
};
use cotmoc_proto::TimeMs;
use cotmoc_proto::window::OperatingWindow;
use entry::Parts;
use std::collections::BTreeMap;

/// The content of `tables`, put together at `created`; `None` if something is wrong.
pub fn content(tables: &Tables, created: TimeMs, findings: &Findings) -> Option<Content> {
    let reader = Reader {
        tables,
        findings,
        window: OperatingWindow::default(),
    };
    twice(tables, findings);
    let general = reader.cluster();
    let parts = Parts::of(&reader);
    let map = reader.map();
    let categories = reader.all(Key::Categories, category);
    let entries = reader.all(Key::Entries, |fields| parts.entry(fields));
    let synonyms = reader.all(Key::Synonyms, |fields| {
        let words = fields.list("words");
        Some(Synonyms { words })
    });
    let units = reader.all(Key::Units, unit);
    let canaries = reader.all(Key::Canaries, canary);
    let emergency = reader.all(Key::Emergency, contact);
    // Only now, so that everything that is wrong is told even where this is missing.
    let (site, cluster) = general?;
    let content = Content {
        site,
        created,
        cluster,
        map,
        categories,
        entries,
        synonyms,
        units,
        canaries,
        emergency,
    };
    let is_read = findings.is_empty();
    defects(&content, tables, findings, is_read);
    findings.is_empty().then_some(content)
}

/// The tables that are being read.
struct Reader<'t> {
    tables: &'t Tables,
    findings: &'t Findings,
    window: OperatingWindow,
}

impl<'t> Reader<'t> {
    fn fields(&'t self, row: &'t Row) -> Fields<'t> {
        Fields {
            row,
            findings: self.findings,
            zone: &self.window.zone,
        }
    }

    fn all<T>(&'t self, key: Key, read: impl Fn(Fields<'t>) -> Option<T>) -> Vec<T> {
        let rows = self.tables.rows(key).iter();
        rows.filter_map(|row| read(self.fields(row))).collect()
    }

    /// What rows of a table say of each entry, in their order.
    fn of_entries<T>(
        &'t self,
        key: Key,
        read: impl Fn(Fields<'t>) -> Option<T>,
    ) -> BTreeMap<String, Vec<T>> {
        let known: std::collections::BTreeSet<String> = self
            .tables
            .rows(Key::Entries)
            .iter()
            .filter_map(|row| row.text("id"))
            .collect();
        let mut all: BTreeMap<String, Vec<T>> = BTreeMap::new();
        for row in self.tables.rows(key) {
            let fields = self.fields(row);
            let Some(entry) = fields.required("entry") else {
                continue;
            };
            if !known.contains(&entry) {
                let what = entry.clone();
                fields.wrong(
                    "entry",
                    &Problem::Unknown { what: what.clone() }.vi(),
                    &Problem::Unknown { what }.en(),
                );
            }
            if let Some(value) = read(fields) {
                all.entry(entry).or_default().push(value);
            }
        }
        all
    }

    fn single(&'t self, key: Key) -> Option<Fields<'t>> {
        let rows = self.tables.rows(key);
        if let Some(second) = rows.get(1) {
            let fields = self.fields(second);
            fields.wrong(
                "",
                "bảng này chỉ có một dòng, hãy xóa dòng thừa",
                "this table has one line only, delete the others",
            );
        }
        rows.first().map(|row| self.fields(row))
    }

    fn cluster(&'t self) -> Option<(cotmoc_proto::SiteId, Cluster)> {
        let Some(fields) = self.single(Key::Cluster) else {
            let source = Source {
                file: "content".to_owned(),
                sheet: Key::Cluster.as_str().to_owned(),
            };
            self.findings.table(
                &source,
                "chưa có: hãy điền bảng cluster trong lần nhập đầu tiên",
                "is missing: fill in the table cluster for the first import",
            );
            return None;
        };
        let usual = &self.window;
        let opens = fields.time("opens").unwrap_or(usual.opens);
        let closes = fields.time("closes").unwrap_or(usual.closes);
        let open_min = closes.minutes().saturating_sub(opens.minutes());
        let window = OperatingWindow {
            zone: usual.zone.clone(),
            opens,
            closes,
            quota_min: u32::from(open_min).min(usual.quota_min),
        };
        let site = fields.parsed("site");
        let (name, address) = (
            fields.localized_required("name"),
            fields.localized_required("address"),
        );
        let (staff, position) = (
            fields.localized_required("staff"),
            position(&fields, "lat", "lon"),
        );
        let cluster = Cluster {
            name: name?,
            address: address?,
            staff: staff?,
            position: position?,
            window,
        };
        Some((site?, cluster))
    }

    fn map(&'t self) -> Option<MapPicture> {
        let fields = self.single(Key::Map)?;
        let (picture, north_west, south_east) = (
            picture(&fields),
            position(&fields, "north", "west"),
            position(&fields, "south", "east"),
        );
        Some(MapPicture {
            picture: picture?,
            north_west: north_west?,
            south_east: south_east?,
        })
    }
}

fn position(fields: &Fields<'_>, lat: &str, lon: &str) -> Option<Position> {
    let given = (fields.required(lat), fields.required(lon));
    given.0.and(given.1).and_then(|_| fields.position(lat, lon))
}

fn picture(fields: &Fields<'_>) -> Option<Picture> {
    fields.required("file");
    let file = fields.read("file");
    let alt = fields.localized_required("alt");
    let (credit, licence) = (fields.required("credit"), fields.required("licence"));
    Some(Picture {
        file: file?,
        alt: alt?,
        credit: credit?,
        licence: licence?,
    })
}

fn category(fields: Fields<'_>) -> Option<Category> {
    let (id, parent) = (fields.parsed("id"), fields.maybe("parent"));
    let name = fields.localized_required("name");
    fields.required("icon");
    let icon = fields.word("icon", ICONS);
    Some(Category {
        id: id?,
        parent,
        name: name?,
        icon: icon?,
    })
}

fn unit(fields: Fields<'_>) -> Option<AdminUnit> {
    let (code, name) = (fields.parsed("code"), fields.localized_required("name"));
    let (old_names, position) = (fields.list("old_names"), fields.position("lat", "lon"));
    Some(AdminUnit {
        code: code?,
        name: name?,
        old_names,
        position,
    })
}

fn contact(fields: Fields<'_>) -> Option<Contact> {
    let (name, number) = (fields.localized_required("name"), fields.phone("number"));
    Some(Contact {
        name: name?,
        number: number?,
    })
}

fn canary(fields: Fields<'_>) -> Option<Canary> {
    let query = fields.required("query");
    fields.required("expect");
    let ids = fields.list("expect").into_iter();
    let expect = ids.filter_map(|id| match id.parse() {
        Ok(id) => Some(id),
        Err(_bad) => {
            let (vi, en) = ("không phải mã mục", "is no id of an entry");
            fields.wrong("expect", &format!("{id:?} {vi}"), &format!("{id:?} {en}"));
            None
        }
    });
    let expect = expect.collect();
    Some(Canary {
        query: query?,
        expect,
    })
}

/// The access of a visitor with a disability: one of the words, or not known.
fn facility(fields: &Fields<'_>, heading: &str) -> Option<cotmoc_lookup::content::Facility> {
    fields.word(heading, FACILITIES)
}

/// Names that two rows of one file have.
fn twice(tables: &Tables, findings: &Findings) {
    for (key, heading) in [
        (Key::Entries, "id"),
        (Key::Categories, "id"),
        (Key::Units, "code"),
    ] {
        let mut first: BTreeMap<String, &Row> = BTreeMap::new();
        for row in tables.rows(key) {
            let Some(name) = row.text(heading) else {
                continue;
            };
            if let Some(earlier) = first.get(&name) {
                let line = earlier.line;
                let problem = Problem::Duplicate { first_line: line };
                findings.cell(row, heading, problem.vi(), problem.en());
            } else {
                first.insert(name, row);
            }
        }
    }
}

/// What is wrong with the content as a whole, told at the rows it comes from. While rows could not be
/// read, what is missing because of them is not told again.
fn defects(content: &Content, tables: &Tables, findings: &Findings, is_read: bool) {
    // Those that build a package choose queries where nobody wrote any.
    let chosen = content.canaries.is_empty();
    for defect in content.defects() {
        let follows = match &defect.problem {
            Problem::TooFew { .. } if chosen && defect.place.list == "canaries" => true,
            Problem::Unknown { .. } | Problem::TooFew { .. } => !is_read,
            Problem::Duplicate { .. } => defect.place.field == "id",
            Problem::Empty
            | Problem::TooLong { .. }
            | Problem::TooMany { .. }
            | Problem::Invisible { .. }
            | Problem::Cycle
            | Problem::EndsBeforeStart
            | Problem::TooHigh { .. }
            | Problem::WrongLanguage { .. }
            | Problem::PinyinCount { .. }
            | Problem::NotHttps
            | Problem::MapTurned => false,
        };
        if follows {
            continue;
        }
        let (vi, en) = (defect.problem.vi(), defect.problem.en());
        match locate(&defect.place, tables) {
            Located::Cell(row, heading) => findings.cell(row, &heading, vi, en),
            Located::Table(sheet) => {
                let source = Source {
                    file: "content".to_owned(),
                    sheet: sheet.to_owned(),
                };
                findings.table(&source, vi, en);
            }
        }
    }
}

enum Located<'t> {
    Cell(&'t Row, String),
    Table(&'t str),
}

/// The row and the heading that a place of the content comes from.
fn locate<'t>(place: &Place, tables: &'t Tables) -> Located<'t> {
    let field = place.field.as_str();
    let named = |key: Key, heading: &str| {
        let rows = tables.rows(key).iter();
        rows.into_iter()
            .find(|row| row.text(heading).as_deref() == Some(place.id.as_str()))
    };
    let nth = |key: Key| tables.rows(key).get(place.line.checked_sub(1)?);
    let found = match place.list {
        "entries" => return of_entry(place, tables),
        "categories" => named(Key::Categories, "id"),
        "units" => named(Key::Units, "code"),
        "synonyms" => nth(Key::Synonyms),
        "canaries" => nth(Key::Canaries),
        "emergency" => nth(Key::Emergency),
        "cluster" => tables.rows(Key::Cluster).first(),
        "map" => tables.rows(Key::Map).first(),
        _ => None,
    };
    let field = field.strip_prefix("picture.").unwrap_or(field);
    found.map_or(Located::Table(place.list), |row| {
        Located::Cell(row, field.to_owned())
    })
}

fn of_entry<'t>(place: &Place, tables: &'t Tables) -> Located<'t> {
    let is_it = |row: &&Row, heading: &str| row.text(heading).as_deref() == Some(&place.id);
    let field = place.field.as_str();
    let (first, rest) = field.split_once(['.', ' ']).unwrap_or((field, ""));
    let child = match first {
        "aliases" => Some((Key::Aliases, "text")),
        "phones" => Some((Key::Phones, "number")),
        "hours" if rest.starts_with("exceptions") => Some((Key::Exceptions, "date")),
        "hours" => Some((Key::Hours, "opens")),
        "pictures" => Some((Key::Pictures, rest)),
        "applies" => Some((Key::Applies, "")),
        "steps" => Some((Key::Steps, "text.vi")),
        "documents" => Some((Key::Documents, "name.vi")),
        "fees" => Some((Key::Fees, "name.vi")),
        "legal_basis" => Some((Key::Legal, "document")),
        "dates" => Some((Key::Events, "first")),
        "until" => Some((Key::Notices, "until")),
        _ => None,
    };
    let rows = |key| tables.rows(key).iter();
    if let Some((key, heading)) = child
        && let Some(row) = rows(key).find(|row| is_it(row, "entry"))
    {
        return Located::Cell(row, heading.to_owned());
    }
    let row = rows(Key::Entries).find(|row| is_it(row, "id"));
    let is_column = Sheet::of(Key::Entries)
        .headings()
        .iter()
        .any(|heading| heading == field);
    let heading = if is_column || child.is_some() {
        field
    } else {
        first
    };
    row.map_or(Located::Table("entries"), |row| {
        Located::Cell(row, heading.to_owned())
    })
}
