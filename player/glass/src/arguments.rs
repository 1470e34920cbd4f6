//! The command line of `cotmoc-glass`.

use clap::Parser;
use std::path::PathBuf;

/// Keeps the pages of a touch cabinet (tủ tra cứu) on its glass: starts the compositor and a locked
/// browser, looks at what is really shown, and helps itself.
#[derive(Debug, Parser)]
#[command(name = "cotmoc-glass", version)]
pub struct Arguments {
    /// The configuration file.
    #[arg(long, default_value = "/etc/cotmoc/glass.toml")]
    pub config: PathBuf,
}
