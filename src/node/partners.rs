//! Partners: invite, accept, suspend, resume, and what is learned of their revocations.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{ADMINS, Node};
use crate::{
    domain::{
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{SpiffeId, TrustDomain},
        partner::{Endpoint, Invitation, Organisation, PartnerState},
        statement::{Envelope, StatementKind},
    },
    identity::{
        bundle::TrustBundle,
        crl::Crl,
        signers::{Accept, Identities},
        trust::{Member, Trust},
    },
    seal::{rules, verify::verify},
    store::PartnerRecord,
    wire,
};

impl Node {
    /// A signed invitation for a future partner; `endpoint` where partners reach this node by another name.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, store faults, and where the node can't sign. Goes on record.
    pub async fn invite(&self, caller: &SpiffeId, endpoint: Option<Endpoint>) -> Result<Envelope, Fault> {
        self.require(caller, ADMINS)?;
        self.took_out(caller, Deed::InvitationWritten).await?;
        let invitation = Invitation {
            organisation: self.organisation.clone(),
            endpoint: endpoint.or_else(|| self.endpoint.clone()),
            roots: self.own.load().bundle.roots().iter().map(|r| r.to_vec()).collect(),
            issued: self.now(),
        };
        self.sign(StatementKind::Invitation, wire::invitation::encode(&invitation))
    }

    /// Accepts a partner, or its new bundle, kind or endpoint. `fingerprint` was confirmed out of band.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`; `CONFLICT` where the fingerprint is not that of the invitation or it is one's own; whatever
    /// verification refuses.
    pub async fn accept(
        &self,
        caller: &SpiffeId,
        invitation: &Envelope,
        fingerprint: &str,
        change_confirmed: bool,
    ) -> Result<Arc<super::directory::Partner>, Fault> {
        self.require(caller, ADMINS)?;
        let (invitation, bundle) = self.check_invitation(invitation)?;
        let agrees = bundle.fingerprint().agrees_with(fingerprint);
        if !agrees.map_err(|e| Fault::at(Reason::InvalidArgument, "fingerprint", e))? {
            let what = "the fingerprint is not that of the invitation; ask the partner again, by another way";
            return Err(Fault::at(Reason::Conflict, "fingerprint", what));
        }
        let domain = invitation.organisation.domain.clone();
        if domain == *self.domain() {
            return Err(Fault::new(Reason::Conflict, "the invitation is this node's own; give it to the partner"));
        }
        let _changing = self.changing.lock().await;
        let before = self.directory().get(&domain).map(|p| p.record.clone());
        if let Some(before) = before.as_ref().filter(|b| b.organisation != invitation.organisation && !change_confirmed)
        {
            // The fingerprint says nothing of these, and the subject rule goes by them.
            let words =
                |o: &Organisation| format!("{}{}", o.kind, o.country.map(|c| format!(" of {c}")).unwrap_or_default());
            let (was, says) = (words(&before.organisation), words(&invitation.organisation));
            let what = format!(
                "the partner was a {was} and says that it is a {says}; if that is right, accept it with --changed"
            );
            return Err(Fault::at(Reason::Conflict, "invitation.kind", what));
        }
        let same_roots = before.as_ref().is_some_and(|b| b.roots == invitation.roots);
        let record = PartnerRecord {
            organisation: invitation.organisation,
            endpoint: invitation.endpoint,
            roots: invitation.roots,
            // Who was suspended stays so until resumed.
            state: before.as_ref().map_or(PartnerState::Active, |b| b.state),
            // A list that other roots have signed says nothing about these.
            crls: before.filter(|_| same_roots).map(|b| b.crls).unwrap_or_default(),
            accepted_at: self.now(),
        };
        self.save_partner(caller, record).await
    }

    /// What an invitation says, where its own roots prove its signature.
    ///
    /// # Errors
    /// Whatever verification refuses.
    pub fn check_invitation(&self, envelope: &Envelope) -> Result<(Invitation, TrustBundle), Fault> {
        open_invitation(envelope, &self.signing_usages, self.now())
    }

    /// Nothing is exchanged with the partner until it is resumed: live streams and connections end now.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, store faults.
    pub async fn suspend(
        &self,
        caller: &SpiffeId,
        domain: &TrustDomain,
    ) -> Result<Arc<super::directory::Partner>, Fault> {
        self.set_state(caller, domain, PartnerState::Suspended).await
    }

    /// Exchanges with a suspended partner again.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, `NOT_FOUND`, store faults.
    pub async fn resume(
        &self,
        caller: &SpiffeId,
        domain: &TrustDomain,
    ) -> Result<Arc<super::directory::Partner>, Fault> {
        self.set_state(caller, domain, PartnerState::Active).await
    }

