//! Recalls: an originator takes an assessment back, here and from every holder.

use crate::{
    domain::{
        actor::{Actor, Authorized, LookUp, Officiate},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{AssessmentId, SpiffeId, TrustDomain},
        recall::{Recall, RecallKind, RecallStanding, RecallState},
        receipt::ReceiptKind,
        statement::Envelope,
    },
    node::{recalls::Recalls, receipts::answer::Said},
    seal::{
        rules,
        verify::{Verified, verify},
    },
    store::recalls::{ContentEffect, RecallOutcome, RecallRecord, RecallStep},
    wire,
};

/// A recall, as people see it.
#[derive(Debug, Clone)]
pub struct RecallView {
    /// The stored record.
    pub record: RecallRecord,
    /// The decoded statement.
    pub recall: Recall,
    /// Who signed it.
    pub by: Option<SpiffeId>,
}

/// The result of a recall that was issued here.
pub struct IssuedRecall {
    /// The recall as it is kept.
    pub view: RecallView,
    /// The partners for whom it waits.
    pub told: Vec<TrustDomain>,
}

impl Recalls {
    /// Recalls an assessment of this organisation. With `keep_own`, the copy here is hidden even if others are to destroy theirs.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; whatever verification refuses; `WRONG_DOMAIN` where it is not the caller's statement about an assessment of this
    /// organisation; `NOT_FOUND`; `RECALLED` where it was recalled as far already.
    pub async fn recall(
        &self,
        actor: &Authorized<Officiate>,
        envelope: &Envelope,
        keep_own: bool,
    ) -> Result<IssuedRecall, Fault> {
        self.directory.decide_again(|| Box::pin(self.recall_once(actor, envelope, keep_own))).await
    }

    async fn recall_once(
        &self,
        actor: &Authorized<Officiate>,
        envelope: &Envelope,
        keep_own: bool,
    ) -> Result<IssuedRecall, Fault> {
        let catalogue = Some(self.directory.version());
        // This node itself states when it was logged, when it hands the recall over.
        let envelope = &Envelope { logged: vec![], ..envelope.clone() };
        let verified = verify(envelope, &rules::RECALL, self.trust.chains(), self.clock.now())?;
        let content = verified.content();
        if content.originator != *self.identity.domain() || !verified.signers().contains(actor.id()) {
            let what = "an officer takes back, by the own signature, what the own organisation has published";
            return Err(Fault::at(Reason::WrongDomain, "recall.originator", what));
        }
        self.require_exercise(content).await?;
        let _recalling = self.recalling.lock().await;
        let before = self.store.recall_of(&content.originator, &content.assessment).await?;
        let standing = RecallStanding::after(before.as_ref().map(|b| &b.standing), content.kind, true);
        let already =
            || Fault::new(Reason::Recalled, "the assessment was recalled already; see `watchfire assess holders`");
        let mut standing = standing.ok_or_else(already)?;
        let effect = match content.kind {
            RecallKind::Purge if !keep_own => ContentEffect::Destroy,
            _ => {
                standing.state = RecallState::Withdrawn;
                ContentEffect::Hide
            }
        };
        let step = self.recall_step(&verified, envelope, standing, before, None);
        let step = RecallStep { catalogue, effect, is_told: true, ..step };
        let step = RecallStep { events: vec![self.recalled(&step.record, Some(actor))], ..step };
        let record = step.record.clone();
        let told = self.apply(step).await?.told;
        tracing::info!(assessment = %record.assessment, partners = told.len(), "recalled an assessment");
        Ok(IssuedRecall { view: view(record)?, told })
    }

    /// Requires that the assessment is here, and that the recall is marked as an exercise exactly if the assessment is one.
    async fn require_exercise(&self, recall: &Recall) -> Result<(), Fault> {
        let missing = || {
            let what = format!("this organisation has published no assessment `{}`", recall.assessment);
            Fault::new(Reason::NotFound, what)
        };
        let first = self.store.version(&recall.originator, &recall.assessment, 1).await?.ok_or_else(missing)?;
        // Its text need not be readable.
        let record = self.store.titles(std::slice::from_ref(&first)).await?.pop().ok_or_else(missing)?;
        let manifest = wire::manifest::decode(&wire::envelope::decode(&record.manifest)?.payload)?;
        if manifest.exercise != recall.exercise {
            let what = "the recall of an exercise is marked as one, and no other is";
            return Err(Fault::at(Reason::InvalidArgument, "recall.exercise", what));
        }
        Ok(())
    }

