//! The basis of a release, and the rulings on that basis.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    rc::Rc,
};

use super::{
    explain,
    ruling::{Grounds, Ruling},
};
use crate::{
    domain::time::Time,
    policy::{
        agreement::{CompiledAgreement, PartnerPolicy},
        attributes::{PortionAttributes, SubjectSummary},
        cedar::{Entities, Evaluation, ReleaseRequest, RequestTimes, assessment_entity},
        facts::{Facts, Item, Provenance},
        provenance::{Acquisition, denials_back, goes_along, nothing_new},
        reason::PolicyReason,
    },
};

/// What a release stands on: one agreement, and one acquisition by the giver; with the facts and the time.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Basis<'a> {
    pub policy: &'a PartnerPolicy,
    pub agreement: &'a CompiledAgreement,
    pub facts: &'a Facts<'a>,
    pub acquisition: Acquisition<'a>,
    pub now: Time,
}

impl<'a> Basis<'a> {
    /// The rulings on the items at these indexes, judged by the subjects as summarised. Items with equal attributes share one evaluation.
    pub fn rulings(
        self,
        subjects: &SubjectSummary,
        indexes: impl Iterator<Item = usize>,
    ) -> BTreeMap<usize, Rc<Ruling>> {
        let Self { policy, facts, .. } = self;
        let mut added = facts.states_added_by(&policy.control, facts.indexes());
        added.extend(&facts.states_of_other_versions);
        let with_added = (!added.is_empty()).then(|| subjects.with_states(added));
        let subjects = with_added.as_ref().unwrap_or(subjects);
        let entities = OnceCell::new();
        let mut by_class: HashMap<usize, Rc<Ruling>> = HashMap::new();
        let mut rulings = BTreeMap::new();
        for index in indexes {
            let Some(item) = facts.items.get(index) else { continue };
            let class = facts.class(index);
            let ruling = by_class.entry(class).or_insert_with(|| {
                let attributes = PortionAttributes::new(item.portion);
                Rc::new(self.evaluate(subjects, class, attributes, &entities))
            });
            let exceptions = self.exceptions_for(*item);
            let ruling = match exceptions.is_empty() {
                true => Rc::clone(ruling),
                false => Rc::new(ruling.with_exceptions(exceptions)),
            };
            rulings.insert(index, self.bounded(*item, ruling));
        }
        if self.way_back().is_some() {
            self.give_along(&mut rulings);
        }
        rulings
    }

    /// The release by which it came, if the taker is its originator.
    pub fn way_back(self) -> Option<&'a Provenance> {
        match self.acquisition {
            Acquisition::Received(provenance) if self.policy.taker.domain == *self.facts.originator => Some(provenance),
            _ => None,
        }
    }

    /// The ruling within the bounds that the acquisition sets.
    fn bounded(self, item: Item<'_>, ruling: Rc<Ruling>) -> Rc<Ruling> {
        let Self { policy, facts, acquisition, now, .. } = self;
        let denials = match self.way_back() {
            Some(provenance) => denials_back(provenance, (&policy.giver, &policy.taker), facts, item, now),
            None if item.is_own_endorsement(&policy.giver) => vec![],
            None => acquisition.denials(&policy.taker, item, now),
        };
        if denials.is_empty() { ruling } else { Rc::new(ruling.with_denials(denials)) }
    }

    /// What goes along with an endorsement on its way back is given by the grants that give the endorsement.
    fn give_along(self, rulings: &mut BTreeMap<usize, Rc<Ruling>>) {
        let item = |index: &usize| self.facts.items.get(*index);
        let own = |index: &usize| item(index).is_some_and(|i| i.is_own_endorsement(&self.policy.giver));
        let granted = rulings.iter().filter(|(index, _)| own(index)).flat_map(|(_, ruling)| ruling.grants());
        let grants: BTreeSet<usize> = granted.copied().collect();
        let ruling = Rc::new(match grants.is_empty() {
            true => Ruling::Denied(vec![nothing_new()]),
            false => Ruling::Permitted(Grounds { grants: grants.into_iter().collect(), exceptions: vec![] }),
        });
        for (_, along) in rulings.iter_mut().filter(|(index, _)| item(index).is_some_and(goes_along)) {
            if !matches!(**along, Ruling::Denied(_)) {
                *along = Rc::clone(&ruling);
            }
        }
    }

    /// The ruling on the items of one equivalence class by the grants and rules alone. `entities` are built when they are first needed.
    fn evaluate(
        self,
        subjects: &SubjectSummary,
        class: usize,
        portion: PortionAttributes<'_>,
        entities: &OnceCell<Result<Entities, PolicyReason>>,
    ) -> Ruling {
        let Self { policy, agreement, facts, now, .. } = self;
        let times = RequestTimes { now: now.unix_nanos(), age: facts.age(now), expires: facts.expires.unix_nanos() };
        let request = ReleaseRequest { subjects, authorship: &facts.authorship, portion, times };
        let evaluate = || -> Result<Evaluation, PolicyReason> {
            let context = facts.entity_cache.context(class, now, || request.context())?;
            let entities = entities.get_or_init(|| self.entities(subjects)).as_ref().map_err(PolicyReason::clone)?;
            Ok(agreement.policies.evaluate(entities, context))
        };
        let or_denied = || evaluate().unwrap_or_else(|reason| Evaluation::Denied { reasons: vec![reason] });
        match agreement.policies.cache.get_or_evaluate(&request, or_denied) {
            Evaluation::Permitted { grants } => Ruling::Permitted(Grounds { grants, exceptions: vec![] }),
            Evaluation::Denied { reasons } if reasons.is_empty() => {
                Ruling::NoGrant(explain::no_grant(policy, agreement, facts, subjects, portion, now))
            }
            Evaluation::Denied { reasons } => {
                let detailed = reasons.into_iter().map(|r| explain::with_details(r, policy, facts, portion));
                Ruling::Denied(detailed.collect())
            }
        }
    }

    /// The Cedar entities of a request.
    fn entities(self, subjects: &SubjectSummary) -> Result<Entities, PolicyReason> {
        let Self { agreement, facts, .. } = self;
        let expires = facts.expires.unix_nanos();
        let assessment = match *subjects == facts.all_subjects {
            true => facts.entity_cache.assessment(subjects, &facts.authorship, expires),
            false => assessment_entity(subjects, &facts.authorship, expires),
        };
        agreement.policies.entities(assessment?)
    }

    /// The indexes of the exceptions that release the item. There is none if the agreement is not in force.
    fn exceptions_for(self, item: Item<'_>) -> Vec<usize> {
        let Self { policy, agreement, facts, now, .. } = self;
        if !agreement.is_in_force(now) {
            return vec![];
        }
        let all = facts.exceptions.iter().enumerate();
        let releasing = all.filter(|(_, e)| e.releases(&policy.giver, &policy.taker.domain, item.id, now));
        releasing.map(|(index, _)| index).collect()
    }
}
