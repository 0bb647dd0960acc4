//! Releases and voids.

use std::collections::BTreeSet;

use prost::Message;

use super::{
    canonical,
    field::{
        ascending, bytes, bytes_all, bytes_optional, each_once, number_of, parsed, parsed_all, present, refuse, texts,
        time, timestamp, whole_seconds, word, word_optional,
    },
    group,
    list::few,
    names, number, proto,
};
use crate::domain::{
    assessment::MAX_DIGESTS,
    endorsement::MAX_ENDORSEMENTS,
    fault::{Fault, Reason},
    ids::StatementId,
    marking::{Audience, GroupName, Tlp},
    release::{AgreementRef, EntryKind, FeedPosition, Listed, MAX_ATTACHED, OnwardLimit, Release, ReleaseTerms, Void},
    request::MAX_EXCEPTIONS,
    statement::StatementKind,
    time::Time,
};

/// Decodes a release from a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL`, `DIGEST_REPEATED`, `STATEMENT_TOO_LARGE`.
pub fn decode(payload: &[u8]) -> Result<Release, Fault> {
    let proto::Release {
        recipient,
        kind,
        manifest_id,
        digests,
        agreement_id,
        agreement_version,
        grants,
        terms: t,
        sequence,
        previous_release_id,
        released_at,
        via_release_id,
        beside,
        logged_at,
        received_at,
        speaker: _,
    } = canonical::decode(payload)?;
    let kind = word("kind", EntryKind::ALL, kind)?;
    if digests.is_empty() != (kind == EntryKind::Resolution) || digests.len() > MAX_DIGESTS {
        return Err(Fault::at(
            Reason::StatementTooLarge,
            "digests",
            format!("a release discloses 1 to {MAX_DIGESTS} portions"),
        ));
    }
    let Listing { endorsements, exceptions, unknown } = listed(&beside)?;
    let via = bytes_optional("via_release_id", &via_release_id)?;
    let release = Release {
        recipient: parsed("recipient", &recipient)?,
        kind,
        manifest: bytes("manifest_id", &manifest_id)?,
        digests: bytes_all("digests", &digests)?,
        agreement: AgreementRef {
            id: bytes("agreement_id", &agreement_id)?,
            version: number::version("agreement_version", agreement_version)?,
        },
        grants: parsed_all("grants", &grants)?,
        terms: terms(present("terms", t)?).map_err(|f| f.within("terms"))?,
        position: position(sequence, &previous_release_id)?,
        released_at: time("released_at", released_at)?,
        via,
        logged_at: stated(via.is_some(), logged_at, received_at)?,
        endorsements,
        exceptions,
        unknown,
    };
    each_once("digests", &release.digests)?;
    ascending("grants", &release.grants)?;
    if release.grants.is_empty() {
        return Err(refuse("grants", "a release must name the grants that allow it"));
    }
    Ok(release)
}

/// When the sender first logged what it hands over. The originator and hubs state this in different fields.
fn stated(
    is_hub: bool,
    logged_at: Option<prost_types::Timestamp>,
    received_at: Option<prost_types::Timestamp>,
) -> Result<Time, Fault> {
    let (name, value, other_name, other) = match is_hub {
        true => ("received_at", received_at, "logged_at", logged_at),
        false => ("logged_at", logged_at, "received_at", received_at),
    };
    if other.is_some() {
        return Err(refuse(other_name, "a hub states received_at, and an originator states logged_at"));
    }
    whole_seconds(name, value)
}

/// The statements that a release lists in addition to the portions.
#[derive(Default)]
struct Listing {
    endorsements: Vec<Listed>,
    exceptions: Vec<Listed>,
    unknown: Vec<(GroupName, Listed)>,
}

fn listed(all: &[proto::BesideStatement]) -> Result<Listing, Fault> {
    few("beside", all.len(), MAX_ATTACHED)?;
    let mut listing = Listing::default();
    let mut ids: Vec<(GroupName, StatementId)> = Vec::with_capacity(all.len());
    for (i, listed) in all.iter().enumerate() {
        let (kind, listed) = one_listed(listed).map_err(|f| f.within(&format!("beside[{i}]")))?;
        ids.push((kind.clone(), listed.id));
        match kind.as_str().parse() {
            Ok(StatementKind::Endorsement) => listing.endorsements.push(listed),
            Ok(StatementKind::Exception) => listing.exceptions.push(listed),
            Ok(other) => {
                return Err(refuse(&format!("beside[{i}].kind"), format!("a {other} does not travel with portions")));
            }
            Err(_) => listing.unknown.push((kind, listed)),
        }
    }
    ascending("beside", &ids)?;
    few("beside", listing.endorsements.len(), MAX_ENDORSEMENTS)?;
    few("beside", listing.exceptions.len(), MAX_EXCEPTIONS)?;
    Ok(listing)
}

fn one_listed(listed: &proto::BesideStatement) -> Result<(GroupName, Listed), Fault> {
    let id = bytes("statement_id", &listed.statement_id)?;
    Ok((parsed("kind", &listed.kind)?, Listed { id, logged_at: whole_seconds("logged_at", listed.logged_at)? }))
}

fn beside_to_proto(release: &Release) -> Vec<proto::BesideStatement> {
    let named = |kind: &str, listed: &Listed| proto::BesideStatement {
        kind: kind.to_owned(),
        statement_id: listed.id.0.to_vec().into(),
        logged_at: timestamp(listed.logged_at),
    };
    let endorsements = release.endorsements.iter().map(|l| named(StatementKind::Endorsement.as_str(), l));
    let exceptions = release.exceptions.iter().map(|l| named(StatementKind::Exception.as_str(), l));
    let unknown = release.unknown.iter().map(|(kind, l)| named(kind.as_str(), l));
    let mut all: Vec<_> = endorsements.chain(exceptions).chain(unknown).collect();
    all.sort_by(|a, b| (&a.kind, &a.statement_id).cmp(&(&b.kind, &b.statement_id)));
    all
}

