//! The catalogue: everything that decisions depend on. That is partners, agreements, house rules, revocations, and the people of the
//! organisation with their approvals.

use async_trait::async_trait;

use super::{AgreementRecord, PartnerRecord, Result, lists::ListRecord};
use crate::domain::{event::Event, ids::TrustDomain, rules::RulesVersion};

/// A change of the catalogue. Each one is also a method of its own, which names no version.
pub enum CatalogueChange {
    /// [`Store::save_partner`](super::Store::save_partner).
    Partner {
        /// The partner.
        record: PartnerRecord,
        /// The ledger entry.
        event: Event,
    },
    /// [`Store::save_agreements`](super::Store::save_agreements).
    Agreements {
        /// The agreements.
        records: Vec<AgreementRecord>,
        /// A statement for a partner's outbox.
        send: Option<(TrustDomain, Vec<u8>)>,
        /// The ledger entries.
        events: Vec<Event>,
    },
    /// [`Store::save_rules`](super::Store::save_rules).
    Rules {
        /// The next version.
        rules: RulesVersion,
        /// The ledger entry.
        event: Event,
    },
    /// [`ListStore::save_list`](super::lists::ListStore::save_list).
    List {
        /// The list.
        list: ListRecord,
        /// The revocations that are new.
        added: Vec<Vec<u8>>,
        /// The ledger entries.
        events: Vec<Event>,
    },
}

/// The version of the catalogue.
#[async_trait]
pub trait CatalogueStore: Send + Sync {
    /// The version: it grows with each change of the catalogue, whoever makes it.
    async fn catalogue(&self) -> Result<u64>;
    /// Makes a change that was decided on version `read`. [`StoreError::Conflict`](super::StoreError::Conflict) if the catalogue has
    /// another version: the caller reads it again and decides again, so that no approval and no stop of somebody else is undone.
    async fn change_catalogue(&self, read: u64, change: CatalogueChange) -> Result<()>;
}
