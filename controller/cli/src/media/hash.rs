//! The digest of a stream and of each of its chunks, in one pass.

use cotmoc_proto::Digest;
use sha2::{Digest as _, Sha256};
use std::num::NonZeroU32;

/// What a stream came to.
pub struct Hashed {
    pub whole: Digest,
    pub length: u64,
    /// The digests of all chunks, 32 bytes each.
    pub chunk_list: Vec<u8>,
}

/// Hashes a stream.
pub struct Hasher {
    whole: Sha256,
    chunk: Sha256,
    in_chunk: usize,
    chunk_bytes: usize,
    length: u64,
    chunk_list: Vec<u8>,
}

impl Hasher {
    pub fn new(chunk_bytes: NonZeroU32) -> Self {
        Self {
            whole: Sha256::new(),
            chunk: Sha256::new(),
            in_chunk: 0,
            chunk_bytes: usize::try_from(chunk_bytes.get()).unwrap_or(usize::MAX),
            length: 0,
            chunk_list: Vec::new(),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.whole.update(bytes);
        self.length += u64::try_from(bytes.len()).unwrap_or_default();
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = self.chunk_bytes - self.in_chunk;
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.chunk.update(now);
            self.in_chunk += now.len();
            if self.in_chunk == self.chunk_bytes {
                self.end_chunk();
            }
            rest = later;
        }
    }

    /// How many bytes came so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The end of the stream.
    pub fn finish(mut self) -> Hashed {
        if self.in_chunk > 0 {
            self.end_chunk();
        }
        Hashed {
            whole: Digest::from_bytes(self.whole.finalize().into()),
            length: self.length,
            chunk_list: self.chunk_list,
        }
    }

    fn end_chunk(&mut self) {
        let chunk = std::mem::take(&mut self.chunk);
        self.chunk_list.extend_from_slice(&chunk.finalize());
        self.in_chunk = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digests_do_not_depend_on_how_the_bytes_arrive() {
        let bytes: Vec<u8> = (0..=255).cycle().take(200_000).collect();
        let chunk = NonZeroU32::new(65_536).unwrap();
        for step in [1, 7, 65_536, 65_537, 200_000] {
            let mut hasher = Hasher::new(chunk);
            bytes.chunks(step).for_each(|piece| hasher.update(piece));
            let hashed = hasher.finish();
            let expected: Vec<u8> = bytes
                .chunks(65_536)
                .flat_map(|piece| *Digest::of(piece).as_bytes())
                .collect();
            assert_eq!(hashed.whole, Digest::of(&bytes));
            assert_eq!(hashed.chunk_list, expected, "in steps of {step}");
            assert_eq!(hashed.length, 200_000);
        }
    }
}
