//! The GSM 7-bit alphabet (3GPP TS 23.038), packed eight letters into seven octets.

/// The default alphabet in its order; the escape stands for itself.
const LETTERS: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                       ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED: [(u8, char); 10] = [
    (0x0A, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];
const ESCAPE: u8 = 0x1B;
const UNKNOWN: u8 = 0x3F;

/// How many septets `text` takes, and the octets that they are packed into. What the alphabet lacks
/// becomes a question mark.
pub fn pack(text: &str) -> (usize, Vec<u8>) {
    let septets: Vec<u8> = text.chars().flat_map(septets_of).collect();
    let (mut octets, mut held, mut bits) = (Vec::new(), 0_u16, 0_u32);
    for septet in &septets {
        held |= u16::from(*septet) << bits;
        bits += 7;
        if bits >= 8 {
            let [low, high] = held.to_le_bytes();
            octets.push(low);
            held = u16::from(high);
            bits -= 8;
        }
    }
    if bits > 0 {
        octets.push(held.to_le_bytes()[0]);
    }
    (septets.len(), octets)
}

/// The text of `count` septets but the first `skip`.
pub fn unpack(octets: &[u8], count: usize, skip: usize) -> String {
    let (mut septets, mut held, mut bits) = (Vec::new(), 0_u16, 0_u32);
    for octet in octets {
        held |= u16::from(*octet) << bits;
        bits += 8;
        while bits >= 7 {
            septets.push(held.to_le_bytes()[0] & 0x7F);
            held >>= 7;
            bits -= 7;
        }
    }
    let mut text = String::new();
    let mut is_escaped = false;
    for septet in septets.into_iter().take(count).skip(skip) {
        if septet == ESCAPE && !is_escaped {
            is_escaped = true;
            continue;
        }
        text.push(letter(septet, is_escaped));
        is_escaped = false;
    }
    text
}

fn letter(septet: u8, is_escaped: bool) -> char {
    let extended = EXTENDED
        .iter()
        .find(|(code, _)| is_escaped && *code == septet);
    match extended {
        Some((_, letter)) => *letter,
        None => LETTERS.chars().nth(usize::from(septet)).unwrap_or('?'),
    }
}

fn septets_of(letter: char) -> Vec<u8> {
    if let Some((code, _)) = EXTENDED.iter().find(|(_, known)| *known == letter) {
        return vec![ESCAPE, *code];
    }
    let place = LETTERS.chars().position(|known| known == letter);
    vec![
        place
            .and_then(|at| u8::try_from(at).ok())
            .unwrap_or(UNKNOWN),
    ]
}
