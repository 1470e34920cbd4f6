//! Values of a programme that have a form of their own.

use cotmoc_proto::playlist::Language;
use cotmoc_proto::release::{DURATION_MS, OnStale};
use cotmoc_proto::time::TimeMs;
use cotmoc_proto::window::{Day, DayTime, Zone};
use jiff::civil::Date;
use std::str::FromStr;

/// A text that does not have the form it should.
#[derive(Debug)]
pub struct BadForm;

/// A number of seconds, to the millisecond: `10`, `7.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub u32);

/// A local date and time to the minute: `2026-11-24 07:00`, `2026-11-24T07:00`,
/// `24/11/2026 07:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    date: Date,
    time: DayTime,
}

/// A language code: `vi`, `en`, `zh`, `none`.
#[derive(Debug, Clone, Copy)]
pub struct LanguageCode(pub Language);

/// A day of the week: `mon` … `sun`, or `t2` … `t7`, `cn`.
#[derive(Debug, Clone, Copy)]
pub struct DayCode(pub Day);

/// What happens after expiry: `keep` or `fallback`.
#[derive(Debug, Clone, Copy)]
pub struct Stale(pub OnStale);

impl LocalTime {
    pub fn in_zone(self, zone: &Zone) -> TimeMs {
        zone.at(self.date, self.time)
    }
}

impl FromStr for Seconds {
    type Err = BadForm;
    fn from_str(text: &str) -> Result<Self, BadForm> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || fraction.len() > 3 {
            return Err(BadForm);
        }
        let whole: u32 = whole.parse().map_err(|_error| BadForm)?;
        let thousandths: u32 = format!("{fraction:0<3}")
            .parse()
            .map_err(|_error| BadForm)?;
        whole
            .checked_mul(1000)
            .and_then(|ms| ms.checked_add(thousandths))
            .filter(|ms| DURATION_MS.contains(ms))
            .map(Self)
            .ok_or(BadForm)
    }
}

impl FromStr for LocalTime {
    type Err = BadForm;
    fn from_str(text: &str) -> Result<Self, BadForm> {
        let (date, time) = text.split_once(['T', ' ']).ok_or(BadForm)?;
        let time = match time.strip_suffix(":00") {
            Some(minutes) if minutes.len() == 5 => minutes,
            Some(_) | None => time,
        };
        Ok(Self {
            date: local_date(date)?,
            time: time.parse().map_err(|_error| BadForm)?,
        })
    }
}

impl FromStr for LanguageCode {
    type Err = BadForm;
    fn from_str(text: &str) -> Result<Self, BadForm> {
        Ok(Self(match text {
            "vi" => Language::Vi,
            "en" => Language::En,
            "zh" => Language::Zh,
            "none" => Language::None,
            _ => return Err(BadForm),
        }))
    }
}

impl FromStr for DayCode {
    type Err = BadForm;
    fn from_str(text: &str) -> Result<Self, BadForm> {
        Ok(Self(match text.to_ascii_lowercase().as_str() {
            "mon" | "t2" => Day::Mon,
            "tue" | "t3" => Day::Tue,
            "wed" | "t4" => Day::Wed,
            "thu" | "t5" => Day::Thu,
            "fri" | "t6" => Day::Fri,
            "sat" | "t7" => Day::Sat,
            "sun" | "cn" => Day::Sun,
            _ => return Err(BadForm),
        }))
    }
}

impl FromStr for Stale {
    type Err = BadForm;
    fn from_str(text: &str) -> Result<Self, BadForm> {
        match text {
            "keep" => Ok(Self(OnStale::Keep)),
            "fallback" => Ok(Self(OnStale::Fallback)),
            _ => Err(BadForm),
        }
    }
}

/// `2026-11-24` or `24/11/2026`.
pub fn local_date(text: &str) -> Result<Date, BadForm> {
    let iso = match text.split('/').collect::<Vec<_>>().as_slice() {
        [day, month, year] => format!("{year}-{month}-{day}"),
        _ => text.to_owned(),
    };
    iso.parse::<Date>()
        .ok()
        .filter(|date| date.to_string() == iso)
        .ok_or(BadForm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_exact_to_the_millisecond() {
        assert_eq!("7.5".parse::<Seconds>().unwrap().0, 7_500);
        assert_eq!("0.5".parse::<Seconds>().unwrap().0, 500);
        assert_eq!("86400".parse::<Seconds>().unwrap().0, 86_400_000);
        for bad in [
            "",
            "0",
            "0.4",
            "ten",
            "-5",
            "1e3",
            "86401",
            "1.2345",
            "5000000000",
        ] {
            assert!(bad.parse::<Seconds>().is_err(), "{bad}");
        }
    }

    #[test]
    fn local_times_are_read_as_people_write_them() {
        let zone = Zone::try_from("Asia/Ho_Chi_Minh".to_owned()).unwrap();
        for text in [
            "2026-11-24 07:30",
            "2026-11-24T07:30:00",
            "24/11/2026 07:30",
        ] {
            let time: LocalTime = text.parse().unwrap();
            assert_eq!(zone.format(time.in_zone(&zone)), "24/11/2026 07:30:00");
        }
        for bad in [
            "2026-11-24",
            "2026-11-24 07:30:30",
            "24.11.2026 07:30",
            "2026-13-01 00:00",
        ] {
            assert!(bad.parse::<LocalTime>().is_err(), "{bad}");
        }
    }
}
