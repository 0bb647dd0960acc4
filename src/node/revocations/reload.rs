//! Reads the lists and the revocations that the store has.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use crate::{
    domain::{
        fault::{Fault, Reason},
        ids::TrustDomain,
    },
    identity::{
        bundle::TrustBundle,
        crl::{Crl, RevokedCertificate, Seen},
    },
    node::{
        directory::roots::bundle_of,
        lock::lock,
        revocations::held::{HeldList, HeldLists},
    },
    store::{Store, damage::Damage},
};

/// Why a node doesn't start.
pub(in crate::node) const OWN_REVOCATIONS: &str = "the revocations of this organisation's own certificates can't be read any more, so that nobody can tell who may \
    sign in; restore a backup, or put the CA's newest list into place and start once with `watchfire serve --forget-damaged-revocations`";

impl HeldLists {
    /// Reads the lists and the revocations from the store. What is read replaces what is held. `own` are the own roots.
    ///
    /// # Errors
    /// `STORE_CORRUPT` where the own revocations can't be read; store faults. What is held stays then.
    pub(in crate::node) async fn reload(&self, store: &dyn Store, own: &TrustBundle) -> Result<(), Fault> {
        let mut seen = Seen::default();
        for record in store.revocations().await? {
            let entries =
                record.entries.iter().map(|bytes| RevokedCertificate::from_bytes(bytes)).collect::<Option<Vec<_>>>();
            match entries {
                Some(entries) => drop(seen.extend(record.issuing_key, entries)),
                None => store.report_corruption(Damage::Revocations(record.of)),
            }
        }
        let records = store.revocation_lists().await?;
        let partners = store.partners().await?;
        let bundles = partners.iter().filter_map(|partner| bundle_of(partner).ok()).chain([own.clone()]);
        let bundles: HashMap<TrustDomain, TrustBundle> = bundles.map(|b| (b.domain().clone(), b)).collect();
        // The revocations of this organisation's CA decide who may do anything here.
        if store.damages().contains(&Damage::Revocations(own.domain().clone())) {
            return Err(Fault::new(Reason::StoreCorrupt, OWN_REVOCATIONS));
        }
        let mut all: BTreeMap<TrustDomain, Vec<HeldList>> = BTreeMap::new();
        for record in records {
            let bundle = bundles.get(&record.of);
            let crl = bundle.and_then(|bundle| Crl::kept(&record.der, &record.issuers, bundle).ok());
            // A list that is held already keeps its place in the order in which all lists came here.
            let number = self.number_of(&record).unwrap_or_else(|| self.next_number());
            let of = record.of.clone();
            all.entry(of).or_default().push(HeldList { record: Arc::new(record), crl, number });
        }
        *lock(&self.held) = all;
        *lock(&self.seen) = seen;
        Ok(())
    }
}
