//! Agreements. One side proposes and signs, and the other signs the same bytes; either side can stop an agreement alone. Where the house
//! or the agreement requires several people, the node signs once enough of them have approved.

use crate::{
    domain::{
        actor::{Actor, Administer, Authorized},
        agreement::{Agreement, AgreementState, Standing},
        approval::Matter,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        statement::{Envelope, Signature, StatementKind},
    },
    node::agreements::Agreements,
    seal::{statement::id_of, subject},
    store::{AgreementRecord, catalogue::CatalogueChange},
    wire,
};

impl Agreements {
    /// All agreements, the latest change first.
    ///
    /// # Errors
    /// Store faults.
    pub async fn agreements(&self) -> Result<Vec<AgreementRecord>, Fault> {
        // Waits for a running change, so that what is shown as in force is already used for decisions. The store knows of a change a
        // moment before the directory does.
        let _changing = self.directory.catalogue.changing().await;
        Ok(self.store.agreements().await?)
    }

    /// Proposes terms. The caller is the first to approve them. Once enough people have, the node signs the terms and sends them to the
    /// partner for its signature. `beside` allows them to stand beside other agreements with this partner.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `UNKNOWN_OR_NON_CANONICAL` with the field; `NOT_A_PARTNER`; `CONFLICT` where the version does not follow the one
    /// in force, or where there are other agreements and `beside` is not set.
    pub async fn propose(
        &self,
        actor: &Authorized<Administer>,
        payload: Vec<u8>,
        approval: &Envelope,
        beside: bool,
    ) -> Result<AgreementRecord, Fault> {
        self.directory
            .decide_in_turn_again(|| Box::pin(self.propose_once(actor, payload.clone(), approval, beside)))
            .await
    }

    async fn propose_once(
        &self,
        actor: &Authorized<Administer>,
        payload: Vec<u8>,
        approval: &Envelope,
        beside: bool,
    ) -> Result<AgreementRecord, Fault> {
        let agreement = wire::agreement::decode(&payload)?;
        let partner = self.other_party(&agreement)?;
        self.directory.current().active(&partner)?;
        let _changing = self.directory.begin_change().await?;
        let held = self.store.agreements().await?;
        let id = id_of(StatementKind::Agreement, &payload);
        if let Some(record) = held.iter().find(|r| r.id == id) {
            return Ok(record.clone());
        }
        let now = self.clock.now();
        if agreement.until.end() <= now {
            return Err(Fault::at(Reason::Conflict, "until", "its last day is over; give it a later one"));
        }
        crate::node::agreements::succession::check(&id, &agreement, &held, now)?;
        crate::node::agreements::succession::alone(&agreement, &held, now, beside)?;
        let envelope = Envelope::new(StatementKind::Agreement, payload, vec![]);
        let record = AgreementRecord {
            id,
            partner,
            agreement,
            envelope: wire::envelope::encode(&envelope),
            standing: Standing::default(),
            changed_at: now,
        };
        self.stand_behind(actor, record, &held, approval).await
    }

    /// Approves an agreement: this organisation's own draft or the partner's proposal. Once enough people have approved it, the node
    /// signs it. It is in force when both nodes have signed it, within its validity.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, `CONFLICT` where there is nothing to sign or as in [`Self::propose`], `SECOND_PERSON_REQUIRED`.
    pub async fn sign_agreement(
        &self,
        actor: &Authorized<Administer>,
        id: &StatementId,
        approval: &Envelope,
        beside: bool,
    ) -> Result<AgreementRecord, Fault> {
        self.directory.decide_in_turn_again(|| Box::pin(self.sign_once(actor, id, approval, beside))).await
    }

    async fn sign_once(
        &self,
        actor: &Authorized<Administer>,
        id: &StatementId,
        approval: &Envelope,
        beside: bool,
    ) -> Result<AgreementRecord, Fault> {
        let _changing = self.directory.begin_change().await?;
        let held = self.store.agreements().await?;
        let record = find(&held, id)?.clone();
        match record.state(self.clock.now()) {
            AgreementState::Proposed | AgreementState::AwaitingApproval => {}
            AgreementState::Agreed | AgreementState::InForce | AgreementState::SignedHere => return Ok(record),
            AgreementState::Suspended | AgreementState::Ended => {
                return Err(Fault::new(Reason::Conflict, "the agreement has been stopped; propose a new version"));
            }
        }
        crate::node::agreements::succession::check(id, &record.agreement, &held, self.clock.now())?;
        crate::node::agreements::succession::alone(&record.agreement, &held, self.clock.now(), beside)?;
        self.stand_behind(actor, record, &held, approval).await
    }

