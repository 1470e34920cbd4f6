//! Plans by the time of day: how loud a wall is, how bright, and what it announces.

use crate::playlist::{CalendarDate, Item};
use crate::time::{MINUTE, Millis, TimeMs};
use crate::window::{Day, DayTime, Zone};
use jiff::ToSpan as _;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The programme loudness of EBU R 128, in thousandths of LUFS.
pub const EBU_TARGET_MLUFS: i32 = -23_000;
/// The most steps of one plan.
pub const MAX_STEPS: usize = 48;
/// The most announcements of a release, and the most times of one.
pub const MAX_ANNOUNCEMENTS: usize = 50;
/// The longest announcement, in milliseconds.
pub const MAX_ANNOUNCEMENT_MS: u32 = 600_000;
/// How far ahead announcements are looked for, in days.
const MAX_DAYS: usize = 366;

/// How loud a wall is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoundPlan {
    /// The loudness that every item is brought to, in thousandths of LUFS: -40,000 to -10,000.
    pub target_mlufs: i32,
    /// Volume by time of day; empty: always 100.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volume: Vec<VolumeStep>,
    /// What is left of the programme's sound while an announcement speaks, in percent; 0 silences
    /// the programme, 100 leaves it as it is.
    pub duck_percent: u8,
}

/// The volume from a time of day until the next step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeStep {
    pub from: DayTime,
    /// 0 is silent, 100 is full.
    pub percent: u8,
}

/// How bright a wall is by time of day; empty: always as decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LightPlan {
    pub steps: Vec<LightStep>,
}

/// Brightness and gamma from a time of day until the next step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LightStep {
    pub from: DayTime,
    /// 10 to 100.
    pub brightness_percent: u8,
    /// Exponent of the levels in percent, 30 to 300; 100 changes nothing, more is darker.
    pub gamma_percent: u16,
}

/// How a picture is brightened or dimmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Light {
    /// 10 to 100.
    pub brightness_percent: u8,
    /// Exponent of the levels in percent, 30 to 300; 100 changes nothing, more is darker.
    pub gamma_percent: u16,
}

/// A spoken or played message at set times of the day, over the programme's sound (Điều 2.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Announcement {
    /// What is heard: an asset of sound, as long as the item's duration, ten minutes at most.
    pub item: Item,
    /// Local times of day at which it begins, 1 to 50.
    pub times: Vec<DayTime>,
    /// Days of the week; empty: every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_date: Option<CalendarDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_date: Option<CalendarDate>,
}

impl Default for SoundPlan {
    fn default() -> Self {
        Self {
            target_mlufs: EBU_TARGET_MLUFS,
            volume: Vec::new(),
            duck_percent: 25,
        }
    }
}

impl SoundPlan {
    /// Whether it is the plan of releases that say nothing of sound.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The volume at `now`, 0 to 100.
    #[must_use]
    pub fn volume_at(&self, zone: &Zone, now: TimeMs) -> u8 {
        step_at(&self.volume, |step| step.from, zone, now).map_or(100, |step| step.percent)
    }

    /// What is wrong with the plan, if anything.
    #[must_use]
    pub fn defect(&self) -> Option<String> {
        if !(-40_000..=-10_000).contains(&self.target_mlufs) {
            return Some(format!(
                "loudness target {} thousandths of LUFS; expected -40000 to -10000",
                self.target_mlufs
            ));
        }
        if self.duck_percent > 100 || self.volume.iter().any(|step| step.percent > 100) {
            return Some("a volume over 100 percent".to_owned());
        }
        steps_defect("volume", &self.volume, |step| step.from)
    }
}

impl Light {
    /// As decoded.
    pub const NEUTRAL: Self = Self {
        brightness_percent: 100,
        gamma_percent: 100,
    };
}

impl LightStep {
    const fn light(&self) -> Light {
        Light {
            brightness_percent: self.brightness_percent,
            gamma_percent: self.gamma_percent,
        }
    }
}

impl LightPlan {
    /// Whether it never changes anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The light at `now`.
    #[must_use]
    pub fn at(&self, zone: &Zone, now: TimeMs) -> Light {
        step_at(&self.steps, |step| step.from, zone, now).map_or(Light::NEUTRAL, LightStep::light)
    }

    /// What is wrong with the plan, if anything.
    #[must_use]
    pub fn defect(&self) -> Option<String> {
        let is_fine = |step: &LightStep| {
            (10..=100).contains(&step.brightness_percent)
                && (30..=300).contains(&step.gamma_percent)
        };
        if !self.steps.iter().all(is_fine) {
            return Some("light: expected brightness 10 to 100 and gamma 30 to 300".to_owned());
        }
        steps_defect("light", &self.steps, |step| step.from)
    }
}

