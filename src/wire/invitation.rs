//! Invitations: what an organisation tells a future partner about itself.

use prost::Message;

use super::{
    canonical,
    field::{number_of, parsed, parsed_optional, refuse, text_of, time, timestamp, word},
    proto,
};
use crate::domain::{
    fault::Fault,
    partner::{Invitation, Organisation, PartnerKind},
};

/// The most roots in a bundle.
const MAX_ROOTS: usize = 8;

/// From a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path.
pub fn decode(payload: &[u8]) -> Result<Invitation, Fault> {
    let proto::Invitation { domain, kind, country, endpoint, roots, issued } = canonical::decode(payload)?;
    if roots.is_empty() || roots.len() > MAX_ROOTS {
        return Err(refuse("roots", format!("a bundle holds 1 to {MAX_ROOTS} certificates")));
    }
    let organisation = Organisation {
        domain: parsed("domain", &domain)?,
        kind: word("kind", PartnerKind::ALL, kind)?,
        country: parsed_optional("country", &country)?,
    };
    if organisation.kind == PartnerKind::State && organisation.country.is_none() {
        return Err(refuse("country", "a state's organ names its country"));
    }
    Ok(Invitation {
        organisation,
        endpoint: parsed_optional("endpoint", &endpoint)?,
        roots: roots.into_iter().map(Into::into).collect(),
        issued: time("issued", issued)?,
    })
}

/// To a payload for signing.
pub fn encode(invitation: &Invitation) -> Vec<u8> {
    let Invitation { organisation, endpoint, roots, issued } = invitation;
    proto::Invitation {
        domain: organisation.domain.to_string(),
        kind: number_of(PartnerKind::ALL, &organisation.kind),
        country: text_of(organisation.country.as_ref()),
        endpoint: text_of(endpoint.as_ref()),
        roots: roots.iter().map(|r| r.clone().into()).collect(),
        issued: timestamp(*issued),
    }
    .encode_to_vec()
}
