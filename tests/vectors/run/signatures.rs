//! Who may sign what, and which attacks a signature must withstand, tested through all of `seal::verify`.

use serde::Deserialize;
use watchfire::{
    domain::{
        agreement::{AgreementNotice, AgreementStep},
        fault::Reason,
        ids::{SpiffeId, StatementId},
        statement::{Envelope, Signature, Speaker, StatementKind, Suite},
    },
    seal::{
        rules,
        sign::SigningKey,
        statement::pre_authentication_encoding,
        verify::{verify, verify_raw},
    },
    wire,
};

use crate::{
    files::{Hex, vectors},
    organisations::{World, now, signer, signer_with, world},
};

#[derive(Deserialize)]
struct Vector {
    suite: Suite,
    public_key: Hex,
    payload_type: String,
    payload: Hex,
    signature: Hex,
}

#[test]
fn signatures_of_another_library_verify_and_only_over_their_own_kind_of_statement() {
    let all: Vec<Vector> = vectors("signatures.json");
    assert!(Suite::ALL.iter().all(|suite| all.iter().any(|v| v.suite == *suite)));
    for v in all {
        for kind in StatementKind::ALL {
            let message = pre_authentication_encoding(*kind, &v.payload.0);
            let verdict = verify_raw(v.suite, &v.public_key.0, &message, &v.signature.0);
            assert_eq!(
                verdict.is_ok(),
                kind.payload_type() == v.payload_type,
                "{}: {} as {kind}",
                v.suite,
                v.payload_type
            );
        }
        // No suite accepts another suite's key and signature.
        let kind = StatementKind::from_payload_type(&v.payload_type).unwrap();
        let message = pre_authentication_encoding(kind, &v.payload.0);
        for other in Suite::ALL.iter().filter(|s| **s != v.suite) {
            assert!(verify_raw(*other, &v.public_key.0, &message, &v.signature.0).is_err());
        }
    }
}

/// A manifest of `gb.example`, issued [`now`].
pub fn manifest() -> Vec<u8> {
    manifest_with(|_| {})
}

fn manifest_with(bend: impl FnOnce(&mut watchfire::domain::assessment::Manifest)) -> Vec<u8> {
    #[derive(Deserialize)]
    struct Manifest {
        manifest: Hex,
    }
    let v: Manifest = vectors("assessment.json").remove(0);
    let mut manifest = wire::manifest::decode(&v.manifest.0).unwrap();
    manifest.issued = now();
    bend(&mut manifest);
    wire::manifest::encode(&manifest)
}

fn signed(world: &World, id: &str, suite: Suite) -> Envelope {
    let ca = if id.contains("gb.example") { &world.gb } else { &world.fr };
    signer(ca, id, suite).statement(StatementKind::Manifest, manifest()).unwrap()
}

fn refused(world: &World, envelope: &Envelope) -> Reason {
    verify(envelope, &rules::MANIFEST, &world.chains, now()).unwrap_err().reason
}

#[test]
fn each_suite_signs_and_verifies_through_files_and_chains() {
    let world = world();
    for suite in Suite::ALL {
        let envelope = signed(&world, "spiffe://gb.example/analyst/alice", *suite);
        let envelope = wire::envelope::decode(&wire::envelope::encode(&envelope)).unwrap();
        let verified = verify(&envelope, &rules::MANIFEST, &world.chains, now()).unwrap();
        assert_eq!(verified.signers()[0].to_string(), "spiffe://gb.example/analyst/alice");
        assert!(verified.is_signed_by(&"gb.example".parse().unwrap()));
    }
}

#[test]
fn a_signature_under_another_suites_name_is_refused() {
    let world = world();
    for suite in Suite::ALL {
        for named in Suite::ALL.iter().filter(|s| *s != suite) {
            let mut envelope = signed(&world, "spiffe://gb.example/analyst/alice", *suite);
            envelope.signatures[0].suite = *named;
            assert_eq!(refused(&world, &envelope), Reason::SignatureInvalid, "{suite} as {named}");
        }
    }
}

#[test]
fn only_persons_and_programs_sign_manifests() {
    let world = world();
    for (role, may) in [("analyst", true), ("officer", true), ("service", true), ("node", false), ("admin", false)] {
        let envelope = signed(&world, &format!("spiffe://gb.example/{role}/x"), Suite::Ed25519);
        let verdict = verify(&envelope, &rules::MANIFEST, &world.chains, now()).map(|_| ()).map_err(|f| f.reason);
        assert_eq!(verdict, if may { Ok(()) } else { Err(Reason::WrongDomain) }, "{role}");
    }
}

#[test]
fn a_partner_signs_for_itself_only() {
    let world = world();
    let envelope = signed(&world, "spiffe://fr.example/analyst/jean", Suite::Ed25519);
    assert_eq!(refused(&world, &envelope), Reason::WrongDomain);
}

