//! The controller's own two certificate authorities: one that devices trust when they call the
//! controller, one by which the controller knows devices. Neither has any say over pictures.
//!
//! Everything that a device checks by its own clock begins in 2024, because a board without a
//! battery-backed clock must be able to call home. A device's own certificate, which only the
//! controller checks, begins when it is made: a device renews it when half of its life is over.

mod authority;
mod device;
mod server;

pub use authority::{Authority, CaError};
pub use device::{Validity, requested_key};
pub use server::ServerCertificate;

use std::path::Path;

/// Both authorities.
#[derive(Debug)]
pub struct Authorities {
    pub server: Authority,
    pub device: Authority,
}

impl Authorities {
    /// Loads both from `folder`, or makes them.
    ///
    /// # Errors
    /// [`CaError`] named after the step that failed.
    pub fn open(folder: &Path) -> Result<Self, CaError> {
        Ok(Self {
            server: Authority::open(folder, "server-ca", "Cot Moc server CA")?,
            device: Authority::open(folder, "device-ca", "Cot Moc device CA")?,
        })
    }
}
