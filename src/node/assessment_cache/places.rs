//! Which endorsements of a version get a place. An entry and a reader have room for a few, and an endorser with many must not crowd out
//! others.

use std::collections::HashMap;

use crate::{
    domain::{
        endorsement::{MAX_ENDORSEMENT_BYTES, MAX_ENDORSEMENTS, MAX_UNVERIFIED},
        ids::{StatementId, TrustDomain},
    },
    node::assessment_cache::parts::LoadedEndorsement,
};

/// Chooses the endorsements that get a place, from those that came, in the order in which they came. The result is sorted by id. Verified
/// endorsements come first. Unverified ones have few places, because anybody can invent names. Within each kind the endorsers take turns.
pub(in crate::node) fn of(all: Vec<LoadedEndorsement>) -> Vec<LoadedEndorsement> {
    let mut turns: HashMap<(bool, TrustDomain), usize> = HashMap::new();
    let mut ranked: Vec<_> = each_once(all)
        .into_iter()
        .map(|e| {
            let turn = turns.entry((e.was_verified, e.endorsement.endorser.clone())).or_default();
            *turn += 1;
            ((!e.was_verified, *turn), e)
        })
        .collect();
    // The sort is stable: within a turn, those that came first stay first.
    ranked.sort_by_key(|(rank, _)| *rank);
    let (mut unverified, mut bytes) = (0, 0);
    let mut placed: Vec<LoadedEndorsement> = vec![];
    for (_, endorsement) in ranked {
        unverified += usize::from(!endorsement.was_verified);
        let has_place = placed.len() < MAX_ENDORSEMENTS && unverified <= MAX_UNVERIFIED;
        if has_place && bytes + endorsement.bytes <= MAX_ENDORSEMENT_BYTES {
            bytes += endorsement.bytes;
            placed.push(endorsement);
        }
    }
    placed.sort_by_key(|e| e.id);
    placed
}

/// Keeps each statement once. It may have come several times with different signatures; a verified copy stands for all of them.
fn each_once(all: Vec<LoadedEndorsement>) -> Vec<LoadedEndorsement> {
    let mut places: HashMap<StatementId, usize> = HashMap::new();
    let mut once: Vec<LoadedEndorsement> = vec![];
    for endorsement in all {
        let place = *places.entry(endorsement.id).or_insert(once.len());
        match once.get_mut(place) {
            Some(same) if !same.was_verified && endorsement.was_verified => *same = endorsement,
            Some(_) => {}
            None => once.push(endorsement),
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        domain::{
            assessment::Portion,
            body::Body,
            endorsement::Endorsement,
            ids::{AssessmentId, Handle, Salt},
            marking::{Marking, Tlp},
            statement::{Envelope, StatementKind},
            time::Time,
        },
        node::assessment_cache::parts::LoadedEndorsement,
    };

    /// The `n`th statement, in the name of this endorser.
    fn endorsement(n: u8, endorser: u8, was_verified: bool, bytes: usize) -> LoadedEndorsement {
        let marking = Marking::new(Tlp::Green);
        let body = Body::Endorsement { text: "we stand behind this".into() };
        let endorsement = Endorsement {
            originator: "gb.example".parse().unwrap(),
            assessment: AssessmentId([1; 16]),
            version: 1,
            manifest: StatementId([2; 32]),
            endorser: format!("e{endorser}.example").parse().unwrap(),
            endorsed_at: Time::from_unix_nanos(0),
            seen: vec![],
            portion: Portion::new(Salt([0; 32]), Handle([0; 8]), marking, body),
        };
        let envelope = Arc::new(Envelope::new(StatementKind::Endorsement, vec![n], vec![]));
        let logged_at = Time::from_unix_nanos(0);
        LoadedEndorsement { id: StatementId([n; 32]), endorsement, envelope, logged_at, was_verified, bytes }
    }

    fn ids(placed: &[LoadedEndorsement]) -> Vec<u8> {
        placed.iter().map(|e| e.id.0[0]).collect()
    }

    #[test]
    fn junk_that_came_first_crowds_out_nobody_who_was_verified() {
        let junk = (0..16).map(|n| endorsement(n, n, false, 10));
        let placed = of(junk.chain([endorsement(99, 99, true, 10)]).collect());
        assert_eq!(ids(&placed), [0, 1, 2, 3, 99]);
    }

    #[test]
    fn a_busy_endorser_crowds_out_no_other() {
        let busy = (0..40).map(|n| endorsement(n, 1, true, 10));
        let placed = of(busy.chain([endorsement(90, 2, true, 10), endorsement(91, 3, false, 10)]).collect());
        assert_eq!(placed.len(), MAX_ENDORSEMENTS);
        assert!(ids(&placed).contains(&90), "{:?}", ids(&placed));
    }

    #[test]
    fn copies_of_one_statement_take_one_place_and_the_verified_one_stands_for_it() {
        let copies = (0..20).map(|_| endorsement(1, 1, false, 10));
        let placed = of(copies.chain([endorsement(1, 1, true, 10), endorsement(2, 2, false, 10)]).collect());
        assert_eq!(ids(&placed), [1, 2]);
        assert!(placed[0].was_verified);
    }

    #[test]
    fn one_that_is_too_long_leaves_its_place_to_others() {
        let (long, full) = (MAX_ENDORSEMENT_BYTES + 1, MAX_ENDORSEMENT_BYTES);
        let placed = of(vec![endorsement(1, 1, true, long), endorsement(2, 2, true, full)]);
        assert_eq!(ids(&placed), [2]);
    }

    proptest! {
        /// Whatever came, the bounds hold, the order is by id, and a verified endorser is left out only if all places went to verified
        /// ones.
        #[test]
        fn places_go_to_the_verified_first(came in prop::collection::vec((any::<u8>(), 0u8..30, any::<bool>()), 0..80)) {
            let all: Vec<_> = came.iter().map(|(n, by, ok)| endorsement(*n, *by, *ok, 100)).collect();
            let verified: BTreeSet<_> = each_once(came.iter().map(|(n, by, ok)| endorsement(*n, *by, *ok, 100)).collect())
                .into_iter().filter(|e| e.was_verified).map(|e| e.endorsement.endorser).collect();
            let placed = of(all);
            prop_assert!(placed.len() <= MAX_ENDORSEMENTS && placed.is_sorted_by_key(|e| e.id));
            let unverified = placed.iter().filter(|e| !e.was_verified).count();
            prop_assert!(unverified <= MAX_UNVERIFIED);
            let shown: BTreeSet<_> = placed.iter().filter(|e| e.was_verified).map(|e| e.endorsement.endorser.clone()).collect();
            prop_assert!(shown == verified || shown.len() == MAX_ENDORSEMENTS);
        }
    }
}
