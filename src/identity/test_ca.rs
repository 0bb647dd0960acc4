//! A CA for unit tests: roots, issuing CAs, end certificates and revocation lists, which a test can modify.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CrlIssuingDistributionPoint, CrlScope, DnType, ExtendedKeyUsagePurpose as Eku, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};

use super::bundle::TrustBundle;
use crate::domain::time::Time;

/// A time at which the lists of these CAs are current.
pub fn now() -> Time {
    "2026-05-01T00:00:00Z".parse().unwrap()
}

/// A CA: its certificate, and the key with which it issues.
pub struct Ca {
    pub der: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    fn params(name: &str) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2030, 1, 1);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
    }

    pub fn root(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let der = Self::params(name).self_signed(&key).unwrap().der().to_vec();
        Self { der, issuer: Issuer::new(Self::params(name), key) }
    }

    pub fn below(&self, name: &str, serial: u64) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = Self::params(name);
        params.serial_number = Some(serial.into());
        let der = params.signed_by(&key, &self.issuer).unwrap().der().to_vec();
        Self { der, issuer: Issuer::new(Self::params(name), key) }
    }

    pub fn issue(&self, id: &str, serial: u64, bend: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2027, 1, 1);
        params.serial_number = Some(SerialNumber::from(serial));
        params.subject_alt_names = vec![SanType::URI(id.try_into().unwrap())];
        params.extended_key_usages = vec![Eku::ServerAuth, Eku::ClientAuth];
        bend(&mut params);
        params.signed_by(&KeyPair::generate().unwrap(), &self.issuer).unwrap().der().to_vec()
    }

    pub fn list_of(&self, number: u64, revoked: &[u64], scope: Option<CrlIssuingDistributionPoint>) -> Vec<u8> {
        let entry = |serial: &u64| RevokedCertParams {
            serial_number: (*serial).into(),
            revocation_time: date_time_ymd(2026, 4, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 4, 30),
            next_update: date_time_ymd(2026, 5, 30),
            crl_number: number.into(),
            issuing_distribution_point: scope,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().der().to_vec()
    }

    /// A list that covers only end certificates that name this distribution point.
    pub fn list_of_part(&self, number: u64, name: &str) -> Vec<u8> {
        let distribution_point = CrlDistributionPoint { uris: vec![format!("http://x/{name}")] };
        self.list_of(
            number,
            &[],
            Some(CrlIssuingDistributionPoint { distribution_point, scope: Some(CrlScope::UserCertsOnly) }),
        )
    }

    pub fn list(&self, number: u64, revoked: &[u64]) -> Vec<u8> {
        self.list_of(number, revoked, None)
    }
}

pub fn bundle(domain: &str, roots: &[&Ca]) -> TrustBundle {
    let roots = roots.iter().map(|ca| ca.der.clone().into()).collect();
    TrustBundle::new(domain.parse().unwrap(), roots).unwrap()
}
