//! The cells of a row as values; what is not one is a finding.

use super::finding::Findings;
use super::tables::{Cell, Row};
use super::workbook::serial_date;
use cotmoc_lookup::content::Position;
use cotmoc_lookup::hours::LocalDate;
use cotmoc_lookup::language::Localized;
use cotmoc_proto::TimeMs;
use cotmoc_proto::window::{DayTime, Zone};
use jiff::civil::{Date, DateTime, Time};
use serde::de::DeserializeOwned;
use std::str::FromStr;

const MICRO: f64 = 1e6;

/// A row that is being read.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'r> {
    pub row: &'r Row,
    pub findings: &'r Findings,
    pub zone: &'r Zone,
}

impl Fields<'_> {
    /// A text; nothing if the cell is empty.
    pub fn text(&self, heading: &str) -> Option<String> {
        self.row.text(heading)
    }

    /// A text that must be there.
    pub fn required(&self, heading: &str) -> Option<String> {
        let text = self.text(heading);
        if text.is_none() {
            self.wrong(
                heading,
                "đang để trống, hãy điền vào",
                "is empty, fill it in",
            );
        }
        text
    }

    /// A value that is written as text, such as an id.
    pub fn parsed<T: FromStr<Err = E>, E: std::fmt::Display>(&self, heading: &str) -> Option<T> {
        self.understood(heading, self.required(heading)?)
    }

    /// The same where the cell may be empty.
    pub fn maybe<T: FromStr<Err = E>, E: std::fmt::Display>(&self, heading: &str) -> Option<T> {
        self.understood(heading, self.text(heading)?)
    }

    fn understood<T: FromStr<Err = E>, E: std::fmt::Display>(
        &self,
        heading: &str,
        text: String,
    ) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.not_understood(heading, &text, &error.to_string());
                None
            }
        }
    }

    /// A value that reads itself from a string.
    pub fn read<T: TryFrom<String, Error = E>, E: std::fmt::Display>(
        &self,
        heading: &str,
    ) -> Option<T> {
        let text = self.text(heading)?;
        match T::try_from(text.clone()) {
            Ok(value) => Some(value),
            Err(error) => {
                self.not_understood(heading, &text, &error.to_string());
                None
            }
        }
    }

    /// One of the words that a column takes; an explanation may stand behind it.
    pub fn word<T: DeserializeOwned>(&self, heading: &str, words: &[&str]) -> Option<T> {
        let text = self.text(heading)?;
        let first = text.split_whitespace().next().unwrap_or_default();
        let word = words.iter().find(|word| word.eq_ignore_ascii_case(first));
        let value = word.and_then(|word| serde_json::from_value((*word).into()).ok());
        if value.is_none() {
            let list = words.join(", ");
            self.wrong(
                heading,
                &format!("là {text:?}, hãy chọn một trong: {list}"),
                &format!("is {text:?}, choose one of: {list}"),
            );
        }
        value
    }

    /// A text in the languages it is there in; Vietnamese must be there if any is.
    pub fn localized(&self, name: &str) -> Option<Localized<String>> {
        let text = |language| self.text(&format!("{name}.{language}"));
        let (vi, zh, en) = (text("vi"), text("zh"), text("en"));
        if vi.is_none() && zh.is_none() && en.is_none() {
            return None;
        }
        if vi.is_none() {
            self.wrong(
                &format!("{name}.vi"),
                "đang để trống, hãy điền tiếng Việt; tiếng khác có thể thiếu",
                "is empty, fill in the Vietnamese; others may be missing",
            );
        }
        Some(Localized { vi: vi?, zh, en })
    }

    /// The same where it must be there.
    pub fn localized_required(&self, name: &str) -> Option<Localized<String>> {
        let text = self.localized(name);
        let given = |language| self.text(&format!("{name}.{language}")).is_some();
        if text.is_none() && !["zh", "en"].into_iter().any(given) {
            self.required(&format!("{name}.vi"));
        }
        text
    }

    /// A telephone number. A cell of the kind "number" has lost its first zero.
    pub fn phone<T: TryFrom<String, Error = E>, E: std::fmt::Display>(
        &self,
        heading: &str,
    ) -> Option<T> {
        let text = self.required(heading)?;
        if matches!(self.row.cells.get(heading), Some(Cell::Number(_))) && text.len() > 5 {
            self.wrong(
                heading,
                &format!("là số {text} và đã mất số 0 đứng đầu, hãy định dạng ô là văn bản rồi gõ lại"),
                &format!("is the number {text} and has lost its leading 0, format the cell as text and type it again"),
            );
            return None;
        }
        let digits: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '.' | '-' | '(' | ')'))
            .collect();
        match T::try_from(digits) {
            Ok(number) => Some(number),
            Err(error) => {
                self.not_understood(heading, &text, &error.to_string());
                None
            }
        }
    }

    /// A whole number.
    pub fn whole(&self, heading: &str) -> Option<u64> {
        let text = self.text(heading)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.wrong(
                heading,
                &format!("là {text:?}, hãy ghi một số nguyên không có dấu chấm, dấu phẩy"),
                &format!("is {text:?}, write a whole number without points or commas"),
            );
        }
        value
    }

    /// A place: latitude and longitude, both or neither.
    pub fn position(&self, lat: &str, lon: &str) -> Option<Position> {
        let (north, east) = (self.degrees(lat), self.degrees(lon));
        let given = |heading| self.text(heading).is_some();
        if given(lat) != given(lon) {
            let missing = if given(lat) { lon } else { lat };
            self.required(missing);
        }
        match Position::new(north?, east?) {
            Ok(position) => Some(position),
            Err(_beyond) => {
                self.wrong(
                    lat,
                    "không phải vĩ độ, kinh độ; hãy xem có bị đổi chỗ không",
                    "is no latitude with a longitude; see whether the two are exchanged",
                );
                None
            }
        }
    }

    /// Degrees as millionths; a comma is taken for the point.
    fn degrees(&self, heading: &str) -> Option<i32> {
        let text = self.text(heading)?;
        let degrees = text.replace(',', ".").parse::<f64>().ok();
        let micro = degrees.map(|degrees| (degrees * MICRO).round().to_string());
        let micro = micro.and_then(|micro| micro.parse().ok());
        if micro.is_none() {
            self.wrong(
                heading,
                &format!("là {text:?}, hãy ghi độ ở dạng số thập phân, như 22.506"),
                &format!("is {text:?}, write decimal degrees, such as 22.506"),
            );
        }
        micro
    }

    /// A date.
    pub fn date(&self, heading: &str) -> Option<LocalDate> {
        self.civil(heading).map(|moment| LocalDate(moment.date()))
    }

    /// A date that must be there.
    pub fn date_required(&self, heading: &str) -> Option<LocalDate> {
        self.required(heading)?;
        self.date(heading)
    }

    /// A point in time; a date alone is its beginning.
    pub fn moment(&self, heading: &str) -> Option<TimeMs> {
        let moment = self.civil(heading)?;
        let minutes = (moment.hour(), moment.minute());
        let number = |part: i8| u16::try_from(part).ok();
        let time = DayTime::new(number(minutes.0)?, number(minutes.1)?)?;
        Some(self.zone.at(moment.date(), time))
    }

    fn civil(&self, heading: &str) -> Option<DateTime> {
        let cell = self.row.cells.get(heading)?;
        let text = self.text(heading)?;
        let moment = match cell {
            Cell::Date(moment) => Some(*moment),
            Cell::Number(days) => serial_date(*days),
            Cell::Text(_) => civil(&text),
            Cell::Time(_) => None,
        };
        if moment.is_none() {
            self.wrong(
                heading,
                &format!("là {text:?}, hãy ghi ngày như 23/11/2026 hoặc 23/11/2026 07:00"),
                &format!("is {text:?}, write a date such as 23/11/2026 or 23/11/2026 07:00"),
            );
        }
        moment
    }

    /// A time of day.
    pub fn time(&self, heading: &str) -> Option<DayTime> {
        let text = self.text(heading)?;
        let time = match self.row.cells.get(heading)? {
            Cell::Time(minutes) => DayTime::new(minutes / 60, minutes % 60),
            Cell::Number(share) if (0.0..=1.0).contains(share) => share_of_day(*share),
            Cell::Text(_) => time(&text),
            Cell::Number(_) | Cell::Date(_) => None,
        };
        if time.is_none() {
            self.wrong(
                heading,
                &format!("là {text:?}, hãy ghi giờ như 07:00, từ 00:00 đến 24:00"),
                &format!("is {text:?}, write a time such as 07:00, from 00:00 to 24:00"),
            );
        }
        time
    }

    /// A time of day that must be there.
    pub fn time_required(&self, heading: &str) -> Option<DayTime> {
        self.required(heading)?;
        self.time(heading)
    }

    /// A list that is separated by semicolons.
    pub fn list(&self, heading: &str) -> Vec<String> {
        let text = self.text(heading).unwrap_or_default();
        let parts = text.split(';').map(str::trim);
        parts
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Something is wrong with a cell.
    pub fn wrong(&self, heading: &str, vi: &str, en: &str) {
        self.findings.cell(self.row, heading, vi, en);
    }

    fn not_understood(&self, heading: &str, text: &str, error: &str) {
        let shown: String = text.chars().take(60).collect();
        let expected = error
            .split_once("expected ")
            .map_or(error, |(_, rest)| rest);
        let vi = match heading {
            "number" => "hãy ghi 3 đến 15 chữ số, có thể có + đứng trước mã nước".to_owned(),
            "file" => "hãy đặt tên bằng a-z, 0-9, - và _, đuôi .webp, .avif, .mp4 hoặc .opus \
                       (đổi hình bằng: ffmpeg -i hinh.jpg hinh.webp)"
                .to_owned(),
            _ => "hãy dùng 1 đến 64 chữ cái không dấu, chữ số, '.', '_' hoặc '-'".to_owned(),
        };
        self.wrong(
            heading,
            &format!("là {shown:?}, {vi}"),
            &format!("is {shown:?}, expected {expected}"),
        );
    }
}

