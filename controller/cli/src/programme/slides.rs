//! Text slides in a programme: a template with a title and lines, or blocks one by one.

use super::reader::Section;
use super::values::{AlignCode, TypefaceCode, ValignCode};
use super::words::{self, say};
use cotmoc_proto::slide::{Align, Block, Slide, Valign};
use cotmoc_proto::style::{Area, Colour, TextStyle, Typeface};
use std::str::FromStr;

/// A look that needs no design.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Template {
    ground: Colour,
    colour: Colour,
    title: Colour,
    /// Behind the title.
    bar: Option<Colour>,
    align: Align,
}

const NAVY: Colour = Colour::new(0x0a, 0x2a, 0x5e);
const RED: Colour = Colour::new(0xc8, 0x10, 0x2e);
const YELLOW: Colour = Colour::new(0xff, 0xcd, 0x00);

impl FromStr for Template {
    type Err = super::values::BadForm;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let look = |ground, colour, title, bar, align| Self {
            ground,
            colour,
            title,
            bar,
            align,
        };
        let (white, black) = (Colour::WHITE, Colour::BLACK);
        match text {
            "thong-bao" => Ok(look(NAVY, white, white, Some(RED), Align::Left)),
            "chao-mung" => Ok(look(RED, white, YELLOW, None, Align::Center)),
            "khan-cap" => Ok(look(YELLOW, black, YELLOW, Some(black), Align::Center)),
            "trang" => Ok(look(white, black, black, None, Align::Left)),
            _ => Err(super::values::BadForm),
        }
    }
}

/// The slide of an item called `title`, as large as its place unless it says otherwise.
pub fn read(section: Section<'_>, title: &str, (width, height): (u32, u32)) -> Option<Vec<u8>> {
    let size = (
        section.or("width_px", words::PIXELS, width),
        section.or("height_px", words::PIXELS, height),
    );
    let usual = "thong-bao".parse().unwrap_or(Template {
        ground: NAVY,
        colour: Colour::WHITE,
        title: Colour::WHITE,
        bar: Some(RED),
        align: Align::Left,
    });
    let look: Template = section.or("template", words::TEMPLATE, usual);
    let ground = section.or("ground", words::A_COLOUR, look.ground);
    let colour = section.or("colour", words::A_COLOUR, look.colour);
    let typeface = section.or("typeface", words::TYPEFACE, TypefaceCode(Typeface::Sans));
    let heading: Option<String> = section.maybe("title", words::QUOTED);
    let lines: Vec<String> = section.list("lines", words::LINES);
    let blocks = section.sections("block");
    let is_free = !blocks.is_empty();
    if is_free && (!lines.is_empty() || heading.is_some() || section.has("template")) {
        section.mistake(
            "block",
            say(
                "dùng template, title, lines hoặc dùng block, không dùng cả hai",
                "give template, title and lines, or blocks, not both",
            ),
        );
    }
    let blocks = if is_free {
        let style = TextStyle {
            typeface: typeface.0,
            bold: false,
            size_px: (size.1 / 12).clamp(8, 2_000),
            colour,
        };
        blocks.into_iter().map(|one| block(&one, &style)).collect()
    } else {
        let words = (
            heading.unwrap_or_else(|| title.to_owned()),
            lines.join("\n"),
        );
        Some(look.blocks(words, size, (typeface.0, colour)))
    };
    let slide = Slide {
        width_px: size.0,
        height_px: size.1,
        ground,
        blocks: blocks?,
    };
    let defect = slide.defect();
    if let Some(defect) = &defect {
        section.mistake_here(say(
            &format!("trang chữ chưa được: {defect}"),
            "mend the slide",
        ));
    }
    section.finish();
    defect.is_none().then(|| slide.to_bytes())
}

impl Template {
    /// A title over the lines; the title alone in the middle where there are none.
    fn blocks(
        self,
        (title, body): (String, String),
        (width, height): (u32, u32),
        (typeface, colour): (Typeface, Colour),
    ) -> Vec<Block> {
        let even = |px: u32| px / 2 * 2;
        let margin = even(width.min(height) / 20);
        let inner = even(width.saturating_sub(2 * margin));
        let has_body = !body.is_empty();
        let head = even(if has_body {
            (height / 4).min(width / 3)
        } else {
            height.saturating_sub(2 * margin)
        });
        let of = |y_px, height_px| Area {
            x_px: margin,
            y_px,
            width_px: inner,
            height_px,
        };
        let style = |bold, size_px: u32, colour| TextStyle {
            typeface,
            bold,
            size_px: size_px.clamp(8, 2_000),
            colour,
        };
        let mut blocks = vec![Block {
            area: of(margin, head),
            text: title,
            style: style(true, (height / 8).min(width / 9), self.title),
            align: Align::Center,
            valign: Valign::Middle,
            fill: self.bar,
        }];
        if has_body {
            let top = margin + head + margin;
            blocks.push(Block {
                area: of(top, even(height.saturating_sub(top + margin))),
                text: body,
                style: style(false, (height / 12).min(width / 10), colour),
                align: self.align,
                valign: Valign::Middle,
                fill: None,
            });
        }
        blocks
    }
}

fn block(section: &Section<'_>, usual: &TextStyle) -> Option<Block> {
    let edge = |key| section.required(key, words::PIXELS);
    let (x_px, y_px) = (edge("x_px"), edge("y_px"));
    let (width_px, height_px) = (edge("width_px"), edge("height_px"));
    let text = section.text("text");
    let style = style(section, usual);
    let align = section.or("align", words::ALIGN, AlignCode(Align::Left));
    let valign = section.or("valign", words::VALIGN, ValignCode(Valign::Top));
    let fill = section.maybe("fill", words::A_COLOUR);
    section.check_known();
    Some(Block {
        area: Area {
            x_px: x_px?,
            y_px: y_px?,
            width_px: width_px?,
            height_px: height_px?,
        },
        text,
        style,
        align: align.0,
        valign: valign.0,
        fill,
    })
}

/// How text looks: `size_px`, `bold`, `typeface`, `colour`.
pub fn style(section: &Section<'_>, usual: &TextStyle) -> TextStyle {
    TextStyle {
        typeface: section
            .or("typeface", words::TYPEFACE, TypefaceCode(usual.typeface))
            .0,
        bold: section.or("bold", words::YES_OR_NO, usual.bold),
        size_px: section.or("size_px", words::PIXELS, usual.size_px),
        colour: section.or("colour", words::A_COLOUR, usual.colour),
    }
}
