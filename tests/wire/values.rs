//! Generated names, texts, places, times.

use std::{
    collections::BTreeSet,
    fmt::Debug,
    ops::{Range, RangeInclusive},
    str::FromStr,
};

use proptest::{collection::btree_set, prelude::*, sample::select};
use unicode_normalization::UnicodeNormalization;
use watchfire::domain::{
    group::Group,
    ids::{Digest, Handle, StatementId, TrustDomain},
    marking::GroupName,
    place::{Country, Place, Region, Subdivision},
    time::{Day, Period, Time},
};

/// Text in form C. It may be empty and may contain newlines.
pub fn text() -> impl Strategy<Value = String> {
    r"[\PC\n]{0,60}".prop_map(|t| t.nfc().collect())
}

pub fn required() -> impl Strategy<Value = String> {
    text().prop_filter("not empty", |t| !t.is_empty())
}

pub fn line() -> impl Strategy<Value = String> {
    r"\PC{1,60}".prop_map(|t| t.nfc().collect())
}

pub fn name() -> impl Strategy<Value = String> {
    "[a-z0-9-]{1,64}"
}

pub fn domain_text() -> impl Strategy<Value = String> {
    r"[a-z0-9]([a-z0-9_-]{0,8}[a-z0-9])?(\.[a-z0-9]{1,8}){0,3}"
}

pub fn domain() -> impl Strategy<Value = TrustDomain> {
    domain_text().prop_map(|t| parsed(&t))
}

pub fn audience_text() -> impl Strategy<Value = String> {
    prop_oneof![domain_text(), name().prop_map(|n| format!("group:{n}"))]
}

pub fn parsed<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// A set of things that are written as text, in the order of that text.
pub fn set_of<T: FromStr<Err: Debug> + Debug>(
    texts: impl Strategy<Value = String>,
    least: usize,
) -> impl Strategy<Value = Vec<T>> {
    btree_set(texts, least..least + 4).prop_map(|set| set.iter().map(|t| parsed(t)).collect())
}

/// A subset of a closed set, ascending.
pub fn some_of<T: Copy + Ord + Debug + 'static>(all: &'static [T], least: usize) -> impl Strategy<Value = Vec<T>> {
    btree_set(select(all), least..=all.len()).prop_map(|set| set.into_iter().collect())
}

pub fn country() -> impl Strategy<Value = Country> {
    select(Country::all().collect::<Vec<_>>())
}

pub fn countries() -> impl Strategy<Value = Vec<Country>> {
    set_of(country().prop_map(|c| c.to_string()), 0)
}

/// The day of a list, and its members.
pub type Members = (Day, Vec<Country>, Vec<TrustDomain>);

pub fn members() -> impl Strategy<Value = Members> {
    (day(), countries(), set_of(domain_text(), 0))
}

/// Each of these groups once, by name, with one of these lists.
pub fn spelled_out(names: BTreeSet<GroupName>, lists: &[Members]) -> Vec<Group> {
    let group = |(name, (as_of, countries, organisations)): (GroupName, Members)| Group {
        name,
        as_of,
        countries,
        organisations,
    };
    names.into_iter().zip(lists.iter().cloned().cycle()).map(group).collect()
}

pub fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        country().prop_map(Place::Country),
        select(Subdivision::all().collect::<Vec<_>>()).prop_map(Place::Subdivision),
        select(Region::all().collect::<Vec<_>>()).prop_map(Place::Region),
    ]
}

/// Times that a statement may name, except for the last 60 years, so that something can end later.
pub fn time() -> impl Strategy<Value = Time> {
    let Range { start, end } = Time::IN_NANOSECONDS;
    (start..end - 2_000_000_000, 0..1_000_000_000i32).prop_map(|(s, n)| Time::from_parts(s, n).unwrap())
}

/// Versions, from the first.
pub fn versions() -> RangeInclusive<u32> {
    1..=1_000_000
}

/// Whole days, at least one, and the seconds in them.
pub const MAX_DAYS: u32 = 36_525;
pub const MAX_SECONDS: u64 = MAX_DAYS as u64 * 86_400;
/// Numbers of hops, and of persons.
pub const MAX_FEW: u32 = 64;
/// Numbers in a feed, and numbers of bundles.
pub const MAX_SEQUENCE: u64 = (1 << 53) - 1;

pub fn day() -> impl Strategy<Value = Day> {
    time().prop_map(Time::day)
}

pub fn period() -> impl Strategy<Value = Period> {
    (day(), day()).prop_map(|(a, b)| Period { from: a.min(b), until: a.max(b) })
}

pub fn handle() -> impl Strategy<Value = Handle> {
    any::<[u8; 8]>().prop_map(Handle)
}

pub fn id() -> impl Strategy<Value = StatementId> {
    any::<[u8; 32]>().prop_map(StatementId)
}

pub fn digests(count: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Vec<Digest>> {
    btree_set(any::<[u8; 32]>(), count).prop_map(|set| set.into_iter().map(Digest).collect())
}
