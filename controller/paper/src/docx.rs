//! The paper as DOCX, for those who go on writing in it.

use crate::PaperError;
use crate::content::{Block, Content, Grid, Line, Proof, Style};
use crate::qr::Code;
use docx_rs::{
    AlignmentType, BreakType, Docx, LineSpacing, PageMargin, Paragraph, Pic, Run, RunFonts,
    SpecialIndentType, Table, TableBorders, TableCell, TableLayoutType, TableRow, WidthType,
};
use std::io::Cursor;

const FONT: &str = "Times New Roman";
/// Sizes in half points.
const BODY: usize = 26;
const SMALL: usize = 24;
/// A4 and its margins in twentieths of a point: 20 mm above and below, 30 left, 15 right.
const PAGE: (u32, u32) = (11_906, 16_838);
const MARGINS: (i32, i32, i32) = (1_134, 1_701, 850);
/// The width between the margins.
const WIDTH: usize = 9_355;
const FIRST_LINE: i32 = 567;
/// The side of the code, in English metric units: 30 mm.
const CODE: u32 = 1_080_000;

/// The DOCX of a paper. The same content gives the same bytes.
///
/// # Errors
/// [`PaperError`].
pub fn docx(content: &Content) -> Result<Vec<u8>, PaperError> {
    let mut file = Cursor::new(Vec::new());
    document(content)?
        .build()
        .pack(&mut file)
        .map_err(|error| PaperError::Docx(error.into()))?;
    Ok(file.into_inner())
}

fn document(content: &Content) -> Result<Docx, PaperError> {
    let (edge, left, right) = MARGINS;
    let margin = PageMargin::new()
        .top(edge)
        .bottom(edge)
        .left(left)
        .right(right);
    let mut paper = Docx::new()
        .page_size(PAGE.0, PAGE.1)
        .page_margin(margin)
        .default_fonts(fonts())
        .default_size(BODY)
        .created_at("1970-01-01T00:00:00Z")
        .updated_at("1970-01-01T00:00:00Z");
    for block in &content.blocks {
        paper = add(paper, block)?;
    }
    Ok(paper)
}

fn add(paper: Docx, block: &Block) -> Result<Docx, PaperError> {
    Ok(match block {
        Block::Heading { left, right } => {
            let rows = [left.as_slice(), right.as_slice()];
            paper.add_table(plain(rows, &[3_500, WIDTH - 3_500]))
        }
        Block::Centred(line) => paper.add_paragraph(centred(line)),
        Block::Chapter(name) => paper.add_paragraph(chapter(name)),
        Block::Body(text) => paper.add_paragraph(body(text)),
        Block::Grid(table) => paper.add_table(grid(table)),
        Block::Proof(proof) => add_proof(paper, proof)?,
        Block::NewPage => {
            let turn = Run::new().add_break(BreakType::Page);
            paper.add_paragraph(Paragraph::new().add_run(turn))
        }
    })
}

fn add_proof(paper: Docx, proof: &Proof) -> Result<Docx, PaperError> {
    let (picture, pixels) = Code::of(&proof.code)?.png()?;
    let picture = Pic::new_with_dimensions(picture, pixels, pixels)
        .id("code")
        .size(CODE, CODE);
    let picture = Paragraph::new().add_run(Run::new().add_image(picture));
    let told = proof.lines.iter().map(|line| {
        Paragraph::new()
            .add_run(run(line).size(SMALL))
            .line_spacing(space(20))
    });
    let widths = [WIDTH / 4, WIDTH - WIDTH / 4];
    let cells = vec![cell([picture], widths[0]), cell(told, widths[1])];
    let table = fixed(vec![TableRow::new(cells).cant_split()], &widths);
    let [left, right] = &proof.signers;
    let halves = [WIDTH / 2, WIDTH - WIDTH / 2];
    Ok(paper
        .add_paragraph(chapter(&proof.name))
        .add_table(table.set_borders(TableBorders::new().clear_all()))
        .add_paragraph(Paragraph::new())
        .add_table(plain([left.as_slice(), right.as_slice()], &halves)))
}

fn chapter(name: &str) -> Paragraph {
    Paragraph::new()
        .add_run(run(name).bold())
        .line_spacing(space(120))
        .keep_next(true)
}

fn grid(grid: &Grid) -> Table {
    let widths: Vec<usize> = grid
        .widths
        .iter()
        .map(|thousandths| WIDTH * usize::from(*thousandths) / 1_000)
        .collect();
    let row = |cells: &Vec<String>, is_head: bool| {
        let cells = cells.iter().zip(&widths).map(|(text, width)| {
            let lines = text.split('\n').map(|line| {
                let run = run(line).size(SMALL);
                let run = if is_head { run.bold() } else { run };
                Paragraph::new().add_run(run).line_spacing(space(20))
            });
            cell(lines, *width)
        });
        TableRow::new(cells.collect()).cant_split()
    };
    let head = Some(&grid.head).filter(|head| !head.is_empty());
    let head = head.into_iter().map(|cells| row(cells, true));
    let rows = grid.rows.iter().map(|cells| row(cells, false));
    fixed(head.chain(rows).collect(), &widths)
}

/// Two columns without lines around them.
fn plain(columns: [&[Line]; 2], widths: &[usize]) -> Table {
    let cells = columns
        .into_iter()
        .zip(widths)
        .map(|(lines, width)| cell(lines.iter().map(centred), *width));
    let table = fixed(vec![TableRow::new(cells.collect())], widths);
    table.set_borders(TableBorders::new().clear_all())
}

fn cell(paragraphs: impl IntoIterator<Item = Paragraph>, width: usize) -> TableCell {
    let empty = TableCell::new().width(width, WidthType::Dxa);
    paragraphs.into_iter().fold(empty, TableCell::add_paragraph)
}

fn fixed(rows: Vec<TableRow>, widths: &[usize]) -> Table {
    Table::new(rows)
        .set_grid(widths.to_vec())
        .layout(TableLayoutType::Fixed)
        .width(WIDTH, WidthType::Dxa)
}

fn body(text: &str) -> Paragraph {
    let indent = Some(SpecialIndentType::FirstLine(FIRST_LINE));
    Paragraph::new()
        .add_run(run(text))
        .align(AlignmentType::Both)
        .indent(None, indent, None, None)
        .line_spacing(space(120))
}

fn centred(line: &Line) -> Paragraph {
    let run = run(&line.text).size(usize::from(line.size) * 2);
    let run = match line.style {
        Style::Regular => run,
        Style::Bold => run.bold(),
        Style::Italic => run.italic(),
    };
    let run = if line.is_underlined {
        run.underline("single")
    } else {
        run
    };
    Paragraph::new().add_run(run).align(AlignmentType::Center)
}

fn run(text: &str) -> Run {
    Run::new().add_text(text).size(BODY).fonts(fonts())
}

/// Room before and after, in twentieths of a point.
fn space(twips: u32) -> LineSpacing {
    LineSpacing::new().before(twips).after(twips)
}

fn fonts() -> RunFonts {
    RunFonts::new()
        .ascii(FONT)
        .hi_ansi(FONT)
        .cs(FONT)
        .east_asia(FONT)
}
