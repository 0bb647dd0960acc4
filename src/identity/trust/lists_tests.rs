//! Which lists apply to which certificates, and that nothing is ever unrevoked.

use rcgen::{CrlDistributionPoint, CrlIssuingDistributionPoint, CrlScope, ExtendedKeyUsagePurpose as Eku};

use super::*;
use crate::{
    domain::partner::PartnerState,
    identity::{
        crl::Crl,
        signers::Accept,
        test_ca::{Ca, bundle, now},
    },
};

const DAY: i64 = 86_400;

fn trust(fr: &TrustBundle, crls: Vec<Crl>) -> Trust {
    let member = |bundle, crls| KnownOrganisation { bundle, crls, state: PartnerState::Active };
    let own = member(bundle("gb.example", &[&Ca::root("own")]), vec![]);
    Trust::new(own, vec![member(fr.clone(), crls)], vec![]).unwrap()
}

fn ask(trust: &Trust, chain: &[&[u8]], at: Time) -> Result<TlsPeer, Reason> {
    trust.tls_peer(chain, TlsUsage::Client, &AdmittedPeers::Partners, at).map_err(|fault| fault.reason)
}

const NODE: &str = "spiffe://fr.example/node/n1";

#[test]
fn a_ca_renewed_under_the_same_name_with_a_new_key_begins_its_numbers_anew() {
    let (old, new) = (Ca::root("the ca"), Ca::root("the ca"));
    let fr = bundle("fr.example", &[&old, &new]);
    let (by_old, by_new) = (old.issue(NODE, 7, |_| {}), new.issue(NODE, 7, |_| {}));
    let verify = |der: Vec<u8>| Crl::verify(&der, &fr, &[], now()).unwrap();
    let lists = Crl::adopt(&[verify(old.list(900, &[7]))], verify(new.list(1, &[]))).unwrap();
    assert_eq!(lists.len(), 2, "one for each key");
    let trust = trust(&fr, lists);
    assert_eq!(ask(&trust, &[&by_old], now()), Err(Reason::CertificateRevoked));
    assert!(ask(&trust, &[&by_new], now()).is_ok(), "the same serial number by another key is another certificate");
}

#[test]
fn lists_of_keys_outside_the_chain_do_not_matter() {
    let root = Ca::root("root");
    let (nodes, people) = (root.below("nodes", 1), root.below("people", 2));
    let fr = bundle("fr.example", &[&root]);
    let leaf = nodes.issue(NODE, 7, |_| {});
    let chain: [&[u8]; 2] = [&leaf, &nodes.der];
    let late = now().plus_seconds(60 * DAY);
    let verify =
        |der: Vec<u8>, through: &Ca| Crl::verify(&der, &fr, std::slice::from_ref(&through.der), now()).unwrap();
    let others = trust(&fr, vec![verify(people.list(1, &[7]), &people)]);
    assert_eq!(ask(&others, &chain, late).unwrap().lapsed, None, "the people's CA has no say in a node's chain");
    let of_nodes = trust(&fr, vec![verify(people.list(1, &[]), &people), verify(nodes.list(1, &[7]), &nodes)]);
    assert_eq!(ask(&of_nodes, &chain, now()), Err(Reason::CertificateRevoked));
    let of_root = trust(&fr, vec![verify(root.list(1, &[1]), &root)]);
    assert_eq!(ask(&of_root, &chain, now()), Err(Reason::CertificateRevoked), "the issuing CA itself is revoked");
    let lapsed = trust(&fr, vec![verify(nodes.list(1, &[]), &nodes)]);
    assert_eq!(ask(&lapsed, &chain, now()).unwrap().lapsed, None);
    assert!(ask(&lapsed, &chain, late).unwrap().lapsed.is_some_and(|lapse| lapse.issuer.contains("nodes")));
}

#[test]
fn a_list_covers_what_its_distribution_point_says() {
    let root = Ca::root("root");
    let fr = bundle("fr.example", &[&root]);
    let scope = |uri: &str, scope| CrlIssuingDistributionPoint {
        distribution_point: CrlDistributionPoint { uris: vec![uri.to_owned()] },
        scope,
    };
    let named = root.issue(NODE, 7, |params| {
        params.crl_distribution_points = vec![CrlDistributionPoint { uris: vec!["http://x/a".to_owned()] }];
    });
    let late = now().plus_seconds(60 * DAY);
    let lapses = |uri, of| {
        let list = root.list_of(1, &[], Some(scope(uri, of)));
        let list = Crl::verify(&list, &fr, &[], now()).unwrap();
        ask(&trust(&fr, vec![list]), &[&named], late).unwrap().lapsed.is_some()
    };
    assert!(lapses("http://x/a", None));
    assert!(lapses("http://x/a", Some(CrlScope::UserCertsOnly)));
    assert!(!lapses("http://x/b", None), "it is for other certificates");
    assert!(!lapses("http://x/a", Some(CrlScope::CaCertsOnly)));
    // Two scopes of one key are two series of lists.
    let lists = [root.list_of(9, &[], Some(scope("http://x/a", None))), root.list(1, &[])];
    let lists = lists.map(|der| Crl::verify(&der, &fr, &[], now()).unwrap());
    assert_eq!(Crl::adopt(&lists[..1], lists[1].clone()).unwrap().len(), 2);
}

