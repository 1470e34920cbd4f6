//! The wall's configuration file, validated as a whole: `deploy/config.d/wall.toml` documents it.

mod outputs;

use crate::pipeline::{AudioKind, FrameRate, OutputConfig, PathChoice};
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
    /// Of the canvas until a release brings its own.
    pub width_px: u32,
    pub height_px: u32,
    pub rate: FrameRate,
    pub path: PathChoice,
    pub outputs: Vec<OutputConfig>,
    pub audio: AudioKind,
    pub volume: f64,
    pub clock: ClockSource,
    pub pictures: Option<PictureSettings>,
    /// More memory than this ends the process, so that a new one starts.
    pub memory_mib: u64,
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
        let outputs::Pictures {
            canvas: (width_px, height_px),
            rate,
            path,
            outputs,
        } = outputs::read(reader);
        let (audio, volume) = (audio(reader), volume(reader));
        let clock = reader.optional("clock.source", ClockSource::Auto, "\"auto\" or \"system\"");
        let pictures = pictures(reader);
        let memory_mib = reader.within("limits.memory_mib", 2_048, 32..=1_048_576);
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
            path,
            outputs,
            audio,
            volume,
            clock,
            pictures,
            memory_mib,
        })
    }
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
