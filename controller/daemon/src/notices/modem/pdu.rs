//! Resolver: SMS as modems take and give them, in hexadecimal protocol data units (3GPP TS 23.040), with
//! texts in the GSM 7-bit alphabet or in UCS-2 (3GPP TS 23.038).

mod septets;

use std::fmt::Write as _;

/// What one part in the 7-bit alphabet holds. What is longer goes in parts of the other alphabet.
const ALONE_7: usize = 160;
/// What one part of a text in UCS-2 holds, in code units: alone, and behind the header of a part.
const ALONE: usize = 70;
const PART: usize = 67;
/// The most parts that are sent.
const MOST_PARTS: usize = 4;
/// SMS-SUBMIT, with a relative validity and a report of its delivery.
const SUBMIT: u8 = 0x31;
const HAS_HEADER: u8 = 0x40;
/// One day.
const VALIDITY: u8 = 0xA7;
const INTERNATIONAL: u8 = 0x91;
const NATIONAL: u8 = 0x81;
const ALPHANUMERIC: u8 = 0xD0;

/// In which letters a text is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// Plain ASCII, one part of 160.
    Gsm7,
    /// Everything, 70 in one part, 67 in each of several.
    Ucs2,
}

/// One part of a text, as `AT+CMGS` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    pub hex: String,
    /// The length that `AT+CMGS=` wants: without the service centre.
    pub octets: usize,
}

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    Text(Received),
    Report(Report),
}

/// A text from somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub from: String,
    pub text: String,
    /// The service centre's time stamp as it came: with sender and text it names the message.
    pub stamp: String,
}

/// What became of a text that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub reference: u8,
    pub to: String,
    pub status: u8,
}

/// Whether a text arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Delivered,
    /// The network still tries.
    Trying,
    Failed,
}

/// Why a unit cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no SMS that this program can read")]
pub struct Unreadable;

impl Report {
    /// What its status means (TS 23.040, 9.2.3.15).
    #[must_use]
    pub const fn fate(&self) -> Fate {
        match self.status {
            0x00..=0x02 => Fate::Delivered,
            0x20..=0x3F => Fate::Trying,
            _ => Fate::Failed,
        }
    }
}

/// `text` to the number `to` in as many parts as it takes. `group` ties the parts together.
#[must_use]
pub fn submit(to: &str, text: &str, alphabet: Alphabet, group: u8) -> Vec<Submit> {
    match alphabet {
        Alphabet::Gsm7 => {
            let (count, data) = septets::pack(text);
            if count > ALONE_7 {
                return in_ucs2(to, text, group);
            }
            vec![unit(to, (SUBMIT, 0x00), (count, data))]
        }
        Alphabet::Ucs2 => in_ucs2(to, text, group),
    }
}

fn in_ucs2(to: &str, text: &str, group: u8) -> Vec<Submit> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let octets = |units: &[u16]| {
        units
            .iter()
            .flat_map(|u| u.to_be_bytes())
            .collect::<Vec<u8>>()
    };
    if units.len() <= ALONE {
        let data = octets(&units);
        return vec![unit(to, (SUBMIT, 0x08), (data.len(), data))];
    }
    let parts: Vec<&[u16]> = units.chunks(PART).take(MOST_PARTS).collect();
    let count = u8::try_from(parts.len()).unwrap_or_default();
    (1..=count)
        .zip(parts)
        .map(|(number, part)| {
            let mut data = vec![0x05, 0x00, 0x03, group, count, number];
            data.extend(octets(part));
            unit(to, (SUBMIT | HAS_HEADER, 0x08), (data.len(), data))
        })
        .collect()
}

fn unit(to: &str, (first, coding): (u8, u8), (length, data): (usize, Vec<u8>)) -> Submit {
    let (digits, kind) = match to.strip_prefix('+') {
        Some(digits) => (digits, INTERNATIONAL),
        None => (to, NATIONAL),
    };
    let short = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
    let mut unit = vec![first, 0x00, short(digits.len()), kind];
    unit.extend(semi_octets(digits));
    unit.extend([0x00, coding, VALIDITY, short(length)]);
    unit.extend(data);
    let mut hex = "00".to_owned();
    for octet in &unit {
        write!(hex, "{octet:02X}").expect("a string takes everything");
    }
    Submit {
        hex,
        octets: unit.len(),
    }
}

