//! The kiosk's configuration file, validated as a whole: `deploy/config.d/kiosk.toml` documents it.

use cotmoc_player_core::session::{Patience, Rules};
use cotmoc_proto::trust::Identity;
use cotmoc_service::config::{Mistakes, Reader};
use std::net::{Ipv4Addr, SocketAddrV4};
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

/// Size and place of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panel {
    /// Of the glass that lights up, from its lower to its upper edge.
    pub height_mm: u64,
    /// From the floor to the lower edge.
    pub bottom_mm: u64,
    /// From the floor to the highest control that a person in a wheelchair reaches.
    pub reach_mm: u64,
}

impl Panel {
    /// How much of the glass, from its lower edge, is within reach: from 35 to 100 per cent, as less
    /// holds no page.
    #[must_use]
    pub fn reach_percent(&self) -> u64 {
        let within = self.reach_mm.saturating_sub(self.bottom_mm);
        (within * 100 / self.height_mm.max(1)).clamp(35, 100)
    }
}

/// Everything a kiosk needs to know before it starts.
#[derive(Debug, Clone)]
pub struct Settings {
    pub me: Identity,
    pub factory_root: PathBuf,
    pub data: PathBuf,
    pub inbox: PathBuf,
    pub media: PathBuf,
    pub link: PathBuf,
    /// Where the browser finds the pages; always on this machine.
    pub listen: SocketAddrV4,
    pub clock: ClockSource,
    pub panel: Panel,
    /// Patience with a visitor who is quiet.
    pub rules: Rules,
    /// The voice that reads aloud.
    pub speech_program: String,
    /// Where phones find the same content; without it, QR codes hold the content itself.
    pub public_url: Option<String>,
    /// Where phones find the way, with `{lat}` and `{lon}`.
    pub route_url: String,
    /// Where phones give feedback.
    pub feedback_url: Option<String>,
    /// A package that nobody signed, for those who make packages and pages.
    pub unsigned_package: Option<PathBuf>,
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
        let data = reader.path("data", "/var/lib/cotmoc/kiosk");
        let inbox = reader.path("inbox", "/var/lib/cotmoc/inbox");
        let media = reader.path("media", "/var/lib/cotmoc/media");
        let link = reader.path("link", "/run/cotmoc/link.sock");
        let listen = listen(reader);
        let clock = reader.optional("clock.source", ClockSource::Auto, "\"auto\" or \"system\"");
        let panel = panel(reader);
        let rules = rules(reader);
        let speech_program = reader.optional("speech.program", "espeak-ng".to_owned(), "a program");
        let public_url = https(reader, "phone.public_url");
        let route_url = reader.optional(
            "phone.route_url",
            "geo:{lat},{lon}?q={lat},{lon}".to_owned(),
            "an address with {lat} and {lon}",
        );
        let feedback_url = https(reader, "phone.feedback_url");
        let unsigned_package = reader.maybe_path("development.unsigned_package");
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
            listen,
            clock,
            panel,
            rules,
            speech_program,
            public_url,
            route_url,
            feedback_url,
            unsigned_package,
        })
    }
}

fn listen(reader: &mut Reader) -> SocketAddrV4 {
    let default = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8720);
    let expected = "an address on this machine with a port, such as 127.0.0.1:8720";
    let listen = reader.optional("listen", default, expected);
    if listen.ip().is_loopback() {
        return listen;
    }
    reader.mistake("listen", Some(listen.to_string()), expected);
    default
}

fn panel(reader: &mut Reader) -> Panel {
    Panel {
        height_mm: reader.within("panel.height_mm", 477, 100..=3_000),
        bottom_mm: reader.within("panel.bottom_mm", 850, 0..=2_000),
        reach_mm: reader.within("panel.reach_mm", 1_220, 380..=1_400),
    }
}

fn rules(reader: &mut Reader) -> Rules {
    let mut seconds = |key: &str, default, least| {
        let seconds = reader.within(&format!("visit.{key}"), default, least..=600);
        seconds * 1_000
    };
    let mut patience = |name: &str, (quiet, question)| {
        Patience::new(
            seconds(&format!("{name}_quiet_s"), quiet, 10),
            seconds(&format!("{name}_question_s"), question, 20),
        )
    };
    Rules {
        usual: patience("usual", (45, 20)),
        accessible: patience("accessible", (90, 30)),
        form: patience("form", (90, 20)),
    }
}

fn https(reader: &mut Reader, key: &str) -> Option<String> {
    let expected = "an address that begins with https://, of at most 200 characters";
    let url: String = reader.maybe(key, expected)?;
    let is_good =
        url.starts_with("https://") && url.len() <= 200 && !url.contains(char::is_whitespace);
    if !is_good {
        reader.mistake(key, Some(url), expected);
        return None;
    }
    Some(url.trim_end_matches('/').to_owned())
}
