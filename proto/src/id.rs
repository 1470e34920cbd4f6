//! Names of things: one type per kind of thing, each checked once where it enters.

use serde::{Deserialize, Serialize};

/// A name that is not a legal identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{kind} {value:?}: expected 1 to 64 letters, digits, '.', '_' or '-', starting with a letter or digit"
)]
pub struct BadId {
    /// Kind of identifier, as in the glossary.
    pub kind: &'static str,
    /// What was given (cut to 80 characters).
    pub value: String,
}

fn legal(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The bare identifier.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                if legal(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(BadId { kind: $kind, value: text.chars().take(80).collect() })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// One trust domain: everything signed under one root document.
    SiteId,
    "site"
);
id!(
    /// One programme that a set of devices follows.
    ChannelId,
    "channel"
);
id!(
    /// One cluster: walls, kiosks and loudspeakers joined in one place (Điều 2.2).
    ClusterId,
    "cluster"
);
id!(
    /// One device: a wall or a kiosk.
    DeviceId,
    "device"
);
id!(
    /// One entry of a playlist.
    ItemId,
    "item"
);
id!(
    /// One playlist of a release.
    PlaylistId,
    "playlist"
);
id!(
    /// One named part of the day.
    DaypartId,
    "daypart"
);
id!(
    /// One rectangle of the picture.
    ZoneId,
    "zone"
);
id!(
    /// The person who holds a key.
    Holder,
    "holder"
);
id!(
    /// One uninterrupted run of a device's operating system.
    BootId,
    "boot"
);
id!(
    /// One kind of board that takes the same software.
    BoardClass,
    "board class"
);
id!(
    /// One entry that a kiosk's visitor can look up.
    EntryId,
    "entry"
);
id!(
    /// One category of entries.
    CategoryId,
    "category"
);
id!(
    /// The official code of an administrative unit.
    UnitCode,
    "unit"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_with_a_path_in_it_is_refused() {
        for bad in ["", "../etc", "a/b", ".hidden", "a b", "é", &"x".repeat(65)] {
            assert!(bad.parse::<DeviceId>().is_err(), "{bad}");
        }
        assert_eq!("W01".parse::<DeviceId>().unwrap().to_string(), "W01");
    }
}
