//! `cotmoc lookup show` and `search`: what a package holds, and what a visitor finds in it.

use super::package::{Package, content_of};
use crate::out::Out;
use crate::table::Table;
use crate::{clock, format};
use anyhow::{Context as _, Result};
use cotmoc_lookup::content::KindTag;
use cotmoc_lookup::package::Limits;
use cotmoc_lookup::query::Effort;
use cotmoc_lookup::{Content, Language, Searcher};
use cotmoc_proto::EntryId;
use std::collections::BTreeMap;
use std::path::Path;

const ANSWERS: usize = 10;

pub fn run(out: Out, folder: &Path, entry: Option<&EntryId>) -> Result<()> {
    let lookup = Package::in_folder(folder)?.verified()?;
    let Some(id) = entry else {
        let content = content_of(&lookup)?;
        summary(out, &content);
        let mut table = Table::new([
            out.either("Mã", "Id"),
            out.either("Loại", "Kind"),
            out.either("Nhóm", "Category"),
            out.either("Tên", "Name"),
        ]);
        for entry in &content.entries {
            table.row([
                entry.id.to_string(),
                kind(entry.kind.tag()),
                entry.category.to_string(),
                entry.texts.vi.name.clone(),
            ]);
        }
        out.say("");
        out.table(&table);
        out.document(&content)?;
        return Ok(());
    };
    let found = lookup.entry(id).context("the entry cannot be read")?;
    let found = found.with_context(|| format!("the package has no entry {id}"))?;
    out.say(serde_json::to_string_pretty(&found)?);
    out.document(&found)?;
    Ok(())
}

/// What whoever signs must know of a content: how much of what, in which languages, whether it is tried.
pub fn summary(out: Out, content: &Content) {
    let mut kinds: BTreeMap<KindTag, usize> = BTreeMap::new();
    let mut missing = [0_usize; 2];
    for entry in &content.entries {
        *kinds.entry(entry.kind.tag()).or_default() += 1;
        let [zh, en] = &mut missing;
        *zh += usize::from(entry.texts.zh.is_none());
        *en += usize::from(entry.texts.en.is_none());
    }
    let kinds: Vec<String> = kinds
        .into_iter()
        .map(|(tag, count)| format!("{} {count}", kind(tag)))
        .collect();
    let head = content;
    let zone = &head.cluster.window.zone;
    let fact = |vi: &str, en: &str, value: &str| {
        out.say(format_args!("{}: {value}", out.either(vi, en)));
    };
    fact("Cụm", "Cluster", &head.cluster.name.vi);
    fact(
        "Nội dung ngày",
        "Content of",
        &format::date_time(zone, head.created),
    );
    let count = content.entries.len();
    fact(
        "Mục tra cứu",
        "Entries",
        &format!("{count} ({})", kinds.join(", ")),
    );
    let [zh, en] = missing;
    fact(
        "Chưa dịch",
        "Not translated",
        &format!("中文 {zh}, English {en}"),
    );
    fact(
        "Nhóm, đơn vị hành chính, số khẩn cấp",
        "Categories, units, emergency numbers",
        &format!(
            "{}, {}, {}",
            head.categories.len(),
            head.units.len(),
            head.emergency.len()
        ),
    );
    fact(
        "Hình, phim, âm thanh",
        "Pictures, films, sounds",
        &content.media().count().to_string(),
    );
    fact(
        "Câu hỏi kiểm tra, đều tìm đúng",
        "Canary queries, all of which find what they must",
        &content.canaries.len().to_string(),
    );
}

pub fn search(out: Out, folder: &Path, typed: &str, language: Language) -> Result<()> {
    let lookup = Package::in_folder(folder)?.verified()?;
    let limits = Limits {
        now: clock::now(),
        count: ANSWERS,
        category: None,
        effort: Effort::Full,
    };
    let answer = lookup.search(&mut Searcher::new(), typed, &limits);
    let mut table = Table::new([
        out.either("Mã", "Id"),
        out.either("Loại", "Kind"),
        out.either("Tên", "Name"),
    ]);
    let mut found = Vec::new();
    for hit in &answer.hits {
        let entry = lookup
            .entry_at(hit.document)
            .context("an entry of the package cannot be read")?;
        let Some(entry) = entry else { continue };
        let name = entry.name(language).value.to_owned();
        table.row([entry.id.to_string(), kind(entry.kind.tag()), name.clone()]);
        found.push(serde_json::json!({ "id": entry.id, "name": name }));
    }
    if found.is_empty() {
        out.say(out.either("Không tìm thấy gì.", "Nothing was found."));
    } else {
        out.table(&table);
    }
    out.document(&serde_json::json!({ "query": typed, "found": found }))?;
    Ok(())
}

fn kind(tag: KindTag) -> String {
    let word = serde_json::to_value(tag).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}
