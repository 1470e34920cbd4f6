//! Machine: the on-air ledger.
