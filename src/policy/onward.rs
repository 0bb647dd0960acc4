//! Passing on: a giver that is not the originator may give a portion only as far as a release by which it got it allows.
//!
//! Plain Rust rather than Cedar: the question is asked for each pair of a portion and a release by which it came, its answer has to say in
//! words which condition failed, and a forbid could only repeat a yes or no that had been worked out here anyway. It is a filter on
//! what Cedar permits (`Question::rule`), so it can take away and never give.

use std::collections::BTreeSet;

use super::{facts::Facts, outcome::Reason};
use crate::domain::{
    assessment::Portion,
    body::Kind,
    group::Group,
    ids::{Digest, StatementId, TrustDomain},
    marking::{Audience, Stays},
    partner::Organisation,
    place::Country,
    release::{OnwardLimit, Release, Terms},
    time::Time,
};

const DAY_SECONDS: i64 = 86_400;

/// A release by which a giver that is not the originator holds portions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// The release's id, which a release onward cites.
    pub release: StatementId,
    /// The portions and endorsements that it disclosed.
    pub digests: BTreeSet<Digest>,
    /// What it holds the giver to.
    pub terms: Terms,
    /// From when on `terms.retention_days` counts.
    pub released_at: Time,
    /// What `group:x` means in these terms, as the agreement that it stands on says and the release repeats. A group that is not here
    /// names nobody. A marking spells out its own groups.
    pub groups: Vec<Group>,
    /// Whether the agreement under which it came was suspended or ended by either party. Then nothing of it goes on: whoever gave it has
    /// withdrawn its trust, or the giver has.
    pub is_stopped: bool,
    /// The organisations that had it before the giver, the originator among them: it goes back to none of them.
    pub carriers: BTreeSet<TrustDomain>,
}

impl Provenance {
    /// What a release says that came by these organisations.
    pub fn of(id: StatementId, release: &Release, carriers: BTreeSet<TrustDomain>) -> Self {
        Self {
            release: id,
            digests: release.disclosed().collect(),
            terms: release.terms.clone(),
            released_at: release.released_at,
            groups: release.terms.onward.iter().flat_map(|o| &o.groups).cloned().collect(),
            is_stopped: false,
            carriers,
        }
    }

    /// Whole days that are left, so that a copy further on is not kept longer than this one. The sender's clock may be ahead of
    /// ours, which gains nothing.
    pub(super) fn days_left(&self, now: Time) -> Option<u32> {
        let days = self.terms.retention_days?;
        let until = self.released_at.plus_seconds(i64::from(days) * DAY_SECONDS);
        let left = until.seconds_since(now).div_euclid(DAY_SECONDS);
        Some(u32::try_from(left).unwrap_or(0).min(days))
    }
}

/// How the giver holds an assessment. A release stands on one of these, as it does on one agreement.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holding<'a> {
    /// It is the originator.
    Own,
    /// By this release.
    Through(&'a Provenance),
    /// It is another's, and nothing here tells how it came.
    Unknown,
}

impl<'a> Holding<'a> {
    /// Every way by which the giver holds it, by the releases' ids; at least one.
    pub fn all(giver: &TrustDomain, facts: &'a Facts<'_>) -> Vec<Self> {
        if giver == facts.originator {
            return vec![Self::Own];
        }
        if facts.provenances.is_empty() {
            return vec![Self::Unknown];
        }
        facts.provenances.iter().map(Self::Through).collect()
    }

    /// The release that a release onward cites.
    pub fn via(self) -> Option<StatementId> {
        match self {
            Self::Through(provenance) => Some(provenance.release),
            Self::Own | Self::Unknown => None,
        }
    }

    /// Why the portion may not go on to the taker; empty where it may.
    pub fn bars(self, taker: &Organisation, (digest, portion): (&Digest, &Portion), now: Time) -> Vec<Reason> {
        let unmet = match self {
            Self::Own if portion.kind() == Kind::Endorsement => return unattributed(portion).into_iter().collect(),
            Self::Own => return vec![],
            Self::Unknown => vec!["it is another's, and no release by which it came is known".to_owned()],
            Self::Through(came) if !came.digests.contains(digest) => vec!["it did not come by this release".to_owned()],
            Self::Through(came) => [terms_unmet(came, taker, portion, now), marking_unmet(taker, portion)].concat(),
        };
        let onward = (!unmet.is_empty()).then(|| Reason::new("onward-not-allowed", unmet.join("; ")));
        unattributed(portion).into_iter().chain(onward).collect()
    }

    /// The terms of a release onward: those that the giver's own agreement gives, and no wider than those by which it got it.
    pub fn narrow(self, terms: Terms, groups: &[Group], now: Time) -> Terms {
        let Self::Through(came) = self else { return terms };
        let onward = terms.onward.as_ref().zip(came.terms.onward.as_ref());
        let onward = onward.and_then(|(own, theirs)| narrowest(own, theirs, came, groups));
        let mut barred: BTreeSet<Country> = terms.barred_states.into_iter().collect();
        // Where nothing goes on, the bars say no more than what the taker sees (`terms.rs`).
        if onward.is_some() {
            barred.extend(&came.terms.barred_states);
        }
        let retention_days = terms.retention_days.into_iter().chain(came.days_left(now)).min();
        Terms { onward, barred_states: barred.into_iter().collect(), retention_days }
    }
}

