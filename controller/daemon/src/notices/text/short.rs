//! Resolver: the text of an SMS: whole where it fits, else the reason and then the place's name are cut,
//! never the link and the code.

use super::super::plain::{self, SMS_SEPTETS};
use super::{CODE, Facts, LINK, fill, without};

/// Three parts of 67.
const MOST_UNITS: usize = 201;
/// So much of a place's name tells it from others.
const LEAST_PLACE: usize = 24;
/// As long as every code.
const ANY_CODE: &str = "0000";

/// What stands at the end of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail<'l> {
    pub link: Option<&'l str>,
    /// Whether it can be answered by a code.
    pub has_code: bool,
}

/// In which letters it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// Without diacritics, in one part.
    Plain,
    /// With diacritics, in up to three.
    Diacritics,
}

impl Letters {
    fn of(self, text: &str) -> String {
        match self {
            Self::Plain => plain::plain(text),
            Self::Diacritics => {
                let is_bad = |c: char| c.is_control() && c != '\n';
                text.replace(is_bad, " ")
            }
        }
    }

    const fn most(self) -> usize {
        match self {
            Self::Plain => SMS_SEPTETS,
            Self::Diacritics => MOST_UNITS,
        }
    }

    fn length(self, text: &str) -> usize {
        match self {
            Self::Plain => plain::septets(text),
            Self::Diacritics => text.encode_utf16().count(),
        }
    }

    fn begin(self, text: &str, most: usize) -> String {
        match self {
            Self::Plain => plain::begin(text, most),
            Self::Diacritics => {
                let mut left = most;
                let fits = |c: &char| {
                    let fits = c.len_utf16() <= left;
                    left = left.saturating_sub(c.len_utf16());
                    fits
                };
                text.chars().take_while(fits).collect()
            }
        }
    }
}

/// The text; link and code are left open.
pub fn write(template: &str, facts: &Facts, tail: Tail<'_>, letters: Letters) -> String {
    let mut template = letters.of(template.trim_end());
    for (name, is_there) in [(LINK, tail.link.is_some()), (CODE, tail.has_code)] {
        if !is_there {
            template = without(&template, "\n", name);
        }
    }
    let facts = facts.each(|text| letters.of(text).replace('\n', " "));
    let is_fixed = |line: &&str| line.contains(LINK) || line.contains(CODE);
    let (fixed, head): (Vec<&str>, Vec<&str>) = template.split('\n').partition(is_fixed);
    let (head, fixed) = (head.join("\n"), fixed.join("\n"));
    let written = fixed.replace(LINK, tail.link.unwrap_or_default());
    let end = letters.length(&written.replace(CODE, ANY_CODE)) + usize::from(!fixed.is_empty());
    let room = letters.most().saturating_sub(end);
    let head = letters.begin(&fill(&head, &cut(&head, facts, room, letters)), room);
    match (head.is_empty(), fixed.is_empty()) {
        (_, true) => head,
        (true, false) => fixed,
        (false, false) => format!("{head}\n{fixed}"),
    }
}

/// The facts, so that the head fits if it can.
fn cut(head: &str, facts: Facts, room: usize, letters: Letters) -> Facts {
    let (cluster, cause) = (letters.length(&facts.cluster), letters.length(&facts.cause));
    let over = letters.length(&fill(head, &facts)).saturating_sub(room);
    let of_cluster = over.min(cluster.saturating_sub(LEAST_PLACE));
    let of_cause = (over - of_cluster).min(cause);
    Facts {
        cluster: letters.begin(&facts.cluster, cluster - of_cluster),
        cause: letters.begin(&facts.cause, cause - of_cause),
        ..facts
    }
}
