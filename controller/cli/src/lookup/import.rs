//! `cotmoc lookup import`: reads what agencies fill in, tells everything that is wrong with it, and
//! writes only what is wholly right, only if asked.

use super::changes::{self, between};
use super::finding::{Finding, Findings};
use super::folder::Folder;
use super::sheets::Sheet;
use super::tables::{Source, Tables};
use super::{csv, media, parse, rows, workbook};
use crate::out::Out;
use crate::{End, clock, files};
use anyhow::{Context as _, Result};
use cotmoc_lookup::Content;
use std::path::{Path, PathBuf};

const MAX_FILE_BYTES: u64 = 64 << 20;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Workbooks (.xlsx) or tables (.csv, called after their table: entries.csv)
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The folder of the content; it is made if it is not there
    #[arg(long, value_name = "CONTENT")]
    into: PathBuf,
    /// Where pictures and spoken texts lie [default: the folder media beside the first file]
    #[arg(long, value_name = "DIR")]
    media: Option<PathBuf>,
    /// The files are the whole content: what is not in them is removed
    #[arg(long)]
    whole: bool,
    /// Write, if nothing is wrong
    #[arg(long)]
    apply: bool,
}

pub fn run(out: Out, args: &Args) -> Result<End> {
    let folder = Folder::new(&args.into);
    let old = folder.load()?;
    let findings = Findings::default();
    let mut new = Tables::default();
    for file in &args.files {
        read(out, file, &mut new, &findings)?;
    }
    let mut tables = match (&old, args.whole) {
        (Some(old), false) => rows::of(old, "content.json"),
        (Some(_) | None, _) => Tables::default(),
    };
    tables.merge(new);
    let content = parse::content(&tables, clock::now(), &findings);
    let from = args.media.clone().unwrap_or_else(|| beside(&args.files));
    let places = media::Places {
        kept: folder.media(),
        new: from,
    };
    let copies = media::check(content.as_ref(), &tables, &places, &findings)?;
    let list = findings.into_list();
    let Some(content) = content.filter(|_content| list.is_empty()) else {
        return tell(out, &list);
    };
    let is_same = old.as_ref().is_some_and(|old| {
        let created = old.created;
        *old == Content {
            created,
            ..content.clone()
        }
    }) && copies.is_empty();
    let changes = between(old.as_ref(), &content);
    changes::show(out, old.is_some(), &changes);
    if args.apply && !is_same {
        media::copy(&copies, &places)?;
        folder.save(&content)?;
    }
    report(out, args, is_same);
    out.document(&serde_json::json!({
        "content": args.into,
        "entries": content.entries.len(),
        "changes": changes,
        "applied": args.apply && !is_same,
        "findings": [],
    }))?;
    Ok(End::Done)
}

fn beside(files: &[PathBuf]) -> PathBuf {
    let first = files.first().and_then(|file| file.parent());
    first.unwrap_or(Path::new("")).join("media")
}

fn read(out: Out, file: &Path, tables: &mut Tables, findings: &Findings) -> Result<()> {
    let bytes = files::read(file, MAX_FILE_BYTES)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let extension = file.extension().unwrap_or_default().to_string_lossy();
    let read = if extension.eq_ignore_ascii_case("csv") {
        read_csv(out, file, &bytes, findings)?
    } else {
        workbook::read(&name, &bytes, findings)?
    };
    for (key, rows) in read.sheets {
        tables.sheets.entry(key).or_default().extend(rows);
    }
    Ok(())
}

fn read_csv(out: Out, file: &Path, bytes: &[u8], findings: &Findings) -> Result<Tables> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let sheet = Sheet::named(&stem).with_context(|| {
        let known: Vec<String> = super::sheets::SHEETS
            .iter()
            .map(|sheet| format!("{}.csv", sheet.key.as_str()))
            .collect();
        format!(
            "{name}: no table is called so; call the file one of {}",
            known.join(", ")
        )
    })?;
    let source = Source {
        file: name.clone().into_owned(),
        sheet: sheet.key.as_str().to_owned(),
    };
    let (lines, guessed) = csv::read(&name, bytes)?;
    if let Some(encoding) = guessed {
        let vi = format!("{name}: đọc theo bảng mã {encoding}; hãy xem kỹ dấu tiếng Việt");
        let en = format!("{name}: read as {encoding}; look at the Vietnamese letters with care");
        out.note(out.either(&vi, &en));
    }
    let rows = csv::table(sheet, &source, lines, findings);
    let mut tables = Tables::default();
    tables.sheets.insert(sheet.key, rows);
    Ok(tables)
}

/// Everything that is wrong. Nothing has been changed.
fn tell(out: Out, findings: &[Finding]) -> Result<End> {
    for finding in findings {
        out.say(finding);
        out.say(format_args!("    {}", out.either(&finding.vi, &finding.en)));
    }
    out.say("");
    let count = findings.len();
    out.say(out.either(
        &format!("{count} chỗ cần sửa. Chưa có gì thay đổi."),
        &format!("{count} to correct. Nothing was changed."),
    ));
    out.document(&serde_json::json!({ "applied": false, "findings": findings }))?;
    Ok(End::Wrong)
}

fn report(out: Out, args: &Args, is_same: bool) {
    let into = args.into.display();
    out.say("");
    if is_same {
        return out.say(out.either("Không có gì mới.", "Nothing is new."));
    }
    if !args.apply {
        return out.say(out.either(
            "Không có lỗi. Chưa ghi gì: thêm --apply để ghi.",
            "Nothing is wrong. Nothing was written: add --apply to write.",
        ));
    }
    out.say(out.either(
        &format!("Đã ghi vào {into}. Tiếp theo: cotmoc lookup build {into} --out …"),
        &format!("Written to {into}. Next: cotmoc lookup build {into} --out …"),
    ));
}
