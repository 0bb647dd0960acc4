use std::sync::Arc;

use arc_swap::ArcSwap;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose as Eku, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ED25519, SanType, date_time_ymd,
};

use super::*;
use crate::{
    domain::statement::Suite,
    identity::{
        crl::Revocation,
        devca::{DevCa, Purpose},
        files::certificates,
        signers::{Accept, Identities},
    },
    seal::chains::{Chains, VerificationTime},
};

const DAY: i64 = 86_400;

fn now() -> Time {
    "2026-05-01T00:00:00Z".parse().unwrap()
}

fn ca(domain: &str) -> DevCa {
    DevCa::create(&domain.parse().unwrap(), now()).unwrap()
}

fn bundle(ca: &DevCa, domain: &str) -> TrustBundle {
    TrustBundle::new(domain.parse().unwrap(), vec![ca.certificate().clone()]).unwrap()
}

fn member(ca: &DevCa, domain: &str) -> KnownOrganisation {
    KnownOrganisation {
        bundle: bundle(ca, domain),
        crls: Vec::new(),
        state: crate::domain::partner::PartnerState::Active,
    }
}

fn issue(ca: &DevCa, id: &str, purpose: Purpose) -> (Vec<Vec<u8>>, Vec<u8>) {
    let issued = ca.issue(&id.parse().unwrap(), purpose, now(), 365).unwrap();
    let chain = certificates(issued.certificate_pem.as_bytes()).unwrap();
    (chain.into_iter().map(|der| der.to_vec()).collect(), issued.serial)
}

fn rcgen_issuer(ca: &DevCa) -> Issuer<'static, KeyPair> {
    Issuer::from_ca_cert_pem(&ca.certificate_pem(), KeyPair::from_pem(&ca.key_pem()).unwrap()).unwrap()
}

/// A certificate of the CA, changed by `bend`. By default it is a node's for TLS.
fn bent(issuer: &Issuer<'_, KeyPair>, id: &str, bend: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    params.subject_alt_names = vec![SanType::URI(id.try_into().unwrap())];
    params.extended_key_usages = vec![Eku::ServerAuth, Eku::ClientAuth];
    bend(&mut params);
    params.signed_by(&KeyPair::generate_for(&PKCS_ED25519).unwrap(), issuer).unwrap().der().to_vec()
}

fn peer_at(trust: &Trust, chain: &[Vec<u8>], audience: &AdmittedPeers, at: Time) -> Result<TlsPeer, Fault> {
    let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    trust.tls_peer(&chain, TlsUsage::Client, audience, at)
}

fn peer(trust: &Trust, chain: &[Vec<u8>]) -> Result<TlsPeer, Fault> {
    peer_at(trust, chain, &AdmittedPeers::Partners, now())
}

fn trust(own: &DevCa, partners: Vec<KnownOrganisation>) -> Trust {
    Trust::new(member(own, "gb.example"), partners, Vec::new()).unwrap()
}

#[test]
fn a_partners_node_is_known_by_its_spiffe_id() {
    let (gb, fr) = (ca("gb.example"), ca("fr.example"));
    let trust = trust(&gb, vec![member(&fr, "fr.example")]);
    let (chain, _) = issue(&fr, "spiffe://fr.example/node/n1", Purpose::NodeTls);
    let peer = peer(&trust, &chain).unwrap();
    assert_eq!(peer.id.to_string(), "spiffe://fr.example/node/n1");
    assert_eq!(peer.not_after, now().plus_seconds(365 * DAY));
    assert!(!peer.revocation_known);
}

