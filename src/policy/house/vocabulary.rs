//! The words that each attribute of the schema may have: a rule that asks for any other never applies, and nobody would notice.

use std::collections::BTreeSet;

use crate::domain::{
    agreement::Agreement,
    body::Kind,
    ids::{SpiffeId, TrustDomain, shorten},
    level::WarningLevel,
    marking::{Audience, Caveat, GroupName, Tlp, Topic},
    partner::PartnerKind,
    place::{Country, Place, Subdivision},
    spelling,
};

/// The names that are known where rules are checked.
#[derive(Debug, Clone)]
pub struct Known {
    /// The organisation whose rules they are.
    pub own: TrustDomain,
    /// Its partners, those of whom a bundle is held, and the members of its agreements' groups.
    pub organisations: BTreeSet<TrustDomain>,
    /// The groups of its agreements.
    pub groups: BTreeSet<GroupName>,
}

impl Known {
    /// The parties of an agreement, and whom it names.
    pub fn learn(&mut self, agreement: &Agreement) {
        self.organisations.extend(agreement.parties.iter().cloned());
        for group in &agreement.groups {
            self.groups.insert(group.name.clone());
            self.organisations.extend(group.organisations.iter().cloned());
        }
        let grants = agreement.grants.iter();
        let audiences = grants.flat_map(|g| g.onward.iter()).flat_map(|onward| &onward.to);
        self.organisations.extend(audiences.filter_map(|audience| match audience {
            Audience::Organisation(domain) => Some(domain.clone()),
            Audience::Group(_) => None,
        }));
    }
}

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vocabulary {
    /// A kind of organisation.
    Partner,
    /// A country.
    Country,
    /// A country or a part of one.
    Place,
    /// An organisation or a group.
    Audience,
    /// An organisation.
    Organisation,
    /// A kind of portion.
    Kind,
    /// A topic.
    Topic,
    /// A caveat.
    Caveat,
    /// Who has signed.
    Signer,
    /// A level of the Traffic Light Protocol.
    Tlp,
    /// A level of warning, or 0.
    Level,
    /// How many officers have signed beside the author.
    Cosigners,
}

/// Something that is wrong with a literal, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Odd {
    /// Whether the rule may be meant as it stands: only a person can tell.
    pub may_be_meant: bool,
    /// What is wrong, after the attribute's name.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl Odd {
    fn wrong(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { may_be_meant: false, what: what.into(), help: help.into() }
    }

    fn doubtful(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { may_be_meant: true, what: what.into(), help: help.into() }
    }
}

impl Vocabulary {
    /// Of an attribute of the schema; `None` for what may have any value.
    pub fn of(variable: &str, attribute: &str) -> Option<Self> {
        Some(match (variable, attribute) {
            ("principal", "kind") => Self::Partner,
            ("principal", "country" | "state" | "states")
            | ("resource", "subject_states" | "countries")
            | ("context", "releasable_to_states") => Self::Country,
            ("resource", "places") => Self::Place,
            ("principal", "names" | "own_names") | ("context", "releasable_to") => Self::Audience,
            ("resource", "originator") | ("context", "releasable_to_organisations") => Self::Organisation,
            ("resource", "signers") => Self::Signer,
            ("resource", "cosigners") => Self::Cosigners,
            ("resource", "level") => Self::Level,
            ("context", "kind") => Self::Kind,
            ("context", "tlp") => Self::Tlp,
            ("context", "topics") => Self::Topic,
            ("context", "caveats") => Self::Caveat,
            _ => return None,
        })
    }

    /// What a value of it is, in words.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Partner => "a kind of organisation",
            Self::Country => "a country",
            Self::Place => "a place",
            Self::Audience | Self::Organisation => "an organisation",
            Self::Kind => "a kind of portion",
            Self::Topic => "a topic",
            Self::Caveat => "a caveat",
            Self::Signer => "the id of a signer",
            Self::Tlp | Self::Level | Self::Cosigners => "a number",
        }
    }

    /// Whether a value of the one may be a value of the other.
    pub fn meets(self, other: Self) -> bool {
        let family = |v| match v {
            Self::Place => Self::Country,
            Self::Organisation => Self::Audience,
            Self::Tlp | Self::Cosigners => Self::Level,
            v => v,
        };
        family(self) == family(other)
    }

    /// What is odd about asking whether it is, or holds, this text.
    pub fn text(self, text: &str, known: Option<&Known>) -> Option<Odd> {
        match self {
            Self::Partner => closed(text, &PartnerKind::ALL.iter().map(|k| k.as_str()).collect::<Vec<_>>()),
            Self::Kind => later(text, "kind of portion", &Kind::ALL.iter().map(|k| k.as_str()).collect::<Vec<_>>()),
            Self::Caveat => later(text, "caveat", &Caveat::ALL.iter().map(|c| c.as_str()).collect::<Vec<_>>()),
            Self::Country => text.parse::<Country>().err().map(|why| Odd::wrong(never(text), why)),
            Self::Place => place(text),
            Self::Topic => text.parse::<Topic>().err().map(|why| Odd::wrong(never(text), why)),
            Self::Audience => match text.parse::<Audience>() {
                Ok(Audience::Organisation(domain)) => unknown(&domain, known),
                Ok(Audience::Group(name)) => group(&name, known),
                Err(why) => Some(Odd::wrong(never(text), why)),
            },
            Self::Organisation => match text.parse::<TrustDomain>() {
                Ok(domain) => unknown(&domain, known),
                Err(why) => Some(Odd::wrong(never(text), why)),
            },
            Self::Signer => match text.parse::<SpiffeId>() {
                Ok(id) => unknown(id.domain(), known),
                Err(why) => Some(Odd::wrong(never(text), why)),
            },
            // Strictly typed: a text is no number.
            Self::Tlp | Self::Level | Self::Cosigners => None,
        }
    }

    /// Whether any word that is known here fits the pattern; `true` where there is no list of all words.
    pub fn fits(self, matches: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Partner => PartnerKind::ALL.iter().any(|k| matches(k.as_str())),
            Self::Kind => Kind::ALL.iter().any(|k| matches(k.as_str())),
            Self::Country => Country::all().any(|c| matches(c.code())),
            _ => true,
        }
    }

    /// What is odd about comparing it with this number: it comes out the same for whatever it may be.
    pub fn number(self, holds: impl Fn(i64) -> bool, told: &str) -> Option<Odd> {
        let (numbers, help): (Vec<i64>, &str) = match self {
            Self::Tlp => (
                Tlp::ALL.iter().map(|tlp| *tlp as i64).collect(),
                "the levels are 0 CLEAR, 1 GREEN, 2 AMBER, 3 AMBER+STRICT and 4 RED",
            ),
            Self::Level => (
                std::iter::once(0).chain(WarningLevel::ALL.iter().map(|l| i64::from(u8::from(*l)))).collect(),
                "the levels are 1 (watch) to 5 (ongoing), and 0 where there is no subject",
            ),
            // A statement has four signatures at most, one of them the author's.
            Self::Cosigners => ((0..4).collect(), "at most three officers sign beside the author"),
            _ => return None,
        };
        let all: BTreeSet<bool> = numbers.into_iter().map(holds).collect();
        let how = match (all.contains(&true), all.contains(&false)) {
            (true, true) => return None,
            (true, false) => "always",
            (false, _) => "never",
        };
        Some(Odd::wrong(format!("is {how} {told}"), help))
    }
}

