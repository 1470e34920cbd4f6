//! Machine: which clock to believe.
