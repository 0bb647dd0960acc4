//! Organisations with a CA each, and signers of every suite and role.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rcgen::{
    CertificateParams, ExtendedKeyUsagePurpose as Usage, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SanType, date_time_ymd,
};
use watchfire::{
    domain::{
        statement::{StatementKind, Suite},
        time::Time,
    },
    identity::{
        bundle::TrustBundle,
        certificate::Leaf,
        devca::DevCa,
        signers::{Accept, Identities},
        trust::{KnownOrganisation, Trust},
    },
    seal::sign::SigningKey,
    wire,
};
use zeroize::Zeroizing;

/// The time at which everything here happens.
pub fn now() -> Time {
    "2026-05-01T09:30:00Z".parse().unwrap()
}

/// `gb.example` is this node's organisation and `fr.example` its partner. `ml.example` is unknown here.
pub struct World {
    pub gb: DevCa,
    pub fr: DevCa,
    pub ml: DevCa,
    pub chains: Identities,
}

pub fn world() -> World {
    let ca = |domain: &str| DevCa::create(&domain.parse().unwrap(), now()).unwrap();
    let (gb, fr, ml) = (ca("gb.example"), ca("fr.example"), ca("ml.example"));
    let member = |ca: &DevCa, domain: &str| KnownOrganisation {
        bundle: TrustBundle::new(domain.parse().unwrap(), vec![ca.certificate().clone()]).unwrap(),
        crls: vec![],
        state: watchfire::domain::partner::PartnerState::Active,
    };
    let trust = Trust::new(member(&gb, "gb.example"), vec![member(&fr, "fr.example")], vec![]).unwrap();
    let chains = Identities::new(Arc::new(ArcSwap::from_pointee(trust)), Accept::Active);
    World { gb, fr, ml, chains }
}

/// A signer whose certificate has this id.
pub fn signer(ca: &DevCa, id: &str, suite: Suite) -> SigningKey {
    let usages = vec![Usage::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36])];
    signer_with(ca, id, suite, |params| params.extended_key_usages = usages)
}

/// The CA, for signing certificates of any form.
pub fn issuer(ca: &DevCa) -> Issuer<'static, KeyPair> {
    Issuer::from_ca_cert_pem(&ca.certificate_pem(), KeyPair::from_pem(&ca.key_pem()).unwrap()).unwrap()
}

/// A signer whose certificate was changed by `bend`.
pub fn signer_with(ca: &DevCa, id: &str, suite: Suite, bend: impl FnOnce(&mut CertificateParams)) -> SigningKey {
    signer_by(&issuer(ca), id, suite, bend)
}

/// The same, with a certificate by any issuer.
pub fn signer_by(
    issuer: &Issuer<'_, KeyPair>,
    id: &str,
    suite: Suite,
    bend: impl FnOnce(&mut CertificateParams),
) -> SigningKey {
    let algorithm = match suite {
        Suite::Ed25519 => &PKCS_ED25519,
        Suite::EcdsaP256Sha256 => &PKCS_ECDSA_P256_SHA256,
        Suite::EcdsaP384Sha384 => &PKCS_ECDSA_P384_SHA384,
    };
    let key = KeyPair::generate_for(algorithm).unwrap();
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    params.subject_alt_names = vec![SanType::URI(id.try_into().unwrap())];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    bend(&mut params);
    let certificate = params.signed_by(&key, issuer).unwrap().der().to_vec();
    let Leaf { public_key, id, .. } = Leaf::parse(&certificate).unwrap();
    SigningKey::new(&Zeroizing::new(key.serialize_der()), vec![certificate], &public_key, id).unwrap()
}

/// The same content, with the key's owner as its speaker.
pub fn said_by(key: &SigningKey, kind: StatementKind, payload: &[u8]) -> Vec<u8> {
    if kind == StatementKind::Agreement {
        return payload.to_vec();
    }
    let end = wire::speaker::spoken_by(&wire::speaker::decode(payload).unwrap(), vec![]);
    key.payload(payload.strip_suffix(&end[..]).unwrap().to_vec())
}
