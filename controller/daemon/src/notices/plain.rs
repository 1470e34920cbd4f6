//! Text without diacritics, for messages of 160 characters of the GSM 7-bit alphabet (3GPP TS 23.038).

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// What one SMS holds.
pub const SMS_SEPTETS: usize = 160;

/// `text` in printable ASCII and line ends: Vietnamese without its diacritics, typographic signs by
/// their plain ones, anything else as a question mark.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'đ' => plain.push('d'),
            'Đ' => plain.push('D'),
            '“' | '”' | '„' | '«' | '»' => plain.push('"'),
            '‘' | '’' | '`' => plain.push('\''),
            '–' | '—' | '−' | '·' | '•' => plain.push('-'),
            '…' => plain.push_str("..."),
            '\n' | '\u{20}'..='\u{7e}' => plain.push(c),
            c if c.is_whitespace() || c.is_control() => plain.push(' '),
            _ => plain.push('?'),
        }
    }
    plain
}

/// How many septets plain text takes in an SMS.
#[must_use]
pub fn septets(plain: &str) -> usize {
    plain.chars().map(|c| 1 + usize::from(is_extended(c))).sum()
}

/// The beginning of plain text that takes no more than `most` septets.
#[must_use]
pub fn begin(plain: &str, most: usize) -> String {
    let mut left = most;
    plain
        .chars()
        .take_while(|c| {
            let needed = 1 + usize::from(is_extended(*c));
            let fits = needed <= left;
            left = left.saturating_sub(needed);
            fits
        })
        .collect()
}

const fn is_extended(c: char) -> bool {
    matches!(c, '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vietnamese_loses_its_diacritics_and_nothing_else() {
        for (text, expected) in [
            ("Cửa khẩu quốc tế Lào Cai", "Cua khau quoc te Lao Cai"),
            ("ĐƯỜNG ĐÃ ĐỨT – đừng đợi", "DUONG DA DUT - dung doi"),
            (
                "Ưu tiên: Ỷ Lan, Ẵng, ỡ, ặ, ý, Ơ",
                "Uu tien: Y Lan, Ang, o, a, y, O",
            ),
            ("a\u{306}\u{301}n nfd: a\u{302}\u{323}", "an nfd: a"),
            ("“x” ‘y’… 边\u{a0}z\r\u{1a}", "\"x\" 'y'... ? z  "),
        ] {
            assert_eq!(plain(text), expected);
        }
    }

    #[test]
    fn every_letter_of_the_vietnamese_alphabet_becomes_one_letter() {
        let letters = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụ\
                       ưừửữứựvxyỳỷỹýỵ";
        for c in letters.chars().flat_map(|c| c.to_uppercase().chain([c])) {
            let plain = plain(&c.to_string());
            assert!(
                plain.len() == 1 && plain.bytes().all(|b| b.is_ascii_alphabetic()),
                "{c}"
            );
        }
    }

    #[test]
    fn brackets_take_two_septets_and_are_never_cut_in_half() {
        assert_eq!(septets("a[b]~"), 8);
        assert_eq!(begin("a[b]", 2), "a");
        assert_eq!(begin("a[b]", 3), "a[");
    }
}
