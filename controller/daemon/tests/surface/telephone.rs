//! A GSM modem for tests: a pseudo-terminal behind a stable name that speaks AT (TS 27.005, 27.007), with
//! a network in which things go wrong as the test says. It reads and writes SMS units by itself.

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

/// What the network and the SIM are like, and what has happened.
#[derive(Debug, Default)]
pub struct Mood {
    pub fault: Fault,
    /// Numbers to which it answers with this error.
    pub refused: BTreeMap<String, u16>,
    /// Numbers whose texts the network takes and then does not deliver.
    pub lost: BTreeSet<String>,
    pub callee: Callee,
    pub sent: Vec<Text>,
    pub calls: Vec<String>,
    pub spoken: Vec<String>,
    pub resets: usize,
    stored: BTreeMap<u16, String>,
    reference: u8,
    is_calling: bool,
    says: Vec<String>,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    NoSim,
    NoNetwork,
    /// It hangs at the next text that it is given.
    HangsAtText,
    /// It says nothing until it is reset.
    Hung,
    /// It says nothing, whatever it is told.
    Dead,
}

/// What becomes of calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Callee {
    #[default]
    Away,
    /// Picks up and presses this key.
    Presses(char),
}

/// A text that the network took over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    pub to: String,
    pub text: String,
}

pub struct Telephone {
    folder: tempfile::TempDir,
    mood: Arc<Mutex<Mood>>,
    plugged: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl Telephone {
    pub fn plugged_in() -> Self {
        let mut telephone = Self {
            folder: tempfile::tempdir().unwrap(),
            mood: Arc::default(),
            plugged: None,
        };
        telephone.plug();
        telephone
    }

    /// The name that stays the same.
    pub fn name(&self) -> PathBuf {
        self.folder.path().join("usb-modem-if02-port0")
    }

    pub fn mood(&self) -> MutexGuard<'_, Mood> {
        self.mood.lock().unwrap()
    }

    pub fn unplug(&mut self) {
        if let Some((stop, thread)) = self.plugged.take() {
            stop.store(true, Ordering::SeqCst);
            thread.join().unwrap();
            drop(std::fs::remove_file(self.name()));
        }
    }

    /// Comes up under another number behind the same name.
    pub fn plug(&mut self) {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let slave = File::options().read(true).write(true).open(&path).unwrap();
        make_raw(&slave);
        std::os::unix::fs::symlink(&path, self.name()).unwrap();
        let (stop, mood) = (Arc::new(AtomicBool::new(false)), Arc::clone(&self.mood));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || serve(master, slave, &mood, &stopped));
        self.plugged = Some((stop, thread));
    }

    /// Somebody sends a text to this modem's number.
    pub fn receive(&self, from: &str, text: &str) {
        let mut mood = self.mood();
        let place = mood.stored.keys().next_back().map_or(1, |last| last + 1);
        mood.stored.insert(place, deliver(from, text, place));
        mood.says.push(format!("+CMTI: \"SM\",{place}"));
    }

    pub fn is_emptied(&self) -> bool {
        self.mood().stored.is_empty()
    }
}

impl Drop for Telephone {
    fn drop(&mut self) {
        self.unplug();
    }
}

fn make_raw(line: &File) {
    let mut settings = rustix::termios::tcgetattr(line).unwrap();
    settings.make_raw();
    rustix::termios::tcsetattr(line, rustix::termios::OptionalActions::Now, &settings).unwrap();
}

