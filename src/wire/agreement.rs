//! Agreements.

use prost::Message;

use super::{
    canonical,
    field::{
        ascending, bytes, bytes_optional, number_of, parsed, parsed_all, parsed_optional, refuse, text, text_of, texts,
        word, word_optional,
    },
    group,
    list::{MAX_NAMES, MAX_PARTS, each, few},
    names, number, proto, speaker, trigger,
};
use crate::domain::{
    agreement::{AcknowledgeDuty, Agreement, Area, Duties, Grant, OnwardTerms, Trigger},
    fault::{Fault, Reason},
    ids::TrustDomain,
    level::WarningLevel,
    marking::{GroupName, Tlp},
    statement::SUITES,
};

/// The most bytes of an agreement. All agreements, including those that a partner has merely proposed, are read whenever one changes.
pub const MAX_BYTES: usize = 64 * 1024;
/// Decodes a statement's payload.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path; `STATEMENT_TOO_LARGE`.
pub fn decode(payload: &[u8]) -> Result<Agreement, Fault> {
    if payload.len() > MAX_BYTES {
        let what = format!("an agreement has at most {MAX_BYTES} bytes; split it into several agreements");
        return Err(Fault::new(Reason::StatementTooLarge, what));
    }
    let proto::Agreement {
        series,
        version,
        previous_agreement_id,
        parties,
        valid_from,
        valid_until,
        purpose,
        notice_days,
        groups,
        grants,
        duties,
        triggers,
        suites,
    } = canonical::decode(payload)?;
    ascending("parties", &parties)?;
    speaker::known(&suites)?;
    let parties: [TrustDomain; 2] =
        parsed_all("parties", &parties)?.try_into().map_err(|_| refuse("parties", "an agreement has two parties"))?;
    let agreement = Agreement {
        series: bytes("series", &series)?,
        version: number::version("version", version)?,
        previous: bytes_optional("previous_agreement_id", &previous_agreement_id)?,
        parties,
        from: parsed("valid_from", &valid_from)?,
        until: parsed("valid_until", &valid_until)?,
        purpose: text("purpose", purpose)?,
        notice_days: number::days("notice_days", notice_days)?,
        groups: each("groups", groups, group::decode)?,
        grants: each("grants", grants, grant)?,
        duties: duties.map_or(Ok(Duties::default()), stated).map_err(|f| f.within("duties"))?,
        triggers: each("triggers", triggers, trigger::decode)?,
    };
    check(&agreement)?;
    Ok(agreement)
}

/// Checks the rules between the fields of an agreement. The agreement may come from a file or from the wire.
///
/// # Errors
/// `UNKNOWN_OR_NON_CANONICAL` with the field's path; `STATEMENT_TOO_LARGE`.
pub fn check(agreement: &Agreement) -> Result<(), Fault> {
    few("groups", agreement.groups.len(), MAX_PARTS)?;
    few("grants", agreement.grants.len(), MAX_PARTS)?;
    few("duties.acknowledge", agreement.duties.acknowledge.len(), MAX_NAMES)?;
    if agreement.version == 0 || (agreement.version == 1) != agreement.previous.is_none() {
        return Err(refuse("version", "versions are counted from 1, and each but the first names the one before it"));
    }
    few("triggers", agreement.triggers.len(), MAX_PARTS)?;
    if agreement.until < agreement.from {
        return Err(refuse("valid_until", "it ends before it begins"));
    }
    if agreement.grants.is_empty() {
        return Err(refuse("grants", "an agreement without a grant permits nothing; write at least one"));
    }
    for (i, group) in agreement.groups.iter().enumerate() {
        few(&format!("groups[{i}]"), group.countries.len() + group.organisations.len(), MAX_NAMES)?;
        if agreement.groups.iter().take(i).any(|g| g.name == group.name) {
            return Err(refuse(&format!("groups[{i}].name"), "another group has the same name"));
        }
    }
    for (i, grant) in agreement.grants.iter().enumerate() {
        check_grant(agreement, grant).map_err(|f| f.within(&format!("grants[{i}]")))?;
        if agreement.grants.iter().take(i).any(|g| g.id == grant.id) {
            return Err(refuse(&format!("grants[{i}].id"), "another grant has the same id"));
        }
    }
    for (i, trigger) in agreement.triggers.iter().enumerate() {
        check_trigger(agreement, trigger).map_err(|f| f.within(&format!("triggers[{i}]")))?;
        if agreement.triggers.iter().take(i).any(|t| t.id == trigger.id) {
            return Err(refuse(&format!("triggers[{i}].id"), "another trigger has the same id"));
        }
    }
    for (i, audience) in agreement.duties.counts_for.iter().enumerate() {
        if let Some(name) = audience.group() {
            spelled_out(agreement, name, || format!("duties.counts_for[{i}]"))?;
        }
    }
    Ok(())
}

