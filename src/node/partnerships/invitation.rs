//! Invitations: makes this organisation's own for a future partner, and checks those of others.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::{
    domain::{
        actor::{Administer, Authorized},
        event::Deed,
        fault::{Fault, Reason},
        ledger::LedgerKey,
        partner::{Endpoint, Invitation, PartnerState},
        statement::{Envelope, StatementKind},
        time::Time,
    },
    identity::{
        bundle::TrustBundle,
        crl::Crl,
        fingerprint::Fingerprint,
        signers::{Accept, Identities},
        trust::{KnownOrganisation, Trust},
    },
    ledger::note::{LogKey, Note},
    node::partnerships::Partnerships,
    seal::{rules, statement::id_of, verify::verify},
    wire,
};

/// The content of an invitation that its own roots prove.
#[derive(Debug)]
pub struct ProvedInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// Its roots.
    pub bundle: TrustBundle,
    /// The key of its ledger, if it names one.
    pub ledger_key: Option<LedgerKey>,
}

impl Partnerships {
    /// Makes a signed invitation for a future partner. `endpoint` is given where partners reach this node by another name. It is recorded
    /// in the ledger.
    ///
    /// # Errors
    /// `ROLE_REQUIRED`, store faults, and where the node can't sign.
    pub async fn invite(&self, actor: &Authorized<Administer>, endpoint: Option<Endpoint>) -> Result<Envelope, Fault> {
        self.ledger.took_out(actor, Deed::InvitationWritten).await?;
        let (ledger_key, ledger_note) = self.ledger.own_ledger_told().await?;
        let invitation = Invitation {
            organisation: self.identity.organisation.clone(),
            endpoint: endpoint.or_else(|| self.identity.endpoint.clone()),
            roots: self.bundles.newest_own_roots().await?,
            issued: self.clock.now(),
            sequence: self.bundles.own_sequence(),
            ledger_key: Some(ledger_key),
            ledger_note,
            lists: self.revocations.invited_lists(),
        };
        self.identity.sign(StatementKind::Invitation, wire::invitation::encode(&invitation))
    }

    /// Opens an invitation if its own roots prove its signature and everything in it.
    ///
    /// # Errors
    /// Whatever verification refuses.
    pub fn check_invitation(&self, envelope: &Envelope) -> Result<ProvedInvitation, Fault> {
        open_invitation(envelope, &self.trust.signing_usages, self.clock.now())
    }
}

/// The fingerprint that both sides compare by another way than the network. It covers everything that the invitation says.
pub fn fingerprint_of(invitation: &Envelope) -> Fingerprint {
    Fingerprint(id_of(invitation.kind, &invitation.payload).0)
}

/// Opens an invitation if its own roots prove its signature and everything in it.
///
/// # Errors
/// Whatever verification refuses.
pub fn open_invitation(envelope: &Envelope, signing_usages: &[String], now: Time) -> Result<ProvedInvitation, Fault> {
    if envelope.kind != StatementKind::Invitation {
        let what = format!("the file holds a {}; an invitation is made by `watchfire partner invite`", envelope.kind);
        return Err(Fault::new(Reason::UnknownOrNonCanonical, what));
    }
    let claimed = wire::invitation::decode(&envelope.payload)?;
    let roots = claimed.roots.iter().map(|r| r.clone().into()).collect();
    let bundle = TrustBundle::new(claimed.organisation.domain.clone(), roots)?;
    let list = |(n, list): (usize, &crate::domain::partner::InvitedList)| {
        Crl::verify(&list.list, &bundle, &list.issuers, now).map_err(|f| f.within(&format!("revocation_lists[{n}]")))
    };
    let crls = claimed.lists.iter().enumerate().map(list).collect::<Result<_, _>>()?;
    let member = KnownOrganisation { bundle: bundle.clone(), crls, state: PartnerState::Active };
    let trust = Trust::new(member, vec![], signing_usages.to_vec())?;
    let chains = Identities::new(Arc::new(ArcSwap::from_pointee(trust)), Accept::Active);
    let invitation = verify(envelope, &rules::INVITATION, &chains, now)?.into_content();
    let key = |key: &Envelope| verify(key, &rules::LEDGER_KEY, &chains, now).map(|k| k.into_content());
    let ledger_key = invitation.ledger_key.as_ref().map(key).transpose().map_err(|f| f.within("ledger_key"))?;
    if let Some(key) = ledger_key.as_ref().filter(|_| !invitation.ledger_note.is_empty()) {
        let log_key = LogKey { name: key.origin.clone(), public: key.public };
        let note = Note::parse(&invitation.ledger_note).and_then(|note| note.verify(&log_key));
        note.map_err(|f| f.within("ledger_note"))?;
    }
    Ok(ProvedInvitation { invitation, bundle, ledger_key })
}
