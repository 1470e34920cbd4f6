//! Media files as assets: what they are is read from their bytes, never from their names, and
//! their digests are computed here, never taken from anyone.

mod add;
mod admit;
mod bytes;
mod cache;
mod check;
mod command;
mod convert;
mod decode;
mod fetch;
mod hash;
mod inspect;
mod look;
mod loudness;
mod probing;
mod tool;
mod transfer;

pub use admit::{Admission, AdmitArgs};
pub use cache::trim as trim_cache;
pub use command::{Command, run};
pub use fetch::{MediaDir, Verified};
pub use look::Look;
pub use transfer::upload;

use crate::out::Out;
use anyhow::{Context as _, Result};
use cotmoc_proto::Digest;
use cotmoc_proto::media::{Asset, CHUNK_BYTES};
use hash::Hasher;
use indicatif::ProgressBar;
use std::fs::File;
use std::io::Read as _;
use std::num::NonZeroU32;
use std::path::Path;

/// A media file, read to its last byte.
#[derive(Debug, Clone)]
pub struct Described {
    pub asset: Asset,
    pub look: Look,
    pub chunk_list: Vec<u8>,
}

/// Describes the media file in `path` with chunks of the usual length.
pub fn describe(out: Out, path: &Path) -> Result<Described> {
    let chunk = NonZeroU32::new(CHUNK_BYTES).expect("the chunk length is not zero");
    describe_in_chunks(out, path, chunk)
}

/// Describes the media file in `path` with chunks of `chunk_bytes`.
pub fn describe_in_chunks(out: Out, path: &Path, chunk_bytes: NonZeroU32) -> Result<Described> {
    let shown = path.display();
    let mut file = File::open(path).with_context(|| format!("open {shown}"))?;
    let length = file
        .metadata()
        .with_context(|| format!("look at {shown}"))?
        .len();
    let (mime, look) = look::look(path, length)?;
    let bar = out.bytes_bar(&shown.to_string(), length);
    let mut hasher = Hasher::new(chunk_bytes);
    read_all(&mut file, &mut hasher, &bar).with_context(|| format!("read {shown}"))?;
    bar.finish_and_clear();
    let hashed = hasher.finish();
    Ok(Described {
        asset: Asset {
            sha256: hashed.whole,
            size_bytes: hashed.length,
            mime,
            chunk_bytes,
            chunks_sha256: Digest::of(&hashed.chunk_list),
            loudness: None,
        },
        look,
        chunk_list: hashed.chunk_list,
    })
}

fn read_all(file: &mut File, hasher: &mut Hasher, bar: &ProgressBar) -> std::io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let count = file.read(&mut buffer)?;
        let Some(piece) = buffer.get(..count).filter(|piece| !piece.is_empty()) else {
            return Ok(());
        };
        hasher.update(piece);
        bar.inc(u64::try_from(count).unwrap_or_default());
    }
}
