//! What the intervals of one local day add up to, against the operating window and its quota.

use cotmoc_proto::TimeMs;
use cotmoc_proto::device::{OnAir, OnAirState};
use cotmoc_proto::playlist::CalendarDate;
use cotmoc_proto::time::Millis;
use cotmoc_proto::window::{DayTime, OperatingWindow};

/// Totals of one local day, in milliseconds. All but the last count inside the operating window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayTotal {
    pub date: CalendarDate,
    pub on_air_ms: Millis,
    pub standby_ms: Millis,
    pub off_ms: Millis,
    /// Nobody can say.
    pub unknown_ms: Millis,
    pub on_air_outside_ms: Millis,
}

impl DayTotal {
    pub(super) fn of<'a>(
        intervals: impl Iterator<Item = &'a OnAir>,
        window: &OperatingWindow,
        CalendarDate(date): CalendarDate,
    ) -> Self {
        let inside = window.on(date);
        let day = (
            window.zone.at(date, DayTime::MIDNIGHT),
            window.zone.at(date, DayTime::END),
        );
        let mut total = Self {
            date: CalendarDate(date),
            on_air_ms: 0,
            standby_ms: 0,
            off_ms: 0,
            unknown_ms: 0,
            on_air_outside_ms: 0,
        };
        for interval in intervals {
            let length = overlap(interval, inside);
            match interval.state {
                OnAirState::OnAir => {
                    total.on_air_ms += length;
                    total.on_air_outside_ms += overlap(interval, day) - length;
                }
                OnAirState::Standby => total.standby_ms += length,
                OnAirState::Off => total.off_ms += length,
                OnAirState::Unknown => total.unknown_ms += length,
            }
        }
        total
    }

    /// What is missing of the day's quota; 0 once it is reached.
    #[must_use]
    pub fn missing_ms(&self, window: &OperatingWindow) -> Millis {
        (window.quota_ms() - self.on_air_ms).max(0)
    }
}

fn overlap(interval: &OnAir, (from, to): (TimeMs, TimeMs)) -> Millis {
    interval
        .to_ms
        .min(to)
        .since(interval.from_ms.max(from))
        .max(0)
}