fn terms_unmet(came: &Provenance, taker: &Organisation, portion: &Portion, now: Time) -> Vec<String> {
    let mut unmet = Vec::new();
    if came.is_stopped {
        unmet.push("the agreement under which it came is suspended or was terminated".to_owned());
    }
    if came.carriers.contains(&taker.domain) {
        unmet.push(format!("{} had it before it came here", taker.domain));
    }
    match &came.terms.onward {
        None => unmet.push("nothing that came by this release may be passed on".to_owned()),
        Some(limit) => {
            if !Circle::of(&limit.to, &came.groups).holds(taker) {
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
                unmet.push("it may go no hop further".to_owned());
            }
        }
    }
    if let Some(state) = taker.states().find(|s| came.terms.barred_states.contains(s)) {
        unmet.push(format!("it came with a bar to {state}"));
    }
    if came.days_left(now) == Some(0) {
        unmet.push("what is left of the time for which it may be kept is less than a day".to_owned());
    }
    unmet
}

fn marking_unmet(taker: &Organisation, portion: &Portion) -> Vec<String> {
    match portion.marking.goes_on_to() {
        // A rule by itself (`unattributed`).
        Err(Stays::NoAttribution) => vec![],
        Err(Stays::Tlp(tlp)) => vec![format!("{tlp} goes no further than to whom its originator gives it")],
        Err(Stays::Nobody) => vec!["its marking lets nobody pass it on".to_owned()],
        Err(Stays::WithinOrganisation) => {
            vec!["its marking keeps it within the organisation that got it".to_owned()]
        }
        Ok(names) if !Circle::of(names, &portion.marking.groups).holds(taker) => {
            vec![format!("its marking does not let it go on to {}", taker.domain)]
        }
        Ok(_) => vec![],
    }
}

/// The Chatham House rule, held at each hop: nobody but the originator gives the portion, since a hub's release would carry the originator's
/// name and signature with it.
fn unattributed(portion: &Portion) -> Option<Reason> {
    let is_unattributed = portion.marking.goes_on_to() == Err(Stays::NoAttribution);
    let words = "its caveat no-attribution lets nobody but its originator give it";
    is_unattributed.then(|| Reason::new("no-attribution", words))
}

/// What both allow, one hop less; `None`: nothing. Groups are spelled out at last (`terms.rs`).
fn narrowest(own: &OnwardLimit, theirs: &OnwardLimit, came: &Provenance, groups: &[Group]) -> Option<OnwardLimit> {
    let circle = Circle::of(&theirs.to, &came.groups);
    let stays = |audience: &&Audience| match audience {
        Audience::Organisation(domain) => circle.names(domain),
        Audience::Group(name) => groups.iter().any(|g| g.name == *name && circle.covers(g)),
    };
    let to: Vec<Audience> = own.to.iter().filter(stays).cloned().collect();
    let kinds: Vec<_> = own.kinds.iter().filter(|k| theirs.kinds.contains(k)).copied().collect();
    let depth = own.depth.min(theirs.depth.saturating_sub(1));
    let max_tlp = own.max_tlp.min(theirs.max_tlp);
    (!to.is_empty() && !kinds.is_empty() && depth > 0).then_some(OnwardLimit {
        to,
        kinds,
        later_kinds: own.later_kinds.iter().filter(|k| theirs.later_kinds.contains(k)).cloned().collect(),
        max_tlp,
        depth,
        groups: vec![],
    })
}

/// Audiences with their groups spelled out.
pub(super) struct Circle<'a> {
    organisations: BTreeSet<&'a TrustDomain>,
    countries: BTreeSet<Country>,
}

impl<'a> Circle<'a> {
    pub fn of(audiences: &'a [Audience], groups: &'a [Group]) -> Self {
        let mut circle = Self { organisations: BTreeSet::new(), countries: BTreeSet::new() };
        for audience in audiences {
            match audience {
                Audience::Organisation(domain) => _ = circle.organisations.insert(domain),
                Audience::Group(name) => {
                    for group in groups.iter().filter(|g| g.name == *name) {
                        circle.organisations.extend(&group.organisations);
                        circle.countries.extend(&group.countries);
                    }
                }
            }
        }
        circle
    }

    /// The organisations that it names.
    pub fn organisations(&self) -> impl Iterator<Item = &'a TrustDomain> {
        self.organisations.iter().copied()
    }

    /// The states whose organs are in it.
    pub fn states(&self) -> impl Iterator<Item = Country> {
        self.countries.iter().copied()
    }

    /// By its name, or as an organ of a state that is listed.
    pub fn holds(&self, taker: &Organisation) -> bool {
        self.organisations.contains(&taker.domain) || taker.state().is_some_and(|s| self.countries.contains(&s))
    }

    /// Whether it names the organisation, and not only its state.
    pub fn names(&self, domain: &TrustDomain) -> bool {
        self.organisations.contains(domain)
    }

    /// Whether an organisation may be in all of these circles: one that any of them names, or the organ of a state that all of them list.
    /// Where one names an organisation and another lists states, it may be the organ of one of these.
    pub fn meet(circles: &[Self], barred: &[Country], except: &BTreeSet<&TrustDomain>) -> bool {
        let lists = |circle: &Self, country: &Country| circle.countries.contains(country) && !barred.contains(country);
        let may_be_organ = |circle: &Self| circle.countries.iter().any(|c| lists(circle, c));
        let holds = |domain: &TrustDomain| circles.iter().all(|c| c.names(domain) || may_be_organ(c));
        let mut named = circles.iter().flat_map(|c| &c.organisations);
        let mut listed = circles.iter().flat_map(|c| &c.countries);
        named.any(|domain| !except.contains(domain) && holds(domain))
            || listed.any(|country| circles.iter().all(|c| lists(c, country)))
    }

    /// Whether each member of the group is in it.
    pub fn covers(&self, group: &Group) -> bool {
        group.organisations.iter().all(|o| self.organisations.contains(o))
            && group.countries.iter().all(|c| self.countries.contains(c))
    }
}
