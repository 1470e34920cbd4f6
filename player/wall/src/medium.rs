//! Media for the engine: opened through the gate only, and watched for what the gate finds wrong.

use crate::pipeline::{Medium, MediumKind, OpenMedium};
use cotmoc_gate::{MediaError, MediaShelf, VerifiedReader};
use cotmoc_proto::media::{Asset, Mime};
use cotmoc_proto::{Digest, ItemId};
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

/// What the gate found wrong with media while the engine read them.
#[derive(Debug, Clone, Default)]
pub struct MediumFaults(Arc<Mutex<BTreeMap<Digest, MediumFault>>>);

/// What is wrong with one asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediumFault {
    /// The blob that is damaged: the asset or its chunk list.
    pub blob: Digest,
    pub code: &'static str,
}

impl MediumFaults {
    /// What was found wrong with `asset` since this was last asked.
    #[must_use]
    pub fn take(&self, asset: &Digest) -> Option<MediumFault> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(asset)
    }

    fn note(&self, asset: Digest, error: &MediaError) {
        let code = match error {
            MediaError::Missing { .. } => "missing",
            MediaError::Integrity { .. } => "integrity",
            MediaError::Io { .. } => "unreadable",
        };
        let fault = MediumFault {
            blob: error.blob(),
            code,
        };
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(asset, fault);
    }
}

/// The asset as the engine reads it, under the item's name.
#[must_use]
pub fn medium(shelf: &MediaShelf, faults: &MediumFaults, label: &ItemId, asset: &Asset) -> Medium {
    let kind = match asset.mime {
        Mime::Slide => MediumKind::Slide,
        // The gate accepts no item of a content package; one would cost its own slot.
        Mime::Png | Mime::Jpeg | Mime::Webp | Mime::Lookup => MediumKind::Still,
        Mime::Mp4 | Mime::Webm => MediumKind::Video,
        Mime::Ogg | Mime::Mp3 | Mime::Wav => MediumKind::Sound,
    };
    let key = asset.sha256.to_string();
    let (mime, size_bytes) = (asset.mime.as_str().to_owned(), asset.size_bytes);
    let (shelf, faults, asset) = (shelf.clone(), faults.clone(), asset.clone());
    let open: OpenMedium = Arc::new(move || match shelf.open(&asset) {
        Ok(reader) => {
            let watched = Watched {
                reader,
                asset: asset.sha256,
                faults: faults.clone(),
            };
            Ok(Box::new(watched))
        }
        Err(error) => {
            faults.note(asset.sha256, &error);
            Err(io::Error::other(error))
        }
    });
    Medium {
        label: label.to_string(),
        kind,
        key,
        mime,
        size_bytes,
        open,
    }
}

/// A verified reader that tells what the gate finds.
struct Watched {
    reader: VerifiedReader,
    asset: Digest,
    faults: MediumFaults,
}

impl Watched {
    fn watch<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && let Some(found) = MediaError::within(error)
        {
            self.faults.note(self.asset, found);
        }
        result
    }
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.reader.read(buffer);
        self.watch(result)
    }
}

impl Seek for Watched {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        let result = self.reader.seek(position);
        self.watch(result)
    }
}