fn check_trigger(agreement: &Agreement, trigger: &Trigger) -> Result<(), Fault> {
    if agreement.other(&trigger.by) != Some(&trigger.tell.organisation) {
        return Err(refuse("tell", "one party watches, and the role to notify must be of the other party"));
    }
    for (i, area) in trigger.places.iter().enumerate() {
        if let Area::Group(name) = area {
            spelled_out(agreement, name, || format!("places[{i}]"))?;
        }
    }
    Ok(())
}

fn check_grant(agreement: &Agreement, grant: &Grant) -> Result<(), Fault> {
    let [a, b] = &agreement.parties;
    if !((grant.from == *a && grant.to == *b) || (grant.from == *b && grant.to == *a)) {
        return Err(refuse("to", "a grant must go from one party to the other"));
    }
    let has_no_kind = grant.kinds.is_empty() && grant.later_kinds.is_empty();
    for (field, is_empty) in [("places", grant.places.is_empty()), ("kinds", has_no_kind)] {
        if is_empty {
            return Err(refuse(field, "at least one is needed"));
        }
    }
    for (field, number) in [
        ("places", grant.places.len()),
        ("topics", grant.topics.len()),
        ("kinds", grant.kinds.len() + grant.later_kinds.len()),
        ("onward.to", grant.onward.as_ref().map_or(0, |o| o.to.len())),
    ] {
        few(field, number, MAX_NAMES)?;
    }
    // Only the signed list says who is in a group.
    for (i, area) in grant.places.iter().enumerate() {
        if let Area::Group(name) = area {
            spelled_out(agreement, name, || format!("places[{i}]"))?;
        }
    }
    for (i, audience) in grant.onward.iter().flat_map(|onward| &onward.to).enumerate() {
        if let Some(name) = audience.group() {
            spelled_out(agreement, name, || format!("onward.to[{i}]"))?;
        }
    }
    Ok(())
}

fn spelled_out(agreement: &Agreement, name: &GroupName, field: impl Fn() -> String) -> Result<(), Fault> {
    if agreement.group(name).is_some() {
        return Ok(());
    }
    Err(refuse(&field(), format!("the agreement does not list the members of the group `{name}`")))
}

fn grant(message: proto::Grant) -> Result<Grant, Fault> {
    let proto::Grant {
        id,
        from,
        to,
        places,
        topics,
        kinds,
        max_tlp,
        min_level,
        delay_seconds,
        retention_days,
        onward,
        purpose,
    } = message;
    let (kinds, later_kinds) = names::decode_kinds("kinds", &kinds)?;
    Ok(Grant {
        id: parsed("id", &id)?,
        from: parsed("from", &from)?,
        to: parsed("to", &to)?,
        places: parsed_all("places", &places)?,
        topics: parsed_all("topics", &topics)?,
        kinds,
        later_kinds,
        max_tlp: word("max_tlp", Tlp::ALL, max_tlp)?,
        min_level: word_optional("min_level", WarningLevel::ALL, min_level)?,
        delay_seconds: number::seconds("delay_seconds", delay_seconds)?,
        retention_days: (number::days("retention_days", retention_days)? > 0).then_some(retention_days),
        onward: onward.map(onward_terms).transpose().map_err(|f| f.within("onward"))?,
        purpose: text("purpose", purpose)?,
    })
}

fn onward_terms(message: proto::OnwardTerms) -> Result<OnwardTerms, Fault> {
    let proto::OnwardTerms { to, kinds, max_tlp, depth } = message;
    let (kinds, later_kinds) = names::decode_kinds("kinds", &kinds)?;
    Ok(OnwardTerms {
        to: parsed_all("to", &to)?,
        kinds,
        later_kinds,
        max_tlp: word("max_tlp", Tlp::ALL, max_tlp)?,
        depth: number::few("depth", depth)?,
    })
}

