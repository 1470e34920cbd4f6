//! What tests cannot tell about an attack: who tries it, with what in hand, which check stops it.

use anyhow::Context as _;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// `tests/attacks.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    pub attackers: BTreeMap<String, String>,
    /// By number, such as `S02`.
    pub attacks: BTreeMap<String, Attack>,
}

/// One attack.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attack {
    /// The attacker.
    pub by: String,
    /// What the attacker has and can do.
    pub can: String,
    pub stopped_by: Option<String>,
    /// What has to exist before it can be tried.
    pub needs: Option<String>,
}

impl Book {
    /// Reads the book.
    ///
    /// # Errors
    /// If the file cannot be read or is not such a book.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("understanding {}", path.display()))
    }

    /// The attacker, by letter and in words.
    #[must_use]
    pub fn attacker(&self, attack: &Attack) -> String {
        let words = self.attackers.get(&attack.by).map_or("", String::as_str);
        format!("{} {words}", attack.by)
    }

    /// Attacks that cannot be tried yet, and what they need.
    pub fn waiting(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attacks
            .iter()
            .filter_map(|(number, attack)| Some((number.as_str(), attack.needs.as_deref()?)))
    }
}

/// Where a number stands in the list of attacks: by family, then by number.
#[must_use]
pub fn order(number: &str) -> (usize, &str) {
    let family = number.chars().next().unwrap_or_default();
    let place = super::numbered::FAMILIES.find(family.to_ascii_lowercase());
    (place.unwrap_or(usize::MAX), number)
}