    async fn set_state(
        &self,
        caller: &SpiffeId,
        domain: &TrustDomain,
        state: PartnerState,
    ) -> Result<Arc<super::directory::Partner>, Fault> {
        self.require(caller, ADMINS)?;
        let _changing = self.changing.lock().await;
        let directory = self.directory();
        let before = directory.get(domain).ok_or_else(|| no_partner(domain))?;
        self.save_partner(caller, PartnerRecord { state, ..before.record.clone() }).await
    }

    async fn save_partner(
        &self,
        caller: &SpiffeId,
        record: PartnerRecord,
    ) -> Result<Arc<super::directory::Partner>, Fault> {
        let domain = record.organisation.domain.clone();
        let fingerprint = bundle_of(&record)?.fingerprint().to_string();
        let deed = Deed::PartnerChanged { partner: domain.clone(), fingerprint, state: record.state.to_string() };
        let event = Event { at: self.now(), by: Some(caller.clone()), deed };
        self.store.save_partner(record, event).await?;
        self.reload_after(std::slice::from_ref(&domain)).await?;
        self.directory().get(&domain).cloned().ok_or_else(|| no_partner(&domain))
    }

    /// Takes a partner's revocation lists (DER) as it shows them. One that its bundle has not signed, or an older one, is
    /// passed over: it can't undo a revocation.
    ///
    /// # Errors
    /// Store faults.
    pub async fn learn_revocations(&self, domain: &TrustDomain, lists: &[Vec<u8>]) -> Result<(), Fault> {
        for der in lists.iter().take(4) {
            if self.directory().active(domain).is_ok_and(|p| p.record.crls.contains(der)) {
                continue;
            }
            let _changing = self.changing.lock().await;
            let directory = self.directory();
            let Ok(partner) = directory.active(domain) else { return Ok(()) };
            let adopted = Crl::verify(der, &bundle_of(&partner.record)?, &[], self.now())
                .and_then(|crl| Crl::adopt(&self.member(&partner.record)?.crls, crl));
            let Ok(adopted) = adopted.and_then(few_enough) else {
                tracing::warn!(partner = %domain, "passed over a revocation list that is old or that the partner's bundle has not signed");
                continue;
            };
            self.store.save_crls(domain, adopted.iter().map(|c| c.der().to_vec()).collect()).await?;
            self.reload_after(std::slice::from_ref(domain)).await?;
            tracing::info!(partner = %domain, "took a newer revocation list");
        }
        Ok(())
    }
}

/// What an invitation says, where its own roots prove its signature.
///
/// # Errors
/// Whatever verification refuses.
pub fn open_invitation(
    envelope: &Envelope,
    signing_usages: &[String],
    now: crate::domain::time::Time,
) -> Result<(Invitation, TrustBundle), Fault> {
    let claimed = wire::invitation::decode(&envelope.payload)?;
    let roots = claimed.roots.iter().map(|r| r.clone().into()).collect();
    let bundle = TrustBundle::new(claimed.organisation.domain.clone(), roots)?;
    let member = Member { bundle: bundle.clone(), crls: vec![], active: true };
    let trust = Trust::new(member, vec![], signing_usages.to_vec())?;
    let chains = Identities::new(Arc::new(ArcSwap::from_pointee(trust)), Accept::Active);
    let invitation = verify(envelope, &rules::INVITATION, &chains, now)?.into_content();
    Ok((invitation, bundle))
}

/// A partner's bundle.
///
/// # Errors
/// Where the stored roots do not parse.
pub fn bundle_of(record: &PartnerRecord) -> Result<TrustBundle, Fault> {
    let roots = record.roots.iter().map(|r| r.clone().into()).collect();
    TrustBundle::new(record.organisation.domain.clone(), roots)
}

/// A partner has few CAs; more lists than that only cost.
fn few_enough(lists: Vec<Crl>) -> Result<Vec<Crl>, Fault> {
    let bytes: usize = lists.iter().map(|l| l.der().len()).sum();
    if lists.len() > 4 || bytes > 1 << 20 {
        return Err(Fault::new(
            Reason::LimitExceeded,
            "at most 4 revocation lists and 1 MiB of them are kept of a partner",
        ));
    }
    Ok(lists)
}

pub(super) fn no_partner(domain: &TrustDomain) -> Fault {
    Fault::new(Reason::NotFound, format!("`{domain}` is no partner of this node; see `watchfire partner list`"))
}
