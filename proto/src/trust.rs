//! What may be shown: roles, the order of checks, counters and epochs. No disk, no clock, no
//! network: the gate feeds it bytes and keeps what it returns.
//!
//! ```text
//! bytes -> Envelope::parse -> Root::verify (signatures by role) -> strict payload
//!       -> for us? -> epoch -> counters -> rules of the document -> Admitted
//! ```

mod admit;
mod receipt;
mod root;
mod software;
mod state;

pub use admit::{
    Admitted, Identity, admit_override, admit_release, admit_root, admit_takedown, factory_root,
    verify_override, verify_release, verify_takedown,
};
pub use receipt::{Receipt, verify_receipt};
pub use root::{Clause, Key, Role, RoleName, Root};
pub use software::{Board, SoftwareState, admit_software, verify_software};
pub use state::{Denial, InForce, MAX_STEP, TrustState};

#[cfg(test)]
mod tests;
