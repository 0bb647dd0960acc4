//! How a giver acquired an assessment, and what that lets it pass on: no more than the release allows by which it got a portion.
//!
//! This is plain Rust and not Cedar. It is evaluated for each pair of a portion and a release by which it came, and its result says in words
//! which condition failed. A Cedar rule could only repeat a yes or no that is worked out here anyway. It filters what Cedar permits
//! (`Basis::rulings`), so it can only take away.

use std::collections::BTreeSet;

use crate::{
    domain::{
        assessment::Portion,
        body::Kind,
        group::Group,
        ids::{StatementId, TrustDomain},
        marking::{Audience, Stays},
        partner::Organisation,
        place::Country,
        release::{OnwardLimit, ReleaseTerms},
        time::Time,
    },
    policy::{
        audience::AudienceMembers,
        facts::{Item, Provenance},
        reason::PolicyReason,
    },
};

/// How a giver acquired an assessment. A release stands on one acquisition, as it stands on one agreement.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) enum Acquisition<'a> {
    /// The giver is the originator.
    Originated,
    /// The giver got it by this release.
    Received(&'a Provenance),
    /// It is another's, and it is not known how it came.
    Unknown,
}

impl<'a> Acquisition<'a> {
    /// Every acquisition of the giver, in the order of the provenances; at least one.
    pub fn all(giver: &TrustDomain, originator: &TrustDomain, provenances: &'a [Provenance]) -> Vec<Self> {
        if giver == originator {
            return vec![Self::Originated];
        }
        if provenances.is_empty() {
            return vec![Self::Unknown];
        }
        provenances.iter().map(Self::Received).collect()
    }

    /// The id of the release that a release onward cites.
    pub fn via(self) -> Option<StatementId> {
        match self {
            Self::Received(provenance) => Some(provenance.release),
            Self::Originated | Self::Unknown => None,
        }
    }

    /// The reasons why the item may not go on to the taker. Empty if it may.
    pub fn denials(self, taker: &Organisation, item: Item<'_>, now: Time) -> Vec<PolicyReason> {
        let portion = item.portion;
        let unmet = match self {
            Self::Originated if portion.kind() == Kind::Endorsement => {
                return no_attribution(portion).into_iter().collect();
            }
            Self::Originated => return vec![],
            Self::Unknown => {
                vec!["it is from another organisation, and no release by which it arrived is known".to_owned()]
            }
            Self::Received(provenance) if !provenance.digests.contains(&item.id.to_digest()) => {
                vec!["it did not come by this release".to_owned()]
            }
            Self::Received(provenance) => {
                [unmet_terms(provenance, taker, portion, now), unmet_marking(taker, portion)].concat()
            }
        };
        let onward = (!unmet.is_empty()).then(|| PolicyReason::new("onward-not-allowed", unmet.join("; ")));
        no_attribution(portion).into_iter().chain(onward).collect()
    }

    /// The terms of a release onward: the giver's own terms, narrowed to the terms by which the giver got it. `groups` are those of the
    /// giver's own agreement.
    pub fn narrow(self, terms: ReleaseTerms, groups: &[Group], now: Time) -> ReleaseTerms {
        let Self::Received(provenance) = self else { return terms };
        let onward = terms.onward.as_ref().zip(provenance.terms.onward.as_ref());
        let onward = onward.and_then(|(own, received)| narrowest(own, received, provenance, groups));
        let mut barred: BTreeSet<Country> = terms.barred_states.into_iter().collect();
        // Where nothing goes on, the barred states tell no more than what the taker sees (`decision/terms.rs`).
        if onward.is_some() {
            barred.extend(&provenance.terms.barred_states);
        }
        let retention_days = terms.retention_days.into_iter().chain(provenance.days_left(now)).min();
        ReleaseTerms { onward, barred_states: barred.into_iter().collect(), retention_days }
    }
}