    /// A page of the recalls that wait for an officer here, or of all recalls: those that last changed after `after`, in the order of
    /// their changes. An empty page is the end.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, store faults.
    pub async fn recalls(
        &self,
        _actor: &Authorized<LookUp>,
        waiting_only: bool,
        after: u64,
    ) -> Result<Vec<RecallView>, Fault> {
        let state = waiting_only.then_some(RecallState::AwaitingApproval);
        self.store.recalls_after(after, state, 256).await?.into_iter().map(view).collect()
    }

    /// The recalls that changed after a turn, at most a page, for followers.
    ///
    /// # Errors
    /// Store faults.
    pub async fn recalls_after(&self, turn: u64) -> Result<Vec<RecallView>, Fault> {
        self.store.recalls_after(turn, None, 256).await?.into_iter().map(view).collect()
    }

    /// The recall of an assessment.
    ///
    /// # Errors
    /// Store faults.
    pub(in crate::node) async fn recall_view(
        &self,
        originator: &TrustDomain,
        id: &AssessmentId,
    ) -> Result<Option<RecallView>, Fault> {
        self.store.recall_of(originator, id).await?.map(view).transpose()
    }

    /// A step that so far changes only where a recall stands.
    pub(in crate::node) fn recall_step(
        &self,
        verified: &Verified<Recall>,
        envelope: &Envelope,
        standing: RecallStanding,
        before: Option<RecallRecord>,
        from: Option<&TrustDomain>,
    ) -> RecallStep {
        let Recall { originator, assessment, kind, .. } = verified.content();
        let record = RecallRecord {
            assessment: *assessment,
            originator: originator.clone(),
            id: verified.id(),
            kind: *kind,
            envelope: wire::envelope::encode(envelope),
            standing,
            from: from.cloned(),
            at: self.clock.now(),
            turn: 0,
        };
        let before = before.map(|b| b.standing.state);
        RecallStep {
            catalogue: None,
            record,
            before,
            effect: ContentEffect::None,
            is_told: false,
            except: vec![],
            post: vec![],
            events: vec![],
        }
    }

    /// The ledger's entry.
    pub(in crate::node) fn recalled(&self, record: &RecallRecord, by: Option<&Actor>) -> Event {
        let deed = Deed::Recalled {
            assessment: record.assessment,
            originator: record.originator.clone(),
            recall: record.id,
            kind: record.kind,
            state: record.standing.state,
        };
        Event::of(by, record.at, deed)
    }

    /// Commits a step, updates what is in memory, and wakes whoever waits. From the commit on, everything that is left to do waits in
    /// outboxes.
    pub(in crate::node) async fn apply(&self, step: RecallStep) -> Result<RecallOutcome, Fault> {
        let has_effect = step.effect != ContentEffect::None;
        let receivers: Vec<TrustDomain> = step.post.iter().map(|(partner, _)| partner.clone()).collect();
        let done = self.store.recall(step).await?;
        if has_effect {
            done.manifests.iter().for_each(|id| self.cache.entries.take_back(id));
        }
        done.told.iter().for_each(|partner| self.sessions.of(partner).recalled());
        receivers.iter().for_each(|partner| self.sessions.of(partner).post());
        self.sessions.arrived();
        Ok(done)
    }
}

/// The answer to a recall.
pub(in crate::node) fn said(standing: &RecallStanding, id: crate::domain::ids::StatementId) -> Said {
    let (kind, reason) = match standing.state {
        RecallState::Withdrawn => (ReceiptKind::Withdrawn, None),
        RecallState::AwaitingApproval | RecallState::Declined => {
            (ReceiptKind::Withdrawn, Some(Reason::PurgeAwaitsApproval.to_string()))
        }
        RecallState::Purged => (ReceiptKind::Purged, None),
    };
    Said { reason, recall: Some(id), ..Said::only(kind) }
}

/// The recall as people see it.
pub(in crate::node) fn view(record: RecallRecord) -> Result<RecallView, Fault> {
    let envelope = wire::envelope::decode(&record.envelope)?;
    let recall = wire::recall::decode(&envelope.payload)?;
    let leaf = envelope.signatures.first().and_then(|s| s.certificates.first());
    let by = leaf.map(|der| crate::identity::certificate::Leaf::parse(der)).transpose()?.map(|l| l.id);
    Ok(RecallView { record, recall, by })
}
