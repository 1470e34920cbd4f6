//! Configuration files in TOML: every mistake is found before any is reported.

use crate::file;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use toml::{Table, Value};

const MAX_FILE_BYTES: u64 = 1 << 20;

/// One mistake: where it is, what stands there, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub file: String,
    pub key: String,
    /// What stands there; `None` where something is missing.
    pub value: Option<String>,
    pub expected: String,
}

impl Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            file,
            key,
            value,
            expected,
        } = self;
        match value {
            Some(value) => write!(f, "{file}: {key} = {value}: expected {expected}"),
            None => write!(f, "{file}: {key} is missing: expected {expected}"),
        }
    }
}

/// Every mistake of a configuration, one per line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl Display for Mistakes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            let line_end = if index == 0 { "" } else { "\n" };
            write!(f, "{line_end}{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// Reads settings one by one, by dotted key, and collects the mistakes. [`Reader::finish`] adds
/// the keys that nobody asked for.
#[derive(Debug)]
pub struct Reader {
    file: String,
    folder: PathBuf,
    table: Table,
    asked: BTreeSet<String>,
    mistakes: Vec<Mistake>,
}

impl Reader {
    /// A reader of the file `path`. A file that cannot be read or is not TOML is a mistake like
    /// any other: it shows at [`Reader::finish`], with everything that is then missing left out.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        let mut reader = Self::empty();
        reader.file = path.display().to_string();
        path.parent()
            .unwrap_or(Path::new(""))
            .clone_into(&mut reader.folder);
        match read_table(path) {
            Ok(table) => reader.table = table,
            Err((value, expected)) => reader.mistake("(file)", Some(value), expected),
        }
        reader
    }

    /// A reader of a configuration that says nothing: every default holds.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            file: "(no file)".to_owned(),
            folder: PathBuf::new(),
            table: Table::new(),
            asked: BTreeSet::new(),
            mistakes: Vec::new(),
        }
    }

    /// The value of `key`, which must be there. `None` is a mistake and shows at `finish`.
    pub fn required<T: FromStr>(&mut self, key: &str, expected: &str) -> Option<T> {
        if !self.has(key) {
            self.asked.insert(key.to_owned());
            self.mistake(key, None, expected);
            return None;
        }
        self.parse(key, expected)
    }

    /// The value of `key`, or `default` where it is absent. A value that does not fit is a
    /// mistake; `default` is returned in its place.
    pub fn optional<T: FromStr>(&mut self, key: &str, default: T, expected: &str) -> T {
        self.maybe(key, expected).unwrap_or(default)
    }

    /// The value of `key`, if it is there.
    pub fn maybe<T: FromStr>(&mut self, key: &str, expected: &str) -> Option<T> {
        self.asked.insert(key.to_owned());
        if self.has(key) {
            self.parse(key, expected)
        } else {
            None
        }
    }

    /// The integer `key`, or `default`; it must lie within `range`.
    pub fn within(&mut self, key: &str, default: u64, range: std::ops::RangeInclusive<u64>) -> u64 {
        let expected = format!("an integer from {} to {}", range.start(), range.end());
        let value = self.optional(key, default, &expected);
        if range.contains(&value) {
            return value;
        }
        self.mistake(key, Some(value.to_string()), expected);
        default
    }

    /// The path `key`, which must be there. A relative path is meant from the file's folder.
    pub fn required_path(&mut self, key: &str, expected: &str) -> Option<PathBuf> {
        let path: PathBuf = self.required(key, expected)?;
        Some(self.folder.join(path))
    }

    /// The path `key`, or `default`. A relative path is meant from the file's folder.
    pub fn path(&mut self, key: &str, default: &str) -> PathBuf {
        let path = self.optional(key, PathBuf::from(default), "a path");
        self.folder.join(path)
    }

    /// The path `key`, if it is there. A relative path is meant from the file's folder.
    pub fn maybe_path(&mut self, key: &str) -> Option<PathBuf> {
        let path: PathBuf = self.maybe(key, "a path")?;
        Some(self.folder.join(path))
    }

    /// The list `key`; empty where it is absent.
    pub fn list<T: FromStr>(&mut self, key: &str, expected: &str) -> Vec<T> {
        self.asked.insert(key.to_owned());
        let Some(value) = lookup(&self.table, key).cloned() else {
            return Vec::new();
        };
        let Value::Array(values) = &value else {
            self.mistake(key, Some(value.to_string()), format!("a list: {expected}"));
            return Vec::new();
        };
        let mut parsed = Vec::new();
        for one in values {
            match scalar(one).and_then(|text| text.parse().ok()) {
                Some(one) => parsed.push(one),
                None => self.mistake(key, Some(one.to_string()), expected),
            }
        }
        parsed
    }

    /// Whether the configuration says anything about `key`, be it a value or a section.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        lookup(&self.table, key).is_some()
    }

    /// How many tables the list of tables `key` has; their keys are `key.0.…`, `key.1.…`. 0 for anything else.
    #[must_use]
    pub fn tables(&self, key: &str) -> usize {
        match lookup(&self.table, key) {
            Some(Value::Array(values)) if is_of_tables(values) => values.len(),
            Some(_) | None => 0,
        }
    }

    /// Adds a mistake that only the caller can see.
    pub fn mistake(&mut self, key: &str, value: Option<String>, expected: impl Into<String>) {
        self.mistakes.push(Mistake {
            file: self.file.clone(),
            key: key.to_owned(),
            value,
            expected: expected.into(),
        });
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Every mistake found, and every key that nobody asked for.
    pub fn finish(mut self) -> Result<(), Mistakes> {
        if self.mistakes.iter().any(|mistake| mistake.key == "(file)") {
            self.mistakes.retain(|mistake| mistake.key == "(file)");
        }
        let table = std::mem::take(&mut self.table);
        for (key, value) in leaves("", &table) {
            if !self.asked.contains(&key) {
                self.mistake(&key, Some(value), "nothing, as there is no such key");
            }
        }
        if self.mistakes.is_empty() {
            Ok(())
        } else {
            Err(Mistakes(self.mistakes))
        }
    }

    /// Ends the reading with the settings that were read: `read` is `None` only where something
    /// required is missing.
    ///
    /// # Errors
    /// As [`Reader::finish`].
    pub fn finish_with<S>(self, read: Option<S>) -> Result<S, Mistakes> {
        let file = self.file.clone();
        self.finish()?;
        read.ok_or_else(|| {
            Mistakes(vec![Mistake {
                file,
                key: "(file)".to_owned(),
                value: None,
                expected: "every required setting".to_owned(),
            }])
        })
    }

    fn parse<T: FromStr>(&mut self, key: &str, expected: &str) -> Option<T> {
        self.asked.insert(key.to_owned());
        let value = lookup(&self.table, key)?.clone();
        let parsed = scalar(&value).and_then(|text| text.parse().ok());
        if parsed.is_none() {
            self.mistake(key, Some(value.to_string()), expected);
        }
        parsed
    }
}

