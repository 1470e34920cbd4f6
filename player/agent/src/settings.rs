//! The agent's configuration file.

use crate::lines::{Active, Line, Place};
use crate::nurse::Remedies;
use anyhow::Context as _;
use cotmoc_player_core::symptom::Role;
use cotmoc_proto::device::ScreenKind;
use cotmoc_proto::trust::Identity;
use cotmoc_service::config::{Mistakes, Reader};
use reqwest::Url;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An `https` address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// The address of `path` there.
    ///
    /// # Errors
    /// Where `path` is not one.
    pub fn at(&self, path: &str) -> anyhow::Result<Url> {
        self.0.join(path).with_context(|| format!("path {path:?}"))
    }
}

impl std::str::FromStr for Address {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let url: Url = text.parse().map_err(drop)?;
        let plain = url.scheme() == "https" && url.has_host() && matches!(url.path(), "" | "/");
        let bare = url.query().is_none() && url.username().is_empty() && url.fragment().is_none();
        (plain && bare).then_some(Self(url)).ok_or(())
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How much the media may take.
#[derive(Debug, Clone, Copy)]
pub struct MediaLimits {
    pub quota_bytes: u64,
    pub keep_free_percent: u64,
}

/// How long the network may be silent.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub connect: Duration,
    pub answer: Duration,
    pub idle: Duration,
}

/// Everything the agent is told at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    pub me: Identity,
    pub data: PathBuf,
    pub inbox: PathBuf,
    pub media: PathBuf,
    pub link: PathBuf,
    pub factory_root: PathBuf,
    pub controller: Address,
    pub enrol: Option<Address>,
    pub server_ca: PathBuf,
    /// Time between heartbeats; `None`: as the controller says.
    pub sync: Option<Duration>,
    pub media_limits: MediaLimits,
    pub outbox_limit_bytes: u64,
    pub patience: Patience,
    pub scrub: Duration,
    /// Screens that should be there.
    pub screens: Vec<ScreenKind>,
    pub lines: Vec<Line>,
    pub remedies: Remedies,
}

impl Settings {
    /// Reads the file `path`.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn read(path: &Path) -> Result<Self, Mistakes> {
        let mut reader = Reader::open(path);
        let name = "a name of letters, digits, '.', '_' or '-'";
        let site = reader.required("site", name);
        let channel = reader.required("channel", name);
        let device = reader.required("device", name);
        let https = "an address such as https://controller.example:8443";
        let controller = reader.required("controller", https);
        let enrol = reader.maybe("enrol", https);
        let data = reader.path("data", "/var/lib/cotmoc/agent");
        let inbox = reader.path("inbox", "/var/lib/cotmoc/inbox");
        let media = reader.path("media", "/var/lib/cotmoc/media");
        let link = reader.path("link", "/run/cotmoc/link.sock");
        let factory_root = reader.path("factory_root", "/etc/cotmoc/root.dsse");
        let server_ca = reader.path("server_ca", "/etc/cotmoc/server-ca.pem");
        let sync = reader
            .has("sync_ms")
            .then(|| millis(&mut reader, "sync_ms", 20_000));
        let media_limits = media_limits(&mut reader);
        let outbox_limit_bytes = reader.within("outbox_limit_bytes", 50 << 20, 1 << 20..=10 << 30);
        let patience = Patience {
            connect: millis(&mut reader, "network.connect_ms", 10_000),
            answer: millis(&mut reader, "network.answer_ms", 30_000),
            idle: millis(&mut reader, "network.idle_ms", 30_000),
        };
        let scrub = reader.within("scrub_hours", 24, 1..=8_760);
        let scrub = Duration::from_secs(scrub * 3_600);
        let screens = screens(&mut reader);
        let lines = lines(&mut reader);
        let remedies = remedies(&mut reader);
        reader.finish_with((|| {
            let me = Identity {
                site: site?,
                channel: channel?,
                device: device?,
            };
            Some(Self {
                me,
                data,
                inbox,
                media,
                link,
                factory_root,
                controller: controller?,
                enrol,
                server_ca,
                sync,
                media_limits,
                outbox_limit_bytes,
                patience,
                scrub,
                screens,
                lines,
                remedies,
            })
        })())
    }
}

fn millis(reader: &mut Reader, key: &str, default_ms: u64) -> Duration {
    Duration::from_millis(reader.within(key, default_ms, 100..=3_600_000))
}

fn media_limits(reader: &mut Reader) -> MediaLimits {
    let biggest = u64::MAX >> 1;
    MediaLimits {
        quota_bytes: reader.within("media_quota_bytes", biggest, 1 << 20..=biggest),
        keep_free_percent: reader.within("keep_free_percent", 10, 0..=90),
    }
}

