//! Pictures, films and spoken texts of a content: there, whole, what their names say, and not larger
//! than a kiosk needs.

use super::finding::Findings;
use super::sheets::{Key, LANGUAGES};
use super::tables::{Row, Tables};
use crate::files;
use anyhow::{Context as _, Result};
use cotmoc_lookup::Content;
use cotmoc_lookup::content::MediaPath;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const MAX_PICTURE_BYTES: u64 = 4 << 20;
const MAX_PICTURE_EDGE: usize = 4_096;
const MAX_SOUND_BYTES: u64 = 16 << 20;
const MAX_FILM_BYTES: u64 = 256 << 20;

/// Where media are.
#[derive(Debug)]
pub struct Places {
    /// The content's own.
    pub kept: PathBuf,
    /// Where the import finds new ones; these come first.
    pub new: PathBuf,
}

/// Looks at every file that the content needs; those that are not kept yet.
pub fn check(
    content: Option<&Content>,
    tables: &Tables,
    places: &Places,
    findings: &Findings,
) -> Result<Vec<MediaPath>> {
    let needed: BTreeSet<&MediaPath> = content
        .iter()
        .flat_map(|content| content.media().map(|(_, file)| file))
        .collect();
    let mut copies = Vec::new();
    for file in needed {
        let new = places.new.join(file.as_str());
        let kept = places.kept.join(file.as_str());
        let path = if new.is_file() { &new } else { &kept };
        let wrong = look(path, file)?;
        if let Some((vi, en)) = wrong {
            for (row, heading) in users(tables, file) {
                let name = file.as_str();
                findings.cell(
                    row,
                    &heading,
                    format!("{name}: {vi}"),
                    format!("{name}: {en}"),
                );
            }
        } else if path == &new && !is_same(&new, &kept)? {
            copies.push(file.clone());
        }
    }
    Ok(copies)
}

/// Takes new files into the content's own folder.
pub fn copy(files: &[MediaPath], places: &Places) -> Result<()> {
    std::fs::create_dir_all(&places.kept)
        .with_context(|| format!("create {}", places.kept.display()))?;
    for file in files {
        let bytes = read(&places.new.join(file.as_str()))?;
        files::replace(&places.kept.join(file.as_str()), &bytes)?;
    }
    Ok(())
}

/// The bytes of a media file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    files::read(path, MAX_FILM_BYTES)
}

fn is_same(new: &Path, kept: &Path) -> Result<bool> {
    Ok(kept.is_file() && read(new)? == read(kept)?)
}

/// What is wrong with a file, in both languages.
fn look(path: &Path, file: &MediaPath) -> Result<Option<(String, String)>> {
    let said = |vi: &str, en: &str| Ok(Some((vi.to_owned(), en.to_owned())));
    let Ok(meta) = path.metadata() else {
        return said(
            "không có tệp này, hãy đặt vào thư mục media",
            "is not there, put it into the folder media",
        );
    };
    let extension = file.as_str().rsplit_once('.').map_or("", |(_, last)| last);
    let most = match extension {
        "mp4" => MAX_FILM_BYTES,
        "opus" => MAX_SOUND_BYTES,
        _ => MAX_PICTURE_BYTES,
    };
    if meta.len() > most {
        let (has, most) = (meta.len() >> 10, most >> 20);
        return Ok(Some((
            format!("có {has} KiB, hãy thu nhỏ còn nhiều nhất {most} MiB"),
            format!("has {has} KiB, make it smaller than {most} MiB"),
        )));
    }
    let bytes = read(path)?;
    if !is_what_it_says(extension, &bytes) {
        return Ok(Some((
            format!("không phải tệp .{extension} nguyên vẹn, hãy xuất lại"),
            format!("is no whole .{extension} file, export it again"),
        )));
    }
    let size = imagesize::blob_size(&bytes).ok();
    let is_picture = matches!(extension, "webp" | "avif");
    match size.filter(|_size| is_picture) {
        Some(size) if size.width.max(size.height) > MAX_PICTURE_EDGE => {
            let (width, height) = (size.width, size.height);
            Ok(Some((
                format!("có {width}×{height} điểm, hãy thu nhỏ còn nhiều nhất {MAX_PICTURE_EDGE}"),
                format!("has {width}×{height} pixels, scale it to {MAX_PICTURE_EDGE} at most"),
            )))
        }
        None if is_picture => said("hình bị hỏng, hãy xuất lại", "is damaged, export it again"),
        Some(_) | None => Ok(None),
    }
}

fn is_what_it_says(extension: &str, bytes: &[u8]) -> bool {
    let has = |at: usize, text: &[u8]| bytes.get(at..).is_some_and(|rest| rest.starts_with(text));
    let brand = |brands: &[&[u8]]| has(4, b"ftyp") && brands.iter().any(|brand| has(8, brand));
    match extension {
        "webp" => {
            let length = bytes.get(4..8).and_then(|four| four.try_into().ok());
            let length = length.map_or(0, u32::from_le_bytes);
            let whole = u32::try_from(bytes.len()).ok() == length.checked_add(8);
            has(0, b"RIFF") && has(8, b"WEBP") && whole
        }
        "avif" => brand(&[b"avif", b"avis"]),
        "mp4" => has(4, b"ftyp") && !brand(&[b"avif", b"avis"]),
        _ => has(0, b"OggS"),
    }
}

/// The cells that name a file.
fn users<'t>(tables: &'t Tables, file: &MediaPath) -> Vec<(&'t Row, String)> {
    let names = |row: &Row, heading: &str| row.text(heading).as_deref() == Some(file.as_str());
    let spoken = LANGUAGES.map(|language| format!("audio.{language}"));
    let file_column = vec!["file".to_owned()];
    let mut users = Vec::new();
    for (key, headings) in [
        (Key::Pictures, &file_column),
        (Key::Map, &file_column),
        (Key::Entries, &spoken.to_vec()),
    ] {
        for row in tables.rows(key) {
            let used = headings.iter().filter(|name| names(row, name)).cloned();
            users.extend(used.map(|heading| (row, heading)));
        }
    }
    users
}
