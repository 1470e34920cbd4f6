//! One colour as pictures hold it.

/// A colour in limited-range BT.709: brightness 16 to 235, colour differences around 128.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Yuv {
    /// Brightness.
    pub y: u8,
    /// Difference of blue.
    pub u: u8,
    /// Difference of red.
    pub v: u8,
}

impl Yuv {
    /// No light.
    pub const BLACK: Self = Self {
        y: 16,
        u: 128,
        v: 128,
    };
    /// All light.
    pub const WHITE: Self = Self {
        y: 235,
        u: 128,
        v: 128,
    };

    /// The colour that screens call `red`, `green`, `blue`.
    #[must_use]
    pub fn from_rgb(red: u8, green: u8, blue: u8) -> Self {
        let rgb = [red, green, blue].map(i32::from);
        Self {
            y: luma(rgb),
            u: blue_difference(rgb),
            v: red_difference(rgb),
        }
    }
}

/// Brightness of a colour of 0 to 255 per channel, in 65,536ths.
pub(crate) fn luma([red, green, blue]: [i32; 3]) -> u8 {
    whole(11_966 * red + 40_254 * green + 4_064 * blue, 16)
}

pub(crate) fn blue_difference([red, green, blue]: [i32; 3]) -> u8 {
    whole(28_785 * blue - 6_596 * red - 22_189 * green, 128)
}

pub(crate) fn red_difference([red, green, blue]: [i32; 3]) -> u8 {
    whole(28_784 * red - 26_145 * green - 2_639 * blue, 128)
}

/// `sum` 65,536ths above `base`, rounded; between 0 and 255 for every colour.
fn whole(sum: i32, base: i32) -> u8 {
    let [_, whole, _, _] = sum
        .wrapping_add(base << 16)
        .wrapping_add(1 << 15)
        .to_be_bytes();
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_of_the_colour_cube_are_where_bt_709_puts_them() {
        let yuv = |y, u, v| Yuv { y, u, v };
        assert_eq!(Yuv::from_rgb(0, 0, 0), Yuv::BLACK);
        assert_eq!(Yuv::from_rgb(255, 255, 255), Yuv::WHITE);
        assert_eq!(Yuv::from_rgb(255, 0, 0), yuv(63, 102, 240));
        assert_eq!(Yuv::from_rgb(0, 255, 0), yuv(173, 42, 26));
        assert_eq!(Yuv::from_rgb(0, 0, 255), yuv(32, 240, 118));
        for grey in 0..=255 {
            let Yuv { u, v, .. } = Yuv::from_rgb(grey, grey, grey);
            assert_eq!((u, v), (128, 128));
        }
    }
}
