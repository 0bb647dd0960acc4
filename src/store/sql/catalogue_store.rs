//! The implementation of `CatalogueStore`.

use async_trait::async_trait;

use super::{agreements, catalogue, driver::Driver, lists, partners, rules, store::SqlStore};
use crate::store::{
    Result,
    catalogue::{CatalogueChange, CatalogueStore},
};

#[async_trait]
impl<D: Driver> CatalogueStore for SqlStore<D> {
    async fn catalogue(&self) -> Result<u64> {
        self.read(catalogue::version).await
    }

    async fn change_catalogue(&self, read: u64, change: CatalogueChange) -> Result<()> {
        let read = Some(read);
        match change {
            CatalogueChange::Partner { record, event } => partners::save(self, read, record, event).await,
            CatalogueChange::Agreements { records, send, events } => {
                agreements::save(self, read, records, send, events).await
            }
            CatalogueChange::Rules { rules, event } => rules::save(self, read, rules, event).await,
            CatalogueChange::List { list, added, events } => lists::save(self, read, list, added, events).await,
        }
    }
}
