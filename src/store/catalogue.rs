//! The catalogue: everything that decisions depend on. That is partners, agreements, house rules, roots, bundles, revocations, the people
//! of the organisation with their approvals, and the ledger's epoch and loss.

use async_trait::async_trait;

use super::{
    AgreementRecord, PartnerRecord, Result, bundles::BundleChange, introductions::IntroductionRecord, lists::ListRecord,
};
use crate::domain::{
    approval::ApprovalRecord,
    event::Event,
    ids::{Sha256, StatementId, TrustDomain},
    person::Person,
    rules::RulesVersion,
    time::Time,
};

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
    /// [`Store::note_roots`](super::Store::note_roots).
    Roots {
        /// The organisation.
        of: TrustDomain,
        /// Its roots, in DER.
        roots: Vec<Vec<u8>>,
        /// When they were seen.
        at: Time,
    },
    /// [`BundleStore::change_bundles`](super::bundles::BundleStore::change_bundles).
    Bundles {
        /// The change.
        change: Box<BundleChange>,
        /// The ledger entries.
        events: Vec<Event>,
    },
    /// [`IntroductionStore::save_introductions`](super::introductions::IntroductionStore::save_introductions).
    Introductions {
        /// The introductions that this organisation makes.
        records: Vec<IntroductionRecord>,
        /// The ledger entries.
        events: Vec<Event>,
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
    /// [`ListStore::save_revocations`](super::lists::ListStore::save_revocations).
    Revocations {
        /// The organisation.
        of: TrustDomain,
        /// The key that has signed the list.
        issuing_key: Sha256,
        /// The revocations that are new.
        added: Vec<Vec<u8>>,
    },
    /// [`ListStore::forget_torn_lists`](super::lists::ListStore::forget_torn_lists).
    ForgetTornLists(TrustDomain),
    /// [`PeopleStore::save_people`](super::people::PeopleStore::save_people).
    People {
        /// The people; none if only what is known beside the register has changed.
        people: Vec<Person>,
        /// The ledger entries.
        events: Vec<Event>,
    },
    /// [`ApprovalStore::save_approval`](super::approvals::ApprovalStore::save_approval).
    Approval {
        /// The approval.
        record: ApprovalRecord,
        /// The ledger entries.
        events: Vec<Event>,
    },
    /// [`ApprovalStore::forget_approval`](super::approvals::ApprovalStore::forget_approval).
    ForgetApproval(Sha256),
}

/// The result of a change of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueMove {
    /// The version on which the change was made.
    pub before: u64,
    /// The version since the change. It is `before` if nothing was to be changed.
    pub after: u64,
    /// The manifests that the change has hidden from users.
    pub hidden: Vec<StatementId>,
}

/// The version of the catalogue.
///
/// Whatever releases, admits or decides something names the version that it was decided on: see the fields `catalogue` of
/// [`Publication`](super::Publication), [`ReleaseBatch`](super::ReleaseBatch), [`ReceivingBasis`](super::ReceivingBasis) and the like.
/// [`StoreError::CatalogueMoved`](super::StoreError::CatalogueMoved) if the catalogue has another version. `None` stands for something that
/// does not depend on the catalogue.
#[async_trait]
pub trait CatalogueStore: Send + Sync {
    /// The version: it grows with each change of the catalogue, whoever makes it.
    async fn catalogue(&self) -> Result<u64>;
    /// Makes a change that was decided on version `read`. [`StoreError::CatalogueMoved`](super::StoreError::CatalogueMoved) if the
    /// catalogue has another version: the caller reads it again and decides again, so that no approval and no stop of somebody else is
    /// undone. `None` makes the change on any version.
    async fn change_catalogue(&self, read: Option<u64>, change: CatalogueChange) -> Result<CatalogueMove>;
}
