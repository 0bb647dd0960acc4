//! The outbox: statements on their way to partners, and the partners' answers to them. It is the same whichever side opened the
//! connection.

use std::sync::Arc;

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{Sha256, StatementId, TrustDomain},
        logged::Logged,
        statement::{Envelope, Signature, StatementKind, SubmitOutcome},
        time::{Clock, Time},
    },
    node::{
        inbox::{Until, handling, is_of_the_moment},
        own_identity::OwnIdentity,
        requests::Requests,
        sessions::PartnerSessions,
        trust_in_force::TrustInForce,
    },
    seal::{hash::sha256, statement},
    store::{
        Store,
        outbox::{OutboxItem, OutboxOutcome},
    },
    wire,
};

/// How many items of an outbox are read at once.
const PAGE: u32 = 128;

/// How many bytes of statements are handed over together, though always at least one statement. It is well below the limit of a message.
const PAGE_BYTES: usize = 1 << 20;

/// After how many seconds a statement is offered again that the partner can't verify yet. It is offered earlier if the partner's hello
/// names another edition of roots or lists.
const AGAIN_SECONDS: i64 = 86_400;

/// A statement that waits to be handed to a partner.
pub struct Waiting {
    /// The item's id in the store.
    pub id: i64,
    /// The SHA-256 of the encoded envelope, by which the partner names it. A counter would reveal how much other partners get.
    pub ticket: Sha256,
    /// The statement.
    pub envelope: Envelope,
}

/// Statements on their way to partners.
pub struct Outbox {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) identity: Arc<OwnIdentity>,
    pub(crate) sessions: Arc<PartnerSessions>,
    pub(crate) requests: Arc<Requests>,
}

impl Outbox {
    /// The statements to offer to a partner now, oldest first, at most `limit`. They start after an item (0: from the first on), and
    /// leave out kinds that the partner's program does not read.
    ///
    /// # Errors
    /// Store faults.
    pub async fn waiting(&self, partner: &TrustDomain, after: i64, limit: usize) -> Result<Vec<Waiting>, Fault> {
        let live = self.sessions.of(partner);
        let (mut cursor, mut bytes, now) = (after, 0, self.clock.now());
        let mut waiting = vec![];
        loop {
            let page = self.store.outbox_due(partner, cursor, now, PAGE).await?;
            let Some(last) = page.last() else { return Ok(waiting) };
            cursor = last.id;
            for item in page {
                let envelope = wire::envelope::decode(&item.envelope)?;
                if !live.reads(envelope.kind) {
                    if live.first_held() {
                        let kind = envelope.kind;
                        tracing::warn!(%partner, %kind, "holds statements that the partner's program does not read");
                    }
                    continue;
                }
                let envelope = match self.to_hand_over(envelope, item.at.unwrap_or(now), now) {
                    Ok(envelope) => envelope,
                    // It waits until this node has a good key.
                    Err(fault) if fault.reason == Reason::Unavailable => continue,
                    Err(fault) => return Err(fault),
                };
                bytes += item.envelope.len();
                if waiting.len() == limit || (bytes > PAGE_BYTES && !waiting.is_empty()) {
                    return Ok(waiting);
                }
                let ticket = Sha256(sha256(&[&item.envelope]));
                waiting.push(Waiting { id: item.id, ticket, envelope });
            }
        }
    }

    /// A statement as it is handed over. If this node signed it with a key that proves nothing any more, it is signed anew; it stays the
    /// same statement. Beside it goes a statement of this node, valid now, of when it was first logged.
    fn to_hand_over(&self, mut envelope: Envelope, at: Time, now: Time) -> Result<Envelope, Fault> {
        let is_by_nodes = handling(envelope.kind).is_some_and(|h| h.is_by_nodes());
        let is_good = |s: &Signature| self.trust.chains().signer(&s.certificates, &now.into()).is_ok();
        if is_by_nodes && envelope.signatures.iter().any(|s| self.identity.is_own(s) && !is_good(s)) {
            self.identity.sign_anew(&mut envelope)?;
        }
        match envelope.logged.first() {
            // It is passed on for another organisation, whose own statement of when it was logged is still valid.
            Some(theirs) if theirs.signatures.iter().all(is_good) => {}
            Some(theirs) => {
                let of = statement::id(theirs);
                envelope.logged.truncate(1);
                envelope.logged.push(self.logged(of, at)?);
            }
            None => envelope.logged = vec![self.logged(statement::id(&envelope), at)?],
        }
        Ok(envelope)
    }

