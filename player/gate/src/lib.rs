//! What may be shown: the trust state on disk, the release store, and the verifying reader.
//!
//! A screen opens its [`Gate`] once, lets it read the inbox whenever something may have changed,
//! and shows nothing but items of [`Gate::release`], each read through [`MediaShelf::open`].
//!
//! ```text
//! inbox (anyone may write)          trust folder (the screen's own)        media (anyone may write)
//! root.N.dsse    ─┐ verify  ┌─> root.N.dsse, .bak   signed file first,     <sha256>.blob
//! takedown.N.dsse ┼────────>┼─> takedown.N.*.dsse   counter second,            │ hashed after it is
//! override.N.dsse │         ├─> override.N.dsse     boot rolls forward         ▼ in our memory
//! release.dsse   ─┘         └─> release.0, .1                             VerifiedReader
//!                               state.a, state.b
//! ```
//!
//! Nothing is written before it is verified, and nothing that was good is replaced by anything
//! that is not. To take a signer's key away without losing the picture, publish the running
//! release with another signer's signature first, and the root that removes the key after it.

mod book;
mod gate;
mod media;
mod report;
mod vault;

pub use book::Named;
pub use gate::{Gate, GateConfig, Trial};
pub use media::{Defect, MediaError, MediaShelf, VerifiedReader};
pub use report::{Finding, GateError, Outcome, What};
