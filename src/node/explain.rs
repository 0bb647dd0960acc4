//! Explain: who may have which portion and why, as decided at publication and as it would be decided now.

use std::sync::Arc;

use super::{Node, prepared::Prepared, publish::in_ledger};
use crate::{
    domain::{
        event::{Deed, PortionDecision},
        fault::{Fault, Reason},
        ids::{AssessmentId, Role, SpiffeId, TrustDomain},
    },
    policy::decide,
};

/// What was or would be decided for one partner.
pub struct Explained {
    /// The partner.
    pub partner: TrustDomain,
    /// Portion by portion.
    pub portions: Vec<PortionDecision>,
    /// Whether anything goes.
    pub release: bool,
}

/// Both answers.
pub struct Explanation {
    /// What they are about.
    pub prepared: Arc<Prepared>,
    /// As decided at publication, from the ledger.
    pub then: Vec<Explained>,
    /// As it would be decided now.
    pub now: Vec<Explained>,
}

impl Node {
    /// Explains an assessment for one partner, or for all.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, store faults.
    pub async fn explain(
        &self,
        caller: &SpiffeId,
        id: &AssessmentId,
        version: Option<u32>,
        partner: Option<&TrustDomain>,
    ) -> Result<Explanation, Fault> {
        self.require(caller, &[Role::Analyst, Role::Officer, Role::Admin])?;
        let found = self.store.assessment(id, version, false).await?;
        let record =
            found.ok_or_else(|| Fault::new(Reason::NotFound, format!("there is no assessment `{id}` here")))?;
        let prepared = Arc::new(Prepared::new(record)?);
        let is_asked = |domain: &TrustDomain| partner.is_none_or(|p| p == domain);
        let mut then = vec![];
        for event in self.store.events_of(&prepared.id).await? {
            if let Deed::Decided { partner, portions, .. } = event.deed
                && is_asked(&partner)
            {
                let release = portions.iter().any(|p| p.release);
                then.push(Explained { partner, portions, release });
            }
        }
        let (at, facts) = (self.now(), prepared.facts());
        let directory = self.directory();
        let now = directory.all().filter(|p| is_asked(&p.record.organisation.domain)).map(|p| {
            let decision = decide(&p.outgoing, &facts, at);
            Explained {
                partner: p.record.organisation.domain.clone(),
                portions: decision.portions.iter().map(in_ledger).collect(),
                release: decision.release.is_some(),
            }
        });
        let now = now.collect();
        drop(facts);
        Ok(Explanation { prepared, then, now })
    }
}
