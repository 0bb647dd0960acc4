//! Agreements as people write them: what is read can be signed, reads back from its signed and its written form, and is told in
//! words that do no harm.

use watchfire::{
    domain::{
        agreement::{AcknowledgeDuty, Agreement, Duties},
        fault::Reason,
        ids::{AssessmentId, StatementId},
    },
    draft::{Format, Lineage, agreement_to_toml, parse_agreement},
    render, wire,
};

use super::shown;

/// The bytes are a text: JSON where it begins like that, else TOML.
pub fn check(data: &[u8]) {
    let Some(text) = shown::text(data) else { return };
    let lineage = Lineage { series: AssessmentId([1; 16]), previous: Some((1, StatementId([2; 32]))) };
    let format = if text.starts_with('{') { Format::Json } else { Format::Toml };
    match parse_agreement(text, format, lineage, watchfire::domain::time::Day::FIRST) {
        Ok(agreement) => {
            let payload = wire::agreement::encode(&agreement);
            match wire::agreement::decode(&payload) {
                Ok(again) => assert_eq!(again, agreement, "the signed form means something else"),
                Err(fault) => {
                    assert_eq!(fault.reason, Reason::StatementTooLarge, "what was read can't be signed: {fault}")
                }
            }
            written(&agreement);
        }
        Err(error) => {
            assert!(!error.findings.is_empty(), "refused for nothing");
            let lines = text.matches('\n').count() + 1;
            assert!(error.findings.iter().all(|f| f.line.is_none_or(|l| (1..=lines + 1).contains(&l))), "no such line");
        }
    }
}

/// The written form of an agreement, however it came here: the next version begins with it.
pub(crate) fn written(agreement: &Agreement) {
    // Without a grant that this version reads there is nothing to begin with.
    if agreement.grants.iter().all(|grant| grant.kinds.is_empty()) {
        return;
    }
    let previous = agreement.previous.map(|id| (agreement.version - 1, id));
    let text = agreement_to_toml(agreement);
    let read = parse_agreement(
        &text,
        Format::Toml,
        Lineage { series: agreement.series, previous },
        watchfire::domain::time::Day::FIRST,
    );
    let read = read.unwrap_or_else(|e| panic!("what was written does not read: {}\n{text}", e.in_file("")));
    assert_eq!(as_sets(&read), as_sets(agreement), "the written form means something else");
    shown::harmless(&render::agreement(agreement, &shown::plain()));
}

/// People's files have lists without order or repeats, and no order among groups.
/// What this version can't read or does not keep is not written.
fn as_sets(agreement: &Agreement) -> Agreement {
    let mut agreement = agreement.clone();
    let Duties { acknowledge, purge_on_recall, approvals, .. } = agreement.duties;
    let plain = |duty| AcknowledgeDuty { mandate: None, answer_within_seconds: None, ..duty };
    let acknowledge = acknowledge.into_iter().map(plain).collect();
    agreement.duties = Duties { acknowledge, purge_on_recall, approvals, ..Duties::default() };
    agreement.triggers.clear();
    // A grant of such kinds alone has no words here.
    agreement.grants.retain(|grant| !grant.kinds.is_empty());
    agreement.groups.sort_by(|a, b| a.name.cmp(&b.name));
    for grant in &mut agreement.grants {
        grant.places.sort();
        grant.places.dedup();
        grant.topics.sort();
        grant.topics.dedup();
        grant.later_kinds.clear();
        if let Some(onward) = &mut grant.onward {
            onward.later_kinds.clear();
        }
        grant.onward = grant.onward.take().filter(|onward| !onward.kinds.is_empty());
        grant.kinds.sort();
        grant.kinds.dedup();
        if let Some(onward) = &mut grant.onward {
            onward.to.sort();
            onward.to.dedup();
            onward.kinds.sort();
            onward.kinds.dedup();
        }
    }
    agreement
}
