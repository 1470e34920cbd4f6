//! Passphrases: typed at the terminal or read from a file, never from arguments or environment.

use crate::files;
use anyhow::{Context as _, Result, bail, ensure};
use p256::elliptic_curve::zeroize::Zeroizing;
use std::path::{Path, PathBuf};

/// The shortest passphrase that protects a new key.
const MIN_CHARS: usize = 12;
const MAX_FILE_BYTES: u64 = 4096;

/// A text that is wiped from memory after use.
pub type Secret = Zeroizing<String>;

/// Where a passphrase comes from.
#[derive(Debug, clap::Args)]
pub struct PassphraseArgs {
    /// Read the key's passphrase from this file instead of the terminal (for scripts)
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// The passphrase of an existing key.
    pub fn existing(&self, key: &Path) -> Result<Secret> {
        match &self.passphrase_file {
            Some(file) => from_file(file),
            None => typed(&format!(
                "Mật khẩu khoá · Passphrase of {}: ",
                key.display()
            )),
        }
    }

    /// A passphrase for a new key: long enough, and typed twice.
    pub fn fresh(&self) -> Result<Secret> {
        let secret = match &self.passphrase_file {
            Some(file) => from_file(file)?,
            None => typed_twice()?,
        };
        ensure!(
            secret.chars().count() >= MIN_CHARS,
            "the passphrase has fewer than {MIN_CHARS} characters: take four or five unrelated words"
        );
        Ok(secret)
    }
}

fn typed_twice() -> Result<Secret> {
    let secret = typed("Mật khẩu mới · New passphrase (≥ 12): ")?;
    let again = typed("Nhập lại · Once more: ")?;
    if secret != again {
        bail!("the two passphrases differ: nothing was written, start again");
    }
    Ok(secret)
}

fn typed(prompt: &str) -> Result<Secret> {
    let text = rpassword::prompt_password(prompt)
        .context("read the passphrase at the terminal; without one, use --passphrase-file FILE")?;
    Ok(Zeroizing::new(text))
}

fn from_file(path: &Path) -> Result<Secret> {
    let text = Zeroizing::new(files::read_text(path, MAX_FILE_BYTES)?);
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    ensure!(!line.is_empty(), "{} holds no passphrase", path.display());
    Ok(Zeroizing::new(line.to_owned()))
}
