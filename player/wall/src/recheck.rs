//! The check of an asset that was found damaged, on a thread of its own: a long film takes minutes
//! to hash, and the picture must not wait for it.

use cotmoc_gate::MediaShelf;
use cotmoc_proto::Digest;
use cotmoc_proto::media::Asset;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

/// One check at a time.
#[derive(Debug, Default)]
pub struct Recheck {
    running: Option<(Digest, Receiver<bool>)>,
}

impl Recheck {
    /// Whether another check may begin.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.running.is_none()
    }

    /// Begins to check `asset`. A check that is under way is forgotten.
    pub fn begin(&mut self, shelf: MediaShelf, asset: Asset) {
        let (told, verdict) = channel();
        let digest = asset.sha256;
        let started = std::thread::Builder::new()
            .name("recheck".to_owned())
            .spawn(move || {
                if told.send(shelf.recheck(&asset).is_ok()).is_err() {
                    tracing::trace!("nobody waits for a check any more");
                }
            });
        match started {
            Ok(_) => self.running = Some((digest, verdict)),
            Err(error) => tracing::warn!(%error, "no thread to check media on"),
        }
    }

    /// The asset whose check has ended since this was last asked, and whether it is whole.
    pub fn take_ended(&mut self) -> Option<(Digest, bool)> {
        let (asset, verdict) = self.running.as_ref()?;
        let ended = match verdict.try_recv() {
            Ok(whole) => (*asset, whole),
            Err(TryRecvError::Disconnected) => (*asset, false),
            Err(TryRecvError::Empty) => return None,
        };
        self.running = None;
        Some(ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::media::{CHUNK_BYTES, Mime};
    use std::path::Path;
    use std::time::{Duration, Instant};

    fn put(folder: &Path, bytes: &[u8]) -> Asset {
        let chunks = bytes.chunks(usize::try_from(CHUNK_BYTES).unwrap());
        let list: Vec<u8> = chunks
            .flat_map(|c| Digest::of(c).as_bytes().to_vec())
            .collect();
        let asset = Asset {
            sha256: Digest::of(bytes),
            size_bytes: u64::try_from(bytes.len()).unwrap(),
            mime: Mime::Mp4,
            chunk_bytes: CHUNK_BYTES.try_into().unwrap(),
            chunks_sha256: Digest::of(&list),
            loudness: None,
        };
        for (digest, bytes) in [(asset.sha256, bytes), (asset.chunks_sha256, &list)] {
            std::fs::write(folder.join(format!("{digest}.blob")), bytes).unwrap();
        }
        asset
    }

    fn verdict(recheck: &mut Recheck) -> (Digest, bool) {
        let began = Instant::now();
        loop {
            if let Some(ended) = recheck.take_ended() {
                return ended;
            }
            assert!(began.elapsed() < Duration::from_secs(60));
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_long_film_is_checked_while_the_wall_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let good = vec![7; 64 << 20];
        let film = put(folder.path(), &good);
        let path = folder.path().join(format!("{}.blob", film.sha256));
        let mut bad = good.clone();
        *bad.last_mut().unwrap() ^= 1;
        let lay = |bytes: &[u8]| {
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, bytes).unwrap();
        };
        let (shelf, mut recheck) = (MediaShelf::new(folder.path()), Recheck::default());
        lay(&bad);
        recheck.begin(shelf.clone(), film.clone());
        assert!(
            !recheck.is_idle(),
            "beginning is all that the wall waits for"
        );
        assert_eq!(verdict(&mut recheck), (film.sha256, false));
        assert!(recheck.is_idle());
        recheck.begin(shelf.clone(), film.clone());
        assert_eq!(verdict(&mut recheck), (film.sha256, false), "known by now");
        lay(&good);
        recheck.begin(shelf, film.clone());
        assert_eq!(verdict(&mut recheck), (film.sha256, true));
    }
}
