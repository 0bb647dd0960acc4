//! A scenario: the facts, agreements and rules with some changes made.

use super::change::{MarkingChange, RequiredChange, widen};
use crate::domain::{
    agreement::{Agreement, Duties, Grant},
    assessment::{Manifest, Portion},
    ids::{AssessmentId, StatementId},
    marking::Audience,
    time::Time,
};

/// All that a decision depends on. The search changes it and decides again.
#[derive(Clone)]
pub(super) struct Scenario {
    pub agreements: Vec<(StatementId, Agreement)>,
    pub manifest: Manifest,
    /// When the giver logged it.
    pub logged_at: Time,
    pub portions: Vec<Portion>,
    /// The ids of the house rules that are left out.
    pub lifted_rules: Vec<String>,
    pub now: Time,
}

/// The id of the new agreement in a scenario.
pub(super) const NEW_AGREEMENT: StatementId = StatementId([0; 32]);

impl Scenario {
    /// Makes the change. A new version would be logged at `logged_at`.
    pub fn apply(&mut self, change: &RequiredChange, dormant: &[(StatementId, Agreement)], logged_at: Time) {
        if change.needs_new_version() {
            self.logged_at = logged_at;
        }
        match change {
            RequiredChange::InForce(id) => {
                self.agreements.extend(dormant.iter().filter(|(known, _)| known == id).cloned())
            }
            RequiredChange::NewGrant(Some(id), grant) => self.edit(id, |a| a.grants.push((**grant).clone())),
            RequiredChange::NewGrant(None, grant) => {
                self.agreements.push((NEW_AGREEMENT, new_agreement(grant, self.now)))
            }
            RequiredChange::Widen(id, name, how) => self.edit(id, |a| {
                a.grants.iter_mut().filter(|g| g.id == *name).for_each(|g| widen(g, how));
            }),
            RequiredChange::Prolong(id, day) => self.edit(id, |a| a.until = *day),
            RequiredChange::Advance(id, day) => self.edit(id, |a| a.from = *day),
            RequiredChange::Marking(index, how) => {
                if let Some(portion) = self.portions.get_mut(*index) {
                    match how {
                        MarkingChange::Name(who) => {
                            portion.marking.releasable_to.push(Audience::Organisation(who.clone()));
                            portion.marking.releasable_to.sort_unstable();
                        }
                        MarkingChange::Topic(topic) => portion.marking.topics.push(topic.clone()),
                    }
                }
            }
            RequiredChange::Renew(after) => self.manifest.expires = after.plus_seconds(1),
            RequiredChange::Rule(id) => self.lifted_rules.push(id.clone()),
            RequiredChange::Wait(until) => self.now = *until,
        }
    }

    /// Edits the agreement with this id, if there is one.
    fn edit(&mut self, id: &StatementId, how: impl FnOnce(&mut Agreement)) {
        if let Some((_, agreement)) = self.agreements.iter_mut().find(|(known, _)| known == id) {
            how(agreement);
        }
    }
}

/// An agreement for a year with only this grant.
fn new_agreement(grant: &Grant, now: Time) -> Agreement {
    let mut parties = [grant.from.clone(), grant.to.clone()];
    parties.sort_unstable();
    Agreement {
        series: AssessmentId([0; 16]),
        version: 1,
        previous: None,
        parties,
        from: now.plus_seconds(-86_400).day(),
        until: now.plus_seconds(365 * 86_400).day(),
        purpose: String::new(),
        notice_days: 0,
        groups: vec![],
        grants: vec![grant.clone()],
        duties: Duties::default(),
        triggers: vec![],
    }
}
