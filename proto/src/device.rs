//! What devices and the controller say to each other (`/d/v1`): heartbeats, events, proof of play,
//! receipts and the desired state. These messages carry no authority over pictures; readers ignore
//! fields they do not know.

mod event;
mod screen;
mod sync;
mod words;

pub use event::{Aired, Event, EventKind, OnAir, OnAirState, Record, RecordBody};
pub use screen::{
    ClockQuality, Display, FrameRates, HostHealth, OutputHealth, ScreenKind, ScreenReport,
    ScreenStatus, Showing,
};
pub use sync::{
    Desired, DocumentRef, EnrolRequest, EnrolResponse, OutboxHealth, RenewRequest, RenewResponse,
    SyncRequest, SyncResponse, WaitResponse,
};

/// The version of the device protocol.
pub const VERSION: u32 = 1;
/// The refusal of everything but `renew` where a certificate has ended.
pub const CERTIFICATE_EXPIRED: &str = "certificate-expired";
/// The refusal of a key that is none of an active device.
pub const NOT_ACTIVE: &str = "not-active";
/// The largest `sync` body, in bytes.
pub const MAX_SYNC_BYTES: usize = 256 * 1024;
/// The most records in one `sync`.
pub const MAX_RECORDS: usize = 200;
