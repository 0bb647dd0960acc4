//! Introductions: organisations that are held on a partner's word until an administrator here has compared their own words.
//!
//! An introduced organisation becomes a known organisation only. Nothing is exchanged with it; its signatures are verified where partners
//! pass them on.

pub mod own;

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    domain::{
        actor::{Administer, Authorized},
        approval::Matter,
        bundle::{BundleState, HeldBundle},
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        introduction::Introduction,
        partner::PartnerState,
        statement::Envelope,
    },
    node::{
        directory::Partner,
        partnerships::{
            Partnerships,
            accept::no_partner,
            invitation::{ProvedInvitation, open_invitation},
        },
        people::approvals::{Approvable, ApprovalCount},
    },
    seal::{rules, subject, verify::verify},
    store::{PartnerRecord, bundles::BundleChange, catalogue::CatalogueChange},
    wire,
};

/// The most organisations that are held on the word of one partner.
const MOST_INTRODUCED: usize = 256;

impl Partnerships {
    /// Takes an introduction that a partner hands over. An organisation that is a partner, or whose own words were compared, stays as it
    /// is.
    ///
    /// # Errors
    /// `NOT_A_PARTNER`; `NOT_YET` where the partner may not introduce anybody here; `SECOND_PERSON_REQUIRED`; whatever verification
    /// refuses.
    pub async fn take_introduction(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        // Verified as of now: an administrator who was revoked since introduces nobody, whatever date the introduction claims.
        let verified = verify(envelope, &rules::INTRODUCTION, &self.trust.active, self.clock.now())?;
        if verified.signers().iter().collect::<BTreeSet<_>>().len() < 2 {
            let what = "an introduction takes the signatures of two different administrators";
            return Err(Fault::new(Reason::SecondPersonRequired, what));
        }
        let Introduction { invitation, .. } = verified.into_content();
        let invitation = wire::envelope::decode(&invitation)?;
        let opened = self.open_introduced(&invitation)?;
        let _changing = self.directory.begin_change().await?;
        if !self.directory.current().active(partner)?.record.introduces {
            let what = "the administrators here have not permitted this partner to introduce others; keep it, and offer it again";
            return Err(Fault::new(Reason::NotYet, what));
        }
        self.hold_introduced(partner, &invitation, opened).await
    }

    /// Opens an invitation as of its own date, because the certificate of the node that wrote it may have expired since. The partner that
    /// introduces is answerable for it.
    fn open_introduced(&self, invitation: &Envelope) -> Result<ProvedInvitation, Fault> {
        let claimed = wire::invitation::decode(&invitation.payload)?.issued;
        open_invitation(invitation, &self.trust.signing_usages, claimed.min(self.clock.now()))
            .map_err(|f| f.within("invitation"))
    }

    async fn hold_introduced(
        &self,
        by: &TrustDomain,
        invitation: &Envelope,
        opened: ProvedInvitation,
    ) -> Result<(), Fault> {
        let ProvedInvitation { invitation: said, bundle, .. } = opened;
        let of = bundle.domain().clone();
        if of == *self.identity.domain() || of == *by {
            return Ok(());
        }
        let fingerprint = Sha256(bundle.fingerprint().0);
        // Where the room is used up, the answer is the same whether the organisation is known here or not.
        let room = self.require_room(by);
        if let Some(known) = self.directory.current().get(&of).cloned() {
            let (before, held) = (&known.record, &known.record.bundle);
            // Its own words were compared once. If it was forgotten since, somebody else's introduction does not bring it back.
            if held.introduced_by.is_none() {
                return room;
            }
            if before.state != PartnerState::Forgotten {
                let is_same = held.fingerprint == fingerprint;
                let is_older = said.sequence < held.sequence && held.introduced_by.as_ref() == Some(by);
                if !is_same && !is_older {
                    self.contest_introduced(by, before, fingerprint).await?;
                }
                return room;
            }
            self.disown(&known, Some(fingerprint)).await?;
        }
        room?;
        let held = HeldBundle {
            introduced_by: Some(by.clone()),
            ..HeldBundle::invited(said.sequence, fingerprint, said.issued)
        };
        let record = PartnerRecord {
            organisation: said.organisation.clone(),
            endpoint: None,
            roots: said.roots.clone(),
            bundle: held,
            state: PartnerState::Known,
            introduces: false,
            accepted_at: self.clock.now(),
        };
        self.bundles.bundle_by_invitation(&record, invitation).await?;
        let deed = Deed::Introduced { organisation: of.clone(), introducer: by.clone(), fingerprint };
        self.store.record(vec![Event::of_node(self.clock.now(), deed)]).await?;
        self.save_partner_as(None, record).await?;
        // The ledger key is not taken over. What is kept of ledgers is never judged again, so a false key would outlast the comparison of
        // words.
        self.revocations.take_invited_lists(&bundle, &said.lists).await?;
        self.bundles.follow_bundles(&of).await?;
        self.sessions.is_known_anew(&of);
        tracing::info!(organisation = %of, %by, "holds an organisation on a partner's introduction");
        Ok(())
    }

