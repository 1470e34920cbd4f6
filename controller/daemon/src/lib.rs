//! The controller: stores what people publish, hands it to devices, keeps what devices report,
//! and shows it to people.
//!
//! It has no authority over pictures. It holds no signing key and no content key; whoever owns it
//! can withhold and observe, and can put nothing on a wall that the walls' own root does not allow.
//!
//! ```text
//! people  -> console listener (loopback)  -> api, console -> app -> store, blobs
//!            the console's own pages      -> accounts
//! devices -> device listener (mTLS)       -> device_api   -> app
//! devices -> enrolment listener (TLS)     -> enrol_api    -> app
//! beacon  -> the witness on another machine, while the controller finds nothing wrong with itself
//! notices -> senders, one per route; their links -> confirmations -> app
//! ```

mod accounts;
mod answers;
mod api;
mod app;
pub mod arguments;
pub mod backup;
mod beacon;
mod blobs;
mod ca;
mod clock;
mod confirmations;
mod console;
mod daemon;
mod device_api;
mod directory;
mod drills;
mod enrol_api;
mod enrolment;
mod faults;
mod http;
mod incidents;
mod ledger;
mod listen;
mod network;
mod notices;
mod obligations;
mod operator;
mod overview;
mod publish;
mod published;
mod reports;
mod seen;
mod settings;
mod status;
mod store;
mod verification;
mod witness;

pub use daemon::run;
pub use settings::{
    Addresses, BlobLimits, Form, Gateway, ModemSettings, NoticeSettings, Replies, RouteSettings,
    Security, Settings, Sheet, Smtp, Way, Webhook, WitnessSettings,
};
pub use witness::run as witness;
