//! The folder of a built package: the bundle of the content, and those of the media.

use crate::files;
use anyhow::{Context as _, Result, bail, ensure};
use cotmoc_lookup::package::bundle::{Directory, HEADER_BYTES};
use cotmoc_lookup::package::{Failure, MEDIA};
use cotmoc_lookup::{Content, Lookup};
use cotmoc_proto::release::MAX_LOOKUP_BYTES;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Name of the bundle of the content.
pub const CONTENT_BUNDLE: &str = "content.lookup";

/// A package that was built, in a folder or from a release.
#[derive(Debug)]
pub struct Package {
    pub content: PathBuf,
    /// By name.
    pub media: Vec<PathBuf>,
}

impl Package {
    /// The package in `folder`.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        let content = folder.join(CONTENT_BUNDLE);
        if !content.is_file() {
            bail!(
                "{} holds no content package: `cotmoc lookup build CONTENT --out {0}` makes one",
                folder.display()
            );
        }
        let listed = std::fs::read_dir(folder)
            .with_context(|| format!("list the folder {}", folder.display()))?;
        let mut media = Vec::new();
        for entry in listed {
            let path = entry
                .with_context(|| format!("list the folder {}", folder.display()))?
                .path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("media-") && name.ends_with(".lookup") {
                media.push(path);
            }
        }
        media.sort();
        Ok(Self { content, media })
    }

    /// The content, as far as it can be opened.
    pub fn open(&self) -> Result<Lookup<Arc<[u8]>>> {
        let shown = self.content.display();
        let bytes = files::read(&self.content, MAX_LOOKUP_BYTES)?;
        Lookup::of_bundle(&bytes).with_context(|| format!("{shown} is not a content package"))
    }

    /// The content, after everything that a kiosk tries before it shows it.
    pub fn verified(&self) -> Result<Lookup<Arc<[u8]>>> {
        let lookup = self.open()?;
        ensure_canaries(&lookup.run_canaries())?;
        let content = content_of(&lookup)?;
        let there = self.media_files()?;
        for (entry, file) in content.media() {
            let path = format!("{MEDIA}{}", file.as_str());
            let what = entry.map_or_else(|| "the map".to_owned(), |id| format!("entry {id}"));
            ensure!(
                there.contains(&path),
                "{what} needs {}, which the package does not hold: build it again",
                file.as_str()
            );
        }
        Ok(lookup)
    }

    /// The media files that the bundles list.
    fn media_files(&self) -> Result<BTreeSet<String>> {
        let mut files = BTreeSet::new();
        for path in &self.media {
            let directory = directory(path)
                .with_context(|| format!("{} is not a media bundle", path.display()))?;
            let placed = directory.files().iter();
            files.extend(placed.map(|placed| placed.listed.path.clone()));
        }
        Ok(files)
    }
}

/// The content that a package holds, whole.
pub fn content_of(lookup: &Lookup<Arc<[u8]>>) -> Result<Content> {
    let entries: Result<Vec<_>, _> = lookup.entries().collect();
    Ok(Content {
        entries: entries.context("an entry of the package cannot be read")?,
        canaries: lookup.canaries().to_vec(),
        ..lookup.head().clone()
    })
}

/// Refuses a package whose canary queries do not find what they must.
pub fn ensure_canaries(failures: &[Failure]) -> Result<()> {
    let lines: Vec<String> = failures
        .iter()
        .map(|failure| {
            let missing: Vec<&str> = failure.missing.iter().map(|id| id.as_str()).collect();
            format!("{:?} does not find {}", failure.query, missing.join(", "))
        })
        .collect();
    ensure!(
        lines.is_empty(),
        "{} canary queries fail\n{}",
        lines.len(),
        lines.join("\n")
    );
    Ok(())
}

fn directory(path: &Path) -> Result<Directory> {
    let mut file = File::open(path)?;
    let mut head = vec![0; HEADER_BYTES];
    file.read_exact(&mut head)?;
    let length = Directory::head_bytes(&head)?;
    head.resize(length, 0);
    let rest = head.get_mut(HEADER_BYTES..).unwrap_or_default();
    file.read_exact(rest)?;
    let directory = Directory::parse(&head)?;
    directory.check_length(file.metadata()?.len())?;
    Ok(directory)
}
