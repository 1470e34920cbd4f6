//! Pictures as screens hold them (I420, limited range, BT.709), and what is drawn on them.
//!
//! Everything is clipped: no geometry, however wrong, draws outside its picture or fails. Weights and
//! opacities go from 0 (nothing) to [`OPAQUE`] (all) and are exact at both ends. Brightness is exact to
//! the pixel; colour lies on every second pixel and follows the even one.

mod area;
mod colour;
mod convert;
mod coverage;
mod mix;
mod paint;
mod picture;
mod sprite;
mod tone;

pub use area::Area;
pub use colour::Yuv;
pub use convert::{from_bgrx, from_rgba};
pub use coverage::{Coverage, Ink};
pub use mix::{OPAQUE, opacity_of_percent};
pub use picture::{Picture, PictureBuf, PictureMut, Plane, PlaneMut};
pub use sprite::Sprite;
pub use tone::Tone;
