//! The ways out for notices: mail servers, SMS gateways, modems, calls, webhooks, folders of sheets to
//! print.

mod gateway;
mod modem;

pub use gateway::{Form, Gateway, Replies};
pub use modem::{ModemSettings, ModemText};

use cotmoc_proto::window::DayTime;
use cotmoc_service::config::Reader;
use lettre::Address;
use reqwest::Url;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// So long that an SMS still holds a link and says something.
const LONGEST_LINK_BASE: usize = 40;

/// Settings of notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeSettings {
    /// What stands before `/a/TOKEN` in links; without it notices have none.
    pub links: Option<String>,
    /// A listener that serves links only.
    pub listen: Option<SocketAddr>,
    /// Folder of texts that take the place of the built-in ones.
    pub templates: Option<PathBuf>,
    /// How long one attempt may take.
    pub attempt: Duration,
    /// The country's own prefix of telephone numbers.
    pub country: String,
    pub modems: Vec<ModemSettings>,
    pub routes: Vec<RouteSettings>,
    /// When the day's drill is held; `None`: by hand only.
    pub drill: Option<DayTime>,
}

/// One way out. Each has workers of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteSettings {
    pub name: String,
    /// Where a drill goes on this route.
    pub to: Vec<String>,
    /// The route that takes over what cannot be delivered here, and tries too what has failed here three
    /// times.
    pub instead: Option<String>,
    pub way: Way,
}

/// How a route delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    Mail(Smtp),
    Sms(Gateway),
    /// SMS by a modem of our own.
    Modem(ModemText),
    /// A telephone call by the modem of this name.
    Call(String),
    /// A telephone call by a gateway.
    Voice(Gateway),
    Webhook(Webhook),
    Sheet(Sheet),
}

/// A mail server that takes mail from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    pub server: String,
    pub port: u16,
    pub security: Security,
    pub from: Address,
    pub user: Option<String>,
    pub password_file: Option<PathBuf>,
    /// An authority of the server's certificate beside those of the system.
    pub ca_file: Option<PathBuf>,
}

/// How the connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    Tls,
    Starttls,
    /// Only on this machine.
    None,
}

/// Another system's HTTP address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub url: Url,
    /// The key of the signature, at least 16 bytes.
    pub secret_file: PathBuf,
    /// Addresses of this machine and of private networks may be called.
    pub private: bool,
}

/// A folder of sheets to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub folder: PathBuf,
    /// A command that prints the file named last.
    pub command: Vec<String>,
}

impl Way {
    /// The channel's name, as it stands in the store.
    #[must_use]
    pub const fn channel(&self) -> &'static str {
        match self {
            Self::Mail(_) => "mail",
            Self::Sms(_) | Self::Modem(_) => "sms",
            Self::Call(_) | Self::Voice(_) => "voice",
            Self::Webhook(_) => "webhook",
            Self::Sheet(_) => "sheet",
        }
    }

    /// The modem that it goes by.
    #[must_use]
    pub fn modem(&self) -> Option<&str> {
        match self {
            Self::Modem(text) => Some(&text.modem),
            Self::Call(modem) => Some(modem),
            Self::Mail(_) | Self::Sms(_) | Self::Voice(_) | Self::Webhook(_) | Self::Sheet(_) => {
                None
            }
        }
    }

    /// Whether a notice can be sent to `address` this way.
    #[must_use]
    pub fn reaches(&self, address: &str) -> bool {
        match self {
            Self::Mail(_) => address.parse::<Address>().is_ok(),
            Self::Sms(_) | Self::Modem(_) | Self::Call(_) | Self::Voice(_) => is_number(address),
            Self::Webhook(_) | Self::Sheet(_) => address.is_empty(),
        }
    }
}

impl std::str::FromStr for Security {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "tls" => Ok(Self::Tls),
            "starttls" => Ok(Self::Starttls),
            "none" => Ok(Self::None),
            _ => Err(()),
        }
    }
}

/// Reads the table `notices`.
pub(super) fn read(reader: &mut Reader) -> NoticeSettings {
    let modems = modem::read(reader);
    let routes: Vec<_> = (0..reader.tables("notices.routes"))
        .filter_map(|number| route(reader, &format!("notices.routes.{number}"), &modems))
        .collect();
    check_names(reader, &routes);
    NoticeSettings {
        links: links(reader),
        listen: reader.maybe("notices.listen", "an IP address and port"),
        templates: reader.maybe_path("notices.templates"),
        attempt: Duration::from_secs(reader.within("notices.attempt_s", 20, 1..=25)),
        country: country(reader),
        drill: drill(reader),
        modems,
        routes,
    }
}

