//! Resolver: which days are working days, and when something is due that comes back every month or in
//! some months. Holidays are data: Tết moves, and the government moves working days around it.

use crate::ledger::Span;
use cotmoc_proto::TimeMs;
use cotmoc_proto::window::{DayTime, Zone};
use jiff::civil::Date;
use std::collections::BTreeSet;

pub use cotmoc_proto::window::Day;

/// No run of days off is longer.
const LONGEST_RUN: usize = 60;

/// Which days are working days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingDays {
    pub weekend: BTreeSet<Day>,
    /// Holidays of every year, as month and day.
    pub yearly: BTreeSet<(i8, i8)>,
    /// Other days off: Tết, Giỗ Tổ, days given instead of one that fell on a weekend.
    pub off: BTreeSet<Date>,
    /// Days of a weekend on which people work for a day off before or after.
    pub working: BTreeSet<Date>,
}

/// What becomes of a due day on which nobody works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// It stays.
    Same,
    /// The last working day before it.
    Earlier,
    /// The first working day after it.
    Later,
}

/// Something that is due on a day of some months.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Monthly {
    /// Which months, 1 to 12; none: every month.
    pub months: BTreeSet<i8>,
    /// The day, or the last of a month that is shorter.
    pub day: i8,
    pub time: DayTime,
    pub shift: Shift,
}

impl Default for WorkingDays {
    /// Saturday and Sunday, and the holidays whose date never moves.
    fn default() -> Self {
        Self {
            weekend: [Day::Sat, Day::Sun].into(),
            yearly: [(1, 1), (4, 30), (5, 1), (9, 2)].into(),
            off: BTreeSet::new(),
            working: BTreeSet::new(),
        }
    }
}

impl WorkingDays {
    /// Whether people work on `date`.
    #[must_use]
    pub fn is_working(&self, date: Date) -> bool {
        let is_off = self.weekend.contains(&Day::from(date.weekday()))
            || self.yearly.contains(&(date.month(), date.day()))
            || self.off.contains(&date);
        !is_off || self.working.contains(&date)
    }

    /// The day to which `date` moves; itself if people work on it, or never.
    #[must_use]
    pub fn shifted(&self, date: Date, shift: Shift) -> Date {
        let step = |day: &Date| match shift {
            Shift::Same => None,
            Shift::Earlier => day.yesterday().ok(),
            Shift::Later => day.tomorrow().ok(),
        };
        std::iter::successors(Some(date), step)
            .take(LONGEST_RUN)
            .find(|day| self.is_working(*day))
            .unwrap_or(date)
    }
}

impl Shift {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Same, Self::Earlier, Self::Later];

    /// The name in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Earlier => "earlier",
            Self::Later => "later",
        }
    }
}

impl std::str::FromStr for Shift {
    type Err = UnknownShift;
    fn from_str(text: &str) -> Result<Self, UnknownShift> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| UnknownShift(text.to_owned()))
    }
}

/// A name that stands for nothing that can become of a due day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no way of moving a due day")]
pub struct UnknownShift(String);

impl Monthly {
    /// Whether something is due in this month.
    #[must_use]
    pub fn is_in(&self, month: i8) -> bool {
        self.months.is_empty() || self.months.contains(&month)
    }

    /// When it is due in the month that begins on `first`.
    #[must_use]
    pub fn due(&self, first: Date, days: &WorkingDays, zone: &Zone) -> TimeMs {
        let last = first.days_in_month();
        let day = self.day.clamp(1, last);
        let named = first.with().day(day).build().unwrap_or(first);
        zone.at(days.shifted(named, self.shift), self.time)
    }

    /// What it is owed for: the months since the last one in which something was due, up to the end of
    /// the month that begins on `first`.
    #[must_use]
    pub fn period(&self, first: Date, zone: &Zone) -> Span {
        let mut begins = first;
        for _ in 1..12 {
            let before = first_of_month(begins.yesterday().unwrap_or(begins));
            if self.is_in(before.month()) {
                break;
            }
            begins = before;
        }
        Span {
            from_ms: zone.at(begins, DayTime::MIDNIGHT),
            to_ms: zone.at(next_month(first), DayTime::MIDNIGHT),
        }
    }
}

pub(super) fn first_of_month(date: Date) -> Date {
    date.first_of_month()
}

