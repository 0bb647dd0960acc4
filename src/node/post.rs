//! The outbox: statements on their way to partners, and the partners' answers to them. It is the same whichever side opened the
//! connection.

use std::sync::{Arc, atomic::Ordering};

use super::{
    Node,
    held::LEAST_WAIT,
    statements::{Until, handling, is_of_the_moment},
};
use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{Sha256, StatementId, TrustDomain},
        logged::Logged,
        statement::{Envelope, Outcome, Signature, StatementKind},
        time::Time,
        timer::{Timer, TimerKind},
    },
    identity::{leaf_cache::claimed_leaf, signers::Identities},
    seal::{
        chains::When,
        hash::sha256,
        rules, statement,
        verify::{Rule, Verified, verify},
    },
    store::outbox::{OutboxItem, OutboxOutcome},
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

impl Node {
    /// The statements to offer to a partner now, oldest first, at most `limit`. They start after an item (0: from the first on), and
    /// leave out kinds that the partner's program does not read.
    ///
    /// # Errors
    /// Store faults.
    pub async fn waiting(&self, partner: &TrustDomain, after: i64, limit: usize) -> Result<Vec<Waiting>, Fault> {
        let live = self.live.of(partner);
        let (mut cursor, mut bytes, now) = (after, 0, self.now());
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
        let is_good = |s: &Signature| self.chains().signer(&s.certificates, &now.into()).is_ok();
        if is_by_nodes && envelope.signatures.iter().any(|s| self.is_own(s) && !is_good(s)) {
            self.sign_anew(&mut envelope)?;
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
        self.sign(StatementKind::Logged, wire::logged::encode(&Logged { statement, at: at.whole_seconds() }))
    }

    /// Whether a signature claims to be of this organisation.
    pub(super) fn is_own(&self, signature: &Signature) -> bool {
        let leaf = claimed_leaf(&signature.certificates);
        leaf.is_ok_and(|leaf| leaf.id.domain() == self.domain())
    }

    /// Replaces this node's earlier signature by one with its current key. It is for statements that nodes sign.
    pub(super) fn sign_anew(&self, envelope: &mut Envelope) -> Result<(), Fault> {
        envelope.signatures.retain(|s| !self.is_own(s));
        envelope.signatures.push(self.good_key()?.sign(envelope.kind, &envelope.payload)?);
        Ok(())
    }

    /// Verifies a statement that a partner hands over, as of when it was first logged, if that is stated beside it.
    ///
    /// # Errors
    /// Whatever verification refuses.
    pub(super) fn verify_handed<T>(
        &self,
        envelope: &Envelope,
        rule: &Rule<T>,
        chains: &Identities,
    ) -> Result<Verified<T>, Fault> {
        self.verify_arrived(envelope, rule, chains, self.now())
    }

    /// Like [`Self::verify_handed`], for a statement that first came at another time.
    ///
    /// # Errors
    /// Whatever verification refuses.
    pub(super) fn verify_arrived<T>(
        &self,
        envelope: &Envelope,
        rule: &Rule<T>,
        chains: &Identities,
        arrived: Time,
    ) -> Result<Verified<T>, Fault> {
        let when = When { arrived, ..self.now().into() };
        let logged = match first_logged(envelope, chains, when) {
            Ok(Some(logged)) => logged,
            Ok(None) => return verify(envelope, rule, chains, when),
            // The statement of when it was logged can't be verified. The statement must then hold without it.
            Err(fault) => return verify(envelope, rule, chains, when).map_err(|_| fault),
        };
        let verified = verify(envelope, rule, chains, logged.when(when))?;
        Ok(verified.or_on_word_of(logged.on_word_of))
    }

    /// How many statements wait for a partner, and why: it has said that it does not read them, or it can't take them yet. Only the first
    /// page of its outbox is counted.
    ///
    /// # Errors
    /// Store faults.
    pub(super) async fn held_back(&self, partner: &TrustDomain) -> Result<Option<String>, Fault> {
        let live = self.live.of(partner);
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
                self.domain()
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
        outcomes: Vec<(i64, StatementKind, Outcome)>,
    ) -> Result<bool, Fault> {
        let (now, live) = (self.now(), self.live.of(partner));
        let seen = live.edition();
        let (mut answers, mut is_all) = (vec![], true);
        for (id, kind, outcome) in outcomes {
            let waits_for_receipt = handling(kind).is_some_and(|h| h.until == Until::Receipt);
            let answered = match outcome {
                Outcome::Accepted | Outcome::Received if waits_for_receipt => {
                    OutboxOutcome::Kept { reason: None, again_at: now.plus_seconds(AGAIN_SECONDS), seen: None }
                }
                Outcome::Accepted | Outcome::Received => OutboxOutcome::Done,
                Outcome::NotYet(fault) => {
                    tracing::warn!(%partner, %kind, reason = %fault.reason, "the partner can't take a statement yet");
                    if is_of_the_moment(fault.reason) {
                        is_all = false;
                        OutboxOutcome::Later(now)
                    } else {
                        let again_at = now.plus_seconds(AGAIN_SECONDS);
                        OutboxOutcome::Kept { reason: Some(fault.reason.to_string()), again_at, seen: seen.clone() }
                    }
                }
                Outcome::Refused(fault) => {
                    tracing::error!(%partner, %kind, reason = %fault.reason, "the partner refused a statement for good");
                    self.refused(partner, id, &fault.reason.to_string()).await?;
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
        let live = self.live.of(partner);
        if live.set_edition(edition.clone()) && self.store.offer_again(partner, edition).await? {
            live.post();
        }
        Ok(())
    }

    /// Handles that the clocks of this node and the partner agree again. What the partner could not verify because of a wrong clock is
    /// offered again, and what waits here is examined again.
    ///
    /// # Errors
    /// Store faults.
    pub async fn clocks_agree_again(self: &Arc<Self>, partner: &TrustDomain) -> Result<(), Fault> {
        // No edition has this empty name, so everything is offered again.
        if self.store.offer_again(partner, vec![]).await? {
            self.live.of(partner).post();
        }
        // One timer serves all partners, and it runs a minute after its last turn at the earliest. So a partner gains nothing by setting
        // its clock to and fro.
        let last = Time::from_unix_nanos(self.held_examined_at.load(Ordering::Relaxed));
        let due = self.now().max(last.plus_seconds(LEAST_WAIT));
        Ok(self.store.set_timers(vec![Timer::new(TimerKind::Held, [], due)]).await?)
    }

    /// Refuses a statement that claims a signer of another domain, before the signer's roots are looked up. Otherwise the refusal would
    /// show whether a third organisation is a partner here.
    pub(super) fn only_by(&self, domains: &[&TrustDomain], envelope: &Envelope) -> Result<(), Fault> {
        for signature in &envelope.signatures {
            if !domains.contains(&&claimed_domain(signature)?) {
                return Err(Fault::new(
                    Reason::WrongDomain,
                    format!("the {} bears the signature of an organisation that has no part in it", envelope.kind),
                ));
            }
        }
        Ok(())
    }

    /// Requires that each statement of when something was logged is by a node of the signer's organisation or of the partner that hands
    /// it over.
    pub(super) fn require_logged_by_a_party(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        let mut parties = envelope.signatures.iter().map(claimed_domain).collect::<Result<Vec<_>, _>>()?;
        parties.push(partner.clone());
        let parties: Vec<&TrustDomain> = parties.iter().collect();
        envelope.logged.iter().try_for_each(|logged| self.only_by(&parties, logged))
    }

    /// The number of the last entry stored from a partner, and the release under that number.
    ///
    /// # Errors
    /// Store faults.
    pub async fn inbound_place(&self, partner: &TrustDomain) -> Result<(u64, Option<StatementId>), Fault> {
        let position = self.store.inbound(partner).await?;
        Ok((position.sequence, position.release))
    }

    /// The number of the last entry stored from a partner.
    ///
    /// # Errors
    /// Store faults.
    pub async fn inbound_position(&self, partner: &TrustDomain) -> Result<u64, Fault> {
        Ok(self.store.inbound(partner).await?.sequence)
    }
}

/// The domain that a signature's certificate names. It is not verified.
fn claimed_domain(signature: &Signature) -> Result<TrustDomain, Fault> {
    Ok(claimed_leaf(&signature.certificates)?.id.domain().clone())
}

/// When a statement was first logged, according to the statements beside it.
struct FirstLogged {
    at: Time,
    by: TrustDomain,
    /// The organisation on whose word alone it counts, if there is one.
    on_word_of: Option<TrustDomain>,
    /// Whether it counts by itself.
    is_firm: bool,
}

impl FirstLogged {
    fn when<'a>(&'a self, when: When<'a>) -> When<'a> {
        when.stated(self.at, &self.by).firm(self.is_firm)
    }
}

/// Reads the nested statements of when something was logged. The outermost is judged as of now, and each further one as of the time that
/// the one around it states.
fn first_logged(envelope: &Envelope, chains: &Identities, when: When<'_>) -> Result<Option<FirstLogged>, Fault> {
    let mut stated: Option<FirstLogged> = None;
    for (place, logged) in envelope.logged.iter().enumerate().rev() {
        let verified = verify(logged, &rules::LOGGED, chains, stated.as_ref().map_or(when, |s| s.when(when)))?;
        let inner = place.checked_sub(1).and_then(|before| envelope.logged.get(before)).unwrap_or(envelope);
        let Logged { statement, at } = *verified.content();
        if statement != statement::id(inner) {
            let what = "what tells when the statement was logged names another statement";
            return Err(Fault::at(Reason::InvalidArgument, "logged", what));
        }
        let by = verified.signers().first().map(|s| s.domain().clone());
        let on_word_of = stated.and_then(|s| s.on_word_of).or_else(|| verified.on_word_of().cloned());
        let is_firm = verified.is_current();
        stated = by.map(|by| FirstLogged { at, by, on_word_of, is_firm });
    }
    Ok(stated)
}
