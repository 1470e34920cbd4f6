//! The operating window of a day (Điều 8.2 and 13.3a): from when to when a wall must be on air, in
//! which time zone, and how long at least; and local times of day.

use crate::time::{MINUTE, Millis, TimeMs};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};

/// The zone of the regulation.
pub const DEFAULT_ZONE: &str = "Asia/Ho_Chi_Minh";

/// A time of day to the minute, `"HH:MM"`; `"24:00"` is the end of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DayTime {
    minutes: u16,
}

/// Text that is not a time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("time of day {0:?}: expected HH:MM from 00:00 to 24:00")]
pub struct BadDayTime(String);

impl DayTime {
    /// Start of the day.
    pub const MIDNIGHT: Self = Self { minutes: 0 };
    /// End of the day.
    pub const END: Self = Self { minutes: 1440 };

    /// From hours and minutes; `None` past 24:00.
    #[must_use]
    pub const fn new(hour: u16, minute: u16) -> Option<Self> {
        let minutes = hour.saturating_mul(60).saturating_add(minute);
        if minute < 60 && minutes <= 1440 {
            Some(Self { minutes })
        } else {
            None
        }
    }

    /// Minutes since the start of the day, 0 to 1440.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.minutes
    }
}

impl TryFrom<String> for DayTime {
    type Error = BadDayTime;
    fn try_from(text: String) -> Result<Self, BadDayTime> {
        text.parse()
    }
}

impl std::str::FromStr for DayTime {
    type Err = BadDayTime;
    fn from_str(text: &str) -> Result<Self, BadDayTime> {
        let two = |part: &str| -> Option<u16> {
            (part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()))
                .then(|| part.parse().ok())
                .flatten()
        };
        text.split_once(':')
            .and_then(|(hour, minute)| Self::new(two(hour)?, two(minute)?))
            .ok_or_else(|| BadDayTime(text.chars().take(20).collect()))
    }
}

impl From<DayTime> for String {
    fn from(time: DayTime) -> Self {
        time.to_string()
    }
}

impl std::fmt::Display for DayTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.minutes / 60, self.minutes % 60)
    }
}

/// A time zone kept by its IANA name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

/// A name that is not in the IANA time zone database, or not written as it is there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("time zone {0:?}: not in the IANA database, for example Asia/Ho_Chi_Minh")]
pub struct BadZone(String);

impl TryFrom<String> for Zone {
    type Error = BadZone;
    fn try_from(name: String) -> Result<Self, BadZone> {
        match jiff::tz::TimeZoneDatabase::bundled().get(&name) {
            Ok(zone) if zone.iana_name() == Some(&name) => Ok(Self { name, zone }),
            Ok(_) | Err(_) => Err(BadZone(name.chars().take(80).collect())),
        }
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name
    }
}

impl Zone {
    /// The zone's IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Local date at `now`; the epoch's date outside the calendar's range.
    #[must_use]
    pub fn date(&self, now: TimeMs) -> Date {
        now.to_timestamp()
            .unwrap_or_default()
            .to_zoned_datetime(self.zone.clone())
            .date()
    }

    /// Local date and time at `now`, for people: `23/11/2026 07:00:00`.
    #[must_use]
    pub fn format(&self, now: TimeMs) -> String {
        let local = now
            .to_timestamp()
            .unwrap_or_default()
            .to_zoned_datetime(self.zone.clone());
        local.strftime("%d/%m/%Y %H:%M:%S").to_string()
    }

    /// The dates that a time of day near `now` may belong to: yesterday, today and tomorrow. Summer
    /// time that ends around midnight repeats a part of yesterday after today has begun.
    pub(crate) fn dates(&self, now: TimeMs) -> [Date; 3] {
        let today = self.date(now);
        [today.yesterday().unwrap_or(today), today, next_day(today)]
    }

    /// The point in time of `time` on the local `date`. Later times of day never come earlier: a
    /// time that summer time leaves out is the instant after the gap, one that it repeats is the
    /// first of the two. Held at the ends of the range outside the calendar.
    #[must_use]
    pub fn at(&self, date: Date, time: DayTime) -> TimeMs {
        let minutes = i64::from(time.minutes());
        let (date, minutes) = if minutes == 1440 {
            (next_day(date), 0)
        } else {
            (date, minutes)
        };
        let hour = i8::try_from(minutes / 60).unwrap_or_default();
        let minute = i8::try_from(minutes % 60).unwrap_or_default();
        match self.instant(date.at(hour, minute, 0, 0)) {
            Ok(instant) => TimeMs(instant.as_millisecond()),
            Err(_) if date.year() < 0 => TimeMs(i64::MIN),
            Err(_) => TimeMs::MAX,
        }
    }

    fn instant(&self, local: DateTime) -> Result<Timestamp, jiff::Error> {
        match self.zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset }
            | AmbiguousOffset::Fold { before: offset, .. } => offset.to_timestamp(local),
            AmbiguousOffset::Gap { after, .. } => {
                let before_gap = after.to_timestamp(local)?;
                let gap = self.zone.following(before_gap).next();
                Ok(gap.map_or(before_gap, |gap| gap.timestamp()))
            }
        }
    }
}

