//! What the command line is told once: the controller, the token, the root of trust. A flag wins
//! over the settings file, the settings file over the default.

use cotmoc_proto::Digest;
use cotmoc_service::config::{Mistakes, Reader};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Room for the media of some releases.
const MEDIA_CACHE_GB: u64 = 20;
const DEFAULT_CONTROLLER: &str = "http://127.0.0.1:8080";

/// Flags that every command takes.
#[derive(Debug, clap::Args)]
pub struct Global {
    /// The controller's address [default: http://127.0.0.1:8080]
    #[arg(long, global = true, value_name = "URL")]
    pub controller: Option<String>,
    /// File with the operator's token for the controller
    #[arg(long, global = true, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// The trusted root document (the factory root); it never comes from the controller
    #[arg(long, global = true, value_name = "FILE")]
    pub root: Option<PathBuf>,
    /// Settings file [default: ~/.config/cotmoc/cli.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What the commands work with.
#[derive(Debug)]
pub struct Settings {
    pub controller: String,
    pub token_file: Option<PathBuf>,
    pub root: Option<PathBuf>,
    /// Key digests of devices that were noted when they were enrolled: not the controller's word.
    pub device_keys: BTreeMap<String, Digest>,
    /// The public key with which the controller signs reports of incidents: not the controller's word.
    pub report_key: Option<PathBuf>,
    /// How much room this person's folder of checked media may take.
    pub media_cache_bytes: u64,
}

impl Settings {
    /// Merges flags, settings file and defaults.
    ///
    /// # Errors
    /// Every mistake of the settings file at once.
    pub fn load(global: &Global) -> Result<Self, Mistakes> {
        let file = global.config.clone().or_else(default_file);
        let Some(file) = file else {
            return Ok(Self::merge(global, FromFile::default()));
        };
        let mut reader = Reader::open(&file);
        let from_file = FromFile {
            controller: reader.maybe("controller", "an http:// or https:// address"),
            token_file: reader.maybe_path("token_file"),
            root: reader.maybe_path("root"),
            device_keys: pins(&mut reader),
            report_key: reader.maybe_path("report_key"),
            media_cache_gb: Some(reader.within("media_cache_gb", MEDIA_CACHE_GB, 1..=100_000)),
        };
        reader.finish()?;
        Ok(Self::merge(global, from_file))
    }

    fn merge(global: &Global, file: FromFile) -> Self {
        Self {
            controller: global
                .controller
                .clone()
                .or(file.controller)
                .unwrap_or_else(|| DEFAULT_CONTROLLER.to_owned()),
            token_file: global.token_file.clone().or(file.token_file),
            root: global.root.clone().or(file.root),
            device_keys: file.device_keys,
            report_key: file.report_key,
            media_cache_bytes: file.media_cache_gb.unwrap_or(MEDIA_CACHE_GB) * 1_000_000_000,
        }
    }
}

#[derive(Default)]
struct FromFile {
    controller: Option<String>,
    token_file: Option<PathBuf>,
    root: Option<PathBuf>,
    device_keys: BTreeMap<String, Digest>,
    report_key: Option<PathBuf>,
    media_cache_gb: Option<u64>,
}

/// `device_keys = ["W01=<64 hex digits>", …]`
fn pins(reader: &mut Reader) -> BTreeMap<String, Digest> {
    let expected = "DEVICE=SHA256, as `cotmoc device enrol` prints it";
    let list: Vec<Pin> = reader.list("device_keys", expected);
    list.into_iter().map(|pin| (pin.device, pin.key)).collect()
}

struct Pin {
    device: String,
    key: Digest,
}

impl std::str::FromStr for Pin {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (device, key) = text.split_once('=').ok_or("no '='")?;
        let key = key
            .parse()
            .map_err(|_error: cotmoc_proto::digest::BadDigest| "no digest")?;
        Ok(Self {
            device: device.to_owned(),
            key,
        })
    }
}

/// The person's own settings file, if there is one.
fn default_file() -> Option<PathBuf> {
    let folder = match std::env::var_os("XDG_CONFIG_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(&std::env::var_os("HOME")?).join(".config"),
    };
    Some(folder.join("cotmoc/cli.toml")).filter(|file| file.exists())
}

/// Where media that were checked lie for this person.
pub fn default_media_dir() -> PathBuf {
    cache_dir().join("media")
}

/// What this person's commands keep for later; it may be deleted at any time.
pub fn cache_dir() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    cache
        .or_else(home)
        .unwrap_or_else(std::env::temp_dir)
        .join("cotmoc")
}

/// What this person's commands must not forget.
pub fn data_dir() -> PathBuf {
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/share"));
    data.or_else(home)
        .unwrap_or_else(std::env::temp_dir)
        .join("cotmoc")
}
