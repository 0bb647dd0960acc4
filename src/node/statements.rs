//! The registry of statements that partners hand over: one row for each kind, with all that depends on the kind.

use futures_util::future::BoxFuture;

use super::{Node, live::Live, receipts::claimed};
use crate::{
    domain::{
        budget::Budgets,
        fault::{Fault, Reason},
        ids::{Role, TrustDomain},
        statement::{Envelope, Outcome, StatementKind},
        time::Time,
    },
    seal::rules,
    wire,
};

/// What the exchange of one kind of statement needs.
pub(super) struct Handling {
    /// The kind.
    pub kind: StatementKind,
    /// The roles that sign it. Statements of nodes are signed anew under a renewed key; those of people never are.
    pub roles: &'static [Role],
    /// Whose signatures it may bear. This is looked at before anything is verified: whether a third organisation is known
    /// here must not show in how a statement is refused.
    pub signers: Signers,
    /// The longest payload, bytes.
    pub max_bytes: usize,
    /// How fast a partner may hand such statements over.
    pub pace: Option<Pace>,
    /// What the sender waits for before the statement leaves its outbox.
    pub until: Until,
    /// Whether nothing is told of what became of one that was read: whatever is told would show what is known here.
    pub untold: Untold,
    /// Checks it against what is agreed, keeps it with its ledger entry, and acts on it.
    pub take: for<'a> fn(&'a Node, &'a TrustDomain, &'a Envelope) -> BoxFuture<'a, Result<(), Fault>>,
}

/// Decides by the statement alone, this organisation and who hands it over: what is known here can't show in it, and the same
/// statement again has the same answer.
type Untold = fn(here: &TrustDomain, partner: &TrustDomain, envelope: &Envelope) -> bool;

/// Whose signatures a statement may bear.
pub(super) enum Signers {
    /// The partner's alone.
    Partner,
    /// The partner's, and this organisation's.
    Parties,
    /// Those of whom the statement itself names; its handler compares.
    Named,
}

/// How fast a partner may hand statements of a kind over.
pub(super) struct Pace {
    /// In the plural, for the refusal.
    what: &'static str,
    /// Counts one more; `false`: it must wait.
    allows: fn(&Live, &Handed<'_>) -> bool,
}

/// For whom all names count that nobody here knows; no organisation can have it (RFC 6761).
const NOBODY: &str = "nobody.invalid";

/// A statement as it is handed over, before anything of it is verified or looked up.
pub(super) struct Handed<'a> {
    partner: &'a TrustDomain,
    envelope: &'a Envelope,
    budgets: &'a Budgets,
    /// Whether an organisation is known here.
    is_known: &'a (dyn Fn(&TrustDomain) -> bool + Sync),
    now: Time,
}

impl Handed<'_> {
    /// Whose name its signature bears; the partner's own where it bears none. All names that nobody here knows count as one: anybody can
    /// make up more of them.
    fn name(&self) -> TrustDomain {
        let name = claimed(self.envelope).unwrap_or_else(|_| self.partner.clone());
        if (self.is_known)(&name) { name } else { NOBODY.parse().unwrap_or(name) }
    }
}

/// What the sender of a statement waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// The partner has taken it.
    Taken,
    /// The partner's own receipt has come.
    Receipt,
}

/// No statement is longer, but for those that say so.
const MAX_BYTES: usize = 128 << 10;
/// A `logged` is an id and a time.
const MAX_LOGGED_BYTES: usize = 128;
/// An invitation holds revocation lists.
const MAX_INTRODUCTION_BYTES: usize = 2 << 20;
/// A receipt names up to 4,096 releases.
const MAX_RECEIPT_BYTES: usize = 160 << 10;
/// With a path of many hops, each with a whole chain, a receipt stays far below a message's limit.
const MAX_PATH_BYTES: usize = 512 << 10;

const CHANGES: Pace = Pace { what: "agreements and notices", allows: |live, handed| live.allows_a_change(handed.now) };
const RECEIPTS: Pace = Pace {
    what: "receipts",
    allows: |live, handed| live.receipts(|spent| spent.allows(handed.budgets.receipts(), &handed.name(), handed.now)),
};
const RECALLS: Pace = Pace {
    what: "recalls",
    allows: |live, handed| live.recalled_by(|spent| spent.allows(handed.budgets.recalls(), &handed.name(), handed.now)),
};
const BUNDLES: Pace =
    Pace { what: "bundles and introductions", allows: |live, handed| live.bundles.allows(handed.now) };

/// Each one is verified and durable once it is taken, and that is told.
const TOLD: Untold = |_, _, _| false;

