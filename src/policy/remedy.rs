//! What would have to change for a partner to get a portion that is withheld from it. Proposes changes, and asks the decision whether they are
//! enough: nothing is proposed that would not do.

mod change;
#[cfg(test)]
mod tests;
mod words;

use std::{cmp::Reverse, collections::BTreeSet};

use super::{
    agreement::PartnerPolicy,
    decide::decide,
    engine::Traits,
    facts::Facts,
    grant::Covered,
    house::HouseRules,
    onward::Provenance,
    outcome::{Decision, Reason},
    unmet::{Asked, Unmet, unmet},
};
use crate::domain::{
    agreement::{Agreement, Area, Grant},
    assessment::{Manifest, Portion},
    body::{Body, Kind},
    ids::{Digest, SpiffeId, StatementId, TrustDomain},
    level::WarningLevel,
    partner::Organisation,
    place::Country,
    time::Time,
};
use change::{NOT_YET, World, widen};

pub use change::{Change, Remark, Widening};
pub use words::{Line, lines};

/// How often it may be asked again; each time something must have been added.
const ROUNDS: usize = 40;
/// Nobody waits longer than this, seconds: then a grant's delay is what would have to change.
const PATIENCE: i64 = 400 * 86_400;

/// Everything that a decision about one partner depends on.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Who gives.
    pub giver: &'a TrustDomain,
    /// Who would get it.
    pub taker: &'a Organisation,
    /// The agreements in force between the two.
    pub agreements: &'a [(StatementId, Agreement)],
    /// Agreements between the two that are not in force but could be: proposed, or suspended. The likeliest first.
    pub dormant: &'a [(StatementId, Agreement)],
    /// The giver's own rules.
    pub house: &'a HouseRules,
    /// The assessment.
    pub manifest: &'a Manifest,
    /// All portions of it.
    pub portions: &'a [(Digest, Portion)],
    /// The releases by which the giver got it, where it is another's.
    pub came: &'a [Provenance],
    /// The states that its versions are about.
    pub about: &'a BTreeSet<Country>,
    /// Who has signed it, and how many of them are officers beside the author; `None` where that is not known.
    pub signed: Option<(&'a [SpiffeId], u32)>,
    /// When the giver logged it.
    pub logged_at: Time,
    /// When it is asked. A new version would be logged then.
    pub now: Time,
}

/// What would have to change for a portion to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// All of these together would do.
    Changes(Vec<Change>),
    /// With these changes, if any, the headline at that place goes instead, which says more.
    FullerHeadline(Vec<Change>, usize),
    /// Nothing that this organisation could change would do, and why.
    Nothing(Reason),
}

/// What would have to change for the portion at this place to go; `None` where it goes already.
pub fn remedy(question: &Question<'_>, index: usize) -> Option<Remedy> {
    match question.search(index) {
        Ok((changes, None)) if changes.is_empty() => None,
        Ok((changes, instead)) => {
            let changes = question.fewest(changes, index, instead);
            Some(match instead {
                Some(other) => Remedy::FullerHeadline(changes, other),
                None => Remedy::Changes(changes),
            })
        }
        Err(reason) => Some(Remedy::Nothing(reason)),
    }
}

type Found = (Vec<Change>, Option<usize>);