impl Announcement {
    /// When it begins, at or after `from` and before `to`, in order; of a longer time, in its first
    /// 366 days.
    #[must_use]
    pub fn starts_between(&self, zone: &Zone, from: TimeMs, to: TimeMs) -> Vec<TimeMs> {
        let [first, ..] = zone.dates(from);
        let [.., last] = zone.dates(to);
        let mut starts: Vec<TimeMs> = first
            .series(1.day())
            .take(MAX_DAYS)
            .take_while(|date| *date <= last)
            .filter(|date| self.days.is_empty() || self.days.contains(&Day::from(date.weekday())))
            .filter(|date| self.first_date.is_none_or(|first| first.0 <= *date))
            .filter(|date| self.last_date.is_none_or(|last| *date <= last.0))
            .flat_map(|date| {
                self.times
                    .iter()
                    .map(move |time| (date, zone.at(date, *time)))
            })
            // A day that a zone leaves out has no times.
            .filter(|(date, at)| zone.date(*at) == *date)
            .map(|(_, at)| at)
            .filter(|at| (from..to).contains(at) && self.item.is_current(*at))
            .collect();
        starts.sort_unstable();
        starts.dedup();
        starts
    }

    /// What is wrong with it beside its item, if anything.
    #[must_use]
    pub fn defect(&self) -> Option<String> {
        if !self.item.asset.mime.is_sound() {
            return Some("an announcement must be sound: Ogg, MP3 or WAV".to_owned());
        }
        if self.times.is_empty() || self.times.len() > MAX_ANNOUNCEMENTS {
            return Some(format!(
                "{} times of day; expected 1 to {MAX_ANNOUNCEMENTS}",
                self.times.len()
            ));
        }
        if self.item.dur_ms > MAX_ANNOUNCEMENT_MS {
            return Some("longer than ten minutes".to_owned());
        }
        if self.times.contains(&DayTime::END) {
            return Some("begins at 24:00; write 00:00".to_owned());
        }
        let times: BTreeSet<_> = self.times.iter().collect();
        if times.len() != self.times.len() {
            return Some("begins twice at one time of day".to_owned());
        }
        matches!((self.first_date, self.last_date), (Some(first), Some(last)) if first > last)
            .then(|| "its last date is before its first".to_owned())
    }
}

/// Two announcements of which one would begin while the other speaks, on a day that both have.
/// Those that begin at the same time of day are heard one after the other.
#[must_use]
pub fn overlap(all: &[Announcement]) -> Option<String> {
    let begins: BTreeSet<DayTime> = all.iter().flat_map(|one| one.times.clone()).collect();
    begins.into_iter().find_map(|time| {
        let group: Vec<&Announcement> = all.iter().filter(|a| a.times.contains(&time)).collect();
        group.iter().enumerate().find_map(|(index, speaks)| {
            let before = group.iter().take(index + 1).copied();
            let length: Millis = before
                .filter(|other| meet(other, speaks))
                .map(|other| other.item.duration_ms())
                .sum();
            let other = all.iter().find(|other| {
                meet(other, speaks) && other.times.iter().any(|at| is_within(*at, time, length))
            })?;
            Some(format!(
                "announcement {} at {time} is not over when {} begins",
                speaks.item.id, other.item.id
            ))
        })
    })
}

/// Whether there may be a day on which both are heard.
fn meet(a: &Announcement, b: &Announcement) -> bool {
    let days =
        a.days.is_empty() || b.days.is_empty() || a.days.iter().any(|day| b.days.contains(day));
    let before = |a: &Announcement, b: &Announcement| matches!((a.last_date, b.first_date), (Some(last), Some(first)) if last < first);
    days && !before(a, b) && !before(b, a)
}

/// Whether `at` comes after `begin`, and less than `length` later, on the same day.
fn is_within(at: DayTime, begin: DayTime, length: Millis) -> bool {
    let minutes = i64::from(at.minutes()) - i64::from(begin.minutes());
    minutes > 0 && minutes * MINUTE < length
}

/// The step that holds at `now`; before the day's first step, the last one of the day before.
fn step_at<'s, S>(
    steps: &'s [S],
    from: impl Fn(&S) -> DayTime,
    zone: &Zone,
    now: TimeMs,
) -> Option<&'s S> {
    let date = zone.date(now);
    steps
        .iter()
        .rev()
        .find(|step| zone.at(date, from(step)) <= now)
        .or_else(|| steps.last())
}

fn steps_defect<S>(what: &str, steps: &[S], from: impl Fn(&S) -> DayTime) -> Option<String> {
    if steps.len() > MAX_STEPS {
        return Some(format!(
            "{what}: {} steps; expected at most {MAX_STEPS}",
            steps.len()
        ));
    }
    if steps.iter().any(|step| from(step) == DayTime::END) {
        return Some(format!("{what}: a step from 24:00; write 00:00"));
    }
    let ordered = steps
        .iter()
        .zip(steps.iter().skip(1))
        .all(|(a, b)| from(a) < from(b));
    (!ordered).then(|| format!("{what}: the steps are not in the order of their times"))
}
