//! Media for tests: descriptions, blobs on disk, small real pictures, noise.

use cotmoc_proto::Digest;
use cotmoc_proto::media::{Asset, Mime};
use std::fs;
use std::num::NonZeroU32;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Chunk length of the kit's assets: the shortest that is allowed, so that small files have many.
pub const CHUNK_BYTES: u32 = 1 << 16;

/// An asset with the bytes of its chunk list.
#[derive(Debug, Clone)]
pub struct Described {
    pub asset: Asset,
    pub chunk_list: Vec<u8>,
}

/// Describes `bytes` in chunks of [`CHUNK_BYTES`].
#[must_use]
pub fn describe(mime: Mime, bytes: &[u8]) -> Described {
    describe_in_chunks(mime, bytes, CHUNK_BYTES)
}

/// Describes `bytes` in chunks of `chunk_bytes`.
#[must_use]
pub fn describe_in_chunks(mime: Mime, bytes: &[u8], chunk_bytes: u32) -> Described {
    let length = usize::try_from(chunk_bytes).expect("32 bits fit");
    let chunk_list: Vec<u8> = bytes
        .chunks(length)
        .flat_map(|chunk| *Digest::of(chunk).as_bytes())
        .collect();
    Described {
        asset: Asset {
            sha256: Digest::of(bytes),
            size_bytes: u64::try_from(bytes.len()).expect("64 bits hold a length"),
            mime,
            chunk_bytes: NonZeroU32::new(chunk_bytes).expect("chunks are not empty"),
            chunks_sha256: Digest::of(&chunk_list),
            loudness: None,
        },
        chunk_list,
    }
}

/// Puts `bytes` and its chunk list into `dir` as a device keeps them, and describes them.
pub fn put(dir: &Path, mime: Mime, bytes: &[u8]) -> Asset {
    let Described { asset, chunk_list } = describe(mime, bytes);
    put_blob(dir, bytes);
    put_blob(dir, &chunk_list);
    asset
}

/// Puts one blob into `dir` under its digest, read-only.
pub fn put_blob(dir: &Path, bytes: &[u8]) -> Digest {
    let digest = Digest::of(bytes);
    let path = blob_path(dir, digest);
    let part = dir.join(format!("{digest}.part"));
    fs::create_dir_all(dir).expect("the folder is made");
    fs::write(&part, bytes).expect("the blob is written");
    fs::set_permissions(&part, fs::Permissions::from_mode(0o444)).expect("its mode is set");
    fs::rename(&part, &path).expect("it gets its name");
    digest
}

/// Where the blob `digest` stands in `dir`.
#[must_use]
pub fn blob_path(dir: &Path, digest: Digest) -> PathBuf {
    dir.join(format!("{digest}.blob"))
}

/// A real PNG of one colour.
#[must_use]
pub fn png(width_px: u32, height_px: u32, rgb: [u8; 3]) -> Vec<u8> {
    let columns = usize::try_from(width_px).expect("32 bits fit");
    let rows = usize::try_from(height_px).expect("32 bits fit");
    let line: Vec<u8> = std::iter::once(0).chain(rgb.repeat(columns)).collect();
    let mut head = [width_px.to_be_bytes(), height_px.to_be_bytes()].concat();
    head.extend([8, 2, 0, 0, 0]);
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    png_chunk(&mut out, b"IHDR", &head);
    png_chunk(&mut out, b"IDAT", &zlib_stored(&line.repeat(rows)));
    png_chunk(&mut out, b"IEND", &[]);
    out
}

/// `length` bytes that depend on `seed` alone and do not repeat.
#[must_use]
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(length).collect()
}

fn png_chunk(out: &mut Vec<u8>, name: &[u8; 4], data: &[u8]) {
    out.extend(
        u32::try_from(data.len())
            .expect("a short chunk")
            .to_be_bytes(),
    );
    let body = [name.as_slice(), data].concat();
    out.extend(&body);
    out.extend(crc32(&body).to_be_bytes());
}

/// A zlib stream of stored blocks.
fn zlib_stored(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = data.chunks(65_535).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).expect("at most 65535");
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in data {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    out.extend((high << 16 | low).to_be_bytes());
    out
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
