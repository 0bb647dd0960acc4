//! A partner whose certificates are issued by a CA below its root.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType,
};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use watchfire::{
    domain::time::Clock,
    identity::devca::{DevCa, IssuedCertificate},
    telemetry::SystemClock,
};
use zeroize::Zeroizing;

use crate::{
    hostile_kit::Rogue,
    kit::{Org, until},
};

const DOMAIN: &str = "fr.example";

/// A CA's certificate, and its key.
struct Ca {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Ca {
    fn root() -> (Self, DevCa) {
        let key = KeyPair::generate().unwrap();
        let pem = params("root").self_signed(&key).unwrap().pem();
        let known = DevCa::load(&DOMAIN.parse().unwrap(), &pem, &key.serialize_pem()).unwrap();
        (Self { pem, issuer: Issuer::new(params("root"), key) }, known)
    }

    fn below(&self, name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let pem = params(name).signed_by(&key, &self.issuer).unwrap().pem();
        Self { pem, issuer: Issuer::new(params(name), key) }
    }

    fn der(&self) -> Vec<u8> {
        CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap().to_vec()
    }

    fn node(&self, serial: u64) -> IssuedCertificate {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::URI(format!("spiffe://{DOMAIN}/node/n1").try_into().unwrap())];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        params.serial_number = Some(serial.into());
        let now = std::time::SystemTime::now();
        (params.not_before, params.not_after) = (now.into(), (now + std::time::Duration::from_secs(86_400)).into());
        let key = KeyPair::generate().unwrap();
        let leaf = params.signed_by(&key, &self.issuer).unwrap().pem();
        IssuedCertificate {
            certificate_pem: format!("{leaf}{}", self.pem),
            key_pem: Zeroizing::new(key.serialize_pem()),
            serial: serial.to_be_bytes().to_vec(),
            not_after: SystemClock.now().plus_seconds(86_400),
        }
    }

    fn list(&self, number: u64, revoked: &[u64]) -> Vec<u8> {
        let now = std::time::SystemTime::now();
        let entry = |serial: &u64| RevokedCertParams {
            serial_number: (*serial).into(),
            revocation_time: now.into(),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: now.into(),
            next_update: (now + std::time::Duration::from_secs(86_400)).into(),
            crl_number: number.into(),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().der().to_vec()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_several_issuing_cas_count_each_for_what_it_has_issued() {
    let gb = Org::found("gb.example", "state", Some("GB")).await;
    let (root, known) = Ca::root();
    let (first, second) = (root.below("issuing 1"), root.below("issuing 2"));
    let mut fr = Rogue { ca: known, ..Rogue::new(DOMAIN) };
    fr.node = crate::hostile_kit::signing_key(&fr.issue("node/n1", watchfire::identity::devca::Purpose::Signing));
    fr.tls = first.node(7);
    fr.get_accepted(&gb, "127.0.0.1:1").await;
    let hand_over = async |fr: &Rogue, ca: &Ca, number: u8, revoked: &[u64]| {
        fr.hand_over_by(&gb, (&ca.der(), vec![ca.der()]), number, &ca.list(number.into(), revoked)).await
    };
    assert!(hand_over(&fr, &first, 1, &[]).await.unwrap());
    // The second CA appears. Its list is separate, and does not concern the certificates of the first CA.
    assert!(hand_over(&fr, &second, 1, &[7]).await.unwrap());
    assert!(!hand_over(&fr, &first, 1, &[]).await.unwrap(), "it was admitted, and nothing new arrived");
    let mut by_second = Rogue {
        ca: DevCa::load(&DOMAIN.parse().unwrap(), &fr.ca.certificate_pem(), &fr.ca.key_pem()).unwrap(),
        ..Rogue::new(DOMAIN)
    };
    by_second.tls = second.node(7);
    until("who was revoked is out", async || hand_over(&by_second, &second, 2, &[]).await.is_err().then_some(())).await;
    // This ends the connection over which it arrives.
    drop(hand_over(&fr, &first, 2, &[7]).await);
    until("its own CA's list counts", async || hand_over(&fr, &first, 3, &[]).await.is_err().then_some(())).await;
}
