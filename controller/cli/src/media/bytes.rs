//! What a file's own bytes say that no probe tells: whether it is whole, where its index stands,
//! whether a still moves, is turned or is made for printing.

use crate::preflight::{Bytes, IndexPlace, Mark};
use cotmoc_proto::media::Mime;
use mp4parse::{CodecType, SampleEntry};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// No sane file has more parts at its top, or segments before its picture.
const MAX_PARTS: usize = 1 << 16;
const OGG_TAIL_BYTES: u64 = 1 << 17;
const JPEG_TAIL_BYTES: u64 = 4_096;
const MAX_EXIF_BYTES: usize = 1 << 16;

/// Looks at the bytes of `file`, which is of type `mime` and `length` bytes long. What is too
/// damaged to be understood says nothing here; it says so when it is probed.
pub fn look(file: &mut File, mime: Mime, length: u64) -> Bytes {
    let mut bytes = Bytes::default();
    let looked = match mime {
        Mime::Mp4 => mp4(file, length, &mut bytes),
        Mime::Png => png(file, &mut bytes),
        Mime::Jpeg => jpeg(file, length, &mut bytes),
        Mime::Webp => webp(file, &mut bytes),
        Mime::Wav => riff(file, &mut bytes),
        Mime::Ogg => ogg(file, length, &mut bytes),
        Mime::Webm | Mime::Mp3 | Mime::Slide | Mime::Lookup => Ok(()),
    };
    looked.ok();
    bytes
}

fn at<const N: usize>(file: &mut File, offset: u64) -> io::Result<[u8; N]> {
    let mut found = [0; N];
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(&mut found)?;
    Ok(found)
}

fn mp4(file: &mut File, length: u64, bytes: &mut Bytes) -> io::Result<()> {
    let mut offset = 0;
    let mut seen_media = false;
    for _ in 0..MAX_PARTS {
        if offset >= length {
            break;
        }
        let [a, b, c, d, name @ ..] = at::<8>(file, offset)?;
        let size = match u32::from_be_bytes([a, b, c, d]) {
            0 => length - offset,
            1 => u64::from_be_bytes(at::<8>(file, offset + 8)?),
            size => u64::from(size),
        };
        match &name {
            b"mdat" => seen_media = true,
            b"moov" if seen_media => bytes.index = Some(IndexPlace::End),
            b"moov" => bytes.index = Some(IndexPlace::Front),
            _ => {}
        }
        offset = offset.saturating_add(size.max(8));
        bytes.wants_bytes = Some(offset);
    }
    file.seek(SeekFrom::Start(0))?;
    if is_encrypted(file) {
        bytes.marks.insert(Mark::Encrypted);
    }
    Ok(())
}

fn is_encrypted(file: &mut File) -> bool {
    let Ok(context) = mp4parse::read_mp4(&mut BufReader::with_capacity(1 << 20, file)) else {
        return false;
    };
    let entries = context.tracks.iter().flat_map(|track| &track.stsd);
    let locked = entries
        .flat_map(|stsd| stsd.descriptions.iter())
        .any(|entry| match entry {
            SampleEntry::Video(video) => video.codec_type == CodecType::EncryptedVideo,
            SampleEntry::Audio(sound) => sound.codec_type == CodecType::EncryptedAudio,
            SampleEntry::Unknown => false,
        });
    locked || !context.psshs.is_empty()
}

fn png(file: &mut File, bytes: &mut Bytes) -> io::Result<()> {
    let mut offset = 8;
    for _ in 0..MAX_PARTS {
        let [a, b, c, d, name @ ..] = at::<8>(file, offset)?;
        let size = u64::from(u32::from_be_bytes([a, b, c, d]));
        if &name == b"acTL" {
            let frames: [u8; 4] = at(file, offset + 8)?;
            if u32::from_be_bytes(frames) > 1 {
                bytes.marks.insert(Mark::Animated);
            }
        }
        offset += 12 + size;
        bytes.wants_bytes = Some(if &name == b"IEND" {
            offset
        } else {
            // The part that ends every picture is to follow.
            offset + 12
        });
        if &name == b"IEND" {
            break;
        }
    }
    Ok(())
}

