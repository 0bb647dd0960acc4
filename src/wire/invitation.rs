//! Invitations: what an organisation tells a future partner about itself.

use prost::Message;

use super::{
    canonical, envelope,
    field::{number_of, parsed, parsed_optional, refuse, text_of, time, timestamp, word},
    number, proto,
};
use crate::domain::{
    bundle::MAX_ROOTS,
    fault::Fault,
    partner::{Invitation, InvitedList, Organisation, PartnerKind},
    statement::StatementKind,
};

/// The most revocation lists of one organisation, and the most bytes of all of them with their issuers.
pub const MAX_LISTS: (usize, usize) = (24, 1 << 20);
/// The longest note of a ledger's head, in bytes.
const MAX_NOTE: usize = 4096;

/// Decodes a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path.
pub fn decode(payload: &[u8]) -> Result<Invitation, Fault> {
    let message: proto::Invitation = canonical::decode(payload)?;
    let proto::Invitation {
        domain,
        kind,
        country,
        endpoint,
        roots,
        issued,
        sequence,
        ledger_key,
        ledger_note,
        revocation_lists,
        speaker: _,
    } = message;
    if roots.is_empty() || roots.len() > MAX_ROOTS {
        return Err(refuse("roots", format!("a bundle contains 1 to {MAX_ROOTS} certificates")));
    }
    let organisation = Organisation {
        domain: parsed("domain", &domain)?,
        kind: word("kind", PartnerKind::ALL, kind)?,
        country: parsed_optional("country", &country)?,
    };
    if organisation.kind == PartnerKind::State && organisation.country.is_none() {
        return Err(refuse("country", "an organ of a state must name its country"));
    }
    let sequence = number::sequence("sequence", sequence)?;
    if sequence == 0 {
        return Err(refuse("sequence", "bundles are numbered from 1"));
    }
    let ledger_key = ledger_key.map(envelope::from_proto).transpose().map_err(|f| f.within("ledger_key"))?;
    if ledger_key.as_ref().is_some_and(|key| key.kind != StatementKind::LedgerKey) {
        return Err(refuse("ledger_key", "the statement is not one of a ledger's key"));
    }
    if ledger_note.len() > MAX_NOTE || (ledger_key.is_none() && !ledger_note.is_empty()) {
        let what = format!("a head has at most {MAX_NOTE} bytes, and there is none without a key");
        return Err(refuse("ledger_note", what));
    }
    Ok(Invitation {
        organisation,
        endpoint: parsed_optional("endpoint", &endpoint)?,
        roots: roots.into_iter().map(Into::into).collect(),
        issued: time("issued", issued)?,
        sequence,
        ledger_key,
        ledger_note: ledger_note.into(),
        lists: lists(revocation_lists)?,
    })
}

fn lists(all: Vec<proto::InvitedList>) -> Result<Vec<InvitedList>, Fault> {
    let size = |list: &proto::InvitedList| list.list.len() + list.issuers.iter().map(|i| i.len()).sum::<usize>();
    if all.len() > MAX_LISTS.0 || all.iter().map(size).sum::<usize>() > MAX_LISTS.1 {
        let what = format!("an invitation contains at most {} lists and {} bytes of them", MAX_LISTS.0, MAX_LISTS.1);
        return Err(refuse("revocation_lists", what));
    }
    let one = |list: proto::InvitedList| InvitedList {
        list: list.list.into(),
        issuers: list.issuers.into_iter().map(Into::into).collect(),
    };
    Ok(all.into_iter().map(one).collect())
}

/// Encodes a payload for signing.
pub fn encode(invitation: &Invitation) -> Vec<u8> {
    let Invitation { organisation, endpoint, roots, issued, sequence, ledger_key, ledger_note, lists } = invitation;
    let list = |list: &InvitedList| proto::InvitedList {
        list: list.list.clone().into(),
        issuers: list.issuers.iter().map(|i| i.clone().into()).collect(),
    };
    proto::Invitation {
        speaker: None,
        domain: organisation.domain.to_string(),
        kind: number_of(PartnerKind::ALL, &organisation.kind),
        country: text_of(organisation.country.as_ref()),
        endpoint: text_of(endpoint.as_ref()),
        roots: roots.iter().map(|r| r.clone().into()).collect(),
        issued: timestamp(*issued),
        sequence: *sequence,
        ledger_key: ledger_key.as_ref().map(envelope::to_proto),
        ledger_note: ledger_note.clone().into(),
        revocation_lists: lists.iter().map(list).collect(),
    }
    .encode_to_vec()
}