pub(super) fn next_month(first: Date) -> Date {
    first.last_of_month().tomorrow().unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::window::OperatingWindow;
    use jiff::civil::date;

    fn zone() -> Zone {
        OperatingWindow::default().zone
    }

    /// The holidays of Tết 2027, with the Saturday that is worked for a day between.
    fn tet() -> WorkingDays {
        let begins = date(2027, 2, 4);
        let off = std::iter::successors(Some(begins), |day| day.tomorrow().ok());
        WorkingDays {
            off: off.take(7).collect(),
            working: [date(2027, 2, 20)].into(),
            ..WorkingDays::default()
        }
    }

    fn on(day: i8, shift: Shift) -> Monthly {
        Monthly {
            months: BTreeSet::new(),
            day,
            time: DayTime::new(17, 0).unwrap(),
            shift,
        }
    }

    fn due(monthly: &Monthly, first: Date, days: &WorkingDays) -> String {
        zone().format(monthly.due(first, days, &zone()))
    }

    #[test]
    fn a_due_day_moves_off_weekends_and_holidays_as_it_is_told() {
        let days = tet();
        let plain = WorkingDays::default();
        // 25/04/2027 is a Sunday, 30/04 and 01/05 are holidays before the weekend of 1 and 2 May.
        for (monthly, first, days, expected) in [
            (on(25, Shift::Same), date(2027, 4, 1), &plain, "25/04/2027"),
            (on(25, Shift::Later), date(2027, 4, 1), &plain, "26/04/2027"),
            (
                on(25, Shift::Earlier),
                date(2027, 4, 1),
                &plain,
                "23/04/2027",
            ),
            (on(30, Shift::Later), date(2027, 4, 1), &plain, "03/05/2027"),
            // Tết from Thursday 4/2 to Wednesday 10/2.
            (on(6, Shift::Later), date(2027, 2, 1), &days, "11/02/2027"),
            (on(6, Shift::Earlier), date(2027, 2, 1), &days, "03/02/2027"),
            // A Saturday on which people work for a day off.
            (on(20, Shift::Later), date(2027, 2, 1), &days, "20/02/2027"),
            (on(20, Shift::Later), date(2027, 2, 1), &plain, "22/02/2027"),
            (on(31, Shift::Same), date(2027, 2, 1), &plain, "28/02/2027"),
            (on(31, Shift::Same), date(2028, 2, 1), &plain, "29/02/2028"),
        ] {
            let said = due(&monthly, first, days);
            assert_eq!(said, format!("{expected} 17:00:00"), "{monthly:?}");
        }
    }

    #[test]
    fn a_report_before_the_20th_is_due_when_the_19th_is_over_at_the_place() {
        let report = Monthly {
            months: [6, 12].into(),
            day: 19,
            time: DayTime::END,
            shift: Shift::Earlier,
        };
        let days = WorkingDays::default();
        // 19/06/2026 is a Friday, 19/12/2026 a Saturday.
        assert_eq!(due(&report, date(2026, 6, 1), &days), "20/06/2026 00:00:00");
        assert_eq!(
            due(&report, date(2026, 12, 1), &days),
            "19/12/2026 00:00:00"
        );
        let midnight_utc = zone().at(date(2026, 6, 19), DayTime::END);
        assert_eq!(midnight_utc.to_string(), "2026-06-19T17:00:00.000Z");
        let of = |month| {
            let span = report.period(date(2026, month, 1), &zone());
            [zone().format(span.from_ms), zone().format(span.to_ms)]
        };
        assert_eq!(of(6), ["01/01/2026 00:00:00", "01/07/2026 00:00:00"]);
        assert_eq!(of(12), ["01/07/2026 00:00:00", "01/01/2027 00:00:00"]);
        let every_month = on(25, Shift::Later).period(date(2027, 1, 1), &zone());
        assert_eq!(zone().format(every_month.from_ms), "01/01/2027 00:00:00");
        let once_a_year = Monthly {
            months: [3].into(),
            ..report.clone()
        };
        let year = once_a_year.period(date(2027, 3, 1), &zone());
        assert_eq!(zone().format(year.from_ms), "01/04/2026 00:00:00");
    }

    #[test]
    fn a_calendar_without_any_working_day_leaves_the_day_where_it_is() {
        let never = WorkingDays {
            weekend: [
                Day::Mon,
                Day::Tue,
                Day::Wed,
                Day::Thu,
                Day::Fri,
                Day::Sat,
                Day::Sun,
            ]
            .into(),
            ..WorkingDays::default()
        };
        let day = date(2027, 4, 25);
        assert_eq!(never.shifted(day, Shift::Later), day);
    }
}
