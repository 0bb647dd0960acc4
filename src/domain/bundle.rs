//! Trust bundles as they follow one another: which one is an organisation's next one, and what is an alarm.
//!
//! An organisation numbers its bundles. Each names the one before it, and two administrators sign it, so that whoever holds a bundle
//! can follow to the newest one without asking anybody. What is here is pure: whose signatures hold is asked of the caller.

use serde::{Deserialize, Serialize};

use super::{
    ids::{Sha256, TrustDomain},
    time::{Day, Time},
    words::words,
};

/// For how long a proposal waits for its second signature, seconds. So no bundle is issued longer than this before it counts.
pub const LAPSES_AFTER: i64 = 7 * 86_400;
/// The most roots of a bundle, and the most of them that are said to be compromised.
pub const MAX_ROOTS: usize = 8;

/// An organisation's statement of which roots are its own from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Whose.
    pub domain: TrustDomain,
    /// One more than that of the bundle before.
    pub sequence: u64,
    /// The root certificates in DER.
    pub roots: Vec<Vec<u8>>,
    /// When it was proposed.
    pub issued: Time,
    /// The fingerprint of the bundle before.
    pub previous: Sha256,
    /// Roots that are left out because somebody else may have their keys.
    pub compromised: Vec<Compromised>,
}

/// A root whose key somebody else may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compromised {
    /// SHA-256 of the certificate.
    pub root: Sha256,
    /// From this day on what was first logged under it is doubtful.
    pub since: Day,
}

words!(
    /// What is kept of a bundle.
    BundleState, "state of a bundle" {
        /// One administrator of this organisation has signed it.
        Proposed = "proposed",
        /// It can't count yet: its organisation is not known here, or one before it has not come.
        Waiting = "waiting",
        /// It is or was in force.
        Taken = "taken",
    }
);

/// What the order of bundles goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its number.
    pub sequence: u64,
    /// The fingerprint of its roots.
    pub fingerprint: Sha256,
    /// The fingerprint of the roots before.
    pub previous: Sha256,
    /// When it was proposed.
    pub issued: Time,
    /// SHA-256 of the statement with its signatures: of two with the same roots one may be a forgery.
    pub digest: Sha256,
}

/// The bundle that is held of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBundle {
    /// Its number.
    pub sequence: u64,
    /// The fingerprint of its roots.
    pub fingerprint: Sha256,
    /// When it was proposed. Of an invitation: the earliest date of a proposal that was open when it was written.
    pub issued: Time,
    /// The earliest date that its own statement might bear when it came: a rival with an earlier one is dated back.
    #[serde(default = "long_ago")]
    pub not_before: Time,
    /// The last time, to the day, at which a node of the organisation named this number as its own newest.
    pub named_at: Option<Time>,
    /// The fingerprint of another bundle of the same number, which the organisation's administrators have signed too. Until
    /// words are compared nothing is exchanged.
    pub rival: Option<Sha256>,
    /// On whose introduction it is held, where nobody here has compared its words.
    #[serde(default)]
    pub introduced_by: Option<TrustDomain>,
    /// Who has introduced it with the rival's roots, where that is why there is a rival.
    #[serde(default)]
    pub contested_by: Option<TrustDomain>,
    /// The most persons that the organisation's decisions take, by its own word. It is told so: an older store may have been put in the
    /// place of a newer one there.
    #[serde(default)]
    pub persons_needed: u32,
}

/// Why a bundle does not follow the one that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It follows another bundle than the one that is held.
    FollowsAnother,
    /// It was issued more than 7 days before the organisation last named the bundle that is held as its newest, or before that
    /// one: whoever has old keys of administrators dates back.
    Backdated,
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::FollowsAnother => "it follows another bundle than the one that is held",
            Self::Backdated => {
                "its date is too early: its organisation has named the bundle before as its newest since then"
            }
        })
    }
}

fn long_ago() -> Time {
    Time::from_unix_nanos(i64::MIN)
}

/// How far two clocks may be apart, seconds.
const SKEW: i64 = 300;

