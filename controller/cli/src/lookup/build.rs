//! `cotmoc lookup build`: a content becomes a package, in a folder that is exchanged as a whole.

use super::finding::Finding;
use super::folder::Folder;
use super::media;
use super::package::{CONTENT_BUNDLE, Package, content_of, ensure_canaries};
use super::show;
use crate::files;
use crate::out::Out;
use anyhow::{Context as _, Result, bail, ensure};
use cotmoc_lookup::Content;
use cotmoc_lookup::package::{self, BuildError, Listed, MEDIA, bundle};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

pub fn run(out: Out, from: &Path, to: &Path) -> Result<()> {
    let folder = Folder::new(from);
    let mut content = folder.content()?;
    if content.canaries.is_empty() {
        content.canaries = package::suggested_canaries(&content)?;
    }
    let listed = list(&folder, &content)?;
    let built = package::build(&content, &listed).map_err(|error| refused(out, error))?;
    let part = files::with_suffix(to, ".part");
    write(&part, &folder, &built)?;
    exchange(&part, to)?;
    let package = Package::in_folder(to)?;
    let lookup = package.verified()?;
    show::summary(out, &content_of(&lookup)?);
    out.say("");
    out.say(out.either(
        &format!("Đã đóng gói vào {}", to.display()),
        &format!("Built in {}", to.display()),
    ));
    out.say(out.either(
        "Tiếp theo: ghi [lookup] package = \"…\" trong chương trình, rồi cotmoc release draft",
        "Next: write [lookup] package = \"…\" in the programme, then cotmoc release draft",
    ));
    out.document(&serde_json::json!({
        "package": to,
        "entries": lookup.len(),
        "canaries": lookup.canaries().len(),
        "files": built.list,
    }))?;
    Ok(())
}

/// The media that the content needs, hashed.
fn list(folder: &Folder, content: &Content) -> Result<Vec<Listed>> {
    let needed: BTreeSet<&str> = content.media().map(|(_, file)| file.as_str()).collect();
    let mut listed = Vec::new();
    for name in needed {
        let path = folder.media().join(name);
        if path.is_file() {
            listed.push(Listed::of(&format!("{MEDIA}{name}"), &media::read(&path)?));
        }
    }
    Ok(listed)
}

/// Why nothing was built; all defects are told.
fn refused(out: Out, error: BuildError) -> anyhow::Error {
    match &error {
        BuildError::Defects(defects) => {
            for defect in defects {
                out.note(Finding {
                    file: "content.json".to_owned(),
                    sheet: defect.place.to_string(),
                    line: 0,
                    column: String::new(),
                    vi: String::new(),
                    en: String::new(),
                });
                let (vi, en) = (defect.problem.vi(), defect.problem.en());
                out.note(format_args!("    {}", out.either(&vi, &en)));
            }
        }
        BuildError::Canaries(failures) => {
            if let Err(error) = ensure_canaries(failures) {
                return error;
            }
        }
        BuildError::MediaMissing { .. } | BuildError::TooBig(_) | BuildError::Unreadable(_) => {}
    }
    anyhow::Error::new(error).context("no package was built")
}

fn write(part: &Path, folder: &Folder, built: &package::Package) -> Result<()> {
    if part.exists() {
        std::fs::remove_dir_all(part).with_context(|| format!("remove {}", part.display()))?;
    }
    std::fs::create_dir_all(part).with_context(|| format!("create {}", part.display()))?;
    files::create(&part.join(CONTENT_BUNDLE), 0o644, &built.bundle())?;
    for listed in built.media() {
        let Some(first) = listed.first() else {
            continue;
        };
        let path = part.join(format!("media-{:x}.lookup", bundle::number(first)));
        write_media(&path, folder, &listed).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

fn write_media(path: &Path, folder: &Folder, listed: &[&Listed]) -> Result<()> {
    let mut file = File::create_new(path)?;
    let listings: Vec<Listed> = listed.iter().map(|one| (*one).clone()).collect();
    file.write_all(&bundle::head(&listings))?;
    for one in listed {
        let name = one.path.strip_prefix(MEDIA).unwrap_or(&one.path);
        let bytes = media::read(&folder.media().join(name))?;
        ensure!(
            Listed::of(&one.path, &bytes) == **one,
            "{name} changed meanwhile: build again"
        );
        file.write_all(&bytes)?;
    }
    file.sync_all()?;
    Ok(())
}

/// Puts the new package in place of the old one. A folder that is no package is left alone.
fn exchange(part: &Path, to: &Path) -> Result<()> {
    if to.exists() && !to.join(CONTENT_BUNDLE).is_file() {
        bail!(
            "{} is there and holds no content package: choose another folder",
            to.display()
        );
    }
    let old = files::with_suffix(to, ".old");
    if old.exists() {
        std::fs::remove_dir_all(&old).with_context(|| format!("remove {}", old.display()))?;
    }
    if to.exists() {
        std::fs::rename(to, &old).with_context(|| format!("move {} away", to.display()))?;
    }
    std::fs::rename(part, to).with_context(|| format!("rename to {}", to.display()))?;
    if old.exists() {
        std::fs::remove_dir_all(&old).with_context(|| format!("remove {}", old.display()))?;
    }
    Ok(())
}
