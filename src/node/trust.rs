//! The node's own standing: its bundle, its revocation lists, its signing key, renewed while it runs.

use std::sync::Arc;

use super::Node;
use crate::{
    domain::{
        event::{Deed, Event},
        fault::Fault,
        ids::{Sha256, SpiffeId},
    },
    identity::{bundle::TrustBundle, trust::Member},
    seal::{chains::Chains, hash::sha256, sign::SigningKey},
};

impl Node {
    /// The own bundle.
    pub fn bundle(&self) -> TrustBundle {
        self.own.load().bundle.clone()
    }

    /// The own revocation lists in DER, as partners are shown them.
    pub fn revocation_lists(&self) -> Vec<Vec<u8>> {
        self.own.load().crls.iter().map(|c| c.der().to_vec()).collect()
    }

    /// A new own bundle or new revocation lists: in force at once, on live connections too.
    ///
    /// # Errors
    /// Store faults; what was in force stays so then.
    pub async fn renew_own(&self, own: Member) -> Result<(), Fault> {
        let _changing = self.changing.lock().await;
        self.own.store(Arc::new(own));
        self.reload_directory().await?;
        // Partners learn of revocations on the spot.
        for partner in self.directory().all_active() {
            self.live.of(&partner.record.organisation.domain).post();
        }
        Ok(())
    }

    /// A new signing key, where the own bundle stands behind it.
    ///
    /// # Errors
    /// `CHAIN_INVALID` and its like; the old key stays in use then.
    pub async fn renew_key(&self, key: SigningKey) -> Result<SpiffeId, Fault> {
        let signer = self.identities.signer(key.chain(), &self.now().into())?;
        let certificate = key.chain().first().map(Vec::as_slice).unwrap_or_default();
        let deed = Deed::KeyChanged { key: "signing".to_owned(), digest: Sha256(sha256(&[certificate])) };
        self.store.record(vec![Event { at: self.now(), by: None, deed }]).await?;
        self.key.store(Arc::new(key));
        Ok(signer.id)
    }
}
