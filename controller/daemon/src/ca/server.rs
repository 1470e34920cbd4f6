//! The certificate that the controller shows to devices: made at every start and renewed long
//! before it ends, without closing a connection.

use super::authority::{Authority, CaError, making};
use super::device::set_validity;
use cotmoc_proto::TimeMs;
use cotmoc_proto::time::DAY;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::Arc;
use tokio::sync::watch;

const VALID_DAYS: i64 = 825;
const RENEW_AFTER_DAYS: i64 = 275;

/// The certificate in use.
#[derive(Debug)]
pub struct ServerCertificate {
    names: Vec<String>,
    current: watch::Sender<Arc<CertifiedKey>>,
    made_ms: watch::Sender<TimeMs>,
}

impl ServerCertificate {
    /// Makes a certificate for `names` (DNS names and IP addresses).
    ///
    /// # Errors
    /// [`CaError::Make`].
    pub fn new(authority: &Authority, names: Vec<String>, now: TimeMs) -> Result<Self, CaError> {
        let certificate = certify(authority, &names, now)?;
        Ok(Self {
            names,
            current: watch::Sender::new(Arc::new(certificate)),
            made_ms: watch::Sender::new(now),
        })
    }

    /// Makes a new certificate if the current one has used a third of its time (or was made by a
    /// clock far off); whether it did.
    ///
    /// # Errors
    /// [`CaError::Make`]; the current one then goes on.
    pub fn renew_if_due(&self, authority: &Authority, now: TimeMs) -> Result<bool, CaError> {
        let age = now.since(*self.made_ms.borrow());
        if (-DAY..RENEW_AFTER_DAYS * DAY).contains(&age) {
            return Ok(false);
        }
        let certificate = certify(authority, &self.names, now)?;
        self.current.send_replace(Arc::new(certificate));
        self.made_ms.send_replace(now);
        Ok(true)
    }
}

impl ResolvesServerCert for ServerCertificate {
    fn resolve(&self, _client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.borrow()))
    }
}

fn certify(authority: &Authority, names: &[String], now: TimeMs) -> Result<CertifiedKey, CaError> {
    let failed = |source| making("of the controller", source);
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = CertificateParams::new(names.to_vec()).map_err(failed)?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Cot Moc controller");
    set_validity(&mut params, now, VALID_DAYS);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, authority.issuer()).map_err(failed)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let signing = rustls::crypto::ring::sign::any_ecdsa_type(&key)
        .map_err(|_unsupported| failed(rcgen::Error::RemoteKeyError))?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], signing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_is_renewed_long_before_it_ends_and_begins_in_2024() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::open(folder.path(), "server-ca", "test").unwrap();
        let now = TimeMs(1_800_000_000_000);
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let server = ServerCertificate::new(&authority, names, now).unwrap();
        let first = Arc::clone(&server.current.borrow());
        assert!(
            !server
                .renew_if_due(&authority, now.plus(100 * DAY))
                .unwrap()
        );
        assert!(
            server
                .renew_if_due(&authority, now.plus(300 * DAY))
                .unwrap()
        );
        let second = Arc::clone(&server.current.borrow());
        assert_ne!(first.cert, second.cert);
        let der = second.end_entity_cert().unwrap();
        let (_, parsed) = x509_parser::parse_x509_certificate(der).unwrap();
        let validity = parsed.validity();
        assert_eq!(validity.not_before.timestamp(), 1_704_067_200);
        let end = TimeMs(validity.not_after.timestamp() * 1_000);
        assert!(end > now.plus(1_100 * DAY));
    }
}
