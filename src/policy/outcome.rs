//! What a decision says. The fields are private to the policy: nobody else can make a permission.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Serialize;

use crate::domain::{
    ids::{Digest, Handle, StatementId, TrustDomain},
    marking::GroupName,
    release::{AgreementRef, Terms},
    time::Time,
};

/// A rule or grant that decided, by its stable id, and why in words. For the organisation's own people only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Reason {
    /// A stable id: a built-in rule's, a house rule's or a grant's.
    pub id: Cow<'static, str>,
    /// Why, in words.
    pub words: Cow<'static, str>,
}

impl Reason {
    pub(super) fn new(id: impl Into<Cow<'static, str>>, words: impl Into<Cow<'static, str>>) -> Self {
        Self { id: id.into(), words: words.into() }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.id, self.words)
    }
}

/// A grant of one version of an agreement.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct GrantRef {
    /// The agreement's version.
    pub agreement: AgreementRef,
    /// The grant in it.
    pub grant: GroupName,
}

/// Leave to give one portion to one partner at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Permit {
    pub(super) grants: Vec<GrantRef>,
    pub(super) reasons: Vec<Reason>,
}

impl Permit {
    /// The grants that allow it: at least one, ascending, all of one agreement.
    pub fn grants(&self) -> &[GrantRef] {
        &self.grants
    }

    /// The same in words.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }
}

/// Why a portion is withheld.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Denial {
    pub(super) reasons: Vec<Reason>,
}

impl Denial {
    /// At least one.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }
}

/// The answer for one portion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "lowercase")]
pub enum Verdict {
    /// It goes.
    Release(Permit),
    /// It stays.
    Withhold(Denial),
}

impl Verdict {
    /// Whether it goes.
    pub fn is_release(&self) -> bool {
        matches!(self, Self::Release(_))
    }

    /// Why, either way.
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::Release(permit) => permit.reasons(),
            Self::Withhold(denial) => denial.reasons(),
        }
    }
}

/// A portion and the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PortionOutcome {
    /// The portion's digest.
    pub digest: Digest,
    /// Its handle.
    pub handle: Handle,
    /// The answer.
    pub verdict: Verdict,
}

/// What one partner gets of one assessment at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Every known portion, in the order in which they were given.
    pub portions: Vec<PortionOutcome>,
    /// What may go; `None`: nothing, and then no portion's verdict is a release.
    pub release: Option<Cleared>,
}

/// What may go to one partner: all that a release statement says of it but its place in the feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cleared {
    pub(super) recipient: TrustDomain,
    pub(super) agreement: AgreementRef,
    pub(super) grants: Vec<GroupName>,
    pub(super) portions: BTreeMap<Digest, usize>,
    pub(super) endorsements: BTreeMap<Digest, usize>,
    pub(super) exceptions: Vec<StatementId>,
    pub(super) terms: Terms,
    pub(super) via: Option<StatementId>,
    pub(super) at: Time,
}

impl Cleared {
    /// To whom, and to nobody else.
    pub fn recipient(&self) -> &TrustDomain {
        &self.recipient
    }

    /// The agreement on which it stands.
    pub fn agreement(&self) -> AgreementRef {
        self.agreement
    }

    /// The grants used, strictly ascending, at least one.
    pub fn grants(&self) -> &[GroupName] {
        &self.grants
    }

    /// The digests of the manifest's portions, in the author's order.
    pub fn digests(&self) -> impl Iterator<Item = Digest> {
        let mut all: Vec<(usize, Digest)> = self.portions.iter().map(|(digest, place)| (*place, *digest)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, digest)| digest)
    }

    /// The endorsements, strictly ascending.
    pub fn endorsements(&self) -> impl Iterator<Item = StatementId> {
        self.endorsements.keys().map(|digest| StatementId(digest.0))
    }

    /// Portions and endorsements, these by their ids.
    pub fn disclosed(&self) -> impl Iterator<Item = Digest> {
        self.portions.keys().chain(self.endorsements.keys()).copied()
    }

    /// The exceptions by which some of it goes, strictly ascending.
    pub fn exceptions(&self) -> &[StatementId] {
        &self.exceptions
    }

    /// Whether the portion or endorsement goes.
    pub fn releases(&self, digest: &Digest) -> bool {
        self.portions.contains_key(digest) || self.endorsements.contains_key(digest)
    }

    /// Where the portions and endorsements stand among those that were given to the decision.
    pub fn indexes(&self) -> impl Iterator<Item = usize> {
        self.portions.values().chain(self.endorsements.values()).copied()
    }

    /// What the recipient is held to.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The release by which the giver got it, where it is another's.
    pub fn via(&self) -> Option<StatementId> {
        self.via
    }

    /// The time for which it was decided; the release must say the same, since the recipient checks it at that time.
    pub fn at(&self) -> Time {
        self.at
    }
}
