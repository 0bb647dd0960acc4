//! Compares the grants of two agreements.

use std::collections::BTreeSet;

use super::change::{AgreementDifferences, Direction, Effect, What, only_in};
use crate::domain::{
    agreement::{Agreement, Area, Grant, OnwardTerms},
    marking::Topic,
    place::{Country, Place},
};

/// A grant, with the agreement that lists the members of its groups.
#[derive(Clone, Copy)]
struct GrantIn<'a> {
    agreement: &'a Agreement,
    grant: &'a Grant,
}

/// Compares grants with the same name and direction. All others are new or dropped.
pub(super) fn compare(before: &Agreement, after: &Agreement, all: &mut AgreementDifferences) {
    let same = |x: &Grant, y: &Grant| x.id == y.id && x.from == y.from && x.to == y.to;
    let dropped = before.grants.iter().filter(|g| !after.grants.iter().any(|n| same(g, n)));
    for grant in dropped {
        all.grant = Some(Direction::of(grant));
        all.put(Effect::Narrows, What::DroppedGrant(Box::new(grant.clone())));
    }
    for grant in &after.grants {
        all.grant = Some(Direction::of(grant));
        match before.grants.iter().find(|g| same(g, grant)) {
            Some(old) => {
                compare_one(GrantIn { agreement: before, grant: old }, GrantIn { agreement: after, grant }, all)
            }
            None => all.put(Effect::Widens, What::NewGrant(Box::new(grant.clone()))),
        }
    }
    all.grant = None;
}

fn compare_one(before: GrantIn<'_>, after: GrantIn<'_>, all: &mut AgreementDifferences) {
    let Grant {
        id: _,
        from: _,
        to: _,
        places: _,
        topics,
        kinds,
        later_kinds,
        max_tlp,
        min_level,
        delay_seconds,
        retention_days,
        onward,
        purpose,
    } = before.grant;
    self::places(before, after, all);
    let after = after.grant;
    self::topics(topics, &after.topics, all);
    all.members(kinds, &after.kinds, What::NewKind, What::DroppedKind);
    let more = later_kinds.len() < after.later_kinds.len();
    all.changed(later_kinds, &after.later_kinds, Effect::more(more), What::LaterKinds);
    all.changed(max_tlp, &after.max_tlp, Effect::more(after.max_tlp > *max_tlp), What::MaxTlp);
    all.changed(min_level, &after.min_level, Effect::more(after.min_level < *min_level), What::MinLevel);
    all.changed(delay_seconds, &after.delay_seconds, Effect::more(after.delay_seconds < *delay_seconds), What::Delay);
    // No limit is longer than any limit.
    let days = |limit: Option<u32>| limit.map_or(u64::MAX, u64::from);
    let longer = days(after.retention_days) > days(*retention_days);
    all.changed(retention_days, &after.retention_days, Effect::more(longer), What::Retention);
    match (onward, &after.onward) {
        (None, Some(new)) => all.put(Effect::Widens, What::NewOnward(new.clone())),
        (Some(old), None) => all.put(Effect::Narrows, What::DroppedOnward(old.clone())),
        (Some(old), Some(new)) => self::onward(old, new, all),
        (None, None) => {}
    }
    all.changed(purpose, &after.purpose, Effect::Other, What::Purpose);
}

/// A new place gives more only if nothing covered it before. A dropped place gives less only if nothing covers it now.
fn places(before: GrantIn<'_>, after: GrantIn<'_>, all: &mut AgreementDifferences) {
    for area in only_in(&after.grant.places, &before.grant.places) {
        let effect = if covers(before, after.agreement, &area) { Effect::Other } else { Effect::Widens };
        all.put(effect, What::NewPlace(area));
    }
    for area in only_in(&before.grant.places, &after.grant.places) {
        let effect = if covers(after, before.agreement, &area) { Effect::Other } else { Effect::Narrows };
        all.put(effect, What::DroppedPlace(area));
    }
}

/// Whether the grant covers all of an area. `meant` is the agreement that lists the members of the area's group.
fn covers(grant: GrantIn<'_>, meant: &Agreement, area: &Area) -> bool {
    let areas = &grant.grant.places;
    let countries: BTreeSet<Country> = areas
        .iter()
        .filter(|a| !matches!(a, Area::Place(Place::Subdivision(_))))
        .flat_map(|a| members(grant.agreement, a))
        .collect();
    match area {
        Area::Place(place @ Place::Subdivision(part)) => {
            let parts = areas.iter().filter_map(|a| if let Area::Place(p) = a { Some(*p) } else { None });
            countries.contains(&part.country())
                || parts.filter(|p| matches!(p, Place::Subdivision(_))).any(|p| place.within(p))
        }
        area => members(meant, area).is_subset(&countries),
    }
}

fn members(agreement: &Agreement, area: &Area) -> BTreeSet<Country> {
    match area {
        Area::Place(place) => place.countries().clone(),
        Area::Group(name) => agreement.group(name).map(|g| g.countries.iter().copied().collect()).unwrap_or_default(),
    }
}

/// Compares topics. An empty list means every topic.
fn topics(before: &[Topic], after: &[Topic], all: &mut AgreementDifferences) {
    match (before.is_empty(), after.is_empty()) {
        (true, false) => all.put(Effect::Narrows, What::OnlyTopics(after.to_vec())),
        (false, true) => all.put(Effect::Widens, What::AllTopics(before.to_vec())),
        _ => all.members(before, after, What::NewTopic, What::DroppedTopic),
    }
}

fn onward(before: &OnwardTerms, after: &OnwardTerms, all: &mut AgreementDifferences) {
    let OnwardTerms { to, kinds, later_kinds, max_tlp, depth } = before;
    all.members(to, &after.to, What::NewOnwardTo, What::DroppedOnwardTo);
    all.members(kinds, &after.kinds, What::NewOnwardKind, What::DroppedOnwardKind);
    let more = later_kinds.len() < after.later_kinds.len();
    all.changed(later_kinds, &after.later_kinds, Effect::more(more), What::LaterOnwardKinds);
    all.changed(max_tlp, &after.max_tlp, Effect::more(after.max_tlp > *max_tlp), What::OnwardTlp);
    all.changed(depth, &after.depth, Effect::more(after.depth > *depth), What::OnwardDepth);
}
