//! The decision: portion by portion under each agreement, then one release under one of them.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use cedar_policy::Entities;

use super::{
    agreement::{Compiled, PartnerPolicy},
    assemble::{Candidate, assemble},
    engine::{self, Answer, Traits},
    exception::Exceptions,
    explain,
    facts::{Facts, View},
    grant::Covered,
    memo::Times,
    onward::Holding,
    outcome::{Cleared, Decision, Denial, GrantRef, Permit, PortionOutcome, Reason, Verdict},
    terms,
};
use crate::domain::{
    ids::{Digest, StatementId},
    marking::GroupName,
    time::Time,
};

/// What one agreement says of one portion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ruling {
    /// Permitted by these of its grants, ascending; or by exceptions, which stand after them.
    Permitted(Vec<usize>),
    /// Nothing forbids it, and no grant reaches it: where an exception may stand in.
    Ungranted(Reason),
    /// Forbidden, or barred.
    Denied(Vec<Reason>),
}

/// One agreement, and one way by which the giver holds the assessment: what a release stands on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    pub policy: &'a PartnerPolicy,
    pub compiled: &'a Compiled,
    pub facts: &'a Facts<'a>,
    pub holding: Holding<'a>,
    pub now: Time,
}

/// Decides what the taker gets of an assessment at a time.
///
/// All of one release stands on one agreement, and where the giver is not the originator on one of the releases by which it got the
/// assessment, as a release cites one: those under which most portions go, of several the ones with the lowest ids.
/// Where nothing can go, every verdict is a denial: leave is given to a release, never to a loose portion.
pub fn decide(policy: &PartnerPolicy, facts: &Facts<'_>, now: Time) -> Decision {
    let holdings = Holding::all(&policy.giver, facts);
    let pairs = policy.agreements.iter().flat_map(|c| holdings.iter().map(move |h| (c, *h)));
    let candidates: Vec<Candidate<'_>> =
        pairs.map(|(compiled, holding)| assemble(Question { policy, compiled, facts, holding, now })).collect();
    // Where nothing goes, the nearest miss explains best. Reversed, as `max_by_key` gives the last of equals.
    let weight = |c: &&Candidate<'_>| (c.released.len(), if c.released.is_empty() { c.permitted() } else { 0 });
    let best = candidates.iter().rev().max_by_key(weight);
    let verdict = |index: usize| match best {
        Some(candidate) => verdict(candidate, &candidates, index),
        None => withhold("no-agreement", format!("no agreement with {} is in force", policy.taker.domain)),
    };
    let portions = facts
        .portions
        .iter()
        .enumerate()
        .map(|(index, (digest, portion))| PortionOutcome {
            digest: *digest,
            handle: portion.handle,
            verdict: verdict(index),
        })
        .collect();
    let release = best.filter(|c| !c.released.is_empty()).map(cleared);
    Decision { portions, release }
}

impl Question<'_> {
    /// What becomes of the portions at these indexes. Portions with equal traits share one evaluation.
    pub fn rule(self, view: &View, indexes: impl Iterator<Item = usize>) -> BTreeMap<usize, Rc<Ruling>> {
        let Self { policy, compiled, facts, holding, now } = self;
        let times = Times { now: now.unix_nanos(), age: facts.age(now), expires: facts.expires.unix_nanos() };
        let mut added = facts.added_by(&policy.control, 0..facts.portions.len());
        added.extend(&facts.elsewhere);
        let wider = (!added.is_empty()).then(|| view.and_about(added));
        let view = wider.as_ref().unwrap_or(view);
        let entities = OnceCell::new();
        let evaluate = |class, traits| {
            let context = facts.told.context(class, now, || engine::context(traits, times.now, times.age))?;
            let entities = entities.get_or_init(|| self.entities(view)).as_ref().map_err(Reason::clone)?;
            Ok(compiled.engine.ask(entities, context))
        };
        let mut known: HashMap<usize, Rc<Ruling>> = HashMap::new();
        let mut rulings = BTreeMap::new();
        for index in indexes {
            let Some((digest, portion)) = facts.portions.get(index) else { continue };
            let class = facts.class(index);
            let ruling = known.entry(class).or_insert_with(|| {
                let traits = Traits::of(portion);
                let ask = || evaluate(class, traits).unwrap_or_else(|reason| Answer::Denied(vec![reason]));
                Rc::new(match compiled.engine.memo.answer((view, &facts.signed), traits, times, ask) {
                    Answer::Permitted(grants) => Ruling::Permitted(grants),
                    Answer::Denied(reasons) if reasons.is_empty() => {
                        Ruling::Ungranted(explain::no_grant(policy, compiled, facts, view, traits, now))
                    }
                    Answer::Denied(reasons) => Ruling::Denied(
                        reasons.into_iter().map(|r| explain::in_full(r, policy, facts, traits)).collect(),
                    ),
                })
            });
            let excepted = Exceptions::of(compiled, facts).giving(policy, digest, now);
            let ruling = if excepted.is_empty() { Rc::clone(ruling) } else { Rc::new(ruling.excepted(excepted)) };
            // What the giver's own people say of it came by no release that could bar it.
            let bars = match facts.is_own_endorsement(policy, digest) {
                true => vec![],
                false => holding.bars(&policy.taker, (digest, portion), now),
            };
            let ruling = if bars.is_empty() { ruling } else { Rc::new(ruling.barred(bars)) };
            rulings.insert(index, ruling);
        }
        rulings
    }

    /// What Cedar is told beside a request.
    fn entities(self, view: &View) -> Result<Entities, Reason> {
        let Self { compiled, facts, .. } = self;
        let expires = facts.expires.unix_nanos();
        let assessment = match *view == facts.whole {
            true => facts.told.assessment(view, &facts.signed, expires),
            false => engine::assessment(view, &facts.signed, expires),
        };
        compiled.engine.entities(assessment?)
    }
}

