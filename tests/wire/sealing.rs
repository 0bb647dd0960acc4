//! Composing and opening: what an author wrote comes back, and nothing that the manifest does not list does.

use std::sync::Arc;

use proptest::{collection::vec, option, prelude::*, sample::Index};
use prost::Message;
use watchfire::{
    domain::{
        assessment::{MAX_MARKED_NAMES, MAX_PORTIONS_BYTES, Manifest, Portion},
        body::{BASIS_ROW, Body, Judgement},
        entry::FeedEntry,
        fault::Reason,
        ids::{Digest, Handle, Salt, StatementId},
        level::Confidence,
        marking::{Marking, Tlp},
        request::{MAX_EXCEPTED, MAX_EXCEPTIONS},
        statement::{Envelope, Signature, StatementKind, Suite},
    },
    seal::{
        compose::{Composed, ManifestHead, UnsealedPortion, compose, new_assessment_id},
        digest::portion_digest,
        open::open_listed,
    },
    transport::limits::Limits,
    wire,
};

use crate::portions::{body, marking, portion};

fn head() -> ManifestHead {
    ManifestHead {
        assessment: new_assessment_id().unwrap(),
        version: 2,
        previous: Some(StatementId([1; 32])),
        originator: "gb.example".parse().unwrap(),
        issued: "2026-05-01T00:00:00Z".parse().unwrap(),
        expires: "2026-09-30T00:00:00Z".parse().unwrap(),
        exercise: false,
    }
}

fn pieces() -> impl Strategy<Value = Vec<(Marking, Body)>> {
    vec((marking(), body()), 1..20)
}

/// Each piece rests on the one before it. Only a judgement has a field for that.
fn composed(pieces: &[(Marking, Body)]) -> Composed {
    let piece = |(i, (marking, body)): (usize, &(Marking, Body))| UnsealedPortion {
        language: None,
        translates: None,
        marking: marking.clone(),
        body: body.clone(),
        rests_on: i.checked_sub(1).into_iter().collect(),
    };
    compose(head(), pieces.iter().enumerate().map(piece).collect()).unwrap()
}

/// The longest assessment: any entry that hands it over must fit into one message.
#[test]
fn the_largest_entry_fits_into_one_message_and_a_larger_assessment_is_refused() {
    let narrative = |length: usize| (plain(), Body::Narrative { text: "a".repeat(length) });
    let Composed { manifest, portions } = composed(&vec![narrative(3_000); 1008]);
    let used: usize = portions.iter().map(Vec::len).sum();
    assert!(used <= MAX_PORTIONS_BYTES && used > MAX_PORTIONS_BYTES * 9 / 10, "{used}");
    let signature = Signature { suite: Suite::Ed25519, certificates: vec![vec![0; 16 * 1024]], value: vec![0; 64] };
    let manifest = Envelope::new(StatementKind::Manifest, wire::manifest::encode(&manifest), vec![signature; 4]);
    // A release lists at most as many digests as its manifest, and its terms are far shorter than these signatures.
    let release = Envelope { kind: StatementKind::Release, ..manifest.clone() };
    let rest = MAX_PORTIONS_BYTES - used;
    let entry = FeedEntry {
        release: Arc::new(release),
        manifest: Some(Arc::new(manifest)),
        portions: portions.into_iter().map(Arc::from).collect(),
        provenance: vec![],
        endorsements: vec![],
        exceptions: vec![],
        later: vec![],
    };
    // The releases of a path; the endorsements; the exceptions with their digests and a signature each.
    let beside = (256 << 10) + (128 << 10) + MAX_EXCEPTIONS * (MAX_EXCEPTED * 34 + (17 << 10));
    assert!(wire::entry::to_proto(entry).encoded_len() + rest + beside < Limits::default().message_bytes as usize);

    let pieces = |(marking, body): (Marking, Body)| UnsealedPortion {
        language: None,
        translates: None,
        marking,
        body,
        rests_on: vec![],
    };
    let large: Vec<_> = (0..16).map(|_| pieces(narrative(200 * 1024))).collect();
    let fault = compose(head(), large).err().unwrap();
    assert_eq!((fault.reason, fault.field.as_deref()), (Reason::LimitExceeded, Some("portions")));
    let Composed { manifest, .. } = composed(&[]);
    let refused = |bytes| open_listed(&manifest, &[vec![0; bytes]]).unwrap_err().reason;
    assert_eq!(refused(MAX_PORTIONS_BYTES + 1), Reason::StatementTooLarge);
    assert_eq!(refused(MAX_PORTIONS_BYTES), Reason::DigestNotListed, "the size alone must not be too large");
}

#[test]
fn markings_hold_so_many_names_together_and_no_more() {
    let names = |number: usize| Marking {
        releasable_to: (0..number).map(|n| format!("o{n:03}.example").parse().unwrap()).collect(),
        ..plain()
    };
    let gap = |number| (names(number), Body::Gap { text: "a".to_owned() });
    let most: Vec<_> = (0..16).map(|_| gap(MAX_MARKED_NAMES / 16)).collect();
    let Composed { manifest, portions } = composed(&most);
    assert_eq!(open_listed(&manifest, &portions).unwrap().len(), 16);
    // One more portion: by its author, and by somebody who has not composed it here.
    let pieces = most.iter().cloned().chain([gap(1)]);
    let piece = |(marking, body)| UnsealedPortion { language: None, translates: None, marking, body, rests_on: vec![] };
    let fault = compose(head(), pieces.map(piece).collect()).err().unwrap();
    assert_eq!((fault.reason, fault.field.as_deref()), (Reason::LimitExceeded, Some("portions")));
    let more = wire::portion::encode(&Portion::new(Salt([9; 32]), Handle([9; 8]), names(1), gap(1).1));
    let digest = portion_digest(&manifest.assessment, &more);
    let mut digests = manifest.digests.clone();
    digests.push(digest);
    digests.sort_unstable();
    let fault = open_listed(&Manifest { digests, ..manifest }, &[portions, vec![more]].concat()).unwrap_err();
    assert_eq!((fault.reason, fault.field.as_deref()), (Reason::StatementTooLarge, Some("portions")));
}

