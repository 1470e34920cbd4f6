//! The arithmetic of mixing two bytes, written so that whole rows are mixed at once.

/// The weight that leaves nothing of what was there.
pub const OPAQUE: u16 = 256;

/// The opacity that is `percent` of [`OPAQUE`].
#[must_use]
pub fn opacity_of_percent(percent: u8) -> u16 {
    (u16::from(percent.min(100)) * OPAQUE + 50) / 100
}

/// `b` in the share `weight` of 256, `a` in the rest. `weight` is at most 256.
#[inline]
pub(crate) fn mix(a: u8, b: u8, weight: u16) -> u8 {
    let [high, _] = u16::from(a)
        .wrapping_mul(OPAQUE.wrapping_sub(weight))
        .wrapping_add(u16::from(b).wrapping_mul(weight))
        .wrapping_add(128)
        .to_be_bytes();
    high
}

/// The weight of something covering `alpha` of 255 at `opacity` of 256.
#[inline]
pub(crate) fn weight(alpha: u8, opacity: u16) -> u16 {
    let share = u16::from(alpha).wrapping_mul(opacity).wrapping_add(128) >> 8;
    share.wrapping_add(share >> 7)
}

/// Mixes one colour into a row.
pub(crate) fn tint(row: &mut [u8], colour: u8, weight: u16) {
    for byte in row {
        *byte = mix(*byte, colour, weight);
    }
}

/// Mixes one colour into a row, by how much of each byte is covered.
pub(crate) fn stencil(row: &mut [u8], alpha: &[u8], colour: u8, opacity: u16) {
    for (byte, alpha) in row.iter_mut().zip(alpha) {
        *byte = mix(*byte, colour, weight(*alpha, opacity));
    }
}

/// Fills a row with the mixture of two.
pub(crate) fn blend(row: &mut [u8], a: &[u8], b: &[u8], weight: u16) {
    for ((byte, a), b) in row.iter_mut().zip(a).zip(b) {
        *byte = mix(*a, *b, weight);
    }
}

/// Moves a row of coverage to the right by `part` of 256 pixels: `here` is the row, `before` the same one pixel earlier.
pub(crate) fn slide(row: &mut [u8], before: &[u8], here: &[u8], part: u16) {
    for ((byte, before), here) in row.iter_mut().zip(before).zip(here) {
        *byte = mix(*here, *before, part);
    }
}

/// Averages pairs of two rows into one of half the width.
pub(crate) fn halve(row: &mut [u8], top: &[u8], bottom: &[u8]) {
    let (top, _) = top.as_chunks::<2>();
    let (bottom, _) = bottom.as_chunks::<2>();
    for ((byte, [a, b]), [c, d]) in row.iter_mut().zip(top).zip(bottom) {
        let sum = [*a, *b, *c, *d].map(u16::from);
        let sum = sum.iter().fold(2u16, |sum, one| sum.wrapping_add(*one));
        let [_, low] = (sum >> 2).to_be_bytes();
        *byte = low;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_is_exact_at_both_ends_and_never_leaves_the_two() {
        for (a, b) in [(0, 255), (255, 0), (16, 235), (7, 7), (254, 255)] {
            assert_eq!((mix(a, b, 0), mix(a, b, OPAQUE)), (a, b));
            for weight in 0..=OPAQUE {
                assert!((a.min(b)..=a.max(b)).contains(&mix(a, b, weight)));
            }
        }
    }

    #[test]
    fn full_coverage_at_full_opacity_is_all_and_none_of_either_is_nothing() {
        assert_eq!(weight(255, OPAQUE), OPAQUE);
        assert_eq!((weight(0, OPAQUE), weight(255, 0)), (0, 0));
        let growing: Vec<u16> = (0..=255).map(|alpha| weight(alpha, OPAQUE)).collect();
        assert!(growing.is_sorted());
        assert_eq!((opacity_of_percent(0), opacity_of_percent(100)), (0, 256));
    }
}