/// The calendar day after `date`; the same day at the end of the calendar.
#[must_use]
pub fn next_day(date: Date) -> Date {
    date.tomorrow().unwrap_or(date)
}

/// When a wall must be on air, every day of the year (holidays, Tết, Saturdays and Sundays too),
/// and for how long at least.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatingWindow {
    pub zone: Zone,
    pub opens: DayTime,
    pub closes: DayTime,
    /// Least time on air per day, in minutes (the regulation: 14 hours).
    pub quota_min: u32,
}

impl Default for OperatingWindow {
    /// The regulation's own window: 07:00 to 22:00 Asia/Ho_Chi_Minh, at least 14 hours.
    fn default() -> Self {
        Self {
            zone: Zone::try_from(DEFAULT_ZONE.to_owned())
                .expect("the bundled database holds Asia/Ho_Chi_Minh"),
            opens: DayTime { minutes: 7 * 60 },
            closes: DayTime { minutes: 22 * 60 },
            quota_min: 14 * 60,
        }
    }
}

/// Where a point in time stands in the operating window. Both intervals are half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Inside: since the opening, until the closing.
    Open { since: TimeMs, until: TimeMs },
    /// Outside, until the next opening.
    Closed { until: TimeMs },
}

impl OperatingWindow {
    /// Opening and closing on the local `date`.
    #[must_use]
    pub fn on(&self, date: Date) -> (TimeMs, TimeMs) {
        (
            self.zone.at(date, self.opens),
            self.zone.at(date, self.closes),
        )
    }

    /// Where `now` stands.
    #[must_use]
    pub fn phase(&self, now: TimeMs) -> Phase {
        let windows = self.zone.dates(now).map(|date| self.on(date));
        let inside = windows
            .into_iter()
            .find(|(opens, closes)| *opens <= now && now < *closes);
        match inside {
            Some((since, until)) => Phase::Open { since, until },
            None => Phase::Closed {
                until: windows
                    .into_iter()
                    .map(|(opens, _)| opens)
                    .find(|opens| now < *opens)
                    .unwrap_or(TimeMs::MAX),
            },
        }
    }

    /// Least time on air per day in milliseconds.
    #[must_use]
    pub fn quota_ms(&self) -> Millis {
        Millis::from(self.quota_min) * MINUTE
    }

    /// What is wrong with the window itself, if anything.
    #[must_use]
    pub fn defect(&self) -> Option<String> {
        if self.opens >= self.closes {
            return Some(format!(
                "window opens {} not before it closes {}",
                self.opens, self.closes
            ));
        }
        let length = u32::from(self.closes.minutes - self.opens.minutes);
        (self.quota_min > length).then(|| {
            format!(
                "quota of {} min does not fit the window of {length} min",
                self.quota_min
            )
        })
    }
}

/// A day of the week as it is written in dayparts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{DAY, HOUR};

    /// 23/11/2026 00:00 at the border gate.
    const MIDNIGHT: TimeMs = TimeMs(1_795_366_800_000);

    #[test]
    fn the_default_window_is_the_one_of_the_regulation() {
        let window = OperatingWindow::default();
        assert_eq!(window.defect(), None);
        assert_eq!(window.zone.format(MIDNIGHT), "23/11/2026 00:00:00");
        let open = MIDNIGHT.plus(7 * HOUR);
        let close = MIDNIGHT.plus(22 * HOUR);
        assert_eq!(window.phase(open.plus(-1)), Phase::Closed { until: open });
        assert_eq!(
            window.phase(open),
            Phase::Open {
                since: open,
                until: close
            }
        );
        assert_eq!(
            window.phase(close.plus(-1)),
            Phase::Open {
                since: open,
                until: close
            }
        );
        assert_eq!(
            window.phase(close),
            Phase::Closed {
                until: open.plus(DAY)
            }
        );
        assert_eq!(window.quota_ms(), 14 * HOUR);
    }

    #[test]
    fn times_of_day_outside_the_day_are_refused() {
        for bad in [
            "24:01", "7:00", "07:60", "-1:00", "07.00", "0700", "+7:00", "07:00:00",
        ] {
            assert!(bad.parse::<DayTime>().is_err(), "{bad}");
        }
        assert_eq!("24:00".parse(), Ok(DayTime::END));
        assert_eq!("07:05".parse::<DayTime>().unwrap().to_string(), "07:05");
    }

    #[test]
    fn a_window_that_cannot_be_kept_has_a_defect() {
        let mut window = OperatingWindow {
            quota_min: 15 * 60 + 1,
            ..OperatingWindow::default()
        };
        assert!(window.defect().is_some());
        window.quota_min = 0;
        window.closes = window.opens;
        assert!(window.defect().is_some());
    }
}
