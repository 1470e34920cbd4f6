//! A small picture with transparent parts, such as a logo, drawn over others.

use crate::area::{Area, Window};
use crate::colour::{Yuv, blue_difference, luma, red_difference};
use crate::mix::{OPAQUE, mix, weight};
use crate::picture::PictureMut;
use std::fmt;

/// A picture with transparency, in the colours that pictures hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Sprite {
    width: usize,
    height: usize,
    pixels: Vec<Pixel>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pixel {
    y: u8,
    u: u8,
    v: u8,
    alpha: u8,
}

impl Sprite {
    /// From rows of red, green, blue and opacity, a byte each, colours not multiplied by opacity. What `rgba` lacks is
    /// transparent.
    #[must_use]
    pub fn from_rgba(width: usize, height: usize, rgba: &[u8]) -> Self {
        let (given, _) = rgba.as_chunks::<4>();
        let mut pixels: Vec<Pixel> = given
            .iter()
            .take(width * height)
            .map(|[red, green, blue, alpha]| {
                let rgb = [*red, *green, *blue].map(i32::from);
                Pixel {
                    y: luma(rgb),
                    u: blue_difference(rgb),
                    v: red_difference(rgb),
                    alpha: *alpha,
                }
            })
            .collect();
        pixels.resize(width * height, Pixel::default());
        Self {
            width,
            height,
            pixels,
        }
    }

    /// Pixels from left to right.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Pixels from top to bottom.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    fn at(&self, column: usize, row: usize) -> Pixel {
        let index = row * self.width + column;
        self.pixels.get(index).copied().unwrap_or_default()
    }
}

impl fmt::Debug for Sprite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sprite({}x{})", self.width, self.height)
    }
}

impl PictureMut<'_> {
    /// Draws `sprite` with its corner at `x`, `y`, inside `clip` only.
    pub fn draw_sprite(&mut self, sprite: &Sprite, x: i32, y: i32, clip: Area, opacity: u16) {
        let place = Area {
            x,
            y,
            ..Area::whole(sprite.width, sprite.height)
        };
        let window = place.intersection(clip).and_then(|area| self.window(area));
        let Some(window) = window else { return };
        let lying = Lying {
            sprite,
            at: window.counted_from(x, y),
            window,
            opacity: opacity.min(OPAQUE),
        };
        lying.draw_luma(self);
        lying.draw_chroma(self);
    }
}

/// A sprite and the pixels of a picture that it lies on.
struct Lying<'a> {
    sprite: &'a Sprite,
    window: Window,
    /// The same pixels, counted in the sprite.
    at: Window,
    opacity: u16,
}

impl Lying<'_> {
    fn draw_luma(&self, picture: &mut PictureMut<'_>) {
        let [luma, _, _] = &mut picture.planes;
        for (bytes, row) in luma.rows(&self.window).zip(self.at.rows.clone()) {
            let from = row * self.sprite.width + self.at.columns.start;
            let pixels = self.sprite.pixels.get(from..).unwrap_or_default();
            for (byte, pixel) in bytes.iter_mut().zip(pixels) {
                *byte = mix(*byte, pixel.y, weight(pixel.alpha, self.opacity));
            }
        }
    }

    fn draw_chroma(&self, picture: &mut PictureMut<'_>) {
        let [_, blue, red] = &mut picture.planes;
        let cells = Window {
            columns: self.window.columns.start / 2..self.window.columns.end.div_ceil(2),
            rows: self.window.rows.start / 2..self.window.rows.end.div_ceil(2),
        };
        let lines = blue.rows(&cells).zip(red.rows(&cells));
        for ((blue, red), row) in lines.zip(cells.rows.clone()) {
            let samples = blue.iter_mut().zip(red);
            for ((u, v), column) in samples.zip(cells.columns.clone()) {
                let (colour, alpha) = self.cell(column, row);
                let weight = weight(alpha, self.opacity);
                *u = mix(*u, colour.u, weight);
                *v = mix(*v, colour.v, weight);
            }
        }
    }

    /// Colour and coverage of the four pixels that share a colour sample.
    fn cell(&self, column: usize, row: usize) -> (Yuv, u8) {
        let (mut alpha, mut u, mut v) = (0u32, 0u32, 0u32);
        for (x, y) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let pixel = self.pixel(2 * column + x, 2 * row + y);
            alpha += u32::from(pixel.alpha);
            u += u32::from(pixel.alpha) * u32::from(pixel.u);
            v += u32::from(pixel.alpha) * u32::from(pixel.v);
        }
        let half = alpha / 2;
        let mean = |sum: u32| (sum + half).checked_div(alpha);
        let byte = |sum: Option<u32>| sum.and_then(|sum| u8::try_from(sum).ok());
        let colour = Yuv {
            u: byte(mean(u)).unwrap_or(128),
            v: byte(mean(v)).unwrap_or(128),
            ..Yuv::BLACK
        };
        (colour, byte(Some((alpha + 2) / 4)).unwrap_or(u8::MAX))
    }

    /// The sprite's pixel on that of the picture; nothing outside the window.
    fn pixel(&self, x: usize, y: usize) -> Pixel {
        if !self.window.columns.contains(&x) || !self.window.rows.contains(&y) {
            return Pixel::default();
        }
        let column = x - self.window.columns.start + self.at.columns.start;
        let row = y - self.window.rows.start + self.at.rows.start;
        self.sprite.at(column, row)
    }
}
