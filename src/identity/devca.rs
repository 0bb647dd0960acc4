//! The development CA: certificates and revocation lists for an organisation that has no PKI of its own yet.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ED25519,
    RevokedCertParams, SanType, SerialNumber, SubjectPublicKeyInfo, date_time_ymd,
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, pem::PemObject};
use x509_parser::prelude::{CertificateRevocationList, FromDer};
use zeroize::Zeroizing;

use super::{
    bundle::TrustBundle,
    certificate::{CLIENT_AUTH, DOCUMENT_SIGNING, Leaf},
    chain,
    crl::Revocation,
    files::to_pem,
};
use crate::domain::{
    fault::Fault,
    ids::{SpiffeId, TrustDomain},
    time::Time,
};
use crate::seal::raw::RawKey;

/// For how many days the CA's own certificate is valid.
const CA_DAYS: u32 = 3650;
/// Certificates are valid from a little earlier on, so that a partner whose clock is behind accepts them at once. In seconds.
const SKEW_SECONDS: i64 = 300;

/// Why a certificate was not issued.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// The library refused.
    #[error("the certificate could not be made: {0}")]
    Library(#[from] rcgen::Error),
    /// The key or certificate of the CA can't be used.
    #[error("the CA's certificate or key cannot be used: {0}")]
    Unusable(String),
    /// A CA issues only for its own domain.
    #[error("the CA of `{ca}` does not issue `{id}`")]
    ForeignId {
        /// The CA's organisation.
        ca: TrustDomain,
        /// The requested id.
        id: SpiffeId,
    },
    /// The operating system has no random bytes.
    #[error("the system provides no random numbers")]
    NoRandomness,
}

/// The purpose of a key. No key has two purposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A node's TLS, for dialling and being dialled.
    NodeTls,
    /// A person's or program's TLS, for dialling only.
    PersonTls,
    /// Signing statements.
    Signing,
}

/// A certificate and its new key.
pub struct IssuedCertificate {
    /// The chain, end certificate first.
    pub certificate_pem: String,
    /// The key, PKCS #8.
    pub key_pem: Zeroizing<String>,
    /// The serial number, for [`DevCa::revocation_list`].
    pub serial: Vec<u8>,
    /// The end of its validity.
    pub not_after: Time,
}

/// What a revocation list states about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListFacts {
    /// Its number.
    pub number: u64,
    /// Until when it is valid.
    pub next_update: Time,
}

