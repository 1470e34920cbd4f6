//! The paper as PDF/A-2b: A4 with the margins of Nghị định 30/2020/NĐ-CP, its page numbers above the text.

mod fonts;
mod layout;
mod page;

pub use fonts::{Fonts, FontsError};

use crate::content::Content;
use crate::{PaperError, content::Style};
use fonts::Faces;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use krilla::Document;
use krilla::SerializeSettings;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::page::PageSettings;
use krilla::surface::Surface;
use page::{HEIGHT, Mark, Page, WIDTH};

/// The size of page numbers, and where their baseline stands above the text.
const NUMBER: (f32, f32) = (13.0, 42.0);

/// The PDF of a paper. The same content and fonts give the same bytes.
///
/// # Errors
/// [`PaperError`].
pub fn pdf(content: &Content, fonts: &Fonts) -> Result<Vec<u8>, PaperError> {
    let faces = fonts.faces()?;
    let pages = layout::pages(content, &faces)?;
    let failed = |error: &dyn std::fmt::Debug| PaperError::Pdf(format!("{error:?}"));
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_B)
        .finish()
        .map_err(|error| failed(&error))?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    document.set_metadata(metadata(content));
    for (page, number) in pages.iter().zip(1..) {
        let settings = PageSettings::from_wh(WIDTH, HEIGHT);
        let mut sheet = document.start_page_with(settings.ok_or_else(|| failed(&"page"))?);
        let mut surface = sheet.surface();
        if number > 1 {
            write_number(&mut surface, &faces, number);
        }
        draw(&mut surface, &faces, page);
        surface.finish();
        sheet.finish();
    }
    document.finish().map_err(|error| failed(&error))
}

fn metadata(content: &Content) -> Metadata {
    let made = Timestamp::from_millisecond(content.made_ms.0).unwrap_or_default();
    let made = made.to_zoned_datetime(TimeZone::UTC);
    let small = |n: i8| u8::try_from(n).unwrap_or_default();
    let date = DateTime::new(u16::try_from(made.year()).unwrap_or_default())
        .month(small(made.month()))
        .day(small(made.day()))
        .hour(small(made.hour()))
        .minute(small(made.minute()))
        .second(small(made.second()));
    Metadata::new()
        .title(content.title.clone())
        .language("vi".to_owned())
        .creator("Cột Mốc".to_owned())
        .creation_date(date.utc_offset_hour(0).utc_offset_minute(0))
        .document_id(content.digest.to_string())
}

fn write_number(surface: &mut Surface<'_>, faces: &Faces<'_>, number: u16) {
    let (size, y) = NUMBER;
    let text = number.to_string();
    let width = faces.width(&text, Style::Regular, size);
    let x = (WIDTH - width) / 2.0;
    faces.write(surface, (x, y), (&text, Style::Regular, size), 0.0);
}

fn draw(surface: &mut Surface<'_>, faces: &Faces<'_>, page: &Page) {
    for mark in &page.marks {
        match mark {
            Mark::Text {
                at,
                text,
                style,
                size,
                stretch,
            } => faces.write(surface, *at, (text, *style, *size), *stretch),
            Mark::Block { at, width, height } => {
                let rect = Rect::from_xywh(at.0, at.1, *width, *height);
                let path = rect.and_then(|rect| {
                    let mut path = PathBuilder::new();
                    path.push_rect(rect);
                    path.finish()
                });
                if let Some(path) = path {
                    surface.draw_path(&path);
                }
            }
        }
    }
}

/// A point for the library.
fn point((x, y): (f32, f32)) -> Point {
    Point::from_xy(x, y)
}
