//! What the engine's tests share: media made on the fly, a barcode in every frame, and a wall that is watched.

pub mod barcode;
pub mod harm;
pub mod media;
pub mod stuck;
pub mod wall;
