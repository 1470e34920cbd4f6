//! What a visitor looks up at a kiosk (Điều 2.2 and 7.4), as values and pure functions: the content
//! that agencies write ([`content`]), in three languages ([`language`]), when a place is open
//! ([`hours`]), and how what was typed ([`fold`], [`query`]) finds it in an [`index`].
//!
//! The controller builds the [`package`] from the content, the kiosk reads it, both with this code.

pub mod content;
pub mod fold;
pub mod hours;
pub mod index;
pub mod language;
pub mod package;
pub mod query;

pub use content::{Content, Entry};
pub use language::{Language, Localized};
pub use package::Lookup;
pub use query::Searcher;