fn read_table(path: &Path) -> Result<Table, (String, String)> {
    let bytes = file::read_at_most(path, MAX_FILE_BYTES).map_err(|error| {
        let cause = error.io().map_or_else(String::new, |io| format!(" ({io})"));
        (format!("{error}{cause}"), "a readable TOML file".to_owned())
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|error| (error.to_string(), "text in UTF-8".to_owned()))?;
    text.parse().map_err(|error: toml::de::Error| {
        let line = error
            .span()
            .and_then(|span| text.get(..span.start))
            .map_or(1, |before| before.matches('\n').count() + 1);
        (
            format!("line {line}: {}", error.message()),
            "TOML".to_owned(),
        )
    })
}

fn lookup<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        Some((first, rest)) => lookup_in(table.get(first)?, rest),
        None => table.get(key),
    }
}

fn lookup_in<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    match value {
        Value::Table(table) => lookup(table, key),
        Value::Array(values) => {
            let (number, rest) = key.split_once('.')?;
            lookup_in(values.get(number.parse::<usize>().ok()?)?, rest)
        }
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => None,
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => Some(value.to_string()),
        Value::Datetime(_) | Value::Array(_) | Value::Table(_) => None,
    }
}

fn is_of_tables(values: &[Value]) -> bool {
    !values.is_empty() && values.iter().all(Value::is_table)
}

