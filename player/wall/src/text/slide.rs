//! Draws a text slide: its ground, its blocks, and in each the largest type that fits.

use super::setting::{
    SMALLEST_PX, Setter, TextFault, UNITS, paint_with, pixels_up, units, unwritable,
};
use cotmoc_proto::slide::{Align, Block, Slide, Valign};

/// Drawn at a time, so that a large picture needs little memory.
const BAND_BYTES: usize = 16 << 20;
/// The longest unbroken line, so that the typesetter's numbers do not run over.
const LONGEST_LINE_PX: i64 = 1 << 20;

/// Rows of a drawn picture: four bytes for a pixel, blue first.
pub(super) struct Band<'a> {
    pub first_row: usize,
    pub rows: usize,
    pub stride: usize,
    pub bytes: &'a [u8],
}

/// A block whose text is set.
struct Set<'a> {
    block: &'a Block,
    layout: pango::Layout,
    /// From the rectangle's upper edge, in the typesetter's units.
    y: i32,
    size_px: u32,
}

/// Draws `slide` in the middle of a picture of that size, as large as it fits, and hands it on from top to bottom.
pub(super) fn draw(
    slide: &Slide,
    width: u32,
    height: u32,
    mut hand_on: impl FnMut(&Band<'_>) -> Result<(), TextFault>,
) -> Result<(), TextFault> {
    let setter = Setter::new()?;
    let set = set_all(&setter, slide)?;
    let rows = rows_of_a_band(width);
    let mut first_row = 0;
    while first_row < height {
        let band = (height - first_row).min(rows);
        let (size, size_of_band) = ((width, height), edges(width, band));
        let mut surface =
            cairo::ImageSurface::create(cairo::Format::Rgb24, size_of_band.0, size_of_band.1)?;
        draw_band(&surface, slide, &set, (size, first_row))?;
        let stride = usize::try_from(surface.stride()).unwrap_or(0);
        hand_on(&Band {
            first_row: usize::try_from(first_row).unwrap_or(0),
            rows: usize::try_from(band).unwrap_or(0),
            stride,
            bytes: &surface.data()?,
        })?;
        first_row += band;
    }
    Ok(())
}

/// An even number: two rows share one row of colour.
fn rows_of_a_band(width: u32) -> u32 {
    let row = usize::try_from(width).unwrap_or(usize::MAX).max(1) * 4;
    let rows = u32::try_from(BAND_BYTES / row).unwrap_or(2);
    rows.clamp(2, 16_384) / 2 * 2
}

fn edges(width: u32, height: u32) -> (i32, i32) {
    let edge = |px: u32| i32::try_from(px).unwrap_or(i32::MAX);
    (edge(width), edge(height))
}

fn set_all<'s>(setter: &Setter, slide: &'s Slide) -> Result<Vec<Set<'s>>, TextFault> {
    let mut all = Vec::new();
    for block in &slide.blocks {
        let missing = setter.missing(&block.style);
        if let Some(fault) = unwritable(&block.text, &missing) {
            return Err(fault);
        }
        all.push(set(setter, block));
    }
    let unknown: i32 = all.iter().map(|s| s.layout.unknown_glyphs_count()).sum();
    if unknown > 0 {
        tracing::warn!(
            unknown,
            "A text slide has characters that no typeface here can draw."
        );
    }
    Ok(all)
}