    /// Adds the caller's approval, and signs for the node if that is enough.
    async fn stand_behind(
        &self,
        actor: &Actor,
        mut record: AgreementRecord,
        held: &[AgreementRecord],
        approval: &Envelope,
    ) -> Result<AgreementRecord, Fault> {
        let now = self.clock.now();
        self.people.require_confirmed(actor).await?;
        let subject = subject::statement(&record.id);
        let approved = self.people.approved(actor, approval, Matter::Agreement, &subject)?;
        let approval = approved.id;
        record.standing.approvals.retain(|a| self.people.counts(a, Matter::Agreement, &subject));
        let is_enough = record.standing.approve(approved, self.approvals_needed(&record.agreement))?;
        record.changed_at = now;
        let approved = Deed::AgreementApproved {
            agreement: record.id,
            version: record.agreement.version,
            partner: record.partner.clone(),
            approval,
        };
        let approved = Event::by(actor, now, approved);
        if !is_enough {
            self.save(None, vec![record.clone()], None, vec![approved]).await?;
            return Ok(record);
        }
        let unkept = record.agreement.unkept();
        if !unkept.is_empty() {
            let what =
                format!("this version does not keep what it promises: {}; install a newer one", unkept.join(", "));
            return Err(Fault::new(Reason::NotYet, what));
        }
        let mut envelope = wire::envelope::decode_draft(&record.envelope)?;
        let is_ours = |s: &Signature| {
            self.trust
                .chains()
                .signer(&s.certificates, &now.into())
                .is_ok_and(|s| s.id.domain() == self.identity.domain())
        };
        if !envelope.signatures.iter().any(is_ours) {
            envelope.signatures.push(self.identity.good_key()?.sign(StatementKind::Agreement, &envelope.payload)?);
        }
        record.envelope = wire::envelope::encode(&envelope);
        record.standing.signed_here = Some(now);
        let send = Some((record.partner.clone(), envelope));
        let mut records = followed_by(&record, held);
        records.push(record.clone());
        self.save(Some(actor), records, send, vec![approved]).await?;
        Ok(record)
    }

    pub(in crate::node) fn other_party(&self, agreement: &Agreement) -> Result<TrustDomain, Fault> {
        agreement.other(self.identity.domain()).cloned().ok_or_else(|| {
            let what = format!("`{}` is not among the parties", self.identity.domain());
            Fault::at(Reason::WrongDomain, "parties", what)
        })
    }

    /// Commits a change with its ledger entries and what the partner is told of it, and puts it in force.
    pub(in crate::node) async fn save(
        &self,
        by: Option<&Actor>,
        records: Vec<AgreementRecord>,
        send: Option<(TrustDomain, Envelope)>,
        mut events: Vec<Event>,
    ) -> Result<(), Fault> {
        let at = self.clock.now();
        events.extend(records.iter().map(|r| {
            Event::of(
                by,
                at,
                Deed::AgreementChanged {
                    agreement: r.id,
                    version: r.agreement.version,
                    partner: r.partner.clone(),
                    state: r.state(at).to_string(),
                },
            )
        }));
        let send = send.map(|(partner, envelope)| (partner, wire::envelope::encode(&envelope)));
        let wake = send.as_ref().map(|(partner, _)| partner.clone());
        // An agreement that only one side has signed decides nothing.
        let counts: Vec<TrustDomain> =
            records.iter().filter(|r| r.standing.is_signed_by_both()).map(|r| r.partner.clone()).collect();
        self.directory.change(CatalogueChange::Agreements { records, send, events }, &counts).await?;
        if let Some(partner) = wake {
            self.sessions.of(&partner).post();
        }
        Ok(())
    }
}

/// The earlier versions that end when `record` takes their place. There are none until both sides have signed it.
pub(in crate::node) fn followed_by(record: &AgreementRecord, held: &[AgreementRecord]) -> Vec<AgreementRecord> {
    if record.standing.is_signed_by_both() {
        crate::node::agreements::succession::followed(record, held)
    } else {
        vec![]
    }
}

pub(in crate::node) fn find<'a>(held: &'a [AgreementRecord], id: &StatementId) -> Result<&'a AgreementRecord, Fault> {
    let not_found =
        || Fault::new(Reason::NotFound, format!("there is no agreement `{id}`; see `watchfire agreement list`"));
    held.iter().find(|r| r.id == *id).ok_or_else(not_found)
}
