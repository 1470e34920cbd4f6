//! Values of a programme that have a form of their own.

use cotmoc_proto::layout::ClockFormat;
use cotmoc_proto::playlist::Language;
use cotmoc_proto::release::{DURATION_MS, MAX_CROSSFADE_MS, OnStale};
use cotmoc_proto::slide::{Align, Valign};
use cotmoc_proto::style::Typeface;
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

/// A length of a crossfade in seconds: `0.8`.
#[derive(Debug, Clone, Copy)]
pub struct Crossfade(pub u32);

/// A loudness in LUFS, from -40 to -10, to the thousandth: `-23`, `-19.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lufs(pub i32);

/// A whole number of percent between two bounds.
#[derive(Debug, Clone, Copy)]
pub struct Percent<const LEAST: u16, const MOST: u16>(pub u16);

/// `sans` or `serif`.
#[derive(Debug, Clone, Copy)]
pub struct TypefaceCode(pub Typeface);

/// `left`, `center` or `right`.
#[derive(Debug, Clone, Copy)]
pub struct AlignCode(pub Align);

/// `top`, `middle` or `bottom`.
#[derive(Debug, Clone, Copy)]
pub struct ValignCode(pub Valign);

/// What a clock shows: `time`, `seconds`, `date`, `weekday`, `time-and-date`.
#[derive(Debug, Clone, Copy)]
pub struct ClockCode(pub ClockFormat);

impl LocalTime {
    pub fn in_zone(self, zone: &Zone) -> TimeMs {
        zone.at(self.date, self.time)
    }
}

impl FromStr for Seconds {
    type Err = BadForm;
    fn from_str(text: &str) -> Result<Self, BadForm> {
        thousandths(text)
            .filter(|ms| DURATION_MS.contains(ms))
            .map(Self)
            .ok_or(BadForm)
    }
}

impl FromStr for Crossfade {
    type Err = BadForm;
    fn from_str(text: &str) -> Result<Self, BadForm> {
        thousandths(text)
            .filter(|ms| *ms <= MAX_CROSSFADE_MS)
            .map(Self)
            .ok_or(BadForm)
    }
}

impl FromStr for Lufs {
    type Err = BadForm;
    fn from_str(text: &str) -> Result<Self, BadForm> {
        text.strip_prefix('-')
            .and_then(thousandths)
            .and_then(|mlufs| i32::try_from(mlufs).ok())
            .filter(|mlufs| (10_000..=40_000).contains(mlufs))
            .map(|mlufs| Self(-mlufs))
            .ok_or(BadForm)
    }
}

impl<const LEAST: u16, const MOST: u16> FromStr for Percent<LEAST, MOST> {
    type Err = BadForm;
    fn from_str(text: &str) -> Result<Self, BadForm> {
        let percent: u16 = text.parse().map_err(|_error| BadForm)?;
        (LEAST..=MOST)
            .contains(&percent)
            .then_some(Self(percent))
            .ok_or(BadForm)
    }
}

impl<const LEAST: u16, const MOST: u16> Percent<LEAST, MOST> {
    /// As one byte; values above 255 do not fit and become 255.
    pub fn byte(self) -> u8 {
        u8::try_from(self.0).unwrap_or(u8::MAX)
    }
}

/// `7.5` as 7500.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 3 {
        return None;
    }
    let thousandths: u32 = format!("{fraction:0<3}").parse().ok()?;
    whole
        .parse::<u32>()
        .ok()?
        .checked_mul(1000)?
        .checked_add(thousandths)
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

macro_rules! codes {
    ($($code:ident: $($word:literal = $value:expr),+;)*) => {
        $(impl FromStr for $code {
            type Err = BadForm;
            fn from_str(text: &str) -> Result<Self, BadForm> {
                match text {
                    $($word => Ok(Self($value)),)+
                    _ => Err(BadForm),
                }
            }
        })*
    };
}

codes! {
    TypefaceCode: "sans" = Typeface::Sans, "serif" = Typeface::Serif;
    AlignCode: "left" = Align::Left, "center" = Align::Center, "right" = Align::Right;
    ValignCode: "top" = Valign::Top, "middle" = Valign::Middle, "bottom" = Valign::Bottom;
    ClockCode: "time" = ClockFormat::Time, "seconds" = ClockFormat::Seconds,
        "date" = ClockFormat::Date, "weekday" = ClockFormat::Weekday,
        "time-and-date" = ClockFormat::TimeAndDate;
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
    fn loudness_is_read_to_the_thousandth() {
        assert_eq!("-23".parse::<Lufs>().unwrap(), Lufs(-23_000));
        assert_eq!("-19.5".parse::<Lufs>().unwrap(), Lufs(-19_500));
        for bad in ["23", "-9", "-41", "--23", "-", "-23.0001", "−23"] {
            assert!(bad.parse::<Lufs>().is_err(), "{bad}");
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
