//! A package as a signed release names it: read whole into our own memory, tried, and only then a
//! package; its media checked whenever they are read.

use super::{Bytes, Media, Package};
use cotmoc_gate::{MediaError, MediaShelf, Trial};
use cotmoc_lookup::content::MediaPath;
use cotmoc_lookup::package::bundle::{BadBundle, Directory, HEADER_BYTES, Placed};
use cotmoc_lookup::package::{BadEntry, BadPackage, Failure, MEDIA};
use cotmoc_lookup::{Content, Lookup};
use cotmoc_proto::media::Asset;
use cotmoc_proto::release::{LookupPart, Release};
use cotmoc_proto::{Digest, EntryId, Reject, SiteId};
use std::collections::BTreeMap;
use std::io::{self, Read as _, Seek as _, SeekFrom};

/// Why a package is not shown.
#[derive(Debug, thiserror::Error)]
pub enum CannotShow {
    #[error("its bytes are not here as they were signed")]
    Media(#[from] MediaError),
    #[error("it is no package")]
    Package(#[from] BadPackage),
    #[error("an entry of it cannot be read")]
    Entry(#[from] BadEntry),
    #[error("it is of site {found}, this kiosk of {expected}")]
    OtherSite { found: SiteId, expected: SiteId },
    #[error(
        "{} canary queries do not find what they must, the first: {:?}",
        failures.len(),
        failures.first().map(|failure| &failure.query)
    )]
    Canaries { failures: Vec<Failure> },
    #[error("its media are no bundle")]
    Bundle(#[from] BadBundle),
    #[error("{} needs {file}, which its media do not hold", entry.as_ref().map_or_else(|| "the map".to_owned(), ToString::to_string))]
    Lacks {
        entry: Option<EntryId>,
        file: String,
    },
}

impl CannotShow {
    /// The stable code under which events report it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Media(error) => error.code(),
            Self::Package(_) | Self::Entry(_) | Self::Bundle(_) => "bad-package",
            Self::OtherSite { .. } => "other-site",
            Self::Canaries { .. } => "canaries",
            Self::Lacks { .. } => "media-not-listed",
        }
    }
}

/// Accepts a release for a kiosk only if its package opens, its queries find what they must, and
/// every picture is listed.
#[derive(Debug, Clone, Copy)]
pub struct PackageTrial;

impl Trial for PackageTrial {
    fn release(&self, release: &Release, media: &MediaShelf) -> Result<(), Reject> {
        let Some(part) = &release.lookup else {
            return Ok(());
        };
        let opened = media
            .read(&part.content)
            .map_err(CannotShow::from)
            .and_then(|bytes| open(release, part, media, &bytes));
        match opened {
            Ok(_) => Ok(()),
            Err(CannotShow::Media(error)) => Err(Reject::MediaMissing {
                asset: error.blob(),
            }),
            Err(error) => Err(Reject::BadLookup {
                detail: line(&error),
            }),
        }
    }
}

/// The package of `release` in `bytes`, which were compared with their digest.
///
/// # Errors
/// [`CannotShow`].
pub fn open(
    release: &Release,
    part: &LookupPart,
    media: &MediaShelf,
    bytes: &[u8],
) -> Result<Package, CannotShow> {
    let lookup = words(release, bytes)?;
    let files = SignedMedia::of(part, media)?;
    let needed = Content {
        entries: lookup.entries().collect::<Result<_, _>>()?,
        ..lookup.head().clone()
    };
    for (entry, file) in needed.media() {
        if !files.holds(file) {
            return Err(CannotShow::Lacks {
                entry: entry.cloned(),
                file: file.as_str().to_owned(),
            });
        }
    }
    Ok(Package {
        lookup,
        media: Box::new(files),
        release: release.version,
        sha256: part.content.sha256,
    })
}

/// The same without media that are gone since the release was accepted: the words are what a visitor
/// cannot do without.
///
/// # Errors
/// [`CannotShow`].
pub fn open_words(
    release: &Release,
    part: &LookupPart,
    media: &MediaShelf,
    bytes: &[u8],
) -> Result<Package, CannotShow> {
    let lookup = words(release, bytes)?;
    let mut files = SignedMedia {
        shelf: media.clone(),
        files: BTreeMap::new(),
    };
    for asset in &part.media {
        if let Ok(directory) = directory(media, asset) {
            files.add(asset, &directory);
        }
    }
    Ok(Package {
        lookup,
        media: Box::new(files),
        release: release.version,
        sha256: part.content.sha256,
    })
}

fn words(release: &Release, bytes: &[u8]) -> Result<Lookup<Bytes>, CannotShow> {
    let lookup = Lookup::of_bundle(bytes)?;
    let found = &lookup.head().site;
    if *found != release.site {
        return Err(CannotShow::OtherSite {
            found: found.clone(),
            expected: release.site.clone(),
        });
    }
    let failures = lookup.run_canaries();
    if !failures.is_empty() {
        return Err(CannotShow::Canaries { failures });
    }
    Ok(lookup)
}

/// `error` and its sources as one line.
pub fn line(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}

/// The media of a signed package, by path.
#[derive(Debug)]
struct SignedMedia {
    shelf: MediaShelf,
    files: BTreeMap<String, (Asset, Placed)>,
}

impl SignedMedia {
    /// Reads the lists of all bundles.
    fn of(part: &LookupPart, shelf: &MediaShelf) -> Result<Self, CannotShow> {
        let mut media = Self {
            shelf: shelf.clone(),
            files: BTreeMap::new(),
        };
        for asset in &part.media {
            media.add(asset, &directory(shelf, asset)?);
        }
        Ok(media)
    }

    fn add(&mut self, asset: &Asset, directory: &Directory) {
        for placed in directory.files() {
            let path = placed.listed.path.clone();
            self.files.insert(path, (asset.clone(), placed.clone()));
        }
    }

    fn holds(&self, file: &MediaPath) -> bool {
        self.files.contains_key(&path(file))
    }
}

impl Media for SignedMedia {
    fn read(&self, file: &MediaPath) -> io::Result<Vec<u8>> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "the package has no such file");
        let (asset, placed) = self.files.get(&path(file)).ok_or_else(missing)?;
        let mut reader = self.shelf.open(asset)?;
        reader.seek(SeekFrom::Start(placed.offset))?;
        let mut bytes = Vec::new();
        let length = placed.listed.size_bytes;
        reader.take(length).read_to_end(&mut bytes)?;
        let differs = "the file is not what its package lists";
        (Digest::of(&bytes) == placed.listed.sha256)
            .then_some(bytes)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, differs))
    }
}

fn path(file: &MediaPath) -> String {
    format!("{MEDIA}{}", file.as_str())
}

fn directory(shelf: &MediaShelf, asset: &Asset) -> Result<Directory, CannotShow> {
    let failed = |error: io::Error| match error.downcast::<MediaError>() {
        Ok(error) => CannotShow::Media(error),
        Err(source) => CannotShow::Media(MediaError::Io {
            blob: asset.sha256,
            source,
        }),
    };
    let mut reader = shelf.open(asset)?;
    let mut head = vec![0; HEADER_BYTES];
    reader.read_exact(&mut head).map_err(failed)?;
    let length = Directory::head_bytes(&head)?;
    head.resize(length, 0);
    let rest = head.get_mut(HEADER_BYTES..).unwrap_or_default();
    reader.read_exact(rest).map_err(failed)?;
    let directory = Directory::parse(&head)?;
    directory.check_length(asset.size_bytes)?;
    Ok(directory)
}
