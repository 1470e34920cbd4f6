//! GSM modems, and the routes that go by them.

use super::Way;
use cotmoc_service::config::Reader;
use std::path::PathBuf;
use std::time::Duration;

/// A GSM modem on a serial line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModemSettings {
    pub name: String,
    /// A name that stays the same when the modem comes back under another number.
    pub device: PathBuf,
    pub baud: u32,
    /// How long the network may take to take a text over.
    pub send: Duration,
    /// Commands of one's own, given once SIM and network are there.
    pub init: Vec<String>,
    /// A command that switches the modem's power off and on.
    pub power_cycle: Vec<String>,
    /// How long a call may ring, and how long it lasts at most once it is taken.
    pub ring: Duration,
    pub talk: Duration,
    /// What makes the modem speak `{text}` in a call.
    pub say: Option<String>,
}

/// Texts by a modem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModemText {
    pub modem: String,
    /// With diacritics, in as many parts as it takes, instead of one plain part.
    pub diacritics: bool,
}

/// Reads the tables `notices.modems`.
pub(super) fn read(reader: &mut Reader) -> Vec<ModemSettings> {
    let all = (0..reader.tables("notices.modems"))
        .filter_map(|number| modem(reader, &format!("notices.modems.{number}")));
    let all: Vec<ModemSettings> = all.collect();
    for (number, modem) in all.iter().enumerate() {
        let earlier = all.iter().take(number);
        if earlier
            .into_iter()
            .any(|other| other.name == modem.name || other.device == modem.device)
        {
            let key = format!("notices.modems.{number}");
            reader.mistake(
                &key,
                Some(format!("{:?}", modem.name)),
                "a name and a device that no other modem has",
            );
        }
    }
    all
}

fn modem(reader: &mut Reader, at: &str) -> Option<ModemSettings> {
    let key = |name: &str| format!("{at}.{name}");
    let expected = "a name of small letters, digits and hyphens";
    let name: Option<String> = reader.required(&key("name"), expected);
    if let Some(name) = name.as_deref().filter(|name| !super::is_route_name(name)) {
        reader.mistake(&key("name"), Some(format!("{name:?}")), expected);
    }
    let expected = "the modem's line, for example /dev/serial/by-id/usb-…-if02-port0";
    let device = reader.required_path(&key("device"), expected);
    let mut seconds = |name: &str, default: u64, range| {
        Duration::from_secs(reader.within(&key(name), default, range))
    };
    let (send, ring, talk) = (
        seconds("send_s", 60, 1..=120),
        seconds("ring_s", 45, 1..=120),
        seconds("talk_s", 20, 1..=120),
    );
    let baud = reader.within(&key("baud"), 115_200, 1_200..=4_000_000);
    let expected = "commands such as \"AT+DDET=1\"";
    let init: Vec<String> = reader.list(&key("init"), expected);
    let expected_say = "a command with {text}, such as 'AT+CTTS=2,\"{text}\"'";
    let say: Option<String> = reader.maybe(&key("say"), expected_say);
    for command in init
        .iter()
        .chain(&say)
        .filter(|command| !is_command(command))
    {
        reader.mistake(&key("init"), Some(format!("{command:?}")), expected);
    }
    if let Some(say) = say.as_deref().filter(|say| !say.contains("{text}")) {
        reader.mistake(&key("say"), Some(format!("{say:?}")), expected_say);
    }
    let power_cycle = reader.list(&key("power_cycle"), "a program and its arguments");
    Some(ModemSettings {
        name: name?,
        device: device?,
        baud: u32::try_from(baud).unwrap_or(115_200),
        send,
        init,
        power_cycle,
        ring,
        talk,
        say,
    })
}

/// A route for texts by the modem that it names; `None` if it names none.
pub(super) fn text(reader: &mut Reader, at: &str, modems: &[ModemSettings]) -> Option<Way> {
    let modem = named(reader, at, modems)?;
    let diacritics = reader.optional(&format!("{at}.diacritics"), false, "true or false");
    Some(Way::Modem(ModemText { modem, diacritics }))
}

/// A route for calls by the modem that it names; `None` if it names none.
pub(super) fn call(reader: &mut Reader, at: &str, modems: &[ModemSettings]) -> Option<Way> {
    named(reader, at, modems).map(Way::Call)
}

fn named(reader: &mut Reader, at: &str, modems: &[ModemSettings]) -> Option<String> {
    let (key, expected) = (
        format!("{at}.modem"),
        "the name of a modem in [[notices.modems]]",
    );
    let modem: String = reader.maybe(&key, expected)?;
    if !modems.iter().any(|known| known.name == modem) {
        reader.mistake(&key, Some(format!("{modem:?}")), expected);
    }
    Some(modem)
}

fn is_command(text: &str) -> bool {
    text.starts_with("AT") && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
}