#[test]
fn a_partners_ca_cannot_mint_another_partners_name() {
    let (gb, fr, de) = (ca("gb.example"), ca("fr.example"), ca("de.example"));
    let trust = trust(&gb, vec![member(&fr, "fr.example"), member(&de, "de.example")]);
    for id in ["spiffe://de.example/node/n1", "spiffe://gb.example/node/n1"] {
        let forged = vec![bent(&rcgen_issuer(&fr), id, |_| {})];
        for audience in
            [AdmittedPeers::Partners, AdmittedPeers::Own, AdmittedPeers::NodeOf("de.example".parse().unwrap())]
        {
            let fault = peer_at(&trust, &forged, &audience, now()).unwrap_err();
            assert!(matches!(fault.reason, Reason::ChainInvalid | Reason::WrongDomain), "{fault}");
        }
        let signing = vec![bent(&rcgen_issuer(&fr), id, |p| {
            p.extended_key_usages = vec![Eku::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36])];
        })];
        assert_eq!(trust.prove_signer(&signing, now(), Accept::Held).unwrap_err().reason, Reason::ChainInvalid);
    }
}

#[test]
fn whoever_mints_a_partners_name_hears_nothing_of_times() {
    let (gb, fr, thief) = (ca("gb.example"), ca("fr.example"), ca("fr.example"));
    let trust = trust(&gb, vec![member(&fr, "fr.example")]);
    let id = "spiffe://fr.example/node/n1";
    let ended = |p: &mut CertificateParams| p.not_after = date_time_ymd(2026, 4, 1);
    let too_early = |p: &mut CertificateParams| p.not_before = date_time_ymd(2026, 6, 1);
    let bends: [&dyn Fn(&mut CertificateParams); 2] = [&ended, &too_early];
    let of = |ca: &DevCa, bend: &dyn Fn(&mut CertificateParams)| {
        peer(&trust, &[bent(&rcgen_issuer(ca), id, |p| bend(p))]).unwrap_err()
    };
    let plain = of(&thief, &|_| {});
    for bend in bends {
        assert_eq!(of(&thief, bend), plain);
        assert_ne!(of(&fr, bend), plain);
    }
}

#[test]
fn an_organisation_that_is_unknown_or_suspended_is_no_partner_in_the_same_words() {
    let (gb, fr) = (ca("gb.example"), ca("fr.example"));
    let (chain, _) = issue(&fr, "spiffe://fr.example/node/n1", Purpose::NodeTls);
    let unknown = peer(&trust(&gb, Vec::new()), &chain).unwrap_err();
    let suspended =
        KnownOrganisation { state: crate::domain::partner::PartnerState::Suspended, ..member(&fr, "fr.example") };
    assert_eq!(peer(&trust(&gb, vec![suspended]), &chain).unwrap_err(), unknown);
    assert_eq!(unknown.reason, Reason::NotAPartner);
}

#[test]
fn each_listener_admits_its_own_audience_only() {
    let (gb, fr) = (ca("gb.example"), ca("fr.example"));
    let trust = trust(&gb, vec![member(&fr, "fr.example")]);
    let fr_domain = || AdmittedPeers::NodeOf("fr.example".parse().unwrap());
    for (ca, id, audience, admitted) in [
        (&fr, "spiffe://fr.example/node/n1", AdmittedPeers::Partners, true),
        (&fr, "spiffe://fr.example/analyst/a", AdmittedPeers::Partners, false),
        (&gb, "spiffe://gb.example/node/n1", AdmittedPeers::Partners, false),
        (&gb, "spiffe://gb.example/analyst/a", AdmittedPeers::Own, true),
        (&gb, "spiffe://gb.example/node/n1", AdmittedPeers::Own, true),
        (&fr, "spiffe://fr.example/node/n1", AdmittedPeers::Own, false),
        (&fr, "spiffe://fr.example/node/n1", fr_domain(), true),
        (&fr, "spiffe://fr.example/service/desk", fr_domain(), false),
        (&gb, "spiffe://gb.example/node/n1", fr_domain(), false),
    ] {
        let (chain, _) = issue(ca, id, Purpose::NodeTls);
        let answer = peer_at(&trust, &chain, &audience, now());
        assert_eq!(answer.is_ok(), admitted, "{id} {audience:?}");
    }
}

