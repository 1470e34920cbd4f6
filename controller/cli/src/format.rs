//! Numbers and times as people read them.

use crate::media::Look;
use cotmoc_proto::media::Loudness;
use cotmoc_proto::playlist::Language;
use cotmoc_proto::time::{Millis, TimeMs};
use cotmoc_proto::window::{Day, Zone};

/// A length of time: `0:07`, `0:07.5`, `1:02:30`.
pub fn length(ms: Millis) -> String {
    let seconds = ms / 1000;
    let rest = ms % 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let whole = if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    };
    if rest == 0 {
        return whole;
    }
    let fraction = format!("{rest:03}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

/// Hours and minutes: `14 h 05`.
pub fn hours(ms: Millis) -> String {
    let minutes = ms / 60_000;
    format!("{} h {:02}", minutes / 60, minutes % 60)
}

/// A size: `12.3 MB`.
pub fn bytes(count: u64) -> String {
    indicatif::DecimalBytes(count).to_string()
}

/// Size of a picture: `1920×1080`.
pub fn pixels(look: &Look) -> String {
    if look.width_px == 0 {
        return "–".to_owned();
    }
    format!("{}×{}", look.width_px, look.height_px)
}

/// Length of a film; a dash for a still.
pub fn film_length(look: &Look) -> String {
    look.dur_ms
        .map_or_else(|| "–".to_owned(), |ms| length(Millis::from(ms)))
}

/// Loudness and true peak: `−23.0 LUFS (−1.5 dBTP)`.
pub fn loudness(loudness: Loudness) -> String {
    let tenths = |level: i32| {
        let sign = if level < 0 { "−" } else { "" };
        let level = level.unsigned_abs();
        format!("{sign}{}.{}", level / 1_000, level % 1_000 / 100)
    };
    let (integrated, peak) = (loudness.integrated_mlufs, loudness.true_peak_mdbtp);
    format!("{} LUFS ({} dBTP)", tenths(integrated), tenths(peak))
}

/// A local time of day, with seconds where there are any.
pub fn time_of_day(zone: &Zone, at: TimeMs) -> String {
    let local = zone.format(at);
    let time = local.split(' ').nth(1).unwrap_or_default();
    time.strip_suffix(":00").unwrap_or(time).to_owned()
}

/// A local date and time to the minute: `23/11/2026 07:00`.
pub fn date_time(zone: &Zone, at: TimeMs) -> String {
    let local = zone.format(at);
    let minutes = local.rsplit_once(':').map(|(minutes, _seconds)| minutes);
    minutes.unwrap_or(&local).to_owned()
}

/// A day of the week in Vietnamese and English.
pub fn weekday(day: Day) -> crate::text::Text {
    let (vi, en) = match day {
        Day::Mon => ("thứ hai", "Monday"),
        Day::Tue => ("thứ ba", "Tuesday"),
        Day::Wed => ("thứ tư", "Wednesday"),
        Day::Thu => ("thứ năm", "Thursday"),
        Day::Fri => ("thứ sáu", "Friday"),
        Day::Sat => ("thứ bảy", "Saturday"),
        Day::Sun => ("chủ nhật", "Sunday"),
    };
    crate::text::Text { vi, en }
}

/// Languages as they are written in a programme.
pub fn languages(languages: &[Language]) -> String {
    let codes: Vec<&str> = languages
        .iter()
        .map(|language| match language {
            Language::Vi => "vi",
            Language::En => "en",
            Language::Zh => "zh",
            Language::None => "–",
        })
        .collect();
    codes.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_people_say_them() {
        let cases = [
            (7_000, "0:07"),
            (7_500, "0:07.5"),
            (90_040, "1:30.04"),
            (3_750_000, "1:02:30"),
        ];
        for (ms, text) in cases {
            assert_eq!(length(ms), text);
        }
        assert_eq!(hours(14 * 3_600_000 + 5 * 60_000), "14 h 05");
    }
}
