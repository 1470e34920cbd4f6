//! What can be configured, checked once; every default is what a controller without a file uses.

mod clusters;
mod notices;
mod obligations;
mod people;
mod stages;
mod witness;

pub use notices::{
    Form, Gateway, ModemSettings, NoticeSettings, Replies, RouteSettings, Security, Sheet, Smtp,
    Way, Webhook,
};
pub use people::Person;
pub use witness::WitnessSettings;

use crate::backup::BackupSettings;
use cotmoc_controller_core::cluster::Clusters;
use cotmoc_controller_core::liveness::Patience;
use cotmoc_controller_core::obligation;
use cotmoc_controller_core::timetable::Timetable;
use cotmoc_paper::Fonts;
use cotmoc_proto::TimeMs;
use cotmoc_proto::media::MAX_ASSET_BYTES;
use cotmoc_proto::time::{HOUR, MINUTE, Millis};
use cotmoc_proto::window::{DayTime, OperatingWindow};
use cotmoc_service::config::{Mistakes, Reader};
use jiff::civil::Date;
use reqwest::Url;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

const BACKUPS: &str = "backups";
const DATA: &str = "/var/lib/cotmoc/controller";
const ALWAYS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The controller's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Folder of the database, the blobs, the authorities and the operator's token.
    pub data: PathBuf,
    /// DNS names and IP addresses under which devices call the controller.
    pub names: Vec<String>,
    pub listen: Addresses,
    pub token_ms: Millis,
    /// For how long a device's certificate is good, in days.
    pub certificate_days: u32,
    /// When a device shall send its next heartbeat, in milliseconds.
    pub next_ms: u64,
    /// How long a device's question for news is held.
    pub wait: Duration,
    pub blobs: BlobLimits,
    /// The most connections of one listener.
    pub connections: usize,
    /// How long the database's journal may be.
    pub journal_bytes: u64,
    pub notices: NoticeSettings,
    /// Who hears of incidents.
    pub people: Vec<Person>,
    pub rules: Rules,
    /// What is owed by the calendar.
    pub obligations: obligation::Rules,
    /// `HOST:PORT` of what shows that this machine's own network works.
    pub network: Vec<String>,
    pub witness: WitnessCall,
    pub backup: BackupSettings,
    /// For how long an account that an administrator has handed out agrees to nothing that another account of
    /// the same administrator has proposed.
    pub settle_ms: Millis,
    /// The folder of the fonts that papers are set in.
    pub fonts: PathBuf,
}

/// By what incidents open and go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    pub patience: Patience,
    pub tables: Timetable,
    pub clusters: Clusters,
}

/// Where the controller says that it is well, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessCall {
    pub to: Vec<Url>,
    pub every: Duration,
}

/// Where the controller listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    pub device: SocketAddr,
    pub enrol: SocketAddr,
    pub console: SocketAddr,
}

/// How much media may be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobLimits {
    pub max_bytes: u64,
    /// Space that uploads leave free on the disk.
    pub keep_free_bytes: u64,
}

impl Settings {
    /// The settings of the file `config`, or the defaults; `data` overrides the data folder.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn read(config: Option<&Path>, data: Option<PathBuf>) -> Result<Self, Mistakes> {
        let mut reader = config.map_or_else(Reader::empty, Reader::open);
        let notices = notices::read(&mut reader);
        let backups = reader.maybe_path("backup.folder");
        let settings = Self {
            data: reader.path("data", DATA),
            names: names(&mut reader),
            listen: addresses(&mut reader),
            token_ms: minutes(reader.within("enrol.token_minutes", 15, 1..=1_440)),
            certificate_days: days(reader.within("enrol.certificate_days", 400, 1..=3_650)),
            next_ms: reader.within("sync.next_ms", 20_000, 100..=600_000),
            wait: Duration::from_millis(reader.within("sync.wait_ms", 55_000, 100..=55_000)),
            blobs: BlobLimits {
                max_bytes: reader.within("blobs.max_bytes", MAX_ASSET_BYTES, 1..=MAX_ASSET_BYTES),
                keep_free_bytes: reader.within("blobs.keep_free_bytes", 1 << 28, 0..=1 << 50),
            },
            connections: usize::try_from(reader.within("limits.connections", 4_096, 16..=65_536))
                .unwrap_or(4_096),
            journal_bytes: reader.within("limits.journal_mb", 256, 1..=65_536) << 20,
            people: people::read(&mut reader, &notices),
            rules: Rules {
                patience: people::patience(&mut reader),
                tables: stages::read(&mut reader),
                clusters: clusters::read(&mut reader),
            },
            obligations: obligations::read(&mut reader),
            network: network(&mut reader),
            witness: WitnessCall {
                to: reader.list(
                    "witness.to",
                    "addresses such as http://10.0.0.9:8445/beacon",
                ),
                every: Duration::from_secs(reader.within("witness.every_s", 30, 1..=60)),
            },
            backup: backup(&mut reader),
            settle_ms: hours(reader.within("accounts.settle_hours", 24, 0..=720)),
            fonts: reader.path("reports.fonts", Fonts::FOLDER),
            notices,
        };
        reader.finish()?;
        let data = data.unwrap_or(settings.data);
        let folder = backups.unwrap_or_else(|| data.join(BACKUPS));
        Ok(Self {
            backup: BackupSettings {
                folder,
                ..settings.backup
            },
            data,
            ..settings
        })
    }
}

