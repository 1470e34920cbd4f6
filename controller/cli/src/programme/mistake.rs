//! Mistakes in a programme: all of them, each with its line, key, value and what was expected.

use std::path::PathBuf;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub place: Place,
    /// What stands there; empty where something is missing.
    pub found: String,
    pub expected: String,
}

/// Where something stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    /// For example `playlist[1].item[2].dur_s`.
    pub key: String,
}

/// Everything that is wrong with a programme file.
#[derive(Debug, thiserror::Error)]
pub struct Mistakes {
    pub file: PathBuf,
    pub list: Vec<Mistake>,
}

impl std::fmt::Display for Mistakes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.list.len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        let shown = self.file.display();
        write!(
            f,
            "{shown} có {count} chỗ sai · {shown} has {count} {noun}:"
        )?;
        for Mistake {
            place,
            found,
            expected,
        } in &self.list
        {
            write!(f, "\n{}:{}: {}", self.file.display(), place.line, place.key)?;
            if found.is_empty() {
                write!(f, ": {expected}")?;
            } else {
                write!(f, " = {found}: {expected}")?;
            }
        }
        Ok(())
    }
}
