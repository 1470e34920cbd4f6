//! What a board said of itself: the probe's lines, parsed.

use cotmoc_proto::Digest;
use std::collections::{BTreeMap, BTreeSet};

/// Facts of one board. What it did not say is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is one fact that a board tells or does not"
)]
pub struct Found {
    /// Whether commands run as root.
    pub is_root: bool,
    /// Whether systemd is the first process.
    pub has_systemd: bool,
    pub arch: String,
    /// As `/etc/os-release` has it: "debian", and "12".
    pub os: String,
    pub os_version: String,
    pub model: String,
    pub memory_mib: u64,
    pub free_mib: u64,
    /// "CONNECTOR DRIVER STATUS MODE", of the kernel's displays.
    pub displays: Vec<Display>,
    pub sound: Vec<String>,
    pub gpio: Vec<String>,
    pub rtc: Vec<String>,
    /// Identities of the board's watchdogs.
    pub watchdogs: Vec<String>,
    /// Whether the service manager feeds one.
    pub is_watched: bool,
    /// Seconds since 1970, by the board.
    pub clock_s: i64,
    pub is_synchronised: bool,
    /// What the storage says is wrong with itself.
    pub storage_faults: Vec<String>,
    pub zone: String,
    /// Versions by package.
    pub packages: BTreeMap<String, String>,
    /// Digest, mode and owner by path.
    pub files: BTreeMap<String, FileFound>,
    pub units: BTreeMap<String, UnitFound>,
    /// The lines of the login's `authorized_keys`.
    pub authorised: BTreeSet<String>,
    pub ssh_ports: Vec<u16>,
    /// Whether the SSH server takes anything but keys.
    pub takes_passwords: bool,
    /// Whether our table is in the kernel's firewall.
    pub has_firewall: bool,
    /// Digest of the device's key, once it has one.
    pub device_key: Option<Digest>,
    pub has_certificate: bool,
    /// What the test card was shown with when it was right.
    pub proven: Option<String>,
    /// Units that wait for a person.
    pub needs_person: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Display {
    pub connector: String,
    pub driver: String,
    pub is_connected: bool,
    pub mode: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFound {
    pub sha256: String,
    pub mode: String,
    pub owner: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitFound {
    /// "enabled", "disabled", "masked", …
    pub enabled: String,
    /// "active", "inactive", "failed", …
    pub active: String,
    /// Whether it started before what it runs or reads was changed.
    pub is_stale: bool,
}

impl Found {
    /// What the probe printed. Lines that it does not print are passed over: a login may greet.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.lines() {
            if let Some((key, value)) = line.strip_prefix("cotmoc:").and_then(|l| l.split_once('='))
            {
                found.take(key, value.trim());
            }
        }
        found
    }

    /// Whether the last line of the probe has arrived.
    #[must_use]
    pub fn is_whole(text: &str) -> bool {
        text.lines().any(|line| line == "cotmoc:end=")
    }

    fn take(&mut self, key: &str, value: &str) {
        let yes = value == "yes";
        let number = || value.parse().unwrap_or(0);
        let text = || value.to_owned();
        match key {
            "root" => self.is_root = yes,
            "systemd" => self.has_systemd = yes,
            "arch" => self.arch = text(),
            "os" => self.os = text(),
            "os-version" => self.os_version = text(),
            "model" => self.model = text(),
            "memory-kib" => self.memory_mib = number() / 1_024,
            "free-kib" => self.free_mib = number() / 1_024,
            "display" => self.displays.extend(display(value)),
            "sound" => self.sound.push(text()),
            "gpio" => self.gpio.push(text()),
            "rtc" => self.rtc.push(text()),
            "watchdog" => self.watchdogs.push(text()),
            "watched" => self.is_watched = !matches!(value, "" | "0"),
            "clock" => self.clock_s = value.parse().unwrap_or(0),
            "synchronised" => self.is_synchronised = yes,
            "storage-fault" => self.storage_faults.push(text()),
            "zone" => self.zone = text(),
            "authorised" => drop(self.authorised.insert(text())),
            "ssh-port" => self.ssh_ports.extend(value.parse::<u16>()),
            "passwords" => self.takes_passwords |= yes,
            "firewall" => self.has_firewall = yes,
            "device-key" => self.device_key = value.parse().ok(),
            "certificate" => self.has_certificate = yes,
            "proven" => self.proven = Some(text()).filter(|text| !text.is_empty()),
            "needs-person" => self.needs_person.push(text()),
            _ => self.take_named(key, value),
        }
    }

    /// Lines of which there is one for each name.
    fn take_named(&mut self, key: &str, value: &str) {
        let Some((name, rest)) = value.split_once(' ') else {
            return;
        };
        let words: Vec<&str> = rest.split(' ').collect();
        match (key, words.as_slice()) {
            ("package", [version]) => {
                self.packages.insert(name.to_owned(), (*version).to_owned());
            }
            ("file", [sha256, mode, owner]) => {
                let file = FileFound {
                    sha256: (*sha256).to_owned(),
                    mode: (*mode).to_owned(),
                    owner: (*owner).to_owned(),
                };
                self.files.insert(name.to_owned(), file);
            }
            ("unit", [enabled, active, stale]) => {
                let unit = UnitFound {
                    enabled: (*enabled).to_owned(),
                    active: (*active).to_owned(),
                    is_stale: *stale == "stale",
                };
                self.units.insert(name.to_owned(), unit);
            }
            _ => {}
        }
    }
}

fn display(value: &str) -> Option<Display> {
    let mut words = value.split(' ');
    Some(Display {
        connector: words.next()?.to_owned(),
        driver: words.next()?.to_owned(),
        is_connected: words.next()? == "connected",
        mode: words.next().unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_board_says_is_read_and_a_greeting_is_passed_over() {
        let text = "Chào mừng!\ncotmoc:root=yes\ncotmoc:memory-kib=2048000\n\
            cotmoc:display=card0-HDMI-A-1 vc4 connected 1920x1080\n\
            cotmoc:package=chrony 4.3-2\ncotmoc:file=/etc/x 00ff 644 root:root\n\
            cotmoc:unit=cups.service enabled active fresh\ncotmoc:ssh-port=22\ncotmoc:nonsense=1\n\
            cotmoc:passwords=yes\ncotmoc:passwords=no\ncotmoc:end=\n";
        let found = Found::parse(text);
        assert!(found.is_root && found.takes_passwords && Found::is_whole(text));
        assert_eq!(found.memory_mib, 2_000);
        assert!(found.displays[0].is_connected);
        assert_eq!(found.displays[0].mode, "1920x1080");
        assert_eq!(found.packages["chrony"], "4.3-2");
        assert_eq!(found.files["/etc/x"].mode, "644");
        assert_eq!(found.units["cups.service"].enabled, "enabled");
        assert_eq!(found.ssh_ports, [22]);
        assert!(!Found::is_whole("cotmoc:root=yes\n"));
    }
}
