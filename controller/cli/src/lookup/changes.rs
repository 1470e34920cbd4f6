//! Resolver: what one content changes of another, entry by entry and word by word, so that whoever
//! signs sees all of it.

use crate::out::Out;
use crate::table::Table;
use crate::text;
use cotmoc_lookup::{Content, Entry};
use cotmoc_proto::EntryId;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// More than this many lines of one part are counted, not shown; the JSON has all of them.
const SHOWN: usize = 400;

/// What is different.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    pub added: Vec<Named>,
    pub removed: Vec<Named>,
    pub changed: Vec<Changed>,
    /// Of everything that is not an entry.
    pub others: Vec<Field>,
}

/// An entry by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    pub id: EntryId,
    pub name: String,
}

/// An entry that says something else than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Changed {
    #[serde(flatten)]
    pub entry: Named,
    pub fields: Vec<Field>,
}

/// One value that is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Field {
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl Changes {
    /// How many entries were added, changed and removed.
    pub fn counts(&self) -> [usize; 3] {
        [self.added.len(), self.changed.len(), self.removed.len()]
    }
}

/// What `new` changes of `old`.
pub fn between(old: Option<&Content>, new: &Content) -> Changes {
    let before = by_id(old);
    let after = by_id(Some(new));
    let mut changes = Changes::default();
    for (id, entry) in &after {
        match before.get(id) {
            None => changes.added.push(named(entry)),
            Some(old) if old != entry => changes.changed.push(Changed {
                entry: named(entry),
                fields: differences(&facts(old), &facts(entry)),
            }),
            Some(_) => {}
        }
    }
    let gone = before.iter().filter(|(id, _)| !after.contains_key(*id));
    changes.removed.extend(gone.map(|(_, entry)| named(entry)));
    let old = old.map(rest).unwrap_or_default();
    changes.others = differences(&old, &rest(new));
    changes
}

/// Shows the changes.
pub fn show(out: Out, has_old: bool, changes: &Changes) {
    let [added, changed, removed] = changes.counts();
    out.say(out.either(
        &format!("Mục tra cứu: thêm {added}, sửa {changed}, bỏ {removed}"),
        &format!("Entries: {added} added, {changed} changed, {removed} removed"),
    ));
    let mut table = Table::new([
        out.words(text::CHANGE),
        out.words(text::WHAT),
        out.words(text::BEFORE),
        out.words(text::AFTER),
    ]);
    let mut left = SHOWN;
    let mut row = |kind: &str, what: String, [before, after]: [String; 2]| {
        left = left.saturating_sub(1);
        if left > 0 {
            table.row([kind.to_owned(), what, before, after]);
        }
    };
    let named = |entry: &Named| format!("{} · {}", entry.id, entry.name);
    let none = || "–".to_owned();
    let words = [text::REMOVED, text::ADDED, text::CHANGED].map(|word| out.words(word));
    let [gone, new, other] = &words;
    for entry in &changes.removed {
        row(gone, entry.id.to_string(), [entry.name.clone(), none()]);
    }
    for Changed { entry, fields } in &changes.changed {
        for field in fields {
            let what = format!("{} · {}", named(entry), field.what);
            row(other, what, cells(field));
        }
    }
    for field in changes.others.iter().filter(|_field| has_old) {
        row(other, field.what.clone(), cells(field));
    }
    for entry in &changes.added {
        row(new, entry.id.to_string(), [none(), entry.name.clone()]);
    }
    let lines = removed
        + added
        + changes
            .changed
            .iter()
            .map(|c| c.fields.len())
            .sum::<usize>();
    let lines = lines + if has_old { changes.others.len() } else { 0 };
    if lines > 0 {
        out.table(&table);
    }
    if lines >= SHOWN {
        let more = lines + 1 - SHOWN;
        out.say(out.either(
            &format!("… và {more} dòng nữa: xem tất cả với --json"),
            &format!("… and {more} more lines: --json shows all"),
        ));
    }
}

fn cells(field: &Field) -> [String; 2] {
    [&field.before, &field.after].map(|value| match value {
        None => "–".to_owned(),
        Some(text) => text.replace('\n', " ⏎ "),
    })
}

fn by_id(content: Option<&Content>) -> BTreeMap<&EntryId, &Entry> {
    let entries = content.iter().flat_map(|content| &content.entries);
    entries.map(|entry| (&entry.id, entry)).collect()
}

fn named(entry: &Entry) -> Named {
    Named {
        id: entry.id.clone(),
        name: entry.texts.vi.name.clone(),
    }
}

/// Everything that is not an entry. When it was put together, and which queries try it, say nothing
/// to visitors.
fn rest(content: &Content) -> BTreeMap<String, String> {
    let mut facts = facts(&Content {
        entries: Vec::new(),
        canaries: Vec::new(),
        ..content.clone()
    });
    facts.remove("created");
    facts
}

fn facts(value: &impl Serialize) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    let value = serde_json::to_value(value).unwrap_or_default();
    flatten(&mut facts, String::new(), &value);
    facts
}

fn flatten(facts: &mut BTreeMap<String, String>, path: String, value: &Value) {
    let below = |name: &str| match path.as_str() {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                flatten(facts, below(name), value);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                let own = value.get("id").or_else(|| value.get("code"));
                let name = own.and_then(Value::as_str).map(str::to_owned);
                let name = name.unwrap_or_else(|| (index + 1).to_string());
                flatten(facts, below(&name), value);
            }
        }
        Value::String(text) => {
            facts.insert(path, text.clone());
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            facts.insert(path, value.to_string());
        }
    }
}

fn differences(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<Field> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name));
    let field = |name: &String| Field {
        what: name.clone(),
        before: before.get(name).cloned(),
        after: after.get(name).cloned(),
    };
    changed.map(field).collect()
}