/// An answer to what this node gave its signer tells that only that was taken. Any other receipt could show who is known here, and one that
/// answers a recall whether that has come here.
fn is_untold_receipt(here: &TrustDomain, _: &TrustDomain, envelope: &Envelope) -> bool {
    !wire::receipt::decode(&envelope.payload).is_ok_and(|r| r.sender == *here && r.recall.is_none())
}

/// What this organisation has taken back it knows itself.
fn is_own_recall(here: &TrustDomain, _: &TrustDomain, envelope: &Envelope) -> bool {
    !wire::recall::decode(&envelope.payload).is_ok_and(|r| r.originator != *here)
}

/// Whose bundles are kept would show who is known here.
fn is_of_another(_: &TrustDomain, partner: &TrustDomain, envelope: &Envelope) -> bool {
    !wire::bundle::decode(&envelope.payload).is_ok_and(|b| b.domain == *partner)
}

/// All kinds that are handed over. What is not here travels in a feed, in a file, or beside another statement.
static HANDLED: [Handling; 8] = [
    Handling {
        kind: StatementKind::Agreement,
        roles: rules::AGREEMENT.roles,
        signers: Signers::Parties,
        max_bytes: MAX_BYTES,
        pace: Some(CHANGES),
        until: Until::Taken,
        untold: TOLD,
        take: |node, partner, envelope| Box::pin(node.take_agreement(partner, envelope)),
    },
    Handling {
        kind: StatementKind::Notice,
        roles: rules::NOTICE.roles,
        signers: Signers::Partner,
        max_bytes: MAX_BYTES,
        pace: Some(CHANGES),
        until: Until::Taken,
        untold: TOLD,
        take: |node, partner, envelope| Box::pin(node.take_notice(partner, envelope)),
    },
    Handling {
        kind: StatementKind::Request,
        roles: rules::REQUEST.roles,
        signers: Signers::Partner,
        max_bytes: MAX_BYTES,
        pace: None,
        until: Until::Taken,
        untold: TOLD,
        take: |node, partner, envelope| Box::pin(node.take_request(partner, envelope)),
    },
    Handling {
        kind: StatementKind::Answer,
        roles: rules::ANSWER.roles,
        signers: Signers::Partner,
        max_bytes: MAX_BYTES,
        pace: None,
        until: Until::Taken,
        untold: TOLD,
        take: |node, partner, envelope| Box::pin(node.take_answer(partner, envelope)),
    },
    Handling {
        kind: StatementKind::Receipt,
        roles: rules::RECEIPT.roles,
        signers: Signers::Named,
        max_bytes: MAX_RECEIPT_BYTES,
        pace: Some(RECEIPTS),
        until: Until::Taken,
        untold: is_untold_receipt,
        take: |node, partner, envelope| Box::pin(node.take_receipt(partner, envelope)),
    },
    Handling {
        kind: StatementKind::Recall,
        roles: rules::RECALL.roles,
        signers: Signers::Named,
        max_bytes: MAX_BYTES,
        pace: Some(RECALLS),
        until: Until::Receipt,
        untold: is_own_recall,
        take: |node, partner, envelope| Box::pin(node.take_recall(partner, envelope)),
    },
    Handling {
        kind: StatementKind::Introduction,
        roles: rules::INTRODUCTION.roles,
        signers: Signers::Partner,
        max_bytes: MAX_INTRODUCTION_BYTES,
        pace: Some(BUNDLES),
        until: Until::Taken,
        untold: |_, _, _| true,
        take: |node, partner, envelope| Box::pin(node.take_introduction(partner, envelope)),
    },
    Handling {
        kind: StatementKind::Bundle,
        roles: rules::BUNDLE.roles,
        signers: Signers::Named,
        max_bytes: MAX_BYTES,
        pace: Some(BUNDLES),
        until: Until::Taken,
        untold: is_of_another,
        take: |node, partner, envelope| Box::pin(node.take_bundle(partner, envelope)),
    },
];

/// How a kind is handled; `None` where it is not handed over by an outbox.
pub(super) fn handling(kind: StatementKind) -> Option<&'static Handling> {
    HANDLED.iter().find(|h| h.kind == kind)
}

impl Handling {
    /// Whether nodes sign it.
    pub fn is_by_nodes(&self) -> bool {
        self.roles == [Role::Node]
    }

    /// Refuses for now what comes faster than it may be kept.
    fn require_pace(&self, live: &Live, handed: &Handed<'_>) -> Result<(), Fault> {
        match &self.pace {
            Some(pace) if !(pace.allows)(live, handed) => {
                let what = format!("too many {} came of late; try again later", pace.what);
                Err(Fault::new(Reason::LimitExceeded, what))
            }
            _ => Ok(()),
        }
    }

