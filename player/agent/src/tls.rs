//! TLS as the agent speaks it: 1.3 only, ring, our server CA only, and a clock with a floor.

use crate::key::DeviceKey;
use cotmoc_player_core::renewal::Life;
use cotmoc_proto::TimeMs;
use cotmoc_service::file::{self, FileError};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

const MAX_PEM_BYTES: u64 = 256 * 1024;
/// A chain has at most this many certificates that may not be valid yet.
const MAX_STEPS: u32 = 3;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("a certificate file could not be read")]
    Read(#[source] FileError),
    #[error("{} holds no certificate", path.display())]
    Pem { path: PathBuf },
    #[error("the server CA cannot be used")]
    ServerCa(#[source] rustls::server::VerifierBuilderError),
    #[error("the key and the certificate of the device cannot be used together")]
    Client(#[source] Error),
}

/// A time that has certainly passed, shared by everything that needs it. It only rises.
#[derive(Debug, Clone)]
pub struct Floor(Arc<AtomicI64>);

impl Floor {
    /// A floor at `time`.
    #[must_use]
    pub fn new(time: TimeMs) -> Self {
        Self(Arc::new(AtomicI64::new(time.0)))
    }

    /// `time` has passed.
    pub fn raise(&self, time: TimeMs) {
        self.0.fetch_max(time.0, Ordering::Relaxed);
    }

    /// The highest time that has certainly passed.
    #[must_use]
    pub fn get(&self) -> TimeMs {
        TimeMs(self.0.load(Ordering::Relaxed))
    }

    fn unix(&self) -> UnixTime {
        let ms = u64::try_from(self.get().0).unwrap_or(0);
        UnixTime::since_unix_epoch(Duration::from_millis(ms))
    }
}

/// TLS for the enrolment listener: the server shows who it is, the device has no certificate yet.
///
/// # Errors
/// [`TlsError`].
pub fn anonymous(server_ca: &Path, floor: &Floor) -> Result<ClientConfig, TlsError> {
    let config = builder(server_ca, floor)?.with_no_client_auth();
    Ok(with_http1(config))
}

/// TLS for the device listener, with the device's certificate.
///
/// # Errors
/// [`TlsError`].
pub fn with_certificate(
    server_ca: &Path,
    floor: &Floor,
    key: &DeviceKey,
    certificate: &Path,
) -> Result<ClientConfig, TlsError> {
    let chain = certificates(certificate)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.pkcs8_der().to_vec()));
    let config = builder(server_ca, floor)?
        .with_client_auth_cert(chain, key)
        .map_err(TlsError::Client)?;
    Ok(with_http1(config))
}

/// Checks that `pem` is a certificate of `key`.
///
/// # Errors
/// [`TlsError::Client`], or [`TlsError::Pem`] with `path`.
pub fn check_certificate(key: &DeviceKey, pem: &str, path: &Path) -> Result<(), TlsError> {
    let chain = parse(pem.as_bytes(), path)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.pkcs8_der().to_vec()));
    rustls::sign::CertifiedKey::from_der(chain, key, &provider())
        .map(drop)
        .map_err(TlsError::Client)
}

/// From when until when the certificate in the file `path` is good.
///
/// # Errors
/// [`TlsError`].
pub fn life(path: &Path) -> Result<Life, TlsError> {
    let chain = certificates(path)?;
    let parsed = chain
        .first()
        .and_then(|der| x509_parser::parse_x509_certificate(der).ok());
    let (_, certificate) = parsed.ok_or_else(|| TlsError::Pem {
        path: path.to_owned(),
    })?;
    let at = |seconds: i64| TimeMs(seconds.saturating_mul(1_000));
    Ok(Life {
        from: at(certificate.validity().not_before.timestamp()),
        until: at(certificate.validity().not_after.timestamp()),
    })
}

