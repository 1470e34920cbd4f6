//! Letters as people type them: without marks, case and width.

/// Whether a character is a Chinese one.
#[must_use]
pub const fn is_han(c: char) -> bool {
    matches!(c as u32, 0x3007 | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}
