//! Agreements: one side proposes and signs, the other countersigns the same bytes, either side stops alone.

use super::{ADMINS, Node};
use crate::{
    domain::{
        agreement::Agreement,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{SpiffeId, StatementId, TrustDomain},
        statement::{Envelope, Signature, StatementKind},
    },
    seal::{rules, statement::id_of, verify::verify},
    store::{AgreementRecord, AgreementState},
    wire,
};

impl Node {
    /// All agreements, the latest change first.
    ///
    /// # Errors
    /// Store faults.
    pub async fn agreements(&self) -> Result<Vec<AgreementRecord>, Fault> {
        // What is shown as in force decides already: the store knows of a change a moment before the directory does.
        let _changing = self.changing.lock().await;
        Ok(self.store.agreements().await?)
    }

    /// Signs terms and sends them to the partner for its signature.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `UNKNOWN_OR_NON_CANONICAL` with the field; `NOT_A_PARTNER`; `CONFLICT` where the version does not
    /// follow the one in force.
    pub async fn propose(&self, caller: &SpiffeId, payload: Vec<u8>) -> Result<AgreementRecord, Fault> {
        self.require(caller, ADMINS)?;
        let agreement = wire::agreement::decode(&payload)?;
        let partner = self.other_party(&agreement)?;
        self.directory().active(&partner)?;
        let _changing = self.changing.lock().await;
        let held = self.store.agreements().await?;
        let id = id_of(StatementKind::Agreement, &payload);
        if let Some(record) = held.iter().find(|r| r.id == id) {
            return Ok(record.clone());
        }
        check_succession(&id, &agreement, &held)?;
        let envelope = self.sign(StatementKind::Agreement, payload)?;
        let record = self.record(id, &partner, agreement, &envelope, AgreementState::SignedHere);
        self.save(Some(caller), vec![record.clone()], Some((partner, &envelope))).await?;
        Ok(record)
    }

    /// Countersigns what the partner has proposed: it is in force from then on, within its validity.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, `CONFLICT` where there is nothing to sign.
    pub async fn countersign(&self, caller: &SpiffeId, id: &StatementId) -> Result<AgreementRecord, Fault> {
        self.require(caller, ADMINS)?;
        let _changing = self.changing.lock().await;
        let held = self.store.agreements().await?;
        let record = held.iter().find(|r| r.id == *id).ok_or_else(|| not_found(id))?.clone();
        match record.state {
            AgreementState::Proposed => {}
            AgreementState::InForce | AgreementState::SignedHere => return Ok(record),
            AgreementState::Suspended | AgreementState::Ended => {
                return Err(Fault::new(Reason::Conflict, "the agreement has been stopped; propose a new version"));
            }
        }
        check_succession(id, &record.agreement, &held)?;
        let mut envelope = wire::envelope::decode(&record.envelope)?;
        let is_ours = |s: &Signature| {
            self.chains().signer(&s.certificates, self.now()).is_ok_and(|s| s.id.domain() == self.domain())
        };
        if !envelope.signatures.iter().any(is_ours) {
            envelope.signatures.push(self.key.load().sign(StatementKind::Agreement, &envelope.payload)?);
        }
        let in_force = self.record(*id, &record.partner, record.agreement, &envelope, AgreementState::InForce);
        let mut records = ended_by(&in_force, &held);
        records.push(in_force.clone());
        self.save(Some(caller), records, Some((record.partner, &envelope))).await?;
        Ok(in_force)
    }

    /// Stops an agreement on this side, at once; `ends` for good.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, `CONFLICT` where it is over already.
    pub async fn stop(&self, caller: &SpiffeId, id: &StatementId, ends: bool) -> Result<AgreementRecord, Fault> {
        self.require(caller, ADMINS)?;
        let _changing = self.changing.lock().await;
        let held = self.store.agreements().await?;
        let record = held.iter().find(|r| r.id == *id).cloned().ok_or_else(|| not_found(id))?;
        if record.state == AgreementState::Ended {
            return Err(Fault::new(Reason::Conflict, "the agreement is over already"));
        }
        let state = if ends { AgreementState::Ended } else { AgreementState::Suspended };
        // Every version that is in force or on its way there stops: the partner's signature on a proposal of ours must not
        // bring it back.
        let at = self.now();
        let same = held.into_iter().filter(|r| {
            r.agreement.series == record.agreement.series
                && r.partner == record.partner
                && (r.id == *id
                    || matches!(
                        r.state,
                        AgreementState::SignedHere | AgreementState::Proposed | AgreementState::InForce
                    ))
        });
        let records: Vec<_> = same.map(|r| AgreementRecord { state, changed_at: at, ..r }).collect();
        let stopped = records.iter().find(|r| r.id == *id).cloned();
        self.save(Some(caller), records, None).await?;
        stopped.ok_or_else(|| not_found(id))
    }