#[test]
fn a_certificate_that_is_not_what_it_should_be_is_refused_for_what_it_is() {
    let (gb, fr) = (ca("gb.example"), ca("fr.example"));
    let trust = trust(&gb, vec![member(&fr, "fr.example")]);
    let issuer = rcgen_issuer(&fr);
    let id = "spiffe://fr.example/node/n1";
    let uri = |text: &str| SanType::URI(text.try_into().unwrap());
    let signing = || Eku::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36]);
    type Bend<'a> = Box<dyn FnOnce(&mut CertificateParams) + 'a>;
    let cases: Vec<(&str, Bend)> = vec![
        ("ended on", Box::new(|p| p.not_after = date_time_ymd(2026, 4, 1))),
        ("not valid yet", Box::new(|p| p.not_before = date_time_ymd(2026, 6, 1))),
        ("lacks the extended key usage 1.3.6.1.5.5.7.3.2", Box::new(|p| p.extended_key_usages.clear())),
        ("lacks the extended key usage", Box::new(|p| p.extended_key_usages = vec![Eku::ServerAuth])),
        ("lacks the extended key usage", Box::new(|p| p.extended_key_usages = vec![Eku::Any])),
        ("lacks the extended key usage", Box::new(|p| p.extended_key_usages = vec![signing()])),
        ("no key does two jobs", Box::new(|p| p.extended_key_usages.push(signing()))),
        ("a CA's certificate", Box::new(|p| p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained))),
        ("lacks digitalSignature", Box::new(|p| p.key_usages = vec![KeyUsagePurpose::KeyAgreement])),
        ("has 2 URI names", Box::new(|p| p.subject_alt_names.push(uri("spiffe://fr.example/node/n2")))),
        ("has 2 URI names", Box::new(|p| p.subject_alt_names.push(uri(id)))),
        ("has 0 URI names", Box::new(|p| p.subject_alt_names.clear())),
        ("is not an identity", Box::new(|p| p.subject_alt_names = vec![uri("https://fr.example/node/n1")])),
        ("is not a role", Box::new(|p| p.subject_alt_names = vec![uri("spiffe://fr.example/king/n1")])),
    ];
    for (words, bend) in cases {
        let fault = peer(&trust, &[bent(&issuer, id, bend)]).unwrap_err();
        assert_eq!(fault.reason, Reason::ChainInvalid, "{words}");
        assert!(fault.message.contains(words), "{fault} should say: {words}");
    }
    let dns = bent(&issuer, id, |p| p.subject_alt_names.push(SanType::DnsName("n1.fr.example".try_into().unwrap())));
    assert!(peer(&trust, &[dns]).is_ok(), "a DNS name next to the SPIFFE id does no harm");
}

#[test]
fn a_chain_beyond_the_limits_is_not_parsed() {
    let (gb, fr) = (ca("gb.example"), ca("fr.example"));
    let trust = trust(&gb, vec![member(&fr, "fr.example")]);
    let (mut chain, _) = issue(&fr, "spiffe://fr.example/node/n1", Purpose::NodeTls);
    chain.extend(vec![fr.certificate().to_vec(); 3]);
    assert!(peer(&trust, &chain).is_ok());
    chain.push(fr.certificate().to_vec());
    assert!(peer(&trust, &chain).unwrap_err().message.contains("5 certificates"));
    chain.truncate(1);
    chain.push(vec![0; 16 << 10]);
    assert!(peer(&trust, &chain).unwrap_err().message.contains("at most"));
    assert!(peer(&trust, &[]).is_err());
    assert!(peer(&trust, &[vec![0x30; 200]]).is_err());
}

