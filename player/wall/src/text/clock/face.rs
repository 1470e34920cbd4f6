//! What a clock says at a time, and until when.

use cotmoc_proto::layout::ClockFormat;
use cotmoc_proto::time::{MINUTE, SECOND, TimeMs};
use cotmoc_proto::window::{Day, Zone};

/// Wide texts of every format, by which the size of the type is found once for all times.
pub(super) fn samples(format: ClockFormat) -> Vec<String> {
    let digits = match format {
        ClockFormat::Time => "00:00",
        ClockFormat::Seconds => "00:00:00",
        ClockFormat::Date => "00/00/0000",
        ClockFormat::TimeAndDate => "00:00 · 00/00/0000",
        ClockFormat::Weekday => {
            return WEEK
                .iter()
                .map(|day| format!("{}, 00/00/0000", name(*day)))
                .collect();
        }
    };
    ["0", "4", "8"]
        .iter()
        .map(|digit| digits.replace('0', digit))
        .collect()
}

/// What the clock says at `now` in `zone`.
pub(super) fn text(format: ClockFormat, zone: &Zone, now: TimeMs) -> String {
    let local = zone.format(now);
    let (date, time) = local.split_once(' ').unwrap_or((&local, ""));
    let minutes = time.rsplit_once(':').map_or(time, |(minutes, _)| minutes);
    match format {
        ClockFormat::Time => minutes.to_owned(),
        ClockFormat::Seconds => time.to_owned(),
        ClockFormat::Date => date.to_owned(),
        ClockFormat::Weekday => {
            let day = Day::from(zone.date(now).weekday());
            format!("{}, {date}", name(day))
        }
        ClockFormat::TimeAndDate => format!("{minutes} · {date}"),
    }
}

/// From when until when the clock says what it says at `now`, or a part of that time.
pub(super) fn span(format: ClockFormat, now: TimeMs) -> (TimeMs, TimeMs) {
    let step = match format {
        ClockFormat::Seconds => SECOND,
        // Zones of the past began their minutes at odd seconds; today every zone begins them together.
        ClockFormat::Time | ClockFormat::Date | ClockFormat::Weekday | ClockFormat::TimeAndDate => {
            MINUTE
        }
    };
    let from = TimeMs(now.0.div_euclid(step).saturating_mul(step));
    (from, from.plus(step))
}

const WEEK: [Day; 7] = [
    Day::Mon,
    Day::Tue,
    Day::Wed,
    Day::Thu,
    Day::Fri,
    Day::Sat,
    Day::Sun,
];

const fn name(day: Day) -> &'static str {
    match day {
        Day::Mon => "Thứ Hai",
        Day::Tue => "Thứ Ba",
        Day::Wed => "Thứ Tư",
        Day::Thu => "Thứ Năm",
        Day::Fri => "Thứ Sáu",
        Day::Sat => "Thứ Bảy",
        Day::Sun => "Chủ Nhật",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::try_from(name.to_owned()).unwrap()
    }

    fn says(format: ClockFormat, now: i64) -> String {
        text(format, &zone("Asia/Ho_Chi_Minh"), TimeMs(now))
    }

    /// 23/11/2026 00:00 at the border gate, a Monday.
    const MIDNIGHT: i64 = 1_795_366_800_000;
    /// 01/01/2027 00:00 at the border gate.
    const NEW_YEAR: i64 = 1_798_736_400_000;

    #[test]
    fn a_clock_changes_at_local_midnight_and_not_a_millisecond_before() {
        for (format, before, after) in [
            (ClockFormat::Time, "23:59", "00:00"),
            (ClockFormat::Seconds, "23:59:59", "00:00:00"),
            (ClockFormat::Date, "22/11/2026", "23/11/2026"),
            (
                ClockFormat::Weekday,
                "Chủ Nhật, 22/11/2026",
                "Thứ Hai, 23/11/2026",
            ),
            (
                ClockFormat::TimeAndDate,
                "23:59 · 22/11/2026",
                "00:00 · 23/11/2026",
            ),
        ] {
            assert_eq!(says(format, MIDNIGHT - 1), before);
            assert_eq!(says(format, MIDNIGHT), after);
        }
    }

    #[test]
    fn a_new_year_begins_at_the_border_gate_seven_hours_before_greenwich() {
        assert_eq!(
            says(ClockFormat::Weekday, NEW_YEAR - 1),
            "Thứ Năm, 31/12/2026"
        );
        assert_eq!(says(ClockFormat::Weekday, NEW_YEAR), "Thứ Sáu, 01/01/2027");
        let greenwich = text(
            ClockFormat::TimeAndDate,
            &zone("Europe/London"),
            TimeMs(NEW_YEAR),
        );
        assert_eq!(greenwich, "17:00 · 31/12/2026");
    }

    #[test]
    fn every_day_of_the_week_has_its_vietnamese_name() {
        let day = 86_400_000;
        let names = [
            "Thứ Hai",
            "Thứ Ba",
            "Thứ Tư",
            "Thứ Năm",
            "Thứ Sáu",
            "Thứ Bảy",
            "Chủ Nhật",
        ];
        for (index, name) in (0..).zip(names) {
            let said = says(ClockFormat::Weekday, MIDNIGHT + index * day);
            assert_eq!(said.split_once(',').unwrap().0, name);
        }
    }

    #[test]
    fn what_a_clock_says_holds_for_its_whole_span_and_another_span_follows() {
        for format in [
            ClockFormat::Time,
            ClockFormat::Seconds,
            ClockFormat::Date,
            ClockFormat::Weekday,
            ClockFormat::TimeAndDate,
        ] {
            for now in [
                MIDNIGHT - 1,
                MIDNIGHT,
                MIDNIGHT + 59_999,
                NEW_YEAR - 61_000,
                -1,
                0,
            ] {
                let (from, to) = span(format, TimeMs(now));
                assert!(from <= TimeMs(now) && TimeMs(now) < to);
                assert_eq!(says(format, from.0), says(format, now));
                assert_eq!(says(format, to.0 - 1), says(format, now));
                assert_eq!(span(format, to).0, to);
            }
        }
    }

    #[test]
    fn no_time_at_all_makes_a_clock_fail() {
        for now in [i64::MIN, i64::MIN + 1, i64::MAX] {
            let (from, to) = span(ClockFormat::Seconds, TimeMs(now));
            assert!(from <= to);
            assert!(!says(ClockFormat::Weekday, now).is_empty());
        }
    }
}
