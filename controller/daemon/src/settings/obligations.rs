//! What is owed by the calendar: the regulation's obligations where nothing is said, and the days on which
//! nobody works.

use cotmoc_controller_core::obligation::{
    Day, Hearer, Kind, Monthly, Rhythm, Rule, Rules, Shift, Stage, When, WorkingDays,
};
use cotmoc_controller_core::stage::Audience;
use cotmoc_proto::ClusterId;
use cotmoc_proto::time::{DAY, HOUR, MINUTE, Millis};
use cotmoc_proto::window::{DayTime, OperatingWindow};
use cotmoc_service::config::Reader;
use jiff::civil::Date;
use std::collections::BTreeSet;

/// The longest run of days off in one word.
const LONGEST: usize = 60;

/// Reads the tables `obligations` and the section `calendar`.
pub(super) fn read(reader: &mut Reader) -> Rules {
    let count = reader.tables("obligations");
    let all = if count == 0 {
        // An empty list is a word too: nothing is owed.
        let is_none = reader.has("obligations");
        let found: Vec<String> = reader.list("obligations", "tables [[obligations]]");
        if is_none && found.is_empty() {
            Vec::new()
        } else {
            usual()
        }
    } else {
        let rules = (0..count).filter_map(|number| rule(reader, &format!("obligations.{number}")));
        rules.collect()
    };
    let rules = Rules {
        all,
        days: calendar(reader),
        zone: OperatingWindow::default().zone,
    };
    if let Err(unfit) = rules.check() {
        let expected = "rules that can be told apart";
        reader.mistake("obligations", Some(unfit.to_string()), expected);
    }
    rules
}

/// What the regulation asks (Điều 7.3, 7.9, 8.2, 11.2, 15, 17).
fn usual() -> Vec<Rule> {
    let monthly = |id: &str, kind, agency: &str, monthly| Rule {
        id: id.to_owned(),
        kind,
        rhythm: Rhythm::Monthly {
            agency: agency.to_owned(),
            least: 1,
            monthly,
        },
        stages: usual_stages(kind),
        from: None,
        until: None,
    };
    let end_of_work = DayTime::new(17, 0).unwrap_or(DayTime::END);
    let on = |day, time, months: &[i8], shift| Monthly {
        months: months.iter().copied().collect(),
        day,
        time,
        shift,
    };
    let the_25th = on(25, end_of_work, &[], Shift::Later);
    let before = |day, months: &[i8]| on(day, DayTime::END, months, Shift::Earlier);
    let month_end = on(31, end_of_work, &[], Shift::Earlier);
    let units = "Đơn vị quản lý, vận hành cụm thông tin";
    let department = "Sở Thông tin và Truyền thông";
    vec![
        monthly("bao", Kind::Contribution, "Báo Lào Cai", the_25th.clone()),
        monthly(
            "dai-ptth",
            Kind::Contribution,
            "Đài Phát thanh – Truyền hình tỉnh",
            the_25th,
        ),
        monthly("bao-cao-don-vi", Kind::Report, units, before(19, &[6, 12])),
        monthly("bao-cao-so", Kind::Report, department, before(29, &[6, 12])),
        monthly("khoi-phuc", Kind::RestoreDrill, units, month_end.clone()),
        monthly("nhat-ky", Kind::LogCheck, units, month_end),
        Rule {
            id: "gio-phat".to_owned(),
            kind: Kind::AirTime,
            rhythm: Rhythm::EveryWindow {
                clusters: Vec::new(),
            },
            stages: usual_stages(Kind::AirTime),
            from: None,
            until: None,
        },
    ]
}

fn usual_stages(kind: Kind) -> Vec<Stage> {
    use Audience::{Department, Operator, Technician, UnitHead};
    let stage = |id: &str, when, to: &[Hearer]| Stage {
        id: id.to_owned(),
        when,
        to: to.iter().copied().collect(),
    };
    let (subject, department) = (Hearer::Subject, Hearer::Office(Department));
    let operator = Hearer::Office(Operator);
    let technician = Hearer::Office(Technician);
    let head = Hearer::Office(UnitHead);
    match kind {
        Kind::AirTime => vec![
            stage(
                "slack-50",
                When::SlackUsed { percent: 50 },
                &[operator, technician],
            ),
            stage("short", When::After { ms: 15 * MINUTE }, &[operator, head]),
            stage("unknown", When::Undecided { ms: DAY }, &[technician]),
        ],
        Kind::RestoreDrill | Kind::LogCheck => vec![
            stage("before-7", When::Before { ms: 7 * DAY }, &[technician]),
            stage("before-1", When::Before { ms: DAY }, &[technician]),
            stage("overdue", When::After { ms: 0 }, &[technician, head]),
        ],
        Kind::Contribution | Kind::Report | Kind::Other => vec![
            stage("before-10", When::Before { ms: 10 * DAY }, &[subject]),
            stage("before-3", When::Before { ms: 3 * DAY }, &[subject]),
            stage("before-1", When::Before { ms: DAY }, &[subject]),
            stage("overdue", When::After { ms: 0 }, &[subject, department]),
            stage(
                "overdue-3",
                When::After { ms: 3 * DAY },
                &[subject, department],
            ),
        ],
    }
}

