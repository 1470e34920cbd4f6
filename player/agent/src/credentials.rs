//! The device's key and certificate on disk, and the new ones that are to take their place.
//!
//! A renewal goes through these states, each durable before the next begins: the new key is there;
//! its certificate is there; the controller has seen the new key (nothing on disk changes); the new
//! key stands in the place of the old one; so does its certificate; what is left over is gone.
//! [`Credentials::settle`] carries on from wherever a power cut left it.

use crate::enrol::CERTIFICATE;
use crate::key::{DeviceKey, KEY, KeyError};
use crate::tls::{self, TlsError};
use cotmoc_service::file::{self, FileError};
use std::path::{Path, PathBuf};

const NEXT_KEY: &str = "device.next.key";
const NEXT_CERTIFICATE: &str = "device.next.pem";
const MAX_BYTES: u64 = 256 * 1024;
const ONLY_FOR_US: u32 = 0o600;

/// Why the files cannot be used or changed.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    #[error("a file of the device's key and certificate failed")]
    File(#[from] FileError),
    #[error("{} could not be removed", path.display())]
    Remove {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the new key cannot be used")]
    Key(#[from] KeyError),
    #[error("the new certificate is not one of the new key")]
    Certificate(#[source] TlsError),
}

/// The files in the agent's folder.
#[derive(Debug, Clone)]
pub struct Credentials {
    folder: PathBuf,
}

impl Credentials {
    /// The files in `folder`.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The certificate in use.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.join(CERTIFICATE)
    }

    /// The new certificate.
    #[must_use]
    pub fn next_certificate(&self) -> PathBuf {
        self.folder.join(NEXT_CERTIFICATE)
    }

    /// Finishes a switch that was cut short.
    ///
    /// # Errors
    /// [`CredentialError`].
    pub fn settle(&self) -> Result<(), CredentialError> {
        let next = self.read(NEXT_KEY)?;
        let begun = next.is_some() && next == self.read(KEY)?;
        if !begun {
            return Ok(());
        }
        if self.has_certificate() {
            return self.switch();
        }
        self.remove(NEXT_KEY)
    }

    /// The new key; made if there is none. One that cannot be read is given up.
    ///
    /// # Errors
    /// [`CredentialError`].
    pub fn next_key(&self) -> Result<DeviceKey, CredentialError> {
        let path = self.folder.join(NEXT_KEY);
        match DeviceKey::load_or_make_file(&path) {
            Err(KeyError::Parse { .. }) => {
                self.discard()?;
                Ok(DeviceKey::load_or_make_file(&path)?)
            }
            other => Ok(other?),
        }
    }

    /// Whether there is a new certificate.
    #[must_use]
    pub fn has_certificate(&self) -> bool {
        self.next_certificate().exists()
    }

    /// Whether the new certificate is there and is one of `key`; any other is removed.
    ///
    /// # Errors
    /// [`CredentialError`].
    pub fn is_certified(&self, key: &DeviceKey) -> Result<bool, CredentialError> {
        let Some(pem) = self.read(NEXT_CERTIFICATE)? else {
            return Ok(false);
        };
        let pem = String::from_utf8_lossy(&pem);
        let good = tls::check_certificate(key, &pem, &self.next_certificate()).is_ok();
        if !good {
            self.remove(NEXT_CERTIFICATE)?;
        }
        Ok(good)
    }

    /// Keeps the certificate of the new key.
    ///
    /// # Errors
    /// [`CredentialError::Certificate`] if it is another's.
    pub fn put_certificate(&self, key: &DeviceKey, pem: &str) -> Result<(), CredentialError> {
        let path = self.next_certificate();
        tls::check_certificate(key, pem, &path).map_err(CredentialError::Certificate)?;
        Ok(file::write_durably(&path, pem.as_bytes())?)
    }

    /// Puts the new key and its certificate in the place of the old ones.
    ///
    /// # Errors
    /// [`CredentialError`]; then [`Credentials::settle`] goes on.
    pub fn switch(&self) -> Result<(), CredentialError> {
        for (from, to, mode) in [
            (NEXT_KEY, KEY, ONLY_FOR_US),
            (NEXT_CERTIFICATE, CERTIFICATE, 0o644),
        ] {
            if let Some(bytes) = self.read(from)? {
                file::write_durably_with_mode(&self.folder.join(to), &bytes, mode)?;
            }
        }
        self.discard()
    }

    /// Gives the new key and its certificate up.
    ///
    /// # Errors
    /// [`CredentialError::Remove`].
    pub fn discard(&self) -> Result<(), CredentialError> {
        self.remove(NEXT_CERTIFICATE)?;
        self.remove(NEXT_KEY)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, CredentialError> {
        match file::read_at_most(&self.folder.join(name), MAX_BYTES) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn remove(&self, name: &str) -> Result<(), CredentialError> {
        let path = self.folder.join(name);
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(file::sync_folder(&self.folder)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(CredentialError::Remove { path, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn write(&self, name: &str, text: &str) {
            std::fs::write(self.0.path().join(name), text).unwrap();
        }

        fn read(&self, name: &str) -> Option<String> {
            std::fs::read_to_string(self.0.path().join(name)).ok()
        }
    }

    fn pair() -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::default().self_signed(&key).unwrap();
        (key.serialize_pem(), certificate.pem())
    }

    #[test]
    fn e16_a_switch_that_is_cut_short_anywhere_is_carried_on_or_not_begun() {
        let ((old, old_pem), (new, new_pem)) = (pair(), pair());
        let whole = |key, pem, next, next_pem| [key, pem, next, next_pem];
        let (old, new) = (Some(&old), Some(&new));
        let (old_pem, new_pem) = (Some(&old_pem), Some(&new_pem));
        let names = [KEY, CERTIFICATE, NEXT_KEY, NEXT_CERTIFICATE];
        for (before, after) in [
            (
                whole(old, old_pem, None, None),
                whole(old, old_pem, None, None),
            ),
            (
                whole(old, old_pem, new, None),
                whole(old, old_pem, new, None),
            ),
            (
                whole(old, old_pem, new, new_pem),
                whole(old, old_pem, new, new_pem),
            ),
            (
                whole(new, old_pem, new, new_pem),
                whole(new, new_pem, None, None),
            ),
            (
                whole(new, new_pem, new, new_pem),
                whole(new, new_pem, None, None),
            ),
            (
                whole(new, new_pem, new, None),
                whole(new, new_pem, None, None),
            ),
        ] {
            let folder = Folder(tempfile::tempdir().unwrap());
            for (name, text) in names.iter().zip(before) {
                if let Some(text) = text {
                    folder.write(name, text);
                }
            }
            let credentials = Credentials::new(folder.0.path());
            credentials.settle().unwrap();
            credentials.settle().unwrap();
            for (name, text) in names.iter().zip(after) {
                assert_eq!(folder.read(name).as_ref(), text, "{name}");
            }
        }
    }

    #[test]
    fn a_new_key_is_made_once_and_a_damaged_one_or_a_strangers_certificate_is_given_up() {
        let folder = Folder(tempfile::tempdir().unwrap());
        let credentials = Credentials::new(folder.0.path());
        let key = credentials.next_key().unwrap();
        let again = credentials.next_key().unwrap();
        assert_eq!(key.spki_sha256(), again.spki_sha256());
        let (_, stranger) = pair();
        assert!(credentials.put_certificate(&key, &stranger).is_err());
        folder.write(NEXT_CERTIFICATE, &stranger);
        assert!(!credentials.is_certified(&key).unwrap());
        assert!(!credentials.has_certificate());
        folder.write(NEXT_KEY, "rubbish");
        let other = credentials.next_key().unwrap();
        assert_ne!(key.spki_sha256(), other.spki_sha256());
    }
}