fn screens(reader: &mut Reader) -> Vec<ScreenKind> {
    let expected = "\"wall\" or \"kiosk\"";
    let names: Vec<String> = reader.list("screens", expected);
    let mut screens = Vec::new();
    for name in names {
        match name.as_str() {
            "wall" => screens.push(ScreenKind::Wall),
            "kiosk" => screens.push(ScreenKind::Kiosk),
            _ => reader.mistake("screens", Some(name), expected),
        }
    }
    if !reader.has("screens") {
        screens.push(ScreenKind::Wall);
    }
    screens
}

fn lines(reader: &mut Reader) -> Vec<Line> {
    let count = reader.tables("line");
    let lines: Vec<Line> = (0..count).filter_map(|n| line(reader, n)).collect();
    for (index, line) in lines.iter().enumerate() {
        if lines
            .iter()
            .take(index)
            .any(|other| other.name == line.name)
        {
            reader.mistake("line", Some(line.name.clone()), "a name of its own");
        }
    }
    if count == 0 && reader.has("line") {
        reader.mistake("line", None, "[[line]] for each line");
    }
    lines
}

fn line(reader: &mut Reader, number: usize) -> Option<Line> {
    let key = |name: &str| format!("line.{number}.{name}");
    let roles = "\"mains\", \"on-battery\", \"low-battery\", \"door\" or \"tamper\"";
    let name: Option<String> = reader.required(&key("name"), "a name for people");
    let role: Option<Role> = reader.required(&key("role"), roles);
    let chip = reader.maybe_path(&key("chip"));
    let place: Option<Place> = reader.required(&key("line"), "a number or the line's name");
    let active = reader.optional(&key("active"), Active::High, "\"high\" or \"low\"");
    let debounce_ms = reader.within(&key("debounce_ms"), 50, 1..=60_000);
    Some(Line {
        name: name?,
        role: role?,
        chip,
        place: place?,
        active,
        debounce_ms,
    })
}

fn remedies(reader: &mut Reader) -> Remedies {
    let expected = "a program and its arguments";
    let on = reader.optional("remedy.power_off_on_low_battery", false, "true or false");
    let mut power_off = reader.list("remedy.power_off", expected);
    if power_off.is_empty() {
        power_off = ["systemctl", "poweroff"].map(str::to_owned).to_vec();
    }
    Remedies {
        restart_screen: reader.list("remedy.restart_screen", expected),
        restart_board: reader.list("remedy.restart_board", expected),
        power_off: if on { power_off } else { Vec::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, Mistakes> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        std::fs::write(&path, text).unwrap();
        Settings::read(&path)
    }

    #[test]
    fn the_least_that_must_be_said_is_enough() {
        let who = "site = \"lao-cai\"\nchannel = \"gate\"\ndevice = \"W01\"\n";
        let settings = read(&format!("{who}controller = \"https://10.0.0.1:8443\"\n")).unwrap();
        assert_eq!(settings.sync, None);
        assert_eq!(settings.screens, [ScreenKind::Wall]);
        let wait = settings.controller.at("/d/v1/wait").unwrap();
        assert_eq!(wait.as_str(), "https://10.0.0.1:8443/d/v1/wait");
    }

    #[test]
    fn lines_are_read_with_their_mistakes_and_nothing_is_switched_off_unasked() {
        let who = "site = \"lao-cai\"\nchannel = \"gate\"\ndevice = \"W01\"\n\
                   controller = \"https://10.0.0.1:8443\"\n";
        let mains = "[[line]]\nname = \"mains\"\nrole = \"mains\"\nline = 5\nactive = \"low\"\n";
        let settings = read(&format!("{who}{mains}")).unwrap();
        let expected = Line {
            name: "mains".to_owned(),
            role: Role::Mains,
            chip: None,
            place: Place::Number(5),
            active: Active::Low,
            debounce_ms: 50,
        };
        assert_eq!(settings.lines, [expected]);
        assert_eq!(settings.remedies, Remedies::default());
        let wrong = "[[line]]\nname = \"mains\"\nrole = \"sun\"\ndebounce_ms = 0\n";
        let Mistakes(mistakes) = read(&format!("{who}{mains}{wrong}")).unwrap_err();
        let keys: Vec<_> = mistakes.iter().map(|m| m.key.as_str()).collect();
        assert_eq!(keys, ["line.1.role", "line.1.line", "line.1.debounce_ms"]);
        let off = "[remedy]\npower_off_on_low_battery = true\n";
        let settings = read(&format!("{who}{off}")).unwrap();
        assert_eq!(settings.remedies.power_off, ["systemctl", "poweroff"]);
    }

    #[test]
    fn five_mistakes_are_reported_at_once() {
        let text = "site = \"a/b\"\nchannel = \"gate\"\ncontroller = \"http://10.0.0.1\"\n\
                    sync_ms = 0\nscreens = [\"cinema\"]\n";
        let Mistakes(mistakes) = read(text).unwrap_err();
        let keys: Vec<_> = mistakes.iter().map(|m| m.key.as_str()).collect();
        assert_eq!(keys, ["site", "device", "controller", "sync_ms", "screens"]);
    }
}
