//! Planner: what ffmpeg is told so that a file comes out in the wall's own format.

use crate::preflight::{Board, Picture, Probe};
use anyhow::{Result, bail, ensure};
use cotmoc_proto::media::Mime;

/// The rates that films are made in, in thousandths, with the way ffmpeg writes them.
const RATES: [(u64, &str); 8] = [
    (23_976, "24000/1001"),
    (24_000, "24"),
    (25_000, "25"),
    (29_970, "30000/1001"),
    (30_000, "30"),
    (50_000, "50"),
    (59_940, "60000/1001"),
    (60_000, "60"),
];
/// Encoders give the same bytes for the same number of threads only.
const THREADS: &str = "4";
/// Level 4.2: macroblocks of a picture, and of a second.
const LEVEL_42: (u64, u64) = (8_704, 522_240);
/// A still is not larger than this, in pixels of an edge.
const STILL_EDGE_PX: u32 = 4_096;

/// What people ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    pub width_px: Option<u32>,
    pub height_px: Option<u32>,
    pub fps: Option<u32>,
}

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Film,
    Png,
    Jpeg,
    Ogg,
    Wav,
}

impl Target {
    /// What a file with the extension `name` is.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "mp4" => Some(Self::Film),
            "png" => Some(Self::Png),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "ogg" => Some(Self::Ogg),
            "wav" => Some(Self::Wav),
            _ => None,
        }
    }

    /// Its media type.
    pub fn mime(self) -> Mime {
        match self {
            Self::Film => Mime::Mp4,
            Self::Png => Mime::Png,
            Self::Jpeg => Mime::Jpeg,
            Self::Ogg => Mime::Ogg,
            Self::Wav => Mime::Wav,
        }
    }
}

/// ffmpeg's arguments between input and output.
pub fn plan(probe: &Probe, target: Target, wanted: Wanted, board: &Board) -> Result<Vec<String>> {
    let mut args: Vec<&str> = vec!["-map_metadata", "-1", "-map_chapters", "-1"];
    let mut own = Vec::new();
    match target {
        Target::Film => film(probe, wanted, board, &mut own)?,
        Target::Png => still(probe, wanted, &["-c:v", "png", "-f", "image2"], &mut own)?,
        Target::Jpeg => {
            let coding = ["-c:v", "mjpeg", "-q:v", "2", "-f", "image2"];
            still(probe, wanted, &coding, &mut own)?;
        }
        Target::Ogg => sound(
            probe,
            &["-c:a", "libvorbis", "-q:a", "6", "-f", "ogg"],
            &mut own,
        )?,
        Target::Wav => sound(probe, &["-c:a", "pcm_s16le", "-f", "wav"], &mut own)?,
    }
    let flags = match target {
        Target::Film => "+bitexact+cgop",
        Target::Png | Target::Jpeg | Target::Ogg | Target::Wav => "+bitexact",
    };
    args.extend([
        "-fflags",
        "+bitexact",
        "-flags:v",
        flags,
        "-flags:a",
        "+bitexact",
    ]);
    Ok(args.into_iter().map(ToOwned::to_owned).chain(own).collect())
}

fn film(probe: &Probe, wanted: Wanted, board: &Board, args: &mut Vec<String>) -> Result<()> {
    let Some(picture) = &probe.picture else {
        bail!("tệp không có hình · it has no picture");
    };
    let (most_width, most_height, most_fps) = most(board);
    let size = size(picture, wanted, (most_width, most_height));
    let (mfps, rate) = rate(picture, wanted, most_fps)?;
    let frames = mfps.div_ceil(1_000).to_string();
    let level = level(size, mfps);
    let filters = film_filters(picture, size, &rate, wanted);
    let fixed = [
        ["-map", "0:v:0"],
        ["-map", "0:a:0?"],
        ["-vf", filters.as_str()],
        ["-c:v", "libx264"],
        ["-preset", "medium"],
        ["-profile:v", "high"],
        ["-level:v", level],
        ["-pix_fmt", "yuv420p"],
        ["-crf", "18"],
        ["-maxrate", "30M"],
        ["-bufsize", "30M"],
        ["-g", frames.as_str()],
        ["-keyint_min", frames.as_str()],
        ["-sc_threshold", "0"],
        ["-bf", "2"],
        ["-threads", THREADS],
        ["-filter_threads", "1"],
        ["-colorspace", "bt709"],
        ["-color_primaries", "bt709"],
        ["-color_trc", "bt709"],
        ["-color_range", "tv"],
        ["-c:a", "aac"],
        ["-ar", "48000"],
        ["-b:a", "192k"],
        ["-movflags", "+faststart"],
        ["-f", "mp4"],
    ];
    args.extend(fixed.into_iter().flatten().map(ToOwned::to_owned));
    args.extend(two_channels(probe));
    Ok(())
}