fn jpeg(file: &mut File, length: u64, bytes: &mut Bytes) -> io::Result<()> {
    file.seek(SeekFrom::Start(length.saturating_sub(JPEG_TAIL_BYTES)))?;
    let mut tail = Vec::new();
    (&mut *file).take(JPEG_TAIL_BYTES).read_to_end(&mut tail)?;
    let filled = tail.iter().rposition(|byte| *byte != 0).map(|at| at + 1);
    let ends = filled
        .and_then(|end| tail.get(..end))
        .is_some_and(|tail| tail.ends_with(&[0xff, 0xd9]));
    if !ends {
        bytes.wants_bytes = Some(length + 2);
    }
    let mut offset = 2;
    for _ in 0..MAX_PARTS {
        let [mark, kind, high, low] = at::<4>(file, offset)?;
        let size = u16::from_be_bytes([high, low]);
        match (mark, kind) {
            (0xff, 0xff) => {
                offset += 1;
                continue;
            }
            (0xff, 0xe1) => {
                let mut exif = vec![0; usize::from(size.saturating_sub(2))];
                file.read_exact(&mut exif)?;
                bytes.orientation = bytes.orientation.or_else(|| orientation(&exif));
            }
            (0xff, 0xc0..=0xcf) if !matches!(kind, 0xc4 | 0xc8 | 0xcc) => {
                let [components] = at::<1>(file, offset + 9)?;
                if components == 4 {
                    bytes.marks.insert(Mark::Cmyk);
                }
                return Ok(());
            }
            (0xff, 0xda) => return Ok(()),
            (0xff, _) => {}
            _ => return Ok(()),
        }
        offset += 2 + u64::from(size.max(2));
    }
    Ok(())
}

fn webp(file: &mut File, bytes: &mut Bytes) -> io::Result<()> {
    riff(file, bytes)?;
    let [name @ .., flags] = at::<9>(file, 12)?;
    if name.starts_with(b"VP8X") && flags & 0x02 != 0 {
        bytes.marks.insert(Mark::Animated);
    }
    Ok(())
}

fn riff(file: &mut File, bytes: &mut Bytes) -> io::Result<()> {
    let body = u32::from_le_bytes(at(file, 4)?);
    // Recorders that cannot go back leave the length open.
    if !matches!(body, 0 | u32::MAX) {
        let body = u64::from(body);
        bytes.wants_bytes = Some(body + 8 + body % 2);
    }
    Ok(())
}

/// The last page of a stream says that it is the last.
fn ogg(file: &mut File, length: u64, bytes: &mut Bytes) -> io::Result<()> {
    file.seek(SeekFrom::Start(length.saturating_sub(OGG_TAIL_BYTES)))?;
    let mut tail = Vec::new();
    file.take(OGG_TAIL_BYTES).read_to_end(&mut tail)?;
    let last = tail.windows(6).rfind(|window| window.starts_with(b"OggS"));
    let flags = last.and_then(|page| page.get(5)).copied();
    if flags.is_none_or(|flags| flags & 0x04 == 0) {
        bytes.marks.insert(Mark::Endless);
    }
    Ok(())
}

/// The orientation in an EXIF block.
fn orientation(exif: &[u8]) -> Option<u8> {
    let tiff = exif.strip_prefix(b"Exif\0\0")?.get(..)?;
    let tiff = tiff.get(..tiff.len().min(MAX_EXIF_BYTES))?;
    let little = tiff.starts_with(b"II");
    let two = |offset: usize| -> Option<u16> {
        let pair = tiff.get(offset..offset.checked_add(2)?)?.try_into().ok()?;
        Some(if little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        })
    };
    let four = |offset: usize| -> Option<usize> {
        let (first, second) = (two(offset)?, two(offset.checked_add(2)?)?);
        let (high, low) = if little {
            (second, first)
        } else {
            (first, second)
        };
        usize::try_from(u32::from(high) << 16 | u32::from(low)).ok()
    };
    let directory = four(4)?;
    let count = usize::from(two(directory)?);
    let entries = (0..count).map(|index| directory.checked_add(2 + index * 12));
    let entry = entries
        .flatten()
        .find(|entry| two(*entry) == Some(0x0112))?;
    let value = two(entry.checked_add(8)?)?;
    u8::try_from(value)
        .ok()
        .filter(|value| (1..=8).contains(value))
}
