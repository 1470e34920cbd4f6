//! Pictures whose bytes belong to someone else, and one that owns them.

use crate::area::{Area, Window};
use crate::colour::Yuv;
use std::fmt;

/// One channel of a picture: rows of bytes, each `stride` after the one before.
#[derive(Clone, Copy)]
pub struct Plane<'a> {
    /// From its first row on.
    pub bytes: &'a [u8],
    /// From the beginning of one row to that of the next.
    pub stride: usize,
}

/// A channel that can be written.
pub struct PlaneMut<'a> {
    /// From its first row on.
    pub bytes: &'a mut [u8],
    /// From the beginning of one row to that of the next.
    pub stride: usize,
}

/// A picture to be read.
#[derive(Clone, Copy)]
pub struct Picture<'a> {
    width: usize,
    height: usize,
    pub(crate) planes: [Plane<'a>; 3],
}

/// A picture to be drawn on.
pub struct PictureMut<'a> {
    width: usize,
    height: usize,
    pub(crate) planes: [PlaneMut<'a>; 3],
}

/// A picture with bytes of its own, rows without gaps.
#[derive(Clone, PartialEq, Eq)]
pub struct PictureBuf {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl<'a> Picture<'a> {
    /// The picture in `planes` (brightness, blue difference, red difference); None when they are too short for it.
    #[must_use]
    pub fn new(width: usize, height: usize, planes: [Plane<'a>; 3]) -> Option<Self> {
        let [y, u, v] = planes.map(|plane| (plane.bytes.len(), plane.stride));
        holds(width, height, [y, u, v]).then_some(Self {
            width,
            height,
            planes,
        })
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

    /// The colour at a pixel inside the picture.
    #[must_use]
    pub fn at(&self, x: usize, y: usize) -> Option<Yuv> {
        let [luma, blue, red] = &self.planes;
        let byte = |plane: &Plane<'_>, x, y| plane.row(y).get(x).copied();
        (x < self.width && y < self.height).then_some(())?;
        Some(Yuv {
            y: byte(luma, x, y)?,
            u: byte(blue, x / 2, y / 2)?,
            v: byte(red, x / 2, y / 2)?,
        })
    }
}

impl<'a> PictureMut<'a> {
    /// The picture in `planes` (brightness, blue difference, red difference); None when they are too short for it.
    #[must_use]
    pub fn new(width: usize, height: usize, planes: [PlaneMut<'a>; 3]) -> Option<Self> {
        let [y, u, v] = &planes;
        let lengths = [y, u, v].map(|plane| (plane.bytes.len(), plane.stride));
        holds(width, height, lengths).then_some(Self {
            width,
            height,
            planes,
        })
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

    /// All of it.
    #[must_use]
    pub fn area(&self) -> Area {
        Area::whole(self.width, self.height)
    }

    /// The same picture, to be read.
    #[must_use]
    pub fn as_picture(&self) -> Picture<'_> {
        let [y, u, v] = &self.planes;
        Picture {
            width: self.width,
            height: self.height,
            planes: [y, u, v].map(|plane| Plane {
                bytes: plane.bytes,
                stride: plane.stride,
            }),
        }
    }

    pub(crate) fn window(&self, area: Area) -> Option<Window> {
        area.within(self.width, self.height)
    }
}

impl PictureBuf {
    /// A black picture; at least one pixel large.
    #[must_use]
    pub fn new(width: usize, height: usize) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        let luma = width * height;
        let mut bytes = vec![Yuv::BLACK.y; luma];
        bytes.resize(luma + 2 * chroma_bytes(width, height), Yuv::BLACK.u);
        Self {
            width,
            height,
            bytes,
        }
    }

    /// All of it, to be read.
    #[must_use]
    pub fn as_picture(&self) -> Picture<'_> {
        let (y, rest) = self.bytes.split_at(self.width * self.height);
        let (u, v) = rest.split_at(rest.len() / 2);
        let (luma, chroma) = (self.width, self.width.div_ceil(2));
        Picture {
            width: self.width,
            height: self.height,
            planes: [(y, luma), (u, chroma), (v, chroma)]
                .map(|(bytes, stride)| Plane { bytes, stride }),
        }
    }

    /// All of it, to be drawn on.
    #[must_use]
    pub fn as_picture_mut(&mut self) -> PictureMut<'_> {
        let (y, rest) = self.bytes.split_at_mut(self.width * self.height);
        let (u, v) = rest.split_at_mut(chroma_bytes(self.width, self.height));
        let (luma, chroma) = (self.width, self.width.div_ceil(2));
        PictureMut {
            width: self.width,
            height: self.height,
            planes: [(y, luma), (u, chroma), (v, chroma)]
                .map(|(bytes, stride)| PlaneMut { bytes, stride }),
        }
    }

    /// Brightness, blue difference and red difference, one after the other.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Plane<'_> {
    pub(crate) fn row(&self, row: usize) -> &[u8] {
        let from = row.saturating_mul(self.stride);
        self.bytes.get(from..).unwrap_or_default()
    }

    /// The rows of `window`, each of its width.
    pub(crate) fn rows(&self, window: &Window) -> impl Iterator<Item = &[u8]> {
        let columns = window.columns.clone();
        let rows = self.bytes.chunks(self.stride).skip(window.rows.start);
        rows.take(window.rows.len())
            .filter_map(move |row| row.get(columns.clone()))
    }
}

impl PlaneMut<'_> {
    /// The rows of `window`, each of its width.
    pub(crate) fn rows(&mut self, window: &Window) -> impl Iterator<Item = &mut [u8]> {
        let columns = window.columns.clone();
        let rows = self.bytes.chunks_mut(self.stride).skip(window.rows.start);
        rows.take(window.rows.len())
            .filter_map(move |row| row.get_mut(columns.clone()))
    }
}

fn chroma_bytes(width: usize, height: usize) -> usize {
    width.div_ceil(2) * height.div_ceil(2)
}

/// Whether planes of these lengths and strides hold such a picture.
fn holds(width: usize, height: usize, planes: [(usize, usize); 3]) -> bool {
    let half = (width.div_ceil(2), height.div_ceil(2));
    let sizes = [(width, height), half, half];
    let fits = |((length, stride), (width, height)): ((usize, usize), (usize, usize))| {
        let before = (height - 1).checked_mul(stride);
        let needed = before.and_then(|bytes| bytes.checked_add(width));
        stride >= width && needed.is_some_and(|needed| length >= needed)
    };
    width > 0 && height > 0 && planes.into_iter().zip(sizes).all(fits)
}

impl fmt::Debug for Plane<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Plane({} bytes, {})", self.bytes.len(), self.stride)
    }
}

impl fmt::Debug for PlaneMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlaneMut({} bytes, {})", self.bytes.len(), self.stride)
    }
}

impl fmt::Debug for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}x{})", self.width, self.height)
    }
}

impl fmt::Debug for PictureMut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PictureMut({}x{})", self.width, self.height)
    }
}

impl fmt::Debug for PictureBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PictureBuf({}x{})", self.width, self.height)
    }
}
