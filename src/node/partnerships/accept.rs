//! Partners: accepts, suspends and resumes them.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    domain::{
        actor::{Actor, Administer, Authorized},
        approval::Matter,
        bundle::HeldBundle,
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        partner::{Invitation, Organisation, PartnerState},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    identity::validity::Validity,
    node::{
        directory::{Partner, roots::bundle_of},
        partnerships::{
            Partnerships,
            invitation::{ProvedInvitation, fingerprint_of},
        },
        people::approvals::{Approvable, ApprovalCount},
    },
    seal::{hash::sha256, statement::id_of, subject},
    store::{PartnerRecord, RetiredRoot, catalogue::CatalogueChange},
};

/// An invitation, and what an administrator has confirmed about it by another way.
pub struct Invited {
    /// The invitation.
    pub invitation: Envelope,
    /// Its fingerprint, in words or hexadecimal.
    pub fingerprint: String,
    /// Whether the administrator confirms a new kind or country of an organisation that is here already.
    pub change_confirmed: bool,
    /// The administrator's approval of it.
    pub approval: Envelope,
}

/// A root certificate that an organisation had once. It proves nothing new.
pub struct Retired {
    /// The organisation.
    pub of: TrustDomain,
    /// The subject's name.
    pub name: String,
    /// The SHA-256 of the certificate.
    pub sha256: Sha256,
    /// When it was removed from the bundle.
    pub at: Time,
}

/// The result of accepting an invitation.
pub struct Accepted {
    /// The partner. It is unchanged if the change needs another administrator.
    pub partner: Arc<Partner>,
    /// How many administrators have approved; `None` where one is enough.
    pub count: Option<ApprovalCount>,
}

/// The content of an invitation, once an administrator has confirmed it.
enum Confirmed<'a> {
    /// It counts. The lock keeps other changes from coming between.
    Enough(Box<Invitation>, Option<ApprovalCount>, tokio::sync::MutexGuard<'a, ()>),
    /// It needs another administrator.
    Waits(Accepted),
}

impl Partnerships {
    /// Accepts a partner, or its new bundle, kind or endpoint. Other roots, another kind or another country of an organisation that is
    /// here already need as many administrators as any such decision, because whoever sets these alone could pose as that organisation.
    /// Another endpoint needs one, because TLS proves the other side.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `CONFLICT` where the fingerprint is not that of the invitation, or where the invitation is this node's own;
    /// `SECOND_PERSON_REQUIRED` where the caller has approved it already; whatever verification refuses.
    pub async fn accept(&self, actor: &Authorized<Administer>, invited: &Invited) -> Result<Accepted, Fault> {
        self.directory.decide_in_turn_again(|| Box::pin(self.accept_once(actor, invited))).await
    }

    async fn accept_once(&self, actor: &Authorized<Administer>, invited: &Invited) -> Result<Accepted, Fault> {
        let (invitation, count, _changing) = match self.confirm(actor, invited).await? {
            Confirmed::Enough(invitation, count, changing) => (*invitation, count, changing),
            Confirmed::Waits(accepted) => return Ok(accepted),
        };
        let before = self.directory.current().get(&invitation.organisation.domain).map(|p| p.record.clone());
        // A suspended partner stays suspended until it is resumed.
        let is_suspended = before.as_ref().is_some_and(|b| b.state == PartnerState::Suspended);
        let state = if is_suspended { PartnerState::Suspended } else { PartnerState::Active };
        Ok(Accepted { partner: self.introduce(actor, &invited.invitation, state).await?, count })
    }

    /// Holds an organisation's bundle, so that what it has signed can be verified where partners pass it on. Nothing is exchanged with
    /// it.
    ///
    /// # Errors
    /// As [`Self::accept`]; `CONFLICT` where it is a partner.
    pub async fn know(&self, actor: &Authorized<Administer>, invited: &Invited) -> Result<Accepted, Fault> {
        self.directory.decide_in_turn_again(|| Box::pin(self.know_once(actor, invited))).await
    }

