//! Who may sign what (`docs/protocol.md`): each statement of `statements.json` is signed in each role by each of three organisations.

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwap;
use serde::Deserialize;
use watchfire::{
    domain::{
        fault::{Fault, Reason},
        ids::Role,
        partner::PartnerState,
        statement::{Envelope, StatementKind, Suite},
    },
    identity::{
        bundle::TrustBundle,
        devca::DevCa,
        signers::{Accept, Identities},
        trust::{KnownOrganisation, Trust},
    },
    seal::{
        open::open,
        rules,
        sign::SigningKey,
        verify::{StatementRule, verify},
    },
};

use crate::{
    files::{Hex, vectors},
    organisations::{now, said_by, signer, world},
};

const DOMAINS: [&str; 3] = ["gb.example", "ecowas.example", "fr.example"];
const ROLES: [Role; 5] = [Role::Node, Role::Analyst, Role::Officer, Role::Admin, Role::Service];

#[derive(Deserialize)]
struct Vector {
    name: String,
    payload_type: String,
    fields: serde_json::Value,
    payload: Hex,
}

/// The organisations and roles of the protocol's table, written out independently.
fn may_sign(kind: StatementKind, fields: &serde_json::Value, domain: &str, role: Role) -> bool {
    let named = |field: &str| fields[field].as_str() == Some(domain);
    let persons = [Role::Analyst, Role::Officer, Role::Service].contains(&role);
    let node = role == Role::Node;
    match kind {
        StatementKind::Manifest => named("originator") && persons,
        StatementKind::Endorsement => named("endorser") && persons,
        StatementKind::Exception => named("giver") && role == Role::Officer,
        StatementKind::Recall => named("originator") && role == Role::Officer,
        StatementKind::Agreement => node && fields["parties"].as_array().unwrap().iter().any(|p| p == domain),
        StatementKind::Release | StatementKind::Void => node && !named("recipient"),
        StatementKind::Receipt => node && !named("sender"),
        StatementKind::Request => node && !named("addressee"),
        StatementKind::Invitation => node && named("domain"),
        StatementKind::Approval => named("domain") && [Role::Admin, Role::Officer].contains(&role),
        StatementKind::Introduction => named("introducer") && role == Role::Admin,
        StatementKind::Bundle => named("domain") && role == Role::Admin,
        StatementKind::LedgerKey => node && fields["origin"].as_str().unwrap().starts_with(&format!("{domain}/ledger")),
        StatementKind::Notice | StatementKind::Answer | StatementKind::Logged => node,
    }
}

/// Whether it verifies by the rule of its kind, and as signed by that domain alone.
fn verified(envelope: &Envelope, chains: &Identities, domain: &str) -> Result<(), Fault> {
    fn by<T>(envelope: &Envelope, rule: &StatementRule<T>, chains: &Identities, domain: &str) -> Result<(), Fault> {
        let verified = verify(envelope, rule, chains, now())?;
        for other in DOMAINS {
            assert_eq!(verified.is_signed_by(&other.parse().unwrap()), other == domain);
        }
        Ok(())
    }
    match envelope.kind {
        StatementKind::Manifest => by(envelope, &rules::MANIFEST, chains, domain),
        StatementKind::Agreement => by(envelope, &rules::AGREEMENT, chains, domain),
        StatementKind::Notice => by(envelope, &rules::NOTICE, chains, domain),
        StatementKind::Release => by(envelope, &rules::RELEASE, chains, domain),
        StatementKind::Void => by(envelope, &rules::VOID, chains, domain),
        StatementKind::Receipt => by(envelope, &rules::RECEIPT, chains, domain),
        StatementKind::Invitation => by(envelope, &rules::INVITATION, chains, domain),
        StatementKind::Approval => by(envelope, &rules::APPROVAL, chains, domain),
        StatementKind::Introduction => by(envelope, &rules::INTRODUCTION, chains, domain),
        StatementKind::Bundle => by(envelope, &rules::BUNDLE, chains, domain),
        StatementKind::LedgerKey => by(envelope, &rules::LEDGER_KEY, chains, domain),
        StatementKind::Endorsement => by(envelope, &rules::ENDORSEMENT, chains, domain),
        StatementKind::Request => by(envelope, &rules::REQUEST, chains, domain),
        StatementKind::Answer => by(envelope, &rules::ANSWER, chains, domain),
        StatementKind::Exception => by(envelope, &rules::EXCEPTION, chains, domain),
        StatementKind::Recall => by(envelope, &rules::RECALL, chains, domain),
        StatementKind::Logged => by(envelope, &rules::LOGGED, chains, domain),
    }
}

fn three_organisations() -> (BTreeMap<(&'static str, Role), SigningKey>, Identities) {
    let mut keys = BTreeMap::new();
    let mut members = vec![];
    for domain in DOMAINS {
        let ca = DevCa::create(&domain.parse().unwrap(), now()).unwrap();
        for role in ROLES {
            let key = signer(&ca, &format!("spiffe://{domain}/{role}/x"), Suite::Ed25519);
            keys.insert((domain, role), key);
        }
        let bundle = TrustBundle::new(domain.parse().unwrap(), vec![ca.certificate().clone()]).unwrap();
        members.push(KnownOrganisation { bundle, crls: vec![], state: PartnerState::Active });
    }
    let trust = Trust::new(members.remove(0), members, vec![]).unwrap();
    (keys, Identities::new(Arc::new(ArcSwap::from_pointee(trust)), Accept::Active))
}

#[test]
fn each_statement_is_taken_from_those_who_may_sign_it_and_from_nobody_else() {
    let (keys, chains) = three_organisations();
    let (mut taken, mut refused) = (0, 0);
    for v in vectors::<Vector>("statements.json") {
        let kind = StatementKind::from_payload_type(&v.payload_type).unwrap();
        for ((domain, role), key) in &keys {
            let envelope = key.envelope(kind, said_by(key, kind, &v.payload.0)).unwrap();
            let verdict = verified(&envelope, &chains, domain).map_err(|f| f.reason);
            let expected = may_sign(kind, &v.fields, domain, *role);
            let expected = if expected { Ok(()) } else { Err(Reason::WrongDomain) };
            assert_eq!(verdict, expected, "{}: signed by the {role} of {domain}", v.name);
            *(if verdict.is_ok() { &mut taken } else { &mut refused }) += 1;
        }
    }
    assert!(taken > 30 && refused > taken, "{taken} taken, {refused} refused");
}

#[test]
fn a_verified_manifest_opens_the_portions_that_it_lists() {
    #[derive(Deserialize)]
    struct Assessment {
        manifest: Hex,
        portions: Vec<Portion>,
    }
    #[derive(Deserialize)]
    struct Portion {
        payload: Hex,
    }
    let v: Assessment = vectors("assessment.json").remove(0);
    let world = world();
    let key = signer(&world.gb, "spiffe://gb.example/analyst/alice", Suite::Ed25519);
    let envelope = key.envelope(StatementKind::Manifest, v.manifest.0).unwrap();
    assert_eq!(key.chain(), envelope.signatures[0].certificates, "it shows the chain that it signs with");
    let manifest = verify(&envelope, &rules::MANIFEST, &world.chains, now()).unwrap();
    let portions: Vec<&[u8]> = v.portions.iter().map(|p| &p.payload.0[..]).collect();
    assert_eq!(open(&manifest, &portions).unwrap().len(), portions.len());
    assert_eq!(open(&manifest, &[b"another portion"]).unwrap_err().reason, Reason::DigestNotListed);
}
