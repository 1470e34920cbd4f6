//! The configuration file, validated as a whole: `deploy/config.d/glass.toml` documents it.

use cotmoc_service::config::{Mistakes, Reader};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// How the panel hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn(pub u16);

impl FromStr for Turn {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "0" => Ok(Self(0)),
            "90" => Ok(Self(90)),
            "180" => Ok(Self(180)),
            "270" => Ok(Self(270)),
            _ => Err(()),
        }
    }
}

/// The size of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl FromStr for Size {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (width, height) = text.split_once('x').ok_or(())?;
        let px = |text: &str| text.parse().ok().filter(|px| (64..=16_384).contains(px));
        Ok(Self {
            width: px(width).ok_or(())?,
            height: px(height).ok_or(())?,
        })
    }
}

/// Which program shows the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Chromium,
    /// WPE, which has no window, menu or key of its own.
    Cog,
}

impl FromStr for Engine {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "chromium" => Ok(Self::Chromium),
            "cog" => Ok(Self::Cog),
            _ => Err(()),
        }
    }
}

/// Everything that is to be known before anything is started.
#[derive(Debug, Clone)]
pub struct Settings {
    pub kiosk: SocketAddrV4,
    pub data: PathBuf,
    pub runtime: PathBuf,
    pub engine: Engine,
    /// More arguments for it.
    pub arguments: Vec<String>,
    pub turn: Turn,
    /// Devices that may be used beside the touch panel, as the compositor names them.
    pub allowed: Vec<String>,
    pub look_every: Duration,
    /// What starts the board again; empty: nothing does.
    pub board: Vec<String>,
    /// Without a display and devices, for those who try the pages.
    pub headless: Option<Size>,
}

impl Settings {
    /// Reads and validates the file.
    ///
    /// # Errors
    /// Every mistake of the file at once.
    pub fn read(path: &Path) -> Result<Self, Mistakes> {
        let mut reader = Reader::open(path);
        let settings = Self::from_reader(&mut reader);
        reader.finish_with(Some(settings))
    }

    fn from_reader(reader: &mut Reader) -> Self {
        let usual = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8720);
        let here = "an address of this machine, for example 127.0.0.1:8720";
        let kiosk: SocketAddrV4 = reader.optional("kiosk", usual, here);
        if !kiosk.ip().is_loopback() {
            reader.mistake("kiosk", Some(kiosk.to_string()), here);
        }
        let mut board: Vec<String> = reader.list("remedy.board", "a program and its arguments");
        if !reader.has("remedy.board") {
            board = ["systemctl", "reboot"].map(str::to_owned).to_vec();
        }
        let allowed: Vec<String> = reader.list(
            "input.allowed",
            "names of devices such as \"1118:1957:Keypad\"",
        );
        for name in &allowed {
            if name.contains(['"', '\n', '\\']) {
                let expected = "a name without quotation marks";
                reader.mistake("input.allowed", Some(name.clone()), expected);
            }
        }
        Self {
            kiosk,
            data: reader.path("data", "/var/lib/cotmoc/glass"),
            runtime: reader.path("runtime", "/run/cotmoc-glass"),
            engine: reader.optional(
                "browser.engine",
                Engine::Chromium,
                "\"chromium\" or \"cog\"",
            ),
            arguments: reader.list("browser.arguments", "arguments of the browser"),
            turn: reader.optional("output.turn", Turn(0), "0, 90, 180 or 270"),
            allowed,
            look_every: Duration::from_secs(reader.within("look.every_s", 60, 1..=600)),
            board,
            headless: reader.maybe("development.headless", "a size such as \"1080x1920\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kiosk_is_on_this_machine_and_nothing_else_gets_into_the_compositors_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("glass.toml");
        let text =
            "kiosk = \"10.0.0.1:80\"\n[input]\nallowed = ['a\" exec sh']\n[output]\nturn = 45\n";
        std::fs::write(&path, text).unwrap();
        let mistakes = Settings::read(&path).unwrap_err().to_string();
        for key in ["kiosk = ", "input.allowed = ", "output.turn = "] {
            assert!(mistakes.contains(key), "{mistakes}");
        }
        std::fs::write(&path, "").unwrap();
        let usual = Settings::read(&path).unwrap();
        assert_eq!(usual.board, ["systemctl", "reboot"]);
        assert_eq!(usual.kiosk.to_string(), "127.0.0.1:8720");
    }
}
