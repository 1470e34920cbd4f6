//! The content package: what the controller builds from a content and a kiosk reads where it lies.
//!
//! `content.bin` holds the entries, each compressed by itself; `search.idx` the index; the queries
//! of `canaries.json` must find their entries before the package is shown. These three travel in one
//! [`bundle`], the media in others.

pub mod bundle;
mod canary;
mod documents;
mod entries;
mod lookup;

pub use canary::suggested_canaries;
pub use documents::documents;
pub use entries::{BadEntries, BadEntry};
pub use lookup::{BadPackage, Failure, Files, Limits, Lookup};

use crate::content::{Content, Defect, MediaPath};
use crate::index::TooBig;
use cotmoc_proto::{Digest, EntryId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name of the file with the entries.
pub const CONTENT: &str = "content.bin";
/// Name of the file with the search index.
pub const INDEX: &str = "search.idx";
/// Name of the file with the canary queries.
pub const CANARIES: &str = "canaries.json";
/// Folder of the media.
pub const MEDIA: &str = "media/";

/// One file of a package, as it is signed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Relative, with `/`.
    pub path: String,
    pub size_bytes: u64,
    pub sha256: Digest,
}

impl Listed {
    /// The listing of these bytes.
    #[must_use]
    pub fn of(path: &str, bytes: &[u8]) -> Self {
        Self {
            path: path.to_owned(),
            size_bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            sha256: Digest::of(bytes),
        }
    }
}

impl Package {
    /// The bundle of the package's own three files.
    #[must_use]
    pub fn bundle(&self) -> Vec<u8> {
        let files = &self.files;
        let parts = [
            (CANARIES, &files.canaries),
            (CONTENT, &files.content),
            (INDEX, &files.index),
        ];
        let listed: Vec<Listed> = parts
            .iter()
            .map(|(path, bytes)| Listed::of(path, bytes))
            .collect();
        let mut bundle = bundle::head(&listed);
        parts
            .iter()
            .for_each(|(_, bytes)| bundle.extend_from_slice(bytes));
        bundle
    }

    /// The media, by the bundle that each belongs to; bundles without files are left out.
    #[must_use]
    pub fn media(&self) -> Vec<Vec<&Listed>> {
        let mut bundles = vec![Vec::new(); bundle::MAX_MEDIA_BUNDLES];
        let media = self.list.iter().filter(|file| file.path.starts_with(MEDIA));
        for listed in media {
            if let Some(files) = bundles.get_mut(bundle::number(listed)) {
                files.push(listed);
            }
        }
        bundles.retain(|files| !files.is_empty());
        bundles
    }
}

/// A package that was built; media are listed, not held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Every file, media too, by path.
    pub list: Vec<Listed>,
    pub files: Files<Vec<u8>>,
}

/// Why no package was built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("the content has {} defects", .0.len())]
    Defects(Vec<Defect>),
    #[error("{} needs {}, which is not there", entry.as_ref().map_or_else(|| "the map".to_owned(), |id| format!("entry {id}")), file.as_str())]
    MediaMissing {
        /// None: the map.
        entry: Option<EntryId>,
        file: MediaPath,
    },
    #[error("{} canary queries do not find what they must", .0.len())]
    Canaries(Vec<Failure>),
    #[error(transparent)]
    TooBig(#[from] TooBig),
    #[error("what was built cannot be read")]
    Unreadable(#[from] BadPackage),
}

/// Builds the package of `content`; the same content gives the same bytes. `media` lists the files
/// of the media folder; those that no entry needs are left out.
///
/// # Errors
/// A content with defects, a missing file, a canary query that does not find its entries.
pub fn build(content: &Content, media: &[Listed]) -> Result<Package, BuildError> {
    let defects = content.defects();
    if !defects.is_empty() {
        return Err(BuildError::Defects(defects));
    }
    let mut list = needed(content, media)?;
    let mut content = content.clone();
    content.entries.sort_by(|a, b| a.id.cmp(&b.id));
    let files = Files {
        index: crate::index::build(&documents::documents(&content))?,
        content: entries::pack(&content)?,
        canaries: serde_json::to_vec(&content.canaries).expect("queries and ids are JSON"),
    };
    let failures = Lookup::open(files.borrowed())?.run_canaries();
    if !failures.is_empty() {
        return Err(BuildError::Canaries(failures));
    }
    list.extend([
        Listed::of(CONTENT, &files.content),
        Listed::of(INDEX, &files.index),
        Listed::of(CANARIES, &files.canaries),
    ]);
    list.sort();
    Ok(Package { list, files })
}

/// The media that entries need.
fn needed(content: &Content, media: &[Listed]) -> Result<Vec<Listed>, BuildError> {
    let by_path: BTreeMap<&str, &Listed> = media
        .iter()
        .map(|listed| (listed.path.as_str(), listed))
        .collect();
    let mut list = Vec::new();
    for (entry, file) in content.media() {
        let path = format!("{MEDIA}{}", file.as_str());
        let Some(listed) = by_path.get(path.as_str()) else {
            let (entry, file) = (entry.cloned(), file.clone());
            return Err(BuildError::MediaMissing { entry, file });
        };
        list.push((*listed).clone());
    }
    list.sort();
    list.dedup();
    Ok(list)
}

#[cfg(test)]
mod tests;
