//! The inbox: the registry of the statements that partners hand over. It has one row for each kind, with everything that depends on the kind.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::{
    domain::{
        budget::Budgets,
        fault::{Fault, Reason},
        ids::{Role, TrustDomain},
        statement::{Envelope, StatementKind, SubmitOutcome},
        time::{Clock, Time},
    },
    node::{
        agreements::Agreements,
        bundles::Bundles,
        directory::PartnerDirectory,
        handed_over::{only_by, require_logged_by_a_party},
        own_identity::OwnIdentity,
        partnerships::Partnerships,
        recalls::Recalls,
        receipts::{Receipts, route::claimed},
        refusal_log::RefusalLog,
        requests::Requests,
        session::PartnerSession,
        sessions::PartnerSessions,
    },
    seal::rules,
    wire,
};

/// What the exchange of one kind of statement needs.
pub(in crate::node) struct StatementHandler {
    /// The kind.
    pub kind: StatementKind,
    /// The roles that sign it. Statements of nodes are signed anew under a renewed key; those of people never are.
    pub roles: &'static [Role],
    /// Whose signatures it may have. This is checked before anything is verified, because the way in which a statement is refused must
    /// not show whether a third organisation is known here.
    pub signers: AllowedSigners,
    /// The longest payload, in bytes.
    pub max_bytes: usize,
    /// How fast a partner may hand such statements over.
    pub pace: Option<RateRule>,
    /// What the sender waits for before the statement leaves its outbox.
    pub until: Until,
    /// Whether the answer only says that the statement was read. Any further answer would show what is known here.
    pub untold: Untold,
    /// Whether `take` takes the turn to change the catalogue.
    pub in_turn: bool,
    /// Checks it against what is agreed, keeps it with its ledger entry, and acts on it. It is called again if the catalogue has moved.
    pub take: for<'a> fn(&'a Inbox, &'a TrustDomain, &'a Envelope) -> BoxFuture<'a, Result<(), Fault>>,
}

/// Decides only by the statement, this organisation and the partner that hands it over. So the answer can't show what is known here, and
/// the same statement always gets the same answer.
type Untold = fn(here: &TrustDomain, partner: &TrustDomain, envelope: &Envelope) -> bool;

/// Whose signatures a statement may have.
pub(in crate::node) enum AllowedSigners {
    /// The partner's alone.
    Partner,
    /// The partner's and this organisation's.
    Parties,
    /// Those of the organisations that the statement itself names. Its handler compares them.
    Named,
}

/// How fast a partner may hand statements of a kind over.
pub(in crate::node) struct RateRule {
    /// The kind in the plural, for the refusal.
    what: &'static str,
    /// Counts one more. `false` means that it must wait.
    allows: fn(&PartnerSession, &Handed<'_>) -> bool,
}

/// The name that stands for all names that nobody here knows. No organisation can have it (RFC 6761).
const NOBODY: &str = "nobody.invalid";

/// A statement as it is handed over, before anything of it is verified or looked up.
pub(in crate::node) struct Handed<'a> {
    partner: &'a TrustDomain,
    envelope: &'a Envelope,
    budgets: &'a Budgets,
    /// Whether an organisation is known here.
    is_known: &'a (dyn Fn(&TrustDomain) -> bool + Sync),
    now: Time,
}

impl Handed<'_> {
    /// The organisation that its signature names, or the partner if it names none. All names that nobody here knows count as one, because
    /// anybody can invent more of them.
    fn name(&self) -> TrustDomain {
        let name = claimed(self.envelope).unwrap_or_else(|_| self.partner.clone());
        if (self.is_known)(&name) { name } else { NOBODY.parse().unwrap_or(name) }
    }
}

/// What the sender of a statement waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::node) enum Until {
    /// The partner has taken it.
    Taken,
    /// The partner's own receipt has come.
    Receipt,
}

/// The longest payload of the kinds that have no limit of their own.
const MAX_BYTES: usize = 128 << 10;

/// A `logged` is an id and a time.
const MAX_LOGGED_BYTES: usize = 128;

/// An invitation holds revocation lists.
const MAX_INTRODUCTION_BYTES: usize = 2 << 20;

/// A receipt names up to 4,096 releases.
const MAX_RECEIPT_BYTES: usize = 160 << 10;

/// Even with a path of many hops, each with a whole chain, a receipt stays far below a message's limit.
const MAX_PATH_BYTES: usize = 512 << 10;

const CHANGES: RateRule =
    RateRule { what: "agreements and notices", allows: |live, handed| live.allows_a_change(handed.now) };

const REQUESTS: RateRule =
    RateRule { what: "requests and answers", allows: |live, handed| live.allows_a_request(handed.now) };

