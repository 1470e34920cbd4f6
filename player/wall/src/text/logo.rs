//! A logo over the picture: decoded once, scaled once, drawn with its transparency.

use super::health::{self, Health};
use super::setting::TextFault;
use crate::pipeline::{Medium, MediumKind, OpenMedium, Overlay, PixelArea, Rgba, decode_rgba};
use cotmoc_canvas::{PictureMut, Sprite, opacity_of_percent};
use cotmoc_proto::layout::Logo;
use std::sync::{Arc, OnceLock};

const WHAT: &str = "logo";

/// A logo over the picture.
#[derive(Debug)]
pub(super) struct LogoOverlay {
    area: PixelArea,
    opacity: u16,
    health: Arc<Health>,
    sprite: Arc<OnceLock<Sprite>>,
}

impl LogoOverlay {
    pub(super) fn start(logo: &Logo, area: PixelArea, open: Option<OpenMedium>) -> Self {
        let overlay = Self {
            area,
            opacity: opacity_of_percent(logo.opacity_percent),
            health: Arc::default(),
            sprite: Arc::default(),
        };
        let (logo, sprite) = (logo.clone(), Arc::clone(&overlay.sprite));
        health::spawn(WHAT, &overlay.health, move || {
            let decoded = decode(&logo, open)?;
            let scaled = scale(&decoded, (logo.area.width_px, logo.area.height_px))?;
            sprite.get_or_init(|| scaled);
            Ok(())
        });
        overlay
    }
}

impl Overlay for LogoOverlay {
    fn area(&self) -> PixelArea {
        self.area
    }

    fn draw(&self, _at_ns: i64, canvas: &mut PictureMut<'_>) {
        let Some(sprite) = self.sprite.get() else {
            return;
        };
        let margin = |room: i32, taken: usize| {
            let taken = i32::try_from(taken).unwrap_or(room);
            (room - taken) / 2
        };
        let x = self.area.x + margin(self.area.width, sprite.width());
        let y = self.area.y + margin(self.area.height, sprite.height());
        canvas.draw_sprite(sprite, x, y, self.area.into(), self.opacity);
    }

    fn ready(&self) -> bool {
        self.health.is_settled()
    }

    fn fault(&self) -> Option<String> {
        self.health.fault()
    }
}

fn decode(logo: &Logo, open: Option<OpenMedium>) -> Result<Rgba, TextFault> {
    let failed = |detail: String| TextFault::Logo { detail };
    let open = open.ok_or_else(|| failed("its file is not on this screen".to_owned()))?;
    let medium = Medium {
        label: WHAT.to_owned(),
        kind: MediumKind::Still,
        key: logo.asset.sha256.to_string(),
        mime: logo.asset.mime.as_str().to_owned(),
        size_bytes: logo.asset.size_bytes,
        open,
    };
    decode_rgba(&medium).map_err(|fault| failed(fault.to_string()))
}

/// Scales to the room there is, keeping the shape. Colours are weighed by their opacity, so that what is transparent
/// leaves no rim.
fn scale(decoded: &Rgba, (room_width, room_height): (u32, u32)) -> Result<Sprite, TextFault> {
    let (width, height) = fit((decoded.width, decoded.height), (room_width, room_height));
    let source = surface_of(decoded)?;
    let edge = |px: u32| i32::try_from(px).unwrap_or(i32::MAX);
    let mut target = cairo::ImageSurface::create(cairo::Format::ARgb32, edge(width), edge(height))?;
    let drawing = cairo::Context::new(&target)?;
    drawing.scale(
        f64::from(width) / f64::from(decoded.width.max(1)),
        f64::from(height) / f64::from(decoded.height.max(1)),
    );
    drawing.set_source_surface(&source, 0.0, 0.0)?;
    drawing.source().set_filter(cairo::Filter::Best);
    drawing.source().set_extend(cairo::Extend::Pad);
    drawing.paint()?;
    drop(drawing);
    let stride = usize::try_from(target.stride()).unwrap_or(0).max(1);
    let [width, height] = [width, height].map(|px| usize::try_from(px).unwrap_or(0));
    let drawn = target.data()?;
    let rows = drawn.chunks(stride).take(height);
    let rgba: Vec<u8> = rows
        .filter_map(|row| row.get(..4 * width))
        .flat_map(|row| row.as_chunks::<4>().0)
        .flat_map(|pixel| straight(*pixel))
        .collect();
    Ok(Sprite::from_rgba(width, height, &rgba))
}

