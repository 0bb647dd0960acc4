//! When a signature counts: each case of `times.json` over real certificates and a real revocation list.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose as Usage,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};
use serde::Deserialize;
use watchfire::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
        partner::PartnerState,
        statement::Suite,
        time::Time,
    },
    identity::{
        bundle::TrustBundle,
        crl::{Crl, Revocation},
        devca::DevCa,
        signers::Accept,
        trust::{KnownOrganisation, Trust},
    },
    seal::chains::{Signer, VerificationTime},
};

use crate::{
    files::vectors,
    organisations::{issuer, now, signer_by},
};

#[derive(Deserialize)]
struct Vector {
    name: String,
    chain: Vec<Certificate>,
    now: Time,
    arrived: Time,
    stated: Option<Stated>,
    verdict: String,
}

#[derive(Deserialize)]
struct Certificate {
    from: Time,
    until: Time,
    revoked: Option<Revoked>,
}

#[derive(Deserialize)]
struct Revoked {
    at: Time,
    since: Option<Time>,
}

#[derive(Deserialize)]
struct Stated {
    logged: Time,
    by: String,
}

/// `fr.example` signs, and `hub.example` passes on.
struct Organisations {
    fr: TrustDomain,
    hub: TrustDomain,
    trust: Trust,
}

/// Seconds since the beginning of 1970.
fn since_1970(time: Time) -> Duration {
    Duration::from_secs(u64::try_from(time.parts().0).unwrap())
}

fn bend(params: &mut CertificateParams, certificate: &Certificate, serial: &[u8]) {
    let epoch = date_time_ymd(1970, 1, 1);
    params.not_before = epoch + since_1970(certificate.from);
    params.not_after = epoch + since_1970(certificate.until);
    params.serial_number = Some(SerialNumber::from_slice(serial));
}

/// The certificate of a CA, below the root or the root itself.
fn of_a_ca(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn root(domain: &TrustDomain) -> DevCa {
    let key = KeyPair::generate().unwrap();
    let certificate = of_a_ca("root").self_signed(&key).unwrap();
    DevCa::load(domain, &certificate.pem(), &key.serialize_pem()).unwrap()
}

/// A CA below the root: its certificate and its key.
fn middle(root: &DevCa, certificate: &Certificate, serial: &[u8]) -> (Vec<u8>, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate().unwrap();
    let mut params = of_a_ca(&format!("middle {}", hex::encode(serial)));
    bend(&mut params, certificate, serial);
    let der = params.signed_by(&key, &issuer(root)).unwrap().der().to_vec();
    (der, Issuer::new(params, key))
}

/// A list of that CA with one entry.
fn list(of: &Issuer<'_, KeyPair>, serial: &[u8], revoked: &Revocation, at: Time) -> Vec<u8> {
    let epoch = date_time_ymd(1970, 1, 1);
    let entry = RevokedCertParams {
        serial_number: SerialNumber::from_slice(serial),
        revocation_time: epoch + since_1970(revoked.at),
        reason_code: None,
        invalidity_date: revoked.invalid_since.map(|t| epoch + since_1970(t)),
    };
    let params = CertificateRevocationListParams {
        this_update: epoch + since_1970(at),
        next_update: epoch + since_1970(at.plus_seconds(86_400)),
        crl_number: 1u64.into(),
        issuing_distribution_point: None,
        revoked_certs: vec![entry],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(of).unwrap().der().to_vec()
}

/// What an organisation shows: its chains, in the order of the vectors, and the lists of its CAs.
struct Pki {
    root: DevCa,
    bundle: TrustBundle,
    chains: Vec<Vec<Vec<u8>>>,
    crls: Vec<Crl>,
    revoked_by_root: Vec<(Vec<u8>, Revocation)>,
}

fn revocation(certificate: &Certificate) -> Option<Revocation> {
    certificate.revoked.as_ref().map(|r| Revocation { at: r.at, invalid_since: r.since })
}

impl Pki {
    fn issue(&mut self, domain: &TrustDomain, place: u32, chain: &[Certificate]) {
        let serial = |of: u8| [&[0x50 + of], &place.to_be_bytes()[..]].concat();
        let [leaf, above @ ..] = chain else { panic!("a chain has a certificate") };
        let below = above.first().map(|ca| middle(&self.root, ca, &serial(1)));
        let root = issuer(&self.root);
        let by = below.as_ref().map_or(&root, |(_, by)| by);
        let key = signer_by(by, &format!("spiffe://{domain}/node/n{place}"), Suite::Ed25519, |params| {
            bend(params, leaf, &serial(0));
            params.extended_key_usages = vec![Usage::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36])];
        });
        let mut shown = key.chain().to_vec();
        shown.extend(below.as_ref().map(|(der, _)| der.clone()));
        let revoked_above = above.iter().filter_map(revocation).map(|r| (serial(1), r));
        self.revoked_by_root.extend(revoked_above);
        match revocation(leaf) {
            Some(revoked) if above.is_empty() => self.revoked_by_root.push((serial(0), revoked)),
            Some(revoked) => {
                let list = list(by, &serial(0), &revoked, leaf.from);
                self.crls.push(Crl::verify(&list, &self.bundle, &shown, leaf.from).unwrap());
            }
            None => {}
        }
        self.chains.push(shown);
    }

    fn member(mut self) -> (Vec<Vec<Vec<u8>>>, KnownOrganisation) {
        let list = self.root.revocation_list(1, &self.revoked_by_root, now(), 1).unwrap();
        self.crls.push(Crl::verify(&list, &self.bundle, &[], now()).unwrap());
        (self.chains, KnownOrganisation { bundle: self.bundle, crls: self.crls, state: PartnerState::Active })
    }
}

