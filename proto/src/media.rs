//! Assets: media files named by digest, with the list of chunk digests that lets each piece be
//! checked on its own.

use crate::digest::Digest;
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// The chunk length that new assets are described with, in bytes.
pub const CHUNK_BYTES: u32 = 1 << 20;
/// The largest asset that may be described, in bytes (64 GiB).
pub const MAX_ASSET_BYTES: u64 = 1 << 36;

/// The most pixels of one picture, still or moving: an 8K picture twice over. Screens decode
/// nothing larger, so that no file unfolds to more memory than a screen has.
pub const MAX_PICTURE_PX: u64 = 66_355_200;
/// The largest file of a still picture that screens decode, in bytes (128 MiB).
pub const MAX_STILL_BYTES: u64 = 128 << 20;

/// What an asset is. Nothing that can carry a program (SVG, HTML, PDF) is in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mime {
    #[serde(rename = "image/png")]
    Png,
    #[serde(rename = "image/jpeg")]
    Jpeg,
    #[serde(rename = "image/webp")]
    Webp,
    #[serde(rename = "video/mp4")]
    Mp4,
    #[serde(rename = "video/webm")]
    Webm,
    /// A page of text that the screen draws: [`crate::slide::Slide`].
    #[serde(rename = "application/vnd.cotmoc.slide+json")]
    Slide,
    #[serde(rename = "audio/ogg")]
    Ogg,
    #[serde(rename = "audio/mpeg")]
    Mp3,
    #[serde(rename = "audio/wav")]
    Wav,
    /// A part of a content package: [`crate::release::LookupPart`].
    #[serde(rename = "application/vnd.cotmoc.lookup")]
    Lookup,
}

/// What every part of a content package begins with.
const LOOKUP_MAGIC: &[u8] = b"COTMOCLK";

impl Mime {
    /// The media type as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Mp4 => "video/mp4",
            Self::Webm => "video/webm",
            Self::Slide => "application/vnd.cotmoc.slide+json",
            Self::Ogg => "audio/ogg",
            Self::Mp3 => "audio/mpeg",
            Self::Wav => "audio/wav",
            Self::Lookup => "application/vnd.cotmoc.lookup",
        }
    }

    /// Whether it is one picture, shown as long as its item says.
    #[must_use]
    pub const fn is_still(self) -> bool {
        match self {
            Self::Png | Self::Jpeg | Self::Webp | Self::Slide => true,
            Self::Mp4 | Self::Webm | Self::Ogg | Self::Mp3 | Self::Wav | Self::Lookup => false,
        }
    }

    /// Whether it is a still picture that is decoded, not drawn from text.
    #[must_use]
    pub const fn is_picture_file(self) -> bool {
        self.is_still() && !matches!(self, Self::Slide)
    }

    /// Whether it is sound alone.
    #[must_use]
    pub const fn is_sound(self) -> bool {
        matches!(self, Self::Ogg | Self::Mp3 | Self::Wav)
    }

    /// The type that the first bytes of a file show, whatever its name says. Slides show none.
    #[must_use]
    pub fn sniff(head: &[u8]) -> Option<Self> {
        if head.starts_with(LOOKUP_MAGIC) {
            return Some(Self::Lookup);
        }
        match head {
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'E',
                b'B',
                b'P',
                ..,
            ] => Some(Self::Webp),
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some(Self::Mp4),
            [0x1a, 0x45, 0xdf, 0xa3, ..] => Some(Self::Webm),
            [b'O', b'g', b'g', b'S', ..] => Some(Self::Ogg),
            [b'I', b'D', b'3', ..] => Some(Self::Mp3),
            [0xff, frame, ..] if is_mpeg_sound(*frame) => Some(Self::Mp3),
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'A',
                b'V',
                b'E',
                ..,
            ] => Some(Self::Wav),
            _ => None,
        }
    }
}

/// Whether the second byte of a frame is one of MPEG sound; AAC frames have no layer.
const fn is_mpeg_sound(frame: u8) -> bool {
    let (version, layer) = (frame >> 3 & 3, frame >> 1 & 3);
    frame >= 0xe0 && version != 1 && layer != 0
}

