//! What comes from a partner over the link or as a file: proposals, countersigned copies, notices.

use crate::{
    domain::{
        actor::{Administer, Authorized},
        agreement::{AgreementState, AnnouncedStep, Standing},
        fault::{Fault, Reason},
        ids::{StatementId, TrustDomain},
        partner::PartnerState,
        statement::{Envelope, Signature, StatementKind},
        time::Time,
    },
    identity::signers::Identities,
    node::{
        agreements::{Agreements, propose::followed_by, stop::concerned, succession},
        handed_over::verify_handed,
        partnerships::accept::no_partner,
    },
    seal::{rules, statement::id_of},
    store::{AgreementRecord, damage::Damage},
    wire,
};

/// How many proposals of one partner may wait for an answer.
const MAX_PROPOSALS: usize = 8;

/// How many of a partner's proposals that nobody here stood behind are kept, including declined and withdrawn ones.
const MAX_FRUITLESS: usize = 256;

impl Agreements {
    /// Takes an agreement that a partner has signed. It comes from a file.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, and as [`Self::take_agreement`].
    pub async fn import_agreement(
        &self,
        _actor: &Authorized<Administer>,
        envelope: &Envelope,
    ) -> Result<AgreementRecord, Fault> {
        let partner = self.other_party(&wire::agreement::decode(&envelope.payload)?)?;
        // An administrator brings it, so it may also mend an agreement that can't be read any more.
        let directory = self.directory.current();
        let known = directory.get(&partner).ok_or_else(|| no_partner(&partner))?;
        match known.damage() {
            Some(Damage::Agreement(..)) if known.record.state == PartnerState::Active => {}
            _ => drop(directory.active(&partner)?),
        }
        let is_mended = known.damage().is_some();
        let id = self.take(&partner, envelope, &self.trust.stored).await?;
        if is_mended {
            self.directory.reload_directory().await?;
        }
        crate::node::agreements::propose::find(&self.store.agreements().await?, &id).cloned()
    }

    /// Takes an agreement from a partner. It is a proposal, or the countersigned copy of what was proposed here.
    ///
    /// # Errors
    /// Whatever verification refuses; `WRONG_DOMAIN` where the partner has not signed it itself.
    pub async fn take_agreement(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        self.directory.current().active(partner)?;
        self.take(partner, envelope, &self.trust.active).await.map(|_| ())
    }

    async fn take(
        &self,
        partner: &TrustDomain,
        envelope: &Envelope,
        identities: &Identities,
    ) -> Result<StatementId, Fault> {
        let envelope = self.as_signed_here(envelope).await?;
        let verified = verify_handed(&envelope, &rules::AGREEMENT, identities, self.clock.now())?;
        // What the partner says about its time counts only for this handover, so it is not kept.
        let envelope = &Envelope { logged: vec![], ..envelope };
        if !verified.is_signed_by(partner) || self.other_party(verified.content())? != *partner {
            return Err(Fault::new(Reason::WrongDomain, "an agreement is handed over by the party that has signed it"));
        }
        let _changing = self.directory.begin_change().await?;
        let held = self.store.agreements().await?;
        let (now, id) = (self.clock.now(), verified.id());
        let before = held.iter().find(|r| r.id == id);
        match before {
            None if fruitless(&held, partner) >= MAX_FRUITLESS => {
                let what = format!("{MAX_FRUITLESS} proposals that came to nothing are kept already");
                return Err(Fault::new(Reason::LimitExceeded, what));
            }
            None if proposals(&held, partner, now) >= MAX_PROPOSALS => {
                let what = format!("{MAX_PROPOSALS} proposals wait for an answer already");
                return Err(Fault::new(Reason::LimitExceeded, what));
            }
            // An agreement with both signatures is a proposal, too, if this store knows nothing of it, for example because the store was
            // restored from a backup. The administrators say by signing whether it still holds.
            None => {
                let record = AgreementRecord {
                    id,
                    partner: partner.clone(),
                    agreement: verified.into_content(),
                    envelope: wire::envelope::encode(envelope),
                    standing: Standing::proposed_there(now),
                    changed_at: now,
                };
                self.save(None, vec![record], None, vec![]).await?;
            }
            // This is our agreement with the partner's signature. It is kept even while suspended: it is in force once it is resumed.
            Some(ours) if verified.is_signed_by(self.identity.domain()) && waits_for_the_partner(ours, now) => {
                succession::check(&id, verified.content(), &held, now).inspect_err(|_| {
                    tracing::warn!(%partner, agreement = %id, "the partner has signed a version that can't be in force here");
                })?;
                let envelope = wire::envelope::encode(envelope);
                let mut record = AgreementRecord { envelope, changed_at: now, ..ours.clone() };
                record.standing.signed_there = Some(now);
                let mut records = followed_by(&record, &held);
                records.push(record);
                self.save(None, records, None, vec![]).await?;
            }
            // It was seen before: the bytes are the same, and nothing is new.
            Some(_) => {}
        }
        Ok(id)
    }

