//! Statements on their way to partners and from them, whichever side dialled, and where this node's following of a partner
//! stands.

use super::{Node, live::Live};
use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::{Sha256, StatementId, TrustDomain},
        recall::Recall,
        statement::{Envelope, Signature, StatementKind},
    },
    identity::certificate::Leaf,
    seal::hash::sha256,
    wire,
};

/// How many items of an outbox are read at once.
const PAGE: u32 = 128;
/// How many bytes of statements are handed over together, at least one statement: well below the limit of a message.
const PAGE_BYTES: usize = 1 << 20;

/// A statement that waits to be handed to a partner.
pub struct Waiting {
    /// The store's name for it.
    pub id: i64,
    /// SHA-256 of its encoded envelope: how the partner names it. (A count would tell of other partners'.)
    pub ticket: Sha256,
    /// The statement.
    pub envelope: Envelope,
}

impl Node {
    /// What waits for a partner after an item (0: from the first on), oldest first, at most `limit`, without what the
    /// partner does not read.
    ///
    /// # Errors
    /// Store faults.
    pub async fn waiting(&self, partner: &TrustDomain, after: i64, limit: usize) -> Result<Vec<Waiting>, Fault> {
        let live = self.live.of(partner);
        let (mut cursor, mut bytes) = (after, 0);
        let mut waiting = vec![];
        loop {
            let page = self.store.outbox(partner, cursor, PAGE).await?;
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
                bytes += item.envelope.len();
                if waiting.len() == limit || (bytes > PAGE_BYTES && !waiting.is_empty()) {
                    return Ok(waiting);
                }
                let envelope = self.still_readable(envelope)?;
                waiting.push(Waiting { id: item.id, ticket: Sha256(sha256(&[&item.envelope])), envelope });
            }
        }
    }

    /// An own statement with those of its own signatures that are still good, as one that is not has the whole refused; where none is,
    /// by the node anew: whoever was away for longer than a certificate lasts must be able to check it, or a stop or a receipt would be
    /// refused for ever. It is the same statement.
    fn still_readable(&self, mut envelope: Envelope) -> Result<Envelope, Fault> {
        let now = self.now();
        let is_good = |s: &Signature| self.chains().signer(&s.certificates, now).is_ok();
        let own = envelope.signatures.iter().filter(|s| self.is_own(s)).collect::<Vec<_>>();
        match own.iter().filter(|s| is_good(s)).count() {
            good if good == own.len() => (),
            0 => self.sign_anew(&mut envelope)?,
            _ => envelope.signatures.retain(|s| !self.is_own(s) || is_good(s)),
        }
        Ok(envelope)
    }

    /// Whether a signature claims to be of this organisation.
    pub(super) fn is_own(&self, signature: &Signature) -> bool {
        let leaf = Leaf::parse(signature.certificates.first().map(Vec::as_slice).unwrap_or_default());
        leaf.is_ok_and(|leaf| leaf.id.domain() == self.domain())
    }

    /// Puts this node's signature of the moment in the place of the own ones.
    pub(super) fn sign_anew(&self, envelope: &mut Envelope) -> Result<(), Fault> {
        envelope.signatures.retain(|s| !self.is_own(s));
        envelope.signatures.push(self.key.load().sign(envelope.kind, &envelope.payload)?);
        Ok(())
    }

    /// How many statements are held because the partner, as far as it has said what it reads, does not read them, and of
    /// which kinds; counted among the first of its outbox.
    ///
    /// # Errors
    /// Store faults.
    pub(super) async fn held_back(&self, partner: &TrustDomain) -> Result<Option<String>, Fault> {
        let live = self.live.of(partner);
        if !live.has_said_what_it_reads() {
            return Ok(None);
        }
        let (mut count, mut kinds) = (0_u32, vec![]);
        for item in self.store.outbox(partner, 0, PAGE).await? {
            let kind = wire::envelope::decode(&item.envelope)?.kind;
            if !live.reads(kind) {
                count += 1;
                kinds.push(kind.as_str());
            }
        }
        kinds.sort_unstable();
        kinds.dedup();
        Ok((count > 0).then(|| {
            let kinds = kinds.join(", ");
            format!("{count} statements wait that the partner's program does not read ({kinds}); have it updated there")
        }))
    }

    /// The partner has these.
    ///
    /// # Errors
    /// Store faults.
    pub async fn delivered(&self, partner: &TrustDomain, items: Vec<i64>) -> Result<(), Fault> {
        // Recalls have numbers below 0; the feed waits for them.
        let is_recall = items.iter().any(|item| *item < 0);
        self.store.posted(partner, items).await?;
        if is_recall {
            self.live.of(partner).wake();
        }
        Ok(())
    }

    /// Takes a statement that a partner hands over, whether it brought it or this node fetched it. The same statement by
    /// both ways is taken once, so that an older one can't come again behind a newer one.
    ///
    /// # Errors
    /// As taking it.
    pub async fn take_statement(&self, partner: &TrustDomain, envelope: &Envelope) -> Result<(), Fault> {
        let name = sha256(&[&wire::envelope::encode(envelope)]);
        let live = self.live.of(partner);
        let mut taken = live.taken.lock().await;
        if taken.contains(&name) {
            return Ok(());
        }
        self.require_pace_of(&live, envelope).await?;
        match envelope.kind {
            StatementKind::Agreement => {
                self.only_by(&[partner, self.domain()], envelope)?;
                self.take_agreement(partner, envelope).await?;
            }
            StatementKind::Notice => {
                self.only_by(&[partner], envelope)?;
                self.take_notice(partner, envelope).await?;
            }
            StatementKind::Request => {
                self.only_by(&[partner], envelope)?;
                self.take_request(partner, envelope).await?;
            }
            StatementKind::Answer => {
                self.only_by(&[partner], envelope)?;
                self.take_answer(partner, envelope).await?;
            }
            StatementKind::Receipt => self.take_receipt(partner, envelope).await?,
            StatementKind::Recall => self.take_recall(partner, envelope).await?,
            kind => {
                return Err(Fault::new(Reason::InvalidArgument, format!("a {kind} is not handed over by this call")));
            }
        }
        taken.push(name);
        Ok(())
    }

    /// Refuses for now what comes faster than it may be kept. A recall of what is held here never waits.
    async fn require_pace_of(&self, live: &Live, envelope: &Envelope) -> Result<(), Fault> {
        let now = self.now();
        let (is_allowed, what) = match envelope.kind {
            StatementKind::Agreement | StatementKind::Notice => (live.allows_a_change(now), "agreements and notices"),
            StatementKind::Receipt => (live.allows_a_receipt(now), "receipts"),
            StatementKind::Recall => {
                let Recall { originator, assessment, .. } = wire::recall::decode(&envelope.payload)?;
                let is_here = !self.store.arrivals_of(&originator, &assessment, None).await?.is_empty();
                (is_here || live.allows_a_recall_ahead(now), "recalls of what is not held here")
            }
            _ => return Ok(()),
        };
        if is_allowed {
            return Ok(());
        }
        Err(Fault::new(Reason::LimitExceeded, format!("too many {what} in an hour; try again later")))
    }

    /// Refuses a statement that claims a signer of another domain, before it is asked who is trusted: whether a third
    /// organisation is a partner here must not show in how its signature is refused.
    pub(super) fn only_by(&self, domains: &[&TrustDomain], envelope: &Envelope) -> Result<(), Fault> {
        for signature in &envelope.signatures {
            let leaf = Leaf::parse(signature.certificates.first().map(Vec::as_slice).unwrap_or_default())?;
            if !domains.contains(&leaf.id.domain()) {
                return Err(Fault::new(
                    Reason::WrongDomain,
                    format!("the {} bears the signature of an organisation that has no part in it", envelope.kind),
                ));
            }
        }
        Ok(())
    }

    /// The number of the last entry stored from a partner, and the release under it.
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