/// A chain for each vector, and the trust with the revocation lists over all of them.
fn world(vectors: &[Vector]) -> (Vec<Vec<Vec<u8>>>, Organisations) {
    let (gb, fr) = ("gb.example".parse().unwrap(), "fr.example".parse().unwrap());
    let pki = |domain: &TrustDomain| {
        let root = root(domain);
        let bundle = TrustBundle::new(domain.clone(), vec![root.certificate().clone()]).unwrap();
        Pki { root, bundle, chains: vec![], crls: vec![], revoked_by_root: vec![] }
    };
    let mut partner = pki(&fr);
    for (vector, place) in vectors.iter().zip(1..) {
        partner.issue(&fr, place, &vector.chain);
    }
    let ((_, own), (chains, member)) = (pki(&gb).member(), partner.member());
    let trust = Trust::new(own, vec![member], vec![]).unwrap();
    (chains, Organisations { fr, hub: "hub.example".parse().unwrap(), trust })
}

fn when<'a>(vector: &Vector, all: &'a Organisations) -> VerificationTime<'a> {
    let when = VerificationTime { now: vector.now, arrived: vector.arrived, stated: None };
    match &vector.stated {
        None => when,
        Some(Stated { logged, by }) if by == "own" => when.stated(*logged, &all.fr),
        Some(Stated { logged, by }) if by == "hub" => when.stated(*logged, &all.hub),
        Some(Stated { by, .. }) => panic!("{}: who is {by}?", vector.name),
    }
}

fn verdict(judged: Result<Signer, Fault>, hub: &TrustDomain) -> String {
    match judged {
        Ok(Signer { on_word_of: None, .. }) => "counts".to_owned(),
        Ok(Signer { on_word_of: Some(word), .. }) => {
            assert_eq!(word, *hub);
            "on-word-of-hub".to_owned()
        }
        Err(fault) if fault.reason == Reason::CertificateRevoked => "revoked".to_owned(),
        Err(fault) if fault.message.contains("ended on") => "expired".to_owned(),
        Err(fault) if fault.message.contains("not valid yet") => "not-yet-valid".to_owned(),
        Err(fault) => format!("{}: {}", fault.reason, fault.message),
    }
}

#[test]
fn every_signature_counts_as_the_vectors_say() {
    let all = vectors::<Vector>("times.json");
    let (chains, organisations) = world(&all);
    let mut wrong = vec![];
    // The second time it comes from the cache of proved chains.
    for turn in 1..=2 {
        for (vector, chain) in all.iter().zip(&chains) {
            let when = when(vector, &organisations);
            let told = verdict(organisations.trust.judge_signer(chain, &when, Accept::Active), &organisations.hub);
            if told != vector.verdict {
                wrong.push(format!("{}: {told} where {} belongs, turn {turn}", vector.name, vector.verdict));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_vectors_have_every_verdict_and_both_sides_of_each() {
    let all = vectors::<Vector>("times.json");
    for verdict in ["counts", "expired", "not-yet-valid", "revoked", "on-word-of-hub"] {
        let count = all.iter().filter(|v| v.verdict == verdict).count();
        assert!(count >= 10, "{count} cases are {verdict}");
    }
    let saved = all.iter().filter(|v| {
        let revoked = v.chain.iter().any(|c| c.revoked.as_ref().is_some_and(|r| r.at <= v.now));
        revoked && v.stated.is_some() && v.verdict == "counts"
    });
    assert!(saved.count() >= 10, "a statement by the signer's own organisation must save from revocation");
}
