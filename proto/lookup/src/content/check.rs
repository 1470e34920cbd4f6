//! Everything that is wrong with a content, all at once, so that an agency corrects it in one go.

mod entries;
mod report;

use super::{Canary, Category, Cluster, Content, Defect, MapPicture, Problem, Synonyms};
use cotmoc_proto::{CategoryId, EntryId, UnitCode};
use report::Report;
use std::collections::BTreeMap;

/// The most entries that one content may have.
pub const MAX_ENTRIES: usize = 100_000;
/// A content with this many entries or more has at least this many canary queries.
pub const MIN_CANARIES: usize = 50;
const MAX_CATEGORIES: usize = 500;
const MAX_UNITS: usize = 20_000;
const MAX_CANARIES: usize = 5_000;
const MAX_SYNONYMS: usize = 5_000;
const NAME_CHARS: usize = 160;

impl Content {
    /// Everything that is wrong with it; a content without defects can be built into a package.
    #[must_use]
    pub fn defects(&self) -> Vec<Defect> {
        let mut report = Report::default();
        let names = Names::of(self, &mut report);
        check_cluster(&self.cluster, &mut report);
        if let Some(map) = &self.map {
            check_map(map, &mut report);
        }
        for (index, category) in self.categories.iter().enumerate() {
            report.member("categories", index, category.id.as_str());
            check_category(category, &names, &mut report);
        }
        for (index, entry) in self.entries.iter().enumerate() {
            report.member("entries", index, entry.id.as_str());
            entries::check(entry, &names, &mut report);
        }
        for (index, unit) in self.units.iter().enumerate() {
            report.member("units", index, unit.code.as_str());
            report.localized("name", &unit.name, NAME_CHARS);
            report.texts("old_names", &unit.old_names, NAME_CHARS);
        }
        for (index, synonyms) in self.synonyms.iter().enumerate() {
            report.member("synonyms", index, "");
            check_synonyms(synonyms, &mut report);
        }
        for (index, canary) in self.canaries.iter().enumerate() {
            report.member("canaries", index, "");
            check_canary(canary, &names, &mut report);
        }
        for (index, contact) in self.emergency.iter().enumerate() {
            report.member("emergency", index, contact.number.as_str());
            report.localized("name", &contact.name, NAME_CHARS);
        }
        self.check_counts(&mut report);
        report.defects
    }

    fn check_counts(&self, report: &mut Report) {
        report.list("categories");
        report.count("", self.categories.len(), 1..=MAX_CATEGORIES);
        report.list("entries");
        report.count("", self.entries.len(), 1..=MAX_ENTRIES);
        report.list("units");
        report.count("", self.units.len(), 0..=MAX_UNITS);
        report.list("synonyms");
        report.count("", self.synonyms.len(), 0..=MAX_SYNONYMS);
        report.list("canaries");
        let least = self.entries.len().min(MIN_CANARIES);
        report.count("", self.canaries.len(), least..=MAX_CANARIES);
        report.list("emergency");
        report.count("", self.emergency.len(), 1..=20);
    }
}

/// What entries, categories and canaries may refer to.
struct Names<'c> {
    parents: BTreeMap<&'c CategoryId, Option<&'c CategoryId>>,
    entries: BTreeMap<&'c EntryId, usize>,
    units: BTreeMap<&'c UnitCode, usize>,
}

impl<'c> Names<'c> {
    fn of(content: &'c Content, report: &mut Report) -> Self {
        let categories = content.categories.iter().map(|category| &category.id);
        report.unique("categories", categories);
        let parents = content.categories.iter();
        Self {
            parents: parents
                .map(|category| (&category.id, category.parent.as_ref()))
                .collect(),
            entries: report.unique("entries", content.entries.iter().map(|entry| &entry.id)),
            units: report.unique("units", content.units.iter().map(|unit| &unit.code)),
        }
    }
}

fn check_cluster(cluster: &Cluster, report: &mut Report) {
    report.list("cluster");
    report.localized("name", &cluster.name, NAME_CHARS);
    report.localized("address", &cluster.address, NAME_CHARS);
    report.localized("staff", &cluster.staff, NAME_CHARS);
    if cluster.window.defect().is_some() {
        report.ends_before_start("window");
    }
}

fn check_map(map: &MapPicture, report: &mut Report) {
    report.list("map");
    entries::check_picture("picture", &map.picture, report);
    let (north, west) = map.north_west.microdeg();
    let (south, east) = map.south_east.microdeg();
    if north <= south || west >= east {
        report.add("south_east", Problem::MapTurned);
    }
}

fn check_category(category: &Category, names: &Names, report: &mut Report) {
    report.localized("name", &category.name, NAME_CHARS);
    let Some(parent) = &category.parent else {
        return;
    };
    if !names.parents.contains_key(parent) {
        return report.unknown("parent", parent.as_str());
    }
    let up = |id: &&CategoryId| names.parents.get(*id).copied().flatten();
    let mut above = std::iter::successors(Some(parent), up).take(names.parents.len());
    if above.any(|id| id == &category.id) {
        report.cycle("parent");
    }
}

fn check_synonyms(synonyms: &Synonyms, report: &mut Report) {
    report.count("words", synonyms.words.len(), 2..=30);
    report.texts("words", &synonyms.words, 60);
}

fn check_canary(canary: &Canary, names: &Names, report: &mut Report) {
    report.text("query", &canary.query, 80);
    report.count("expect", canary.expect.len(), 1..=10);
    for id in &canary.expect {
        if !names.entries.contains_key(id) {
            report.unknown("expect", id.as_str());
        }
    }
}
