//! Resolver: what each person at the console may do. Whoever keeps the accounts decides nothing about
//! incidents, and whoever audits changes nothing.

use cotmoc_proto::TimeMs;
use cotmoc_proto::time::Millis;
use serde::{Deserialize, Serialize};

/// What an account is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// On duty at the unit that operates the clusters.
    Operator,
    Technician,
    /// Reads everything.
    Auditor,
    /// Keeps the accounts.
    Administrator,
}

/// What somebody wants to do beyond reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Take an incident on, and note that the department was told.
    Handle,
    /// Propose, dismiss, sign and countersign: an incident's end.
    Judge,
    /// Announce maintenance.
    Maintain,
    /// Take the evidence of an incident away: reports name people and their addresses.
    Export,
    /// Record what fulfils an obligation, and agree to what another has recorded.
    Record,
    /// Add accounts, give new passwords, shut accounts.
    Administer,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [
        Self::Operator,
        Self::Technician,
        Self::Auditor,
        Self::Administrator,
    ];

    /// The name in forms and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Technician => "technician",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
        }
    }

    /// Whether this role may do that.
    #[must_use]
    pub const fn may(self, right: Right) -> bool {
        match right {
            Right::Handle | Right::Maintain | Right::Record => {
                matches!(self, Self::Operator | Self::Technician)
            }
            Right::Judge => matches!(self, Self::Operator),
            Right::Export => matches!(self, Self::Operator | Self::Auditor),
            Right::Administer => matches!(self, Self::Administrator),
        }
    }
}

/// In whose hands an account was last besides its person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handed<'a> {
    pub by: &'a str,
    pub at: TimeMs,
}

/// Whether the account `second` may agree to what `first` has proposed. Whoever makes two accounts, or gives
/// both a password, could be both: the second agrees only once it has been its person's own for `settle_ms`.
/// Of a first whose account is not known, the same is supposed.
#[must_use]
pub fn may_agree(
    first: Option<Handed<'_>>,
    second: Handed<'_>,
    settle_ms: Millis,
    now: TimeMs,
) -> bool {
    let is_of_another = first.is_some_and(|first| first.by != second.by);
    is_of_another || now.since(second.at) >= settle_ms
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// A name that stands for no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no role")]
pub struct UnknownRole(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_new_accounts_of_one_administrator_are_not_two_people() {
        let of = |by, at| Handed { by, at: TimeMs(at) };
        let may = |first, second| may_agree(first, second, 1_000, TimeMs(5_000));
        assert!(!may(Some(of("a", 0)), of("a", 4_500)));
        assert!(
            may(Some(of("a", 4_500)), of("a", 4_000)),
            "its own for long enough"
        );
        assert!(
            may(Some(of("b", 4_500)), of("a", 4_500)),
            "of two administrators"
        );
        assert!(
            !may(None, of("a", 4_500)),
            "nobody knows whose the first is"
        );
    }

    #[test]
    fn nobody_both_keeps_accounts_and_decides_about_incidents() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            let decides = [Right::Handle, Right::Judge, Right::Maintain, Right::Record]
                .into_iter()
                .any(|right| role.may(right));
            assert!(!(decides && role.may(Right::Administer)), "{role:?}");
        }
        assert!(!Role::Auditor.may(Right::Handle) && !Role::Technician.may(Right::Judge));
        assert!("root".parse::<Role>().is_err());
    }
}
