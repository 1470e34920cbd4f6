//! Planner: puts blocks on pages. Lines break between words, tables between rows, and a row only where it is
//! longer than a page.

mod grid;
mod lines;

use super::fonts::Faces;
use super::page::{BOTTOM, INNER, LEFT, Mark, Page, TOP};
use crate::PaperError;
use crate::content::{Block, Content, Line, Style};
use crate::qr::Code;
use lines::{Set, broken};

/// The size of the text, and of tables.
const BODY: f32 = 13.0;
const SMALL: f32 = 11.5;
/// From one baseline to the next, in parts of the size; the first stands this far below the top.
const LEADING: f32 = 1.22;
const ASCENT: f32 = 0.9;
const RULE: f32 = 0.6;
const INDENT: f32 = 28.35;
const GAP: f32 = 6.0;
/// A chapter's name takes at least this much of what it names with it.
const TOGETHER: f32 = 60.0;
/// Room for a signature.
const SIGNED: f32 = 110.0;
/// The side of the code.
const CODE: f32 = 85.0;

/// The pages of a paper.
pub(super) fn pages(content: &Content, faces: &Faces<'_>) -> Result<Vec<Page>, PaperError> {
    let mut sheet = Sheet {
        faces,
        pages: Vec::new(),
        page: Page::default(),
        y: TOP,
    };
    for block in &content.blocks {
        sheet.block(block)?;
    }
    sheet.turn();
    Ok(sheet.pages)
}

/// The page that is being filled.
struct Sheet<'a, 'f> {
    faces: &'a Faces<'f>,
    pages: Vec<Page>,
    page: Page,
    /// How far it is filled.
    y: f32,
}

impl Sheet<'_, '_> {
    fn block(&mut self, block: &Block) -> Result<(), PaperError> {
        match block {
            Block::Heading { left, right } => {
                let width = INNER * 0.4;
                let y = self.y;
                self.column(left, (LEFT, width));
                let after = std::mem::replace(&mut self.y, y);
                self.column(right, (LEFT + width, INNER - width));
                self.y = self.y.max(after);
            }
            Block::Centred(line) => self.column(std::slice::from_ref(line), (LEFT, INNER)),
            Block::Chapter(name) => {
                self.need(BODY * LEADING + 2.0 * GAP + TOGETHER);
                self.y += GAP;
                self.paragraph(name, Style::Bold, 0.0);
                self.y += GAP / 2.0;
            }
            Block::Body(text) => {
                self.paragraph(text, Style::Regular, INDENT);
                self.y += GAP;
            }
            Block::Grid(grid) => {
                self.grid(grid);
                self.y += GAP;
            }
            Block::Proof(proof) => {
                self.need(BODY * LEADING + 3.0 * GAP + CODE + SIGNED);
                self.block(&Block::Chapter(proof.name.clone()))?;
                self.proof(&proof.lines, &proof.code)?;
                self.signatures(&proof.signers);
            }
            Block::NewPage => self.turn(),
        }
        Ok(())
    }

    /// Begins a page, unless so much is left of this one.
    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.turn();
        }
    }

    fn turn(&mut self) {
        if !self.page.marks.is_empty() {
            self.pages.push(std::mem::take(&mut self.page));
        }
        self.y = TOP;
    }

    /// Centred lines in a column of this left edge and width.
    fn column(&mut self, lines: &[Line], (left, width): (f32, f32)) {
        for line in lines {
            let size = f32::from(line.size);
            let text = self.faces.clean(&line.text, line.style);
            let taken = self.faces.width(&text, line.style, size);
            let x = left + (width - taken) / 2.0;
            self.need(size * LEADING);
            self.text((x, self.y), (text, line.style, size), 0.0);
            self.y += size * LEADING;
            if line.is_underlined {
                self.rule((x, self.y), taken, RULE);
                self.y += GAP / 2.0;
            }
        }
    }

    /// Justified lines; the first is indented.
    fn paragraph(&mut self, text: &str, style: Style, indent: f32) {
        let clean = self.faces.clean(text, style);
        let set = Set {
            style,
            size: BODY,
            width: INNER,
            indent,
        };
        let lines = broken(self.faces, &clean, &set);
        let count = lines.len();
        for (line, number) in lines.into_iter().zip(1..) {
            self.need(BODY * LEADING);
            let indent = if number == 1 { indent } else { 0.0 };
            let free = INNER - indent - line.width;
            let spaces = line.text.matches(' ').count();
            let spaces = f32::from(u16::try_from(spaces).unwrap_or(u16::MAX));
            let is_last = number == count;
            let stretch = if is_last || spaces < 1.0 {
                0.0
            } else {
                free / spaces
            };
            self.text((LEFT + indent, self.y), (line.text, style, BODY), stretch);
            self.y += BODY * LEADING;
        }
    }

    fn proof(&mut self, lines: &[String], code: &str) -> Result<(), PaperError> {
        let code = Code::of(code)?;
        let top = self.y;
        let modules = f32::from(u16::try_from(code.width()).unwrap_or(u16::MAX));
        let side = CODE / modules;
        let at = |count: usize| f32::from(u16::try_from(count).unwrap_or_default()) * side;
        for (row, column, length) in code.runs() {
            self.page.marks.push(Mark::Block {
                at: (LEFT + at(column), top + at(row)),
                width: at(length),
                height: side,
            });
        }
        let left = CODE + 2.0 * GAP;
        for text in lines {
            let set = Set {
                style: Style::Regular,
                size: SMALL,
                width: INNER - left,
                indent: 0.0,
            };
            let clean = self.faces.clean(text, Style::Regular);
            for line in broken(self.faces, &clean, &set) {
                self.text(
                    (LEFT + left, self.y),
                    (line.text, Style::Regular, SMALL),
                    0.0,
                );
                self.y += SMALL * LEADING;
            }
        }
        self.y = self.y.max(top + CODE) + GAP;
        Ok(())
    }

    fn signatures(&mut self, people: &[[Line; 2]; 2]) {
        self.y += GAP;
        let y = self.y;
        let [left, right] = people;
        self.column(left, (LEFT, INNER / 2.0));
        self.y = y;
        self.column(right, (LEFT + INNER / 2.0, INNER / 2.0));
        self.y = y + SIGNED;
    }

    /// One line whose top is at `at`.
    fn text(
        &mut self,
        (x, top): (f32, f32),
        (text, style, size): (String, Style, f32),
        stretch: f32,
    ) {
        if !text.is_empty() {
            self.page.marks.push(Mark::Text {
                at: (x, top + size * ASCENT),
                text,
                style,
                size,
                stretch,
            });
        }
    }

    fn rule(&mut self, at: (f32, f32), width: f32, height: f32) {
        self.page.marks.push(Mark::Block { at, width, height });
    }
}
