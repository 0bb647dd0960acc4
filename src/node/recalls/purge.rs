//! A purge that the originator has no right to here. Two officers decide about it, each once.

use crate::{
    domain::{
        actor::{Authorized, Officiate},
        approval::Matter,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::AssessmentId,
        recall::{RecallStanding, RecallState},
        receipt::{MAX_NOTE, ReceiptKind},
        statement::Envelope,
    },
    node::{
        recalls::{
            Recalls,
            issue::{RecallView, said, view},
        },
        receipts::answer::Said,
    },
    seal::subject,
    store::recalls::{ContentEffect, RecallRecord, RecallStep},
};

impl Recalls {
    /// Approves a purge that another organisation asks for. It runs once a second officer has approved it.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND` or `CONFLICT` where none waits; `SECOND_PERSON_REQUIRED` where the caller has approved it already.
    pub async fn approve_purge(
        &self,
        actor: &Authorized<Officiate>,
        id: &AssessmentId,
        approval: &Envelope,
    ) -> Result<RecallView, Fault> {
        self.directory.decide_again(|| Box::pin(self.approve_purge_once(actor, id, approval))).await
    }

    async fn approve_purge_once(
        &self,
        actor: &Authorized<Officiate>,
        id: &AssessmentId,
        approval: &Envelope,
    ) -> Result<RecallView, Fault> {
        self.people.look_for_people().await?;
        let catalogue = Some(self.directory.version());
        let _recalling = self.recalling.lock().await;
        let before = self.waiting_purge(id).await?;
        self.people.require_confirmed(actor).await?;
        let now = self.clock.now();
        let subject = subject::statement(&before.id);
        let approved = self.people.approved(actor, approval, Matter::Purge, &subject)?;
        let approval = approved.id;
        let standing = before.standing.clone().approve(approved, |a| self.people.counts(a, Matter::Purge, &subject))?;
        let runs = standing.state == RecallState::Purged;
        let step = decided(&before, standing, now);
        let record = &step.record;
        let deed = Deed::PurgeApproved {
            assessment: record.assessment,
            originator: record.originator.clone(),
            recall: record.id,
            approval,
        };
        let mut events = vec![Event::by(actor, now, deed)];
        let mut post = vec![];
        if runs {
            events.push(self.recalled(record, None));
            post = self.answer_recall(record, &said(&record.standing, record.id)).await?;
        }
        let effect = if runs { ContentEffect::Destroy } else { ContentEffect::None };
        let record = step.record.clone();
        self.apply(RecallStep { catalogue, effect, post, events, ..step }).await?;
        view(record)
    }

    /// Declines a purge that another organisation asks for. The originator is told why. The assessment stays hidden.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `INVALID_ARGUMENT` for a reason that does not fit; `NOT_FOUND` or `CONFLICT` where none waits.
    pub async fn decline_purge(
        &self,
        actor: &Authorized<Officiate>,
        id: &AssessmentId,
        reason: String,
    ) -> Result<RecallView, Fault> {
        if reason.is_empty() || reason.len() > MAX_NOTE {
            let what = format!("the originator is told why, in one line of at most {MAX_NOTE} bytes");
            return Err(Fault::at(Reason::InvalidArgument, "reason", what));
        }
        let _recalling = self.recalling.lock().await;
        let before = self.waiting_purge(id).await?;
        let now = self.clock.now();
        let standing = before.standing.clone().decline(actor.id(), now)?;
        let step = decided(&before, standing, now);
        let record = step.record.clone();
        let said = Said {
            reason: Some(reason),
            role: Some(actor.role()),
            recall: Some(record.id),
            ..Said::only(ReceiptKind::Declined)
        };
        let post = self.answer_recall(&record, &said).await?;
        let events = vec![self.recalled(&record, Some(actor))];
        self.apply(RecallStep { post, events, ..step }).await?;
        view(record)
    }

    /// Finds the purge that waits. Two originators may use the same id; the one whose purge waits is meant.
    async fn waiting_purge(&self, id: &AssessmentId) -> Result<RecallRecord, Fault> {
        for state in [RecallState::AwaitingApproval, RecallState::Declined] {
            let mut after = 0;
            loop {
                let page = self.store.recalls_after(after, Some(state), 256).await?;
                let Some(last) = page.last() else { break };
                after = last.turn;
                if let Some(found) = page.into_iter().find(|r| r.assessment == *id) {
                    return Ok(found);
                }
            }
        }
        let what = format!("no purge of `{id}` waits for an officer; see `watchfire assess purge --list`");
        Err(Fault::new(Reason::NotFound, what))
    }

    async fn answer_recall(
        &self,
        record: &RecallRecord,
        said: &Said,
    ) -> Result<Vec<(crate::domain::ids::TrustDomain, Vec<u8>)>, Fault> {
        let arrived = self.store.arrivals_of(&record.originator, &record.assessment, None).await?;
        self.receipts.answers(&arrived, said, record.at)
    }
}

fn decided(before: &RecallRecord, standing: RecallStanding, now: crate::domain::time::Time) -> RecallStep {
    RecallStep {
        catalogue: None,
        before: Some(before.standing.state),
        record: RecallRecord { standing, at: now, ..before.clone() },
        effect: ContentEffect::None,
        is_told: false,
        except: vec![],
        post: vec![],
        events: vec![],
    }
}