    /// Takes an agreement from a partner: a proposal, or the countersigned copy of what was proposed here.
    ///
    /// # Errors
    /// Whatever verification refuses; `WRONG_DOMAIN` where the partner has not signed it itself.
    pub async fn take_agreement(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        let verified = verify(envelope, &rules::AGREEMENT, self.chains(), self.now())?;
        if !verified.is_signed_by(partner) || self.other_party(verified.content())? != *partner {
            return Err(Fault::new(Reason::WrongDomain, "an agreement is handed over by the party that has signed it"));
        }
        let _changing = self.changing.lock().await;
        let held = self.store.agreements().await?;
        let before = held.iter().find(|r| r.id == verified.id());
        let is_whole = verified.is_signed_by(self.domain());
        match (before.map(|r| r.state), is_whole) {
            (None, _) if proposals(&held, partner) >= MAX_PROPOSALS => {
                let what = format!("{MAX_PROPOSALS} proposals wait for an answer already");
                Err(Fault::new(Reason::LimitExceeded, what))
            }
            // Also one that bears both signatures although this store knows nothing of it (it was restored from a backup,
            // say): whether it still holds is for the administrator to say, by signing.
            (None, _) => {
                let (id, agreement) = (verified.id(), verified.into_content());
                let record = self.record(id, partner, agreement, envelope, AgreementState::Proposed);
                self.save(None, vec![record], None).await
            }
            // Ours, with the partner's signature.
            (Some(AgreementState::SignedHere), true) => {
                let (id, agreement) = (verified.id(), verified.into_content());
                check_succession(&id, &agreement, &held)?;
                let in_force = self.record(id, partner, agreement, envelope, AgreementState::InForce);
                let mut records = ended_by(&in_force, &held);
                records.push(in_force);
                self.save(None, records, None).await
            }
            // Seen before: the same bytes, nothing new.
            _ => Ok(()),
        }
    }

    fn other_party(&self, agreement: &Agreement) -> Result<TrustDomain, Fault> {
        agreement.other(self.domain()).cloned().ok_or_else(|| {
            let what = format!("`{}` is not among the parties", self.domain());
            Fault::at(Reason::WrongDomain, "parties", what)
        })
    }

    fn record(
        &self,
        id: StatementId,
        partner: &TrustDomain,
        agreement: Agreement,
        envelope: &Envelope,
        state: AgreementState,
    ) -> AgreementRecord {
        let envelope = wire::envelope::encode(envelope);
        AgreementRecord { id, partner: partner.clone(), agreement, envelope, state, changed_at: self.now() }
    }

    async fn save(
        &self,
        by: Option<&SpiffeId>,
        records: Vec<AgreementRecord>,
        send: Option<(TrustDomain, &Envelope)>,
    ) -> Result<(), Fault> {
        let at = self.now();
        let events = records.iter().map(|r| Event {
            at,
            by: by.cloned(),
            deed: Deed::AgreementChanged {
                agreement: r.id,
                version: r.agreement.version,
                partner: r.partner.clone(),
                state: r.state.to_string(),
            },
        });
        let events = events.collect();
        let send = send.map(|(partner, envelope)| (partner, wire::envelope::encode(envelope)));
        let wake = send.as_ref().map(|(partner, _)| partner.clone());
        self.store.save_agreements(records, send, events).await?;
        self.reload_directory().await?;
        if let Some(partner) = wake {
            self.live.of(&partner).post();
        }
        Ok(())
    }
}

/// How many proposals of one partner may wait for an answer.
const MAX_PROPOSALS: usize = 8;

fn proposals(held: &[AgreementRecord], partner: &TrustDomain) -> usize {
    held.iter().filter(|r| r.partner == *partner && r.state == AgreementState::Proposed).count()
}

/// A later version follows the one that is in force or suspended, by name and number, and nothing has overtaken it.
fn check_succession(id: &StatementId, agreement: &Agreement, held: &[AgreementRecord]) -> Result<(), Fault> {
    let Some(previous) = agreement.previous else {
        let is_known = held.iter().any(|r| r.agreement.series == agreement.series && r.id != *id);
        return if is_known {
            Err(Fault::at(
                Reason::Conflict,
                "version",
                "the agreement has a version 1 already; propose the next version",
            ))
        } else {
            Ok(())
        };
    };
    let before = held.iter().find(|r| r.id == previous);
    let follows = before.is_some_and(|r| {
        r.agreement.series == agreement.series
            && r.agreement.version + 1 == agreement.version
            && r.agreement.parties == agreement.parties
            && matches!(r.state, AgreementState::InForce | AgreementState::Suspended)
    });
    let is_overtaken = held.iter().any(|r| {
        r.id != *id
            && r.agreement.series == agreement.series
            && r.agreement.version >= agreement.version
            && r.state != AgreementState::Proposed
    });
    if follows && !is_overtaken {
        Ok(())
    } else {
        Err(Fault::at(Reason::Conflict, "previous", "the version does not follow one that is held here"))
    }
}

/// The earlier versions that end when `in_force` begins.
fn ended_by(in_force: &AgreementRecord, held: &[AgreementRecord]) -> Vec<AgreementRecord> {
    let same = held.iter().filter(|r| {
        r.agreement.series == in_force.agreement.series && r.partner == in_force.partner && r.id != in_force.id
    });
    same.filter(|r| r.state != AgreementState::Ended)
        .map(|r| AgreementRecord { state: AgreementState::Ended, changed_at: in_force.changed_at, ..r.clone() })
        .collect()
}

fn not_found(id: &StatementId) -> Fault {
    Fault::new(Reason::NotFound, format!("there is no agreement `{id}`; see `watchfire agreement list`"))
}