#[test]
fn a_revoked_certificate_is_refused_and_a_list_past_its_next_update_limits_the_others() {
    let (gb, fr) = (ca("gb.example"), ca("fr.example"));
    let (chain, serial) = issue(&fr, "spiffe://fr.example/node/n1", Purpose::NodeTls);
    let (other, _) = issue(&fr, "spiffe://fr.example/node/n2", Purpose::NodeTls);
    let revoked = [(serial, Revocation { at: now(), invalid_since: None })];
    let list = fr.revocation_list(2, &revoked, now(), 30).unwrap();
    let list = Crl::verify(&list, &bundle(&fr, "fr.example"), &[], now()).unwrap();
    let trust = trust(&gb, vec![KnownOrganisation { crls: vec![list], ..member(&fr, "fr.example") }]);
    let ask = |chain, at| peer_at(&trust, chain, &AdmittedPeers::Partners, at);
    assert_eq!(ask(&chain, now()).unwrap_err().reason, Reason::CertificateRevoked);
    let peer = ask(&other, now()).unwrap();
    assert!(peer.revocation_known && peer.lapsed.is_none());
    let late = now().plus_seconds(31 * DAY);
    let lapse = ask(&other, late).unwrap().lapsed.unwrap();
    assert_eq!(lapse.next_update, now().plus_seconds(30 * DAY));
    let refusal = lapse.refusal(&"fr.example".parse().unwrap(), &"gb.example".parse().unwrap());
    assert!(refusal.message.contains("past its next update"), "{refusal}");
    assert_eq!(ask(&chain, late).unwrap_err().reason, Reason::CertificateRevoked, "revoked comes first");
}

#[test]
fn a_revocation_list_never_goes_back_and_comes_from_its_own_organisation() {
    let (fr, de) = (ca("fr.example"), ca("de.example"));
    let french = bundle(&fr, "fr.example");
    let list =
        |ca: &DevCa, number, at| Crl::verify(&ca.revocation_list(number, &[], at, 30).unwrap(), &french, &[], now());
    let (first, second) = (list(&fr, 255, now()).unwrap(), list(&fr, 256, now()).unwrap());
    let held = Crl::adopt(&[], first.clone()).unwrap();
    let held = Crl::adopt(&held, second.clone()).unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].der(), second.der());
    assert_eq!(Crl::adopt(&held, first).unwrap_err().reason, Reason::Conflict);
    let twin = list(&fr, 256, now().plus_seconds(1)).unwrap();
    assert_eq!(Crl::adopt(&held, twin).unwrap_err().reason, Reason::Conflict);
    assert!(Crl::adopt(&held, second).is_ok(), "the same list again is no fault");
    assert!(list(&de, 300, now()).unwrap_err().message.contains("not signed by a CA of that organisation"));
    assert!(list(&fr, 300, now().plus_seconds(3600)).unwrap_err().message.contains("future"));
    let mut bytes = fr.revocation_list(300, &[], now(), 30).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    assert!(Crl::verify(&bytes, &french, &[], now()).is_err());
    assert!(Crl::verify(&[0x30, 0], &french, &[], now()).is_err());
}