#[test]
fn a_ca_vouches_for_its_own_domain_only() {
    let world = world();
    let minted = signer(&world.fr, "spiffe://gb.example/analyst/alice", Suite::Ed25519);
    let envelope = minted.statement(StatementKind::Manifest, manifest()).unwrap();
    assert_eq!(refused(&world, &envelope), Reason::ChainInvalid);
    let stranger = signer(&world.ml, "spiffe://ml.example/analyst/x", Suite::Ed25519);
    let envelope = stranger.statement(StatementKind::Manifest, manifest()).unwrap();
    assert_eq!(refused(&world, &envelope), Reason::NotAPartner);
}

#[test]
fn a_certificate_without_the_usage_or_out_of_its_time_signs_nothing() {
    use rcgen::{ExtendedKeyUsagePurpose as Usage, date_time_ymd};
    let world = world();
    let signing = || Usage::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36]);
    type Bend = fn(&mut rcgen::CertificateParams);
    let bends: [(&str, Bend); 5] = [
        ("no usage", |p| p.extended_key_usages.clear()),
        ("any usage", |p| p.extended_key_usages = vec![Usage::Any]),
        ("a usage of TLS as well", |p| p.extended_key_usages.push(Usage::ClientAuth)),
        ("expired", |p| p.not_after = date_time_ymd(2026, 4, 30)),
        ("not yet valid", |p| p.not_before = date_time_ymd(2026, 5, 2)),
    ];
    for (name, bend) in bends {
        let id = "spiffe://gb.example/analyst/alice";
        let key = signer_with(&world.gb, id, Suite::Ed25519, |params| {
            params.extended_key_usages = vec![signing()];
            bend(params);
        });
        let envelope = key.statement(StatementKind::Manifest, manifest()).unwrap();
        assert_eq!(refused(&world, &envelope), Reason::ChainInvalid, "{name}");
    }
}

#[test]
fn a_key_of_another_certificate_proves_nothing() {
    let world = world();
    let mut envelope = signed(&world, "spiffe://gb.example/analyst/alice", Suite::Ed25519);
    let other = signed(&world, "spiffe://gb.example/analyst/bob", Suite::Ed25519);
    envelope.signatures[0].certificates = other.signatures[0].certificates.clone();
    assert_eq!(refused(&world, &envelope), Reason::SignatureInvalid);
}

#[test]
fn a_statement_of_one_kind_is_never_taken_for_another() {
    let world = world();
    let envelope = signed(&world, "spiffe://gb.example/analyst/alice", Suite::Ed25519);
    for kind in StatementKind::ALL.iter().filter(|k| **k != StatementKind::Manifest) {
        let renamed = Envelope { kind: *kind, ..envelope.clone() };
        assert_eq!(refused(&world, &renamed), Reason::UnknownOrNonCanonical, "{kind}");
    }
    // Signed as another kind: the encoding differs, so the signature does not verify.
    let analyst = signer(&world.gb, "spiffe://gb.example/analyst/alice", Suite::Ed25519);
    let mut other = analyst.statement(StatementKind::Void, manifest()).unwrap();
    other.kind = StatementKind::Manifest;
    assert_eq!(refused(&world, &other), Reason::SignatureInvalid);
}

#[test]
fn five_minutes_of_the_future_are_taken_and_no_more() {
    let world = world();
    let analyst = signer(&world.gb, "spiffe://gb.example/analyst/alice", Suite::Ed25519);
    for (ahead, expected) in [(-86_400, None), (300, None), (301, Some(Reason::StatementFromFuture))] {
        let payload = manifest_with(|m| m.issued = now().plus_seconds(ahead));
        let envelope = analyst.statement(StatementKind::Manifest, payload).unwrap();
        let verdict = verify(&envelope, &rules::MANIFEST, &world.chains, now());
        assert_eq!(verdict.err().map(|f| f.reason), expected, "{ahead} s ahead");
    }
}

#[test]
fn a_stop_counts_however_far_ahead_its_clock_was() {
    let world = world();
    let node = signer(&world.gb, "spiffe://gb.example/node/n1", Suite::Ed25519);
    let at = now().plus_seconds(365 * 86_400);
    let notice = AgreementNotice {
        agreement: StatementId([1; 32]),
        step: AgreementStep::Terminated,
        at,
        reason: String::new(),
        every_version: true,
    };
    let envelope = node.statement(StatementKind::Notice, wire::notice::encode(&notice)).unwrap();
    assert_eq!(verify(&envelope, &rules::NOTICE, &world.chains, now()).unwrap().content(), &notice);
}