/// A mono sound keeps its level in both channels.
fn two_channels(probe: &Probe) -> Vec<String> {
    let two = match probe.sound.as_ref().map(|sound| sound.channels) {
        None => return Vec::new(),
        Some(1) => "pan=stereo|c0=c0|c1=c0",
        Some(_) => "aformat=channel_layouts=stereo",
    };
    vec!["-af".to_owned(), two.to_owned()]
}

/// Upright, square pixels, one rate, the colours of HDTV.
fn film_filters(picture: &Picture, size: (u32, u32), rate: &str, wanted: Wanted) -> String {
    let (width, height) = size;
    let mut filters = Vec::new();
    if picture.is_interlaced {
        filters.push("bwdif=mode=send_frame:deint=all".to_owned());
    }
    if picture.hdr.is_some() {
        filters.push(
            "zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,\
             zscale=t=bt709:m=bt709:r=tv,format=yuv420p"
                .to_owned(),
        );
    }
    let exact =
        "flags=bicubic+accurate_rnd+full_chroma_int+bitexact:out_color_matrix=bt709:out_range=tv";
    if wanted.width_px.is_some() && wanted.height_px.is_some() {
        filters.push(format!(
            "scale={width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2:{exact}"
        ));
        filters.push(format!("pad={width}:{height}:-1:-1"));
    } else {
        filters.push(format!("scale={width}:{height}:{exact}"));
    }
    filters.push(format!("setsar=1,fps={rate},format=yuv420p"));
    filters.join(",")
}

fn still(probe: &Probe, wanted: Wanted, coding: &[&str], args: &mut Vec<String>) -> Result<()> {
    let Some(picture) = &probe.picture else {
        bail!("tệp không có hình · it has no picture");
    };
    let mut filters: Vec<String> = upright(probe.bytes.orientation)
        .map(ToOwned::to_owned)
        .into_iter()
        .collect();
    let swapped = matches!(probe.bytes.orientation, Some(5..=8));
    let seen = match swapped {
        true => Picture {
            width_px: picture.height_px,
            height_px: picture.width_px,
            ..picture.clone()
        },
        false => picture.clone(),
    };
    let (width, height) = fit(&seen, wanted, (STILL_EDGE_PX, STILL_EDGE_PX));
    let exact = "flags=bicubic+accurate_rnd+full_chroma_int+bitexact";
    filters.push(format!("scale={width}:{height}:{exact},setsar=1"));
    if coding.contains(&"png") {
        filters.push("format=rgb24".to_owned());
    } else {
        filters.push("format=yuvj444p".to_owned());
    }
    let filters = filters.join(",");
    let fixed = [
        "-map",
        "0:v:0",
        "-frames:v",
        "1",
        "-vf",
        &filters,
        "-update",
        "1",
    ];
    args.extend(fixed.iter().chain(coding).map(|arg| (*arg).to_owned()));
    args.extend(["-threads", "1"].map(ToOwned::to_owned));
    Ok(())
}

/// The filters that turn a picture as its EXIF orientation asks.
fn upright(orientation: Option<u8>) -> Option<&'static str> {
    match orientation? {
        2 => Some("hflip"),
        3 => Some("hflip,vflip"),
        4 => Some("vflip"),
        5 => Some("transpose=cclock_flip"),
        6 => Some("transpose=clock"),
        7 => Some("transpose=clock_flip"),
        8 => Some("transpose=cclock"),
        _ => None,
    }
}

fn sound(probe: &Probe, coding: &[&str], args: &mut Vec<String>) -> Result<()> {
    ensure!(
        probe.sound.is_some(),
        "tệp không có tiếng · it has no sound"
    );
    let fixed = ["-map", "0:a:0", "-vn", "-ar", "48000"];
    args.extend(fixed.iter().chain(coding).map(|arg| (*arg).to_owned()));
    args.extend(two_channels(probe));
    Ok(())
}

/// Size and rate that the board's H.264 decoder takes.
fn most(board: &Board) -> (u32, u32, u32) {
    let able = board.abilities.video.iter().find(|one| one.codec == "h264");
    able.map_or((1_920, 1_920, 60), |one| {
        (one.max_width_px, one.max_height_px, one.max_fps)
    })
}

/// The size of the film, upright and even.
fn size(picture: &Picture, wanted: Wanted, most: (u32, u32)) -> (u32, u32) {
    let on_its_side = picture.turned_degrees.rem_euclid(180) == 90;
    let seen = match on_its_side {
        true => Picture {
            width_px: picture.height_px,
            height_px: picture.width_px,
            ..picture.clone()
        },
        false => picture.clone(),
    };
    let (width, height) = fit(&seen, wanted, most);
    let even = |edge: u32| (edge - edge % 2).max(16);
    (even(width), even(height))
}