/// A root that issues end certificates itself.
pub struct DevCa {
    domain: TrustDomain,
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl DevCa {
    /// Creates a CA that is valid for ten years.
    ///
    /// # Errors
    /// [`CaError`], if the key or the certificate can't be made.
    pub fn create(domain: &TrustDomain, now: Time) -> Result<Self, CaError> {
        let mut params = parameters(now, CA_DAYS)?;
        // Two CAs of one organisation must have different names. Otherwise the list of one would be taken for the list of the other.
        let serial = params.serial_number.as_ref().map(SerialNumber::to_bytes).unwrap_or_default();
        let mark = hex::encode(serial.get(..4).unwrap_or_default());
        params.distinguished_name = name(&format!("{domain} development CA {mark}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.self_signed(&key)?.der().clone();
        Ok(Self { domain: domain.clone(), certificate, issuer: Issuer::new(params, key) })
    }

    /// Loads the CA from which [`Self::certificate_pem`] and [`Self::key_pem`] were taken.
    ///
    /// # Errors
    /// [`CaError::Unusable`], also if the key belongs to another certificate.
    pub fn load(domain: &TrustDomain, certificate_pem: &str, key_pem: &str) -> Result<Self, CaError> {
        let unusable = |fault: Fault| CaError::Unusable(fault.to_string());
        let certificate = CertificateDer::from_pem_slice(certificate_pem.as_bytes())
            .map_err(|_| CaError::Unusable("the certificate is not a PEM text".to_owned()))?;
        TrustBundle::new(domain.clone(), vec![certificate.clone()]).map_err(unusable)?;
        let key = KeyPair::from_pem(key_pem)?;
        let parsed = super::certificate::parse(&certificate).map_err(unusable)?;
        if parsed.public_key().subject_public_key.data.as_ref() != key.public_key_raw() {
            return Err(CaError::Unusable("the key does not belong to the certificate".to_owned()));
        }
        let issuer = Issuer::from_ca_cert_der(&certificate, key)?;
        Ok(Self { domain: domain.clone(), certificate, issuer })
    }

    /// The root.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The root as PEM.
    pub fn certificate_pem(&self) -> String {
        to_pem("CERTIFICATE", &self.certificate)
    }

    /// The root's key, PKCS #8.
    pub fn key_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.issuer.key().serialize_pem())
    }

    /// Issues a certificate with a new key, for `days`. Somebody who needs TLS and signing gets two, with the same id.
    ///
    /// # Errors
    /// [`CaError`], if the id is of another domain or the certificate can't be made.
    pub fn issue(&self, id: &SpiffeId, purpose: Purpose, now: Time, days: u32) -> Result<IssuedCertificate, CaError> {
        let mut params = self.leaf_parameters(id, purpose, now)?;
        params.not_after = date_time_ymd(1970, 1, 1) + since_1970(now.plus_seconds(i64::from(days) * 86_400));
        let key = match purpose {
            Purpose::Signing => ed25519()?,
            Purpose::NodeTls | Purpose::PersonTls => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?,
        };
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(IssuedCertificate {
            certificate_pem: to_pem("CERTIFICATE", certificate.der()),
            key_pem: Zeroizing::new(key.serialize_pem()),
            serial: params.serial_number.map(|serial| serial.to_bytes()).unwrap_or_default(),
            not_after: now.plus_seconds(i64::from(days) * 86_400),
        })
    }

    /// The fields of an end certificate, except for its end.
    fn leaf_parameters(&self, id: &SpiffeId, purpose: Purpose, now: Time) -> Result<CertificateParams, CaError> {
        if *id.domain() != self.domain {
            return Err(CaError::ForeignId { ca: self.domain.clone(), id: id.clone() });
        }
        let mut params = parameters(now, 1)?;
        params.distinguished_name = name(id.name());
        params.subject_alt_names = vec![SanType::URI(id.to_string().try_into()?)];
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = match purpose {
            Purpose::NodeTls => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
            Purpose::PersonTls => vec![ExtendedKeyUsagePurpose::ClientAuth],
            Purpose::Signing => vec![ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36])],
        };
        Ok(params)
    }

    /// Whether this CA has signed that certificate.
    pub fn has_issued(&self, der: &[u8]) -> bool {
        let issuer = super::certificate::parse(&self.certificate);
        let (Ok(issuer), Ok(certificate)) = (issuer, super::certificate::parse(der)) else { return false };
        let signature = &certificate.signature_value.data;
        certificate.issuer().as_raw() == issuer.subject().as_raw()
            && chain::signed_by(&self.certificate, certificate.tbs_certificate.as_ref(), signature)
    }

    /// Issues a new certificate (PEM) with the key, the id and the purpose of one that this CA has issued.
    ///
    /// # Errors
    /// [`CaError`], if the certificate can't be read or made.
    pub fn reissue(&self, der: &[u8], now: Time, until: Time) -> Result<String, CaError> {
        let unusable = |fault: Fault| CaError::Unusable(fault.to_string());
        let leaf = Leaf::parse(der).map_err(unusable)?;
        let purpose = match leaf.usages.as_slice() {
            [usage] if usage == CLIENT_AUTH => Purpose::PersonTls,
            [usage] if usage == DOCUMENT_SIGNING => Purpose::Signing,
            _ => Purpose::NodeTls,
        };
        let mut params = self.leaf_parameters(&leaf.id, purpose, now)?;
        params.not_after = date_time_ymd(1970, 1, 1) + since_1970(until);
        let certificate = super::certificate::parse(der).map_err(unusable)?;
        let key = SubjectPublicKeyInfo::from_der(certificate.public_key().raw)?;
        Ok(to_pem("CERTIFICATE", params.signed_by(&key, &self.issuer)?.der()))
    }

    /// The number and next update of a list (DER), if this CA has signed it.
    pub fn list_facts(&self, der: &[u8]) -> Option<ListFacts> {
        let (_, list) = CertificateRevocationList::from_der(der).ok()?;
        let issuer = super::certificate::parse(&self.certificate).ok()?;
        let is_own = list.issuer().as_raw() == issuer.subject().as_raw()
            && chain::signed_by(&self.certificate, list.tbs_cert_list.as_ref(), &list.signature_value.data);
        let next_update = Time::from_seconds_clamped(list.next_update()?.timestamp());
        let number = u64::try_from(list.crl_number()?).unwrap_or(u64::MAX);
        is_own.then_some(ListFacts { number, next_update })
    }

    /// The revocation list with that number (DER), valid for `days`. It names all certificates that were ever revoked.
    ///
    /// # Errors
    /// [`CaError`], if the list can't be signed.
    pub fn revocation_list(
        &self,
        number: u64,
        revoked: &[(Vec<u8>, Revocation)],
        now: Time,
        days: u32,
    ) -> Result<Vec<u8>, CaError> {
        self.revocation_list_until(number, revoked, now, now.plus_seconds(i64::from(days) * 86_400))
    }

    /// The same, valid until a given time.
    ///
    /// # Errors
    /// [`CaError`], if the list can't be signed.
    pub fn revocation_list_until(
        &self,
        number: u64,
        revoked: &[(Vec<u8>, Revocation)],
        now: Time,
        until: Time,
    ) -> Result<Vec<u8>, CaError> {
        let epoch = date_time_ymd(1970, 1, 1);
        let entry = |(serial, revocation): &(Vec<u8>, Revocation)| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: epoch + since_1970(revocation.at),
            reason_code: None,
            invalidity_date: revocation.invalid_since.map(|t| epoch + since_1970(t)),
        };
        let params = CertificateRevocationListParams {
            this_update: epoch + since_1970(now),
            next_update: epoch + since_1970(until),
            crl_number: number.into(),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(params.signed_by(&self.issuer)?.der().as_ref().to_vec())
    }
}

