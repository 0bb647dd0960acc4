//! Which portions more partners get than others, by their markings or by what is decided for each partner.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    body::Kind,
    draft::Draft,
    group::Group,
    ids::TrustDomain,
    marking::{Audience, Marking, Tlp},
};

/// The most different readerships that are compared. No honest draft has more.
pub(super) const MAX_CLASSES: usize = 64;

/// Which partners read each portion of a draft, at once or later.
#[derive(Debug, Clone, Default)]
pub struct Readership {
    partners: Vec<TrustDomain>,
    /// For each portion the partners that read it, one bit each.
    reads: Vec<Vec<u64>>,
}

impl Readership {
    /// Of a draft with so many portions, which nobody reads yet.
    pub fn new(portions: usize) -> Self {
        Self { partners: vec![], reads: vec![vec![]; portions] }
    }

    /// Adds a partner with the portions that it reads.
    pub fn add(&mut self, partner: TrustDomain, portions: impl IntoIterator<Item = usize>) {
        let (word, bit) = (self.partners.len() / 64, self.partners.len() % 64);
        self.partners.push(partner);
        for portion in portions {
            let Some(reads) = self.reads.get_mut(portion) else { continue };
            reads.resize(reads.len().max(word + 1), 0);
            if let Some(bits) = reads.get_mut(word) {
                *bits |= 1 << bit;
            }
        }
    }

    fn bits(&self, portion: usize) -> &[u64] {
        self.reads.get(portion).map(Vec::as_slice).unwrap_or_default()
    }

    /// The partners that read a portion, in the order in which they were added.
    fn of(&self, portion: usize) -> Vec<&TrustDomain> {
        let bits = self.bits(portion);
        let reads = |i: usize| bits.get(i / 64).is_some_and(|word| word >> (i % 64) & 1 == 1);
        self.partners.iter().enumerate().filter(|(i, _)| reads(*i)).map(|(_, name)| name).collect()
    }
}

/// How much freer a portion is than another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    /// Its marking means readers of the same kind, but more of them get it: AMBER beside AMBER+STRICT, or a partner whose agreement gives only
    /// one of both. What an author concludes from evidence stands like this beside it and repeats its facts. So only persons, quotations and
    /// hours count, and all names of a portion about a source.
    Slightly,
    /// It is as open, to more named recipients. Conclusions repeat the facts of evidence here, too.
    Wider,
    /// Its marking lets more get it.
    Clearly,
}

/// How the portions of a draft are shared.
pub(super) struct Sharing<'d> {
    draft: &'d Draft,
    readership: Option<&'d Readership>,
    /// The class of each portion. The portions of one class are shared alike.
    classes: Vec<usize>,
    /// The grade of each pair of classes: first the freer one.
    grades: Vec<Vec<Option<Grade>>>,
}

/// What decides who gets a portion.
type Class<'d> = (&'d Marking, &'d [u64]);

