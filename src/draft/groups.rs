//! Groups and their members as drafts list them, for agreements and for markings.

use super::{fields::At, marking::set};
use crate::{
    domain::{
        group::{Group, Membership},
        ids::{TrustDomain, shorten},
        marking::GroupName,
        spelling,
        time::Day,
    },
    wire::list::MAX_NAMES,
};

/// Reads the table `[groups]`, which contains one table for each group. Returns them ascending by name.
pub(super) fn read(at: At<'_>) -> Option<Vec<Group>> {
    let fields = at.fields()?;
    let read = fields.entries().iter().filter_map(|entry| {
        let path = format!("{}.{}", at.path, shorten(&entry.key));
        let at = At { node: &entry.node, line: entry.line.or(at.line), path: &path, ..at };
        let name: Option<GroupName> = entry.key.parse().map_or_else(|e: String| at.refuse(e), Some);
        let group = group(at, name.clone()?);
        name.and(group)
    });
    let mut groups: Vec<Group> = read.collect();
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    Some(groups)
}

/// Reads one group. Without members it is the group whose list we hold, as it was on that day.
fn group(at: At<'_>, name: GroupName) -> Option<Group> {
    let fields = at.fields()?;
    let as_of = fields.must("as_of", "write the day of the list", |at| at.parsed());
    let written = fields.maybe("countries", set);
    let organisations: Vec<TrustDomain> = fields.maybe("organisations", set).unwrap_or_default();
    let says_countries = fields.has("countries");
    let says_organisations = fields.has("organisations");
    fields.refuse_others();
    let as_of = as_of?;
    let known = Membership::on(name.as_str(), as_of);
    let countries = match (written, known) {
        (Some(written), _) => written,
        (None, _) if says_countries => return None,
        (None, Ok(known)) if says_organisations => {
            let states = known.countries.len();
            return at.refuse(format!(
                "`organisations` alone leaves out the {states} states of our list; write `countries` too, `[]` for none"
            ));
        }
        (None, Ok(known)) => known.countries.iter().copied().collect(),
        (None, Err(why)) if !says_organisations => {
            return at.refuse(format!("the group has no members; write `countries`, `organisations` or both ({why})"));
        }
        (None, Err(_)) => vec![],
    };
    match countries.len() + organisations.len() {
        0 => at.refuse("the group has no members; write `countries`, `organisations` or both"),
        1..=MAX_NAMES => Some(Group { name, as_of, countries, organisations }),
        many => at.refuse(format!("the group has {many} members; a group has at most {MAX_NAMES}")),
    }
}

/// Why a marking can't name a group whose members the draft does not list.
pub(super) fn not_spelled_out(name: &GroupName, spelled: &[Group]) -> String {
    let ours = spelled.iter().map(|group| group.name.as_str());
    let held: Vec<&str> = Membership::all().iter().map(|known| known.id).collect();
    let hint = if held.contains(&name.as_str()) {
        format!(
            "write a table `[groups.{name}]` with `as_of = \"…\"`, alone for the states of our list of that day, or with members"
        )
    } else if let Some(near) = spelling::meant(name.as_str(), ours.chain(held)) {
        format!("did you mean `{near}`?")
    } else {
        format!("write a table `[groups.{name}]` with `as_of` and its members, or a whole domain for an organisation")
    };
    format!("nothing says who is in `group:{name}`; {hint}")
}

/// The group of that name as it was on that day. Only for groups whose lists we hold; their members are states.
///
/// # Errors
/// A sentence saying that we hold no list of it.
pub fn held_group(name: &GroupName, day: Day) -> Result<Group, String> {
    let known = Membership::on(name.as_str(), day)?;
    let countries = known.countries.iter().copied().collect();
    Ok(Group { name: name.clone(), as_of: known.as_of, countries, organisations: vec![] })
}
