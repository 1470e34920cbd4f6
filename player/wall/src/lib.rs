//! The LED wall's screen process: what is signed is decoded, scheduled and presented here.

pub mod pipeline;
