//! What one side does alone: suspend, resume, terminate. At once here; the partner is told by a signed notice.

use super::find;
use crate::{
    domain::{
        agreement::{AgreementState, Notice, Side, Standing, Step},
        fault::{Fault, Reason},
        ids::{SpiffeId, StatementId},
        statement::StatementKind,
        time::Time,
    },
    node::{ADMINS, Node},
    store::AgreementRecord,
    wire,
};

impl Node {
    /// Stops an agreement for now: nothing is given or taken under it, until it is resumed here.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, `CONFLICT` where it is over.
    pub async fn suspend_agreement(
        &self,
        caller: &SpiffeId,
        id: &StatementId,
        reason: &str,
    ) -> Result<AgreementRecord, Fault> {
        let suspend = |standing: &mut Standing, at| {
            standing.suspend(caller, at);
            Ok(())
        };
        self.step(caller, id, Step::Suspended, reason, suspend).await
    }

    /// Lifts this side's suspension.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, `CONFLICT` where it is not suspended here, `SECOND_PERSON_REQUIRED` where several
    /// persons must stand behind it and the caller has suspended it.
    pub async fn resume_agreement(&self, caller: &SpiffeId, id: &StatementId) -> Result<AgreementRecord, Fault> {
        let needed = match find(&self.store.agreements().await?, id) {
            Ok(record) => self.approvals_needed(&record.agreement),
            Err(fault) => return self.require(caller, ADMINS).and(Err(fault)),
        };
        self.step(caller, id, Step::Resumed, "", |standing, _| standing.resume(caller, needed)).await
    }

    /// Ends an agreement for good; a proposal is declined or withdrawn.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, `CONFLICT` where it is over already.
    pub async fn terminate_agreement(
        &self,
        caller: &SpiffeId,
        id: &StatementId,
        reason: &str,
    ) -> Result<AgreementRecord, Fault> {
        let terminate = |standing: &mut Standing, at| {
            standing.terminate(Side::Here, at);
            Ok(())
        };
        self.step(caller, id, Step::Terminated, reason, terminate).await
    }

    /// Every version that is in force or on its way there takes the step: a partner's signature that comes later must not
    /// bring back what was stopped.
    async fn step(
        &self,
        caller: &SpiffeId,
        id: &StatementId,
        step: Step,
        reason: &str,
        change: impl Fn(&mut Standing, Time) -> Result<(), Fault>,
    ) -> Result<AgreementRecord, Fault> {
        self.require(caller, ADMINS)?;
        let _changing = self.changing.lock().await;
        let held = self.store.agreements().await?;
        let at = self.now();
        let asked = find(&held, id)?;
        if asked.state(at) == AgreementState::Ended {
            return Err(Fault::new(Reason::Conflict, "the agreement is over already"));
        }
        let mut records: Vec<AgreementRecord> = versions_under_way(asked, &held, at).cloned().collect();
        for record in &mut records {
            let changed = change(&mut record.standing, at);
            // What holds for the one that was asked about decides; another version may have come after its suspension.
            if record.id == *id {
                changed?;
            }
            record.changed_at = at;
        }
        let is_known_there =
            records.iter().any(|r| r.standing.signed_here.is_some() || r.standing.signed_there.is_some());
        let notice = Notice { agreement: *id, step, at, reason: reason.to_owned() };
        let told = asked.partner.clone();
        let send = if is_known_there {
            Some((told, self.sign(StatementKind::Notice, wire::notice::encode(&notice))?))
        } else {
            None
        };
        let done = find(&records, id)?.clone();
        self.save(Some(caller), records, send, vec![]).await?;
        Ok(done)
    }
}

/// The versions of the same agreement that are not over.
pub(super) fn versions_under_way<'a>(
    of: &'a AgreementRecord,
    held: &'a [AgreementRecord],
    now: Time,
) -> impl Iterator<Item = &'a AgreementRecord> {
    held.iter().filter(move |r| {
        r.agreement.series == of.agreement.series && r.partner == of.partner && r.state(now) != AgreementState::Ended
    })
}
