//! The steps that one side takes alone: suspend, resume, terminate. They hold here at once. The partner is told by a signed notice.

use crate::{
    domain::{
        actor::{Administer, Authorized},
        agreement::{AgreementNotice, AgreementState, AgreementStep, Side, Standing},
        approval::Matter,
        fault::{Fault, Reason},
        ids::StatementId,
        statement::{Envelope, StatementKind},
        time::Time,
    },
    node::agreements::{Agreements, propose::find},
    seal::subject,
    store::AgreementRecord,
    wire,
};

impl Agreements {
    /// Stops an agreement for now. Nothing is given or taken under it until it is resumed here.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, `CONFLICT` where it is over.
    pub async fn suspend_agreement(
        &self,
        actor: &Authorized<Administer>,
        id: &StatementId,
        reason: &str,
    ) -> Result<AgreementRecord, Fault> {
        let suspend = |standing: &mut Standing, at| {
            standing.suspend(actor.id(), at);
            Ok(())
        };
        self.step(actor, id, AgreementStep::Suspended, reason, suspend).await
    }

    /// Lifts this side's suspension.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, `CONFLICT` where it is not suspended here, `SECOND_PERSON_REQUIRED` where several persons must stand
    /// behind it and the caller is the one who has suspended it.
    pub async fn resume_agreement(
        &self,
        actor: &Authorized<Administer>,
        id: &StatementId,
        approval: &Envelope,
    ) -> Result<AgreementRecord, Fault> {
        let needed = self.approvals_needed(&find(&self.store.agreements().await?, id)?.agreement);
        if needed > 1 {
            self.people.require_confirmed(actor).await?;
        }
        let approved = self.people.approved(actor, approval, Matter::Resumption, &subject::statement(id))?;
        self.step(actor, id, AgreementStep::Resumed, "", |standing, _| standing.resume(approved.clone(), needed)).await
    }

    /// Ends an agreement for good. A proposal is thereby declined or withdrawn.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, `CONFLICT` where it is over already.
    pub async fn terminate_agreement(
        &self,
        actor: &Authorized<Administer>,
        id: &StatementId,
        reason: &str,
    ) -> Result<AgreementRecord, Fault> {
        let terminate = |standing: &mut Standing, at| {
            standing.terminate(Side::Here, at);
            Ok(())
        };
        self.step(actor, id, AgreementStep::Terminated, reason, terminate).await
    }

    async fn step(
        &self,
        actor: &Authorized<Administer>,
        id: &StatementId,
        step: AgreementStep,
        reason: &str,
        change: impl Fn(&mut Standing, Time) -> Result<(), Fault> + Send + Sync,
    ) -> Result<AgreementRecord, Fault> {
        self.directory.decide_in_turn_again(|| Box::pin(self.step_once(actor, id, step, reason, &change))).await
    }

    async fn step_once(
        &self,
        actor: &Authorized<Administer>,
        id: &StatementId,
        step: AgreementStep,
        reason: &str,
        change: &(impl Fn(&mut Standing, Time) -> Result<(), Fault> + Send + Sync),
    ) -> Result<AgreementRecord, Fault> {
        let _changing = self.directory.begin_change().await?;
        let held = self.store.agreements().await?;
        let at = self.clock.now();
        let asked = find(&held, id)?;
        if asked.state(at) == AgreementState::Ended {
            return Err(Fault::new(Reason::Conflict, "the agreement is over already"));
        }
        if step != AgreementStep::Terminated && !asked.standing.is_signed_by_both() {
            let what = "it is a proposal: nothing is given under it yet; to withdraw or decline it, terminate it";
            return Err(Fault::new(Reason::Conflict, what));
        }
        let every_version = asked.standing.is_signed_by_both();
        let mut records: Vec<AgreementRecord> = concerned(asked, every_version, &held, at).cloned().collect();
        for record in &mut records {
            let changed = change(&mut record.standing, at);
            // Only the version that was asked about decides. Another version may have come after its suspension.
            if record.id == *id {
                changed?;
            }
            record.changed_at = at;
        }
        let told_at = records.iter_mut().map(|r| r.standing.tells(at)).max().unwrap_or(at);
        records.iter_mut().for_each(|r| r.standing.told = Some(told_at));
        let is_known_there =
            records.iter().any(|r| r.standing.signed_here.is_some() || r.standing.signed_there.is_some());
        let notice = AgreementNotice { agreement: *id, step, at: told_at, reason: reason.to_owned(), every_version };
        let told = asked.partner.clone();
        let send = if is_known_there {
            Some((told, self.identity.sign(StatementKind::Notice, wire::notice::encode(&notice))?))
        } else {
            None
        };
        let done = find(&records, id)?.clone();
        self.save(Some(actor.as_actor()), records, send, vec![]).await?;
        Ok(done)
    }
}

/// The versions that a step with `of` concerns. A step with a proposal concerns only that proposal. A step with an agreement in force
/// concerns every version in force or on its way there, so that a later signature does not bring back what was stopped.
pub(in crate::node) fn concerned<'a>(
    of: &'a AgreementRecord,
    every_version: bool,
    held: &'a [AgreementRecord],
    now: Time,
) -> impl Iterator<Item = &'a AgreementRecord> {
    held.iter().filter(move |r| {
        r.agreement.series == of.agreement.series
            && r.partner == of.partner
            && (every_version || r.id == of.id)
            && r.state(now) != AgreementState::Ended
    })
}