fn country(reader: &mut Reader) -> String {
    let expected = "the digits of a country such as \"84\"";
    let text: String = reader.optional("notices.country", "84".to_owned(), expected);
    if !(1..=3).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
        reader.mistake("notices.country", Some(format!("{text:?}")), expected);
    }
    text
}

fn drill(reader: &mut Reader) -> Option<DayTime> {
    let expected = "a time of day such as 09:00";
    let text: String = reader.maybe("notices.drill_at", expected)?;
    let parts = text.split_once(':');
    let time =
        parts.and_then(|(hour, minute)| DayTime::new(hour.parse().ok()?, minute.parse().ok()?));
    if time.is_none() {
        reader.mistake("notices.drill_at", Some(format!("{text:?}")), expected);
    }
    time
}

fn links(reader: &mut Reader) -> Option<String> {
    let key = "notices.links";
    let expected = "the address before /a/… in links, of at most 40 characters, for example \
                    https://dieuhanh.laocai.example.vn";
    let url: Url = reader.maybe(key, expected)?;
    let text = url.as_str().trim_end_matches('/').to_owned();
    if !is_http(&url) || text.len() > LONGEST_LINK_BASE || url.query().is_some() {
        reader.mistake(key, Some(format!("{text:?}")), expected);
    }
    Some(text)
}

fn route(reader: &mut Reader, at: &str, modems: &[ModemSettings]) -> Option<RouteSettings> {
    let key = |name: &str| format!("{at}.{name}");
    let expected = "a name of small letters, digits and hyphens";
    let name: Option<String> = reader.required(&key("name"), expected);
    if let Some(name) = name.as_deref().filter(|name| !is_route_name(name)) {
        reader.mistake(&key("name"), Some(format!("{name:?}")), expected);
    }
    let to: Vec<String> = reader.list(&key("to"), "addresses that a drill goes to");
    let instead = reader.maybe(&key("instead"), "the name of another route");
    let way = way(reader, at, modems);
    if let Some(way) = &way {
        for address in to.iter().filter(|address| !way.reaches(address)) {
            let expected = "an address of this channel: name@example.vn, +84912345678";
            reader.mistake(&key("to"), Some(format!("{address:?}")), expected);
        }
    }
    Some(RouteSettings {
        name: name?,
        to,
        instead,
        way: way?,
    })
}

fn way(reader: &mut Reader, at: &str, modems: &[ModemSettings]) -> Option<Way> {
    let expected = "mail, sms, voice, webhook or sheet";
    let key = format!("{at}.channel");
    let channel: String = reader.required(&key, expected)?;
    match channel.as_str() {
        "mail" => smtp(reader, at).map(Way::Mail),
        "sms" | "voice" if reader.has(&format!("{at}.modem")) => match channel.as_str() {
            "sms" => modem::text(reader, at, modems),
            _ => modem::call(reader, at, modems),
        },
        "sms" => gateway::read(reader, at).map(Way::Sms),
        "voice" => gateway::read(reader, at).map(Way::Voice),
        "webhook" => webhook(reader, at).map(Way::Webhook),
        "sheet" => sheet(reader, at).map(Way::Sheet),
        _ => {
            reader.mistake(&key, Some(format!("{channel:?}")), expected);
            None
        }
    }
}

fn smtp(reader: &mut Reader, at: &str) -> Option<Smtp> {
    let key = |name: &str| format!("{at}.{name}");
    let server: Option<String> = reader.required(&key("server"), "the mail server's name");
    let expected = "tls, starttls or none";
    let security = reader.optional(&key("security"), Security::Tls, expected);
    let is_here = matches!(server.as_deref(), Some("localhost" | "127.0.0.1" | "::1"));
    if security == Security::None && !is_here {
        let expected = "tls or starttls: none is for a mail server on this machine";
        reader.mistake(&key("security"), Some("\"none\"".to_owned()), expected);
    }
    let port = match security {
        Security::Tls => 465,
        Security::Starttls => 587,
        Security::None => 25,
    };
    let user = reader.maybe(&key("user"), "a user's name");
    let password_file = reader.maybe_path(&key("password_file"));
    if user.is_some() != password_file.is_some() {
        reader.mistake(at, None, "user and password_file, both or neither");
    }
    let port = reader.optional(&key("port"), port, "a port");
    let from = reader.required(&key("from"), "the sender's address");
    let ca_file = reader.maybe_path(&key("ca_file"));
    Some(Smtp {
        server: server?,
        port,
        security,
        from: from?,
        user,
        password_file,
        ca_file,
    })
}

fn webhook(reader: &mut Reader, at: &str) -> Option<Webhook> {
    let url = url(reader, &format!("{at}.url"));
    let secret = reader.required_path(&format!("{at}.secret_file"), "a file with the secret");
    let private = reader.optional(&format!("{at}.private"), false, "true or false");
    Some(Webhook {
        url: url?,
        secret_file: secret?,
        private,
    })
}