fn backup(reader: &mut Reader) -> BackupSettings {
    let keep = reader.within("backup.keep", 14, 1..=1_000);
    BackupSettings {
        folder: PathBuf::new(),
        every: Duration::from_secs(reader.within("backup.every_hours", 24, 1..=168) * 3_600),
        keep: usize::try_from(keep).unwrap_or(14),
    }
}

fn hours(count: u64) -> Millis {
    i64::try_from(count).unwrap_or(24).saturating_mul(HOUR)
}

fn addresses(reader: &mut Reader) -> Addresses {
    let expected = "an IP address and port, for example 0.0.0.0:8443";
    let mut at = |key: &str, port: u16| {
        let default = SocketAddr::from(([127, 0, 0, 1], port));
        reader.optional(key, default, expected)
    };
    let all = Addresses {
        device: at("listen.device", 8443),
        enrol: at("listen.enrol", 8444),
        console: at("listen.console", 8080),
    };
    if !all.console.ip().is_loopback() {
        let found = Some(format!("\"{}\"", all.console));
        let remedy = "a loopback address such as 127.0.0.1:8080: the console speaks HTTP without \
                      encryption; reach it over SSH port forwarding";
        reader.mistake("listen.console", found, remedy);
    }
    let fixed = [all.device, all.enrol, all.console].map(|a| (a.port() > 0).then_some(a));
    if fixed[0].is_some() && (fixed[0] == fixed[1] || fixed[0] == fixed[2])
        || fixed[1].is_some() && fixed[1] == fixed[2]
    {
        reader.mistake("listen", None, "three different addresses");
    }
    all
}

fn network(reader: &mut Reader) -> Vec<String> {
    let expected = "addresses such as \"10.0.0.1:53\" or \"example.vn:443\"";
    let probes: Vec<String> = reader.list("incidents.network", expected);
    let is_good = |probe: &String| {
        let parts = probe.rsplit_once(':');
        parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
    };
    for probe in probes.iter().filter(|probe| !is_good(probe)) {
        reader.mistake("incidents.network", Some(format!("{probe:?}")), expected);
    }
    probes
}

/// The beginning of a day at the place of the regulation.
fn midnight(reader: &mut Reader, key: &str) -> Option<TimeMs> {
    let date: Date = reader.maybe(key, "a date such as \"2027-01-01\"")?;
    let zone = OperatingWindow::default().zone;
    DayTime::new(0, 0).map(|midnight| zone.at(date, midnight))
}

fn names(reader: &mut Reader) -> Vec<String> {
    let expected = "DNS names or IP addresses, for example \"controller.example.vn\"";
    let mut names: Vec<String> = reader.list("names", expected);
    for name in names.iter().filter(|name| !is_name(name)) {
        reader.mistake("names", Some(format!("{name:?}")), expected);
    }
    names.extend(ALWAYS.map(str::to_owned));
    names.sort();
    names.dedup();
    names
}

fn is_name(name: &str) -> bool {
    let legal_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.parse::<IpAddr>().is_ok() || (name.len() <= 253 && name.split('.').all(legal_label))
}

fn minutes(count: u64) -> Millis {
    i64::try_from(count).unwrap_or(15).saturating_mul(MINUTE)
}

fn days(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_says_what_holds_without_a_file() {
        let shipped =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config.d/controller.toml");
        assert_eq!(
            Settings::read(Some(&shipped), None),
            Settings::read(None, None)
        );
    }

    #[test]
    fn five_mistakes_are_reported_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("controller.toml");
        let text = "names = [\"no name\"]\ncolour = 1\n[listen]\nconsole = \"0.0.0.0:8080\"\n\
                    device = \"nowhere\"\n[sync]\nnext_ms = 5\n";
        std::fs::write(&path, text).unwrap();
        let Mistakes(mistakes) = Settings::read(Some(&path), None).unwrap_err();
        let keys: Vec<_> = mistakes.iter().map(|m| m.key.as_str()).collect();
        for key in [
            "names",
            "colour",
            "listen.console",
            "listen.device",
            "sync.next_ms",
        ] {
            assert!(keys.contains(&key), "{key} in {keys:?}");
        }
    }
}