fn leaves(prefix: &str, table: &Table) -> Vec<(String, String)> {
    let name = |key: &String| format!("{prefix}{key}");
    table
        .iter()
        .flat_map(|(key, value)| match value {
            Value::Table(inner) => leaves(&format!("{}.", name(key)), inner),
            Value::Array(values) if is_of_tables(values) => values
                .iter()
                .enumerate()
                .filter_map(|(number, value)| Some((number, value.as_table()?)))
                .flat_map(|(number, inner)| leaves(&format!("{}.{number}.", name(key)), inner))
                .collect(),
            Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_) => vec![(name(key), value.to_string())],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(text: &str) -> (tempfile::TempDir, Reader) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.toml");
        std::fs::write(&path, text).unwrap();
        let reader = Reader::open(&path);
        (folder, reader)
    }

    #[test]
    fn all_mistakes_are_reported_at_once_with_file_key_value_and_expectation() {
        let (_folder, mut reader) = reader("width = \"wide\"\ncolour = 1\n[output]\nfps = 500\n");
        let _: Option<String> = reader.required("site", "a site name");
        let _: u32 = reader.optional("width", 1, "an integer");
        let _: u64 = reader.within("output.fps", 60, 1..=120);
        let Mistakes(mistakes) = reader.finish().unwrap_err();
        let lines: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        let ends = [
            "test.toml: site is missing: expected a site name",
            "test.toml: width = \"wide\": expected an integer",
            "test.toml: output.fps = 500: expected an integer from 1 to 120",
            "test.toml: colour = 1: expected nothing, as there is no such key",
        ];
        assert_eq!(lines.len(), ends.len(), "{lines:#?}");
        for (line, end) in lines.iter().zip(ends) {
            assert!(line.ends_with(end), "{line}");
        }
    }

    #[test]
    fn values_lists_and_relative_paths_are_read() {
        let (folder, mut reader) = reader("a = 3\nb = \"x/y\"\n[c]\nd = [\"1\", \"2\"]\n");
        assert_eq!(reader.required("a", "an integer"), Some(3_u8));
        assert_eq!(reader.path("b", "z"), folder.path().join("x/y"));
        assert_eq!(reader.path("e", "/abs"), PathBuf::from("/abs"));
        assert_eq!(reader.list::<u8>("c.d", "integers"), [1, 2]);
        assert_eq!(reader.finish_with(Some(5)), Ok(5));
    }

    #[test]
    fn lists_of_tables_are_read_by_number_and_what_nobody_asked_for_in_them_is_found() {
        let (_folder, mut reader) = reader("[[o]]\na = 1\n[[o]]\na = 2\nb = { c = 3 }\nd = 4\n");
        assert_eq!(reader.tables("o"), 2);
        assert_eq!(reader.required("o.0.a", "an integer"), Some(1));
        assert_eq!(reader.required("o.1.a", "an integer"), Some(2));
        assert_eq!(reader.required("o.1.b.c", "an integer"), Some(3));
        let Mistakes(mistakes) = reader.finish().unwrap_err();
        let keys: Vec<_> = mistakes.iter().map(|mistake| &mistake.key).collect();
        assert_eq!(keys, ["o.1.d"]);
    }

    #[test]
    fn a_file_that_is_not_there_or_not_toml_is_the_only_mistake() {
        let (_folder, mut broken) = reader("a = 1\nb = = 2\n");
        let _: Option<String> = broken.required("site", "a site name");
        let Mistakes(mistakes) = broken.finish().unwrap_err();
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert!(mistakes[0].value.as_deref().unwrap().starts_with("line 2"));
        let absent = Reader::open(Path::new("/nowhere/x.toml")).finish();
        assert_eq!(absent.unwrap_err().0.len(), 1);
    }
}