impl HeldBundle {
    /// One that nothing was heard of since it came.
    pub fn new(sequence: u64, fingerprint: Sha256, issued: Time) -> Self {
        let not_before = issued.plus_seconds(-LAPSES_AFTER);
        Self {
            sequence,
            fingerprint,
            issued,
            not_before,
            named_at: None,
            rival: None,
            introduced_by: None,
            contested_by: None,
            persons_needed: 0,
        }
    }

    /// One that an invitation of that date has told. A proposal may have been open then.
    pub fn invited(sequence: u64, fingerprint: Sha256, written: Time) -> Self {
        let earliest = written.plus_seconds(-LAPSES_AFTER);
        Self { named_at: Some(written), ..Self::new(sequence, fingerprint, earliest) }
    }

    /// The one that follows this one.
    #[must_use]
    pub fn followed_by(&self, claim: &Claim) -> Self {
        let introduced_by = self.introduced_by.clone();
        let next = Self::new(claim.sequence, claim.fingerprint, claim.issued);
        Self { not_before: self.earliest(), introduced_by, persons_needed: self.persons_needed, ..next }
    }

    /// The earliest date of a bundle that may follow.
    fn earliest(&self) -> Time {
        let named = self.named_at.map_or(self.issued, |at| at.plus_seconds(-LAPSES_AFTER).max(self.issued));
        named.plus_seconds(-SKEW)
    }

    /// Whether a bundle with the next number may follow this one, its signatures apart.
    ///
    /// # Errors
    /// Why not.
    pub fn fits(&self, claim: &Claim) -> Result<(), Unfit> {
        if claim.previous != self.fingerprint {
            return Err(Unfit::FollowsAnother);
        }
        if claim.issued < self.earliest() { Err(Unfit::Backdated) } else { Ok(()) }
    }
}

/// What becomes of the bundles of an organisation that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// This one is in force from now on.
    Take(Claim),
    /// Two of the next number are both signed as they should be. Neither is taken.
    Rivals(Claim, Claim),
    /// Another one of the number that is in force is signed as it should be. Nothing is exchanged until words are compared.
    Contest(Claim),
    /// These can't be in force any more.
    Drop(Vec<Claim>),
    /// Nothing more.
    Rest,
}

/// What is to be done next with the bundles of an organisation that came and are not in force. `proves`: whether two of the
/// administrators have signed it under the bundle with the number before.
pub fn next_step(held: &HeldBundle, waiting: &[Claim], mut proves: impl FnMut(&Claim) -> bool) -> Step {
    let is_over = |claim: &&Claim| {
        claim.sequence < held.sequence || (claim.sequence == held.sequence && claim.fingerprint == held.fingerprint)
    };
    let over: Vec<Claim> = waiting.iter().filter(is_over).cloned().collect();
    if !over.is_empty() {
        return Step::Drop(over);
    }
    let of_the_number = waiting.iter().filter(|claim| claim.sequence == held.sequence);
    let (rivals, forged): (Vec<_>, Vec<_>) =
        of_the_number.cloned().partition(|claim| claim.issued >= held.not_before && proves(claim));
    if !forged.is_empty() {
        return Step::Drop(forged);
    }
    if let Some(rival) = rivals.into_iter().next().filter(|_| held.rival.is_none()) {
        return Step::Contest(rival);
    }
    if held.rival.is_some() {
        return Step::Rest;
    }
    let of_the_next = waiting.iter().filter(|claim| held.sequence.checked_add(1) == Some(claim.sequence));
    let (fit, unfit): (Vec<_>, Vec<_>) =
        of_the_next.cloned().partition(|claim| held.fits(claim).is_ok() && proves(claim));
    if !unfit.is_empty() {
        return Step::Drop(unfit);
    }
    let Some(one) = fit.first() else { return Step::Rest };
    match fit.iter().find(|other| other.fingerprint != one.fingerprint) {
        Some(other) => Step::Rivals(one.clone(), other.clone()),
        None => Step::Take(one.clone()),
    }
}

#[cfg(test)]
mod tests;
