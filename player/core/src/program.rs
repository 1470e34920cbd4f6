//! Resolver: what the wall cues next.
