//! Looking into a file with ffprobe, and counting its packets: what it is, how long it says that
//! it is, and how long it really is.

use super::bytes;
use super::tool::{Ended, Line, Run, Tool};
use crate::preflight::{Codec, Picture, PixelFormat, Probe, Scan, SoundTrack};
use anyhow::{Context as _, Result, bail};
use cotmoc_proto::media::Mime;
use cotmoc_proto::slide::Slide;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(300);
const MAX_REPORT_BYTES: usize = 8 << 20;

/// Everything about the file in `path` that can be found without decoding it.
pub fn probe(path: &Path) -> Result<Probe> {
    let shown = path.display();
    let mut file = File::open(path).with_context(|| format!("open {shown}"))?;
    let size_bytes = file
        .metadata()
        .with_context(|| format!("look at {shown}"))?
        .len();
    let mut head = Vec::new();
    (&file)
        .take(64)
        .read_to_end(&mut head)
        .with_context(|| format!("read {shown}"))?;
    // A content package is no picture and no sound, whatever is wrong with it.
    let mime = super::look::sniff(path, &head).filter(|mime| *mime != Mime::Lookup);
    let mut probe = Probe {
        extension: path
            .extension()
            .map(|e| e.to_string_lossy().to_ascii_lowercase()),
        size_bytes,
        beginning: super::look::beginning(&head),
        mime,
        ..Probe::default()
    };
    let Some(mime) = mime.filter(|_mime| size_bytes > 0) else {
        return Ok(probe);
    };
    if mime == Mime::Slide {
        return Ok(slide(path, probe));
    }
    probe.bytes = bytes::look(&mut file, mime, size_bytes);
    report(path, Some(mime))?.enter(&mut probe);
    if mime.is_still() {
        size_by_header(path, &mut probe);
    }
    if !mime.is_still() && probe.unreadable.is_none() {
        probe.scan = Some(scan(path, mime)?);
    }
    Ok(probe)
}

/// A still that ffprobe does not understand says its size in its header all the same.
fn size_by_header(path: &Path, probe: &mut Probe) {
    let known = probe
        .picture
        .as_ref()
        .is_some_and(|picture| picture.width_px > 0);
    let Some(size) = imagesize::size(path).ok().filter(|_size| !known) else {
        return;
    };
    let edge = |px: usize| u32::try_from(px).unwrap_or(u32::MAX);
    probe.picture = Some(Picture {
        width_px: edge(size.width),
        height_px: edge(size.height),
        ..probe.picture.take().unwrap_or_default()
    });
}

/// The same for a file of any type that ffprobe knows, without counting its packets.
pub fn probe_anything(path: &Path) -> Result<Probe> {
    let shown = path.display();
    let mut file = File::open(path).with_context(|| format!("open {shown}"))?;
    let size_bytes = file
        .metadata()
        .with_context(|| format!("look at {shown}"))?
        .len();
    let mut head = Vec::new();
    (&file)
        .take(64)
        .read_to_end(&mut head)
        .with_context(|| format!("read {shown}"))?;
    let mime = Mime::sniff(&head);
    let mut probe = Probe {
        mime,
        ..Probe::default()
    };
    if let Some(mime) = mime {
        probe.bytes = bytes::look(&mut file, mime, size_bytes);
    }
    report(path, mime)?.enter(&mut probe);
    match &probe.unreadable {
        None => Ok(probe),
        Some(detail) => bail!("không đọc được {shown} · {shown} cannot be read: {detail}"),
    }
}

fn slide(path: &Path, probe: Probe) -> Probe {
    let read = std::fs::read(path).map_err(|error| error.to_string());
    let parsed = read.and_then(|bytes| Slide::parse(&bytes).map_err(|error| error.to_string()));
    Probe {
        unreadable: parsed.err(),
        ..probe
    }
}

