//! Markings: the file's default, and what a portion changes in it.

use super::fields::{At, Fields};
use crate::domain::{
    ids::shorten,
    marking::{Audience, Caveat, GroupName, Marking, NationalLabel, Onward, Tlp, Topic},
    spelling,
};

/// The word for: nothing may be passed on.
const NONE: &str = "none";
/// The word for: what may be passed on stays within the receiving organisation.
const WITHIN: &str = "within-organisation";

/// What the file says about a marking.
#[derive(Clone, Default)]
pub(super) struct Written {
    /// Whether a level is written, even a faulty one.
    has_level: bool,
    tlp: Option<Tlp>,
    releasable_to: Option<Vec<Audience>>,
    onward: Option<Onward>,
    topics: Option<Vec<Topic>>,
    caveats: Option<Vec<Caveat>>,
    national: Option<NationalLabel>,
}

impl Written {
    /// Whether it says how far the portion may spread.
    pub fn has_level(&self) -> bool {
        self.has_level
    }

    /// Fills in from `default` what this leaves open.
    pub fn or(self, default: &Self) -> Self {
        let Self { has_level, tlp, releasable_to, onward, topics, caveats, national } = default.clone();
        Self {
            has_level: self.has_level || has_level,
            tlp: self.tlp.or(tlp),
            releasable_to: self.releasable_to.or(releasable_to),
            onward: self.onward.or(onward),
            topics: self.topics.or(topics),
            caveats: self.caveats.or(caveats),
            national: self.national.or(national),
        }
    }

    /// The marking, without the members of its groups. What nobody wrote gets its narrowest value.
    pub fn marking(self, topics: &[Topic]) -> Marking {
        Marking {
            tlp: self.tlp.unwrap_or(Tlp::Red),
            releasable_to: self.releasable_to.unwrap_or_default(),
            onward: self.onward.unwrap_or(Onward::None),
            topics: self.topics.unwrap_or_else(|| topics.to_vec()),
            caveats: self.caveats.unwrap_or_default(),
            national: self.national,
            groups: vec![],
        }
    }
}

/// Reads a marking.
pub(super) fn read(at: At<'_>) -> Option<Written> {
    let fields = at.fields()?;
    let written = Written {
        has_level: fields.has("tlp"),
        tlp: fields.maybe("tlp", |at| at.parsed()),
        releasable_to: fields.maybe("releasable_to", some),
        onward: fields.maybe("onward", onward),
        topics: fields.maybe("topics", set),
        caveats: fields.maybe("caveats", set),
        national: fields.maybe("national", national),
    };
    fields.refuse_others();
    Some(written)
}

/// A list that is not empty. An empty list would mean everybody.
fn some(at: At<'_>) -> Option<Vec<Audience>> {
    let names = audiences(at)?;
    if names.is_empty() && at.faults.is_empty() {
        return at.refuse("an empty list names nobody; leave the line out if the agreement should decide");
    }
    Some(names)
}

fn onward(at: At<'_>) -> Option<Onward> {
    if matches!(at.node.value, super::tree::InputValue::List(_)) {
        let names = audiences(at)?;
        return match named(names) {
            Ok(onward) => Some(onward),
            Err(why) => at.refuse(why),
        };
    }
    match at.plain()? {
        NONE => Some(Onward::None),
        WITHIN => Some(Onward::WithinOrganisation),
        other => at.refuse(format!(
            "`{}` is not an onward term; write `none`, `within-organisation` or a list of groups and organisations",
            shorten(other)
        )),
    }
}

/// Reads what a recipient may pass on from the words of a command.
///
/// # Errors
/// A sentence about what is wrong with the words.
pub fn onward_of(words: &[String]) -> Result<Onward, String> {
    match words {
        [one] if one == NONE => Ok(Onward::None),
        [one] if one == WITHIN => Ok(Onward::WithinOrganisation),
        names => named(ascending(names.iter().map(|name| audience_of(name)).collect::<Result<_, _>>()?)),
    }
}

/// The recipients of a list. A word that must be alone is refused among others.
fn named(names: Vec<Audience>) -> Result<Onward, String> {
    if names.is_empty() {
        return Err("the list is empty; write `none` if nothing may go onward".to_owned());
    }
    for name in names.iter().filter_map(Audience::group).map(GroupName::as_str) {
        if name == NONE || name == WITHIN {
            return Err(format!("`{name}` can't be combined with others; leave out either it or the others"));
        }
        if spelling::meant(name, [WITHIN]).is_some() {
            return Err(format!("`{name}` is not a group; did you mean `{WITHIN}`?"));
        }
    }
    Ok(Onward::Named(names))
}

/// A list of groups and organisations, ascending by their text, the order of the wire format.
pub(super) fn audiences(at: At<'_>) -> Option<Vec<Audience>> {
    at.each(audience).map(ascending)
}

/// Sorts the names by their text, the order of the wire format, and removes repeated ones.
pub fn ascending(mut all: Vec<Audience>) -> Vec<Audience> {
    all.sort_by_key(ToString::to_string);
    all.dedup();
    all
}

fn audience(at: At<'_>) -> Option<Audience> {
    audience_of(at.plain()?).map_or_else(|why| at.refuse(why), Some)
}

/// Reads a group or an organisation. A bare name without a dot is a group, such as `ecowas`. An organisation's name has a dot, such as
/// `gb.example`.
///
/// # Errors
/// A sentence about why it is neither.
pub fn audience_of(text: &str) -> Result<Audience, String> {
    if text.contains(['.', ':']) { text.parse() } else { text.parse().map(Audience::Group) }
}

/// A list whose order has no meaning.
pub(super) fn set<T: Ord + std::str::FromStr<Err: ToString>>(at: At<'_>) -> Option<Vec<T>> {
    let mut all = at.each(|at| at.parsed::<T>())?;
    all.sort_unstable();
    all.dedup();
    Some(all)
}

fn national(at: At<'_>) -> Option<NationalLabel> {
    let fields: Fields<'_> = at.fields()?;
    let policy = fields.must("policy", "write whose scale it is, e.g. `UK`", |at| at.line());
    let classification = fields.must("classification", "write the level in that scale's words", |at| at.line());
    let categories = fields.maybe("categories", |at| at.each(|at| at.line())).unwrap_or_default();
    fields.refuse_others();
    Some(NationalLabel { policy: policy?, classification: classification?, categories })
}
