//! Files of a package in one run of bytes, so that a signed release names few assets: a header,
//! the list of the files as JSON, then the files in the order of the list.
//!
//! The content's own three files are one bundle; media are spread over several by their digest, so
//! that one new picture does not make a kiosk fetch all of them again.

use super::Listed;
use crate::index::u32_at;
use cotmoc_proto::Digest;
use cotmoc_proto::json::parse_strict;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What every bundle begins with.
pub const MAGIC: &[u8; 8] = b"COTMOCLK";
/// Length of the header: the magic, the format, the length of the list.
pub const HEADER_BYTES: usize = 16;
/// The most bundles that media are spread over.
pub const MAX_MEDIA_BUNDLES: usize = 16;
const FORMAT: u32 = 1;
const MAX_LIST_BYTES: usize = 16 << 20;

/// Why bytes are not a bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBundle {
    #[error("this is no bundle of a content package")]
    Magic,
    #[error("bundle of format {0}, this version reads format {FORMAT}")]
    Format(u32),
    #[error("bundle with a list of {0} bytes; expected at most {MAX_LIST_BYTES}")]
    ListTooLong(usize),
    #[error("the list of the bundle is malformed: {0}")]
    List(String),
    #[error("bundle of {found} bytes, its list says {expected}")]
    Length { found: u64, expected: u64 },
    #[error("file {0:?} of the bundle is damaged")]
    Damaged(String),
    #[error("the bundle has no file {0:?}")]
    Missing(String),
}

/// Which files a bundle has, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directory {
    files: Vec<Placed>,
    whole_bytes: u64,
}

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub listed: Listed,
    /// Where its first byte is, counted from the first of the bundle.
    pub offset: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    files: Vec<Listed>,
}

/// What stands before the files of a bundle; they follow in the order given, which is by path.
#[must_use]
pub fn head(files: &[Listed]) -> Vec<u8> {
    let list = List {
        files: files.to_vec(),
    };
    let list = serde_json::to_vec(&list).expect("paths, sizes and digests are JSON");
    let length = u32::try_from(list.len()).unwrap_or(u32::MAX);
    let fields = [FORMAT.to_le_bytes(), length.to_le_bytes()];
    [MAGIC.as_slice(), &fields.concat(), &list].concat()
}

/// The bundle that a media file belongs to, below [`MAX_MEDIA_BUNDLES`].
#[must_use]
pub fn number(listed: &Listed) -> usize {
    let [first, ..] = *listed.sha256.as_bytes();
    usize::from(first) % MAX_MEDIA_BUNDLES
}

impl Directory {
    /// How many bytes header and list have together.
    ///
    /// # Errors
    /// A header that is none.
    pub fn head_bytes(header: &[u8]) -> Result<usize, BadBundle> {
        if header.get(..MAGIC.len()) != Some(MAGIC) {
            return Err(BadBundle::Magic);
        }
        let field = |at| u32_at(header, at).ok_or(BadBundle::Magic);
        let format = field(8)?;
        if format != FORMAT {
            return Err(BadBundle::Format(format));
        }
        let length = usize::try_from(field(12)?).unwrap_or(usize::MAX);
        if length > MAX_LIST_BYTES {
            return Err(BadBundle::ListTooLong(length));
        }
        Ok(HEADER_BYTES + length)
    }

