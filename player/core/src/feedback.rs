//! Machine: which feedback is to be looked at twice. Nothing is dropped for looking odd: it is flagged,
//! and people decide. Beside it a resolver: a text without what could name a person.

use cotmoc_proto::Digest;
use std::collections::VecDeque;

/// As much feedback within [`BURST_MS`] is usual; more is flagged.
const USUAL: usize = 6;
/// In milliseconds.
const BURST_MS: u64 = 10 * 60_000;
/// Feedback that a later one is compared with.
const REMEMBERED: usize = 32;
/// As many digits, whatever stands between them, can be a telephone number.
const PHONE_DIGITS: usize = 8;
/// As many digits in a row can be the number of a document.
const DOCUMENT_DIGITS: usize = 6;
const MASK: &str = "•••";

/// Why feedback is to be looked at twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// Much came within a short time.
    Burst,
    /// The same was said lately.
    Duplicate,
}

impl Flag {
    /// As records say it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::Duplicate => "duplicate",
        }
    }
}

/// What was given lately: when, and a digest of what, never the text.
#[derive(Debug, Clone, Default)]
pub struct Crowd {
    lately: VecDeque<(u64, Digest)>,
}

impl Crowd {
    /// Takes in feedback with this digest, given at `now_ms` since the boot.
    pub fn observe(&mut self, said: Digest, now_ms: u64) -> Vec<Flag> {
        let is_recent = |at_ms: u64| now_ms.saturating_sub(at_ms) < BURST_MS;
        let recent = self.lately.iter().filter(|(at_ms, _)| is_recent(*at_ms));
        let is_burst = recent.count() >= USUAL;
        let is_again = self.lately.iter().any(|(_, known)| *known == said);
        self.lately.push_back((now_ms, said));
        while self.lately.len() > REMEMBERED {
            self.lately.pop_front();
        }
        let flags = [(is_burst, Flag::Burst), (is_again, Flag::Duplicate)];
        flags
            .into_iter()
            .filter_map(|(holds, flag)| holds.then_some(flag))
            .collect()
    }
}

/// `text` without mail addresses and without numbers that could be those of telephones or documents.
#[must_use]
pub fn masked(text: &str) -> String {
    let mut masked = String::new();
    for part in text.split_inclusive(char::is_whitespace) {
        let word = part.trim_end();
        let rest = part.strip_prefix(word).unwrap_or_default();
        let is_address = word
            .split_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
        masked.push_str(if is_address { MASK } else { word });
        masked.push_str(rest);
    }
    without_numbers(&masked)
}

fn without_numbers(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        let run = chars.get(at..).map(number).unwrap_or_default();
        if run.is_personal() {
            // The letters of a document's number go with it.
            let letters = out.chars().rev().take_while(char::is_ascii_alphabetic);
            let letters = letters.count();
            if letters <= 2 {
                out.truncate(out.len() - letters);
            }
            out.push_str(MASK);
            at += run.chars;
        } else if run.chars > 0 {
            out.extend(chars.iter().skip(at).take(run.chars));
            at += run.chars;
        } else {
            out.push(*c);
            at += 1;
        }
    }
    out
}

/// A run of digits, with what people put between them.
#[derive(Debug, Clone, Copy, Default)]
struct Number {
    chars: usize,
    digits: usize,
    longest: usize,
}

impl Number {
    const fn is_personal(self) -> bool {
        self.digits >= PHONE_DIGITS || self.longest >= DOCUMENT_DIGITS
    }
}

fn number(chars: &[char]) -> Number {
    let mut number = Number::default();
    let mut row = 0;
    for (index, c) in chars.iter().enumerate() {
        if c.is_numeric() {
            row += 1;
            number.digits += 1;
            number.longest = number.longest.max(row);
            number.chars = index + 1;
            continue;
        }
        let is_between = number.digits > 0 && matches!(c, ' ' | '.' | '-' | '(' | ')');
        let is_start = index == 0 && *c == '+';
        let is_far = index > number.chars + 1;
        if !(is_between || is_start) || is_far {
            break;
        }
        row = 0;
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_could_name_a_person_is_masked_and_the_rest_stays() {
        for (text, wanted) in [
            ("gọi tôi 0912 345 678 nhé", "gọi tôi ••• nhé"),
            ("+84912345678", "•••"),
            ("tel. 0214-3830-102.", "tel. •••."),
            ("hộ chiếu B1234567 mất", "hộ chiếu ••• mất"),
            ("我的护照E12345678", "我的护照•••"),
            ("viết cho an.nguyen@example.vn", "viết cho •••"),
            (
                "mở cửa 07:00, không phải 8:30",
                "mở cửa 07:00, không phải 8:30",
            ),
            ("ngày 23/11/2026", "ngày 23/11/2026"),
            ("vé 850.000 đồng", "vé 850.000 đồng"),
            ("phòng 12 @ tầng 3", "phòng 12 @ tầng 3"),
            ("", ""),
        ] {
            assert_eq!(masked(text), wanted, "{text}");
        }
    }

    #[test]
    fn much_at_once_and_the_same_again_are_flagged_and_time_makes_good() {
        let mut crowd = Crowd::default();
        let said = |number: u8| Digest::of(&[number]);
        for number in 0..6 {
            assert_eq!(crowd.observe(said(number), 1_000), []);
        }
        assert_eq!(crowd.observe(said(9), 2_000), [Flag::Burst]);
        assert_eq!(
            crowd.observe(said(9), 3_000),
            [Flag::Burst, Flag::Duplicate]
        );
        assert_eq!(crowd.observe(said(10), 3_000 + BURST_MS), []);
    }

    proptest! {
        #[test]
        fn no_number_of_a_person_passes_however_it_is_written(
            before in "[a-zđạ ]{0,8}",
            digits in prop::collection::vec(0_u8..10, 8..14),
            gaps in prop::collection::vec(prop_oneof![6 => Just(""), 1 => Just(" "), 1 => Just("."), 1 => Just("-")], 14),
        ) {
            let written: String = digits.iter().zip(&gaps).map(|(digit, gap)| format!("{digit}{gap}")).collect();
            let masked = masked(&format!("{before} {written}"));
            prop_assert!(masked.chars().filter(char::is_ascii_digit).count() == 0, "{}", masked);
        }

        #[test]
        fn masking_twice_changes_nothing_more(text in any::<String>()) {
            let once = masked(&text);
            prop_assert_eq!(masked(&once), once);
        }
    }
}