/// One media file: its digest and size, and the digest of its chunk list. The chunk list is a
/// blob of its own: the SHA-256 digests (32 bytes each) of all chunks in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    pub sha256: Digest,
    pub size_bytes: u64,
    pub mime: Mime,
    /// Length of every chunk but the last, in bytes.
    pub chunk_bytes: NonZeroU32,
    pub chunks_sha256: Digest,
    /// How loud it is, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loudness: Option<Loudness>,
}

/// Loudness of an asset's sound as EBU R 128 measures it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loudness {
    /// Integrated loudness, in thousandths of LUFS.
    pub integrated_mlufs: i32,
    /// True peak, in thousandths of dBTP.
    pub true_peak_mdbtp: i32,
}

/// No gain lifts a true peak over this, in thousandths of dBTP (EBU R 128).
pub const MAX_TRUE_PEAK_MDBTP: i32 = -1_000;
/// The most that a quiet asset is lifted, in thousandths of dB.
pub const MAX_GAIN_MDB: i32 = 12_000;
/// What is no louder is silence, in thousandths of LUFS (the absolute gate of ITU-R BS.1770).
pub const SILENCE_MLUFS: i32 = -70_000;

impl Loudness {
    /// What brings the asset to `target_mlufs`, in thousandths of dB: as far as its peaks allow,
    /// and [`MAX_GAIN_MDB`] at most. Silence is left alone.
    #[must_use]
    pub fn gain_mdb(self, target_mlufs: i32) -> i32 {
        if self.integrated_mlufs <= SILENCE_MLUFS {
            return 0;
        }
        let wanted = target_mlufs.saturating_sub(self.integrated_mlufs);
        let room = MAX_TRUE_PEAK_MDBTP.saturating_sub(self.true_peak_mdbtp);
        wanted.min(room).min(MAX_GAIN_MDB)
    }
}

impl Asset {
    /// How many chunks the asset has.
    #[must_use]
    pub fn chunk_count(&self) -> u64 {
        self.size_bytes.div_ceil(u64::from(self.chunk_bytes.get()))
    }

    /// Offset and length of chunk `index`, in bytes; `None` past the end.
    #[must_use]
    pub fn chunk_range(&self, index: u64) -> Option<(u64, u32)> {
        let start = index.checked_mul(u64::from(self.chunk_bytes.get()))?;
        let left = self
            .size_bytes
            .checked_sub(start)
            .filter(|left| *left > 0)?;
        let length = left.min(u64::from(self.chunk_bytes.get()));
        Some((start, u32::try_from(length).ok()?))
    }

    /// The length of the chunk list, in bytes.
    #[must_use]
    pub fn chunk_list_bytes(&self) -> u64 {
        self.chunk_count().saturating_mul(32)
    }

    /// What is wrong with the description itself, if anything.
    #[must_use]
    pub fn defect(&self) -> Option<String> {
        if self.size_bytes == 0 {
            return Some("size 0".to_owned());
        }
        if self.size_bytes > MAX_ASSET_BYTES {
            return Some(format!(
                "size {} is over the limit of 64 GiB",
                self.size_bytes
            ));
        }
        if let Some(loudness) = self.loudness {
            let levels = [loudness.integrated_mlufs, loudness.true_peak_mdbtp];
            if !levels
                .iter()
                .all(|level| (-120_000..=20_000).contains(level))
            {
                return Some("a loudness that no sound has".to_owned());
            }
        }
        let chunk = self.chunk_bytes.get();
        (!(1 << 16..=1 << 24).contains(&chunk))
            .then(|| format!("chunk length {chunk} is not between 64 KiB and 16 MiB"))
    }
}

/// The digests of an asset's chunks, checked against the asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkList(Vec<Digest>);

impl ChunkList {
    /// The chunk list of `asset` from its bytes; `None` unless the bytes have the digest and the
    /// length that the asset states.
    #[must_use]
    pub fn parse(asset: &Asset, bytes: &[u8]) -> Option<Self> {
        let length_fits = u64::try_from(bytes.len()) == Ok(asset.chunk_list_bytes());
        if !length_fits || Digest::of(bytes) != asset.chunks_sha256 {
            return None;
        }
        let (digests, rest) = bytes.as_chunks::<32>();
        rest.is_empty()
            .then(|| Self(digests.iter().copied().map(Digest::from_bytes).collect()))
    }

    /// The digest that chunk `index` must have.
    #[must_use]
    pub fn get(&self, index: u64) -> Option<Digest> {
        self.0.get(usize::try_from(index).ok()?).copied()
    }
}