fn sheet(reader: &mut Reader, at: &str) -> Option<Sheet> {
    let folder = reader.required_path(&format!("{at}.folder"), "a folder");
    let command = reader.list(&format!("{at}.command"), "a program and its arguments");
    Some(Sheet {
        folder: folder?,
        command,
    })
}

fn url(reader: &mut Reader, key: &str) -> Option<Url> {
    let expected = "an http or https address";
    let url: Url = reader.required(key, expected)?;
    if !is_http(&url) {
        reader.mistake(key, Some(format!("\"{url}\"")), expected);
    }
    Some(url)
}

/// Names are unique, and whoever takes over is there and of the same channel.
fn check_names(reader: &mut Reader, routes: &[RouteSettings]) {
    for (number, route) in routes.iter().enumerate() {
        let key = |name: &str| format!("notices.routes.{number}.{name}");
        let first = routes.iter().position(|other| other.name == route.name);
        if first != Some(number) {
            let found = Some(format!("{:?}", route.name));
            reader.mistake(&key("name"), found, "a name that no other route has");
        }
        let Some(instead) = &route.instead else {
            continue;
        };
        let is_good = routes.iter().any(|other| {
            other.name == *instead
                && other.name != route.name
                && other.way.channel() == route.way.channel()
        });
        if !is_good {
            let found = Some(format!("{instead:?}"));
            let expected = "the name of another route of the same channel";
            reader.mistake(&key("instead"), found, expected);
        }
    }
}

fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

fn is_route_name(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=32).contains(&name.len()) && name.bytes().all(legal)
}

/// A telephone number, international or national.
fn is_number(address: &str) -> bool {
    let digits = address.strip_prefix('+').unwrap_or(address);
    (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use cotmoc_service::config::Mistakes;
    use std::path::Path;

    fn settings(text: &str) -> Result<Settings, Mistakes> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("controller.toml");
        std::fs::write(&path, text).unwrap();
        Settings::read(Some(&path), None)
    }

    #[test]
    fn the_routes_that_the_shipped_file_shows_are_taken() {
        let shipped =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/config.d/controller.toml");
        let text = std::fs::read_to_string(shipped).unwrap();
        let is_setting =
            |line: &str| line.starts_with(|c: char| c.is_ascii_lowercase() || c == '[');
        let in_force: Vec<_> = text
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(setting) if is_setting(setting) => setting,
                Some(_) | None => line,
            })
            .collect();
        let notices = settings(&in_force.join("\n")).unwrap().notices;
        let channels: Vec<_> = notices.routes.iter().map(|r| r.way.channel()).collect();
        let expected = ["mail", "sms", "sms", "sms", "voice", "webhook", "sheet"];
        assert_eq!(channels, expected);
        let modem = notices.routes.iter().find_map(|route| route.way.modem());
        assert_eq!(modem, Some(notices.modems[0].name.as_str()));
        assert!(notices.links.is_some() && notices.listen.is_some());
    }

    #[test]
    fn mistakes_in_routes_are_named_with_their_place() {
        let Mistakes(mistakes) = settings(
            "[notices]\nlinks = \"ftp://x\"\nattempt_s = 60\n\
             [[notices.routes]]\nname = \"a\"\nchannel = \"mail\"\nserver = \"mail.example.vn\"\n\
             security = \"none\"\nfrom = \"a@b.vn\\r\\nBcc: c@d.vn\"\nto = [\"x@y.vn\\n\"]\n\
             [[notices.routes]]\nname = \"a\"\nchannel = \"sms\"\nurl = \"file:///etc\"\n\
             body = \"{to}\"\ninstead = \"a\"\nto = [\"+84 1\"]\n\
             [[notices.routes]]\nname = \"c\"\nchannel = \"pigeon\"\n\
             [[notices.routes]]\nname = \"d\"\nchannel = \"voice\"\nmodem = \"none\"\n\
             [[notices.modems]]\nname = \"m\"\ndevice = \"/dev/x\"\ninit = [\"AT\\r\"]\n\
             say = \"AT+CTTS\"\n",
        )
        .unwrap_err();
        let keys: Vec<_> = mistakes.iter().map(|m| m.key.as_str()).collect();
        for key in [
            "notices.links",
            "notices.attempt_s",
            "notices.routes.0.security",
            "notices.routes.0.from",
            "notices.routes.1.url",
            "notices.routes.1.body",
            "notices.routes.1.to",
            "notices.routes.2.channel",
            "notices.routes.3.modem",
            "notices.modems.0.init",
            "notices.modems.0.say",
        ] {
            assert!(keys.contains(&key), "{key} in {keys:?}");
        }
    }
}
