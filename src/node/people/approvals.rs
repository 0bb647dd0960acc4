//! Approvals: statements by which people approve exactly one thing each, and whether there are enough of them.

use crate::{
    domain::{
        actor::Actor,
        approval::{ApprovalRecord, Approved, Matter},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Sha256, StatementId, TrustDomain},
        statement::Envelope,
    },
    node::people::People,
    seal::{
        chains::VerificationTime,
        rules,
        verify::{MAX_SKEW_SECONDS, verify},
    },
    store::catalogue::CatalogueChange,
    wire,
};

/// How many people have approved, and how many it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApprovalCount {
    /// How many have approved.
    pub approvals: usize,
    /// How many it takes.
    pub needed: usize,
}

impl ApprovalCount {
    /// Whether there are enough.
    pub fn is_enough(self) -> bool {
        self.approvals >= self.needed
    }
}

/// A thing that is to be approved and has no record of its own.
pub(in crate::node) struct Approvable {
    /// What kind of thing it is.
    pub(in crate::node) matter: Matter,
    /// Which one it is.
    pub(in crate::node) subject: Sha256,
    /// The organisation that it is about.
    pub(in crate::node) of: TrustDomain,
}

impl People {
    /// What waits for another administrator.
    ///
    /// # Errors
    /// Store faults.
    pub async fn awaited(&self) -> Result<Vec<ApprovalRecord>, Fault> {
        let now = self.clock.now();
        Ok(self.store.approvals().await?.into_iter().filter(|a| a.is_open(now)).collect())
    }

    /// Verifies the caller's approval of exactly this thing, signed just now.
    ///
    /// # Errors
    /// Whatever verification refuses; `WRONG_DOMAIN` where somebody else has signed it; `CONFLICT` where it is about something else, or
    /// dated back.
    pub(in crate::node) fn approved(
        &self,
        actor: &Actor,
        approval: &Envelope,
        matter: Matter,
        subject: &Sha256,
    ) -> Result<Approved, Fault> {
        let now = self.clock.now();
        let verified =
            verify(approval, &rules::APPROVAL, self.trust.chains(), now).map_err(|f| f.within("approval"))?;
        let content = verified.content();
        if verified.signers() != std::slice::from_ref(actor.id()) || content.domain != *self.identity.domain() {
            let what = "the approval is not signed by the person who brings it";
            return Err(Fault::at(Reason::WrongDomain, "approval", what));
        }
        if (content.matter, content.subject) != (matter, *subject) {
            let what = "the approval is about something else than what the node holds; look at it again";
            return Err(Fault::at(Reason::Conflict, "approval.subject", what));
        }
        if now.seconds_since(content.issued) > MAX_SKEW_SECONDS {
            let what = "the approval is dated back by more than 5 minutes; compare the clocks";
            return Err(Fault::at(Reason::Conflict, "approval.issued", what));
        }
        let statement = wire::envelope::encode(approval);
        Ok(Approved { by: actor.id().clone(), at: content.issued, id: verified.id(), statement })
    }

    /// Whether a stored approval still counts. Its statement must prove it, and neither the key that signed it nor the person who gave it
    /// may have been revoked since, whatever certificates that person has by now. So neither somebody who writes into the store nor a
    /// thief of a key decides anything.
    pub(in crate::node) fn counts(&self, approved: &Approved, matter: Matter, subject: &Sha256) -> bool {
        let proves = || {
            let envelope = wire::envelope::decode(&approved.statement).ok()?;
            // A certificate that has expired since still proves it. A revoked one does not, whenever it was revoked.
            let when = VerificationTime { now: self.clock.now(), arrived: approved.at, stated: None };
            let verified = verify(&envelope, &rules::APPROVAL, self.trust.chains(), when).ok()?;
            let content = verified.content();
            let is_same = (content.matter, content.subject, content.issued) == (matter, *subject, approved.at);
            Some(is_same && verified.signers() == std::slice::from_ref(&approved.by))
        };
        !self.is_gone(&approved.by) && proves() == Some(true)
    }

    /// Adds the caller to those who approve a thing, in the turn to change the catalogue. A caller who is interrupted before the approved
    /// change is made starts again.
    ///
    /// # Errors
    /// `SECOND_PERSON_REQUIRED` where the caller is not confirmed, or has approved it already; those of [`Self::approved`]; store faults.
    pub(in crate::node) async fn approve(
        &self,
        actor: &Actor,
        approval: &Envelope,
        thing: Approvable,
        deed: impl FnOnce(StatementId) -> Deed + Send,
    ) -> Result<ApprovalCount, Fault> {
        let Approvable { matter, subject, of } = thing;
        self.require_confirmed(actor).await?;
        let approved = self.approved(actor, approval, matter, &subject)?;
        let (needed, now) = (self.persons_needed(), self.clock.now());
        let before = self.awaited().await?.into_iter().find(|a| a.subject == subject);
        let begun = || ApprovalRecord { subject, matter, of, approved: vec![], since: now, settled: None };
        let mut record = before.unwrap_or_else(begun);
        record.approved.retain(|before| self.counts(before, matter, &subject));
        let has_said_so = record.approved.iter().any(|before| before.by == *actor.id());
        if has_said_so && record.approved.len() < needed {
            let what = format!("you have said so already; it takes {needed} administrators, each with the same file");
            return Err(Fault::new(Reason::SecondPersonRequired, what));
        }
        let event = Event::by(actor, now, deed(approved.id));
        if !has_said_so {
            record.approved.push(approved);
        }
        let count = ApprovalCount { approvals: record.approved.len(), needed };
        record.settled = count.is_enough().then_some(now);
        let moved = self.catalogue.change(CatalogueChange::Approval { record, events: vec![event] }).await?;
        self.catalogue.follow(&moved);
        Ok(count)
    }

    /// Keeps an approval of a thing that one person decides alone, in the turn to change the catalogue.
    pub(in crate::node) async fn keep_approval(&self, approved: Approved, thing: Approvable) -> Result<(), Fault> {
        let Approvable { matter, subject, of } = thing;
        let now = self.clock.now();
        let record = ApprovalRecord { subject, matter, of, approved: vec![approved], since: now, settled: Some(now) };
        let moved = self.catalogue.change(CatalogueChange::Approval { record, events: vec![] }).await?;
        self.catalogue.follow(&moved);
        Ok(())
    }
}
