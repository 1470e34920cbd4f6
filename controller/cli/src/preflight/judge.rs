//! The judgement: every rule in one place, each by what the wall does with such a file.

use super::board::Board;
use super::picture;
use super::probe::{Decoded, IndexPlace, Mark, Probe, Scan, Stopped};
use super::reason::{FileReason, PictureReason, Reason, Severity, SoundReason, TimeReason};
use cotmoc_proto::media::{MAX_ASSET_BYTES, MAX_STILL_BYTES, Mime};

/// Nothing plays longer than a day.
const LONGEST_MS: u64 = 86_400_000;
/// A wall calls a film cut off that ends this much before its header says.
const SLACK_MS: u64 = 500;
/// A wall that joins late must decode its way from the key picture before.
const LONG_GAP_MS: u64 = 10_000;

/// What people must know before `probe` plays on `board`; what stops it first.
pub fn judge(probe: &Probe, board: &Board) -> Vec<Reason> {
    let mut all = file(probe, board);
    if let Some(mime) = probe.mime {
        if mime.is_sound() {
            sound_file(probe, board, &mut all);
        } else if mime.is_picture_file() {
            still(probe, board, &mut all);
        } else if mime != Mime::Slide {
            film(probe, board, &mut all);
        }
    }
    decoding(probe, &mut all);
    let stops = all.iter().any(|one| one.severity() == Severity::Stop);
    if let Some(detail) = probe.unreadable.clone().filter(|_detail| !stops) {
        all.push(FileReason::Unreadable { detail }.into());
    }
    all.sort_by_key(|one| std::cmp::Reverse(one.severity()));
    all
}

fn file(probe: &Probe, board: &Board) -> Vec<Reason> {
    let mut all: Vec<FileReason> = Vec::new();
    let bytes = probe.size_bytes;
    if bytes == 0 {
        return vec![FileReason::Empty.into()];
    }
    let Some(mime) = probe.mime else {
        let beginning = probe.beginning.clone();
        return vec![FileReason::Unknown { beginning }.into()];
    };
    let most = if mime.is_still() {
        MAX_STILL_BYTES
    } else {
        MAX_ASSET_BYTES
    };
    if bytes > most {
        all.push(FileReason::TooLong { bytes, most });
    }
    match probe.bytes.wants_bytes {
        Some(wants) if wants > bytes => all.push(FileReason::CutOff { bytes, wants }),
        Some(wants) if wants < bytes && mime.is_still() => {
            all.push(FileReason::MoreBehind { bytes, wants });
        }
        Some(_) | None => {}
    }
    if probe.bytes.marks.contains(&Mark::Encrypted) {
        all.push(FileReason::Encrypted);
    }
    let is_played = mime.is_still()
        || board
            .abilities
            .containers
            .iter()
            .any(|c| c == mime.as_str());
    if !is_played {
        let container = mime.as_str();
        all.push(FileReason::ContainerNotPlayed { container });
    }
    if let Some(extension) = probe.extension.clone().filter(|name| !is_usual(mime, name)) {
        let is = mime.as_str();
        all.push(FileReason::Misnamed { extension, is });
    }
    if probe.bytes.index == Some(IndexPlace::End) {
        all.push(FileReason::IndexAtEnd);
    }
    if probe.bytes.marks.contains(&Mark::Endless) {
        all.push(FileReason::NoLastPage);
    }
    all.into_iter().map(Reason::from).collect()
}

/// Whether files of this type are usually named so.
pub fn is_usual(mime: Mime, extension: &str) -> bool {
    let usual: &[&str] = match mime {
        Mime::Png => &["png", "apng"],
        Mime::Jpeg => &["jpg", "jpeg", "jpe"],
        Mime::Webp => &["webp"],
        Mime::Mp4 => &["mp4", "m4v", "mov"],
        Mime::Webm => &["webm", "mkv"],
        Mime::Slide => &["json"],
        Mime::Lookup => &["lookup"],
        Mime::Ogg => &["ogg", "oga", "opus"],
        Mime::Mp3 => &["mp3"],
        Mime::Wav => &["wav"],
    };
    usual.contains(&extension)
}

fn still(probe: &Probe, board: &Board, all: &mut Vec<Reason>) {
    if let Some(found) = &probe.picture {
        all.extend(picture::still(found, board).into_iter().map(Reason::from));
    }
    if probe.bytes.marks.contains(&Mark::Cmyk) {
        all.push(PictureReason::Cmyk.into());
    }
    if probe.bytes.marks.contains(&Mark::Animated) {
        let decodes_the_first = probe.mime == Some(Mime::Png);
        all.push(match decodes_the_first {
            true => PictureReason::FirstPictureOnly.into(),
            false => PictureReason::AnimationNotPlayed.into(),
        });
    }
    if let Some(orientation @ 2..=8) = probe.bytes.orientation {
        all.push(PictureReason::ExifTurned { orientation }.into());
    }
}

