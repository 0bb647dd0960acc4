//! When a signature counts: each case of `times.json` over real certificates and a real revocation list.

use std::time::Duration;

use rcgen::{CertificateParams, ExtendedKeyUsagePurpose as Usage, SerialNumber, date_time_ymd};
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
        trust::{Member, Trust},
    },
    seal::chains::{Signer, When},
};

use crate::{
    files::vectors,
    organisations::{now, signer_with},
};

#[derive(Deserialize)]
struct Vector {
    name: String,
    certificate: Window,
    revoked: Option<Revoked>,
    now: Time,
    arrived: Time,
    stated: Option<Stated>,
    verdict: String,
}

#[derive(Deserialize)]
struct Window {
    from: Time,
    until: Time,
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

fn bend(params: &mut CertificateParams, vector: &Vector, serial: &[u8]) {
    let moment = |time: Time| {
        let seconds = u64::try_from(time.parts().0).unwrap();
        date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
    };
    params.not_before = moment(vector.certificate.from);
    params.not_after = moment(vector.certificate.until);
    params.serial_number = Some(SerialNumber::from_slice(serial));
    params.extended_key_usages = vec![Usage::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36])];
}

/// A certificate for each vector, and the trust with the one revocation list over all of them.
fn world(vectors: &[Vector]) -> (Vec<Vec<Vec<u8>>>, Organisations) {
    let (gb, fr) = ("gb.example".parse().unwrap(), "fr.example".parse().unwrap());
    let (own, ca) = (DevCa::create(&gb, now()).unwrap(), DevCa::create(&fr, now()).unwrap());
    let (mut chains, mut revoked) = (vec![], vec![]);
    for (vector, i) in vectors.iter().zip(1_u32..) {
        let serial = [&[0x55], &i.to_be_bytes()[..]].concat();
        let id = format!("spiffe://{fr}/node/n{i}");
        let key = signer_with(&ca, &id, Suite::Ed25519, |params| bend(params, vector, &serial));
        chains.push(key.chain().to_vec());
        if let Some(Revoked { at, since }) = &vector.revoked {
            revoked.push((serial, Revocation { at: *at, invalid_since: *since }));
        }
    }
    let bundle =
        |ca: &DevCa, domain: &TrustDomain| TrustBundle::new(domain.clone(), vec![ca.certificate().clone()]).unwrap();
    let list = ca.revocation_list(1, &revoked, now(), 1).unwrap();
    let list = Crl::verify(&list, &bundle(&ca, &fr), &[], now()).unwrap();
    let member = |ca: &DevCa, domain: &TrustDomain, crls: Vec<Crl>| Member {
        bundle: bundle(ca, domain),
        crls,
        state: PartnerState::Active,
    };
    let trust = Trust::new(member(&own, &gb, vec![]), vec![member(&ca, &fr, vec![list])], vec![]).unwrap();
    (chains, Organisations { fr, hub: "hub.example".parse().unwrap(), trust })
}

fn when<'a>(vector: &Vector, all: &'a Organisations) -> When<'a> {
    let when = When { now: vector.now, arrived: vector.arrived, stated: None };
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
        Err(fault) if fault.message.contains("has expired") => "expired".to_owned(),
        Err(fault) if fault.message.contains("not valid yet") => "not-yet-valid".to_owned(),
        Err(fault) => format!("{}: {}", fault.reason, fault.message),
    }
}

#[test]
fn every_signature_counts_as_the_vectors_say() {
    let all = vectors::<Vector>("times.json");
    let (chains, organisations) = world(&all);
    let mut wrong = vec![];
    // The second time from the memory of chains that were proved.
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
        let revoked = v.revoked.as_ref().is_some_and(|r| r.at <= v.now);
        revoked && v.stated.is_some() && v.verdict == "counts"
    });
    assert!(saved.count() >= 10, "the own word saves from revocation");
}
