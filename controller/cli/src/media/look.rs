//! What a media file is, by its own bytes: type, size of the picture, length of the film; and
//! whether it is whole.

use super::probing;
use crate::preflight::EDGE_PX;
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use cotmoc_proto::media::{MAX_ASSET_BYTES, MAX_PICTURE_PX, MAX_STILL_BYTES, Mime};
use cotmoc_proto::slide::Slide;
use mp4parse::{CodecType, MediaContext, SampleEntry, Track, TrackType};
use serde::Serialize;
use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// Nothing longer is a slide by mistake.
const MAX_TEXT_BYTES: u64 = 1 << 20;
/// How much of a still's end is read to see whether it is whole.
const TAIL_BYTES: u64 = 4096;

/// What a media file shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Look {
    pub width_px: u32,
    pub height_px: u32,
    /// Length of a film or a sound; absent for a still.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dur_ms: Option<u32>,
    /// How the picture is coded, for people.
    pub codec: String,
}

impl Look {
    /// What a part of a content package shows by itself: nothing.
    fn of_a_package() -> Self {
        Self {
            width_px: 0,
            height_px: 0,
            dur_ms: None,
            codec: "lookup".to_owned(),
        }
    }
}

/// Looks at the file in `path`, `length` bytes long.
pub fn look(path: &Path, length: u64) -> Result<(Mime, Look)> {
    let shown = path.display();
    ensure!(length > 0, "{shown} is empty: export it again");
    ensure!(length <= MAX_ASSET_BYTES, "{shown} is larger than 64 GiB");
    let mut file = File::open(path).with_context(|| format!("open {shown}"))?;
    let mut head = Vec::new();
    (&file)
        .take(64)
        .read_to_end(&mut head)
        .with_context(|| format!("read {shown}"))?;
    let Some(mime) = sniff(path, &head) else {
        bail!(
            "{shown} is not a PNG, JPEG or WebP picture, a text slide, an MP4 or WebM film nor an \
             Ogg, MP3 or WAV sound, whatever its name says: it begins with {}; export it as one of \
             these",
            beginning(&head)
        );
    };
    file.seek(SeekFrom::Start(0))?;
    if mime == Mime::Lookup {
        return Ok((mime, Look::of_a_package()));
    }
    let look = if mime == Mime::Slide {
        slide(path)
    } else if mime.is_still() {
        ensure!(
            length <= MAX_STILL_BYTES,
            "{shown} is a still larger than 128 MiB: export it smaller"
        );
        ensure_whole(&mut file, mime, length).with_context(|| format!("{shown} is damaged"))?;
        still(path, mime)
    } else if mime == Mime::Mp4 {
        film(&mut BufReader::with_capacity(1 << 20, file))
    } else {
        other(path, mime)
    };
    let look = look.with_context(|| format!("{shown} cannot be shown"))?;
    if !mime.is_sound() {
        ensure_sane(&look).with_context(|| format!("{shown} cannot be shown"))?;
    }
    Ok((mime, look))
}

/// What the first bytes of the file in `path` show that it is. A slide is text, and shows it as a
/// whole only.
pub fn sniff(path: &Path, head: &[u8]) -> Option<Mime> {
    let is_slide = || {
        let length = std::fs::metadata(path).ok()?.len();
        let opens = head.trim_ascii_start().starts_with(b"{");
        (opens && length <= MAX_TEXT_BYTES).then_some(Mime::Slide)
    };
    Mime::sniff(head).or_else(is_slide)
}

fn slide(path: &Path) -> Result<Look> {
    let slide = Slide::parse(&std::fs::read(path)?)?;
    Ok(Look {
        width_px: slide.width_px,
        height_px: slide.height_px,
        dur_ms: None,
        codec: "slide".to_owned(),
    })
}

/// Films and sounds that only ffprobe understands.
fn other(path: &Path, mime: Mime) -> Result<Look> {
    let report = probing::report(path, Some(mime))?;
    let (width_px, height_px) = match report.size() {
        Some(size) if !mime.is_sound() => size,
        None if !mime.is_sound() => bail!("it is damaged, or has no picture: export it again"),
        Some(_) | None => (0, 0),
    };
    let length = report.length_ms().and_then(|ms| u32::try_from(ms).ok());
    let dur_ms = length.filter(|ms| *ms > 0);
    Ok(Look {
        width_px,
        height_px,
        dur_ms: Some(dur_ms.context("it does not say how long it is: convert it")?),
        codec: report.codec().context("nothing in it can be played")?,
    })
}

