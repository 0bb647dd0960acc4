//! Evidence of equivocations, for whoever is to see it. Nothing of it is sent by itself: telling others would tell them that the assessment
//! exists.

use super::Node;
use crate::{
    domain::{
        actor::{Audit, Authorized},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::AssessmentId,
    },
    store::equivocations::EquivocationProof,
};

impl Node {
    /// What proves that two different statements of one thing of this assessment were signed. That it was taken out goes on record.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND` where nothing of it was signed twice, as far as is known here; store faults.
    pub async fn evidence(
        &self,
        actor: &Authorized<Audit>,
        id: &AssessmentId,
    ) -> Result<Vec<EquivocationProof>, Fault> {
        let proofs = self.store.equivocation_proofs(id).await?;
        if proofs.is_empty() {
            let what = format!(
                "nothing of `{id}` was signed twice, as far as this node has seen; see `watchfire ledger alarms`"
            );
            return Err(Fault::new(Reason::NotFound, what));
        }
        let deed = Deed::EvidenceExported { assessment: *id };
        self.store.record(vec![Event::by(actor, self.now(), deed)]).await?;
        Ok(proofs)
    }
}
