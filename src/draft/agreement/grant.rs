//! Grants, and what they let a recipient pass on.

use crate::{
    domain::{
        agreement::{Area, Grant, OnwardTerms},
        body::Kind,
        ids::shorten,
        marking::{Audience, GroupName},
    },
    draft::{
        assessment::level,
        fields::At,
        marking::{audiences, set},
    },
};

pub(super) fn read(at: At<'_>) -> Option<Grant> {
    let fields = at.fields()?;
    let id = fields.must("id", "write a name for it, e.g. `west-africa`", |at| at.parsed());
    let from = fields.must("from", "write the party that gives", |at| at.parsed());
    let to = fields.must("to", "write the party that gets", |at| at.parsed());
    let places = fields.must("places", "write e.g. `[\"M49:011\"]`, or `[\"M49:001\"]` for the world", places);
    let topics = fields.maybe("topics", set).unwrap_or_default();
    let kinds = fields.must("kinds", "write e.g. `[\"headline\", \"subject\", \"judgement\"]`", kinds);
    let max_tlp = fields.must("max_tlp", "write the highest level that it reaches, e.g. `AMBER`", |at| at.parsed());
    let min_level = fields.maybe("min_level", level);
    let delay_seconds = fields.maybe("delay", |at| at.seconds()).unwrap_or_default();
    let retention_days = fields.maybe("retention", retention);
    let onward = fields.maybe("onward", onward);
    let purpose = fields.prose("purpose");
    fields.refuse_others();
    Some(Grant {
        id: id?,
        from: from?,
        to: to?,
        places: places?,
        topics,
        kinds: kinds?,
        later_kinds: vec![],
        max_tlp: max_tlp?,
        min_level,
        delay_seconds,
        retention_days,
        onward,
        purpose,
    })
}

/// The groups that a grant names.
pub(super) fn groups(grant: &Grant) -> Vec<&GroupName> {
    let places = grant.places.iter().filter_map(|area| match area {
        Area::Group(name) => Some(name),
        Area::Place(_) => None,
    });
    let onward = grant.onward.iter().flat_map(|o| &o.to).filter_map(|to| match to {
        Audience::Group(name) => Some(name),
        Audience::Organisation(_) => None,
    });
    let mut names: Vec<&GroupName> = places.chain(onward).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn places(at: At<'_>) -> Option<Vec<Area>> {
    let all = at.each(area)?;
    if all.is_empty() { at.refuse("it names no place; write at least one") } else { Some(all) }
}

/// A place with a code of today, or a group.
fn area(at: At<'_>) -> Option<Area> {
    if at.plain()?.starts_with("group:") { at.parsed() } else { at.place().map(Area::Place) }
}

fn kinds(at: At<'_>) -> Option<Vec<Kind>> {
    let mut all: Vec<Kind> = at.each(|at| at.parsed())?;
    all.sort_unstable();
    all.dedup();
    if all.is_empty() { at.refuse("it names no kind of portion; write at least one") } else { Some(all) }
}

/// A retention in days, at least one.
fn retention(at: At<'_>) -> Option<u32> {
    match at.days()? {
        0 => at.refuse(format!("`{}` would keep nothing; leave it out to keep without limit", shorten(at.plain()?))),
        days => Some(days),
    }
}

fn onward(at: At<'_>) -> Option<OnwardTerms> {
    let fields = at.fields()?;
    let to = fields.must("to", "write e.g. `[\"group:ecowas\"]`", |at| {
        let all = audiences(at)?;
        if all.is_empty() {
            at.refuse("it names nobody; leave `onward` out if nothing may go onward")
        } else {
            Some(all)
        }
    });
    let kinds = fields.must("kinds", "write the kinds of portions that may go onward", kinds);
    let max_tlp = fields.must("max_tlp", "write the highest level that may go onward", |at| at.parsed());
    let depth = fields.must("depth", "write how many hops, e.g. 1", |at| at.integer());
    fields.refuse_others();
    Some(OnwardTerms { to: to?, kinds: kinds?, later_kinds: vec![], max_tlp: max_tlp?, depth: depth? })
}
