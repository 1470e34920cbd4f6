//! Names of tests that begin with the numbers of attacks: `s01_s02_what_is_tried`.

/// Letters that number attacks, in the order in which people read them.
pub const FAMILIES: &str = "srfdbekawtul";

/// A test that is numbered as an attack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// Its path as the test program knows it.
    pub name: String,
    /// The attacks it tries, such as `S02`.
    pub numbers: Vec<String>,
    /// The rest of its name, as a sentence.
    pub sentence: String,
    /// The folder of its crate.
    pub place: String,
}

impl Numbered {
    /// Reads the name of a test; `None` if it is not numbered.
    #[must_use]
    pub fn parse(name: &str, place: &str) -> Option<Self> {
        let own = name.rsplit("::").next()?;
        let numbers: Vec<String> = own
            .split('_')
            .take_while(|part| is_number(part))
            .map(str::to_ascii_uppercase)
            .collect();
        let sentence: Vec<&str> = own.split('_').skip(numbers.len()).collect();
        (!numbers.is_empty()).then(|| Self {
            name: name.to_owned(),
            numbers,
            sentence: sentence.join(" "),
            place: place.to_owned(),
        })
    }
}

fn is_number(part: &str) -> bool {
    let mut chars = part.chars();
    let family = chars.next().is_some_and(|c| FAMILIES.contains(c));
    family && part.len() == 3 && chars.all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn numbers_at_the_beginning_of_a_name_are_attacks_and_the_rest_is_a_sentence() {
        let test = Numbered::parse("roots::s05_s06_one_person_is_not_enough", "cli").unwrap();
        assert_eq!(test.numbers, ["S05", "S06"]);
        assert_eq!(test.sentence, "one person is not enough");
        for other in [
            "h264_plays",
            "x11_opens",
            "a_clock_in_1970",
            "s1_no",
            "s011_no",
        ] {
            assert_eq!(Numbered::parse(other, "cli"), None, "{other}");
        }
    }
}
