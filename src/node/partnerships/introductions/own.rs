//! The introductions that this organisation makes. One administrator proposes an introduction, and another one signs it.

use crate::{
    domain::{ids::StatementId, statement::StatementKind, time::Time},
    node::partnerships::{Partnerships, introductions::*},
    seal::{
        statement::id_of,
        verify::{MAX_SKEW_SECONDS, verify, verify_part},
    },
    store::{bundles::BundleRecord, introductions::IntroductionRecord},
};

/// For how long a proposal waits for its second signature, in seconds.
const LAPSES_AFTER: i64 = 7 * 86_400;

/// An introduction, as it is listed.
pub struct Introducing {
    /// Its statement id.
    pub id: StatementId,
    /// Who is introduced.
    pub of: TrustDomain,
    /// The organisations that it is introduced to.
    pub to: Vec<TrustDomain>,
    /// The statement, as it was signed.
    pub envelope: Envelope,
    /// Whether it has its second signature and is on its way.
    pub is_signed: bool,
    /// When `is_signed` last changed.
    pub at: Time,
}

impl Partnerships {
    /// The invitation of an organisation that may be introduced. It must be held here by its own words, and its roots must still be those
    /// of the invitation.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND`; `CONFLICT` where its words were not compared here, or its roots have changed since.
    pub async fn invitation_of(&self, _actor: &Authorized<Administer>, of: &TrustDomain) -> Result<Envelope, Fault> {
        let directory = self.directory.current();
        let known = directory.get(of).filter(|p| p.standing() != PartnerState::Forgotten);
        let known = known.ok_or_else(|| no_partner(of))?;
        let held = &known.record.bundle;
        if let Some(by) = &held.introduced_by {
            let what = format!(
                "`{of}` is held on the introduction of `{by}` itself; compare its words first (`partner know`)"
            );
            return Err(Fault::new(Reason::Conflict, what));
        }
        let kept = self.store.bundles(of).await?;
        let is_invitation = |r: &&BundleRecord| {
            (r.sequence, r.fingerprint) == (held.sequence, held.fingerprint) && r.envelope.is_some()
        };
        let envelope = kept.iter().find(is_invitation).and_then(|r| r.envelope.as_deref());
        let envelope = envelope.and_then(|bytes| wire::envelope::decode(bytes).ok());
        envelope.filter(|e| e.kind == StatementKind::Invitation).ok_or_else(|| {
            let what = format!(
                "the roots of `{of}` have changed since its invitation was accepted; have it send a new one, accept that, and introduce it then"
            );
            Fault::new(Reason::Conflict, what)
        })
    }

    /// Takes introductions that the caller has signed, as a proposal or as the second administrator. The second signature sends an
    /// introduction.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `CONFLICT` where there is only one administrator; `SECOND_PERSON_REQUIRED` where the caller has signed already;
    /// whatever verification refuses.
    pub async fn sign_introductions(
        &self,
        actor: &Authorized<Administer>,
        envelopes: &[Envelope],
        to: &[TrustDomain],
    ) -> Result<Vec<Introducing>, Fault> {
        self.people.look_for_people().await?;
        let _changing = self.directory.begin_change().await?;
        self.people.require_confirmed(actor).await?;
        if self.people.persons_needed() < 2 {
            let what =
                "an introduction takes two administrators, and this organisation has one; add a second one first";
            return Err(Fault::new(Reason::Conflict, what));
        }
        let kept = self.store.introductions().await?;
        let (mut records, mut events) = (vec![], vec![]);
        for envelope in envelopes {
            let record = self.signed_once_more(actor, envelope, to, &kept).await?;
            let deed = Deed::IntroductionSigned { organisation: record.of.clone(), introduction: record.id };
            events.push(Event::by(actor, self.clock.now(), deed));
            records.push(record);
        }
        let change = CatalogueChange::Introductions { records: records.clone(), events };
        self.directory.change(change, &[]).await?;
        let sent = records.iter().filter(|r| r.is_signed).flat_map(|r| &r.to);
        sent.for_each(|partner| self.sessions.of(partner).post());
        records.into_iter().map(Introducing::of).collect()
    }