fn position(sequence: u64, previous: &[u8]) -> Result<FeedPosition, Fault> {
    let previous: Option<StatementId> = bytes_optional("previous_release_id", previous)?;
    let sequence = number::sequence("sequence", sequence)?;
    if sequence == 0 || (sequence == 1) != previous.is_none() {
        return Err(refuse(
            "sequence",
            "numbers are counted from 1, and each but the first names the release before it",
        ));
    }
    Ok(FeedPosition { sequence, previous })
}

fn terms(message: proto::Terms) -> Result<ReleaseTerms, Fault> {
    let proto::Terms {
        onward_to,
        onward_max_tlp,
        onward_depth,
        barred_states,
        retention_days,
        onward_kinds,
        onward_groups,
    } = message;
    let max_tlp = word_optional("onward_max_tlp", Tlp::ALL, onward_max_tlp)?;
    ascending("onward_to", &onward_to)?;
    ascending("barred_states", &barred_states)?;
    let (kinds, later_kinds) = names::decode_kinds("onward_kinds", &onward_kinds)?;
    let groups = group::decode_set("onward_groups", onward_groups)?;
    let onward_depth = number::few("onward_depth", onward_depth)?;
    let retention_days = number::days("retention_days", retention_days)?;
    let onward = match (onward_to.is_empty(), onward_kinds.is_empty(), max_tlp, onward_depth) {
        (true, true, None, 0) if groups.is_empty() => None,
        (false, false, Some(max_tlp), depth @ 1..) => {
            let to: Vec<Audience> = parsed_all("onward_to", &onward_to)?;
            let named: BTreeSet<&GroupName> = to.iter().filter_map(Audience::group).collect();
            if !groups.iter().map(|group| &group.name).eq(named) {
                return Err(refuse("onward_groups", "they must be exactly the groups that `onward_to` names"));
            }
            Some(OnwardLimit { to, kinds, later_kinds, max_tlp, depth, groups })
        }
        _ => {
            return Err(refuse(
                "onward_to",
                "recipients, kinds, groups, the highest level and the depth belong together",
            ));
        }
    };
    Ok(ReleaseTerms {
        onward,
        barred_states: parsed_all("barred_states", &barred_states)?,
        retention_days: (retention_days > 0).then_some(retention_days),
    })
}

fn id_or_empty(id: Option<StatementId>) -> prost::bytes::Bytes {
    id.map(|i| i.0.to_vec()).unwrap_or_default().into()
}

/// Encodes a release as a payload for signing.
pub fn encode(release: &Release) -> Vec<u8> {
    let Release { recipient, kind, manifest, digests, agreement, grants, terms, position, released_at, via, .. } =
        release;
    let Release { logged_at, .. } = release;
    let mut onward_to = terms.onward.as_ref().map(|o| texts(&o.to)).unwrap_or_default();
    onward_to.sort_unstable();
    let onward_kinds = terms.onward.as_ref().map(|o| names::encode_kinds(&o.kinds, &o.later_kinds)).unwrap_or_default();
    proto::Release {
        speaker: None,
        recipient: recipient.to_string(),
        kind: number_of(EntryKind::ALL, kind),
        manifest_id: manifest.0.to_vec().into(),
        digests: digests.iter().map(|d| d.0.to_vec().into()).collect(),
        agreement_id: agreement.id.0.to_vec().into(),
        agreement_version: agreement.version,
        grants: texts(grants),
        terms: Some(proto::Terms {
            onward_to,
            onward_max_tlp: terms.onward.as_ref().map(|o| number_of(Tlp::ALL, &o.max_tlp)).unwrap_or_default(),
            onward_depth: terms.onward.as_ref().map(|o| o.depth).unwrap_or_default(),
            barred_states: texts(&terms.barred_states),
            retention_days: terms.retention_days.unwrap_or_default(),
            onward_kinds,
            onward_groups: terms.onward.iter().flat_map(|o| &o.groups).map(group::encode).collect(),
        }),
        sequence: position.sequence,
        previous_release_id: id_or_empty(position.previous),
        released_at: timestamp(*released_at),
        via_release_id: id_or_empty(*via),
        beside: beside_to_proto(release),
        logged_at: timestamp(*logged_at).filter(|_| via.is_none()),
        received_at: timestamp(*logged_at).filter(|_| via.is_some()),
    }
    .encode_to_vec()
}

/// Decodes a void from a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL`.
pub fn decode_void(payload: &[u8]) -> Result<Void, Fault> {
    let proto::Void { recipient, sequence, replaced_release_id, previous_release_id, voided_at, speaker: _ } =
        canonical::decode(payload)?;
    Ok(Void {
        recipient: parsed("recipient", &recipient)?,
        position: position(sequence, &previous_release_id)?,
        replaced: bytes("replaced_release_id", &replaced_release_id)?,
        voided_at: time("voided_at", voided_at)?,
    })
}

/// Encodes a void as a payload for signing.
pub fn encode_void(void: &Void) -> Vec<u8> {
    let Void { recipient, position, replaced, voided_at } = void;
    proto::Void {
        speaker: None,
        recipient: recipient.to_string(),
        sequence: position.sequence,
        replaced_release_id: replaced.0.to_vec().into(),
        previous_release_id: id_or_empty(position.previous),
        voided_at: timestamp(*voided_at),
    }
    .encode_to_vec()
}
