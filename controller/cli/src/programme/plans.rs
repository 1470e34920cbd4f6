//! `[sound]`, `[light]` and `[[announcement]]`: how loud and bright a wall is by the time of day, and
//! what it says when.

use super::SpokenPlan;
use super::items::Items;
use super::read::date;
use super::reader::Section;
use super::values::{DayCode, Lufs, Percent};
use super::words::{self, say};
use cotmoc_proto::plan::{LightPlan, LightStep, MAX_ANNOUNCEMENTS, SoundPlan, VolumeStep};
use cotmoc_proto::window::DayTime;

/// How loud the wall is.
pub fn sound(top: &Section<'_>) -> SoundPlan {
    let usual = SoundPlan::default();
    let Some(section) = top.section("sound") else {
        return usual;
    };
    let target = section.or("target_lufs", words::LUFS, Lufs(usual.target_mlufs));
    let duck = Percent::<0, 100>(usual.duck_percent.into());
    let duck = section.or("duck_percent", words::PERCENT, duck);
    let volume = section
        .sections("volume")
        .iter()
        .filter_map(|step| {
            let from = step.required("from", words::A_TIME);
            let percent: Option<Percent<0, 100>> = step.required("percent", words::PERCENT);
            step.check_known();
            Some(VolumeStep {
                from: from?,
                percent: percent?.byte(),
            })
        })
        .collect();
    let plan = SoundPlan {
        target_mlufs: target.0,
        volume,
        duck_percent: duck.byte(),
    };
    tell(&section, "volume", plan.defect());
    section.finish();
    plan
}

/// How bright the wall is.
pub fn light(top: &Section<'_>) -> LightPlan {
    let Some(section) = top.section("light") else {
        return LightPlan::default();
    };
    let steps = section
        .sections("step")
        .iter()
        .filter_map(|step| {
            let from = step.required("from", words::A_TIME);
            let brightness: Option<Percent<10, 100>> =
                step.required("brightness_percent", words::BRIGHTNESS);
            let usual = Percent::<30, 300>(100);
            let gamma = step.or("gamma_percent", words::GAMMA, usual);
            step.check_known();
            Some(LightStep {
                from: from?,
                brightness_percent: brightness?.byte(),
                gamma_percent: gamma.0,
            })
        })
        .collect();
    let plan = LightPlan { steps };
    tell(&section, "step", plan.defect());
    section.finish();
    plan
}

/// What the wall says at set times.
pub fn announcements(top: &Section<'_>, items: &Items<'_>) -> Vec<SpokenPlan> {
    let sections = top.sections("announcement");
    if sections.len() > MAX_ANNOUNCEMENTS {
        top.mistake(
            "announcement",
            say(
                &format!("nhiều nhất {MAX_ANNOUNCEMENTS} thông báo phát thanh"),
                &format!("at most {MAX_ANNOUNCEMENTS} announcements"),
            ),
        );
    }
    sections
        .into_iter()
        .filter_map(|section| {
            let times: Vec<DayTime> = section.list("times", words::TIMES);
            if !section.has("times") {
                section.mistake(
                    "times",
                    say(
                        "còn thiếu giờ phát, như [\"08:00\", \"16:30\"]",
                        "missing; when it is heard, such as [\"08:00\", \"16:30\"]",
                    ),
                );
            }
            if times.contains(&DayTime::END) {
                section.mistake("times", say("viết \"00:00\"", "write \"00:00\""));
            }
            let days = section.list::<DayCode>("days", words::WEEKDAYS);
            let first_date = date(&section, "first_date");
            let last_date = date(&section, "last_date");
            if matches!((first_date, last_date), (Some(first), Some(last)) if first > last) {
                section.mistake(
                    "last_date",
                    say("phải sau first_date", "must not be before first_date"),
                );
            }
            Some(SpokenPlan {
                item: items.spoken(section)?,
                times,
                days: days.into_iter().map(|day| day.0).collect(),
                first_date,
                last_date,
            })
        })
        .collect()
}

fn tell(section: &Section<'_>, key: &str, defect: Option<String>) {
    if let Some(defect) = defect {
        section.mistake(
            key,
            say(
                "xếp các mốc theo giờ tăng dần, mỗi giờ một mốc, không dùng 24:00",
                &format!("{defect}; write the steps in the order of their times"),
            ),
        );
    }
}