    /// Marks an organisation as contested, because another partner introduces it with other roots. What is shown stays. What comes later
    /// waits until an administrator has compared the organisation's words.
    async fn contest_introduced(&self, by: &TrustDomain, before: &PartnerRecord, rival: Sha256) -> Result<(), Fault> {
        let of = &before.organisation.domain;
        if before.bundle.rival.is_some() {
            return Ok(());
        }
        tracing::error!(
            organisation = %of,
            %by,
            first = before.bundle.introduced_by.as_ref().map(ToString::to_string),
            "two partners introduce the organisation with different roots; what comes of it from now on waits until an administrator has \
             compared its words (`watchfire partner know`)"
        );
        let bundle = HeldBundle { rival: Some(rival), contested_by: Some(by.clone()), ..before.bundle.clone() };
        let deed = Deed::IntroductionContested { organisation: of.clone(), introducer: by.clone(), fingerprint: rival };
        let event = Event::of_node(self.clock.now(), deed);
        let change =
            BundleChange { partner: Some(PartnerRecord { bundle, ..before.clone() }), ..BundleChange::default() };
        let change = CatalogueChange::Bundles { change: Box::new(change), events: vec![event] };
        self.directory.change(change, std::slice::from_ref(of)).await
    }

    /// Allows a partner to introduce organisations here. It takes as many administrators as any other such decision.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, `SECOND_PERSON_REQUIRED`, store faults.
    pub async fn allow_introductions(
        &self,
        actor: &Authorized<Administer>,
        partner: &TrustDomain,
        approval: &Envelope,
    ) -> Result<Option<ApprovalCount>, Fault> {
        // Registering somebody changes the catalogue, so it comes first.
        self.people.look_for_people().await?;
        let _changing = self.directory.begin_change().await?;
        let known = self.partner_of(partner)?;
        if known.record.introduces {
            return Ok(None);
        }
        let (subject, of) = (subject::introductions(partner), partner.clone());
        let is_enough = self.people.persons_needed() < 2;
        let deed = |approval| Deed::IntroductionsAllowed { partner: partner.clone(), is_enough, approval };
        let thing = Approvable { matter: Matter::Introductions, subject, of };
        let count = self.people.approve(actor, approval, thing, deed).await?;
        if !count.is_enough() {
            return Ok(Some(count));
        }
        let record = PartnerRecord { introduces: true, ..known.record.clone() };
        self.save_partner_as(Some(actor.as_actor()), record).await?;
        // The partner offers again what could not be taken before.
        self.sessions.trust_changed(vec![partner.clone()]);
        Ok(Some(count))
    }