/// What ffprobe says about a file.
#[derive(Debug, Default, Deserialize)]
pub struct Report {
    #[serde(default)]
    streams: Vec<Stream>,
    format: Option<Format>,
    #[serde(skip)]
    complaint: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Format {
    duration: Option<String>,
    bit_rate: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Stream {
    codec_type: Option<String>,
    codec_name: Option<String>,
    profile: Option<String>,
    level: Option<i64>,
    width: Option<u32>,
    height: Option<u32>,
    pix_fmt: Option<String>,
    avg_frame_rate: Option<String>,
    r_frame_rate: Option<String>,
    bit_rate: Option<String>,
    field_order: Option<String>,
    color_transfer: Option<String>,
    channels: Option<u32>,
    sample_rate: Option<String>,
    #[serde(default)]
    disposition: BTreeMap<String, i64>,
    #[serde(default)]
    side_data_list: Vec<SideData>,
}

#[derive(Debug, Deserialize)]
struct SideData {
    rotation: Option<f64>,
}

/// Asks ffprobe about the file.
pub fn report(path: &Path, mime: Option<Mime>) -> Result<Report> {
    let mut text = String::new();
    let mut complaint = None;
    let ended = Run::new(
        Tool::Ffprobe,
        &["-v", "error", "-show_format", "-show_streams"],
    )
    .args(["-of", "json"])
    .input(path, mime)
    .within(LIMIT)
    .lines(|line| match line {
        Line::Result(line) if text.len() < MAX_REPORT_BYTES => text.push_str(&line),
        Line::Result(_) => {}
        Line::Complaint(line) => {
            complaint.get_or_insert(plain(&line, path));
        }
    })?;
    let report: Option<Report> = serde_json::from_str(&text).ok();
    let readable = report.filter(|found| ended == Ended::Well && !found.streams.is_empty());
    Ok(readable.unwrap_or_else(|| Report {
        complaint: Some(complaint.unwrap_or_else(|| "no stream".to_owned())),
        ..Report::default()
    }))
}

impl Report {
    /// Writes what was found into `probe`.
    fn enter(self, probe: &mut Probe) {
        let pictures: Vec<&Stream> = self.pictures().collect();
        let sounds: Vec<&Stream> = self.of_type("audio").collect();
        let whole_rate = self.format.as_ref().and_then(|f| f.bit_rate.as_deref());
        probe.length_ms = self.length_ms();
        probe.pictures = pictures.len();
        probe.sounds = sounds.len();
        probe.picture = pictures.first().map(|stream| stream.picture(whole_rate));
        probe.sound = sounds.first().map(|stream| stream.sound());
        probe.unreadable = self.complaint;
    }

    /// How long the header says that it is.
    pub fn length_ms(&self) -> Option<u64> {
        millis(self.format.as_ref()?.duration.as_deref()?)
    }

    /// Width and height of the picture, in pixels.
    pub fn size(&self) -> Option<(u32, u32)> {
        let stream = self.pictures().next()?;
        Some((stream.width?, stream.height?))
    }

    /// How the picture is coded, or else the sound.
    pub fn codec(&self) -> Option<String> {
        let mut both = self.pictures().chain(self.of_type("audio"));
        both.next()?.codec_name.clone()
    }

    /// Streams of pictures; a cover is none.
    fn pictures(&self) -> impl Iterator<Item = &Stream> {
        let is_cover = |s: &&Stream| s.disposition.get("attached_pic").copied() == Some(1);
        self.of_type("video")
            .filter(move |stream| !is_cover(stream))
    }

    fn of_type<'r>(&'r self, kind: &'r str) -> impl Iterator<Item = &'r Stream> {
        self.streams
            .iter()
            .filter(move |stream| stream.codec_type.as_deref() == Some(kind))
    }
}

impl Stream {
    fn codec(&self) -> Codec {
        let name = self.codec_name.clone().unwrap_or_default();
        let level = self.level.and_then(|level| u32::try_from(level).ok());
        let level = level
            .filter(|level| *level > 0)
            .and_then(|level| match name.as_str() {
                "h264" => Some(level),
                "hevc" => Some(level / 3),
                "av1" => Some((2 + level / 4) * 10 + level % 4),
                _ => None,
            });
        let profile = self.profile.clone().filter(|profile| profile != "unknown");
        Codec {
            name,
            profile,
            level,
        }
    }

    fn picture(&self, whole_rate: Option<&str>) -> Picture {
        let rate = self.bit_rate.as_deref().or(whole_rate);
        let hdr = ["smpte2084", "arib-std-b67"];
        let order = self.field_order.as_deref().unwrap_or("progressive");
        let transfer = self.color_transfer.clone();
        Picture {
            codec: self.codec(),
            width_px: self.width.unwrap_or_default(),
            height_px: self.height.unwrap_or_default(),
            format: self.pix_fmt.as_deref().and_then(PixelFormat::named),
            mfps: mfps(self.avg_frame_rate.as_deref())
                .or_else(|| mfps(self.r_frame_rate.as_deref())),
            base_mfps: mfps(self.r_frame_rate.as_deref()),
            bits_per_s: rate.and_then(|rate| rate.parse().ok()),
            is_interlaced: !matches!(order, "progressive" | "unknown"),
            hdr: transfer.filter(|transfer| hdr.contains(&transfer.as_str())),
            turned_degrees: self.turned_degrees(),
        }
    }

    /// ffprobe counts against the clock.
    fn turned_degrees(&self) -> i64 {
        let found = self.side_data_list.iter().find_map(|data| data.rotation);
        let text = found.map(|degrees| format!("{degrees:.0}"));
        text.and_then(|text| text.parse::<i64>().ok())
            .map_or(0, |degrees| -degrees)
    }

    fn sound(&self) -> SoundTrack {
        let rate = self.sample_rate.as_deref();
        SoundTrack {
            codec: self.codec(),
            channels: self.channels.unwrap_or_default(),
            rate_hz: rate.and_then(|rate| rate.parse().ok()).unwrap_or_default(),
        }
    }
}

/// `30000/1001` as 29970.
fn mfps(rate: Option<&str>) -> Option<u64> {
    let (over, under) = rate?.split_once('/')?;
    let (over, under): (u64, u64) = (over.parse().ok()?, under.parse().ok()?);
    let mfps = over.checked_mul(1_000)?.checked_div(under)?;
    Some(mfps).filter(|mfps| *mfps > 0)
}

/// What the packets of one stream say, as they come.
#[derive(Debug, Default)]
struct Track {
    /// Beginning and length of each, in microseconds.
    times: Vec<(i64, i64)>,
    keys: Vec<i64>,
    before_first_key: u64,
}

/// Counts the packets of a file.
fn scan(path: &Path, mime: Mime) -> Result<Scan> {
    let mut tracks: BTreeMap<String, Track> = BTreeMap::new();
    let mut complaint = None;
    let what = "packet=codec_type,stream_index,pts_time,duration_time,flags";
    let ended = Run::new(Tool::Ffprobe, &["-v", "error", "-show_entries", what])
        .args(["-of", "csv=p=0"])
        .input(path, Some(mime))
        .within(LIMIT)
        .lines(|line| match line {
            Line::Result(line) => {
                packet(&line, &mut tracks);
            }
            Line::Complaint(line) => {
                complaint.get_or_insert(plain(&line, path));
            }
        })?;
    if ended != Ended::Well {
        complaint.get_or_insert_with(|| "its packets cannot be read to the end".to_owned());
    }
    let first = |kind: &str| {
        let found = tracks.iter().find(|(key, _track)| key.starts_with(kind));
        found.map(|(_key, track)| track)
    };
    let pictures = first("video").map(Track::summary).unwrap_or_default();
    Ok(Scan {
        sound_end_ms: first("audio").and_then(Track::end_ms),
        complaint,
        ..pictures
    })
}

/// `video,0,0.400000,0.040000,K__`
fn packet(line: &str, tracks: &mut BTreeMap<String, Track>) -> Option<()> {
    let mut fields = line.split(',');
    let (kind, index) = (fields.next()?, fields.next()?);
    let (at, lasts, flags) = (fields.next()?, fields.next()?, fields.next()?);
    let track = tracks.entry(format!("{kind} {index:0>4}")).or_default();
    if flags.contains('D') {
        return None;
    }
    let at = micros(at);
    if flags.contains('K') {
        track.keys.extend(at);
    } else if track.keys.is_empty() {
        track.before_first_key += 1;
    }
    track.times.push((at?, micros(lasts).unwrap_or_default()));
    Some(())
}

impl Track {
    fn summary(&self) -> Scan {
        let mut times = self.times.clone();
        times.sort_unstable();
        let steps = || {
            let pairs = times.windows(2);
            pairs.filter_map(|pair| match pair {
                [(first, _), (second, _)] => Some(ms(second - first)),
                _ => None,
            })
        };
        let mut keys = self.keys.clone();
        keys.sort_unstable();
        let ends = times.iter().map(|(at, lasts)| at + lasts).max();
        let marks: Vec<i64> = keys.iter().copied().chain(ends).collect();
        let gaps = marks.windows(2).filter_map(|pair| match pair {
            [first, second] => Some(ms(second - first)),
            _ => None,
        });
        Scan {
            pictures: u64::try_from(times.len()).unwrap_or_default(),
            before_first_key: (!keys.is_empty()).then_some(self.before_first_key),
            longest_key_gap_ms: gaps.max().unwrap_or_default(),
            shortest_ms: steps().min().unwrap_or_default(),
            longest_ms: steps().max().unwrap_or_default(),
            picture_end_ms: self.end_ms(),
            ..Scan::default()
        }
    }

    fn end_ms(&self) -> Option<u64> {
        self.times
            .iter()
            .map(|(at, lasts)| at + lasts)
            .max()
            .map(ms)
    }
}

fn ms(micros: i64) -> u64 {
    u64::try_from(micros / 1_000).unwrap_or_default()
}

fn micros(seconds: &str) -> Option<i64> {
    let (sign, digits) = match seconds.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, seconds),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = format!("{part:0<6}");
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = part.get(..6)?.parse().ok()?;
    Some(sign * (whole.checked_mul(1_000_000)?.checked_add(part)?))
}

fn millis(seconds: &str) -> Option<u64> {
    micros(seconds).map(ms)
}

/// A complaint without addresses in memory and without the file's whole path.
pub fn plain(line: &str, path: &Path) -> String {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default();
    let line = line.replace(&format!("file:{}", path.display()), &name);
    let mut rest = line.as_str();
    while let Some((_before, after)) = rest.split_once(" @ 0x") {
        rest = after
            .split_once("] ")
            .map_or(after, |(_address, said)| said);
    }
    rest.to_owned()
}
