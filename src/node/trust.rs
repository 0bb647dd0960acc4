//! The node's own identity: its bundle and its signing key. Its revocation lists are in `lists`.

use std::sync::Arc;

use super::Node;
use crate::{
    domain::{
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Sha256, SpiffeId},
    },
    identity::bundle::TrustBundle,
    seal::{chains::Chains, hash::sha256, sign::SigningKey},
};

impl Node {
    /// This organisation's bundle.
    pub fn bundle(&self) -> TrustBundle {
        self.own.load().bundle.clone()
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
        match self.identities.signer(key.chain(), &self.now().into()) {
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
        let signer = self.identities.signer(key.chain(), &self.now().into())?;
        let certificate = key.chain().first().map(Vec::as_slice).unwrap_or_default();
        let deed = Deed::KeyChanged { key: "signing".to_owned(), digest: Sha256(sha256(&[certificate])) };
        self.store.record(vec![Event::of_node(self.now(), deed)]).await?;
        self.key.store(Arc::new(key));
        // What waited for a good key goes out at once.
        for partner in self.directory().all_active() {
            let live = self.live.of(&partner.record.organisation.domain);
            live.wake();
            live.post();
        }
        Ok(signer.id)
    }
}
