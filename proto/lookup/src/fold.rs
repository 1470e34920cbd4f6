//! Letters as people type them: without marks, case and width, by Telex or VNI keys, in
//! traditional characters or in pinyin.

use ferrous_opencc::{OpenCC, config::BuiltinConfig};
use pinyin::ToPinyinMulti as _;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A query is cut to this many characters.
pub const QUERY_CHARS: usize = 80;
/// A longer word is cut: nobody looks for it, and it would cost.
const WORD_CHARS: usize = 40;

/// From traditional to simplified, by the tables of Open Chinese Convert.
static TO_SIMPLIFIED: LazyLock<Option<OpenCC>> =
    LazyLock::new(|| OpenCC::from_config(BuiltinConfig::T2s).ok());
static ENGLISH: LazyLock<rust_stemmers::Stemmer> =
    LazyLock::new(|| rust_stemmers::Stemmer::create(rust_stemmers::Algorithm::English));

/// Whether a character is a Chinese one.
#[must_use]
pub const fn is_han(c: char) -> bool {
    matches!(c as u32, 0x3007 | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// What was typed, as far as it can be looked for: at most [`QUERY_CHARS`] characters, composed, in
/// lower case, without control characters, marks of direction and what is not seen.
#[must_use]
pub fn clean(typed: &str) -> String {
    let seen = |c: &char| !matches!(u32::from(*c), 0xAD | 0x61C | 0x180E | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFEFF);
    typed
        .chars()
        .filter(seen)
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(QUERY_CHARS)
        .nfkc()
        .take(QUERY_CHARS)
        .flat_map(char::to_lowercase)
        .collect()
}

/// Lower case without marks: "Đồng Đăng" is "dong dang", full width is ASCII, traditional is
/// simplified.
#[must_use]
pub fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|c| !is_combining_mark(*c) && !matches!(c, '\'' | '’' | '‘' | 'ʼ'))
        .flat_map(char::to_lowercase)
        .filter(|c| !is_combining_mark(*c))
        .map(|c| match c {
            'đ' | 'ð' => 'd',
            c if is_han(c) => simplified(c),
            c => c,
        })
        .collect()
}

/// The words of a folded text that are not Chinese.
pub fn words(folded: &str) -> impl Iterator<Item = String> {
    folded
        .split(|c: char| !c.is_alphanumeric() || is_han(c))
        .filter(|word| !word.is_empty())
        .map(|word| word.chars().take(WORD_CHARS).collect())
}

/// The runs of Chinese characters of a folded text.
pub fn han_runs(folded: &str) -> impl Iterator<Item = Vec<char>> {
    folded
        .split(|c: char| !is_han(c))
        .filter(|run| !run.is_empty())
        .map(|run| run.chars().collect())
}

/// The simplified form of a character.
#[must_use]
pub fn simplified(c: char) -> char {
    let mut buffer = [0; 4];
    let written = c.encode_utf8(&mut buffer);
    let converted = TO_SIMPLIFIED.as_ref().map(|opencc| opencc.convert(written));
    converted.and_then(|text| text.chars().next()).unwrap_or(c)
}

/// The folded syllable that Telex keys mean, if they mean one: "laof" is "lao", "ddoongf" is
/// "dong".
#[must_use]
pub fn telex(word: &str) -> Option<String> {
    if !(2..=10).contains(&word.len()) || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let mut typed = String::new();
    for key in word.chars() {
        let vowels = typed.chars().filter(|c| is_vowel(*c)).count();
        let doubles = |c: char| typed.ends_with(c) || (vowels > 0 && typed.contains(c));
        match key {
            's' | 'f' | 'r' | 'x' | 'j' | 'z' if vowels > 0 => {}
            'w' if typed.contains(['a', 'o', 'u']) => {}
            'w' => typed.push('u'),
            'a' | 'e' | 'o' if doubles(key) => {}
            'd' if typed.starts_with('d') => {}
            _ => typed.push(key),
        }
    }
    (typed != word).then_some(typed)
}

/// The folded syllable that VNI keys mean, if they mean one: "lao2" is "lao", "d9ong62" is "dong".
#[must_use]
pub fn vni(word: &str) -> Option<String> {
    let keys = word.len() <= 12
        && word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.bytes().any(|b| b.is_ascii_digit())
        && word.bytes().all(|b| b.is_ascii_alphanumeric());
    keys.then(|| word.chars().filter(|c| !c.is_ascii_digit()).collect())
}

/// The readings of a character in pinyin without tones, the usual one first, two at most.
#[must_use]
pub fn readings(c: char) -> Vec<&'static str> {
    let mut readings = Vec::new();
    for reading in c.to_pinyin_multi().into_iter().flatten() {
        let plain = reading.plain();
        if readings.len() < 2 && !readings.contains(&plain) {
            readings.push(plain);
        }
    }
    readings
}

/// Pinyin in which what many do not tell apart is the same: zh z, ch c, sh s, -ng -n, ü v u.
#[must_use]
pub fn fuzzy_pinyin(pinyin: &str) -> String {
    let mut out = String::with_capacity(pinyin.len());
    for c in pinyin.chars() {
        let last = out.chars().next_back();
        match c {
            'h' if matches!(last, Some('z' | 'c' | 's')) => {}
            'g' if last == Some('n') => {}
            'v' | 'ü' => out.push('u'),
            _ => out.push(c),
        }
    }
    out
}

/// The stem of an English word.
#[must_use]
pub fn stem(word: &str) -> String {
    ENGLISH.stem(word).into_owned()
}

const fn is_vowel(c: char) -> bool {
    matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y')
}

#[cfg(test)]
mod tests;