/// `slave` is kept open, so that the line stays up while nobody listens.
fn serve(master: OwnedFd, slave: File, mood: &Mutex<Mood>, stop: &AtomicBool) {
    rustix::io::ioctl_fionbio(&master, true).unwrap();
    let mut line = File::from(master);
    let mut held = Vec::new();
    let mut text_to_come = false;
    while !stop.load(Ordering::SeqCst) {
        let mut piece = [0; 512];
        match line.read(&mut piece) {
            Ok(count) => held.extend_from_slice(&piece[..count]),
            Err(_nothing) => std::thread::sleep(Duration::from_millis(2)),
        }
        let mut mood = mood.lock().unwrap();
        for said in std::mem::take(&mut mood.says) {
            drop(write!(line, "\r\n{said}\r\n"));
        }
        while let Some(end) = held.iter().position(|b| matches!(b, b'\r' | 0x1A | 0x1B)) {
            let command: Vec<u8> = held.drain(..=end).collect();
            let (last, command) = command.split_last().unwrap();
            let command = String::from_utf8_lossy(command).trim().to_owned();
            let answer = match (text_to_come, last) {
                (_, 0x1B) => {
                    text_to_come = false;
                    continue;
                }
                (true, _) => {
                    text_to_come = false;
                    mood.take_text(&command)
                }
                (false, _) => mood.obey(&command),
            };
            if matches!(mood.fault, Fault::Hung | Fault::Dead) {
                continue;
            }
            text_to_come = answer == "> ";
            let end = if text_to_come { "" } else { "\r\n" };
            drop(write!(line, "\r\n{answer}{end}"));
        }
    }
    drop(slave);
}

impl Mood {
    fn obey(&mut self, command: &str) -> String {
        let ok = |line: &str| format!("{line}\r\n\r\nOK");
        let of_sim = |line: &str| {
            if self.fault == Fault::NoSim {
                "+CME ERROR: 10".to_owned()
            } else {
                ok(line)
            }
        };
        match command {
            "AT+CPIN?" => of_sim("+CPIN: READY"),
            "AT+CSQ" => ok("+CSQ: 21,99"),
            "AT+CREG?" | "AT+CEREG?" => {
                let name = command.trim_start_matches("AT").trim_end_matches('?');
                ok(&format!(
                    "{name}: 0,{}",
                    if self.fault == Fault::NoNetwork { 2 } else { 1 }
                ))
            }
            "AT+COPS?" => of_sim("+COPS: 0,0,\"Viettel\",7"),
            "AT+CMGF=0" => of_sim(""),
            "AT+CMGL=4" => {
                let list = |(place, unit): (&u16, &String)| {
                    format!("+CMGL: {place},0,,{}\r\n{unit}", unit.len() / 2 - 1)
                };
                let list: Vec<_> = self.stored.iter().map(list).collect();
                of_sim(&list.join("\r\n"))
            }
            "AT+CLCC" => match (self.is_calling, self.callee) {
                (false, _) => ok(""),
                (true, Callee::Away) => ok("+CLCC: 1,0,3,0,0"),
                (true, Callee::Presses(key)) => {
                    self.says.push(format!("+DTMF: {key}"));
                    ok("+CLCC: 1,0,0,0,0")
                }
            },
            "AT+CHUP" => {
                self.is_calling = false;
                ok("")
            }
            "AT+CFUN=1,1" => {
                self.resets += 1;
                if self.fault == Fault::Hung {
                    self.fault = Fault::None;
                }
                ok("")
            }
            other => self.obey_with_value(other),
        }
    }

    fn obey_with_value(&mut self, command: &str) -> String {
        if command.strip_prefix("AT+CMGS=").is_some() {
            return "> ".to_owned();
        }
        if let Some(place) = command.strip_prefix("AT+CMGD=") {
            self.stored.remove(&place.parse().unwrap());
            return "OK".to_owned();
        }
        if let Some(number) = command.strip_prefix("ATD") {
            self.calls.push(number.trim_end_matches(';').to_owned());
            self.is_calling = true;
            return "OK".to_owned();
        }
        if let Some(said) = command.strip_prefix("AT+CTTS=2,") {
            self.spoken.push(said.to_owned());
        }
        let known = [
            "AT",
            "ATE0",
            "AT+CMEE=1",
            "AT+CSMS=1",
            "AT+CNMI=2,1,0,1,0",
            "AT+DDET=1",
        ];
        if known.contains(&command) || command.starts_with("AT+CTTS=2,\"") {
            "OK".to_owned()
        } else {
            "ERROR".to_owned()
        }
    }

