//! Text that walls draw themselves, from signed words and styles: slides, running text, clocks; and logos.
//!
//! Whatever is drawn is drawn on a worker's thread, ahead of its time. The scheduler's thread only lays finished
//! shapes on the picture. Text is never markup, and what cannot be drawn costs itself alone.

mod clock;
mod health;
mod line;
mod logo;
mod setting;
mod slide;
#[cfg(test)]
mod tests;
mod ticker;

use crate::pipeline::{OpenMedium, Overlay, PixelArea};
use cotmoc_canvas::{Area, PictureBuf, PictureMut, from_bgrx};
use cotmoc_proto::layout;
use cotmoc_proto::slide::Slide;
use cotmoc_proto::style::{Colour, TextStyle, Typeface};
use cotmoc_proto::window::Zone;
use std::sync::Arc;

pub use setting::{Script, TextFault};

/// What is drawn over the zones, as `spec` says. Returns at once; the overlay becomes ready when it is drawn, and says
/// itself when it cannot be. `open` reads the asset of a logo.
#[must_use]
pub fn overlay(
    spec: &layout::Overlay,
    zone: &Zone,
    (width_px, height_px): (u32, u32),
    open: Option<OpenMedium>,
) -> Arc<dyn Overlay> {
    let area = area(spec, width_px, height_px);
    match spec {
        layout::Overlay::Ticker(ticker) => Arc::new(ticker::TickerOverlay::start(ticker, area)),
        layout::Overlay::Clock(clock) => Arc::new(clock::ClockOverlay::start(clock, zone, area)),
        layout::Overlay::Logo(logo) => Arc::new(logo::LogoOverlay::start(logo, area, open)),
    }
}

/// Draws `slide` on the whole of `picture`, keeping its shape. Takes its time: not for the scheduler's thread.
///
/// # Errors
/// When this machine lacks a typeface for it.
pub fn draw_slide(slide: &Slide, picture: &mut PictureMut<'_>) -> Result<(), TextFault> {
    let edge = |px: usize| u32::try_from(px).unwrap_or(u32::MAX);
    let (width, height) = (picture.width(), picture.height());
    slide::draw(slide, edge(width), edge(height), |band| {
        let mut drawn = PictureBuf::new(width, band.rows);
        from_bgrx(&mut drawn.as_picture_mut(), band.bytes, band.stride);
        let place = Area {
            y: i32::try_from(band.first_row).unwrap_or(i32::MAX),
            ..Area::whole(width, band.rows)
        };
        picture.blit(place, &drawn.as_picture());
        Ok(())
    })
}

/// What is wrong with this machine's typefaces: none, or none for a script that public screens need. May take a while
/// the first time.
///
/// # Errors
/// [`TextFault`] naming the package that is to be installed.
pub fn check_typefaces() -> Result<(), TextFault> {
    let setter = setting::Setter::new()?;
    for typeface in [Typeface::Sans, Typeface::Serif] {
        let style = TextStyle {
            typeface,
            bold: false,
            size_px: 16,
            colour: Colour::WHITE,
        };
        if let Some(script) = setter.missing(&style).first() {
            return Err(TextFault::NoLetters { script: *script });
        }
    }
    Ok(())
}

/// Tells in the log, from a thread of its own, when this machine cannot write what public screens must.
pub fn warn_of_missing_typefaces() {
    let checking = std::thread::Builder::new()
        .name("typefaces".to_owned())
        .spawn(|| {
            if let Err(fault) = check_typefaces() {
                tracing::warn!(%fault, "Signed text cannot be drawn as it is signed.");
            }
        });
    if let Err(error) = checking {
        tracing::warn!(%error, "The typefaces of this machine were not checked.");
    }
}

/// The overlay's area, held inside the canvas.
fn area(spec: &layout::Overlay, width_px: u32, height_px: u32) -> PixelArea {
    let edge = |px: u32| i32::try_from(px).unwrap_or(i32::MAX);
    let area = spec.area();
    let right = area.x_px.saturating_add(area.width_px).min(width_px);
    let bottom = area.y_px.saturating_add(area.height_px).min(height_px);
    PixelArea {
        x: edge(area.x_px),
        y: edge(area.y_px),
        width: edge(right.saturating_sub(area.x_px)),
        height: edge(bottom.saturating_sub(area.y_px)),
    }
}
