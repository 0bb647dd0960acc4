//! The values that each attribute of the schema can have. A rule that compares an attribute with any other value never applies, and nobody
//! would notice.

use std::collections::BTreeSet;

use super::known_names::KnownNames;
use crate::domain::{
    body::Kind,
    ids::{SpiffeId, TrustDomain, shorten},
    level::WarningLevel,
    marking::{Audience, Caveat, GroupName, Tlp, Topic},
    partner::PartnerKind,
    place::{Country, Place, Subdivision},
    spelling,
};

/// The kind of value that an attribute has.
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
    /// The id of a signer.
    Signer,
    /// A level of the Traffic Light Protocol.
    Tlp,
    /// A level of warning, or 0.
    Level,
    /// How many officers signed in addition to the author.
    Cosigners,
}

/// Something that is wrong with a literal, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LiteralProblem {
    /// Whether the rule may be correct as it is, so that this is only a warning.
    pub is_warning: bool,
    /// What is wrong; it follows the attribute's name.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl LiteralProblem {
    pub fn mistake(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { is_warning: false, message: message.into(), help: help.into() }
    }

    fn warning(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { is_warning: true, message: message.into(), help: help.into() }
    }
}

impl Vocabulary {
    /// The vocabulary of an attribute of the schema. `None` if the attribute may have any value.
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

    /// What a value is, in words.
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

    /// Whether the two have values in common.
    pub fn overlaps(self, other: Self) -> bool {
        let family = |v| match v {
            Self::Place => Self::Country,
            Self::Organisation => Self::Audience,
            Self::Tlp | Self::Cosigners => Self::Level,
            v => v,
        };
        family(self) == family(other)
    }

    /// What is wrong with comparing the attribute with this text.
    pub fn check_text(self, text: &str, known: Option<&KnownNames>) -> Option<LiteralProblem> {
        match self {
            Self::Partner => check_closed(text, &PartnerKind::ALL.iter().map(|k| k.as_str()).collect::<Vec<_>>()),
            Self::Kind => {
                check_extensible(text, "kind of portion", &Kind::ALL.iter().map(|k| k.as_str()).collect::<Vec<_>>())
            }
            Self::Caveat => {
                check_extensible(text, "caveat", &Caveat::ALL.iter().map(|c| c.as_str()).collect::<Vec<_>>())
            }
            Self::Country => text.parse::<Country>().err().map(|why| LiteralProblem::mistake(never(text), why)),
            Self::Place => check_place(text),
            Self::Topic => text.parse::<Topic>().err().map(|why| LiteralProblem::mistake(never(text), why)),
            Self::Audience => match text.parse::<Audience>() {
                Ok(Audience::Organisation(domain)) => check_organisation(&domain, known),
                Ok(Audience::Group(name)) => check_group(&name, known),
                Err(why) => Some(LiteralProblem::mistake(never(text), why)),
            },
            Self::Organisation => match text.parse::<TrustDomain>() {
                Ok(domain) => check_organisation(&domain, known),
                Err(why) => Some(LiteralProblem::mistake(never(text), why)),
            },
            Self::Signer => match text.parse::<SpiffeId>() {
                Ok(id) => check_organisation(id.domain(), known),
                Err(why) => Some(LiteralProblem::mistake(never(text), why)),
            },
            // Cedar's strict validation refuses to compare a number with a text.
            Self::Tlp | Self::Level | Self::Cosigners => None,
        }
    }

    /// Whether a value matches. `true` if there is no list of all values.
    pub fn any_matches(self, matches: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::Partner => PartnerKind::ALL.iter().any(|k| matches(k.as_str())),
            Self::Kind => Kind::ALL.iter().any(|k| matches(k.as_str())),
            Self::Country => Country::all().any(|c| matches(c.code())),
            _ => true,
        }
    }

    /// What is wrong with a comparison with a number: the result is the same for every value that the attribute can have.
    pub fn check_number(self, holds: impl Fn(i64) -> bool, comparison: &str) -> Option<LiteralProblem> {
        let (numbers, help): (Vec<i64>, &str) = match self {
            Self::Tlp => (
                Tlp::ALL.iter().map(|tlp| *tlp as i64).collect(),
                "the levels are 0 CLEAR, 1 GREEN, 2 AMBER, 3 AMBER+STRICT and 4 RED",
            ),
            Self::Level => (
                std::iter::once(0).chain(WarningLevel::ALL.iter().map(|l| i64::from(u8::from(*l)))).collect(),
                "the levels are 1 (watch) to 5 (ongoing), and 0 where there is no subject",
            ),
            // A statement has at most four signatures. One of them is the author's.
            Self::Cosigners => ((0..4).collect(), "at most three officers sign in addition to the author"),
            _ => return None,
        };
        let all: BTreeSet<bool> = numbers.into_iter().map(holds).collect();
        let how = match (all.contains(&true), all.contains(&false)) {
            (true, true) => return None,
            (true, false) => "always",
            (false, _) => "never",
        };
        Some(LiteralProblem::mistake(format!("is {how} {comparison}"), help))
    }
}

