//! A chain by the library, in which each hop is made and taken as by a node, and the prediction of the same chain by the oracle for one hop.

use std::{cell::OnceCell, collections::BTreeSet};

use super::world::{Piece, World, made_between};
use crate::{
    cases::Case,
    domain::{
        assessment::{Manifest, Portion},
        ids::{Digest, StatementId, TrustDomain},
        marking::GroupName,
        partner::Organisation,
        place::Country,
        release::{AgreementRef, EntryKind, FeedPosition, Release, ReleaseTerms},
    },
    fixture::{self, digest},
    house,
    oracle::{self, Answer},
    policy::{Decision, Facts, Hop, HouseRules, PartnerPolicy, Provenance, accept, check_hops, decide},
};

/// A release in a chain, with its parties.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub giver: Organisation,
    pub taker: Organisation,
    pub id: StatementId,
    pub release: Release,
}

/// The policies between each organisation and the next, compiled when they are needed: the giver's, and the taker's without house rules.
pub struct Policies(Vec<OnceCell<(PartnerPolicy, PartnerPolicy)>>);

impl Policies {
    pub fn of(world: &World) -> Self {
        Self(world.agreements.iter().map(|_| OnceCell::new()).collect())
    }

    fn at(&self, world: &World, k: usize) -> &(PartnerPolicy, PartnerPolicy) {
        self.0[k].get_or_init(|| {
            let copy = compiled(world, &world.parties[k], k, &HouseRules::none());
            let own = match world.house[k].as_slice() {
                [] => copy.clone(),
                rules => compiled(world, &world.parties[k], k, &house::rules(rules, &[])),
            };
            (own, copy)
        })
    }
}

fn compiled(world: &World, giver: &Organisation, k: usize, rules: &HouseRules) -> PartnerPolicy {
    let taker = &world.parties[k + 1];
    let all = world.agreements[k].iter().map(|a| made_between(a.clone(), giver, taker));
    let all: Vec<_> = all.zip(1..).map(|(a, i)| (StatementId([i; 32]), a)).collect();
    PartnerPolicy::compile(&giver.domain, taker, &all, rules).unwrap()
}

pub fn numbered(hop: usize) -> StatementId {
    StatementId([u8::try_from(hop).unwrap() + 1; 32])
}

/// The terms with the states that the originator bars in addition.
pub fn barred(mut terms: ReleaseTerms, bars: &[Country]) -> ReleaseTerms {
    let all: BTreeSet<Country> = terms.barred_states.iter().chain(bars).copied().collect();
    terms.barred_states = all.into_iter().collect();
    terms
}

/// One assessment and these organisations.
pub struct Run<'a> {
    pub world: &'a World,
    pub policies: &'a Policies,
    pub piece: &'a Piece,
    pub manifest: Manifest,
}

impl<'a> Run<'a> {
    pub fn new(world: &'a World, policies: &'a Policies, piece: &'a Piece) -> Self {
        let originator = world.parties[0].domain.clone();
        let manifest = Manifest { originator, ..fixture::manifest(piece.issued, piece.expires) };
        Self { world, policies, piece, manifest }
    }

    /// All portions, or those that the last release disclosed, with their digests.
    fn held(&self, steps: &[Step]) -> impl Iterator<Item = (Digest, &Portion)> {
        let all = self.piece.portions.iter().enumerate().map(|(i, p)| (digest(i), p));
        let disclosed = steps.last().map(|s| s.release.digests.clone());
        all.filter(move |(d, _)| disclosed.as_ref().is_none_or(|all| all.contains(d)))
    }

    /// The provenance for the taker of these steps.
    fn came(steps: &[Step]) -> Vec<Provenance> {
        let carriers: BTreeSet<TrustDomain> = steps.iter().map(|s| s.giver.domain.clone()).collect();
        steps.last().map(|s| Provenance::new(s.id, &s.release, carriers)).into_iter().collect()
    }

    /// The decision of the last step's taker for the next organisation.
    pub fn decided(&self, steps: &[Step]) -> Decision {
        let facts = Facts::new(&self.manifest, self.held(steps)).with_provenances(Self::came(steps));
        let mut at = self.piece.at[steps.len()];
        if let Some(last) = steps.last() {
            at = at.max(last.release.released_at);
        }
        decide(&self.policies.at(self.world, steps.len()).0, &facts, at)
    }

    /// The release that follows from the decision.
    pub fn step(&self, k: usize, decision: &Decision) -> Option<Step> {
        let mut release = fixture::statement(decision.release.as_ref()?);
        if k == 0 {
            release.terms = barred(release.terms, &self.piece.bars);
        }
        let (giver, taker) = (self.world.parties[k].clone(), self.world.parties[k + 1].clone());
        Some(Step { giver, taker, id: numbered(k), release })
    }

