//! Markings: the file's default, and what a portion changes of it.

use super::fields::{At, Fields};
use crate::domain::marking::{Audience, Caveat, Marking, NationalLabel, Onward, Tlp, Topic};

/// What is written of a marking.
#[derive(Clone, Default)]
pub(super) struct Written {
    /// Whether a level was written, be it a faulty one.
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

    /// What this leaves open, from `default`.
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

    /// The marking. What nobody wrote is the narrowest.
    pub fn marking(self, topics: &[Topic]) -> Marking {
        Marking {
            tlp: self.tlp.unwrap_or(Tlp::Red),
            releasable_to: self.releasable_to.unwrap_or_default(),
            onward: self.onward.unwrap_or(Onward::None),
            topics: self.topics.unwrap_or_else(|| topics.to_vec()),
            caveats: self.caveats.unwrap_or_default(),
            national: self.national,
        }
    }
}

/// Reads a marking.
pub(super) fn read(at: At<'_>) -> Option<Written> {
    let fields = at.fields()?;
    let written = Written {
        has_level: fields.has("tlp"),
        tlp: fields.maybe("tlp", |at| at.parsed()),
        releasable_to: fields.maybe("releasable_to", audiences),
        onward: fields.maybe("onward", onward),
        topics: fields.maybe("topics", set),
        caveats: fields.maybe("caveats", set),
        national: fields.maybe("national", national),
    };
    fields.refuse_others();
    Some(written)
}

fn onward(at: At<'_>) -> Option<Onward> {
    if matches!(at.node.value, super::tree::Value::List(_)) {
        let names = audiences(at)?;
        return if names.is_empty() {
            at.refuse("the list is empty; write `onward = \"none\"` if nothing may go onward")
        } else {
            Some(Onward::Named(names))
        };
    }
    match at.plain()? {
        "none" => Some(Onward::None),
        "within-organisation" => Some(Onward::WithinOrganisation),
        other => at.refuse(format!(
            "`{}` is no onward term; write `none`, `within-organisation` or a list of groups and organisations",
            crate::domain::ids::shorten(other)
        )),
    }
}

/// A list of groups and organisations, ascending by their text, as the wire has them.
pub(super) fn audiences(at: At<'_>) -> Option<Vec<Audience>> {
    let mut all = at.each(audience)?;
    all.sort_by_key(ToString::to_string);
    all.dedup();
    Some(all)
}

/// A bare name without a dot is a group, as in `ecowas`; an organisation's has one, as in `gb.example`.
pub(super) fn audience(at: At<'_>) -> Option<Audience> {
    let text = at.plain()?;
    if text.contains(['.', ':']) {
        return at.parsed();
    }
    text.parse().map_or_else(|e: String| at.refuse(e), |name| Some(Audience::Group(name)))
}

/// A list whose order means nothing.
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
