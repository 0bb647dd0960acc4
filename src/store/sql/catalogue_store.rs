//! The implementation of `CatalogueStore`.

use async_trait::async_trait;

use super::{
    agreements, approvals, bundles, catalogue, driver::Driver, introductions, lists, partners, people as register,
    roots, rules, store::SqlStore,
};
use crate::store::{
    Result,
    catalogue::{CatalogueChange, CatalogueMove, CatalogueStore},
};

#[async_trait]
impl<D: Driver> CatalogueStore for SqlStore<D> {
    async fn catalogue(&self) -> Result<u64> {
        self.read(catalogue::version).await
    }

    async fn change_catalogue(&self, read: Option<u64>, change: CatalogueChange) -> Result<CatalogueMove> {
        match change {
            CatalogueChange::Partner { record, event } => partners::save(self, read, record, event).await,
            CatalogueChange::Agreements { records, send, events } => {
                agreements::save(self, read, records, send, events).await
            }
            CatalogueChange::Rules { rules, event } => rules::save(self, read, rules, event).await,
            CatalogueChange::Roots { of, roots, at } => roots::note_of(self, read, of, roots, at).await,
            CatalogueChange::Bundles { change, events } => bundles::change(self, read, *change, events).await,
            CatalogueChange::Introductions { records, events } => {
                introductions::save(self, read, records, events).await
            }
            CatalogueChange::List { list, added, events } => lists::save(self, read, list, added, events).await,
            CatalogueChange::Revocations { of, issuing_key, added } => {
                lists::save_revocations(self, read, of, issuing_key, added).await
            }
            CatalogueChange::ForgetTornLists(of) => lists::forget_torn(self, read, of).await,
            CatalogueChange::People { people, events } => register::save(self, read, people, events).await,
            CatalogueChange::Approval { record, events } => approvals::save(self, read, record, events).await,
            CatalogueChange::ForgetApproval(subject) => approvals::forget(self, read, subject, vec![]).await,
        }
    }
}
