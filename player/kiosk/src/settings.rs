//! The kiosk's configuration file, validated as a whole: `deploy/config.d/kiosk.toml` documents it.

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
