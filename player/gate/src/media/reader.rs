//! A file that is checked while it is read: each chunk is hashed after it is in our own memory,
//! so that nothing can change between the check and the use.

use super::{Defect, MediaError};
use cotmoc_proto::Digest;
use cotmoc_proto::media::{Asset, ChunkList};
use cotmoc_service::file;
use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Reads one asset. Every byte it returns belongs to a chunk whose digest is the signed one.
///
/// It holds the two chunks used last, so that a demuxer that reads sound and picture from two
/// places does not hash each of them over and over. Errors carry a [`MediaError`].
#[derive(Debug)]
pub struct VerifiedReader {
    file: File,
    asset: Asset,
    chunks: ChunkList,
    position: u64,
    current: Chunk,
    other: Chunk,
}

#[derive(Debug, Default)]
struct Chunk {
    /// `None`: the bytes mean nothing.
    index: Option<u64>,
    bytes: Vec<u8>,
}

impl VerifiedReader {
    pub(super) fn open(folder: &Path, asset: &Asset) -> Result<Self, MediaError> {
        let blob = asset.sha256;
        if let Some(defect) = asset.defect() {
            return Err(MediaError::integrity(blob, Defect::Description(defect)));
        }
        let file = file::open_regular(&blob_path(folder, blob))
            .map_err(|error| MediaError::from_file(blob, error))?;
        let meta = file.metadata();
        let bytes = meta
            .map_err(|error| MediaError::from_io(blob, error))?
            .len();
        if bytes != asset.size_bytes {
            let expected = asset.size_bytes;
            return Err(MediaError::integrity(
                blob,
                Defect::Size { bytes, expected },
            ));
        }
        Ok(Self {
            file,
            asset: asset.clone(),
            chunks: read_chunk_list(folder, asset)?,
            position: 0,
            current: Chunk::default(),
            other: Chunk::default(),
        })
    }

    /// Length of the asset in bytes.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        self.asset.size_bytes
    }

    /// The asset that is read.
    #[must_use]
    pub const fn asset(&self) -> &Asset {
        &self.asset
    }

    pub(super) const fn file(&self) -> &File {
        &self.file
    }

    fn load(&mut self, index: u64) -> Result<(), MediaError> {
        if self.current.index == Some(index) {
            return Ok(());
        }
        std::mem::swap(&mut self.current, &mut self.other);
        if self.current.index == Some(index) {
            return Ok(());
        }
        self.current.index = None;
        self.fill(index)?;
        self.current.index = Some(index);
        Ok(())
    }

    fn fill(&mut self, index: u64) -> Result<(), MediaError> {
        let blob = self.asset.sha256;
        let defect = |defect| MediaError::integrity(blob, defect);
        let (start, length) = self
            .asset
            .chunk_range(index)
            .ok_or_else(|| defect(Defect::Truncated { index }))?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.current.bytes.resize(length, 0);
        self.file
            .read_exact_at(&mut self.current.bytes, start)
            .map_err(|error| match error.kind() == io::ErrorKind::UnexpectedEof {
                true => defect(Defect::Truncated { index }),
                false => MediaError::from_io(blob, error),
            })?;
        if self.chunks.get(index) != Some(Digest::of(&self.current.bytes)) {
            return Err(defect(Defect::Chunk { index }));
        }
        Ok(())
    }
}

impl BufRead for VerifiedReader {
    /// The rest of the chunk at the position, without a copy.
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.position >= self.asset.size_bytes {
            return Ok(&[]);
        }
        let chunk_bytes = u64::from(self.asset.chunk_bytes.get());
        self.load(self.position / chunk_bytes)?;
        let offset = usize::try_from(self.position % chunk_bytes).unwrap_or(usize::MAX);
        Ok(self.current.bytes.get(offset..).unwrap_or(&[]))
    }

    fn consume(&mut self, amount: usize) {
        let amount = u64::try_from(amount).unwrap_or(u64::MAX);
        self.position = self.position.saturating_add(amount);
    }
}

impl Read for VerifiedReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let count = self.fill_buf()?.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl Seek for VerifiedReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.asset.size_bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// Where the blob `digest` stands in `folder`.
pub(super) fn blob_path(folder: &Path, digest: Digest) -> PathBuf {
    folder.join(format!("{digest}.blob"))
}

fn read_chunk_list(folder: &Path, asset: &Asset) -> Result<ChunkList, MediaError> {
    let blob = asset.chunks_sha256;
    let bytes = file::read_at_most(&blob_path(folder, blob), asset.chunk_list_bytes())
        .map_err(|error| MediaError::from_file(blob, error))?;
    ChunkList::parse(asset, &bytes).ok_or(MediaError::integrity(blob, Defect::ChunkList))
}