    /// The organisation at fault, as the last step's taker finds it from what it got.
    pub fn refused(&self, steps: &[Step]) -> Option<TrustDomain> {
        let (last, before) = steps.split_last()?;
        let facts = Facts::new(&self.manifest, self.held(steps));
        let hops: Vec<Hop<'_>> = before
            .iter()
            .map(|s| Hop { id: s.id, giver: &s.giver.domain, release: &s.release, taker: &s.taker })
            .collect();
        if let Err(breach) = check_hops(&hops, &facts) {
            assert!(!breach.reasons.is_empty());
            return Some(breach.by);
        }
        let k = before.len();
        let other;
        let policy = if last.giver == self.world.parties[k] {
            &self.policies.at(self.world, k).1
        } else {
            other = compiled(self.world, &last.giver, k, &HouseRules::none());
            &other
        };
        let answer = accept(policy, &last.release, &facts.with_provenances(Self::came(before)));
        answer.is_err().then(|| last.giver.domain.clone())
    }
}

/// What the oracle predicts for one hop: the indexes of the portions that its giver has, and what is released.
pub struct Foretold {
    pub held: Vec<usize>,
    pub answer: Option<Answer>,
}

impl Foretold {
    /// The release that follows from the prediction.
    pub fn step(&self, world: &World, piece: &Piece, k: usize) -> Option<Step> {
        let Answer { agreement, via, portions, terms, exceptions: _ } = self.answer.clone()?;
        let grants: BTreeSet<GroupName> = portions.values().flatten().map(|id| id.parse().unwrap()).collect();
        let (giver, taker) = (world.parties[k].clone(), world.parties[k + 1].clone());
        let release = Release {
            unknown: vec![],
            recipient: taker.domain.clone(),
            kind: EntryKind::Assessment,
            manifest: StatementId([5; 32]),
            digests: portions.keys().map(|local| digest(self.held[*local])).collect(),
            agreement: AgreementRef { id: numbered(agreement), version: world.agreements[k][agreement].version },
            grants: grants.into_iter().collect(),
            endorsements: vec![],
            exceptions: vec![],
            terms: if k == 0 { barred(terms, &piece.bars) } else { terms },
            position: FeedPosition { sequence: 1, previous: None },
            released_at: piece.at[k],
            via,
            logged_at: piece.at[k].whole_seconds(),
        };
        Some(Step { giver, taker, id: numbered(k), release })
    }
}

/// Predicts the chain hop by hop, each from the oracle's own prediction for the hop before, until nothing is passed on.
pub fn foretold(world: &World, piece: &Piece) -> Vec<Foretold> {
    let mut hops: Vec<Foretold> = vec![];
    let (mut held, mut came): (Vec<usize>, Vec<Provenance>) = ((0..piece.portions.len()).collect(), vec![]);
    for k in 0..world.agreements.len() {
        let case = case(world, piece, (k, &world.parties[k], &world.parties[k + 1]), &held, came);
        let answer = oracle::answer(&case, None);
        hops.push(Foretold { held: held.clone(), answer: answer.clone() });
        let Some(answer) = answer else { break };
        held = answer.portions.keys().map(|local| held[*local]).collect();
        let terms = if k == 0 { barred(answer.terms, &piece.bars) } else { answer.terms };
        came = vec![Provenance {
            release: numbered(k),
            digests: (0..held.len()).map(digest).collect(),
            groups: terms.onward.iter().flat_map(|o| o.groups.clone()).collect(),
            terms,
            released_at: piece.at[k],
            received_at: piece.at[k],
            is_stopped: false,
            carriers: world.parties[..=k].iter().map(|p| p.domain.clone()).collect(),
        }];
    }
    hops
}

/// One hop as a case for the oracle. Its digests are indexes among the portions that the giver has.
pub fn case(
    world: &World,
    piece: &Piece,
    (k, giver, taker): (usize, &Organisation, &Organisation),
    held: &[usize],
    provenances: Vec<Provenance>,
) -> Case {
    Case {
        giver: giver.domain.clone(),
        originator: world.parties[0].domain.clone(),
        provenances,
        house: world.house[k].clone(),
        control: vec![],
        taker: taker.clone(),
        agreements: world.agreements[k].iter().map(|a| made_between(a.clone(), giver, taker)).collect(),
        issued: piece.issued,
        expires: piece.expires,
        portions: held.iter().map(|i| piece.portions[*i].clone()).collect(),
        endorsers: vec![],
        endorsed_at: vec![],
        exceptions: vec![],
        versions: BTreeSet::new(),
        now: piece.at[k],
        later: vec![],
    }
}
