//! TLS 1.3 and nothing older, with one crypto provider, named here.

use super::verifier::AnyTime;
use crate::ca::{Authority, ServerCertificate};
use cotmoc_proto::{Digest, TimeMs};
use rustls::crypto::ring;
use rustls::server::{ServerConnection, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsSetupError {
    #[error("TLS 1.3 is not available")]
    Version(#[source] rustls::Error),
    #[error("the device authority's certificate is not usable")]
    Root(#[source] rustls::Error),
    #[error("the check of device certificates could not be set up")]
    Verifier(#[source] rustls::server::VerifierBuilderError),
}

/// For devices: they must show a certificate of the device authority. One that has ended is let
/// through: what it may still ask for is decided for each request.
///
/// # Errors
/// [`TlsSetupError`].
pub fn device_tls(
    devices: &Authority,
    certificate: Arc<ServerCertificate>,
) -> Result<Arc<ServerConfig>, TlsSetupError> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots
        .add(devices.certificate().clone())
        .map_err(TlsSetupError::Root)?;
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .map_err(TlsSetupError::Verifier)?;
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsSetupError::Version)?
        .with_client_cert_verifier(Arc::new(AnyTime::new(verifier)))
        .with_cert_resolver(certificate);
    Ok(finished(config))
}

/// For devices that have no certificate yet.
///
/// # Errors
/// [`TlsSetupError`].
pub fn enrol_tls(certificate: Arc<ServerCertificate>) -> Result<Arc<ServerConfig>, TlsSetupError> {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsSetupError::Version)?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    Ok(finished(config))
}

/// What the client's certificate says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    pub(super) spki_sha256: Digest,
    pub(super) valid_until: TimeMs,
}

/// The certificate that the client showed.
pub(super) fn shown(connection: &ServerConnection) -> Option<Shown> {
    let certificate = connection.peer_certificates()?.first()?;
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).ok()?;
    let end = parsed.validity().not_after.timestamp();
    Some(Shown {
        spki_sha256: Digest::of(parsed.tbs_certificate.subject_pki.raw),
        valid_until: TimeMs(end.saturating_mul(1_000)),
    })
}

fn finished(mut config: ServerConfig) -> Arc<ServerConfig> {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A session ticket would carry an old certificate past its end.
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Arc::new(config)
}