/// What is odd about naming this organisation as the one that gets something.
pub(super) fn recipient(name: &str, known: Option<&Known>) -> Option<Odd> {
    match name.parse::<TrustDomain>() {
        Ok(domain) if known.is_some_and(|k| k.own == domain) => Some(Odd::doubtful(
            format!("`{domain}` is this organisation itself, to which nothing is given"),
            "name the partner that the rule is about",
        )),
        Ok(domain) => unknown(&domain, known).map(|odd| Odd { what: format!("`{domain}` is not known here"), ..odd }),
        Err(why) => Some(Odd::wrong(format!("there is no organisation `{}`", shorten(name)), why)),
    }
}

fn never(text: &str) -> String {
    format!("is never `{}`", shorten(text))
}

/// Of a set that no later edition extends.
fn closed(text: &str, all: &[&str]) -> Option<Odd> {
    if all.contains(&text) {
        return None;
    }
    Some(Odd::wrong(never(text), meant(text, all).unwrap_or_else(|| format!("write one of {}", all.join(", ")))))
}

/// Of a set that later editions extend: a rule may be written before its time comes.
fn later(text: &str, what: &str, all: &[&str]) -> Option<Odd> {
    if all.contains(&text) {
        return None;
    }
    let choices = || format!("write one of {}", all.join(", "));
    Some(match (meant(text, all), text.parse::<GroupName>()) {
        (Some(help), _) => Odd::wrong(never(text), help),
        (None, Err(_)) => Odd::wrong(never(text), choices()),
        (None, Ok(name)) => Odd::doubtful(
            format!("is never `{name}` in this edition, which has no such {what}"),
            format!("{}, or leave it for a later edition", choices()),
        ),
    })
}

fn meant(text: &str, all: &[&str]) -> Option<String> {
    spelling::meant(text, all.iter().copied()).map(|near| format!("did you mean `{near}`?"))
}

/// A region is resolved into its countries, and a part that is no more into what came of it: neither ever stands there.
fn place(text: &str) -> Option<Odd> {
    let successors = |part: Subdivision| {
        let codes: Vec<&str> = part.successors().iter().map(|p| p.code()).collect();
        format!("its code is no longer in use; write {}", codes.join(" or "))
    };
    match text.parse::<Place>() {
        Ok(Place::Country(_)) => None,
        Ok(Place::Subdivision(part)) => part.is_former().then(|| Odd::wrong(never(text), successors(part))),
        Ok(Place::Region(_)) => {
            Some(Odd::wrong(never(text), "a region counts as all of its countries; name the countries"))
        }
        Err(why) => Some(Odd::wrong(never(text), why)),
    }
}

fn unknown(domain: &TrustDomain, known: Option<&Known>) -> Option<Odd> {
    let known = known.filter(|k| k.own != *domain && !k.organisations.contains(domain))?;
    let near = spelling::meant(domain.as_str(), known.organisations.iter().map(TrustDomain::as_str));
    Some(Odd::doubtful(
        format!("names `{domain}`, which is not known here"),
        format!("{}leave it where it is to become a partner, or to be named in an agreement", guess("", near)),
    ))
}

fn group(name: &GroupName, known: Option<&Known>) -> Option<Odd> {
    let known = known.filter(|k| !k.groups.contains(name))?;
    let near = spelling::meant(name.as_str(), known.groups.iter().map(GroupName::as_str));
    Some(Odd::doubtful(
        format!("names `group:{name}`, which no agreement here spells out"),
        format!("{}leave it where an agreement is to spell it out", guess("group:", near)),
    ))
}

fn guess(before: &str, near: Option<&str>) -> String {
    near.map(|near| format!("did you mean `{before}{near}`? otherwise ")).unwrap_or_default()
}