    /// This node's statement of when another statement was first logged here.
    fn logged(&self, statement: StatementId, at: Time) -> Result<Envelope, Fault> {
        self.identity.sign(StatementKind::Logged, wire::logged::encode(&Logged { statement, at: at.whole_seconds() }))
    }

    /// How many statements wait for a partner, and why: it has said that it does not read them, or it can't take them yet. Only the first
    /// page of its outbox is counted.
    ///
    /// # Errors
    /// Store faults.
    pub(in crate::node) async fn held_back(&self, partner: &TrustDomain) -> Result<Option<String>, Fault> {
        let live = self.sessions.of(partner);
        let (mut unread, mut kinds, mut unverified, mut reasons, mut introductions) =
            (0_u32, vec![], 0_u32, vec![], 0_u32);
        for OutboxItem { envelope, reason, .. } in self.store.outbox(partner, 0, PAGE).await? {
            let kind = wire::envelope::decode(&envelope)?.kind;
            if live.has_said_what_it_reads() && !live.reads(kind) {
                unread += 1;
                kinds.push(kind.as_str());
            } else if kind == StatementKind::Introduction && reason.as_deref() == Some(Reason::NotYet.as_str()) {
                introductions += 1;
            } else if let Some(reason) = reason {
                unverified += 1;
                reasons.push(reason);
            }
        }
        let mut words = vec![];
        if unread > 0 {
            kinds.sort_unstable();
            kinds.dedup();
            let kinds = kinds.join(", ");
            words.push(format!(
                "{unread} statements wait that the partner's program does not read ({kinds}); have it updated there"
            ));
        }
        if introductions > 0 {
            words.push(format!(
                "{introductions} introductions wait until the partner's administrators permit them: there, `watchfire partner introductions allow \
                 {}`",
                self.identity.domain()
            ));
        }
        if unverified > 0 {
            reasons.sort_unstable();
            reasons.dedup();
            let reasons = reasons.join(", ");
            words.push(format!(
                "{unverified} statements wait that the partner could not take yet ({reasons}); they are offered again each \
                 day, and whenever the partner takes new roots or revocation lists; `watchfire expiry list` tells what has \
                 ended here"
            ));
        }
        Ok((!words.is_empty()).then(|| words.join("; ")))
    }

    /// Records what a partner answered to statements that were offered to it: (item, kind, outcome). Returns `false` if some stay because
    /// the partner could not take them at the moment.
    ///
    /// # Errors
    /// Store faults.
    pub async fn answered_by(
        &self,
        partner: &TrustDomain,
        outcomes: Vec<(i64, StatementKind, SubmitOutcome)>,
    ) -> Result<bool, Fault> {
        let (now, live) = (self.clock.now(), self.sessions.of(partner));
        let seen = live.edition();
        let (mut answers, mut is_all) = (vec![], true);
        for (id, kind, outcome) in outcomes {
            let waits_for_receipt = handling(kind).is_some_and(|h| h.until == Until::Receipt);
            let answered = match outcome {
                SubmitOutcome::Accepted | SubmitOutcome::Received if waits_for_receipt => {
                    OutboxOutcome::Kept { reason: None, again_at: now.plus_seconds(AGAIN_SECONDS), seen: None }
                }
                SubmitOutcome::Accepted | SubmitOutcome::Received => OutboxOutcome::Done,
                SubmitOutcome::NotYet(fault) => {
                    tracing::warn!(%partner, %kind, reason = %fault.reason, "the partner can't take a statement yet");
                    if is_of_the_moment(fault.reason) {
                        is_all = false;
                        OutboxOutcome::Later(now)
                    } else {
                        let again_at = now.plus_seconds(AGAIN_SECONDS);
                        OutboxOutcome::Kept { reason: Some(fault.reason.to_string()), again_at, seen: seen.clone() }
                    }
                }
                SubmitOutcome::Refused(fault) => {
                    tracing::error!(%partner, %kind, reason = %fault.reason, "the partner refused a statement for good");
                    self.requests.refused(partner, id, &fault.reason.to_string()).await?;
                    OutboxOutcome::Done
                }
            };
            answers.push((id, answered));
        }
        if !answers.is_empty() {
            self.store.record_outbox_outcomes(partner, answers).await?;
        }
        Ok(is_all)
    }

    /// Notes which edition of roots and lists the partner's hello named. Statements that it could not verify under another edition are
    /// offered again.
    ///
    /// # Errors
    /// Store faults.
    pub async fn saw_edition(&self, partner: &TrustDomain, edition: Vec<u8>) -> Result<(), Fault> {
        let live = self.sessions.of(partner);
        if live.set_edition(edition.clone()) && self.store.offer_again(partner, edition).await? {
            live.post();
        }
        Ok(())
    }
}