/// Two digits in an octet, the first in its lower half.
fn semi_octets(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits
        .bytes()
        .map(|b| b.wrapping_sub(b'0') & 0x0F)
        .collect();
    let pair = |pair: &[u8]| {
        let low = pair.first().copied().unwrap_or(0x0F);
        let high = pair.get(1).copied().unwrap_or(0x0F);
        high << 4 | low
    };
    digits.chunks(2).map(pair).collect()
}

/// Reads a unit with its service centre, as `+CMGL`, `+CMGR` and `+CDS` give it.
///
/// # Errors
/// [`Unreadable`].
pub fn read(hex: &str) -> Result<Incoming, Unreadable> {
    let octets = octets_of(hex).ok_or(Unreadable)?;
    let mut rest = Rest(&octets);
    incoming(&mut rest).ok_or(Unreadable)
}

fn octets_of(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let pair = |pair: &[u8]| pair.iter().fold(0, |octet, digit| octet << 4 | digit);
    Some(digits.chunks(2).map(pair).collect())
}

fn incoming(rest: &mut Rest<'_>) -> Option<Incoming> {
    let centre = usize::from(rest.octet()?);
    rest.take(centre)?;
    let first = rest.octet()?;
    match first & 0x03 {
        0x00 => {
            let from = rest.address()?;
            let (_protocol, coding) = (rest.octet()?, rest.octet()?);
            let stamp = hex_of(rest.take(7)?);
            let length = usize::from(rest.octet()?);
            let text = text_of((first & HAS_HEADER != 0, coding), length, rest.0)?;
            Some(Incoming::Text(Received { from, text, stamp }))
        }
        0x02 => {
            let reference = rest.octet()?;
            let to = rest.address()?;
            rest.take(14)?;
            let status = rest.octet()?;
            Some(Incoming::Report(Report {
                reference,
                to,
                status,
            }))
        }
        _ => None,
    }
}

fn text_of((has_header, coding): (bool, u8), length: usize, data: &[u8]) -> Option<String> {
    let header = match data.first() {
        Some(octets) if has_header => usize::from(*octets) + 1,
        Some(_) | None => 0,
    };
    match coding & 0x0C {
        0x08 => {
            let octets = data.get(header..length.min(data.len()))?;
            let units = octets.chunks_exact(2);
            let units = units.map(|pair| pair.iter().fold(0_u16, |u, o| u << 8 | u16::from(*o)));
            Some(
                char::decode_utf16(units)
                    .map(|c| c.unwrap_or('?'))
                    .collect(),
            )
        }
        0x04 => {
            let octets = data.get(header..length.min(data.len()))?;
            Some(String::from_utf8_lossy(octets).into_owned())
        }
        _ => Some(septets::unpack(data, length, (header * 8).div_ceil(7))),
    }
}

fn hex_of(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        write!(text, "{octet:02X}").expect("a string takes everything");
        text
    })
}

/// What is not read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn octet(&mut self) -> Option<u8> {
        let (octet, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*octet)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn address(&mut self) -> Option<String> {
        let count = usize::from(self.octet()?);
        let kind = self.octet()?;
        let octets = self.take(count.div_ceil(2))?;
        if kind & 0x70 == ALPHANUMERIC & 0x70 {
            return Some(septets::unpack(octets, count * 4 / 7, 0));
        }
        let halves = octets.iter().flat_map(|octet| [octet & 0x0F, octet >> 4]);
        let digits = halves.take(count).filter(|digit| *digit < 10);
        let plus = if kind & 0x70 == INTERNATIONAL & 0x70 {
            "+"
        } else {
            ""
        };
        let digits: String = digits.map(|digit| char::from(b'0' + digit)).collect();
        Some(format!("{plus}{digits}"))
    }
}

#[cfg(test)]
mod tests;
