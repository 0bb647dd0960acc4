//! Named groups with their members: in agreements, in markings, and in the terms of releases.

use super::{
    field::{ascending, parsed, parsed_all, texts},
    list::{MAX_NAMES, MAX_PARTS, each, few},
    proto,
};
use crate::domain::{fault::Fault, group::Group};

pub(super) fn decode(message: proto::Group) -> Result<Group, Fault> {
    let proto::Group { name, as_of, countries, organisations } = message;
    ascending("countries", &countries)?;
    ascending("organisations", &organisations)?;
    Ok(Group {
        name: parsed("name", &name)?,
        as_of: parsed("as_of", &as_of)?,
        countries: parsed_all("countries", &countries)?,
        organisations: parsed_all("organisations", &organisations)?,
    })
}

/// Decodes several groups, ascending by name, within the limits of an agreement.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL`, `STATEMENT_TOO_LARGE`.
pub fn decode_set(field: &str, messages: Vec<proto::Group>) -> Result<Vec<Group>, Fault> {
    few(field, messages.len(), MAX_PARTS)?;
    for (i, group) in messages.iter().enumerate() {
        few(&format!("{field}[{i}]"), group.countries.len() + group.organisations.len(), MAX_NAMES)?;
    }
    let groups = each(field, messages, decode)?;
    ascending(field, &groups.iter().map(|g| &g.name).collect::<Vec<_>>())?;
    Ok(groups)
}

/// Encodes a group for the wire.
pub fn encode(group: &Group) -> proto::Group {
    let Group { name, as_of, countries, organisations } = group;
    proto::Group {
        name: name.to_string(),
        as_of: as_of.to_string(),
        countries: texts(countries),
        organisations: texts(organisations),
    }
}