impl Ruling {
    /// With the exceptions that give it, where nothing forbids it: beside its grants too, since it may be that the recipient can't see that
    /// they cover it.
    fn excepted(&self, exceptions: Vec<usize>) -> Self {
        match self {
            Self::Permitted(grants) => Self::Permitted([grants.as_slice(), &exceptions].concat()),
            Self::Ungranted(_) => Self::Permitted(exceptions),
            Self::Denied(reasons) => Self::Denied(reasons.clone()),
        }
    }

    /// This and more reasons against it.
    fn barred(&self, bars: Vec<Reason>) -> Self {
        Self::Denied(self.reasons().iter().cloned().chain(bars).collect())
    }

    /// Why it is not permitted; none where it is.
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Permitted(_) => &[],
            Self::Ungranted(reason) => std::slice::from_ref(reason),
            Self::Denied(reasons) => reasons,
        }
    }
}

fn verdict(candidate: &Candidate<'_>, all: &[Candidate<'_>], index: usize) -> Verdict {
    if let Some(grants) = candidate.released.get(&index) {
        return Verdict::Release(permit(candidate.question, index, grants));
    }
    if let Some(reason) = candidate.held.get(&index) {
        return Verdict::Withhold(Denial { reasons: vec![reason.clone()] });
    }
    let mut reasons = candidate.reasons(index);
    if let Some(other) = all.iter().find(|c| c.released.contains_key(&index)) {
        reasons.push(given_otherwise(candidate.question, other.question));
    }
    Verdict::Withhold(Denial { reasons })
}

fn given_otherwise(chosen: Question<'_>, other: Question<'_>) -> Reason {
    let id = other.compiled.reference.id;
    match other.holding.via() {
        Some(via) if id == chosen.compiled.reference.id => {
            let words =
                format!("release {via} would let it go on, but a release cites one and another lets more go on");
            Reason::new("another-provenance", words)
        }
        _ => {
            let words =
                format!("agreement {id} would give it, but a release stands on one agreement and another gives more");
            Reason::new("another-agreement", words)
        }
    }
}

fn withhold(id: &'static str, words: String) -> Verdict {
    Verdict::Withhold(Denial { reasons: vec![Reason::new(id, words)] })
}

fn permit(question: Question<'_>, index: usize, grants: &[usize]) -> Permit {
    let Question { compiled, facts, .. } = question;
    let used = || grants.iter().filter_map(|g| compiled.grants.get(*g));
    let mut references: Vec<GrantRef> =
        used().map(|c| GrantRef { agreement: compiled.reference, grant: c.grant.id.clone() }).collect();
    references.sort_by(|a, b| a.grant.cmp(&b.grant));
    let excepted = Exceptions::of(compiled, facts).needed(grants);
    let reason = |c: &Covered| match facts.portion(index) {
        Some(portion) => c.reason_for(&facts.whole, Traits::of(portion)),
        None => c.reason.clone(),
    };
    let reasons = used().map(reason).chain(excepted.map(|e| e.reason())).collect();
    Permit { grants: references, reasons }
}

fn cleared(candidate: &Candidate<'_>) -> Cleared {
    let Question { policy, compiled, facts, holding, now } = candidate.question;
    let used = candidate.released.values().flatten().filter_map(|g| compiled.grants.get(*g));
    let mut grants: Vec<GroupName> = used.map(|c| c.grant.id.clone()).collect();
    grants.sort_unstable();
    grants.dedup();
    let mut exceptions: Vec<StatementId> = candidate
        .released
        .values()
        .flat_map(|used| Exceptions::of(compiled, facts).needed(used).map(|e| e.id))
        .collect();
    exceptions.sort_unstable();
    exceptions.dedup();
    let all: Vec<(Digest, usize)> =
        candidate.released.keys().filter_map(|i| facts.portions.get(*i).map(|(digest, _)| (*digest, *i))).collect();
    let (endorsements, portions) = all.into_iter().partition(|(digest, _)| facts.endorsers.contains_key(digest));
    Cleared {
        recipient: policy.taker.domain.clone(),
        agreement: compiled.reference,
        grants,
        portions,
        endorsements,
        exceptions,
        terms: terms::of(candidate.question, &candidate.released),
        via: holding.via(),
        at: now,
    }
}