impl<'d> Sharing<'d> {
    /// `None` if there are too many classes to compare.
    pub fn of(draft: &'d Draft, readership: Option<&'d Readership>) -> Option<Self> {
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let (mut classes, mut all): (Vec<usize>, Vec<Class<'d>>) = (vec![], vec![]);
        for (i, portion) in draft.portions.iter().enumerate() {
            let marking = &portion.marking;
            let bits = readership.map(|r| r.bits(i)).unwrap_or_default();
            let Marking { tlp, releasable_to, onward, caveats, groups, .. } = marking;
            // What evidence and sources say counts otherwise than the rest.
            let kind = Some(portion.body.kind()).filter(|kind| matches!(kind, Kind::Evidence | Kind::Source));
            let key = format!("{kind:?} {tlp} {releasable_to:?} {onward:?} {caveats:?} {groups:?} {bits:?}");
            let class = *known.entry(key).or_insert_with(|| {
                all.push((marking, bits));
                all.len() - 1
            });
            if class >= MAX_CLASSES {
                return None;
            }
            classes.push(class);
        }
        let row = |free: &Class<'_>| all.iter().map(|held| grade(free, held, readership.is_some())).collect();
        Some(Self { draft, readership, classes, grades: all.iter().map(row).collect() })
    }

    /// How much freer the first portion is than the second. `None` if nobody gets it who does not get the second.
    pub fn grade(&self, free: usize, held: usize) -> Option<Grade> {
        let (free, held) = (self.classes.get(free)?, self.classes.get(held)?);
        *self.grades.get(*free)?.get(*held)?
    }

    pub fn is_freer(&self, free: usize, held: usize) -> bool {
        self.grade(free, held).is_some()
    }

    pub fn class(&self, portion: usize) -> usize {
        self.classes.get(portion).copied().unwrap_or_default()
    }

    /// Whether any portion is freer than this one.
    pub fn is_held(&self, portion: usize) -> bool {
        let class = self.class(portion);
        self.grades.iter().any(|row| row.get(class).is_some_and(Option::is_some))
    }

    /// Who reads a portion: `GREEN, read by gh.example and 4 others`; by the marking alone where no decisions are known.
    pub fn readers(&self, portion: usize) -> String {
        let Some(marking) = self.draft.portions.get(portion).map(|p| &p.marking) else { return String::new() };
        let onward = match marking.goes_on_to() {
            Ok(names) => format!(", and may be passed on to {}", few(names)),
            Err(_) => String::new(),
        };
        match self.readership {
            Some(readership) => format!("{}, read by {}{onward}", marking.tlp, few(&readership.of(portion))),
            None if !marking.releasable_to.is_empty() => {
                format!("{}, for {}", marking.tlp, few(&marking.releasable_to))
            }
            None => format!("{}, {}{onward}", marking.tlp, meant_for(marking.tlp)),
        }
    }

    /// Who would read what the second portion keeps from them, and whether they are more than one.
    pub fn gainers(&self, free: usize, held: usize) -> (String, bool) {
        let marking = |i: usize| self.draft.portions.get(i).map(|p| &p.marking);
        let Some(readership) = self.readership else {
            let of = marking(free).map(|m| match m.releasable_to.as_slice() {
                [] => format!("everybody who may read {}", m.tlp),
                names => few(names),
            });
            return (of.unwrap_or_default(), marking(free).is_some_and(|m| m.releasable_to.len() != 1));
        };
        let has: BTreeSet<&TrustDomain> = readership.of(held).into_iter().collect();
        let more: Vec<&TrustDomain> = readership.of(free).into_iter().filter(|name| !has.contains(name)).collect();
        if more.is_empty() {
            let onward = marking(free).and_then(|m| m.goes_on_to().ok()).map(few).unwrap_or_default();
            return (format!("those to whom its readers may pass it on ({onward})"), true);
        }
        (few(&more), more.len() > 1)
    }
}

/// The first of some names and how many more there are.
fn few<T: std::fmt::Display>(names: &[T]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [one] => one.to_string(),
        [one, two] => format!("{one} and {two}"),
        [one, rest @ ..] => format!("{one} and {} others", rest.len()),
    }
}

fn meant_for(tlp: Tlp) -> &'static str {
    match tlp {
        Tlp::Clear => "for everybody",
        Tlp::Green => "for the community",
        Tlp::Amber => "for recipients and their clients",
        Tlp::AmberStrict => "for recipients alone",
        Tlp::Red => "for named recipients, and none is named",
    }
}

/// To whom a level is open: everybody, the community, recipients, or named ones.
fn band(tlp: Tlp) -> u8 {
    match tlp {
        Tlp::Clear => 0,
        Tlp::Green => 1,
        Tlp::Amber | Tlp::AmberStrict => 2,
        Tlp::Red => 3,
    }
}

fn grade((free, reads): &Class<'_>, (held, has): &Class<'_>, known: bool) -> Option<Grade> {
    let wider = is_wider(&free.releasable_to, &free.groups, &held.releasable_to, &held.groups);
    let onward = match (free.goes_on_to(), held.goes_on_to()) {
        (Ok(names), Ok(others)) => is_wider(names, &free.groups, others, &held.groups),
        (free, _) => free.is_ok(),
    };
    let by_marking = match (band(free.tlp).cmp(&band(held.tlp)), wider) {
        (std::cmp::Ordering::Less, _) => Some(Grade::Clearly),
        (_, true) if band(held.tlp) == band(Tlp::Red) => Some(Grade::Clearly),
        (_, true) => Some(Grade::Wider),
        (std::cmp::Ordering::Equal, false) if free.tlp < held.tlp || onward => Some(Grade::Slightly),
        _ => None,
    };
    if !known {
        return by_marking;
    }
    let gains = reads.iter().enumerate().any(|(i, bits)| bits & !has.get(i).copied().unwrap_or_default() != 0);
    let is_read = reads.iter().any(|bits| *bits != 0);
    // A hub passes on what its readers do not have.
    if gains || onward && is_read {
        // What is open to the community is not protected from anybody, though an agreement may not give it.
        return by_marking.or_else(|| (gains && band(held.tlp) >= 2).then_some(Grade::Slightly));
    }
    None
}

/// Whether some audience of the first list is none of the second. An empty list of recipients means no limit.
fn is_wider(free: &[Audience], free_groups: &[Group], held: &[Audience], held_groups: &[Group]) -> bool {
    if held.is_empty() {
        return false;
    }
    let members = |names: &[Audience], groups: &[Group]| {
        let mut all: BTreeSet<String> = names.iter().map(ToString::to_string).collect();
        for group in groups.iter().filter(|g| names.iter().any(|name| name.group() == Some(&g.name))) {
            all.extend(group.organisations.iter().map(ToString::to_string));
            all.extend(group.countries.iter().map(|country| country.code().to_owned()));
        }
        all
    };
    free.is_empty() || !members(free, free_groups).is_subset(&members(held, held_groups))
}