/// Duties that are present must say something, so that each meaning has one encoding.
fn stated(message: proto::Duties) -> Result<Duties, Fault> {
    let duties = duty(message)?;
    if duties == Duties::default() {
        return Err(Fault::new(Reason::UnknownOrNonCanonical, "the field must be left out if there are no duties"));
    }
    Ok(duties)
}

fn duty(message: proto::Duties) -> Result<Duties, Fault> {
    let proto::Duties {
        acknowledge,
        purge_on_recall,
        approvals,
        offline_crl_days,
        retention_without_exception,
        counts_for,
    } = message;
    ascending("counts_for", &counts_for)?;
    few("counts_for", counts_for.len(), MAX_NAMES)?;
    Ok(Duties {
        acknowledge: each("acknowledge", acknowledge, acknowledge_duty)?,
        purge_on_recall,
        approvals: number::few("approvals", approvals)?,
        offline_crl_days: number::days("offline_crl_days", offline_crl_days)?,
        retention_without_exception,
        counts_for: parsed_all("counts_for", &counts_for)?,
    })
}

fn acknowledge_duty(message: proto::AcknowledgeDuty) -> Result<AcknowledgeDuty, Fault> {
    let proto::AcknowledgeDuty { min_level, within_seconds, mandate, answer_within_seconds } = message;
    let answer_within = number::seconds("answer_within_seconds", answer_within_seconds)?;
    Ok(AcknowledgeDuty {
        min_level: word("min_level", WarningLevel::ALL, min_level)?,
        within_seconds: number::seconds("within_seconds", within_seconds)?,
        mandate: parsed_optional("mandate", &mandate)?,
        answer_within_seconds: (answer_within > 0).then_some(answer_within),
    })
}

/// Encodes a payload for signing.
pub fn encode(agreement: &Agreement) -> Vec<u8> {
    let Agreement { series, version, previous, parties, from, until, purpose, notice_days, groups, .. } = agreement;
    let Agreement { grants, duties, triggers, .. } = agreement;
    proto::Agreement {
        series: series.0.to_vec().into(),
        version: *version,
        previous_agreement_id: previous.map(|p| p.0.to_vec()).unwrap_or_default().into(),
        parties: texts(parties),
        valid_from: from.to_string(),
        valid_until: until.to_string(),
        purpose: purpose.clone(),
        notice_days: *notice_days,
        groups: groups.iter().map(group::encode).collect(),
        grants: grants.iter().map(grant_to_proto).collect(),
        duties: (*duties != Duties::default()).then(|| duties_to_proto(duties)),
        triggers: triggers.iter().map(trigger::encode).collect(),
        suites: texts(SUITES),
    }
    .encode_to_vec()
}

fn grant_to_proto(grant: &Grant) -> proto::Grant {
    proto::Grant {
        id: grant.id.to_string(),
        from: grant.from.to_string(),
        to: grant.to.to_string(),
        places: texts(&grant.places),
        topics: texts(&grant.topics),
        kinds: names::encode_kinds(&grant.kinds, &grant.later_kinds),
        max_tlp: number_of(Tlp::ALL, &grant.max_tlp),
        min_level: grant.min_level.map(|l| number_of(WarningLevel::ALL, &l)).unwrap_or_default(),
        delay_seconds: grant.delay_seconds,
        retention_days: grant.retention_days.unwrap_or_default(),
        onward: grant.onward.as_ref().map(|o| proto::OnwardTerms {
            to: texts(&o.to),
            kinds: names::encode_kinds(&o.kinds, &o.later_kinds),
            max_tlp: number_of(Tlp::ALL, &o.max_tlp),
            depth: o.depth,
        }),
        purpose: grant.purpose.clone(),
    }
}

fn duties_to_proto(duties: &Duties) -> proto::Duties {
    proto::Duties {
        acknowledge: duties
            .acknowledge
            .iter()
            .map(|d| proto::AcknowledgeDuty {
                min_level: number_of(WarningLevel::ALL, &d.min_level),
                within_seconds: d.within_seconds,
                mandate: text_of(d.mandate.as_ref()),
                answer_within_seconds: d.answer_within_seconds.unwrap_or_default(),
            })
            .collect(),
        purge_on_recall: duties.purge_on_recall,
        approvals: duties.approvals,
        offline_crl_days: duties.offline_crl_days,
        retention_without_exception: duties.retention_without_exception,
        counts_for: names::encode(&duties.counts_for),
    }
}
