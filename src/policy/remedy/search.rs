//! The search for a remedy.

use std::cmp::Reverse;

use super::{
    change::{MarkingChange, RequiredChange, Widening, widen},
    question::{DecisionInputs, Remedy},
    scenario::{NEW_AGREEMENT, Scenario},
};
use crate::{
    domain::{
        agreement::{Agreement, Area, Grant},
        body::{Body, Kind},
        ids::StatementId,
        level::WarningLevel,
        time::Time,
    },
    policy::{
        agreement::PartnerPolicy,
        attributes::PortionAttributes,
        decision::{Decision, decide},
        facts::Facts,
        grant::{CompiledGrant, GrantCheck, MissingPermission},
        reason::PolicyReason,
    },
};

/// How many times a decision is made at most. Each time at least one change must have been added.
const MAX_ROUNDS: usize = 40;
/// The longest wait that is proposed, in seconds. Where it would take longer, the grant's delay is what would have to change.
const MAX_WAIT: i64 = 400 * 86_400;

/// What would have to change for the portion at this index to be released. `None` if it is released already.
pub fn remedy(question: &DecisionInputs<'_>, index: usize) -> Option<Remedy> {
    match question.search(index) {
        Ok(Found { changes, fuller: None }) if changes.is_empty() => None,
        Ok(Found { changes, fuller }) => {
            let changes = question.fewest(changes, index, fuller);
            Some(match fuller {
                Some(other) => Remedy::FullerHeadline(changes, other),
                None => Remedy::Changes(changes),
            })
        }
        Err(reason) => Some(Remedy::Nothing(reason)),
    }
}

/// Changes that are enough.
struct Found {
    changes: Vec<RequiredChange>,
    /// The fuller headline that would be released instead, by its index.
    fuller: Option<usize>,
}

