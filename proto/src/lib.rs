//! The language that devices, the controller and the people's command line share, with its meaning.
//!
//! Everything here is a value or a pure function: time, keys and configuration are arguments.
//! The wall, the console's preview and the command line all decide with this very code what may
//! be shown ([`trust`]) and what is shown when ([`resolve`]).

pub mod crypto;
pub mod device;
pub mod digest;
pub mod envelope;
pub mod id;
pub mod json;
pub mod layout;
pub mod media;
pub mod override_order;
pub mod plan;
pub mod playlist;
pub mod reject;
pub mod release;
pub mod resolve;
pub mod slide;
pub mod software;
pub mod style;
pub mod takedown;
pub mod time;
pub mod trust;
pub mod window;

pub use digest::Digest;
pub use id::{
    BoardClass, BootId, CategoryId, ChannelId, ClusterId, DaypartId, DeviceId, EntryId, Holder,
    ItemId, PlaylistId, SiteId, UnitCode, ZoneId,
};
pub use reject::Reject;
pub use time::{Millis, TimeMs};