impl Question<'_> {
    /// Changes what denies it, and asks again, until it goes.
    fn search(&self, index: usize) -> Result<Found, Reason> {
        let mut changes = Vec::new();
        for _ in 0..ROUNDS {
            let world = self.world(&changes);
            let decision = self.decide(&world)?;
            if goes(&decision, index) {
                return Ok((changes, None));
            }
            if let Some(other) = fuller_headline(&world, &decision, index) {
                return Ok((changes, Some(other)));
            }
            let mut moved = false;
            for change in self.next(&world, &decision, index, None)? {
                moved |= self.add(change, &mut changes);
            }
            if !moved {
                break;
            }
        }
        Err(Reason::new("unknown", "no change was found that would do"))
    }

    /// Without those that are not needed: what a first look called for may be settled by a later change.
    fn fewest(&self, mut changes: Vec<Change>, index: usize, instead: Option<usize>) -> Vec<Change> {
        let does = |changes: &[Change]| {
            let world = self.world(changes);
            self.decide(&world).is_ok_and(|d| match instead {
                Some(_) => fuller_headline(&world, &d, index) == instead,
                None => goes(&d, index),
            })
        };
        // Leaving one out may make another one idle, too: until none can be left out.
        loop {
            let before = changes.len();
            for place in (0..changes.len()).rev() {
                let mut fewer = changes.clone();
                fewer.remove(place);
                if does(&fewer) {
                    changes = fewer;
                }
            }
            if changes.len() == before {
                return changes;
            }
        }
    }

    fn add(&self, change: Change, changes: &mut Vec<Change>) -> bool {
        if change.needs_new_version() && !changes.iter().any(Change::needs_new_version) {
            // It would be logged now, and every delay counts from then.
            changes.retain(|c| !matches!(c, Change::Wait(_)));
        }
        if let Change::Widen(id, name, how) = &change {
            let new = changes.iter_mut().find_map(|c| match c {
                Change::NewGrant(within, grant) if grant.id == *name && within.unwrap_or(NOT_YET) == *id => Some(grant),
                _ => None,
            });
            if let Some(grant) = new {
                let before = grant.clone();
                widen(grant, how);
                return *grant != before;
            }
        }
        change.add_to(changes)
    }

    fn world(&self, changes: &[Change]) -> World {
        let mut world = World {
            agreements: self.agreements.to_vec(),
            manifest: self.manifest.clone(),
            logged_at: self.logged_at,
            portions: self.portions.iter().map(|(_, p)| p.clone()).collect(),
            spared: Vec::new(),
            now: self.now,
        };
        for change in changes {
            world.apply(change, self.dormant, self.now);
        }
        world
    }

    fn decide(&self, world: &World) -> Result<Decision, Reason> {
        let spared = |id: &str| world.spared.iter().any(|s| s == id);
        let rules = self.house.rules.iter().filter(|(_, r)| !spared(&r.id)).cloned().collect();
        let house = HouseRules { rules, control: self.house.control.clone() };
        let policy = PartnerPolicy::compile(self.giver, self.taker, &world.agreements, &house)
            .map_err(|fault| Reason::new("agreement-at-fault", fault.message))?;
        Ok(decide(&policy, &self.facts(world), world.now))
    }

    fn facts<'w>(&self, world: &'w World) -> Facts<'w> {
        let portions = self.portions.iter().map(|(digest, _)| *digest).zip(&world.portions);
        let facts = Facts::of(&world.manifest, portions).logged_at(world.logged_at).passed_on(self.came.to_vec());
        let facts = facts.among_versions(self.about);
        match self.signed {
            Some((all, cosigners)) => facts.signed_by(all, cosigners),
            None => facts,
        }
    }

    /// Whether the giver is the one who could publish a new version.
    fn is_own(&self) -> bool {
        self.manifest.originator == *self.giver
    }

    /// What would settle the reasons of this round. `within` is the agreement that it must stand on, where that is settled.
    fn next(
        &self,
        world: &World,
        decision: &Decision,
        index: usize,
        within: Option<StatementId>,
    ) -> Result<Vec<Change>, Reason> {
        let within = within.or_else(|| decision.release.as_ref().map(|r| r.agreement().id));
        let reasons = decision.portions.get(index).map(|p| p.verdict.reasons()).unwrap_or_default();
        let mut changes = Vec::new();
        for reason in reasons {
            match &*reason.id {
                "subject-rule" | "no-subject-known" | "evaluation-error" => return Err(reason.clone()),
                // Another's: neither its terms nor its markings are this organisation's to change.
                "onward-not-allowed" => return Err(reason.clone()),
                "expired" | "releasable-to" | "tlp-red-named-only" if !self.is_own() => return Err(reason.clone()),
                "expired" => changes.push(Change::Renew(world.now)),
                "releasable-to" | "tlp-red-named-only" => {
                    changes.push(Change::Remark(index, Remark::Name(self.taker.domain.clone())));
                }
                "no-agreement" => changes.push(self.agreement(world, index)?),
                "no-grant" => changes.extend(self.reach(world, index, within)?),
                "no-headline" => changes.extend(self.companion(world, decision, index, within, Kind::Headline)?),
                "no-subject" => changes.extend(self.companion(world, decision, index, within, Kind::Subject)?),
                "not-covered-as-shown" => changes.extend(self.as_shown(world, decision, index)),
                id => changes.extend(id.starts_with("house:").then(|| Change::Rule(id.to_owned()))),
            }
        }
        Ok(changes)
    }

    /// The agreement that is nearest to being in force, or a new one.
    fn agreement(&self, world: &World, index: usize) -> Result<Change, Reason> {
        match self.dormant.first() {
            Some((id, _)) => Ok(Change::InForce(*id)),
            None => Ok(Change::NewGrant(None, Box::new(self.grant(world, index, None)?))),
        }
    }

    /// A grant for just this portion.
    fn grant(&self, world: &World, index: usize, within: Option<&Agreement>) -> Result<Grant, Reason> {
        let portion = world.portions.get(index).ok_or_else(no_portion)?;
        let is_free = |name: &String| within.is_none_or(|a| !a.grants.iter().any(|g| g.id.as_str() == name));
        let name = std::iter::once("new".to_owned()).chain((2..).map(|n| format!("new-{n}"))).find(is_free);
        let id = name.unwrap_or_default().parse().map_err(|e: String| Reason::new("unknown", e))?;
        Ok(Grant {
            id,
            from: self.giver.clone(),
            to: self.taker.domain.clone(),
            places: self.facts(world).whole.places.iter().copied().map(Area::Place).collect(),
            topics: vec![],
            kinds: vec![portion.kind()],
            later_kinds: vec![],
            max_tlp: portion.marking.tlp,
            min_level: None,
            delay_seconds: 0,
            retention_days: None,
            onward: None,
            purpose: String::new(),
        })
    }

    /// What the nearest grant lacks.
    fn reach(&self, world: &World, index: usize, within: Option<StatementId>) -> Result<Vec<Change>, Reason> {
        let Some(Near { agreement, covered, unmet }) = self.nearest(world, index, within) else {
            let lacking = world.agreements.iter().find(|(id, _)| within.is_none_or(|w| w == *id));
            let (id, agreement) = lacking.ok_or_else(no_portion)?;
            return Ok(vec![Change::NewGrant(Some(*id), Box::new(self.grant(world, index, Some(agreement))?))]);
        };
        let portion = world.portions.get(index).ok_or_else(no_portion)?;
        let name = &covered.grant.id;
        let widen = |how| Change::Widen(agreement, name.clone(), how);
        let mut changes = Vec::new();
        for lack in unmet {
            match lack {
                Unmet::Kind(kind) => changes.push(widen(Widening::Kind(kind))),
                Unmet::Tlp(tlp) => changes.push(widen(Widening::MaxTlp(tlp))),
                Unmet::Places(places) => changes.extend(places.into_iter().map(|p| widen(Widening::Place(p)))),
                Unmet::Level(seen) => changes.push(widen(Widening::MinLevel(seen.unwrap_or(WarningLevel::Watch)))),
                Unmet::Topic => match (portion.marking.topics.first(), covered.grant.topics.first()) {
                    (Some(topic), _) => changes.push(widen(Widening::Topic(topic.clone()))),
                    (None, Some(_)) if !self.is_own() => {
                        let words = "the portion has no topic, and only its originator could give it one";
                        return Err(Reason::new("no-grant", words));
                    }
                    (None, Some(topic)) => changes.push(Change::Remark(index, Remark::Topic(topic.clone()))),
                    (None, None) => {}
                },
                Unmet::Delay(from) => {
                    let age = world.now.seconds_since(world.logged_at);
                    let sooner = || widen(Widening::Delay(u64::try_from(age).unwrap_or_default()));
                    changes.extend(self.wait(world, from, sooner));
                }
                Unmet::Begins(from) => {
                    changes.extend(self.wait(world, from, || Change::Advance(agreement, world.now.day())));
                }
                Unmet::Ended(_) => changes.push(Change::Prolong(agreement, world.now.day())),
            }
        }
        Ok(changes)
    }

    /// To wait, where the assessment lives that long; otherwise it would have to come sooner.
    fn wait(&self, world: &World, from: Time, sooner: impl FnOnce() -> Change) -> Vec<Change> {
        let renewed = world.manifest.expires != self.manifest.expires;
        if from < world.manifest.expires {
            vec![Change::Wait(from)]
        } else if renewed && from < self.now.plus_seconds(PATIENCE) {
            vec![Change::Renew(from), Change::Wait(from)]
        } else {
            vec![sooner()]
        }
    }

    /// The headline or subject without which nothing goes: the one for which the least would have to change.
    fn companion(
        &self,
        world: &World,
        decision: &Decision,
        index: usize,
        within: Option<StatementId>,
        kind: Kind,
    ) -> Result<Vec<Change>, Reason> {
        let within = within.or_else(|| self.nearest(world, index, None).map(|n| n.agreement));
        let all = world.portions.iter().enumerate().filter(|(other, p)| p.kind() == kind && *other != index);
        let mut best = Err(Reason::new(format!("no-{kind}"), format!("the assessment has no {kind} that could go")));
        for (other, _) in all {
            let found = self.next(world, decision, other, within);
            let better = match (&found, &best) {
                (Ok(found), Ok(best)) => found.len() < Vec::len(best),
                (Ok(_), Err(_)) => true,
                (Err(_), _) => false,
            };
            if better {
                best = found;
            }
        }
        best
    }

    /// A subject is withheld, and the recipient sees a lower level than the grant asks for.
    fn as_shown(&self, world: &World, decision: &Decision, index: usize) -> Option<Change> {
        let shown = |i: &usize| decision.release.is_none() || goes(decision, *i);
        let levels = world.portions.iter().enumerate().filter(|(i, _)| shown(i)).filter_map(|(_, p)| match &p.body {
            Body::Subject(subject) => Some(subject.level),
            _ => None,
        });
        // Where nothing goes at all, the lowest of them is what may be left to see.
        let level = if decision.release.is_none() { levels.min() } else { levels.max() }?;
        let reaching = self.near(world, index, None).filter(|n| n.unmet.is_empty());
        let mut demanding = reaching.filter(|n| n.covered.grant.min_level > Some(level));
        demanding.next().map(|n| Change::Widen(n.agreement, n.covered.grant.id, Widening::MinLevel(level)))
    }

    /// The grant that lacks least; waiting is the least of lacks.
    fn nearest(&self, world: &World, index: usize, within: Option<StatementId>) -> Option<Near> {
        let weight = |lack: &Unmet| if matches!(lack, Unmet::Delay(_) | Unmet::Begins(_)) { 1 } else { 2 };
        self.near(world, index, within).min_by_key(|n| n.unmet.iter().map(weight).sum::<usize>())
    }

    fn near(&self, world: &World, index: usize, within: Option<StatementId>) -> impl Iterator<Item = Near> {
        let facts = self.facts(world);
        let portion = world.portions.get(index);
        let of_one = |(id, agreement): &(StatementId, Agreement)| {
            let Some(portion) = portion else { return Vec::new() };
            let asked =
                Asked { issued: facts.logged_at, view: &facts.whole, traits: Traits::of(portion), now: world.now };
            let times = (agreement.from.start(), agreement.until.end());
            let ours = agreement.grants.iter().filter(|g| g.from == *self.giver && g.to == self.taker.domain);
            let covered = ours.filter_map(|grant| Covered::new(agreement, grant).ok());
            let near = covered.map(|c| Near { agreement: *id, unmet: unmet(&c, times, asked), covered: c });
            near.collect()
        };
        let asked = world.agreements.iter().filter(|(id, _)| within.is_none_or(|w| w == *id));
        asked.flat_map(of_one).collect::<Vec<_>>().into_iter()
    }
}

/// A grant, and what it lacks.
struct Near {
    agreement: StatementId,
    covered: Covered,
    unmet: Vec<Unmet>,
}

fn no_portion() -> Reason {
    Reason::new("unknown", "there is no such portion")
}

fn goes(decision: &Decision, index: usize) -> bool {
    decision.portions.get(index).is_some_and(|p| p.verdict.is_release())
}

/// The headline that goes in the place of this one: of several that may go, one goes.
fn fuller_headline(world: &World, decision: &Decision, index: usize) -> Option<usize> {
    let rank = |i: usize| world.portions.get(i).map(|p| (Reverse(p.marking.tlp), i));
    let is_headline = |i: usize| world.portions.get(i).is_some_and(|p| p.kind() == Kind::Headline);
    // A translation goes with what it translates, and not in its place.
    let translated = world.portions.get(index).and_then(|p| p.translates);
    let stands_in = |i: usize| i != index && world.portions.get(i).is_some_and(|p| Some(p.handle) != translated);
    let other = (0..world.portions.len()).find(|i| stands_in(*i) && is_headline(*i) && goes(decision, *i))?;
    (is_headline(index) && rank(other) < rank(index)).then_some(other)
}
