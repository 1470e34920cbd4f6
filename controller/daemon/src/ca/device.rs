//! Certificates of devices. Of the request only the public key is used; everything else comes
//! from what the operator registered.

use super::authority::{Authority, CaError, making};
use cotmoc_proto::crypto::{self, Algorithm};
use cotmoc_proto::time::DAY;
use cotmoc_proto::{DeviceId, SiteId, TimeMs};
use rcgen::string::Ia5String;
use rcgen::{
    CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, PublicKeyData as _, SanType,
    SubjectPublicKeyInfo,
};
use std::time::Duration;

const DAY_LENGTH: Duration = Duration::from_secs(86_400);
/// 1 January 2026: no clock of a controller is right before it.
const EARLIEST: TimeMs = TimeMs(1_767_225_600_000);

/// Why a certificate signing request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CsrError {
    #[error("the request is not a certificate signing request signed with its own key")]
    Unproven,
    #[error("the request's key is not a P-256 key")]
    WrongKey,
}

/// The public key (SubjectPublicKeyInfo, DER) of a request that proves possession of it.
///
/// # Errors
/// [`CsrError`].
pub fn requested_key(csr_pem: &str) -> Result<Vec<u8>, CsrError> {
    let request =
        CertificateSigningRequestParams::from_pem(csr_pem).map_err(|_parse| CsrError::Unproven)?;
    let spki = request.public_key.subject_public_key_info();
    match crypto::public_key(Algorithm::EcdsaP256Sha256, &spki) {
        Some(_) => Ok(spki),
        None => Err(CsrError::WrongKey),
    }
}

/// For how long a device's certificate is good.
#[derive(Debug, Clone, Copy)]
pub struct Validity {
    pub from: TimeMs,
    pub days: u32,
}

impl Authority {
    /// The certificate (PEM) of `device` for its key.
    ///
    /// # Errors
    /// [`CaError::Make`].
    pub fn certify_device(
        &self,
        site: &SiteId,
        device: &DeviceId,
        spki: &[u8],
        life: Validity,
    ) -> Result<String, CaError> {
        let failed = |source| making(device.as_str(), source);
        let key = SubjectPublicKeyInfo::from_der(spki).map_err(failed)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, device.as_str());
        let uri = Ia5String::try_from(format!("cotmoc://{site}/{device}")).map_err(failed)?;
        params.subject_alt_names = vec![SanType::URI(uri)];
        let from = life.from.max(EARLIEST);
        let since_1970 = Duration::from_secs(from.0.unsigned_abs() / 1_000);
        params.not_before = rcgen::date_time_ymd(1970, 1, 1) + since_1970;
        params.not_after = params.not_before + DAY_LENGTH.saturating_mul(life.days);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, self.issuer()).map_err(failed)?;
        Ok(certificate.pem())
    }
}

/// Valid from 2024 until the start of the day `days` after `now`.
pub(super) fn set_validity(params: &mut CertificateParams, now: TimeMs, days: i64) {
    let date = now
        .max(EARLIEST)
        .plus(days * DAY)
        .to_timestamp()
        .unwrap_or_default()
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .date();
    let month = u8::try_from(date.month()).unwrap_or(1);
    let day = u8::try_from(date.day()).unwrap_or(1);
    params.not_before = rcgen::date_time_ymd(2024, 1, 1);
    params.not_after = rcgen::date_time_ymd(i32::from(date.year()), month, day);
}
