//! The wall's configuration file, validated as a whole: `deploy/config.d/wall.toml` documents it.

use crate::pipeline::{AudioKind, FrameRate, KmsPlane, PixelArea, SinkKind};
use cotmoc_proto::trust::Identity;
use cotmoc_service::config::{Mistakes, Reader};
use std::path::{Path, PathBuf};
use std::str::FromStr;

const ID: &str =
    "1 to 64 letters, digits, '.', '_' or '-', as in the root document and the release";

/// Whether the system clock needs support before it is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockSource {
    /// Believed when it is synchronised or battery-backed.
    Auto,
    /// The operator asserts that it is right.
    System,
}

impl FromStr for ClockSource {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" => Ok(Self::Auto),
            "system" => Ok(Self::System),
            _ => Err(()),
        }
    }
}

/// Where evidence pictures go: PNG files of what the sink presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PictureSettings {
    pub folder: PathBuf,
    /// How many are kept.
    pub keep: usize,
}

/// Everything a wall needs to know before it starts.
#[derive(Debug, Clone)]
pub struct Settings {
    pub me: Identity,
    pub factory_root: PathBuf,
    pub data: PathBuf,
    pub inbox: PathBuf,
    pub media: PathBuf,
    pub link: PathBuf,
    pub width_px: u32,
    pub height_px: u32,
    pub rate: FrameRate,
    pub sink: SinkKind,
    pub area: Option<PixelArea>,
    pub audio: AudioKind,
    pub volume: f64,
    pub clock: ClockSource,
    pub pictures: Option<PictureSettings>,
}

impl Settings {
    /// Reads and validates the file.
    ///
    /// # Errors
    /// Every mistake of the file at once.
    pub fn read(path: &Path) -> Result<Self, Mistakes> {
        let mut reader = Reader::open(path);
        let settings = Self::from_reader(&mut reader);
        reader.finish_with(settings)
    }

    fn from_reader(reader: &mut Reader) -> Option<Self> {
        let (site, channel, device) = (
            reader.required("site", ID),
            reader.required("channel", ID),
            reader.required("device", ID),
        );
        let factory_root = reader.path("factory_root", "/etc/cotmoc/root.dsse");
        let data = reader.path("data", "/var/lib/cotmoc/wall");
        let inbox = reader.path("inbox", "/var/lib/cotmoc/inbox");
        let media = reader.path("media", "/var/lib/cotmoc/media");
        let link = reader.path("link", "/run/cotmoc/link.sock");
        let (width_px, height_px) = (
            pixels(reader, "output.width", 1280),
            pixels(reader, "output.height", 720),
        );
        let (rate, sink, area) = (frame_rate(reader), sink(reader), area(reader));
        let (audio, volume) = (audio(reader), volume(reader));
        let clock = reader.optional("clock.source", ClockSource::Auto, "\"auto\" or \"system\"");
        let pictures = pictures(reader);
        Some(Self {
            me: Identity {
                site: site?,
                channel: channel?,
                device: device?,
            },
            factory_root,
            data,
            inbox,
            media,
            link,
            width_px,
            height_px,
            rate,
            sink,
            area,
            audio,
            volume,
            clock,
            pictures,
        })
    }
}

fn pixels(reader: &mut Reader, key: &str, default: u64) -> u32 {
    u32::try_from(reader.within(key, default, 16..=16_384)).unwrap_or(u32::MAX)
}

fn frame_rate(reader: &mut Reader) -> FrameRate {
    let num = reader.within("output.fps", 30, 1..=120);
    FrameRate {
        num: u32::try_from(num).unwrap_or(30),
        den: 1,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SinkName {
    Headless,
    Window,
    Kms,
}

impl FromStr for SinkName {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "headless" => Ok(Self::Headless),
            "window" => Ok(Self::Window),
            "kms" => Ok(Self::Kms),
            _ => Err(()),
        }
    }
}

fn sink(reader: &mut Reader) -> SinkKind {
    let expected = "\"kms\", \"window\" or \"headless\"";
    let name = reader.optional("output.sink", SinkName::Kms, expected);
    let plane = KmsPlane {
        driver: reader.maybe("output.kms_driver", "the name of a kernel display driver"),
        connector_id: reader.maybe("output.kms_connector", "a connector's number"),
        plane_id: reader.maybe("output.kms_plane", "a plane's number"),
    };
    match name {
        SinkName::Headless => SinkKind::Headless,
        SinkName::Window => SinkKind::Window,
        SinkName::Kms => SinkKind::Kms(plane),
    }
}

fn area(reader: &mut Reader) -> Option<PixelArea> {
    if !reader.has("output.area") {
        return None;
    }
    let edge = "a number of pixels";
    let [x, y, width, height] = ["x", "y", "width", "height"]
        .map(|side| reader.required::<i32>(&format!("output.area.{side}"), edge));
    Some(PixelArea {
        x: x?,
        y: y?,
        width: width?,
        height: height?,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum AudioName {
    None,
    Alsa,
    Auto,
}

impl FromStr for AudioName {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "none" => Ok(Self::None),
            "alsa" => Ok(Self::Alsa),
            "auto" => Ok(Self::Auto),
            _ => Err(()),
        }
    }
}

fn audio(reader: &mut Reader) -> AudioKind {
    let expected = "\"alsa\", \"auto\" or \"none\"";
    let name = reader.optional("audio.sink", AudioName::Alsa, expected);
    let device = reader.optional("audio.device", "default".to_owned(), "an ALSA device name");
    match name {
        AudioName::None => AudioKind::None,
        AudioName::Alsa => AudioKind::Alsa { device },
        AudioName::Auto => AudioKind::Auto,
    }
}

fn volume(reader: &mut Reader) -> f64 {
    let percent = reader.within("audio.volume_percent", 100, 0..=100);
    f64::from(u32::try_from(percent).unwrap_or(100)) / 100.0
}

fn pictures(reader: &mut Reader) -> Option<PictureSettings> {
    let keep = reader.within("pictures.keep", 60, 1..=10_000);
    let folder = reader.maybe_path("pictures.folder")?;
    Some(PictureSettings {
        folder,
        keep: usize::try_from(keep).unwrap_or(60),
    })
}