fn with_http1(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

fn provider() -> CryptoProvider {
    rustls::crypto::ring::default_provider()
}

fn builder(
    server_ca: &Path,
    floor: &Floor,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(server_ca)? {
        roots.add(certificate).map_err(TlsError::Client)?;
    }
    let provider = Arc::new(provider());
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(TlsError::ServerCa)?;
    let verifier = FloorVerifier {
        inner,
        floor: floor.clone(),
    };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsError::Client)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = file::read_at_most(path, MAX_PEM_BYTES).map_err(TlsError::Read)?;
    parse(&pem, path)
}

fn parse(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    parsed
        .ok()
        .filter(|certificates| !certificates.is_empty())
        .ok_or_else(|| TlsError::Pem {
            path: path.to_owned(),
        })
}

/// Checks the server's certificate as usual, but never at a time before the floor. A system clock
/// behind the floor is wrong by an unknown amount: then any time from the floor on may be now.
#[derive(Debug)]
struct FloorVerifier {
    inner: Arc<WebPkiServerVerifier>,
    floor: Floor,
}

impl ServerCertVerifier for FloorVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verify = |at| {
            self.inner
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, at)
        };
        let floor = self.floor.unix();
        if now >= floor {
            return verify(now);
        }
        let mut at = floor;
        for _ in 0..MAX_STEPS {
            match verify(at) {
                Err(Error::InvalidCertificate(CertificateError::NotValidYetContext {
                    not_before,
                    ..
                })) if not_before > at => at = not_before,
                verdict => return verdict,
            }
        }
        verify(at)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

    const NAME: &str = "controller.test";

    struct World {
        folder: tempfile::TempDir,
        leaf: CertificateDer<'static>,
    }

    impl World {
        /// A server certificate that is valid in 2026.
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let mut ca = CertificateParams::default();
            ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let ca_key = KeyPair::generate().unwrap();
            let pem = ca.self_signed(&ca_key).unwrap().pem();
            std::fs::write(folder.path().join("ca.pem"), pem).unwrap();
            let mut leaf = CertificateParams::new([NAME.to_owned()]).unwrap();
            leaf.not_before = date_time_ymd(2026, 1, 1);
            leaf.not_after = date_time_ymd(2027, 1, 1);
            let issuer = Issuer::new(ca, ca_key);
            let leaf = leaf
                .signed_by(&KeyPair::generate().unwrap(), &issuer)
                .unwrap();
            let leaf = leaf.der().clone();
            Self { folder, leaf }
        }

        fn accepts(&self, floor_ms: i64, now_ms: u64) -> bool {
            let mut roots = RootCertStore::empty();
            let ca = certificates(&self.folder.path().join("ca.pem")).unwrap();
            roots.add(ca[0].clone()).unwrap();
            let inner =
                WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::new(provider()));
            let verifier = FloorVerifier {
                inner: inner.build().unwrap(),
                floor: Floor::new(TimeMs(floor_ms)),
            };
            let name = ServerName::try_from(NAME).unwrap();
            let now = UnixTime::since_unix_epoch(Duration::from_millis(now_ms));
            verifier
                .verify_server_cert(&self.leaf, &[], &name, &[], now)
                .is_ok()
        }
    }

    const Y2025: i64 = 1_735_700_000_000;
    const Y2026: i64 = 1_780_000_000_000;
    const Y2028: i64 = 1_840_000_000_000;

    #[test]
    fn e11_a_clock_in_1970_does_not_lock_the_device_out() {
        let world = World::new();
        assert!(
            world.accepts(Y2026, 0),
            "the floor lies in the certificate's time"
        );
        assert!(
            world.accepts(Y2025, 0),
            "the floor lies before the certificate's time"
        );
        assert!(world.accepts(Y2025, Y2026.unsigned_abs()), "a good clock");
    }

    #[test]
    fn an_expired_certificate_is_refused_by_clock_or_floor() {
        let world = World::new();
        assert!(!world.accepts(Y2025, Y2028.unsigned_abs()));
        assert!(!world.accepts(Y2028, 0));
        assert!(!world.accepts(0, 0), "a believable clock decides alone");
    }
}
