//! The question for which a remedy is searched, and the result.

use std::collections::BTreeSet;

use super::change::RequiredChange;
use crate::{
    domain::{
        agreement::Agreement,
        assessment::{Manifest, Portion},
        ids::{Digest, SpiffeId, StatementId, TrustDomain},
        partner::Organisation,
        place::Country,
        time::Time,
    },
    policy::{facts::Provenance, house::HouseRules, reason::PolicyReason},
};

/// Everything that a decision about one partner depends on.
#[derive(Debug, Clone, Copy)]
pub struct DecisionInputs<'a> {
    /// The organisation that gives.
    pub giver: &'a TrustDomain,
    /// The organisation that would get it.
    pub taker: &'a Organisation,
    /// The agreements in force between the two.
    pub agreements: &'a [(StatementId, Agreement)],
    /// Agreements between the two that are not in force but could be, because they are proposed or suspended. The likeliest first.
    pub dormant: &'a [(StatementId, Agreement)],
    /// The giver's house rules.
    pub house: &'a HouseRules,
    /// The assessment.
    pub manifest: &'a Manifest,
    /// All of its portions.
    pub portions: &'a [(Digest, Portion)],
    /// The releases by which the giver got it, if the giver is not the originator.
    pub provenances: &'a [Provenance],
    /// The states that its versions are about.
    pub states_of_versions: &'a BTreeSet<Country>,
    /// Who signed it, and how many of them are officers other than the author; `None` if that is not known.
    pub signers: Option<(&'a [SpiffeId], u32)>,
    /// When the giver logged it.
    pub logged_at: Time,
    /// The time of the decision. A new version would be logged at this time.
    pub now: Time,
}

/// What would have to change for a portion to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// All of these changes together are enough.
    Changes(Vec<RequiredChange>),
    /// With these changes, if any, the headline at this index goes instead. It says more.
    FullerHeadline(Vec<RequiredChange>, usize),
    /// Nothing that this organisation could change is enough, for this reason.
    Nothing(PolicyReason),
}
