//! The command line of `cotmoc-kiosk`.

use clap::Parser;
use std::path::PathBuf;

/// Serves what a touch cabinet's visitors look up (tủ tra cứu) to the browser of the same board, with
/// or without the network.
#[derive(Debug, Parser)]
#[command(name = "cotmoc-kiosk", version)]
pub struct Arguments {
    /// The configuration file.
    #[arg(long, default_value = "/etc/cotmoc/kiosk.toml")]
    pub config: PathBuf,
}
