//! Resolver: which table of stages an incident follows, and whether a table may be used at all. Tables
//! change when the regulation or the offices change; an incident keeps to the one that held when its
//! hour began, however late it is heard of.

use crate::incident::{DUTY_MS, Incident};
use crate::stage::{Audience, Stages, Table};
use cotmoc_proto::TimeMs;
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

    /// The table that holds at `time`.
    #[must_use]
    pub fn at(&self, time: TimeMs) -> &Table {
        let newest = self.later.range(..=time).next_back();
        newest.map_or(&self.first, |(_, table)| table)
    }
}

impl Stages {
    /// What is wrong with them: nothing that a setting says may take the department's notice out of the
    /// hour.
    ///
    /// # Errors
    /// [`Unfit`], the first of them.
    pub fn check(&self) -> Result<(), Unfit> {
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
        let tells = |to: &BTreeSet<Audience>| to.iter().any(|one| one.is_department());
        let in_time = self.steps.iter().filter(|step| step.after_ms < DUTY_MS);
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
        let Table {
            operation,
            security,
        } = Table::default();
        assert_eq!((operation.check(), security.check()), (Ok(()), Ok(())));
    }

    #[test]
    fn stages_that_cannot_keep_the_hour_or_are_ambiguous_are_named() {
        let spoiled = |spoil: &dyn Fn(&mut Stages)| {
            let mut stages = Table::default().operation;
            spoil(&mut stages);
            stages.check()
        };
        let late = spoiled(&|stages| {
            for step in &mut stages.steps {
                step.after_ms += 15 * MINUTE;
            }
        });
        assert_eq!(late, Err(Unfit::NoDepartment));
        let twice = spoiled(&|stages| stages.steps[1].id = "operator".to_owned());
        assert_eq!(twice, Err(Unfit::Twice("operator".to_owned())));
        let own = spoiled(&|stages| stages.steps[1].id = "repeat-1".to_owned());
        assert_eq!(own, Err(Unfit::Reserved("repeat-1".to_owned())));
        let nobody = spoiled(&|stages| stages.steps[1].to.clear());
        assert_eq!(nobody, Err(Unfit::Nobody("remind-5".to_owned())));
        let backwards = spoiled(&|stages| stages.steps[2].after_ms = MINUTE);
        assert_eq!(backwards, Err(Unfit::Backwards("remind-15".to_owned())));
    }
}