fn parameters(now: Time, days: u32) -> Result<CertificateParams, CaError> {
    let epoch = date_time_ymd(1970, 1, 1);
    let mut params = CertificateParams::default();
    params.serial_number = Some(serial()?);
    params.not_before = epoch + since_1970(now.plus_seconds(-SKEW_SECONDS));
    params.not_after = epoch + since_1970(now.plus_seconds(i64::from(days) * 86_400));
    Ok(params)
}

/// A fresh key in a form that other tools can read. The library's own form is different.
fn ed25519() -> Result<KeyPair, CaError> {
    let pkcs8 = RawKey::generate().map_err(|_| CaError::NoRandomness)?;
    Ok(KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(pkcs8.as_slice()), &PKCS_ED25519)?)
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

/// 16 random bytes, positive and without a leading zero, as DER requires.
fn serial() -> Result<SerialNumber, CaError> {
    let mut bytes = [0; 16];
    chain::provider().secure_random.fill(&mut bytes).map_err(|_| CaError::NoRandomness)?;
    let [first, ..] = &mut bytes;
    *first = *first & 0x7f | 0x40;
    Ok(SerialNumber::from_slice(&bytes))
}

/// The duration since 1970, up to the year 9000. The caller adds it to [`date_time_ymd`], because the calendar's type can't be named here.
fn since_1970(time: Time) -> Duration {
    Duration::from_secs(u64::try_from(time.parts().0).unwrap_or_default().min(221_845_392_000))
}