/// The largest size of the same shape within the room; at least one pixel.
fn fit((width, height): (u32, u32), (room_width, room_height): (u32, u32)) -> (u32, u32) {
    let [width, height] = [width, height].map(|px| u64::from(px.max(1)));
    let (room_width, room_height) = (u64::from(room_width), u64::from(room_height));
    let (fitted_width, fitted_height) = if width * room_height > room_width * height {
        (room_width, room_width * height / width)
    } else {
        (room_height * width / height, room_height)
    };
    let edge = |px: u64| u32::try_from(px.max(1)).unwrap_or(u32::MAX);
    (edge(fitted_width), edge(fitted_height))
}

/// The painter's own form: blue, green, red and opacity, colours multiplied by opacity.
fn surface_of(decoded: &Rgba) -> Result<cairo::ImageSurface, TextFault> {
    let edge = |px: u32| i32::try_from(px).unwrap_or(i32::MAX);
    let (width, height) = (edge(decoded.width), edge(decoded.height));
    let mut surface = cairo::ImageSurface::create(cairo::Format::ARgb32, width, height)?;
    let stride = usize::try_from(surface.stride()).unwrap_or(0).max(1);
    let row_bytes = usize::try_from(decoded.width).unwrap_or(0).max(1) * 4;
    let mut bytes = surface.data()?;
    for (to, from) in bytes
        .chunks_mut(stride)
        .zip(decoded.bytes.chunks(row_bytes))
    {
        let pixels = to.as_chunks_mut::<4>().0.iter_mut();
        for (to, from) in pixels.zip(from.as_chunks::<4>().0) {
            *to = multiplied(*from);
        }
    }
    drop(bytes);
    Ok(surface)
}

/// `[red, green, blue, opacity]` as a word of the painter.
fn multiplied([red, green, blue, alpha]: [u8; 4]) -> [u8; 4] {
    let part = |colour: u8| {
        let product = u32::from(colour) * u32::from(alpha) + 127;
        product / 255
    };
    let word = u32::from(alpha) << 24 | part(red) << 16 | part(green) << 8 | part(blue);
    word.to_ne_bytes()
}

/// The reverse.
fn straight(pixel: [u8; 4]) -> [u8; 4] {
    let [alpha, red, green, blue] = u32::from_ne_bytes(pixel).to_be_bytes();
    let part = |colour: u8| {
        let whole = u32::from(colour) * 255 + u32::from(alpha) / 2;
        let part = whole.checked_div(u32::from(alpha)).unwrap_or(0);
        u8::try_from(part.min(255)).unwrap_or(u8::MAX)
    };
    [part(red), part(green), part(blue), alpha]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_keeps_its_shape_and_is_never_nothing() {
        assert_eq!(fit((200, 100), (50, 50)), (50, 25));
        assert_eq!(fit((100, 200), (50, 50)), (25, 50));
        assert_eq!(fit((10, 10), (300, 200)), (200, 200));
        assert_eq!(fit((10_000, 1), (100, 100)), (100, 1));
        assert_eq!(fit((1, 10_000), (100, 100)), (1, 100));
    }

    #[test]
    fn colours_survive_being_weighed_by_their_opacity() {
        for alpha in [1u8, 17, 128, 254, 255] {
            for colour in [0, 255] {
                let pixel = [colour, 255 - colour, colour, alpha];
                assert_eq!(straight(multiplied(pixel)), pixel);
            }
        }
        assert_eq!(straight(multiplied([9, 99, 199, 0])), [0, 0, 0, 0]);
    }

    #[test]
    fn scaling_leaves_no_rim_of_the_colour_under_what_is_transparent() {
        let pixels = (0..64u32).flat_map(|i| {
            if i % 8 < 4 {
                [255, 255, 255, 255]
            } else {
                [0, 0, 0, 0]
            }
        });
        let decoded = Rgba {
            width: 8,
            height: 8,
            bytes: pixels.collect(),
        };
        let sprite = scale(&decoded, (30, 30)).unwrap();
        let mut picture = cotmoc_canvas::PictureBuf::new(30, 30);
        let mut canvas = picture.as_picture_mut();
        let all = canvas.area();
        canvas.fill(all, cotmoc_canvas::Yuv::WHITE);
        canvas.draw_sprite(&sprite, 0, 0, all, 256);
        let darkest = picture.bytes()[..900].iter().min().unwrap();
        assert!(*darkest >= 233, "{darkest}");
    }
}