/// The size asked for, or the picture's own made small enough.
fn fit(picture: &Picture, wanted: Wanted, most: (u32, u32)) -> (u32, u32) {
    let (width, height) = (picture.width_px.max(1), picture.height_px.max(1));
    let share = |edge: u32, over: u32, under: u32| {
        let scaled = u64::from(edge) * u64::from(over) / u64::from(under.max(1));
        u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
    };
    match (wanted.width_px, wanted.height_px) {
        (Some(width), Some(height)) => (width, height),
        (Some(wide), None) => (wide, share(height, wide, width)),
        (None, Some(high)) => (share(width, high, height), high),
        (None, None) => {
            let wide = width.min(most.0);
            let (wide, high) = (wide, share(height, wide, width));
            if high <= most.1 {
                return (wide, high);
            }
            (share(width, most.1, height), most.1)
        }
    }
}

/// The rate asked for, or the usual one that is nearest to the film's own.
fn rate(picture: &Picture, wanted: Wanted, most_fps: u32) -> Result<(u64, String)> {
    if let Some(fps) = wanted.fps {
        ensure!(
            (1..=120).contains(&fps),
            "--fps: từ 1 đến 120 · from 1 to 120"
        );
        return Ok((u64::from(fps) * 1_000, fps.to_string()));
    }
    let own = own_rate(picture).min(u64::from(most_fps) * 1_000);
    let usable = RATES
        .iter()
        .filter(|(mfps, _name)| *mfps <= u64::from(most_fps) * 1_000);
    let nearest = usable.min_by_key(|(mfps, _name)| mfps.abs_diff(own));
    Ok(nearest.map_or((25_000, "25".to_owned()), |(mfps, name)| {
        (*mfps, (*name).to_owned())
    }))
}

/// The rate that a film was made in. Where pictures stand unequally long, the average is not it;
/// slow films are shown every picture twice or more.
fn own_rate(picture: &Picture) -> u64 {
    let average = picture.mfps.unwrap_or(25_000);
    let base = picture.base_mfps.unwrap_or(average);
    let is_variable = base.abs_diff(average) * 20 > average && base <= 60_000;
    let mut own = if is_variable { base } else { average };
    while (1..20_000).contains(&own) {
        own *= 2;
    }
    own
}

/// 4.2 where it is enough.
fn level((width, height): (u32, u32), mfps: u64) -> &'static str {
    let blocks = u64::from(width.div_ceil(16)) * u64::from(height.div_ceil(16));
    let (most, most_per_s) = LEVEL_42;
    if blocks <= most && blocks * mfps / 1_000 <= most_per_s {
        "4.2"
    } else {
        "5.2"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width_px: u32, height_px: u32, mfps: u64) -> Picture {
        Picture {
            width_px,
            height_px,
            mfps: Some(mfps),
            ..Picture::default()
        }
    }

    #[test]
    fn films_keep_their_shape_and_become_small_enough_and_even() {
        let most = (1_920, 1_920);
        let none = Wanted::default();
        let wide = Wanted {
            width_px: Some(640),
            ..none
        };
        let cases = [
            (picture(1_920, 1_080, 0), none, (1_920, 1_080)),
            (picture(3_840, 2_160, 0), none, (1_920, 1_080)),
            (picture(1_080, 3_840, 0), none, (540, 1_920)),
            (picture(321, 181, 0), none, (320, 180)),
            (picture(1_920, 1_080, 0), wide, (640, 360)),
        ];
        for (picture, wanted, found) in cases {
            assert_eq!(size(&picture, wanted, most), found);
        }
        let turned = Picture {
            turned_degrees: -90,
            ..picture(1_920, 1_080, 0)
        };
        assert_eq!(size(&turned, none, most), (1_080, 1_920));
    }

    #[test]
    fn rates_become_the_nearest_usual_one() {
        let cases = [
            (23_980, "24000/1001"),
            (25_000, "25"),
            (29_500, "30000/1001"),
            (120_000, "60"),
            (12_000, "24"),
            (12_500, "25"),
            (15_000, "30"),
        ];
        for (mfps, name) in cases {
            let (_mfps, found) = rate(&picture(16, 16, mfps), Wanted::default(), 60).unwrap();
            assert_eq!(found, name, "{mfps}");
        }
        let limited = rate(&picture(16, 16, 60_000), Wanted::default(), 30).unwrap();
        assert_eq!(limited.1, "30");
    }

    #[test]
    fn the_level_is_4_2_up_to_1080p60() {
        assert_eq!(level((1_920, 1_080), 60_000), "4.2");
        assert_eq!(level((3_840, 2_160), 30_000), "5.2");
    }
}