/// The author's statement, which this many officers must have signed too.
fn with_cosigners(author: &SigningKey, cosigners: u32, officers: &[&SigningKey]) -> Envelope {
    let id: SpiffeId = "spiffe://gb.example/analyst/alice".parse().unwrap();
    let payload = wire::speaker::spoken_by(&Speaker { id: id.into(), cosigners }, manifest());
    let mut envelope = author.envelope(StatementKind::Manifest, payload).unwrap();
    let sign = |key: &&SigningKey| key.sign(StatementKind::Manifest, &envelope.payload).unwrap();
    let more: Vec<Signature> = officers.iter().map(sign).collect();
    envelope.signatures.extend(more);
    envelope
}

#[test]
fn one_bad_signature_of_two_refuses_the_whole() {
    let world = world();
    let alice = signer(&world.gb, "spiffe://gb.example/analyst/alice", Suite::Ed25519);
    let olga = signer(&world.gb, "spiffe://gb.example/officer/olga", Suite::EcdsaP384Sha384);
    let envelope = with_cosigners(&alice, 1, &[&olga]);
    let verified = verify(&envelope, &rules::MANIFEST, &world.chains, now()).unwrap();
    assert_eq!(verified.signers().len(), 2);
    for i in 0..2 {
        let mut bad = envelope.clone();
        bad.signatures[i].value[5] ^= 1;
        assert_eq!(refused(&world, &bad), Reason::SignatureInvalid, "signature {i}");
        let jean = signer(&world.fr, "spiffe://fr.example/officer/jean", Suite::Ed25519);
        let mut bad = envelope.clone();
        bad.signatures[i] = jean.sign(StatementKind::Manifest, &envelope.payload).unwrap();
        assert_eq!(refused(&world, &bad), Reason::WrongDomain, "signature {i}");
    }
}

#[test]
fn no_signature_that_a_statement_asks_for_can_be_taken_away() {
    let world = world();
    let key = |id: &str| signer(&world.gb, id, Suite::Ed25519);
    let alice = key("spiffe://gb.example/analyst/alice");
    let (olga, otto) = (key("spiffe://gb.example/officer/olga"), key("spiffe://gb.example/officer/otto"));
    let (ada, program) = (key("spiffe://gb.example/analyst/ada"), key("spiffe://gb.example/service/feed"));
    let fault = |envelope: &Envelope| {
        let fault = verify(envelope, &rules::MANIFEST, &world.chains, now()).unwrap_err();
        (fault.reason, fault.field.unwrap_or_default())
    };
    let lacks = || (Reason::SignatureInvalid, "speaker.cosigners".to_owned());
    for (asked, officers) in [(0, &[][..]), (0, &[&olga]), (1, &[&olga]), (1, &[&olga, &otto]), (2, &[&olga, &otto])] {
        verify(&with_cosigners(&alice, asked, officers), &rules::MANIFEST, &world.chains, now()).unwrap();
    }
    let both = with_cosigners(&alice, 2, &[&olga, &otto]);
    for i in 1..3 {
        let mut stripped = both.clone();
        stripped.signatures.remove(i);
        assert_eq!(fault(&stripped), lacks());
    }
    // Without the author it does not count, and in addition to the author only officers count.
    let mut stripped = both.clone();
    stripped.signatures.remove(0);
    assert_eq!(fault(&stripped), (Reason::WrongDomain, "speaker.id".to_owned()));
    assert_eq!(fault(&with_cosigners(&alice, 1, &[&ada])), lacks());
    assert_eq!(fault(&with_cosigners(&alice, 1, &[&program])), lacks());
    // One officer is not two.
    assert_eq!(fault(&with_cosigners(&alice, 2, &[&olga, &olga])), lacks());
    // Another person can't speak in her name.
    assert_eq!(fault(&with_cosigners(&olga, 0, &[])), (Reason::WrongDomain, "speaker.id".to_owned()));
}

#[test]
fn a_statement_without_signatures_speaks_for_nobody() {
    let world = world();
    let envelope = Envelope::new(StatementKind::Manifest, manifest(), vec![]);
    assert_eq!(refused(&world, &envelope), Reason::WrongDomain);
}

#[test]
fn a_signed_payload_that_is_not_canonical_is_refused() {
    let world = world();
    let analyst = signer(&world.gb, "spiffe://gb.example/analyst/alice", Suite::Ed25519);
    let payload = [analyst.payload(manifest()), vec![0x98, 0x0c, 0x01]].concat();
    let envelope = analyst.envelope(StatementKind::Manifest, payload).unwrap();
    let fault = verify(&envelope, &rules::MANIFEST, &world.chains, now()).unwrap_err();
    assert_eq!((fault.reason, fault.field.as_deref()), (Reason::UnknownOrNonCanonical, Some("195")));
}