fn film(probe: &Probe, board: &Board, all: &mut Vec<Reason>) {
    match &probe.picture {
        Some(found) => all.extend(picture::moving(found, board).into_iter().map(Reason::from)),
        None if probe.unreadable.is_none() => all.push(PictureReason::Missing.into()),
        None => {}
    }
    if probe.pictures > 1 {
        let count = probe.pictures;
        all.push(PictureReason::Several { count }.into());
    }
    length(probe, all);
    if let Some(scan) = probe.scan.as_ref().filter(|_scan| probe.picture.is_some()) {
        packets(scan, all);
    }
    if probe.picture.is_some() {
        film_sound(probe, board, all);
    }
}

fn film_sound(probe: &Probe, board: &Board, all: &mut Vec<Reason>) {
    let Some(sound) = &probe.sound else {
        all.push(SoundReason::Missing.into());
        return;
    };
    if !board.abilities.sound.contains(&sound.codec.name) {
        let codec = sound.codec.name.clone();
        all.push(SoundReason::ShownSilent { codec }.into());
    }
    channels(sound.channels, all);
    if probe.sounds > 1 {
        let count = probe.sounds;
        all.push(SoundReason::Several { count }.into());
    }
}

fn sound_file(probe: &Probe, board: &Board, all: &mut Vec<Reason>) {
    length(probe, all);
    let Some(sound) = &probe.sound else {
        if probe.unreadable.is_none() {
            all.push(SoundReason::NoneAtAll.into());
        }
        return;
    };
    if !board.abilities.sound.contains(&sound.codec.name) {
        let codec = sound.codec.name.clone();
        all.push(SoundReason::NotPlayed { codec }.into());
    }
    channels(sound.channels, all);
}

fn channels(channels: u32, all: &mut Vec<Reason>) {
    if channels > 2 {
        all.push(SoundReason::MixedDown { channels }.into());
    }
}

/// What the header says, against what is really there.
fn length(probe: &Probe, all: &mut Vec<Reason>) {
    let Some(header_ms) = probe.length_ms.filter(|ms| *ms > 0) else {
        if probe.unreadable.is_none() {
            all.push(TimeReason::NoLength.into());
        }
        return;
    };
    if header_ms > LONGEST_MS {
        all.push(TimeReason::Absurd { header_ms }.into());
    }
    let Some(found_ms) = probe.scan.as_ref().and_then(Scan::end_ms) else {
        return;
    };
    if found_ms + SLACK_MS < header_ms {
        all.push(
            TimeReason::EndsEarly {
                header_ms,
                found_ms,
            }
            .into(),
        );
    } else if header_ms + SLACK_MS < found_ms {
        all.push(
            TimeReason::GoesOn {
                header_ms,
                found_ms,
            }
            .into(),
        );
    }
}

impl Scan {
    fn end_ms(&self) -> Option<u64> {
        self.picture_end_ms.max(self.sound_end_ms)
    }
}

fn packets(scan: &Scan, all: &mut Vec<Reason>) {
    if scan.pictures == 0 {
        all.push(PictureReason::Missing.into());
        return;
    }
    match scan.before_first_key {
        Some(0) => {}
        late => all.push(TimeReason::NoKeyAtStart { pictures: late }.into()),
    }
    let (shortest_ms, longest_ms) = (scan.shortest_ms, scan.longest_ms);
    if longest_ms > shortest_ms + 2 {
        all.push(
            TimeReason::Variable {
                shortest_ms,
                longest_ms,
            }
            .into(),
        );
    }
    let gap_ms = scan.longest_key_gap_ms;
    if gap_ms > LONG_GAP_MS {
        all.push(TimeReason::FewKeys { gap_ms }.into());
    }
    if let (Some(picture_ms), Some(sound_ms)) = (scan.picture_end_ms, scan.sound_end_ms)
        && picture_ms + SLACK_MS < sound_ms
    {
        all.push(
            TimeReason::PictureEndsFirst {
                picture_ms,
                sound_ms,
            }
            .into(),
        );
    }
}

fn decoding(probe: &Probe, all: &mut Vec<Reason>) {
    let explained = all.iter().any(|one| one.severity() == Severity::Stop);
    let scanned = probe.scan.as_ref().and_then(|scan| scan.complaint.clone());
    let scanned = scanned.filter(|_detail| !explained);
    let Some(decoded) = &probe.decoded else {
        if let Some(detail) = scanned {
            all.push(TimeReason::Damaged { at_ms: 0, detail }.into());
        }
        return;
    };
    let Decoded {
        end_ms: at_ms,
        size_changes,
        ..
    } = *decoded;
    match (decoded.stopped, decoded.complaint.clone().or(scanned)) {
        (Stopped::OutOfTime, _) => all.push(TimeReason::NotFinished { at_ms }.into()),
        (Stopped::AtTheEnd, None) => {}
        (Stopped::AtTheEnd | Stopped::ByDamage, detail) => {
            let detail = detail.unwrap_or_default();
            all.push(TimeReason::Damaged { at_ms, detail }.into());
        }
    }
    if size_changes > 0 {
        all.push(PictureReason::SizeChanges { size_changes }.into());
    }
    let known = probe.picture.as_ref().is_some_and(|p| p.is_interlaced);
    if decoded.has_interlaced && !known {
        all.push(PictureReason::Interlaced.into());
    }
}