    fn require_size(&self, envelope: &Envelope) -> Result<(), Fault> {
        let logged = envelope.logged.iter().map(|l| l.payload.len()).max().unwrap_or_default();
        let path: usize = envelope.path.iter().map(Envelope::bytes).sum();
        if path > MAX_PATH_BYTES {
            let what = format!("the path beside a {} takes at most {MAX_PATH_BYTES} bytes", self.kind);
            return Err(Fault::at(Reason::StatementTooLarge, "path", what));
        }
        if envelope.payload.len() <= self.max_bytes && logged <= MAX_LOGGED_BYTES {
            return Ok(());
        }
        let what = format!("a {} takes at most {} bytes", self.kind, self.max_bytes);
        Err(Fault::new(Reason::StatementTooLarge, what))
    }
}

impl Node {
    /// Takes a statement that a partner hands over, whether the partner brought it or this node fetched it.
    pub async fn take_statement(&self, partner: &TrustDomain, envelope: &Envelope) -> Outcome {
        let fault = match self.take_once(partner, envelope).await {
            Ok(handling) if (handling.untold)(self.domain(), partner, envelope) => return Outcome::Received,
            Ok(_) => return Outcome::Accepted,
            Err(fault) => fault,
        };
        if is_final(fault.reason) || fault.reason == Reason::LimitExceeded {
            self.note_refusal(partner, envelope.kind, fault.reason).await;
        }
        if is_final(fault.reason) { Outcome::Refused(fault) } else { Outcome::NotYet(fault) }
    }

    /// The same statement by both ways is taken once, so that an older one can't come again behind a newer one.
    async fn take_once(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<&'static Handling, Fault> {
        let not_handed = || {
            let what = format!("a {} is not handed over by this call", envelope.kind);
            Fault::new(Reason::InvalidArgument, what)
        };
        let handling = handling(envelope.kind).ok_or_else(not_handed)?;
        // Without what tells when it was logged: that changes while it waits.
        let alone = Envelope { logged: vec![], ..envelope.clone() };
        let name = crate::seal::hash::sha256(&[&wire::envelope::encode(&alone)]);
        let live = self.live.of(partner);
        let mut taken = live.taken.lock().await;
        if taken.contains(&name) {
            return Ok(handling);
        }
        handling.require_size(envelope)?;
        let directory = self.directory();
        let is_known = |name: &TrustDomain| directory.get(name).is_some();
        let handed = Handed { partner, envelope, budgets: &self.budgets, is_known: &is_known, now: self.now() };
        handling.require_pace(&live, &handed)?;
        match handling.signers {
            Signers::Partner => self.only_by(&[partner], envelope)?,
            Signers::Parties => self.only_by(&[partner, self.domain()], envelope)?,
            Signers::Named => {}
        }
        self.require_logged_by_a_party(partner, envelope)?;
        (handling.take)(self, partner, envelope).await?;
        taken.push(name);
        Ok(handling)
    }
}

/// Whether no change at the receiver could alter a refusal. Everything else is a `not-yet`: the sender keeps the statement.
fn is_final(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::NotYet
            // Roots, revocation lists and partners change. A revoked key is replaced, and its statements are signed anew.
            | Reason::ChainInvalid
            | Reason::CertificateRevoked
            | Reason::NotAPartner
            | Reason::OriginUnknown
    ) && !is_of_the_moment(reason)
}

/// Whether a reason passes by itself, within minutes or once somebody has mended a store or a clock.
pub fn is_of_the_moment(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::StoreFull
            | Reason::Unavailable
            | Reason::Internal
            | Reason::LimitExceeded
            | Reason::StatementFromFuture
            // The store is damaged: it takes nothing until somebody has mended it, and must have the statement then.
            | Reason::StoreCorrupt
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_that_is_handed_over_has_one_row() {
        for kind in StatementKind::ALL {
            assert!(HANDLED.iter().filter(|h| h.kind == *kind).count() <= 1, "{kind}");
        }
        assert!(handling(StatementKind::Manifest).is_none() && handling(StatementKind::Logged).is_none());
    }

    #[test]
    fn what_may_change_is_no_refusal() {
        for reason in [
            Reason::StoreFull,
            Reason::StoreCorrupt,
            Reason::Unavailable,
            Reason::StatementFromFuture,
            Reason::ChainInvalid,
            Reason::CertificateRevoked,
            Reason::NotAPartner,
            Reason::NotYet,
        ] {
            assert!(!is_final(reason), "{reason}");
        }
        for reason in [Reason::SignatureInvalid, Reason::WrongDomain, Reason::UnknownOrNonCanonical] {
            assert!(is_final(reason), "{reason}");
        }
    }

    #[test]
    fn a_recall_is_signed_by_people_and_waits_for_the_holder_s_receipt() {
        let recall = handling(StatementKind::Recall).unwrap();
        assert!(!recall.is_by_nodes() && recall.until == Until::Receipt);
        assert!(handling(StatementKind::Receipt).unwrap().is_by_nodes());
    }
}
