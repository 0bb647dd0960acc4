//! Exports the evidence of equivocations. The node never sends it by itself, because that would tell the recipient that the assessment
//! exists.

use crate::{
    domain::{
        actor::{Audit, Authorized},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::AssessmentId,
    },
    node::assessments::Assessments,
    store::equivocations::EquivocationProof,
};

impl Assessments {
    /// The proofs that two different statements of one thing of this assessment were signed. The export is recorded in the ledger.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND` where this node knows of nothing in it that was signed twice; store faults.
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
        self.store.record(vec![Event::by(actor, self.clock.now(), deed)]).await?;
        Ok(proofs)
    }
}