#[test]
fn an_intermediate_ca_issues_certificates_and_its_own_list() {
    let (gb, root_key) = (ca("gb.example"), KeyPair::generate().unwrap());
    let ca_params = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.not_before = date_time_ymd(2026, 1, 1);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
    };
    let root = ca_params("root").self_signed(&root_key).unwrap().der().clone();
    let root_issuer = Issuer::new(ca_params("root"), root_key);
    let middle_key = KeyPair::generate().unwrap();
    let middle = ca_params("middle").signed_by(&middle_key, &root_issuer).unwrap().der().to_vec();
    let issuer = Issuer::new(ca_params("middle"), middle_key);
    let bundle = TrustBundle::new("fr.example".parse().unwrap(), vec![root]).unwrap();
    let leaf = bent(&issuer, "spiffe://fr.example/node/n1", |p| p.serial_number = Some(7u64.into()));
    let chain = vec![leaf, middle];
    let list = rcgen::CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 4, 30),
        next_update: date_time_ymd(2026, 5, 30),
        crl_number: 1u64.into(),
        issuing_distribution_point: None,
        revoked_certs: vec![rcgen::RevokedCertParams {
            serial_number: 7u64.into(),
            revocation_time: date_time_ymd(2026, 4, 30),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    let list = list.signed_by(&issuer).unwrap().der().to_vec();
    let held = KnownOrganisation {
        bundle: bundle.clone(),
        crls: Vec::new(),
        state: crate::domain::partner::PartnerState::Active,
    };
    let before = Trust::new(member(&gb, "gb.example"), vec![held.clone()], Vec::new()).unwrap();
    assert!(peer(&before, &chain).is_ok());
    assert!(peer(&before, &chain[..1]).is_err(), "without the intermediate there is no path");
    assert!(Crl::verify(&list, &bundle, &[], now()).is_err(), "nobody vouches for the intermediate");
    let crl = Crl::verify(&list, &bundle, &chain, now()).unwrap();
    let after =
        Trust::new(member(&gb, "gb.example"), vec![KnownOrganisation { crls: vec![crl], ..held }], Vec::new()).unwrap();
    assert_eq!(peer(&after, &chain).unwrap_err().reason, Reason::CertificateRevoked);
}

#[test]
fn a_stated_time_saves_from_expiry_and_only_the_own_word_from_revocation() {
    let (gb, fr) = (ca("gb.example"), ca("fr.example"));
    let (chain, serial) = issue(&fr, "spiffe://fr.example/analyst/alice", Purpose::Signing);
    let (fine, _) = issue(&fr, "spiffe://fr.example/analyst/bob", Purpose::Signing);
    let revocation = Revocation { at: now().plus_seconds(10 * DAY), invalid_since: Some(now().plus_seconds(5 * DAY)) };
    let list = fr.revocation_list(1, &[(serial, revocation)], now(), 1).unwrap();
    let list = Crl::verify(&list, &bundle(&fr, "fr.example"), &[], now()).unwrap();
    let trust = trust(&gb, vec![KnownOrganisation { crls: vec![list], ..member(&fr, "fr.example") }]);
    let (own, hub): (TrustDomain, TrustDomain) = ("fr.example".parse().unwrap(), "hub.example".parse().unwrap());
    let day = |days: i64| now().plus_seconds(days * DAY);
    let judge = |chain: &[Vec<u8>], today: i64, stated: Option<(i64, &TrustDomain)>| {
        let when = VerificationTime::from(day(today));
        let stated = stated.map(|(at, by)| when.stated(day(at), by));
        trust.judge_signer(chain, &stated.unwrap_or(when), Accept::Active)
    };
    // Twice: the second time it comes from the cache.
    for _ in 0..2 {
        let signer = judge(&fine, 1, None).unwrap();
        assert_eq!((signer.suite, signer.public_key.len(), signer.on_word_of), (Suite::Ed25519, 32, None));
        assert!(judge(&fine, -1, None).unwrap_err().message.contains("not valid yet"));
        assert!(judge(&fine, 366, None).unwrap_err().message.contains("ended on"));
        // Expired: a statement by its own organisation counts for ever, and one by a hub only for 30 days.
        assert_eq!(judge(&fine, 900, Some((1, &own))).unwrap().on_word_of, None);
        assert_eq!(judge(&fine, 390, Some((1, &hub))).unwrap().on_word_of, None);
        assert_eq!(judge(&fine, 396, Some((1, &hub))).unwrap().on_word_of, Some(hub.clone()));
        // A signature that was made again is newer than the time stated for the statement.
        assert!(judge(&fine, 2, Some((-300, &own))).is_ok());
        // A statement that had to wait is judged as of its arrival, except for revocations. A reader's clock that was behind does no harm.
        let waited = |chain, from, today| {
            trust.judge_signer(chain, &VerificationTime { arrived: day(from), ..day(today).into() }, Accept::Active)
        };
        assert!(waited(&fine, 1, 900).unwrap().is_current);
        assert!(waited(&fine, 366, 900).unwrap_err().message.contains("ended on"));
        assert!(waited(&fine, -1, 1).is_ok());
        assert_eq!(waited(&chain, 9, 11).unwrap_err().reason, Reason::CertificateRevoked);
        // Revoked: before that is known, after that, and as of before the key was compromised.
        assert!(judge(&chain, 9, None).is_ok());
        assert_eq!(judge(&chain, 11, None).unwrap_err().reason, Reason::CertificateRevoked);
        assert!(judge(&chain, 11, Some((4, &own))).is_ok());
        assert_eq!(judge(&chain, 11, Some((5, &own))).unwrap_err().reason, Reason::CertificateRevoked);
        assert_eq!(judge(&chain, 11, Some((4, &hub))).unwrap_err().reason, Reason::CertificateRevoked);
        assert!(judge(&chain, 900, Some((4, &own))).is_ok(), "expired since, too");
        // The organisation's own statement, if it counts only by another's, saves from expiry and not from revocation.
        let loose = |chain, today, at| {
            trust.judge_signer(
                chain,
                &VerificationTime::from(day(today)).stated(day(at), &own).firm(false),
                Accept::Active,
            )
        };
        assert!(loose(&fine, 900, 1).unwrap().on_word_of.is_none());
        assert_eq!(loose(&chain, 11, 4).unwrap_err().reason, Reason::ChainInvalid);
        assert_eq!(loose(&chain, 11, 5).unwrap_err().reason, Reason::CertificateRevoked);
        assert!(judge(&fine, 1, None).unwrap().is_current && !judge(&fine, 390, Some((1, &hub))).unwrap().is_current);
    }
}

#[test]
fn a_suspended_partners_statements_are_read_but_not_taken_in() {
    let (gb, fr) = (ca("gb.example"), ca("fr.example"));
    let (chain, _) = issue(&fr, "spiffe://fr.example/analyst/alice", Purpose::Signing);
    let shared = Arc::new(ArcSwap::from_pointee(trust(&gb, vec![member(&fr, "fr.example")])));
    let (incoming, stored) =
        (Identities::new(shared.clone(), Accept::Active), Identities::new(shared.clone(), Accept::Held));
    assert!(incoming.signer(&chain, &now().into()).is_ok());
    let suspended =
        KnownOrganisation { state: crate::domain::partner::PartnerState::Suspended, ..member(&fr, "fr.example") };
    shared.store(Arc::new(trust(&gb, vec![suspended])));
    assert_eq!(incoming.signer(&chain, &now().into()).unwrap_err().reason, Reason::NotAPartner);
    assert!(stored.signer(&chain, &now().into()).is_ok());
    shared.store(Arc::new(trust(&gb, Vec::new())));
    assert_eq!(stored.signer(&chain, &now().into()).unwrap_err().reason, Reason::NotAPartner);
}

#[test]
fn a_key_for_tls_signs_no_statement_unless_the_organisation_says_so() {
    let (gb, fr) = (ca("gb.example"), ca("fr.example"));
    let partners = || vec![member(&fr, "fr.example")];
    let strict = trust(&gb, partners());
    let (tls, _) = issue(&fr, "spiffe://fr.example/analyst/alice", Purpose::PersonTls);
    assert!(strict.prove_signer(&tls, now(), Accept::Active).unwrap_err().message.contains("lacks"));
    let mail = vec![bent(&rcgen_issuer(&fr), "spiffe://fr.example/analyst/alice", |p| {
        p.extended_key_usages = vec![Eku::EmailProtection];
    })];
    assert!(strict.prove_signer(&mail, now(), Accept::Active).is_err());
    let cards = Trust::new(member(&gb, "gb.example"), partners(), vec!["1.3.6.1.5.5.7.3.4".to_owned()]).unwrap();
    assert!(cards.prove_signer(&mail, now(), Accept::Active).is_ok());
    assert!(cards.prove_signer(&tls, now(), Accept::Active).is_err());
}

#[test]
fn the_development_ca_reads_back_and_issues_for_its_own_domain_only() {
    let fr = ca("fr.example");
    let domain = "fr.example".parse().unwrap();
    let again = DevCa::load(&domain, &fr.certificate_pem(), &fr.key_pem()).unwrap();
    let trust = trust(&ca("gb.example"), vec![member(&fr, "fr.example")]);
    let (chain, _) = issue(&again, "spiffe://fr.example/node/n1", Purpose::NodeTls);
    assert!(peer(&trust, &chain).is_ok());
    assert!(again.issue(&"spiffe://gb.example/node/n1".parse().unwrap(), Purpose::NodeTls, now(), 1).is_err());
    assert!(DevCa::load(&domain, &fr.certificate_pem(), &ca("fr.example").key_pem()).is_err());
    assert!(Trust::new(member(&fr, "fr.example"), vec![member(&fr, "fr.example")], Vec::new()).is_err());
}

#[test]
fn no_byte_of_a_certificate_or_revocation_list_can_be_changed() {
    let (gb, fr) = (ca("gb.example"), ca("fr.example"));
    let trust = trust(&gb, vec![member(&fr, "fr.example")]);
    let (chain, _) = issue(&fr, "spiffe://fr.example/node/n1", Purpose::NodeTls);
    let (french, list) = (bundle(&fr, "fr.example"), fr.revocation_list(1, &[], now(), 30).unwrap());
    assert!(peer(&trust, &chain).is_ok() && Crl::verify(&list, &french, &[], now()).is_ok());
    let flipped = |bytes: &[u8], n: usize, bit: u8| {
        let mut bytes = bytes.to_vec();
        bytes[n] ^= 1 << bit;
        bytes
    };
    for bit in [0, 5, 7] {
        for n in 0..chain[0].len() {
            assert!(peer(&trust, &[flipped(&chain[0], n, bit)]).is_err(), "bit {bit} of byte {n} of the certificate");
        }
        for n in 0..list.len() {
            assert!(
                Crl::verify(&flipped(&list, n, bit), &french, &[], now()).is_err(),
                "bit {bit} of byte {n} of the list"
            );
        }
    }
}

proptest::proptest! {
    #[test]
    fn bytes_of_any_kind_are_refused_without_a_panic(bytes: Vec<u8>, cut in 0usize..400) {
        let gb = ca("gb.example");
        let (chain, _) = issue(&gb, "spiffe://gb.example/node/n1", Purpose::NodeTls);
        let spliced: Vec<u8> = chain[0].iter().take(cut).copied().chain(bytes.iter().copied()).collect();
        for der in [&bytes, &spliced] {
            proptest::prop_assert!(crate::identity::certificate::Leaf::parse(der).is_err() || der == &chain[0]);
            proptest::prop_assert!(Crl::verify(der, &bundle(&gb, "gb.example"), &[], now()).is_err());
        }
    }
}

#[test]
fn a_person_is_told_to_be_revoked_also_after_the_end() {
    let (gb, other) = (ca("gb.example"), ca("gb.example"));
    let (dan, serial) = issue(&gb, "spiffe://gb.example/analyst/dan", Purpose::PersonTls);
    let (eve, _) = issue(&gb, "spiffe://gb.example/analyst/eve", Purpose::PersonTls);
    let (stranger, _) = issue(&other, "spiffe://gb.example/analyst/dan", Purpose::PersonTls);
    let list = gb.revocation_list(1, &[(serial, Revocation { at: now(), invalid_since: None })], now(), 30).unwrap();
    let own = member(&gb, "gb.example");
    let lists = vec![Crl::verify(&list, &own.bundle, &[], now()).unwrap()];
    let trust = Trust::new(KnownOrganisation { crls: lists, ..own }, vec![], vec![]).unwrap();
    // No time is involved: what was revoked stays revoked at any time.
    assert_eq!([&dan, &eve, &stranger, &vec![]].map(|chain| trust.is_own_revoked(chain)), [true, false, false, false]);
}
