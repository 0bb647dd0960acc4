//! Acknowledging: a person reads an assessment, acts upon it or declines it, and the node tells whoever gave it. The message is sent at
//! once. It names the person's role, never the person.

use crate::{
    domain::{
        actor::{Acknowledge, Actor, Authorized},
        assessment::level,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{AssessmentId, TrustDomain},
        receipt::{MAX_NOTE, ReceiptKind},
        release::Release,
        time::Time,
    },
    node::{assessments::Assessments, receipts::answer::Said},
    seal::open::OpenedPortion,
    store::{AssessmentRecord, receipts::Acknowledgement},
};

impl Assessments {
    /// Tells the senders of an assessment that it is read, acted upon, or declined. Earlier versions count as acknowledged with it.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND`; `RECALLED`; `INVALID_ARGUMENT` where it was published here, or where the text is missing, not
    /// allowed or too long.
    pub async fn acknowledge_assessment(
        &self,
        actor: &Authorized<Acknowledge>,
        id: &AssessmentId,
        kind: ReceiptKind,
        text: Option<String>,
    ) -> Result<AssessmentRecord, Fault> {
        let is_said = match kind {
            ReceiptKind::Read => text.is_none(),
            ReceiptKind::Acting => true,
            ReceiptKind::Declined => text.is_some(),
            _ => false,
        };
        if !is_said || text.as_ref().is_some_and(|t| t.len() > MAX_NOTE) {
            let what = format!(
                "what is declined needs a reason, what is acted upon may have a note, of {MAX_NOTE} bytes at most"
            );
            return Err(Fault::at(Reason::InvalidArgument, "text", what));
        }
        let found = self.store.assessment(id, None, false).await?;
        let record =
            found.ok_or_else(|| Fault::new(Reason::NotFound, format!("there is no assessment `{id}` here")))?;
        if record.state.is_recalled() {
            return Err(Fault::new(Reason::Recalled, "the assessment was recalled; there is nothing to acknowledge"));
        }
        if record.originator == *self.identity.domain() {
            return Err(Fault::new(
                Reason::InvalidArgument,
                "the assessment was published here; nobody waits for a word",
            ));
        }
        self.say(actor, &record, Said { reason: text, role: Some(actor.role()), ..Said::only(kind) }).await?;
        Ok(record)
    }

    async fn say(&self, actor: &Actor, record: &AssessmentRecord, said: Said) -> Result<(), Fault> {
        let now = self.clock.now();
        let all = self.store.arrivals_of(&record.originator, &record.assessment, Some(&record.manifest_id)).await?;
        let shown: Vec<_> = all.into_iter().filter(|a| !a.quarantined).collect();
        let post = self.receipts.answers(&shown, &said, now)?;
        let told: Vec<TrustDomain> = post.iter().map(|(partner, _)| partner.clone()).collect();
        let deed = Deed::Acknowledged { manifest: record.manifest_id, kind: said.kind };
        let events = vec![Event::by(actor, now, deed)];
        let acknowledgement =
            Acknowledgement { manifest_id: record.manifest_id, kind: said.kind, role: actor.role(), post, events };
        if self.store.acknowledge(acknowledgement).await? {
            told.iter().for_each(|partner| self.sessions.of(partner).post());
        }
        Ok(())
    }

    /// The time by which what comes with a release is to be acknowledged here.
    pub(in crate::node) fn due(
        &self,
        partner: &TrustDomain,
        release: &Release,
        portions: &[OpenedPortion],
    ) -> Option<Time> {
        let seen = || level(portions.iter().map(OpenedPortion::portion));
        self.directory.current().active(partner).ok()?.due(&release.agreement.id, seen, release.released_at)
    }

    /// Notes that the partner was heard of, at most once a minute. The store is written in a task of its own, so that the call does not
    /// wait for it.
    pub fn heard_of(&self, partner: &TrustDomain) {
        let now = self.clock.now();
        if !self.sessions.of(partner).notes_contact(now) {
            return;
        }
        let (store, partner) = (self.store.clone(), partner.clone());
        tokio::spawn(async move {
            if let Err(error) = store.heard_of(&partner, now).await {
                tracing::debug!(%partner, %error, "could not keep when the partner was heard of");
            }
        });
    }
}