    fn take_text(&mut self, hex: &str) -> String {
        let text = submitted(hex);
        if self.fault == Fault::HangsAtText {
            self.fault = Fault::Hung;
            return String::new();
        }
        if let Some(code) = self.refused.get(&text.to) {
            return format!("+CMS ERROR: {code}");
        }
        self.reference = self.reference.wrapping_add(1);
        let status = if self.lost.contains(&text.to) {
            0x46
        } else {
            0
        };
        let report = report(self.reference, &text.to, status);
        self.says
            .push(format!("+CDS: {}\r\n{report}", report.len() / 2 - 1));
        self.sent.push(text);
        format!("+CMGS: {}\r\n\r\nOK", self.reference)
    }
}

fn submitted(hex: &str) -> Text {
    let octets: Vec<u8> = (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(hex.get(2 * at..2 * at + 2).unwrap(), 16).unwrap())
        .collect();
    assert_eq!(octets[0], 0, "the SIM's own service centre");
    let has_header = octets[1] & 0x40 != 0;
    let digits = usize::from(octets[3]);
    let plus = if octets[4] == 0x91 { "+" } else { "" };
    let number = octets[5..]
        .iter()
        .flat_map(|o| [o & 0x0F, o >> 4])
        .take(digits);
    let number: String = number.map(|d| char::from(b'0' + d)).collect();
    let rest = &octets[5 + digits.div_ceil(2)..];
    let (coding, length, data) = (rest[1], usize::from(rest[3]), &rest[4..]);
    let text = if coding == 8 {
        assert_eq!(data.len(), length);
        let skip = if has_header {
            usize::from(data[0]) + 1
        } else {
            0
        };
        let units = data[skip..]
            .chunks(2)
            .map(|p| u16::from_be_bytes([p[0], p[1]]));
        String::from_utf16(&units.collect::<Vec<_>>()).unwrap()
    } else {
        let bit = |at: usize| data[at / 8] >> (at % 8) & 1;
        let letter = |n: usize| (0..7).map(|b| bit(7 * n + b) << b).sum::<u8>();
        (0..length).map(|n| char::from(letter(n))).collect()
    };
    Text {
        to: format!("{plus}{number}"),
        text,
    }
}

fn number(number: &str) -> String {
    let digits = number.trim_start_matches('+');
    let kind = if number.starts_with('+') { "91" } else { "81" };
    let padded = format!("{digits}{}", if digits.len() % 2 == 1 { "F" } else { "" });
    let swapped = padded
        .as_bytes()
        .chunks(2)
        .map(|p| format!("{}{}", p[1] as char, p[0] as char));
    format!("{:02X}{kind}{}", digits.len(), swapped.collect::<String>())
}

/// The letters are all in ASCII and at the same place in the alphabet of GSM.
fn deliver(from: &str, text: &str, second: u16) -> String {
    let mut bits = Vec::new();
    for letter in text.bytes() {
        bits.extend((0..7).map(|b| letter >> b & 1));
    }
    let octet = |bits: &[u8]| bits.iter().enumerate().map(|(n, b)| b << n).sum::<u8>();
    let data: String = bits
        .chunks(8)
        .map(|bits| format!("{:02X}", octet(bits)))
        .collect();
    let stamp = format!("621142215{second:03}82");
    format!("0004{}0000{stamp}{:02X}{data}", number(from), text.len())
}

fn report(reference: u8, to: &str, status: u8) -> String {
    let stamp = "62114221512582";
    format!(
        "0006{reference:02X}{}{stamp}{stamp}{status:02X}",
        number(to)
    )
}

/// The settings of a modem behind this name.
pub fn modem(name: &str, device: &Path, more: &str) -> String {
    format!(
        "[[notices.modems]]\nname = \"{name}\"\ndevice = \"{}\"\nsend_s = 2\n{more}\n",
        device.display()
    )
}