#[test]
fn a_portion_that_is_too_long_is_named() {
    let long = Body::Judgement(Judgement {
        text: "a".repeat(200 * 1024),
        likelihood: None,
        confidence: Confidence::Low,
        confidence_reason: "b".repeat(200 * 1024),
        rests_on: vec![],
    });
    let piece = |body| UnsealedPortion { language: None, translates: None, marking: plain(), body, rests_on: vec![] };
    let fault = compose(head(), vec![piece(Body::Gap { text: "a".to_owned() }), piece(long)]).err().unwrap();
    assert_eq!((fault.reason, fault.field.as_deref()), (Reason::LimitExceeded, Some("portions[1]")));
}

#[test]
fn an_endorsement_among_a_manifest_s_portions_is_refused() {
    let Composed { manifest, portions } = composed(&[
        (plain(), Body::Headline { text: "a".to_owned() }),
        (plain(), Body::Endorsement { text: "they all agree".to_owned() }),
    ]);
    let fault = open_listed(&manifest, &portions).unwrap_err();
    assert_eq!((fault.reason, fault.field.as_deref()), (Reason::UnknownOrNonCanonical, Some("portions[1]")));
}

fn plain() -> Marking {
    Marking::new(Tlp::Amber)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_composed_opens_in_the_authors_order(pieces in pieces()) {
        let Composed { manifest, portions } = composed(&pieces);
        let manifest = wire::manifest::decode(&wire::manifest::encode(&manifest)).unwrap();
        let opened = open_listed(&manifest, &portions).unwrap();
        prop_assert_eq!(opened.len(), pieces.len());
        let handles: Vec<_> = opened.iter().map(|o| o.portion().handle).collect();
        for (i, (opened, (marking, body))) in opened.iter().zip(&pieces).enumerate() {
            let Portion { marking: got, body: said, .. } = opened.portion();
            prop_assert_eq!(got, marking);
            match (said, body) {
                (Body::Judgement(said), Body::Judgement(meant)) => {
                    prop_assert_eq!(&said.text, &meant.text);
                    // The portions that it rests on are among others that nobody has.
                    let known: Vec<_> = said.rests_on.iter().copied().filter(|h| handles.contains(h)).collect();
                    prop_assert_eq!(&known[..], &handles[i.saturating_sub(1)..i]);
                    prop_assert_eq!(said.rests_on.len(), if i == 0 { 0 } else { BASIS_ROW });
                }
                (said, meant) => prop_assert_eq!(said, meant),
            }
        }
    }

    #[test]
    fn a_portion_that_is_not_listed_or_comes_twice_is_refused(
        pieces in pieces(), at: Index, byte: Index, foreign in portion(), place: Index,
    ) {
        let Composed { manifest, portions } = composed(&pieces);
        let at = at.index(portions.len());

        let mut changed = portions.clone();
        let byte = byte.index(changed[at].len());
        changed[at][byte] ^= 1;
        prop_assert_eq!(open_listed(&manifest, &changed).unwrap_err().reason, Reason::DigestNotListed);

        let mut slipped_in = portions.clone();
        slipped_in.insert(place.index(portions.len() + 1), wire::portion::encode(&foreign));
        prop_assert_eq!(open_listed(&manifest, &slipped_in).unwrap_err().reason, Reason::DigestNotListed);

        let mut twice = portions.clone();
        twice.insert(place.index(portions.len() + 1), portions[at].clone());
        prop_assert_eq!(open_listed(&manifest, &twice).unwrap_err().reason, Reason::DigestRepeated);
    }

    #[test]
    fn any_portions_may_be_withheld(pieces in pieces(), kept in vec(option::of(Just(())), 20)) {
        let Composed { manifest, portions } = composed(&pieces);
        let rest: Vec<_> = portions.iter().zip(&kept).filter(|(_, kept)| kept.is_some()).map(|(p, _)| p).collect();
        prop_assert_eq!(open_listed(&manifest, &rest).unwrap().len(), rest.len());
    }

    #[test]
    fn two_portions_under_one_handle_are_refused(one in portion(), other in portion()) {
        let other = Portion { handle: one.handle, ..other };
        let Composed { mut manifest, .. } = composed(&[]);
        let portions = [wire::portion::encode(&one), wire::portion::encode(&other)];
        manifest.digests = portions.iter().map(|p| portion_digest(&manifest.assessment, p)).collect::<Vec<Digest>>();
        manifest.digests.sort_unstable();
        prop_assert_eq!(open_listed(&manifest, &portions).unwrap_err().reason, Reason::DigestRepeated);
    }

    #[test]
    fn two_versions_of_the_same_words_have_no_digest_or_handle_in_common(pieces in pieces()) {
        let (a, b) = (composed(&pieces), composed(&pieces));
        prop_assert!(a.manifest.digests.iter().all(|d| !b.manifest.digests.contains(d)));
        let handles = |c: &Composed| -> Vec<_> {
            open_listed(&c.manifest, &c.portions).unwrap().iter().map(|o| o.portion().handle).collect()
        };
        prop_assert!(handles(&a).iter().all(|h| !handles(&b).contains(h)));
    }
}
