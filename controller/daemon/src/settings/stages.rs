//! Who must hear of incidents and when, where that differs from the regulation's table: tables with the
//! day from which they hold.

use cotmoc_controller_core::law::Law;
use cotmoc_controller_core::stage::{Audience, Stage, Stages, Table, Unless};
use cotmoc_controller_core::timetable::Timetable;
use cotmoc_proto::time::{MINUTE, Millis};
use cotmoc_service::config::Reader;
use std::collections::BTreeSet;

/// Reads the tables `incidents.tables`.
pub(super) fn read(reader: &mut Reader) -> Timetable {
    let mut all = Timetable::default();
    for number in 0..reader.tables("incidents.tables") {
        let at = format!("incidents.tables.{number}");
        let from = format!("{at}.from");
        if !reader.has(&from) {
            reader.mistake(&from, None, "the date from which it holds");
        }
        let usual = Table::default();
        let table = Table {
            operation: stages(reader, &format!("{at}.operation"), usual.operation),
            security: stages(reader, &format!("{at}.security"), usual.security),
            fault: stages(reader, &format!("{at}.fault"), usual.fault),
            law: law(reader, &at),
        };
        if let Err(unfit) = table.check() {
            reader.mistake(&at, Some(unfit.to_string()), "stages that keep the hour");
        }
        if let Some(from) = super::midnight(reader, &from) {
            all = all.with(from, table);
        }
    }
    all
}

/// The stages `at`, or the usual ones where nothing is said.
fn stages(reader: &mut Reader, at: &str, usual: Stages) -> Stages {
    let steps = format!("{at}.steps");
    let count = reader.tables(&steps);
    let repeat = minutes(reader, &format!("{at}.repeat_minutes"), usual.repeat_ms);
    let to = audiences(reader, &format!("{at}.repeat_to"));
    Stages {
        steps: if count == 0 {
            usual.steps
        } else {
            let all = (0..count).filter_map(|number| step(reader, &format!("{steps}.{number}")));
            all.collect()
        },
        repeat_ms: repeat,
        repeat_to: if to.is_empty() { usual.repeat_to } else { to },
    }
}

/// The numbers of the regulation, where another holds from that day on.
fn law(reader: &mut Reader, at: &str) -> Law {
    let usual = Law::default();
    let mut minutes = |name: &str, default: Millis, range| {
        let default = u64::try_from(default / MINUTE).unwrap_or_default();
        let found = reader.within(&format!("{at}.{name}"), default, range);
        i64::try_from(found).unwrap_or_default() * MINUTE
    };
    Law {
        duty_ms: minutes("hour_minutes", usual.duty_ms, 1..=1_440),
        reopen_ms: minutes("reopen_minutes", usual.reopen_ms, 0..=1_440),
        longest_ack_ms: minutes("acknowledge_minutes", usual.longest_ack_ms, 1..=240),
    }
}

fn step(reader: &mut Reader, at: &str) -> Option<Stage> {
    let key = |name: &str| format!("{at}.{name}");
    let id: Option<String> = reader.required(&key("id"), "a name such as \"department\"");
    let after_ms = minutes(reader, &key("after_minutes"), 0);
    let to = audiences(reader, &key("to"));
    let known = Unless::ALL.map(Unless::as_str).join(", ");
    let unless = reader.optional(&key("unless"), Unless::Never, &format!("one of {known}"));
    Some(Stage {
        id: id?,
        after_ms,
        to,
        unless,
    })
}

fn minutes(reader: &mut Reader, key: &str, default: Millis) -> Millis {
    let default = u64::try_from(default / MINUTE).unwrap_or_default();
    let found = reader.within(key, default, 0..=1_440);
    i64::try_from(found).unwrap_or_default() * MINUTE
}

fn audiences(reader: &mut Reader, key: &str) -> BTreeSet<Audience> {
    let known = Audience::ALL.map(Audience::as_str).join(", ");
    let all: Vec<Audience> = reader.list(key, &format!("some of {known}"));
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::TimeMs;

    fn read_text(text: &str) -> (Timetable, Result<(), String>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("controller.toml");
        std::fs::write(&path, text).unwrap();
        let mut reader = Reader::open(&path);
        let tables = read(&mut reader);
        (
            tables,
            reader.finish().map_err(|mistakes| mistakes.to_string()),
        )
    }

    const STEPS: &str = "[[incidents.tables]]\nfrom = \"2027-01-01\"\noperation.repeat_minutes = 20\n\
        [[incidents.tables.operation.steps]]\nid = \"operator\"\nto = [\"operator\"]\n\
        [[incidents.tables.operation.steps]]\nid = \"department\"\nafter_minutes = 30\n\
        to = [\"department\"]\nunless = \"accepted\"\n";

    #[test]
    fn a_table_holds_from_its_midnight_on_and_what_it_leaves_out_is_the_usual() {
        let (tables, read) = read_text(STEPS);
        assert_eq!(read, Ok(()));
        // 01/01/2027 00:00 at Lào Cai.
        let from = TimeMs(1_798_736_400_000);
        assert_eq!(tables.at(from.plus(-1)), &Table::default());
        let table = tables.at(from);
        assert_eq!(table.security, Table::default().security);
        assert_eq!(table.operation.repeat_ms, 20 * MINUTE);
        let steps = table.operation.steps.iter();
        let steps: Vec<_> = steps
            .map(|step| (step.id.as_str(), step.after_ms))
            .collect();
        assert_eq!(steps, [("operator", 0), ("department", 30 * MINUTE)]);
    }

    #[test]
    fn a_table_that_could_miss_the_hour_is_a_mistake_that_says_so() {
        let late = STEPS.replace("after_minutes = 30", "after_minutes = 60");
        let (_, read) = read_text(&late);
        let said = read.unwrap_err();
        assert!(said.contains("within the hour"), "{said}");
        let short = STEPS.replace("operation.repeat", "hour_minutes = 30\noperation.repeat");
        let (tables, read) = read_text(&short);
        assert!(read.unwrap_err().contains("within the hour"));
        assert_eq!(tables.at(TimeMs::MAX).law.duty_ms, 30 * MINUTE);
        let wrong = STEPS
            .replace("\"accepted\"", "\"sometimes\"")
            .replace("from = \"2027-01-01\"", "from = \"soon\"");
        let said = read_text(&wrong).1.unwrap_err();
        assert!(said.contains("unless") && said.contains("from"), "{said}");
    }
}