    async fn know_once(&self, actor: &Authorized<Administer>, invited: &Invited) -> Result<Accepted, Fault> {
        let (invitation, count, _changing) = match self.confirm(actor, invited).await? {
            Confirmed::Enough(invitation, count, changing) => (*invitation, count, changing),
            Confirmed::Waits(accepted) => return Ok(accepted),
        };
        let domain = &invitation.organisation.domain;
        let before = self.directory.current().get(domain).map(|p| p.record.clone());
        if before.as_ref().is_some_and(|b| matches!(b.state, PartnerState::Active | PartnerState::Suspended)) {
            let what =
                format!("`{domain}` is a partner already, so that it is known; `partner accept` takes a new bundle");
            return Err(Fault::new(Reason::Conflict, what));
        }
        Ok(Accepted { partner: self.introduce(actor, &invited.invitation, PartnerState::Known).await?, count })
    }

    /// Checks that an administrator has confirmed the invitation, and returns its content. No other change comes between.
    async fn confirm(&self, actor: &Authorized<Administer>, invited: &Invited) -> Result<Confirmed<'_>, Fault> {
        let ProvedInvitation { invitation, bundle, .. } = self.check_invitation(&invited.invitation)?;
        let agrees = fingerprint_of(&invited.invitation).agrees_with(&invited.fingerprint);
        if !agrees.map_err(|e| Fault::at(Reason::InvalidArgument, "fingerprint", e))? {
            let what = "the fingerprint is not that of the invitation; ask the partner again, by another way";
            return Err(Fault::at(Reason::Conflict, "fingerprint", what));
        }
        if invitation.organisation.domain == *self.identity.domain() {
            return Err(Fault::new(Reason::Conflict, "the invitation is this node's own; give it to the partner"));
        }
        let changing = self.directory.begin_change().await?;
        let directory = self.directory.current();
        if let Some(partner) = directory.get(&invitation.organisation.domain) {
            require_newer(&partner.record, &invitation)?;
        }
        let before = directory.get(&invitation.organisation.domain).map(|p| &p.record.organisation);
        if let Some(before) = before.filter(|b| **b != invitation.organisation && !invited.change_confirmed) {
            // The subject rule depends on kind and country.
            let words =
                |o: &Organisation| format!("{}{}", o.kind, o.country.map(|c| format!(" of {c}")).unwrap_or_default());
            let (was, says) = (words(before), words(&invitation.organisation));
            let what = format!(
                "the partner was a {was} and says that it is a {says}; if that is right, accept it with --changed"
            );
            return Err(Fault::at(Reason::Conflict, "invitation.kind", what));
        }
        let id = id_of(StatementKind::Invitation, &invited.invitation.payload);
        let (subject, of) = (subject::statement(&id), invitation.organisation.domain.clone());
        let thing = Approvable { matter: Matter::Partner, subject, of: of.clone() };
        // Accepting an invitation also repairs a damaged record, and that is a statement of who the organisation is.
        let is_change = |p: &&Arc<Partner>| p.damage().is_some() || is_other(&p.record, &invitation);
        let Some(partner) = directory.get(&of).filter(is_change) else {
            let approved = self.people.approved(actor, &invited.approval, Matter::Partner, &subject)?;
            self.people.keep_approval(approved, thing).await?;
            return Ok(Confirmed::Enough(Box::new(invitation), None, changing));
        };
        let fingerprint = bundle.fingerprint().to_string();
        let deed = |approval| Deed::PartnerChangeApproved { partner: of, fingerprint, invitation: id, approval };
        let count = self.people.approve(actor, &invited.approval, thing, deed).await?;
        let count = Some(count).filter(|count| count.needed > 1);
        match count {
            Some(waits) if !waits.is_enough() => Ok(Confirmed::Waits(Accepted { partner: partner.clone(), count })),
            _ => Ok(Confirmed::Enough(Box::new(invitation), count, changing)),
        }
    }

    async fn introduce(
        &self,
        actor: &Authorized<Administer>,
        envelope: &Envelope,
        state: PartnerState,
    ) -> Result<Arc<Partner>, Fault> {
        let ProvedInvitation { invitation, bundle, ledger_key } = self.check_invitation(envelope)?;
        let domain = bundle.domain().clone();
        let fingerprint = Sha256(bundle.fingerprint().0);
        let known = self.directory.current().get(&domain).cloned();
        let before_record = known.as_ref().map(|known| known.record.clone());
        let before = before_record.as_ref().map(|record| record.bundle.clone());
        let introduced = known.filter(|known| known.record.bundle.introduced_by.is_some());
        if let Some(known) = &introduced {
            // What was verified by an introduction is from now on judged by the organisation's own words.
            self.disown(known, Some(fingerprint)).await?;
        }
        let now = self.clock.now();
        let is_same = |b: &HeldBundle| (b.sequence, b.fingerprint) == (invitation.sequence, fingerprint);
        let held = match before.filter(is_same) {
            Some(same) => HeldBundle {
                rival: None,
                introduced_by: None,
                contested_by: None,
                named_at: same.named_at.filter(|at| *at <= now),
                ..same
            },
            None => HeldBundle::invited(invitation.sequence, fingerprint, invitation.issued),
        };
        let persons_needed = before_record.as_ref().map_or(0, |before| before.bundle.persons_needed);
        let held = HeldBundle { persons_needed, ..held };
        let record = PartnerRecord {
            organisation: invitation.organisation.clone(),
            endpoint: invitation.endpoint.clone(),
            roots: invitation.roots.clone(),
            bundle: held,
            state,
            introduces: before_record.as_ref().is_some_and(|before| before.introduces),
            accepted_at: self.clock.now(),
        };
        self.bundles.bundle_by_invitation(&record, envelope).await?;
        // The words were compared, and the invitation brings the lists.
        self.directory.change(CatalogueChange::ForgetTornLists(domain.clone()), &[]).await?;
        let partner = self.save_partner_as(Some(actor.as_actor()), record).await?;
        self.revocations.take_invited_lists(&bundle, &invitation.lists).await?;
        self.ledger.take_invited_ledger(&partner, ledger_key, &invitation).await?;
        self.bundles.follow_bundles(&domain).await?;
        // What was kept from users because the organisation was not known may be shown now.
        self.sessions.is_known_anew(&domain);
        if introduced.is_some() {
            self.recalls.prove_recalls_in_turn().await?;
        }
        Ok(self.directory.current().get(&domain).cloned().unwrap_or(partner))
    }

    /// Suspends a partner. Live streams and connections end now, and nothing is exchanged until it is resumed.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, store faults.
    pub async fn suspend(&self, actor: &Authorized<Administer>, domain: &TrustDomain) -> Result<Arc<Partner>, Fault> {
        self.set_state(actor, domain, PartnerState::Suspended).await
    }

    /// Resumes a suspended partner.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, store faults.
    pub async fn resume(&self, actor: &Authorized<Administer>, domain: &TrustDomain) -> Result<Arc<Partner>, Fault> {
        self.set_state(actor, domain, PartnerState::Active).await
    }

    /// Forgets an organisation that was only known. What it has signed counts for nothing from now on.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `NOT_FOUND`; `CONFLICT` where it is a partner; store faults.
    pub async fn forget(&self, actor: &Authorized<Administer>, domain: &TrustDomain) -> Result<Arc<Partner>, Fault> {
        self.set_state(actor, domain, PartnerState::Forgotten).await
    }

    /// The roots that organisations, this one included, had once.
    ///
    /// # Errors
    /// Store faults.
    pub async fn retired_roots(&self) -> Result<Vec<Retired>, Fault> {
        let named = |root: RetiredRoot| Retired {
            name: Validity::of_certificate(&root.der).map(|v| v.name).unwrap_or_default(),
            sha256: Sha256(sha256(&[&root.der])),
            of: root.of,
            at: root.retired_at,
        };
        Ok(self.store.retired_roots().await?.into_iter().map(named).collect())
    }

    async fn set_state(
        &self,
        actor: &Authorized<Administer>,
        domain: &TrustDomain,
        state: PartnerState,
    ) -> Result<Arc<Partner>, Fault> {
        self.directory.decide_in_turn_again(|| Box::pin(self.set_state_once(actor, domain, state))).await
    }

    async fn set_state_once(
        &self,
        actor: &Authorized<Administer>,
        domain: &TrustDomain,
        state: PartnerState,
    ) -> Result<Arc<Partner>, Fault> {
        let _changing = self.directory.begin_change().await?;
        let directory = self.directory.current();
        let known = directory.get(domain).ok_or_else(|| no_partner(domain))?;
        if let Some(damage) = known.damage().filter(|_| state == PartnerState::Active) {
            let what = format!("{damage} can't be read any more, so that nothing is exchanged: {}", damage.way_out());
            return Err(Fault::new(Reason::StoreCorrupt, what));
        }
        let before = &known.record;
        let was_partner = matches!(before.state, PartnerState::Active | PartnerState::Suspended);
        match state {
            PartnerState::Forgotten if was_partner => {
                let what = format!("`{domain}` is a partner; `watchfire partner suspend` ends the exchange with it");
                Err(Fault::new(Reason::Conflict, what))
            }
            PartnerState::Active | PartnerState::Suspended if !was_partner => Err(no_partner(domain)),
            PartnerState::Forgotten if before.bundle.introduced_by.is_some() => {
                let held = directory.get(domain).ok_or_else(|| no_partner(domain))?;
                self.disown(held, None).await?;
                self.save_partner_as(Some(actor.as_actor()), PartnerRecord { state, ..before.clone() }).await
            }
            _ => self.save_partner_as(Some(actor.as_actor()), PartnerRecord { state, ..before.clone() }).await,
        }
    }

    /// Stores a partner and puts it in force. `actor` is `None` where no administrator of this organisation decided it.
    pub(in crate::node) async fn save_partner_as(
        &self,
        actor: Option<&Actor>,
        record: PartnerRecord,
    ) -> Result<Arc<Partner>, Fault> {
        let domain = record.organisation.domain.clone();
        let bundle = bundle_of(&record)?;
        let fingerprint = bundle.fingerprint().to_string();
        let deed = Deed::PartnerChanged { partner: domain.clone(), fingerprint, state: record.state.to_string() };
        let event = Event::of(actor, self.clock.now(), deed);
        // Lists survive a new bundle if its roots prove their issuers.
        let rest = || self.lists.rest_upon(&bundle);
        let change = CatalogueChange::Partner { record, event };
        self.directory.change_and(change, rest, std::slice::from_ref(&domain)).await?;
        self.directory.current().get(&domain).cloned().ok_or_else(|| no_partner(&domain))
    }
}