fn draw_band(
    surface: &cairo::ImageSurface,
    slide: &Slide,
    set: &[Set<'_>],
    ((width, height), first_row): ((u32, u32), u32),
) -> Result<(), TextFault> {
    let drawing = cairo::Context::new(surface)?;
    paint_with(&drawing, slide.ground);
    drawing.paint()?;
    let [width, height, slide_width, slide_height] =
        [width, height, slide.width_px, slide.height_px].map(f64::from);
    let scale = (width / slide_width).min(height / slide_height);
    let left = (width - slide_width * scale) / 2.0;
    let top = (height - slide_height * scale) / 2.0;
    drawing.translate(left, top - f64::from(first_row));
    drawing.scale(scale, scale);
    for block in set {
        draw_block(&drawing, block)?;
    }
    Ok(())
}

fn draw_block(drawing: &cairo::Context, set: &Set<'_>) -> Result<(), TextFault> {
    let area = set.block.area;
    let [x, y, width, height] =
        [area.x_px, area.y_px, area.width_px, area.height_px].map(f64::from);
    if let Some(fill) = set.block.fill {
        paint_with(drawing, fill);
        drawing.rectangle(x, y, width, height);
        drawing.fill()?;
    }
    drawing.save()?;
    // Letters may lean a little over the side, never over the upper or lower edge.
    let lean = f64::from(set.size_px) / 8.0;
    drawing.rectangle(x - lean, y, width + 2.0 * lean, height);
    drawing.clip();
    paint_with(drawing, set.block.style.colour);
    drawing.move_to(x, y + f64::from(set.y) / f64::from(UNITS));
    pangocairo::functions::show_layout(drawing, &set.layout);
    drawing.restore()?;
    Ok(())
}

/// Sets a block's text in the largest type up to its own that fits its rectangle.
fn set<'b>(setter: &Setter, block: &'b Block) -> Set<'b> {
    let (mut low, mut high) = (SMALLEST_PX, largest(setter, block));
    let mut layout = lay_out(setter, block, high);
    if !fits(&layout, block) {
        layout = lay_out(setter, block, low);
        while high - low > 1 && fits(&layout, block) {
            let middle = low.midpoint(high);
            let tried = lay_out(setter, block, middle);
            if fits(&tried, block) {
                (low, layout) = (middle, tried);
            } else {
                high = middle;
            }
        }
        high = low;
    }
    if !fits(&layout, block) {
        layout.set_wrap(pango::WrapMode::WordChar);
        layout.set_height(units(block.area.height_px));
        layout.set_ellipsize(pango::EllipsizeMode::End);
    }
    Set {
        block,
        y: offset(&layout, block),
        layout,
        size_px: high,
    }
}

/// Larger type cannot fit: every line needs its own height, and all letters side by side their own area. Keeps the
/// numbers of the typesetter from running over.
fn largest(setter: &Setter, block: &Block) -> u32 {
    let unbroken = setter.paragraph(&block.text, &block.style, SMALLEST_PX);
    let smallest = i64::from(SMALLEST_PX);
    let length = i64::from(pixels_up(unbroken.size().0)).max(1);
    let lines = i64::from(unbroken.line_count()).max(1);
    let [width, height] = [block.area.width_px, block.area.height_px].map(i64::from);
    // A half more than there is, for spaces that vanish where lines break.
    let by_area = (smallest * width * height * 3 / 2 / length).isqrt();
    let size = by_area
        .min(height / lines)
        .min(smallest * LONGEST_LINE_PX / length);
    let size = u32::try_from(size).unwrap_or(u32::MAX);
    block.style.size_px.min(size).max(SMALLEST_PX)
}

fn lay_out(setter: &Setter, block: &Block, size_px: u32) -> pango::Layout {
    let layout = setter.paragraph(&block.text, &block.style, size_px);
    layout.set_width(units(block.area.width_px));
    layout.set_alignment(match block.align {
        Align::Left => pango::Alignment::Left,
        Align::Center => pango::Alignment::Center,
        Align::Right => pango::Alignment::Right,
    });
    layout
}

fn fits(layout: &pango::Layout, block: &Block) -> bool {
    let (ink, logical) = layout.extents();
    let (width, height) = (units(block.area.width_px), units(block.area.height_px));
    logical.width() <= width && logical.height() <= height && ink.height() <= height
}

/// Where the text begins below the rectangle's upper edge. Marks above the first line and below the last one are
/// kept inside.
fn offset(layout: &pango::Layout, block: &Block) -> i32 {
    let (ink, logical) = layout.extents();
    let [height, lines, above, inked] = [
        units(block.area.height_px),
        logical.height(),
        ink.y(),
        ink.height(),
    ]
    .map(i64::from);
    let y = match block.valign {
        Valign::Top => 0,
        Valign::Middle => (height - lines) / 2,
        Valign::Bottom => height - lines,
    };
    let inside = y.min(height - above - inked).max(-above);
    i32::try_from(inside).unwrap_or(0)
}
