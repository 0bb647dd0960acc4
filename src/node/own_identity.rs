//! The node's own identity: its bundle and its signing key. Its revocation lists are in `revocations`.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::{
    domain::{
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Sha256, SpiffeId, TrustDomain},
        partner::{Endpoint, Organisation},
        statement::{Envelope, Signature, StatementKind},
        time::{Clock, Time},
    },
    identity::{bundle::TrustBundle, leaf_cache::claimed_leaf, trust::KnownOrganisation},
    node::{sessions::PartnerSessions, trust_in_force::TrustInForce},
    seal::{chains::Chains, hash::sha256, sign::SigningKey},
    store::Store,
};

/// The name, the bundle and the signing key of the organisation that this node acts for.
pub struct OwnIdentity {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trust: Arc<TrustInForce>,
    pub(crate) sessions: Arc<PartnerSessions>,
    /// The organisation that the node acts for.
    pub(crate) organisation: Organisation,
    /// Where partners reach the node, for invitations.
    pub(crate) endpoint: Option<Endpoint>,
    /// The signing key in use, as the files have it. A second process would have its own, from the files of its own host. That is intended.
    pub(crate) key: ArcSwap<SigningKey>,
    /// This organisation's bundle, as the files of this host have it, and its revocation lists. The store decides about the lists: a newer one
    /// in the files of another host goes there, and is read from there within a second.
    pub(crate) member: ArcSwap<KnownOrganisation>,
}

impl OwnIdentity {
    /// The organisation that this node acts for.
    pub fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// The organisation's name.
    pub fn domain(&self) -> &TrustDomain {
        &self.organisation.domain
    }

    /// This organisation's bundle.
    pub fn bundle(&self) -> TrustBundle {
        self.member.load().bundle.clone()
    }

    /// The chain of the signing key, in DER, leaf first.
    pub fn signing_chain(&self) -> Vec<Vec<u8>> {
        self.key.load().chain().to_vec()
    }

    /// The signing key, if its certificate can be used now. Nothing is signed after the certificate's end, because everybody refuses such
    /// a statement. What waits goes out after the renewal.
    ///
    /// # Errors
    /// `UNAVAILABLE`, with why.
    pub fn good_key(&self) -> Result<Arc<SigningKey>, Fault> {
        let key = self.key.load_full();
        match self.trust.active.signer(key.chain(), &self.clock.now().into()) {
            Ok(_) => Ok(key),
            Err(fault) => {
                let what = format!(
                    "this node's signing certificate can't be used, so nothing is handed over until it is renewed: {}",
                    fault.message
                );
                Err(Fault::new(Reason::Unavailable, what))
            }
        }
    }

    /// Replaces the signing key by one that this organisation's bundle proves.
    ///
    /// # Errors
    /// `CHAIN_INVALID` and its like; the old key stays in use then.
    pub async fn renew_key(&self, key: SigningKey) -> Result<SpiffeId, Fault> {
        let signer = self.trust.active.signer(key.chain(), &self.clock.now().into())?;
        let certificate = key.chain().first().map(Vec::as_slice).unwrap_or_default();
        let deed = Deed::KeyChanged { key: "signing".to_owned(), digest: Sha256(sha256(&[certificate])) };
        self.store.record(vec![Event::of_node(self.clock.now(), deed)]).await?;
        self.key.store(Arc::new(key));
        // What waited for a good key goes out at once.
        self.sessions.wake_all();
        Ok(signer.id)
    }

    /// A statement by this node.
    ///
    /// # Errors
    /// As [`Self::good_key`].
    pub(in crate::node) fn sign(&self, kind: StatementKind, content: Vec<u8>) -> Result<Envelope, Fault> {
        Ok(self.good_key()?.statement(kind, content)?)
    }

    /// The statement, signed anew if the key that signed it is no longer good. It stays the same statement. Without that, a partner that
    /// was away for long could not verify it.
    pub(in crate::node) fn signed_by_a_good_key(&self, envelope: Envelope, now: Time) -> Result<Envelope, Fault> {
        let is_good =
            envelope.signatures.iter().all(|s| self.trust.chains().signer(&s.certificates, &now.into()).is_ok());
        if is_good { Ok(envelope) } else { Ok(self.good_key()?.envelope(envelope.kind, envelope.payload)?) }
    }

    /// Whether a signature claims to be of this organisation.
    pub(in crate::node) fn is_own(&self, signature: &Signature) -> bool {
        let leaf = claimed_leaf(&signature.certificates);
        leaf.is_ok_and(|leaf| leaf.id.domain() == self.domain())
    }

    /// Replaces this node's earlier signature by one with its current key. It is for statements that nodes sign.
    pub(in crate::node) fn sign_anew(&self, envelope: &mut Envelope) -> Result<(), Fault> {
        envelope.signatures.retain(|s| !self.is_own(s));
        envelope.signatures.push(self.good_key()?.sign(envelope.kind, &envelope.payload)?);
        Ok(())
    }
}
