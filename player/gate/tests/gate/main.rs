//! Attacks and accidents against the gate. Names that begin with a letter and a number are the
//! cases of the attack list.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]
#![allow(clippy::indexing_slicing, reason = "in a test a panic is the message")]

mod blobs;
mod board;
mod disk;
mod inbox;
mod kill;
mod lookup;
mod overrides;
mod rollback;
mod roots;
mod signatures;
mod stories;
mod takedowns;
mod time;