/// What is wrong with naming this organisation as the recipient.
pub(super) fn check_recipient(name: &str, known: Option<&KnownNames>) -> Option<LiteralProblem> {
    match name.parse::<TrustDomain>() {
        Ok(domain) if known.is_some_and(|k| k.own == domain) => Some(LiteralProblem::warning(
            format!("`{domain}` is this organisation itself, to which nothing is given"),
            "name the partner that the rule is about",
        )),
        Ok(domain) => check_organisation(&domain, known)
            .map(|problem| LiteralProblem { message: format!("`{domain}` is not known here"), ..problem }),
        Err(why) => Some(LiteralProblem::mistake(format!("there is no organisation `{}`", shorten(name)), why)),
    }
}

fn never(text: &str) -> String {
    format!("is never `{}`", shorten(text))
}

/// Checks a word against a list that no later edition extends.
fn check_closed(text: &str, all: &[&str]) -> Option<LiteralProblem> {
    if all.contains(&text) {
        return None;
    }
    Some(LiteralProblem::mistake(
        never(text),
        did_you_mean(text, all).unwrap_or_else(|| format!("write one of {}", all.join(", "))),
    ))
}

/// Checks a word against a list that later editions extend. A rule may use a word before the edition that has it.
fn check_extensible(text: &str, what: &str, all: &[&str]) -> Option<LiteralProblem> {
    if all.contains(&text) {
        return None;
    }
    let choices = || format!("write one of {}", all.join(", "));
    Some(match (did_you_mean(text, all), text.parse::<GroupName>()) {
        (Some(help), _) => LiteralProblem::mistake(never(text), help),
        (None, Err(_)) => LiteralProblem::mistake(never(text), choices()),
        (None, Ok(name)) => LiteralProblem::warning(
            format!("is never `{name}` in this edition, which has no such {what}"),
            format!("{}, or leave it for a later edition", choices()),
        ),
    })
}

fn did_you_mean(text: &str, all: &[&str]) -> Option<String> {
    spelling::meant(text, all.iter().copied()).map(|near| format!("did you mean `{near}`?"))
}

/// Checks a place. The attribute has the countries of a region, and the successors of a former subdivision, so it never has the region or the
/// former subdivision itself.
fn check_place(text: &str) -> Option<LiteralProblem> {
    let successors = |part: Subdivision| {
        let codes: Vec<&str> = part.successors().iter().map(|p| p.code()).collect();
        format!("its code is no longer in use; write {}", codes.join(" or "))
    };
    match text.parse::<Place>() {
        Ok(Place::Country(_)) => None,
        Ok(Place::Subdivision(part)) => {
            part.is_former().then(|| LiteralProblem::mistake(never(text), successors(part)))
        }
        Ok(Place::Region(_)) => {
            Some(LiteralProblem::mistake(never(text), "a region counts as all of its countries; name the countries"))
        }
        Err(why) => Some(LiteralProblem::mistake(never(text), why)),
    }
}

fn check_organisation(domain: &TrustDomain, known: Option<&KnownNames>) -> Option<LiteralProblem> {
    let known = known.filter(|k| k.own != *domain && !k.organisations.contains(domain))?;
    let near = spelling::meant(domain.as_str(), known.organisations.iter().map(TrustDomain::as_str));
    Some(LiteralProblem::warning(
        format!("names `{domain}`, which is not known here"),
        format!("{}leave it if it will become a partner, or if an agreement will name it", suggestion("", near)),
    ))
}

fn check_group(name: &GroupName, known: Option<&KnownNames>) -> Option<LiteralProblem> {
    let known = known.filter(|k| !k.groups.contains(name))?;
    let near = spelling::meant(name.as_str(), known.groups.iter().map(GroupName::as_str));
    Some(LiteralProblem::warning(
        format!("names `group:{name}`, whose members no agreement here lists"),
        format!("{}leave it if an agreement will list its members", suggestion("group:", near)),
    ))
}

fn suggestion(before: &str, near: Option<&str>) -> String {
    near.map(|near| format!("did you mean `{before}{near}`? otherwise ")).unwrap_or_default()
}