const RECEIPTS: RateRule = RateRule {
    what: "receipts",
    allows: |live, handed| live.receipts(|spent| spent.allows(handed.budgets.receipts(), &handed.name(), handed.now)),
};

const RECALLS: RateRule = RateRule {
    what: "recalls",
    allows: |live, handed| live.recalled_by(|spent| spent.allows(handed.budgets.recalls(), &handed.name(), handed.now)),
};

const BUNDLES: RateRule =
    RateRule { what: "bundles and introductions", allows: |live, handed| live.bundles.allows(handed.now) };

/// For kinds whose outcome is told: each statement is verified and durable once it is taken.
const TOLD: Untold = |_, _, _| false;

/// For a receipt about what this node gave its signer, the answer tells only that it was taken. For any other receipt it could show who
/// is known here, and for the answer to a recall, whether the recall has come here.
fn is_untold_receipt(here: &TrustDomain, _: &TrustDomain, envelope: &Envelope) -> bool {
    !wire::receipt::decode(&envelope.payload).is_ok_and(|r| r.sender == *here && r.recall.is_none())
}

/// This organisation knows itself what it has recalled.
fn is_own_recall(here: &TrustDomain, _: &TrustDomain, envelope: &Envelope) -> bool {
    !wire::recall::decode(&envelope.payload).is_ok_and(|r| r.originator != *here)
}

/// Telling whose bundles are kept would show who is known here.
fn is_of_another(_: &TrustDomain, partner: &TrustDomain, envelope: &Envelope) -> bool {
    !wire::bundle::decode(&envelope.payload).is_ok_and(|b| b.domain == *partner)
}

/// All kinds that are handed over. The other kinds travel in a feed, in a file, or beside another statement.
static HANDLED: [StatementHandler; 8] = [
    StatementHandler {
        kind: StatementKind::Agreement,
        roles: rules::AGREEMENT.roles,
        signers: AllowedSigners::Parties,
        max_bytes: MAX_BYTES,
        pace: Some(CHANGES),
        until: Until::Taken,
        untold: TOLD,
        in_turn: true,
        take: |inbox, partner, envelope| Box::pin(inbox.agreements.take_agreement(partner, envelope)),
    },
    StatementHandler {
        kind: StatementKind::Notice,
        roles: rules::NOTICE.roles,
        signers: AllowedSigners::Partner,
        max_bytes: MAX_BYTES,
        pace: Some(CHANGES),
        until: Until::Taken,
        untold: TOLD,
        in_turn: true,
        take: |inbox, partner, envelope| Box::pin(inbox.agreements.take_notice(partner, envelope)),
    },
    StatementHandler {
        kind: StatementKind::Request,
        roles: rules::REQUEST.roles,
        signers: AllowedSigners::Partner,
        max_bytes: MAX_BYTES,
        pace: Some(REQUESTS),
        until: Until::Taken,
        untold: TOLD,
        in_turn: false,
        take: |inbox, partner, envelope| Box::pin(inbox.requests.take_request(partner, envelope)),
    },
    StatementHandler {
        kind: StatementKind::Answer,
        roles: rules::ANSWER.roles,
        signers: AllowedSigners::Partner,
        max_bytes: MAX_BYTES,
        pace: Some(REQUESTS),
        until: Until::Taken,
        untold: TOLD,
        in_turn: false,
        take: |inbox, partner, envelope| Box::pin(inbox.requests.take_answer(partner, envelope)),
    },
    StatementHandler {
        kind: StatementKind::Receipt,
        roles: rules::RECEIPT.roles,
        signers: AllowedSigners::Named,
        max_bytes: MAX_RECEIPT_BYTES,
        pace: Some(RECEIPTS),
        until: Until::Taken,
        untold: is_untold_receipt,
        in_turn: false,
        take: |inbox, partner, envelope| Box::pin(inbox.receipts.take_receipt(partner, envelope)),
    },
    StatementHandler {
        kind: StatementKind::Recall,
        roles: rules::RECALL.roles,
        signers: AllowedSigners::Named,
        max_bytes: MAX_BYTES,
        pace: Some(RECALLS),
        until: Until::Receipt,
        untold: is_own_recall,
        in_turn: false,
        take: |inbox, partner, envelope| Box::pin(inbox.recalls.take_recall(partner, envelope)),
    },
    StatementHandler {
        kind: StatementKind::Introduction,
        roles: rules::INTRODUCTION.roles,
        signers: AllowedSigners::Partner,
        max_bytes: MAX_INTRODUCTION_BYTES,
        pace: Some(BUNDLES),
        until: Until::Taken,
        untold: |_, _, _| true,
        in_turn: true,
        take: |inbox, partner, envelope| Box::pin(inbox.partnerships.take_introduction(partner, envelope)),
    },
    StatementHandler {
        kind: StatementKind::Bundle,
        roles: rules::BUNDLE.roles,
        signers: AllowedSigners::Named,
        max_bytes: MAX_BYTES,
        pace: Some(BUNDLES),
        until: Until::Taken,
        untold: is_of_another,
        in_turn: true,
        take: |inbox, partner, envelope| Box::pin(inbox.bundles.take_bundle(partner, envelope)),
    },
];