/// The first bytes, for people.
pub fn beginning(head: &[u8]) -> String {
    let text: String = head
        .iter()
        .take(12)
        .map(|byte| char::from(*byte))
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '.'
            }
        })
        .collect();
    format!("{text:?}")
}

fn still(path: &Path, mime: Mime) -> Result<Look> {
    let size = imagesize::size(path).map_err(|error| anyhow!("its header is damaged: {error}"))?;
    let edge = |px: usize| u32::try_from(px).unwrap_or(u32::MAX);
    Ok(Look {
        width_px: edge(size.width),
        height_px: edge(size.height),
        dur_ms: None,
        codec: mime.as_str().trim_start_matches("image/").to_owned(),
    })
}

fn ensure_sane(look: &Look) -> Result<()> {
    let (width, height) = (look.width_px, look.height_px);
    let pixels = u64::from(width) * u64::from(height);
    ensure!(
        EDGE_PX.contains(&width) && EDGE_PX.contains(&height) && pixels <= MAX_PICTURE_PX,
        "the picture is {width}×{height}: expected edges of 16 to 16384 and at most 66 million \
         pixels; scale it to the wall"
    );
    Ok(())
}

/// A still ends where its format ends: a cut file or one with something behind it does not.
fn ensure_whole(file: &mut File, mime: Mime, length: u64) -> Result<()> {
    let start = length.saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail)?;
    let whole = match mime {
        Mime::Png => tail.ends_with(b"\0\0\0\0IEND\xae\x42\x60\x82"),
        Mime::Jpeg => {
            let end = tail.iter().rposition(|byte| *byte != 0).map(|at| at + 1);
            end.and_then(|end| tail.get(..end))
                .is_some_and(|tail| tail.ends_with(&[0xff, 0xd9]))
        }
        Mime::Webp => webp_length(file)? == length,
        Mime::Mp4 | Mime::Webm | Mime::Slide | Mime::Ogg | Mime::Mp3 | Mime::Wav | Mime::Lookup => {
            true
        }
    };
    ensure!(
        whole,
        "it is cut off, or has something behind its end: export it again"
    );
    Ok(())
}

fn webp_length(file: &mut File) -> Result<u64> {
    file.seek(SeekFrom::Start(4))?;
    let mut riff = [0; 4];
    file.read_exact(&mut riff)?;
    let body = u64::from(u32::from_le_bytes(riff));
    Ok(body + 8 + body % 2)
}

fn film(file: &mut BufReader<File>) -> Result<Look> {
    let context = mp4parse::read_mp4(file)
        .map_err(|error| anyhow!("it is damaged or cut off ({error:?}): export it again as MP4"))?;
    let track = context
        .tracks
        .iter()
        .find(|track| track.track_type == TrackType::Video)
        .context("it has no picture track: export it as MP4 with H.264 video")?;
    let header = track
        .tkhd
        .as_ref()
        .context("its picture track has no header")?;
    let dur_ms = length_ms(&context, track)
        .context("it does not say how long it is: export it as a plain (not fragmented) MP4")?;
    Ok(Look {
        width_px: header.width >> 16,
        height_px: header.height >> 16,
        dur_ms: Some(dur_ms),
        codec: codec(track)?,
    })
}

fn length_ms(context: &MediaContext, track: &Track) -> Option<u32> {
    let edited = track
        .edited_duration
        .as_ref()
        .zip(context.timescale.as_ref())
        .map(|(time, scale)| (time.0, scale.0));
    let own = track
        .duration
        .as_ref()
        .zip(track.timescale.as_ref())
        .map(|(time, scale)| (time.0, scale.0));
    edited
        .filter(|(time, _scale)| *time > 0)
        .or(own)
        .and_then(|(time, scale)| (u128::from(time) * 1000).checked_div(u128::from(scale)))
        .and_then(|ms| u32::try_from(ms).ok())
        .filter(|ms| *ms > 0)
}

fn codec(track: &Track) -> Result<String> {
    let kinds = track
        .stsd
        .iter()
        .flat_map(|stsd| stsd.descriptions.iter())
        .filter_map(|entry| match entry {
            SampleEntry::Video(video) => Some(video.codec_type),
            SampleEntry::Audio(_) | SampleEntry::Unknown => None,
        });
    let kind = kinds.into_iter().next().unwrap_or(CodecType::Unknown);
    ensure!(
        kind != CodecType::EncryptedVideo,
        "its picture is encrypted: export it without copy protection"
    );
    if kind == CodecType::Unknown {
        return Ok("video".to_owned());
    }
    Ok(format!("{kind:?}").to_lowercase())
}