/// The conditions of the release's terms that are not met.
fn unmet_terms(provenance: &Provenance, taker: &Organisation, portion: &Portion, now: Time) -> Vec<String> {
    let mut unmet = unmet_for_anybody(provenance, taker, now);
    if provenance.carriers.contains(&taker.domain) {
        unmet.push(format!("{} had it before it came here", taker.domain));
    }
    match &provenance.terms.onward {
        None => unmet.push("nothing that came by this release may be passed on".to_owned()),
        Some(limit) => {
            if !AudienceMembers::new(&limit.to, &provenance.groups).contains(taker) {
                unmet.push(format!("{} is not among those that it may be passed on to", taker.domain));
            }
            if !limit.kinds.contains(&portion.kind()) {
                unmet.push(format!("{} is not among the kinds that may be passed on", portion.kind()));
            }
            if portion.marking.tlp > limit.max_tlp {
                unmet.push(format!(
                    "{} is above {}, the highest that may be passed on",
                    portion.marking.tlp, limit.max_tlp
                ));
            }
            if limit.depth == 0 {
                unmet.push("it may not be passed on by another hop".to_owned());
            }
        }
    }
    unmet
}

/// The conditions that are not met and that hold for every taker, the originator among them.
pub(super) fn unmet_for_anybody(provenance: &Provenance, taker: &Organisation, now: Time) -> Vec<String> {
    let mut unmet = Vec::new();
    if provenance.is_stopped {
        unmet.push("the agreement under which it came is suspended or was terminated".to_owned());
    }
    if let Some(state) = taker.states().find(|s| provenance.terms.barred_states.contains(s)) {
        unmet.push(format!("it came with a bar to {state}"));
    }
    if provenance.days_left(now) == Some(0) {
        unmet.push("what is left of the time for which it may be kept is less than a day".to_owned());
    }
    unmet
}

/// The conditions of the portion's marking that are not met.
fn unmet_marking(taker: &Organisation, portion: &Portion) -> Vec<String> {
    match portion.marking.goes_on_to() {
        // `no_attribution` is a rule by itself.
        Err(Stays::NoAttribution) => vec![],
        Err(Stays::Tlp(tlp)) => vec![format!("only its originator may give what is marked {tlp}")],
        Err(Stays::Nobody) => vec!["its marking lets nobody pass it on".to_owned()],
        Err(Stays::WithinOrganisation) => {
            vec!["its marking keeps it within the organisation that got it".to_owned()]
        }
        Ok(names) if !AudienceMembers::new(names, &portion.marking.groups).contains(taker) => {
            vec![format!("its marking does not let it be passed on to {}", taker.domain)]
        }
        Ok(_) => vec![],
    }
}

/// The Chatham House rule, which holds at each hop: only the originator gives the portion, because a hub's release would include the
/// originator's name and signature.
fn no_attribution(portion: &Portion) -> Option<PolicyReason> {
    let applies = portion.marking.goes_on_to() == Err(Stays::NoAttribution);
    let words = "with its caveat no-attribution, only its originator may give it";
    applies.then(|| PolicyReason::new("no-attribution", words))
}

/// What both limits allow, one hop less. `None` if that is nothing. `decision/terms.rs` adds the groups later.
fn narrowest(
    own: &OnwardLimit,
    received: &OnwardLimit,
    provenance: &Provenance,
    groups: &[Group],
) -> Option<OnwardLimit> {
    let members = AudienceMembers::new(&received.to, &provenance.groups);
    let is_allowed = |audience: &&Audience| match audience {
        Audience::Organisation(domain) => members.names(domain),
        Audience::Group(name) => groups.iter().any(|g| g.name == *name && members.contains_group(g)),
    };
    let to: Vec<Audience> = own.to.iter().filter(is_allowed).cloned().collect();
    let kinds: Vec<_> = own.kinds.iter().filter(|k| received.kinds.contains(k)).copied().collect();
    let depth = own.depth.min(received.depth.saturating_sub(1));
    let max_tlp = own.max_tlp.min(received.max_tlp);
    (!to.is_empty() && !kinds.is_empty() && depth > 0).then_some(OnwardLimit {
        to,
        kinds,
        later_kinds: own.later_kinds.iter().filter(|k| received.later_kinds.contains(k)).cloned().collect(),
        max_tlp,
        depth,
        groups: vec![],
    })
}
