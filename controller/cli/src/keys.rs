//! `cotmoc keys`: make a person's key, show whose it is.

use crate::files;
use crate::key::{PrivateKey, PublicRecord, fingerprint, record_path};
use crate::out::Out;
use crate::secret::PassphraseArgs;
use crate::text;
use anyhow::{Result, ensure};
use cotmoc_proto::Holder;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a key (P-256) in a passphrase-protected file, and its public record FILE.pub
    New {
        /// The person who keeps the key: letters, digits, '.', '_', '-'
        #[arg(long, value_name = "NAME")]
        holder: Holder,
        /// The key file to make
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        passphrase: PassphraseArgs,
    },
    /// Show whose key a file or record is, without unlocking it
    Show { file: PathBuf },
}

pub fn run(out: Out, command: Command) -> Result<()> {
    match command {
        Command::New {
            holder,
            out: path,
            passphrase,
        } => make(out, holder, &path, &passphrase),
        Command::Show { file } => show(out, &file),
    }
}

fn make(out: Out, holder: Holder, path: &Path, passphrase: &PassphraseArgs) -> Result<()> {
    let beside = record_path(path);
    for file in [path, &beside] {
        ensure!(
            !file.exists(),
            "{} exists: a key is never overwritten, choose another name",
            file.display()
        );
    }
    let secret = passphrase.fresh()?;
    let key = PrivateKey::generate()?;
    let record = key.record(holder);
    files::create(path, 0o600, key.to_pem(&secret)?.as_bytes())?;
    let json = serde_json::to_string_pretty(&record)?;
    files::create(&beside, 0o644, format!("{json}\n").as_bytes())?;
    out.fact(text::WROTE, path.display());
    describe(out, &record, &beside)
}

fn show(out: Out, path: &Path) -> Result<()> {
    let beside = record_path(path);
    let file = if beside.exists() { &beside } else { path };
    describe(out, &PublicRecord::open(file)?, file)
}

fn describe(out: Out, record: &PublicRecord, file: &Path) -> Result<()> {
    out.fact(text::PUBLIC_RECORD, file.display());
    out.fact(text::HOLDER, &record.holder);
    out.fact(text::FINGERPRINT, fingerprint(&record.keyid));
    out.document(&serde_json::json!({
        "file": file,
        "holder": record.holder,
        "keyid": record.keyid,
        "alg": record.alg,
    }))?;
    Ok(())
}
