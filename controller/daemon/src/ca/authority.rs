//! One certificate authority: a P-256 key and its self-signed certificate, kept as files.

use cotmoc_service::file::{self, FileError};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use std::path::{Path, PathBuf};

const MAX_PEM_BYTES: u64 = 64 * 1024;
const ONLY_FOR_US: u32 = 0o600;

/// Why an authority or a certificate could not be loaded or made.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    #[error("folder {} could not be made", path.display())]
    Folder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("a file of the certificate authority failed")]
    File(#[from] FileError),
    #[error(
        "{} is missing beside its certificate: put it back from the backup; without it every device would have to be enrolled again",
        path.display()
    )]
    KeyMissing { path: PathBuf },
    #[error("{} is not a certificate or key in PEM form", path.display())]
    Unreadable { path: PathBuf },
    #[error("certificate {what} could not be made")]
    Make {
        what: String,
        #[source]
        source: rcgen::Error,
    },
}

/// A certificate authority of ours.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// Loads `<name>.key` and `<name>.pem` from `folder`, or makes them (the key only for us).
    ///
    /// # Errors
    /// [`CaError`] named after the step that failed.
    pub fn open(folder: &Path, name: &str, title: &str) -> Result<Self, CaError> {
        std::fs::create_dir_all(folder).map_err(|source| CaError::Folder {
            path: folder.to_owned(),
            source,
        })?;
        let key_path = folder.join(format!("{name}.key"));
        let certificate_path = folder.join(format!("{name}.pem"));
        if certificate_path.exists() && !key_path.exists() {
            return Err(CaError::KeyMissing { path: key_path });
        }
        let key = open_key(&key_path)?;
        if !certificate_path.exists() {
            let pem = self_signed(&key, title)?;
            file::write_durably(&certificate_path, pem.as_bytes())?;
        }
        let pem = file::read_at_most(&certificate_path, MAX_PEM_BYTES)?;
        let unreadable = || CaError::Unreadable {
            path: certificate_path.clone(),
        };
        let certificate = CertificateDer::from_pem_slice(&pem).map_err(|_pem| unreadable())?;
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(|_parse| unreadable())?;
        Ok(Self {
            issuer,
            certificate,
        })
    }

    /// The authority's certificate.
    #[must_use]
    pub const fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    pub(super) const fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }
}

/// The key in the file `path`; a new one if there is none.
pub(super) fn open_key(path: &Path) -> Result<KeyPair, CaError> {
    if !path.exists() {
        let key = KeyPair::generate().map_err(|source| making("key", source))?;
        let pem = key.serialize_pem();
        file::write_durably_with_mode(path, pem.as_bytes(), ONLY_FOR_US)?;
        return Ok(key);
    }
    let pem = file::read_at_most(path, MAX_PEM_BYTES)?;
    String::from_utf8(pem)
        .ok()
        .and_then(|pem| KeyPair::from_pem(&pem).ok())
        .ok_or_else(|| CaError::Unreadable {
            path: path.to_owned(),
        })
}

pub(super) fn making(what: &str, source: rcgen::Error) -> CaError {
    CaError::Make {
        what: what.to_owned(),
        source,
    }
}

fn self_signed(key: &KeyPair, title: &str) -> Result<String, CaError> {
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2024, 1, 1);
    params.not_after = rcgen::date_time_ymd(2064, 1, 1);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, title);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params
        .self_signed(key)
        .map_err(|source| making(title, source))?;
    Ok(certificate.pem())
}