/// `23/11/2026`, `2026-11-23`, each with a time of day behind it or not.
fn civil(text: &str) -> Option<DateTime> {
    let (date, rest) = text.split_once([' ', 'T']).unwrap_or((text, "00:00"));
    let at = time(rest.trim())?;
    let parts: Vec<&str> = date.split(['/', '-', '.']).collect();
    let [first, month, last] = parts.as_slice() else {
        return None;
    };
    let (year, day) = if first.len() == 4 {
        (first, last)
    } else {
        (last, first)
    };
    let year = Some(year).filter(|year| year.len() == 4)?;
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    let (hour, minute) = (at.minutes() / 60, at.minutes() % 60);
    let at = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0);
    Some(date.to_datetime(at.ok()?))
}

/// `07:00`, `7:00`, `7h`, `7h30`.
fn time(text: &str) -> Option<DayTime> {
    let (hour, minute) = text.split_once([':', 'h', 'H'])?;
    let minute = minute.split(':').next().unwrap_or_default();
    let minute = if minute.is_empty() { "0" } else { minute };
    DayTime::new(hour.trim().parse().ok()?, minute.trim().parse().ok()?)
}

fn share_of_day(share: f64) -> Option<DayTime> {
    let minutes: u16 = (share * 1_440.0).round().to_string().parse().ok()?;
    DayTime::new(minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_read_as_people_write_them() {
        for (text, shown) in [
            ("23/11/2026", "2026-11-23T00:00:00"),
            ("3/1/2027", "2027-01-03T00:00:00"),
            ("2026-11-23 07:30", "2026-11-23T07:30:00"),
            ("23.11.2026 7h", "2026-11-23T07:00:00"),
        ] {
            assert_eq!(civil(text).map(|m| m.to_string()).as_deref(), Some(shown));
        }
        for text in [
            "23/11/26",
            "31/02/2026",
            "23-11",
            "",
            "hôm nay",
            "23/11/2026 25:00",
        ] {
            assert_eq!(civil(text), None, "{text}");
        }
        for (text, shown) in [("7h30", "07:30"), ("07:00:00", "07:00"), ("24:00", "24:00")] {
            assert_eq!(time(text).map(|t| t.to_string()).as_deref(), Some(shown));
        }
        assert_eq!(
            share_of_day(0.312_5).map(|t| t.to_string()).as_deref(),
            Some("07:30")
        );
        assert_eq!(
            serial_date(46_349.0)
                .map(|m| m.date().to_string())
                .as_deref(),
            Some("2026-11-23")
        );
        assert_eq!(serial_date(7.0), None);
    }
}
