//! Resolver: which table of stages an incident follows, and whether a table may be used at all. Tables
//! change when the regulation or the offices change; an incident keeps to the one that held when its
//! hour began, however late it is heard of.

use crate::incident::Incident;
use crate::law::Laws;
use crate::stage::{Audience, Stages, Table};
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// Tables, each from the time on at which it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    first: Table,
    later: BTreeMap<TimeMs, Table>,
}

/// Why stages cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("no stage calls the department within the hour (Điều 8.3)")]
    NoDepartment,
    #[error("two stages have the name {0:?}, and each is sent once")]
    Twice(String),
    #[error("the name {0:?} stands for what the controller sends by itself")]
    Reserved(String),
    #[error("stage {0:?} calls nobody")]
    Nobody(String),
    #[error("stage {0:?} stands before an earlier one")]
    Backwards(String),
}

impl Default for Timetable {
    fn default() -> Self {
        Self::new(Table::default())
    }
}

impl Timetable {
    /// One table that always holds.
    #[must_use]
    pub const fn new(first: Table) -> Self {
        Self {
            first,
            later: BTreeMap::new(),
        }
    }

    /// The same, with `table` from `from` on.
    #[must_use]
    pub fn with(mut self, from: TimeMs, table: Table) -> Self {
        self.later.insert(from, table);
        self
    }

    /// The table that holds for an incident.
    #[must_use]
    pub fn of(&self, incident: &Incident) -> &Table {
        self.at(incident.begins())
    }

    /// The numbers by date.
    #[must_use]
    pub fn laws(&self) -> Laws {
        let first = Laws::new(self.first.law);
        let later = self.later.iter();
        later.fold(first, |laws, (from, table)| laws.with(*from, table.law))
    }

    /// The table that holds at `time`.
    #[must_use]
    pub fn at(&self, time: TimeMs) -> &Table {
        let newest = self.later.range(..=time).next_back();
        newest.map_or(&self.first, |(_, table)| table)
    }
}

impl Table {
    /// What is wrong with it: nothing that a setting says may take the department's notice out of the
    /// hour.
    ///
    /// # Errors
    /// [`Unfit`], the first of them.
    pub fn check(&self) -> Result<(), Unfit> {
        for stages in [&self.operation, &self.security] {
            stages.check_names()?;
            stages.check_hour(self.law.duty_ms)?;
        }
        self.fault.check_names()
    }
}

impl Stages {
    fn check_names(&self) -> Result<(), Unfit> {
        let mut names = BTreeSet::new();
        let mut before = 0;
        for step in &self.steps {
            let name = || step.id.clone();
            if step.to.is_empty() {
                return Err(Unfit::Nobody(name()));
            }
            if step.id == "recovered" || step.id.starts_with("repeat-") {
                return Err(Unfit::Reserved(name()));
            }
            if !names.insert(&step.id) {
                return Err(Unfit::Twice(name()));
            }
            if step.after_ms < before {
                return Err(Unfit::Backwards(name()));
            }
            before = step.after_ms;
        }
        Ok(())
    }

    fn check_hour(&self, duty_ms: Millis) -> Result<(), Unfit> {
        let tells = |to: &BTreeSet<Audience>| to.iter().any(|one| one.is_department());
        let in_time = self.steps.iter().filter(|step| step.after_ms < duty_ms);
        if in_time.map(|step| &step.to).any(tells) {
            Ok(())
        } else {
            Err(Unfit::NoDepartment)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::time::{HOUR, MINUTE};

    #[test]
    fn the_table_of_the_time_holds_and_an_older_time_keeps_its_own() {
        let mut other = Table::default();
        other.operation.repeat_ms = HOUR;
        let tables = Timetable::default().with(TimeMs(1_000), other.clone());
        assert_eq!(tables.at(TimeMs(999)), &Table::default());
        assert_eq!(tables.at(TimeMs(1_000)), &other);
        assert_eq!(tables.at(TimeMs::MAX), &other);
    }

    #[test]
    fn the_regulations_own_stages_are_fit() {
        assert_eq!(Table::default().check(), Ok(()));
    }

    #[test]
    fn stages_that_cannot_keep_the_hour_or_are_ambiguous_are_named() {
        let spoiled = |spoil: &dyn Fn(&mut Table)| {
            let mut table = Table::default();
            spoil(&mut table);
            table.check()
        };
        let late = spoiled(&|table| {
            for step in &mut table.operation.steps {
                step.after_ms += 15 * MINUTE;
            }
        });
        assert_eq!(late, Err(Unfit::NoDepartment));
        let short = spoiled(&|table| table.law.duty_ms = 45 * MINUTE);
        assert_eq!(
            short,
            Err(Unfit::NoDepartment),
            "the hour itself is shorter"
        );
        let attack = spoiled(&|table| table.security.steps[1].after_ms = HOUR);
        assert_eq!(attack, Err(Unfit::Backwards("remind-5".to_owned())));
        let twice = spoiled(&|table| table.operation.steps[1].id = "operator".to_owned());
        assert_eq!(twice, Err(Unfit::Twice("operator".to_owned())));
        let own = spoiled(&|table| table.fault.steps[0].id = "repeat-1".to_owned());
        assert_eq!(own, Err(Unfit::Reserved("repeat-1".to_owned())));
        let nobody = spoiled(&|table| table.operation.steps[2].to.clear());
        assert_eq!(nobody, Err(Unfit::Nobody("remind-5".to_owned())));
        let backwards = spoiled(&|table| table.operation.steps[3].after_ms = MINUTE);
        assert_eq!(backwards, Err(Unfit::Backwards("remind-15".to_owned())));
    }

    #[test]
    fn the_numbers_hold_from_the_day_of_their_table() {
        let mut other = Table::default();
        other.law.duty_ms = 30 * MINUTE;
        let laws = Timetable::default().with(TimeMs(1_000), other).laws();
        assert_eq!(laws.at(TimeMs(999)).duty_ms, HOUR);
        assert_eq!(laws.at(TimeMs(1_000)).duty_ms, 30 * MINUTE);
    }
}