    async fn signed_once_more(
        &self,
        actor: &Authorized<Administer>,
        envelope: &Envelope,
        to: &[TrustDomain],
        kept: &[IntroductionRecord],
    ) -> Result<IntroductionRecord, Fault> {
        // The caller signs in their own name, or beside the administrator who has proposed it.
        let is_proposal = kept.iter().all(|r| r.id != id_of(StatementKind::Introduction, &envelope.payload));
        let verified = match is_proposal {
            true => verify(envelope, &rules::INTRODUCTION, self.trust.chains(), self.clock.now()),
            false => verify_part(envelope, &rules::INTRODUCTION, self.trust.chains(), self.clock.now()),
        }?;
        if verified.signers() != std::slice::from_ref(actor.id())
            || verified.content().introducer != *self.identity.domain()
        {
            let what = "the introduction is not signed by the administrator who brings it";
            return Err(Fault::new(Reason::WrongDomain, what));
        }
        let id = id_of(StatementKind::Introduction, &envelope.payload);
        let introduction = verified.into_content();
        let of = self.introduced_in(actor, &introduction).await?;
        let Some(before) = kept.iter().find(|r| r.id == id) else {
            if self.clock.now().seconds_since(introduction.issued) > MAX_SKEW_SECONDS {
                return Err(Fault::at(Reason::Conflict, "issued", "the proposal is dated back; compare the clocks"));
            }
            let to = self.recipients(&of, to)?;
            let envelope = wire::envelope::encode(envelope);
            return Ok(IntroductionRecord { id, of, to, envelope, is_signed: false, at: self.clock.now() });
        };
        if before.is_signed {
            let what = format!("the introduction of `{of}` is signed by two administrators already");
            return Err(Fault::new(Reason::Conflict, what));
        }
        if self.clock.now().seconds_since(introduction.issued) >= LAPSES_AFTER {
            return Err(Fault::new(Reason::Conflict, "the proposal has lapsed; propose it anew"));
        }
        let mut signed = wire::envelope::decode(&before.envelope)?;
        signed.signatures.extend(envelope.signatures.iter().cloned());
        let both = verify(&signed, &rules::INTRODUCTION, self.trust.chains(), self.clock.now())?;
        if both.signers().iter().collect::<BTreeSet<_>>().len() < 2 {
            let what = "you have proposed it; another administrator signs it";
            return Err(Fault::new(Reason::SecondPersonRequired, what));
        }
        let envelope = wire::envelope::encode(&signed);
        Ok(IntroductionRecord { envelope, is_signed: true, at: self.clock.now(), ..before.clone() })
    }

    /// Who is introduced. The invitation must be exactly the one that was accepted here.
    async fn introduced_in(
        &self,
        actor: &Authorized<Administer>,
        introduction: &Introduction,
    ) -> Result<TrustDomain, Fault> {
        let invitation = wire::envelope::decode(&introduction.invitation)?;
        let of = wire::invitation::decode(&invitation.payload)?.organisation.domain;
        if self.invitation_of(actor, &of).await?.payload != invitation.payload {
            let what = format!("this is not the invitation by which `{of}` was accepted here");
            return Err(Fault::at(Reason::Conflict, "invitation", what));
        }
        Ok(of)
    }

    fn recipients(&self, of: &TrustDomain, to: &[TrustDomain]) -> Result<Vec<TrustDomain>, Fault> {
        let directory = self.directory.current();
        if let Some(unknown) = to.iter().find(|to| directory.active(to).is_err()) {
            return Err(no_partner(unknown));
        }
        let all = directory.all_active().map(|p| p.record.organisation.domain.clone());
        let to: Vec<TrustDomain> = all.filter(|d| d != of && (to.is_empty() || to.contains(d))).collect();
        if to.is_empty() {
            let what = format!("there is no partner to whom `{of}` could be introduced, but itself");
            return Err(Fault::at(Reason::Conflict, "to", what));
        }
        Ok(to)
    }

    /// The introductions that wait for a second signature, and those that were made. The newest comes first.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; store faults.
    pub async fn introductions(&self, _actor: &Authorized<Administer>) -> Result<Vec<Introducing>, Fault> {
        let now = self.clock.now();
        let is_open = |r: &IntroductionRecord| r.is_signed || now.seconds_since(r.at) < LAPSES_AFTER;
        self.store.introductions().await?.into_iter().filter(is_open).map(Introducing::of).collect()
    }
}

impl Introducing {
    fn of(record: IntroductionRecord) -> Result<Self, Fault> {
        let IntroductionRecord { id, of, to, envelope, is_signed, at } = record;
        Ok(Self { id, of, to, envelope: wire::envelope::decode(&envelope)?, is_signed, at })
    }
}
