//! The paper of an incident (biên bản sự cố, Điều 8.3b), laid out as Nghị định 30/2020/NĐ-CP asks: what a
//! person has to fill in is left open, what the report says is printed, and its digest ties both together.
//! Pure but for [`Fonts::load`]: the same report gives the same bytes.
//!
//! ```text
//! Report -> content -> pdf  (A4, PDF/A-2b, fonts embedded)
//!                   -> docx (to be edited and signed by people)
//! ```

mod content;
mod docx;
mod pdf;
mod qr;

pub use content::Content;
pub use docx::docx;
pub use pdf::{Fonts, FontsError, pdf};

/// Why a paper could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    #[error("{path} is no font that can be embedded: install fonts-liberation2")]
    Font { path: String },
    #[error("the PDF could not be made: {0}")]
    Pdf(String),
    #[error("the DOCX could not be packed")]
    Docx(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the QR code could not be made: {0}")]
    Qr(String),
    #[error("the picture of the QR code could not be written")]
    Picture(#[from] png::EncodingError),
}
