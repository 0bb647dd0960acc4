//! The organisations and states that a list of audiences means, with its groups resolved.

use std::collections::BTreeSet;

use crate::domain::{group::Group, ids::TrustDomain, marking::Audience, partner::Organisation, place::Country};

/// The members of some audiences.
pub(super) struct AudienceMembers<'a> {
    organisations: BTreeSet<&'a TrustDomain>,
    countries: BTreeSet<Country>,
}

impl<'a> AudienceMembers<'a> {
    /// Resolves the audiences against these groups. A group that is not among them has no members.
    pub fn new(audiences: &'a [Audience], groups: &'a [Group]) -> Self {
        let mut members = Self { organisations: BTreeSet::new(), countries: BTreeSet::new() };
        for audience in audiences {
            match audience {
                Audience::Organisation(domain) => _ = members.organisations.insert(domain),
                Audience::Group(name) => {
                    for group in groups.iter().filter(|g| g.name == *name) {
                        members.organisations.extend(&group.organisations);
                        members.countries.extend(&group.countries);
                    }
                }
            }
        }
        members
    }

    /// The organisations that are members by name.
    pub fn organisations(&self) -> impl Iterator<Item = &'a TrustDomain> {
        self.organisations.iter().copied()
    }

    /// The states whose organs are members.
    pub fn states(&self) -> impl Iterator<Item = Country> {
        self.countries.iter().copied()
    }

    /// Whether the organisation is a member, by its name or as an organ of a listed state.
    pub fn contains(&self, organisation: &Organisation) -> bool {
        self.organisations.contains(&organisation.domain)
            || organisation.state().is_some_and(|s| self.countries.contains(&s))
    }

    /// Whether the organisation is a member by its name. That its state is listed is not enough.
    pub fn names(&self, domain: &TrustDomain) -> bool {
        self.organisations.contains(domain)
    }

    /// Whether every member of the group is a member.
    pub fn contains_group(&self, group: &Group) -> bool {
        group.organisations.iter().all(|o| self.organisations.contains(o))
            && group.countries.iter().all(|c| self.countries.contains(c))
    }

    /// Whether some organisation may be a member of all of these: an organisation that one of them names, or an organ of a state that all of
    /// them list. Where one names an organisation and another lists states, the organisation may be an organ of one of these states.
    /// The barred states and the excepted organisations do not count.
    pub fn may_share_a_member(all: &[Self], barred: &[Country], except: &BTreeSet<&TrustDomain>) -> bool {
        let lists =
            |members: &Self, country: &Country| members.countries.contains(country) && !barred.contains(country);
        let may_be_organ = |members: &Self| members.countries.iter().any(|c| lists(members, c));
        let is_in_all = |domain: &TrustDomain| all.iter().all(|m| m.names(domain) || may_be_organ(m));
        let mut named = all.iter().flat_map(|m| &m.organisations);
        let mut listed = all.iter().flat_map(|m| &m.countries);
        named.any(|domain| !except.contains(domain) && is_in_all(domain))
            || listed.any(|country| all.iter().all(|m| lists(m, country)))
    }
}