/// How a kind is handled. `None` if it is not handed over from an outbox.
pub(in crate::node) fn handling(kind: StatementKind) -> Option<&'static StatementHandler> {
    HANDLED.iter().find(|h| h.kind == kind)
}

impl StatementHandler {
    /// Whether nodes sign it.
    pub fn is_by_nodes(&self) -> bool {
        self.roles == [Role::Node]
    }

    /// Refuses for now what comes faster than the kind's rate limit.
    fn require_pace(&self, live: &PartnerSession, handed: &Handed<'_>) -> Result<(), Fault> {
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

/// Takes the statements that partners hand over.
pub struct Inbox {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) directory: Arc<PartnerDirectory>,
    pub(crate) agreements: Arc<Agreements>,
    pub(crate) budgets: Budgets,
    pub(crate) bundles: Arc<Bundles>,
    pub(crate) partnerships: Arc<Partnerships>,
    pub(crate) recalls: Arc<Recalls>,
    pub(crate) receipts: Arc<Receipts>,
    pub(crate) refusals: Arc<RefusalLog>,
    pub(crate) requests: Arc<Requests>,
}

impl Inbox {
    /// Takes a statement that a partner hands over, whether the partner brought it or this node fetched it.
    pub async fn take_statement(&self, partner: &TrustDomain, envelope: &Envelope) -> SubmitOutcome {
        let fault = match self.take_once(partner, envelope).await {
            Ok(handling) if (handling.untold)(self.identity.domain(), partner, envelope) => {
                return SubmitOutcome::Received;
            }
            Ok(_) => return SubmitOutcome::Accepted,
            Err(fault) => fault,
        };
        if is_final(fault.reason) || fault.reason == Reason::LimitExceeded {
            self.refusals.note_refusal(partner, envelope.kind, fault.reason).await;
        }
        if is_final(fault.reason) { SubmitOutcome::Refused(fault) } else { SubmitOutcome::NotYet(fault) }
    }

    /// Takes a statement once, even if it comes both ways. So an older statement can't come again behind a newer one.
    async fn take_once(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<&'static StatementHandler, Fault> {
        let not_handed = || {
            let what = format!("a {} is not handed over by this call", envelope.kind);
            Fault::new(Reason::InvalidArgument, what)
        };
        let handling = handling(envelope.kind).ok_or_else(not_handed)?;
        // The statement of when it was logged is left out, because it changes while the statement waits.
        let alone = Envelope { logged: vec![], ..envelope.clone() };
        let name = crate::seal::hash::sha256(&[&wire::envelope::encode(&alone)]);
        let live = self.sessions.of(partner);
        let mut taken = live.taken.lock().await;
        if taken.contains(&name) {
            return Ok(handling);
        }
        handling.require_size(envelope)?;
        let directory = self.directory.current();
        let is_known = |name: &TrustDomain| directory.get(name).is_some();
        let handed = Handed { partner, envelope, budgets: &self.budgets, is_known: &is_known, now: self.clock.now() };
        handling.require_pace(&live, &handed)?;
        match handling.signers {
            AllowedSigners::Partner => only_by(&[partner], envelope)?,
            AllowedSigners::Parties => only_by(&[partner, self.identity.domain()], envelope)?,
            AllowedSigners::Named => {}
        }
        require_logged_by_a_party(partner, envelope)?;
        let take = || (handling.take)(self, partner, envelope);
        match handling.in_turn {
            true => self.directory.decide_in_turn_again(take).await?,
            false => self.directory.decide_again(take).await?,
        }
        taken.push(name);
        Ok(handling)
    }
}

/// Whether no change at the receiver could alter a refusal. For every other fault the sender keeps the statement.
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

/// Whether the cause passes by itself within minutes, or once somebody has repaired a store or a clock.
pub fn is_of_the_moment(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::StoreFull
            | Reason::Unavailable
            | Reason::Internal
            | Reason::LimitExceeded
            | Reason::StatementFromFuture
            // A damaged store takes nothing until somebody has repaired it, and must get the statement then.
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