fn rule(reader: &mut Reader, at: &str) -> Option<Rule> {
    let key = |name: &str| format!("{at}.{name}");
    let id = reader.required(&key("id"), "a name such as \"bao\"");
    let known = Kind::ALL.map(Kind::as_str).join(", ");
    let kind: Kind = reader.required(&key("kind"), &format!("one of {known}"))?;
    let rhythm = if kind == Kind::AirTime {
        let clusters: Vec<ClusterId> = reader.list(&key("clusters"), "names of clusters");
        Some(Rhythm::EveryWindow { clusters })
    } else {
        monthly(reader, at)
    };
    let count = reader.tables(&key("stages"));
    let stages = (0..count).filter_map(|number| stage(reader, &format!("{at}.stages.{number}")));
    let stages: Vec<Stage> = stages.collect();
    Some(Rule {
        id: id?,
        kind,
        rhythm: rhythm?,
        stages: if count == 0 {
            usual_stages(kind)
        } else {
            stages
        },
        from: super::midnight(reader, &key("from")),
        until: super::midnight(reader, &key("until")),
    })
}

fn monthly(reader: &mut Reader, at: &str) -> Option<Rhythm> {
    let key = |name: &str| format!("{at}.{name}");
    let agency: Option<String> = reader.required(&key("who"), "the agency or unit that owes it");
    let small = |found: u64| i8::try_from(found).unwrap_or(1);
    let months: Vec<i8> = reader.list(&key("months"), "months from 1 to 12; none: every month");
    if months.iter().any(|month| !(1..=12).contains(month)) {
        reader.mistake(&key("months"), None, "months from 1 to 12");
    }
    let day = small(reader.within(&key("day"), 25, 1..=31));
    let time = DayTime::new(17, 0).unwrap_or(DayTime::END);
    let time = reader.optional(&key("time"), time, "a time of day such as \"17:00\"");
    let known = Shift::ALL.map(Shift::as_str).join(", ");
    let shift = reader.optional(&key("holiday"), Shift::Later, &format!("one of {known}"));
    let least = reader.within(&key("least"), 1, 1..=100);
    Some(Rhythm::Monthly {
        agency: agency?,
        least: u32::try_from(least).unwrap_or(1),
        monthly: Monthly {
            months: months.into_iter().collect(),
            day,
            time,
            shift,
        },
    })
}

fn stage(reader: &mut Reader, at: &str) -> Option<Stage> {
    let key = |name: &str| format!("{at}.{name}");
    let id: Option<String> = reader.required(&key("id"), "a name such as \"before-7\"");
    let to: Vec<Hearer> = reader.list(&key("to"), "\"subject\" or offices such as \"department\"");
    let minutes = |reader: &mut Reader, name: &str| -> Option<Millis> {
        let asked = reader.has(&key(name));
        let found = reader.within(&key(name), 0, 0..=525_600);
        asked.then(|| i64::try_from(found).unwrap_or_default() * MINUTE)
    };
    let hours = |reader: &mut Reader, name: &str| -> Option<Millis> {
        minutes(reader, name).map(|ms| ms / MINUTE * HOUR)
    };
    let before = hours(reader, "before_hours").map(|ms| When::Before { ms });
    let after = hours(reader, "after_hours").map(|ms| When::After { ms });
    let undecided = hours(reader, "undecided_hours").map(|ms| When::Undecided { ms });
    let asked = reader.has(&key("slack_percent"));
    let percent = reader.within(&key("slack_percent"), 50, 1..=100);
    let percent = u32::try_from(percent).unwrap_or(50);
    let slack = asked.then_some(When::SlackUsed { percent });
    let all: Vec<When> = [before, after, undecided, slack]
        .into_iter()
        .flatten()
        .collect();
    let [when] = all.as_slice() else {
        let expected = "one of before_hours, after_hours, undecided_hours, slack_percent";
        reader.mistake(at, None, expected);
        return None;
    };
    Some(Stage {
        id: id?,
        when: *when,
        to: to.into_iter().collect(),
    })
}

fn calendar(reader: &mut Reader) -> WorkingDays {
    let usual = WorkingDays::default();
    let weekend: Vec<String> = reader.list("calendar.weekend", "days such as \"sat\"");
    let weekend = if reader.has("calendar.weekend") {
        weekend
            .iter()
            .filter_map(|name| weekday(reader, name))
            .collect()
    } else {
        usual.weekend
    };
    let yearly: Vec<String> = reader.list("calendar.yearly", "month and day such as \"09-02\"");
    let yearly = if reader.has("calendar.yearly") {
        yearly
            .iter()
            .filter_map(|text| month_day(reader, text))
            .collect()
    } else {
        usual.yearly
    };
    WorkingDays {
        weekend,
        yearly,
        off: dates(reader, "calendar.off"),
        working: dates(reader, "calendar.working"),
    }
}

