//! What every HTTP surface of the controller shares: errors as JSON, strict reading of paths,
//! queries and bodies, limits, headers, files in ranges.

mod error;
mod extract;
mod layers;
mod range;
mod remainder;

pub use error::{ApiError, ApiResult};
pub use extract::{Json, Params, Raw, Segment};
pub use layers::{InFlight, finish};
pub use range::serve_file;
