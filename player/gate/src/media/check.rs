//! The check of a whole asset, in steps, so that something urgent can come in between.

use super::reader::VerifiedReader;
use super::shelf::{MediaShelf, Stamp};
use super::{Defect, MediaError};
use cotmoc_proto::Digest;
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead as _};

/// How far the check of an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    More,
    Good,
}

/// Reads an asset from end to end: every chunk against the chunk list, the whole against its name.
#[derive(Debug)]
pub struct AssetCheck {
    reader: VerifiedReader,
    whole: Sha256,
    stamp: Option<Stamp>,
    shelf: MediaShelf,
}

impl AssetCheck {
    pub(super) fn new(shelf: MediaShelf, reader: VerifiedReader) -> Self {
        Self {
            stamp: Stamp::of(reader.file()),
            reader,
            whole: Sha256::new(),
            shelf,
        }
    }

    /// Reads on for about `bytes`. What it finds out about the file is remembered.
    pub fn step(&mut self, bytes: u64) -> Result<Progress, MediaError> {
        let progress = self.read_on(bytes);
        let verdict = match &progress {
            Ok(Progress::More) | Err(MediaError::Missing { .. } | MediaError::Io { .. }) => {
                return progress;
            }
            Ok(Progress::Good) => None,
            Err(MediaError::Integrity { defect, .. }) => Some(defect.clone()),
        };
        if self.stamp.is_some() && self.stamp == Stamp::of(self.reader.file()) {
            self.shelf
                .remember(self.reader.asset(), self.stamp, verdict);
        }
        progress
    }

    fn read_on(&mut self, bytes: u64) -> Result<Progress, MediaError> {
        let blob = self.reader.asset().sha256;
        let mut left = bytes;
        while left > 0 {
            let chunk = self.reader.fill_buf().map_err(|error| typed(blob, error))?;
            if chunk.is_empty() {
                return self.compare();
            }
            self.whole.update(chunk);
            let length = chunk.len();
            self.reader.consume(length);
            left = left.saturating_sub(u64::try_from(length).unwrap_or(u64::MAX));
        }
        Ok(Progress::More)
    }

    fn compare(&self) -> Result<Progress, MediaError> {
        let blob = self.reader.asset().sha256;
        let found = Digest::from_bytes(self.whole.clone().finalize().into());
        if found == blob {
            Ok(Progress::Good)
        } else {
            Err(MediaError::integrity(blob, Defect::Whole))
        }
    }
}

/// The media error that `error` carries.
fn typed(blob: Digest, error: io::Error) -> MediaError {
    match error.downcast::<MediaError>() {
        Ok(error) => error,
        Err(source) => MediaError::Io { blob, source },
    }
}