fn weekday(reader: &mut Reader, name: &str) -> Option<Day> {
    let all = [
        ("mon", Day::Mon),
        ("tue", Day::Tue),
        ("wed", Day::Wed),
        ("thu", Day::Thu),
        ("fri", Day::Fri),
        ("sat", Day::Sat),
        ("sun", Day::Sun),
    ];
    let found = all.into_iter().find(|(known, _)| *known == name);
    if found.is_none() {
        let expected = "days from \"mon\" to \"sun\"";
        reader.mistake("calendar.weekend", Some(format!("{name:?}")), expected);
    }
    found.map(|(_, day)| day)
}

fn month_day(reader: &mut Reader, text: &str) -> Option<(i8, i8)> {
    // Any leap year has every day.
    let date = format!("2028-{text}").parse::<Date>().ok();
    if date.is_none() {
        let expected = "month and day such as \"09-02\"";
        reader.mistake("calendar.yearly", Some(format!("{text:?}")), expected);
    }
    date.map(|date| (date.month(), date.day()))
}

/// Days, and runs of days such as `2027-02-04..2027-02-10`, both ends included.
fn dates(reader: &mut Reader, key: &str) -> BTreeSet<Date> {
    let expected = "dates such as \"2027-02-20\" or \"2027-02-04..2027-02-10\"";
    let texts: Vec<String> = reader.list(key, expected);
    let mut all = BTreeSet::new();
    for text in texts {
        let (first, last) = text.split_once("..").unwrap_or((&text, &text));
        let ends = first.parse::<Date>().ok().zip(last.parse::<Date>().ok());
        let Some((first, last)) = ends.filter(|(first, last)| first <= last) else {
            reader.mistake(key, Some(format!("{text:?}")), expected);
            continue;
        };
        let run = std::iter::successors(Some(first), |day| day.tomorrow().ok());
        all.extend(run.take(LONGEST).take_while(|day| *day <= last));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn read_text(text: &str) -> (Rules, Result<(), String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("controller.toml");
        std::fs::write(&path, text).unwrap();
        let mut reader = Reader::open(&path);
        let rules = read(&mut reader);
        let read = reader.finish().map_err(|mistakes| mistakes.to_string());
        (rules, read)
    }

    #[test]
    fn without_a_word_the_regulations_own_obligations_hold() {
        let (rules, read) = read_text("");
        assert_eq!(read, Ok(()));
        assert_eq!(rules.check(), Ok(()));
        let ids: Vec<&str> = rules.all.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids.len(), 7);
        assert!(ids.contains(&"bao") && ids.contains(&"gio-phat"));
        let (none, read) = read_text("obligations = []");
        assert_eq!((none.all, read), (vec![], Ok(())));
    }

    #[test]
    fn rules_stages_and_holidays_are_read_and_take_the_place_of_the_usual() {
        let (rules, read) = read_text(
            "[calendar]\noff = [\"2027-02-04..2027-02-10\", \"2027-04-16\"]\n\
             working = [\"2027-02-20\"]\nweekend = [\"sun\"]\nyearly = [\"09-02\"]\n\
             [[obligations]]\nid = \"bao\"\nkind = \"contribution\"\nwho = \"Báo\"\nday = 20\n\
             time = \"24:00\"\nholiday = \"earlier\"\nleast = 2\nmonths = [6, 12]\n\
             [[obligations.stages]]\nid = \"a\"\nbefore_hours = 48\nto = [\"subject\", \"department\"]\n\
             [[obligations]]\nid = \"air\"\nkind = \"air-time\"\nclusters = [\"gate\"]\n\
             [[obligations.stages]]\nid = \"b\"\nslack_percent = 70\nto = [\"operator\"]\n",
        );
        assert_eq!(read, Ok(()));
        assert_eq!(rules.days.off.len(), 8);
        assert!(rules.days.is_working(date(2027, 2, 20)));
        assert!(!rules.days.is_working(date(2027, 9, 2)));
        assert_eq!(rules.all.len(), 2);
        let Rhythm::Monthly { least, monthly, .. } = &rules.all[0].rhythm else {
            panic!("{rules:?}");
        };
        assert_eq!((*least, monthly.day, monthly.time), (2, 20, DayTime::END));
        assert_eq!(rules.all[0].stages[0].when, When::Before { ms: 48 * HOUR });
        let slack = When::SlackUsed { percent: 70 };
        assert_eq!(rules.all[1].stages[0].when, slack);
    }

    #[test]
    fn what_cannot_be_meant_is_said_with_its_place() {
        let (_, read) = read_text(
            "[calendar]\noff = [\"Tết\"]\nweekend = [\"caturday\"]\n\
             [[obligations]]\nid = \"Báo\"\nkind = \"contribution\"\nmonths = [13]\n\
             who = \"Báo\"\n[[obligations.stages]]\nid = \"a\"\nto = [\"subject\"]\n",
        );
        let said = read.unwrap_err();
        for key in ["calendar.off", "calendar.weekend", "months", "stages.0"] {
            assert!(said.contains(key), "{key}: {said}");
        }
        assert!(said.contains("small letters"), "{said}");
    }
}
