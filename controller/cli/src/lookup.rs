//! `cotmoc lookup`: from an agency's spreadsheet to the content package of the kiosks.

mod build;
mod changes;
mod csv;
mod fields;
mod finding;
mod folder;
mod import;
mod media;
mod package;
mod parse;
mod rows;
mod sheets;
mod show;
mod tables;
mod template;
#[cfg(test)]
mod tests;
mod workbook;

pub use changes::{Changes, between, show as show_changes};
pub use package::{Package, content_of};
pub use show::summary;

use crate::End;
use crate::out::Out;
use anyhow::Result;
use cotmoc_lookup::Language;
use cotmoc_proto::EntryId;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Mẫu bảng tính để điền · Write the spreadsheet that agencies fill in
    Template {
        /// Where to write the workbook (.xlsx)
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Nhập bảng tính; thử trước, --apply mới ghi · Read spreadsheets; only --apply writes
    Import(import::Args),
    /// Xuất nội dung ra bảng tính · Write a content as a workbook, to be changed and imported again
    Export {
        /// The folder of the content
        #[arg(value_name = "CONTENT")]
        content: PathBuf,
        /// Where to write the workbook (.xlsx)
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Đóng gói nội dung · Build the content package, with its index and canary queries
    Build {
        /// The folder of the content
        #[arg(value_name = "CONTENT")]
        content: PathBuf,
        /// The folder of the package; a programme names it in [lookup]
        #[arg(long, value_name = "PACKAGE")]
        out: PathBuf,
    },
    /// Xem gói nội dung · Show what a package holds, or one entry of it
    Show {
        /// The folder of the package
        #[arg(value_name = "PACKAGE")]
        package: PathBuf,
        /// This entry alone
        #[arg(long, value_name = "ID")]
        entry: Option<EntryId>,
    },
    /// Tìm thử như khách · Search in a package as a visitor does
    Search {
        /// The folder of the package
        #[arg(value_name = "PACKAGE")]
        package: PathBuf,
        /// What a visitor types
        #[arg(required = true)]
        words: Vec<String>,
        /// The visitor's language: vi, zh or en
        #[arg(long, value_name = "LANGUAGE", default_value = "vi", value_parser = language)]
        language: Language,
    },
}

pub fn run(out: Out, command: &Command) -> Result<End> {
    match command {
        Command::Template { out: file } => template::run(out, file)?,
        Command::Import(args) => return import::run(out, args),
        Command::Export { content, out: file } => template::export(out, content, file)?,
        Command::Build {
            content,
            out: package,
        } => build::run(out, content, package)?,
        Command::Show { package, entry } => show::run(out, package, entry.as_ref())?,
        Command::Search {
            package,
            words,
            language,
        } => show::search(out, package, &words.join(" "), *language)?,
    }
    Ok(End::Done)
}

fn language(text: &str) -> Result<Language, String> {
    let found = Language::ALL
        .into_iter()
        .find(|language| language.to_string() == text);
    found.ok_or_else(|| "expected vi, zh or en".to_owned())
}