impl DecisionInputs<'_> {
    /// Changes what denies the portion, and decides again, until the portion is released.
    fn search(&self, index: usize) -> Result<Found, PolicyReason> {
        let mut changes = Vec::new();
        for _ in 0..MAX_ROUNDS {
            let scenario = self.scenario(&changes);
            let decision = self.decide(&scenario)?;
            if is_released(&decision, index) {
                return Ok(Found { changes, fuller: None });
            }
            if let Some(other) = fuller_headline(&scenario, &decision, index) {
                return Ok(Found { changes, fuller: Some(other) });
            }
            let mut is_changed = false;
            for change in self.next(&scenario, &decision, index, None)? {
                is_changed |= self.add(change, &mut changes);
            }
            if !is_changed {
                break;
            }
        }
        Err(PolicyReason::new("unknown", "no change was found that would release it"))
    }

    /// Leaves out the changes that are not needed: a later change may have made an earlier one unnecessary.
    fn fewest(&self, mut changes: Vec<RequiredChange>, index: usize, fuller: Option<usize>) -> Vec<RequiredChange> {
        let is_enough = |changes: &[RequiredChange]| {
            let scenario = self.scenario(changes);
            self.decide(&scenario).is_ok_and(|d| match fuller {
                Some(_) => fuller_headline(&scenario, &d, index) == fuller,
                None => is_released(&d, index),
            })
        };
        // Without one change another one may become unnecessary, so this repeats until none can be left out.
        loop {
            let before = changes.len();
            for place in (0..changes.len()).rev() {
                let mut fewer = changes.clone();
                fewer.remove(place);
                if is_enough(&fewer) {
                    changes = fewer;
                }
            }
            if changes.len() == before {
                return changes;
            }
        }
    }

    /// Adds a change. Returns whether that makes a difference.
    fn add(&self, change: RequiredChange, changes: &mut Vec<RequiredChange>) -> bool {
        if change.needs_new_version() && !changes.iter().any(RequiredChange::needs_new_version) {
            // A new version would be logged now, and every delay counts from then.
            changes.retain(|c| !matches!(c, RequiredChange::Wait(_)));
        }
        if let RequiredChange::Widen(id, name, how) = &change {
            let new = changes.iter_mut().find_map(|c| match c {
                RequiredChange::NewGrant(within, grant)
                    if grant.id == *name && within.unwrap_or(NEW_AGREEMENT) == *id =>
                {
                    Some(grant)
                }
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

    /// The scenario with these changes made.
    fn scenario(&self, changes: &[RequiredChange]) -> Scenario {
        let mut scenario = Scenario {
            agreements: self.agreements.to_vec(),
            manifest: self.manifest.clone(),
            logged_at: self.logged_at,
            portions: self.portions.iter().map(|(_, p)| p.clone()).collect(),
            lifted_rules: Vec::new(),
            now: self.now,
        };
        for change in changes {
            scenario.apply(change, self.dormant, self.now);
        }
        scenario
    }

    fn decide(&self, scenario: &Scenario) -> Result<Decision, PolicyReason> {
        let house = self.house.without(&scenario.lifted_rules);
        let policy = PartnerPolicy::compile(self.giver, self.taker, &scenario.agreements, &house)
            .map_err(|fault| PolicyReason::new("agreement-at-fault", fault.message))?;
        Ok(decide(&policy, &self.facts(scenario), scenario.now))
    }

    fn facts<'s>(&self, scenario: &'s Scenario) -> Facts<'s> {
        let portions = self.portions.iter().map(|(digest, _)| *digest).zip(&scenario.portions);
        let facts = Facts::new(&scenario.manifest, portions)
            .with_logged_at(scenario.logged_at)
            .with_provenances(self.provenances.to_vec())
            .with_states_of_versions(self.states_of_versions);
        match self.signers {
            Some((all, cosigners)) => facts.with_signers(all, cosigners),
            None => facts,
        }
    }

    /// Whether the giver is the originator, who could publish a new version.
    fn is_own(&self) -> bool {
        self.manifest.originator == *self.giver
    }

    /// The changes that would remove the reasons of this round. `within` is the agreement that the release must be based on, if that is known.
    fn next(
        &self,
        scenario: &Scenario,
        decision: &Decision,
        index: usize,
        within: Option<StatementId>,
    ) -> Result<Vec<RequiredChange>, PolicyReason> {
        let within = within.or_else(|| decision.release.as_ref().map(|r| r.agreement().id));
        let reasons = decision.portions.get(index).map(|p| p.verdict.reasons()).unwrap_or_default();
        let mut changes = Vec::new();
        for reason in reasons {
            match &*reason.id {
                "subject-rule" | "no-subject-known" | "evaluation-error" => return Err(reason.clone()),
                // It is another's, so this organisation can change neither its terms nor its markings.
                "onward-not-allowed" => return Err(reason.clone()),
                "expired" | "releasable-to" | "tlp-red-named-only" if !self.is_own() => return Err(reason.clone()),
                "expired" => changes.push(RequiredChange::Renew(scenario.now)),
                "releasable-to" | "tlp-red-named-only" => {
                    changes.push(RequiredChange::Marking(index, MarkingChange::Name(self.taker.domain.clone())));
                }
                "no-agreement" => changes.push(self.agreement(scenario, index)?),
                "no-grant" => changes.extend(self.extend_nearest(scenario, index, within)?),
                "no-headline" => {
                    changes.extend(self.required_kind(scenario, decision, index, within, Kind::Headline)?)
                }
                "no-subject" => changes.extend(self.required_kind(scenario, decision, index, within, Kind::Subject)?),
                "not-covered-as-shown" => changes.extend(self.as_shown(scenario, decision, index)),
                id => changes.extend(id.starts_with("house:").then(|| RequiredChange::Rule(id.to_owned()))),
            }
        }
        Ok(changes)
    }

    /// The agreement that is likeliest to be put in force, or a new one.
    fn agreement(&self, scenario: &Scenario, index: usize) -> Result<RequiredChange, PolicyReason> {
        match self.dormant.first() {
            Some((id, _)) => Ok(RequiredChange::InForce(*id)),
            None => Ok(RequiredChange::NewGrant(None, Box::new(self.grant(scenario, index, None)?))),
        }
    }

    /// A grant that permits just this portion.
    fn grant(&self, scenario: &Scenario, index: usize, within: Option<&Agreement>) -> Result<Grant, PolicyReason> {
        let portion = scenario.portions.get(index).ok_or_else(no_portion)?;
        let is_free = |name: &String| within.is_none_or(|a| !a.grants.iter().any(|g| g.id.as_str() == name));
        let name = std::iter::once("new".to_owned()).chain((2..).map(|n| format!("new-{n}"))).find(is_free);
        let id = name.unwrap_or_default().parse().map_err(|e: String| PolicyReason::new("unknown", e))?;
        Ok(Grant {
            id,
            from: self.giver.clone(),
            to: self.taker.domain.clone(),
            places: self.facts(scenario).all_subjects.places.iter().copied().map(Area::Place).collect(),
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

    /// The changes by which the nearest grant would permit the portion.
    fn extend_nearest(
        &self,
        scenario: &Scenario,
        index: usize,
        within: Option<StatementId>,
    ) -> Result<Vec<RequiredChange>, PolicyReason> {
        let Some(NearGrant { agreement, grant, missing }) = self.nearest(scenario, index, within) else {
            let without_grant = scenario.agreements.iter().find(|(id, _)| within.is_none_or(|w| w == *id));
            let (id, agreement) = without_grant.ok_or_else(no_portion)?;
            return Ok(vec![RequiredChange::NewGrant(
                Some(*id),
                Box::new(self.grant(scenario, index, Some(agreement))?),
            )]);
        };
        let portion = scenario.portions.get(index).ok_or_else(no_portion)?;
        let name = &grant.grant.id;
        let widen = |how| RequiredChange::Widen(agreement, name.clone(), how);
        let mut changes = Vec::new();
        for condition in missing {
            match condition {
                MissingPermission::Kind(kind) => changes.push(widen(Widening::Kind(kind))),
                MissingPermission::Tlp(tlp) => changes.push(widen(Widening::MaxTlp(tlp))),
                MissingPermission::Places(places) => {
                    changes.extend(places.into_iter().map(|p| widen(Widening::Place(p))))
                }
                MissingPermission::Level(seen) => {
                    changes.push(widen(Widening::MinLevel(seen.unwrap_or(WarningLevel::Watch))))
                }
                MissingPermission::Topic => match (portion.marking.topics.first(), grant.grant.topics.first()) {
                    (Some(topic), _) => changes.push(widen(Widening::Topic(topic.clone()))),
                    (None, Some(_)) if !self.is_own() => {
                        let words = "the portion has no topic, and only its originator could give it one";
                        return Err(PolicyReason::new("no-grant", words));
                    }
                    (None, Some(topic)) => {
                        changes.push(RequiredChange::Marking(index, MarkingChange::Topic(topic.clone())))
                    }
                    (None, None) => {}
                },
                MissingPermission::Delay(from) => {
                    let age = scenario.now.seconds_since(scenario.logged_at);
                    let sooner = || widen(Widening::Delay(u64::try_from(age).unwrap_or_default()));
                    changes.extend(self.wait(scenario, from, sooner));
                }
                MissingPermission::Begins(from) => {
                    changes
                        .extend(self.wait(scenario, from, || RequiredChange::Advance(agreement, scenario.now.day())));
                }
                MissingPermission::Ended(_) => changes.push(RequiredChange::Prolong(agreement, scenario.now.day())),
            }
        }
        Ok(changes)
    }

    /// Proposes to wait, if the assessment has not expired by then. Otherwise the `sooner` change is needed.
    fn wait(&self, scenario: &Scenario, from: Time, sooner: impl FnOnce() -> RequiredChange) -> Vec<RequiredChange> {
        let renewed = scenario.manifest.expires != self.manifest.expires;
        if from < scenario.manifest.expires {
            vec![RequiredChange::Wait(from)]
        } else if renewed && from < self.now.plus_seconds(MAX_WAIT) {
            vec![RequiredChange::Renew(from), RequiredChange::Wait(from)]
        } else {
            vec![sooner()]
        }
    }

    /// The changes for the headline or subject without which nothing is released: the one that needs the fewest changes.
    fn required_kind(
        &self,
        scenario: &Scenario,
        decision: &Decision,
        index: usize,
        within: Option<StatementId>,
        kind: Kind,
    ) -> Result<Vec<RequiredChange>, PolicyReason> {
        let within = within.or_else(|| self.nearest(scenario, index, None).map(|n| n.agreement));
        let all = scenario.portions.iter().enumerate().filter(|(other, p)| p.kind() == kind && *other != index);
        let mut best = Err(PolicyReason::new(
            format!("no-{kind}"),
            format!("the assessment has no {kind} that could be released"),
        ));
        for (other, _) in all {
            let found = self.next(scenario, decision, other, within);
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

    /// Widens a grant if a subject is withheld and the recipient sees a lower level than the grant requires.
    fn as_shown(&self, scenario: &Scenario, decision: &Decision, index: usize) -> Option<RequiredChange> {
        let shown = |i: &usize| decision.release.is_none() || is_released(decision, *i);
        let levels =
            scenario.portions.iter().enumerate().filter(|(i, _)| shown(i)).filter_map(|(_, p)| match &p.body {
                Body::Subject(subject) => Some(subject.level),
                _ => None,
            });
        // Where nothing is released at all, the lowest level may be the one that the recipient sees.
        let level = if decision.release.is_none() { levels.min() } else { levels.max() }?;
        let permitting = self.near_grants(scenario, index, None).filter(|n| n.missing.is_empty());
        let mut too_high = permitting.filter(|n| n.grant.grant.min_level > Some(level));
        too_high.next().map(|n| RequiredChange::Widen(n.agreement, n.grant.grant.id, Widening::MinLevel(level)))
    }

    /// The grant of which the least is missing. A time to wait counts least.
    fn nearest(&self, scenario: &Scenario, index: usize, within: Option<StatementId>) -> Option<NearGrant> {
        let weight = |missing: &MissingPermission| match missing {
            MissingPermission::Delay(_) | MissingPermission::Begins(_) => 1,
            _ => 2,
        };
        self.near_grants(scenario, index, within).min_by_key(|n| n.missing.iter().map(weight).sum::<usize>())
    }

    /// All grants to the taker with what is missing for the portion.
    fn near_grants(
        &self,
        scenario: &Scenario,
        index: usize,
        within: Option<StatementId>,
    ) -> impl Iterator<Item = NearGrant> {
        let facts = self.facts(scenario);
        let portion = scenario.portions.get(index);
        let of_one = |(id, agreement): &(StatementId, Agreement)| {
            let Some(portion) = portion else { return Vec::new() };
            let grants = agreement.grants.iter().filter(|g| g.from == *self.giver && g.to == self.taker.domain);
            let compiled = grants.filter_map(|grant| CompiledGrant::new(agreement, grant).ok());
            let near = compiled.map(|grant| {
                let check = GrantCheck {
                    grant: &grant,
                    valid_from: agreement.from.start(),
                    valid_until: agreement.until.end(),
                    logged_at: facts.logged_at,
                    subjects: &facts.all_subjects,
                    portion: PortionAttributes::new(portion),
                    now: scenario.now,
                };
                NearGrant { agreement: *id, missing: check.missing(), grant }
            });
            near.collect()
        };
        let agreements = scenario.agreements.iter().filter(|(id, _)| within.is_none_or(|w| w == *id));
        agreements.flat_map(of_one).collect::<Vec<_>>().into_iter()
    }
}

/// A grant, and what is missing for it to permit the portion.
struct NearGrant {
    agreement: StatementId,
    grant: CompiledGrant,
    missing: Vec<MissingPermission>,
}

fn no_portion() -> PolicyReason {
    PolicyReason::new("unknown", "there is no such portion")
}

/// Whether the portion is released.
fn is_released(decision: &Decision, index: usize) -> bool {
    decision.portions.get(index).is_some_and(|p| p.verdict.is_release())
}

/// The headline that is released in the place of this one, where several may be released.
fn fuller_headline(scenario: &Scenario, decision: &Decision, index: usize) -> Option<usize> {
    let rank = |i: usize| scenario.portions.get(i).map(|p| (Reverse(p.marking.tlp), i));
    let is_headline = |i: usize| scenario.portions.get(i).is_some_and(|p| p.kind() == Kind::Headline);
    // A translation is released with what it translates, and not in its place.
    let translated = scenario.portions.get(index).and_then(|p| p.translates);
    let stands_in = |i: usize| i != index && scenario.portions.get(i).is_some_and(|p| Some(p.handle) != translated);
    let other = (0..scenario.portions.len()).find(|i| stands_in(*i) && is_headline(*i) && is_released(decision, *i))?;
    (is_headline(index) && rank(other) < rank(index)).then_some(other)
}
