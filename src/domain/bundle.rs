//! How trust bundles follow one another: which bundle is an organisation's next one, and which ones raise an alarm.
//!
//! An organisation numbers its bundles. Each names the one before it, and two administrators sign it. Somebody who holds one bundle can
//! therefore follow to the newest one without asking anybody. This module is pure: the caller checks signatures.

use serde::{Deserialize, Serialize};

use super::{
    ids::{Sha256, TrustDomain},
    time::{Day, Time},
    words::words,
};

/// For how long a proposal waits for its second signature, in seconds. A bundle is therefore issued at most this long before it counts.
pub const LAPSES_AFTER: i64 = 7 * 86_400;
/// The most roots of a bundle, and the most roots that it names as compromised.
pub const MAX_ROOTS: usize = 8;

/// An organisation's statement of which roots it has from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The organisation.
    pub domain: TrustDomain,
    /// The number: one more than that of the bundle before.
    pub sequence: u64,
    /// The root certificates in DER.
    pub roots: Vec<Vec<u8>>,
    /// When it was proposed.
    pub issued: Time,
    /// The fingerprint of the bundle before.
    pub previous: Sha256,
    /// Roots that are left out because their keys may be known to others.
    pub compromised: Vec<Compromised>,
}

/// A root whose key may be known to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compromised {
    /// SHA-256 of the certificate.
    pub root: Sha256,
    /// From this day on, what was first logged under it is doubtful.
    pub since: Day,
}

words!(
    /// The state of a bundle.
    BundleState, "state of a bundle" {
        /// One administrator of this organisation has signed it.
        Proposed = "proposed",
        /// It can't count yet: its organisation is not known here, or a bundle before it has not arrived.
        Waiting = "waiting",
        /// It is or was in force.
        Taken = "taken",
    }
);

/// The facts by which bundles are ordered.
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
    /// The SHA-256 of the statement with its signatures. Of two statements with the same roots, one may be a forgery.
    pub digest: Sha256,
}

/// The bundle that is held of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBundle {
    /// Its number.
    pub sequence: u64,
    /// The fingerprint of its roots.
    pub fingerprint: Sha256,
    /// When it was proposed. For a bundle from an invitation: the earliest date of a proposal that was open when the invitation was written.
    pub issued: Time,
    /// The earliest date that its own statement could have had when it arrived. A rival with an earlier date is backdated.
    #[serde(default = "long_ago")]
    pub not_before: Time,
    /// When a node of the organisation last named this number as its own newest, to the day.
    pub named_at: Option<Time>,
    /// The fingerprint of another bundle with the same number that the organisation's administrators have also signed. Nothing is exchanged
    /// until words are compared.
    pub rival: Option<Sha256>,
    /// The organisation that introduced it, if nobody here has compared its words.
    #[serde(default)]
    pub introduced_by: Option<TrustDomain>,
    /// The organisation that introduced it with the rival's roots, if that is the reason for the rival.
    #[serde(default)]
    pub contested_by: Option<TrustDomain>,
    /// The most persons that the organisation's decisions take, by its own statement. It is told this number, because an older store may have
    /// been put in the place of a newer one there.
    #[serde(default)]
    pub persons_needed: u32,
}

/// The reason why a bundle does not follow the one that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It follows another bundle than the one that is held.
    FollowsAnother,
    /// It was issued before the held bundle, or more than 7 days before the organisation last named the held bundle as its newest. Somebody with
    /// old keys of administrators would backdate a bundle in this way.
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
    /// A held bundle about which nothing was heard since it arrived.
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

    /// A held bundle from an invitation of that date. A proposal may have been open then.
    pub fn invited(sequence: u64, fingerprint: Sha256, written: Time) -> Self {
        let earliest = written.plus_seconds(-LAPSES_AFTER);
        Self { named_at: Some(written), ..Self::new(sequence, fingerprint, earliest) }
    }

    /// The held bundle after this one was followed by `claim`.
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

    /// Checks whether a bundle with the next number may follow this one, apart from its signatures.
    ///
    /// # Errors
    /// The reason why it may not.
    pub fn fits(&self, claim: &Claim) -> Result<(), Unfit> {
        if claim.previous != self.fingerprint {
            return Err(Unfit::FollowsAnother);
        }
        if claim.issued < self.earliest() { Err(Unfit::Backdated) } else { Ok(()) }
    }
}

/// The next step with the bundles of an organisation that have arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BundleStep {
    /// This one is in force from now on.
    Take(Claim),
    /// Two bundles with the next number are both properly signed. Neither is taken.
    Rivals(Claim, Claim),
    /// Another bundle with the number that is in force is properly signed. Nothing is exchanged until words are compared.
    Contest(Claim),
    /// These can no longer come into force.
    Drop(Vec<Claim>),
    /// Nothing remains to be done.
    Rest,
}

/// The next step with the bundles of an organisation that have arrived and are not in force. `proves` says whether two administrators have
/// signed a bundle under the bundle with the number before.
pub fn next_step(held: &HeldBundle, waiting: &[Claim], mut proves: impl FnMut(&Claim) -> bool) -> BundleStep {
    let is_over = |claim: &&Claim| {
        claim.sequence < held.sequence || (claim.sequence == held.sequence && claim.fingerprint == held.fingerprint)
    };
    let over: Vec<Claim> = waiting.iter().filter(is_over).cloned().collect();
    if !over.is_empty() {
        return BundleStep::Drop(over);
    }
    let of_the_number = waiting.iter().filter(|claim| claim.sequence == held.sequence);
    let (rivals, forged): (Vec<_>, Vec<_>) =
        of_the_number.cloned().partition(|claim| claim.issued >= held.not_before && proves(claim));
    if !forged.is_empty() {
        return BundleStep::Drop(forged);
    }
    if let Some(rival) = rivals.into_iter().next().filter(|_| held.rival.is_none()) {
        return BundleStep::Contest(rival);
    }
    if held.rival.is_some() {
        return BundleStep::Rest;
    }
    let of_the_next = waiting.iter().filter(|claim| held.sequence.checked_add(1) == Some(claim.sequence));
    let (fit, unfit): (Vec<_>, Vec<_>) =
        of_the_next.cloned().partition(|claim| held.fits(claim).is_ok() && proves(claim));
    if !unfit.is_empty() {
        return BundleStep::Drop(unfit);
    }
    let Some(one) = fit.first() else { return BundleStep::Rest };
    match fit.iter().find(|other| other.fingerprint != one.fingerprint) {
        Some(other) => BundleStep::Rivals(one.clone(), other.clone()),
        None => BundleStep::Take(one.clone()),
    }
}

#[cfg(test)]
mod tests;