    /// Withdraws that permission. Organisations that are held on this partner's introduction alone are forgotten, and what was verified
    /// under their roots is hidden from users. Returns how many organisations that were.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, store faults.
    pub async fn withdraw_introductions(
        &self,
        actor: &Authorized<Administer>,
        partner: &TrustDomain,
    ) -> Result<u64, Fault> {
        let _changing = self.directory.begin_change().await?;
        let known = self.partner_of(partner)?;
        // An approval that another administrator has already given for this partner is dropped as well.
        let approval = subject::introductions(partner);
        self.directory.change(CatalogueChange::ForgetApproval(approval), &[]).await?;
        self.save_partner_as(Some(actor.as_actor()), PartnerRecord { introduces: false, ..known.record.clone() })
            .await?;
        let directory = self.directory.current();
        let held = |p: &&Arc<Partner>| p.record.state != PartnerState::Forgotten;
        let introduced = directory.all().filter(held);
        let introduced = introduced.filter(|p| p.record.bundle.introduced_by.as_ref() == Some(partner));
        let introduced: Vec<Arc<Partner>> = introduced.cloned().collect();
        for held in &introduced {
            self.disown(held, None).await?;
            let bundle = HeldBundle { rival: None, contested_by: None, ..held.record.bundle.clone() };
            let record = PartnerRecord { state: PartnerState::Forgotten, bundle, ..held.record.clone() };
            self.save_partner_as(Some(actor.as_actor()), record).await?;
        }
        self.settle_contests(actor, partner).await?;
        Ok(introduced.len() as u64)
    }

    /// Clears the contests that this partner raised.
    async fn settle_contests(&self, actor: &Authorized<Administer>, partner: &TrustDomain) -> Result<(), Fault> {
        let directory = self.directory.current();
        let contested = directory.all().filter(|p| p.record.bundle.contested_by.as_ref() == Some(partner));
        for held in contested {
            let bundle = HeldBundle { rival: None, contested_by: None, ..held.record.bundle.clone() };
            self.save_partner_as(Some(actor.as_actor()), PartnerRecord { bundle, ..held.record.clone() }).await?;
            self.sessions.is_known_anew(&held.record.organisation.domain);
        }
        Ok(())
    }

    /// Limits how many organisations a partner introduces, so that it can't fill the directory.
    fn require_room(&self, by: &TrustDomain) -> Result<(), Fault> {
        let directory = self.directory.current();
        let introduced = directory.all().filter(|p| p.record.bundle.introduced_by.as_ref() == Some(by));
        if introduced.count() < MOST_INTRODUCED {
            return Ok(());
        }
        let what = format!(
            "{MOST_INTRODUCED} organisations are or were held here on this partner's word, and that is the most"
        );
        Err(Fault::new(Reason::NotYet, what))
    }

    /// Hides from users what was verified under roots that were held on an introduction alone. What rests on the roots `kept` stays: they
    /// are the same roots, confirmed by another word. Recalls that were verified under the other roots have to be proved again.
    pub(in crate::node) async fn disown(&self, held: &Partner, kept: Option<Sha256>) -> Result<(), Fault> {
        let of = &held.record.organisation.domain;
        // Later bundles of the organisation rest on the introduced one, so they count as well.
        let taken = self.store.bundles(of).await?.into_iter().filter(|r| r.state == BundleState::Taken);
        let taken = taken.map(|r| r.fingerprint).chain([held.record.bundle.fingerprint]);
        let rest: BTreeSet<Sha256> = taken.filter(|fingerprint| Some(*fingerprint) != kept).collect();
        let disown: Vec<_> = rest.into_iter().map(|fingerprint| (of.clone(), fingerprint)).collect();
        if disown.is_empty() {
            return Ok(());
        }
        let change = Box::new(BundleChange { disown, ..BundleChange::default() });
        let moved = self.directory.catalogue.change(CatalogueChange::Bundles { change, events: vec![] }).await?;
        moved.hidden.iter().for_each(|manifest| self.cache.entries.forget(manifest));
        self.directory.catalogue.follow(&moved);
        Ok(())
    }

    fn partner_of(&self, domain: &TrustDomain) -> Result<Arc<Partner>, Fault> {
        let is_partner = |p: &&Arc<Partner>| matches!(p.record.state, PartnerState::Active | PartnerState::Suspended);
        self.directory.current().get(domain).filter(is_partner).cloned().ok_or_else(|| no_partner(domain))
    }
}
