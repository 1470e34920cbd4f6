//! Pictures as screens hold them, and what is drawn on them.