/// Refuses an invitation that is older than the bundle that is held. It would bring back roots that were given up since, compromised ones
/// too.
fn require_newer(here: &PartnerRecord, invitation: &Invitation) -> Result<(), Fault> {
    let held = &here.bundle;
    let is_older = invitation.sequence < held.sequence && invitation.issued <= held.issued;
    if !is_older || held.introduced_by.is_some() || held.rival.is_some() {
        return Ok(());
    }
    let what = format!(
        "the invitation is of bundle {}, and bundle {} of {} is held here, which is newer; ask the partner for a new invitation",
        invitation.sequence,
        held.sequence,
        held.issued.day()
    );
    Err(Fault::at(Reason::Conflict, "invitation.sequence", what))
}

/// Whether the invitation describes the organisation differently from what is held here.
fn is_other(here: &PartnerRecord, invitation: &Invitation) -> bool {
    // Nobody here has compared its words yet.
    if here.bundle.introduced_by.is_some() {
        return false;
    }
    let sorted = |roots: &[Vec<u8>]| roots.iter().cloned().collect::<BTreeSet<_>>();
    here.organisation != invitation.organisation || sorted(&here.roots) != sorted(&invitation.roots)
}

pub(in crate::node) fn no_partner(domain: &TrustDomain) -> Fault {
    Fault::new(Reason::NotFound, format!("`{domain}` is no partner of this node; see `watchfire partner list`"))
}
