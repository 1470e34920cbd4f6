//! A package that nobody signed, for those who make packages and pages: never on a cabinet that the
//! public uses. It still has to pass every check that needs no key.

use super::{Bytes, Media, Package};
use cotmoc_lookup::Lookup;
use cotmoc_lookup::content::MediaPath;
use cotmoc_lookup::package::{BadPackage, CANARIES, CONTENT, Failure, Files, INDEX, MEDIA};
use cotmoc_proto::Digest;
use cotmoc_service::file::{self, FileError};
use std::io;
use std::path::{Path, PathBuf};

const MAX_FILE_BYTES: u64 = 256 << 20;
const MAX_MEDIUM_BYTES: u64 = 64 << 20;

/// Why a folder is no package.
#[derive(Debug, thiserror::Error)]
pub enum CannotOpen {
    #[error("a file of the package cannot be read")]
    File(#[from] FileError),
    #[error("{} is no package", folder.display())]
    Package {
        folder: PathBuf,
        #[source]
        source: BadPackage,
    },
    #[error("{} canary queries of {} do not find what they must, the first: {:?}", failures.len(), folder.display(), failures.first().map(|failure| &failure.query))]
    Canaries {
        folder: PathBuf,
        failures: Vec<Failure>,
    },
}

/// Opens the package in `folder`.
///
/// # Errors
/// [`CannotOpen`].
pub fn open_unsigned(folder: &Path) -> Result<Package, CannotOpen> {
    let read = |name| file::read_at_most(&folder.join(name), MAX_FILE_BYTES).map(Bytes::from);
    let files = Files {
        content: read(CONTENT)?,
        index: read(INDEX)?,
        canaries: read(CANARIES)?,
    };
    let sha256 = Digest::of(&files.content);
    let lookup = Lookup::open(files).map_err(|source| CannotOpen::Package {
        folder: folder.to_owned(),
        source,
    })?;
    let failures = lookup.run_canaries();
    if !failures.is_empty() {
        let folder = folder.to_owned();
        return Err(CannotOpen::Canaries { folder, failures });
    }
    Ok(Package {
        lookup,
        media: Box::new(Folder(folder.join(MEDIA))),
        release: 0,
        sha256,
    })
}

/// A folder of media that nobody signed.
#[derive(Debug)]
struct Folder(PathBuf);

impl Media for Folder {
    fn read(&self, file: &MediaPath) -> io::Result<Vec<u8>> {
        file::read_at_most(&self.0.join(file.as_str()), MAX_MEDIUM_BYTES).map_err(io::Error::other)
    }
}
