//! The result of a decision. The fields are private to this folder: only a decision can make a permission.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    domain::{
        ids::{Digest, Handle, StatementId, TrustDomain},
        marking::GroupName,
        release::{AgreementRef, ReleaseTerms},
        time::Time,
    },
    policy::{facts::ItemId, reason::PolicyReason},
};

/// A grant of one version of an agreement.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct GrantRef {
    /// The agreement's version.
    pub agreement: AgreementRef,
    /// The grant in it.
    pub grant: GroupName,
}

/// The permission to give one item to one partner at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Permit {
    pub(super) grants: Vec<GrantRef>,
    pub(super) reasons: Vec<PolicyReason>,
}

impl Permit {
    /// The grants that permit it, in ascending order, all of one agreement. Empty if an exception permits it.
    pub fn grants(&self) -> &[GrantRef] {
        &self.grants
    }

    /// Why it is permitted, in words.
    pub fn reasons(&self) -> &[PolicyReason] {
        &self.reasons
    }
}

/// The reasons why an item is withheld.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Denial {
    pub(super) reasons: Vec<PolicyReason>,
}

impl Denial {
    /// The reasons; at least one.
    pub fn reasons(&self) -> &[PolicyReason] {
        &self.reasons
    }
}

/// The decision about one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "lowercase")]
pub enum Verdict {
    /// It is released.
    Release(Permit),
    /// It is withheld.
    Withhold(Denial),
}

impl Verdict {
    /// Whether it is released.
    pub fn is_release(&self) -> bool {
        matches!(self, Self::Release(_))
    }

    /// Why, either way.
    pub fn reasons(&self) -> &[PolicyReason] {
        match self {
            Self::Release(permit) => permit.reasons(),
            Self::Withhold(denial) => denial.reasons(),
        }
    }
}

/// A portion or an endorsement, with the decision about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortionVerdict {
    /// Which portion or endorsement it is.
    pub item: ItemId,
    /// Its handle.
    pub handle: Handle,
    /// The decision.
    pub verdict: Verdict,
}

/// What one partner gets of one assessment at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Every known portion and endorsement, in the order in which the caller gave them.
    pub portions: Vec<PortionVerdict>,
    /// What may be released. `None` if that is nothing; then every verdict is a denial.
    pub release: Option<Cleared>,
}

/// What may be released to one partner: all that the release statement says, without its position in the feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cleared {
    pub(super) recipient: TrustDomain,
    pub(super) agreement: AgreementRef,
    pub(super) grants: Vec<GroupName>,
    /// The index of each portion among the facts' items.
    pub(super) portions: BTreeMap<Digest, usize>,
    /// The index of each endorsement among the facts' items.
    pub(super) endorsements: BTreeMap<StatementId, usize>,
    pub(super) exceptions: Vec<StatementId>,
    pub(super) terms: ReleaseTerms,
    pub(super) via: Option<StatementId>,
    pub(super) at: Time,
}

impl Cleared {
    /// The only organisation that may get it.
    pub fn recipient(&self) -> &TrustDomain {
        &self.recipient
    }

    /// The agreement that it stands on.
    pub fn agreement(&self) -> AgreementRef {
        self.agreement
    }

    /// The grants that permit it, strictly ascending, at least one.
    pub fn grants(&self) -> &[GroupName] {
        &self.grants
    }

    /// The digests of the manifest's portions, in the author's order.
    pub fn digests(&self) -> impl Iterator<Item = Digest> {
        let mut all: Vec<(usize, Digest)> = self.portions.iter().map(|(digest, index)| (*index, *digest)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, digest)| digest)
    }

    /// The endorsements, strictly ascending.
    pub fn endorsements(&self) -> impl Iterator<Item = StatementId> {
        self.endorsements.keys().copied()
    }

    /// The portions, then the endorsements.
    pub fn disclosed(&self) -> impl Iterator<Item = ItemId> {
        let portions = self.portions.keys().copied().map(ItemId::Portion);
        portions.chain(self.endorsements.keys().copied().map(ItemId::Endorsement))
    }

    /// The exceptions by which some of it is released, strictly ascending.
    pub fn exceptions(&self) -> &[StatementId] {
        &self.exceptions
    }

    /// Whether this portion or endorsement is released.
    pub fn releases(&self, item: &ItemId) -> bool {
        match item {
            ItemId::Portion(digest) => self.portions.contains_key(digest),
            ItemId::Endorsement(id) => self.endorsements.contains_key(id),
        }
    }

    /// The indexes of the portions and endorsements among those that the caller gave to the decision.
    pub fn indexes(&self) -> impl Iterator<Item = usize> {
        self.portions.values().chain(self.endorsements.values()).copied()
    }

    /// The terms for the recipient.
    pub fn terms(&self) -> &ReleaseTerms {
        &self.terms
    }

    /// The release by which the giver got it, if the giver is not the originator.
    pub fn via(&self) -> Option<StatementId> {
        self.via
    }

    /// The time of the decision. The release must state the same time, because the recipient checks it as of that time.
    pub fn at(&self) -> Time {
        self.at
    }
}
