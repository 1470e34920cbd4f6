//! Resolver: what an answer by SMS counts for.

use crate::store::NoticeRow;
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::{HOUR, Millis};

/// For how long a notice can be answered, as its link.
const LIFE: Millis = 24 * HOUR;
const DIGITS: usize = 4;

/// What becomes of an answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict<'n> {
    Confirms(&'n NoticeRow),
    Refused(Refusal),
}

/// Why an answer counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No notice ever went to that number.
    Stranger,
    NoCode,
    WrongCode,
    /// The notice is older than a day.
    Old,
    /// It was confirmed before.
    Again,
    /// Too many wrong ones before.
    TooMany,
}

impl Refusal {
    /// Why, in Vietnamese and English.
    #[must_use]
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Stranger => ("số lạ", "no notice ever went to this number"),
            Self::NoCode => (
                "thiếu OK và mã 4 số",
                "OK and a code of four digits are missing",
            ),
            Self::WrongCode => ("sai mã", "the code is that of no notice to this number"),
            Self::Old => ("tin báo đã quá 24 giờ", "the notice is older than 24 hours"),
            Self::Again => (
                "tin này đã được xác nhận",
                "the notice was confirmed before",
            ),
            Self::TooMany => ("sai quá nhiều lần", "too many wrong answers within an hour"),
        }
    }

    /// Whether whoever sent it hears of it.
    #[must_use]
    pub const fn is_answered(self) -> bool {
        match self {
            Self::Stranger | Self::TooMany => false,
            Self::NoCode | Self::WrongCode | Self::Old | Self::Again => true,
        }
    }
}

/// What `text` counts for, from somebody to whose number the notices `theirs` went, the newest first.
#[must_use]
pub fn judge<'n>(
    text: &str,
    theirs: &[&'n NoticeRow],
    (wrong, most_wrong): (usize, usize),
    now: TimeMs,
) -> Verdict<'n> {
    if theirs.is_empty() {
        return Verdict::Refused(Refusal::Stranger);
    }
    if wrong >= most_wrong {
        return Verdict::Refused(Refusal::TooMany);
    }
    let Some(code) = code_in(text) else {
        return Verdict::Refused(Refusal::NoCode);
    };
    let mut meant = theirs.iter().filter(|row| row.code.as_ref() == Some(&code));
    // Two numbers of settings may be one, written differently: then only the link is clear enough.
    let (Some(row), None) = (meant.next(), meant.next()) else {
        return Verdict::Refused(Refusal::WrongCode);
    };
    if row.confirmed_ms.is_some() {
        Verdict::Refused(Refusal::Again)
    } else if now.since(row.created_ms) >= LIFE {
        Verdict::Refused(Refusal::Old)
    } else {
        Verdict::Confirms(row)
    }
}

/// The code behind `OK`, however people write it.
fn code_in(text: &str) -> Option<String> {
    let mut letters = text
        .chars()
        .filter(|c| c.is_alphanumeric())
        .map(|c| c.to_ascii_uppercase());
    let said: String = letters.by_ref().take(2).collect();
    let code: String = letters.collect();
    let is_code = code.len() == DIGITS && code.bytes().all(|b| b.is_ascii_digit());
    (said == "OK" && is_code).then_some(code)
}

/// Whether two numbers are one, written nationally or internationally.
#[must_use]
pub fn same_number(one: &str, other: &str, country: &str) -> bool {
    let full = |number: &str| {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        if number.starts_with('+') {
            return digits;
        }
        let abroad = digits.strip_prefix("00");
        let at_home = digits.strip_prefix('0');
        match (abroad, at_home) {
            (Some(rest), _) => rest.to_owned(),
            (None, Some(rest)) => format!("{country}{rest}"),
            (None, None) => digits,
        }
    };
    let (one, other) = (full(one), full(other));
    !one.is_empty() && one == other
}

#[cfg(test)]
mod tests {
    use super::*;
    use cotmoc_proto::Digest;

    fn row(id: u64, code: &str, created: i64, confirmed: bool) -> NoticeRow {
        NoticeRow {
            id,
            key: id.to_string(),
            incident: "i".to_owned(),
            stage: String::new(),
            recipient: String::new(),
            channel: "sms".to_owned(),
            route: "sms".to_owned(),
            address: "+84912345678".to_owned(),
            subject: String::new(),
            body: String::new(),
            token_sha256: Digest::of(b""),
            code: Some(code.to_owned()),
            created_ms: TimeMs(created),
            due_ms: TimeMs(0),
            attempts: 1,
            state: "accepted".parse().unwrap(),
            accepted_ms: None,
            delivered_ms: None,
            confirmed_ms: confirmed.then_some(TimeMs(created)),
            confirmed_by: None,
            provider_ref: None,
            last_error: None,
        }
    }

    #[test]
    fn only_the_code_of_an_open_notice_to_that_number_confirms_it() {
        let rows = [
            row(1, "4821", 0, false),
            row(2, "7777", 0, true),
            row(3, "0042", -LIFE, false),
            row(4, "5555", 0, false),
            row(5, "5555", 0, false),
        ];
        let theirs: Vec<&NoticeRow> = rows.iter().collect();
        let said = |text| judge(text, &theirs, (0, 5), TimeMs(1));
        for text in ["OK 4821", "ok4821", " Ok  4821. ", "OK: 48 21"] {
            assert_eq!(said(text), Verdict::Confirms(&rows[0]), "{text}");
        }
        for (text, refusal) in [
            ("OK 4822", Refusal::WrongCode),
            ("OK 7777", Refusal::Again),
            ("OK 0042", Refusal::Old),
            ("OK 5555", Refusal::WrongCode),
            ("4821", Refusal::NoCode),
            ("OK", Refusal::NoCode),
            ("OK 48211", Refusal::NoCode),
            ("NO 4821", Refusal::NoCode),
            ("OK 4821 và 7777", Refusal::NoCode),
            ("", Refusal::NoCode),
        ] {
            assert_eq!(said(text), Verdict::Refused(refusal), "{text}");
        }
        let stranger = judge("OK 4821", &[], (0, 5), TimeMs(1));
        assert_eq!(stranger, Verdict::Refused(Refusal::Stranger));
        let guessing = judge("OK 4821", &theirs, (5, 5), TimeMs(1));
        assert_eq!(guessing, Verdict::Refused(Refusal::TooMany));
    }

    #[test]
    fn a_number_is_the_same_at_home_and_abroad() {
        for other in [
            "+84912345678",
            "0912345678",
            "84912345678",
            "0084912345678",
            "0912 345 678",
        ] {
            assert!(same_number("+84912345678", other, "84"), "{other}");
        }
        for other in ["+84912345679", "912345678", "Viettel", "", "+8491234567"] {
            assert!(!same_number("+84912345678", other, "84"), "{other}");
        }
        assert!(!same_number("", "", "84"));
    }
}