#[test]
fn what_a_later_list_leaves_out_stays_revoked_for_tls_and_for_signers() {
    let root = Ca::root("root");
    let fr = bundle("fr.example", &[&root]);
    let verify = |der: Vec<u8>| Crl::verify(&der, &fr, &[], now()).unwrap();
    let (first, second) = (verify(root.list(1, &[7, 8])), verify(root.list(2, &[])));
    let leaf = root.issue(NODE, 7, |_| {});
    let signing = root.issue("spiffe://fr.example/analyst/a", 8, |params| {
        params.extended_key_usages = vec![Eku::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36])];
    });
    let before = trust(&fr, vec![first]);
    let after = before.with_lists(&"fr.example".parse().unwrap(), vec![second.clone()], before.seen.clone());
    assert_eq!(ask(&after, &[&leaf], now()), Err(Reason::CertificateRevoked));
    assert!(after.judge_signer(std::slice::from_ref(&signing), &now().into(), Accept::Active).is_err());
    let early: Time = "2026-03-01T00:00:00Z".parse().unwrap();
    let proof = after.prove_signer(std::slice::from_ref(&signing), early, Accept::Active).unwrap();
    assert_eq!(proof.revocation.unwrap().at.to_string(), "2026-04-01T00:00:00Z");
    // The control: a node that uses only the newest list admits both again.
    let forgetful = trust(&fr, vec![second]);
    assert!(ask(&forgetful, &[&leaf], now()).is_ok());
    assert!(forgetful.judge_signer(&[signing], &now().into(), Accept::Active).is_ok());
}

/// Takes lists in any order, as a node does. If `remembers` is false, it behaves like a build that forgets lists. Returns the first certificate
/// that is admitted although a list that was taken has revoked it.
fn unrevoked(lists: &[(u64, Vec<u64>)], remembers: bool) -> Option<u64> {
    let root = Ca::root("root");
    let fr = bundle("fr.example", &[&root]);
    let leaves: Vec<(u64, Vec<u8>)> = (1..4).map(|serial| (serial, root.issue(NODE, serial, |_| {}))).collect();
    let domain = "fr.example".parse().unwrap();
    let (mut held, mut now_trusted, mut revoked) = (vec![], trust(&fr, vec![]), vec![]);
    for (number, serials) in lists {
        let crl = Crl::verify(&root.list(*number, serials), &fr, &[], now()).unwrap();
        if let Ok(adopted) = Crl::adopt(&held, crl) {
            held = adopted;
            revoked.extend(serials);
        }
        let seen = if remembers { now_trusted.seen.clone() } else { Seen::default() };
        now_trusted = now_trusted.with_lists(&domain, held.clone(), seen);
        for (serial, leaf) in &leaves {
            if revoked.contains(serial) && ask(&now_trusted, &[leaf], now()).is_ok() {
                return Some(*serial);
            }
        }
    }
    None
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(24))]
    #[test]
    fn no_sequence_of_lists_unrevokes(lists in proptest::collection::vec((1_u64..6, proptest::collection::vec(1_u64..4, 0..3)), 0..6)) {
        proptest::prop_assert_eq!(unrevoked(&lists, true), None);
    }
}

#[test]
fn a_build_that_forgets_lists_is_found() {
    assert_eq!(unrevoked(&[(1, vec![2]), (2, vec![])], false), Some(2));
    assert_eq!(unrevoked(&[(1, vec![2]), (2, vec![])], true), None);
}

#[test]
fn a_list_too_large_is_refused() {
    let root = Ca::root("root");
    let fr = bundle("fr.example", &[&root]);
    let serials: Vec<u64> = (1_000_000..1_050_001).collect();
    let fits = root.list(1, &serials[1..]);
    let crl = Crl::verify(&fits, &fr, &[], now()).unwrap();
    assert_eq!(crl.revocations().len(), 50_000);
    let fault = Crl::verify(&root.list(1, &serials), &fr, &[], now()).unwrap_err();
    assert!(fault.message.contains("at most 50000"), "{fault}");
}

#[test]
fn partners_that_change_in_a_snapshot_are_as_in_one_made_anew() {
    let [own, fr, us, no, other] = ["own", "fr", "us", "no", "other"].map(Ca::root);
    let member =
        |domain: &str, ca: &Ca, state| KnownOrganisation { bundle: bundle(domain, &[ca]), crls: vec![], state };
    let gb = || member("gb.example", &own, PartnerState::Active);
    let us_of = |state| member("us.example", &us, state);
    let fr_of = |ca| member("fr.example", ca, PartnerState::Active);
    let before = Trust::new(gb(), vec![fr_of(&fr), us_of(PartnerState::Active)], vec![]).unwrap();
    // One is suspended, one has other roots, one is new.
    let changed =
        || vec![us_of(PartnerState::Suspended), fr_of(&other), member("no.example", &no, PartnerState::Active)];
    let made = before.with_partners(changed(), &[], Seen::default()).unwrap();
    let anew = Trust::new(gb(), changed(), vec![]).unwrap();
    assert!(made.changed_since(&anew).is_empty() && made.own() == anew.own());
    let names: Vec<String> = made.changed_since(&before).iter().map(ToString::to_string).collect();
    assert_eq!(names, ["fr.example", "no.example", "us.example"]);
    let node = |ca: &Ca| ca.issue(NODE, 7, |_| {});
    assert!(ask(&made, &[&node(&other)], now()).is_ok() && ask(&made, &[&node(&fr)], now()).is_err());
    // One is gone. The own organisation is never gone and never a partner.
    let (fr, gb) = ("fr.example".parse().unwrap(), "gb.example".parse().unwrap());
    let without = made.with_partners(vec![], &[fr, gb], Seen::default()).unwrap();
    assert!(ask(&without, &[&node(&other)], now()).is_err() && without.member(without.own()).is_some());
    let as_own = made.with_partners(vec![member("gb.example", &other, PartnerState::Active)], &[], Seen::default());
    assert_eq!(as_own.err().map(|fault| fault.reason), Some(Reason::Conflict));
}
