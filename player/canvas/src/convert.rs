//! Pictures from the red, green and blue that painters of text and decoders of stills give.

use crate::colour::{blue_difference, luma, red_difference};
use crate::picture::{PictureMut, PlaneMut};

/// Fills `picture` from rows of red, green, blue and a byte that is ignored, without gaps. What `rgba` lacks stays.
pub fn from_rgba(picture: &mut PictureMut<'_>, rgba: &[u8]) {
    let stride = 4 * picture.width();
    convert(picture, rgba, stride, |[red, green, blue, _]| {
        [red, green, blue].map(i32::from)
    });
}

/// Fills `picture` from rows of blue, green, red and a byte that is ignored, each row `stride` bytes after the one
/// before. What `bgrx` lacks stays.
pub fn from_bgrx(picture: &mut PictureMut<'_>, bgrx: &[u8], stride: usize) {
    convert(picture, bgrx, stride, |[blue, green, red, _]| {
        [red, green, blue].map(i32::from)
    });
}

fn convert(
    picture: &mut PictureMut<'_>,
    bytes: &[u8],
    stride: usize,
    order: impl Fn([u8; 4]) -> [i32; 3] + Copy,
) {
    let width = picture.width();
    if stride < 4 * width {
        return;
    }
    let rows = bytes.chunks(stride).map(|row| {
        let row = row.get(..4 * width).unwrap_or_default();
        row.as_chunks::<4>().0
    });
    let [y, u, v] = &mut picture.planes;
    for (row, pixels) in lines(y, width).zip(rows.clone()) {
        for (byte, pixel) in row.iter_mut().zip(pixels) {
            *byte = luma(order(*pixel));
        }
    }
    let half = width.div_ceil(2);
    let tops = rows.clone().step_by(2);
    let bottoms = rows.clone().skip(1).step_by(2).map(Some);
    let pairs = tops.zip(bottoms.chain(std::iter::repeat(None)));
    for ((blue, red), (top, bottom)) in lines(u, half).zip(lines(v, half)).zip(pairs) {
        let bottom = bottom.unwrap_or(top);
        let cells = top.chunks(2).zip(bottom.chunks(2));
        for ((u, v), (top, bottom)) in blue.iter_mut().zip(red).zip(cells) {
            let rgb = mean(top, bottom, order);
            *u = blue_difference(rgb);
            *v = red_difference(rgb);
        }
    }
}

/// The mean colour of a cell of one, two or four pixels.
fn mean(
    top: &[[u8; 4]],
    bottom: &[[u8; 4]],
    order: impl Fn([u8; 4]) -> [i32; 3] + Copy,
) -> [i32; 3] {
    let corner = |row: &[[u8; 4]]| {
        let first = row.first().copied().unwrap_or_default();
        [first, row.get(1).copied().unwrap_or(first)].map(order)
    };
    let [[a0, a1, a2], [b0, b1, b2]] = corner(top);
    let [[c0, c1, c2], [d0, d1, d2]] = corner(bottom);
    let sums = [a0 + b0 + c0 + d0, a1 + b1 + c1 + d1, a2 + b2 + c2 + d2];
    sums.map(|sum| (sum + 2) >> 2)
}

fn lines<'a>(plane: &'a mut PlaneMut<'_>, width: usize) -> impl Iterator<Item = &'a mut [u8]> {
    let rows = plane.bytes.chunks_mut(plane.stride);
    rows.filter_map(move |row| row.get_mut(..width))
}