    /// Reads header and list; what follows them is not looked at.
    ///
    /// # Errors
    /// A header or a list that is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadBundle> {
        let end = Self::head_bytes(bytes)?;
        let list = bytes.get(HEADER_BYTES..end);
        let list = list.ok_or_else(|| BadBundle::List("it is cut off".into()))?;
        let List { files } =
            parse_strict(list).map_err(|error| BadBundle::List(error.to_string()))?;
        let mut offset = u64::try_from(end).unwrap_or(u64::MAX);
        let mut placed: Vec<Placed> = Vec::with_capacity(files.len());
        for listed in files {
            let before = placed.last().map(|placed| &placed.listed.path);
            if !is_plain(&listed.path) || before.is_some_and(|before| *before >= listed.path) {
                let path = listed.path.chars().take(80).collect::<String>();
                return Err(BadBundle::List(format!("the path {path:?}")));
            }
            let size_bytes = listed.size_bytes;
            placed.push(Placed { listed, offset });
            offset = offset.saturating_add(size_bytes);
        }
        Ok(Self {
            files: placed,
            whole_bytes: offset,
        })
    }

    /// Every file, by path.
    #[must_use]
    pub fn files(&self) -> &[Placed] {
        &self.files
    }

    /// The file at `path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Placed> {
        let found = self
            .files
            .binary_search_by(|placed| placed.listed.path.as_str().cmp(path));
        self.files.get(found.ok()?)
    }

    /// Whether a bundle of `found` bytes ends where the list says.
    ///
    /// # Errors
    /// One that does not.
    pub const fn check_length(&self, found: u64) -> Result<(), BadBundle> {
        let expected = self.whole_bytes;
        if found == expected {
            Ok(())
        } else {
            Err(BadBundle::Length { found, expected })
        }
    }
}

/// Takes a bundle that is wholly in memory apart: every file is compared with the list.
///
/// # Errors
/// Anything that is not as the list says.
pub fn open(bytes: &[u8]) -> Result<BTreeMap<String, Arc<[u8]>>, BadBundle> {
    let directory = Directory::parse(bytes)?;
    directory.check_length(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
    let mut files = BTreeMap::new();
    for Placed { listed, offset } in directory.files {
        let place = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        let end = place(offset.saturating_add(listed.size_bytes));
        let file = bytes.get(place(offset)..end).unwrap_or_default();
        if Digest::of(file) != listed.sha256 {
            return Err(BadBundle::Damaged(listed.path));
        }
        files.insert(listed.path, file.into());
    }
    Ok(files)
}

/// Whether a path can name nothing outside of the package.
fn is_plain(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b);
    path.len() <= 200
        && path.split('/').count() <= 2
        && path
            .split('/')
            .all(|name| !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bundle(files: &[(&str, &[u8])]) -> Vec<u8> {
        let listed: Vec<Listed> = files.iter().map(|(path, b)| Listed::of(path, b)).collect();
        let mut bytes = head(&listed);
        files.iter().for_each(|(_, file)| bytes.extend(*file));
        bytes
    }

    fn good() -> Vec<u8> {
        bundle(&[("a.bin", b"alpha"), ("media/b.webp", b"beta"), ("z", b"")])
    }

    #[test]
    fn every_file_is_found_where_the_list_says() {
        let bytes = good();
        let directory = Directory::parse(&bytes).unwrap();
        let placed = directory.get("media/b.webp").unwrap();
        let from = usize::try_from(placed.offset).unwrap();
        assert_eq!(&bytes[from..from + 4], b"beta");
        assert_eq!(directory.get("media/c.webp"), None);
        let parts = open(&bytes).unwrap();
        let texts: Vec<&[u8]> = parts.values().map(AsRef::as_ref).collect();
        assert_eq!(texts, [b"alpha".as_slice(), b"beta", b""]);
    }

    #[test]
    fn paths_that_lead_elsewhere_stand_twice_or_out_of_order_are_refused() {
        for paths in [
            ["../a", "b"],
            ["/a", "b"],
            ["a", "a"],
            ["b", "a"],
            ["a/b/c", "d"],
            [".a", "b"],
            ["", "b"],
            ["A", "b"],
        ] {
            let files = paths.map(|path| (path, b"x".as_slice()));
            let error = open(&bundle(&files)).unwrap_err();
            assert!(matches!(error, BadBundle::List(_)), "{paths:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn a_bundle_that_was_cut_or_changed_is_refused_or_has_other_names(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let mut bytes = good();
            let at = at.index(bytes.len());
            prop_assert!(open(&bytes[..at]).is_err());
            bytes[at] ^= 1 << bit;
            let names = open(&bytes).map(BTreeMap::into_keys);
            let names = names.map(Iterator::collect::<Vec<_>>);
            prop_assert_ne!(names, Ok(["a.bin", "media/b.webp", "z"].map(String::from).to_vec()));
        }
    }
}