    /// The partner's copy of what was signed here. The own signature is made again if it has run out, because the partner may have taken
    /// longer than a certificate lasts. Only this node's own record proves that these bytes were signed here.
    async fn as_signed_here(&self, envelope: &Envelope) -> Result<Envelope, Fault> {
        let (now, mut envelope) = (self.clock.now(), envelope.clone());
        let has_run_out = |s: &Signature| {
            self.identity.is_own(s) && self.trust.chains().signer(&s.certificates, &now.into()).is_err()
        };
        if envelope.signatures.iter().any(has_run_out) {
            let id = id_of(StatementKind::Agreement, &envelope.payload);
            let held = self.store.agreements().await?;
            if held.iter().any(|r| r.id == id && r.standing.is_signed_here()) {
                self.identity.sign_anew(&mut envelope)?;
            }
        }
        Ok(envelope)
    }

    /// Takes a partner's notice of a step that it has taken alone. A notice that is not later than the one before changes nothing.
    ///
    /// # Errors
    /// Whatever verification refuses; `WRONG_DOMAIN` where another organisation has signed it; `NOT_YET` where the agreement is not here,
    /// whether it is somebody else's or does not exist: it may still be on its way, and the step must not be lost; store faults.
    pub async fn take_notice(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        let verified = verify_handed(envelope, &rules::NOTICE, &self.trust.active, self.clock.now())?;
        if !verified.signers().iter().all(|s| s.domain() == partner) {
            return Err(Fault::new(Reason::WrongDomain, "a notice is handed over by the party that has signed it"));
        }
        let notice = verified.content();
        let _changing = self.directory.begin_change().await?;
        let held = self.store.agreements().await?;
        let of = held.iter().find(|r| r.id == notice.agreement && r.partner == *partner);
        let of =
            of.ok_or_else(|| Fault::new(Reason::NotYet, "the agreement is not here yet; offer the notice again"))?;
        let now = self.clock.now();
        let told = concerned(of, notice.every_version, &held, now).cloned().filter_map(|mut record| {
            record.changed_at = now;
            let heard = AnnouncedStep { step: notice.step, at: notice.at, reason: notice.reason.clone() };
            record.standing.hear(heard, now).then_some(record)
        });
        let records: Vec<AgreementRecord> = told.collect();
        if records.is_empty() {
            return Ok(());
        }
        let (step, agreement) = (notice.step, notice.agreement);
        // The reason is the partner's own text. It is meant for its reader and not logged.
        tracing::warn!(%partner, %agreement, %step, "the partner has stopped or resumed an agreement");
        self.save(None, records, None, vec![]).await
    }
}

/// Whether it is signed here, not signed by the partner, and not over.
fn waits_for_the_partner(record: &AgreementRecord, now: Time) -> bool {
    record.standing.is_signed_here()
        && record.standing.signed_there.is_none()
        && record.state(now) != AgreementState::Ended
}

fn fruitless(held: &[AgreementRecord], partner: &TrustDomain) -> usize {
    held.iter().filter(|r| r.partner == *partner && r.standing.approvals.is_empty()).count()
}

fn proposals(held: &[AgreementRecord], partner: &TrustDomain, now: Time) -> usize {
    held.iter().filter(|r| r.partner == *partner && r.state(now) == AgreementState::Proposed).count()
}
