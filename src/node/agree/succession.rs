//! Versions of an agreement: which may follow which, and what ends when the next one is in force.

use crate::{
    domain::{
        agreement::{Agreement, AgreementState, End},
        fault::{Fault, Reason},
        ids::StatementId,
        time::Time,
    },
    store::AgreementRecord,
};

/// A later version follows the one that is in force or suspended or has run out, by name and number, and nothing has overtaken it. What
/// somebody ended stays ended.
pub(super) fn check(id: &StatementId, agreement: &Agreement, held: &[AgreementRecord], now: Time) -> Result<(), Fault> {
    let of_series = || held.iter().filter(|r| r.agreement.series == agreement.series && r.id != *id);
    let Some(previous) = agreement.previous else {
        return if of_series().next().is_some() {
            let what = "the agreement has a version 1 already; propose the next version";
            Err(Fault::at(Reason::Conflict, "version", what))
        } else {
            Ok(())
        };
    };
    let before = of_series().find(|r| r.id == previous);
    let follows = before.is_some_and(|r| {
        r.agreement.version + 1 == agreement.version
            && r.agreement.parties == agreement.parties
            && (matches!(r.state(now), AgreementState::InForce | AgreementState::Suspended) || has_run_out(r, now))
    });
    if !follows {
        return Err(Fault::at(Reason::Conflict, "previous", "the version does not follow one that is held here"));
    }
    let mut beside = of_series().filter(|r| r.agreement.version >= agreement.version);
    if beside.clone().any(|r| r.standing.is_signed_by_both()) {
        let what = "a version of that number or a later one was signed by both before";
        return Err(Fault::at(Reason::Conflict, "version", what));
    }
    // Both sides might otherwise sign a different one at the same time.
    match beside.find(|r| r.state(now) == AgreementState::SignedHere) {
        Some(ours) => {
            let what = format!("`{}` was proposed as this version; withdraw it first: agreement terminate", ours.id);
            Err(Fault::at(Reason::Conflict, "version", what))
        }
        None => Ok(()),
    }
}

/// Whether its last day is over, and it was good until then. The calendar may not have written that down yet.
pub(in crate::node) fn has_run_out(record: &AgreementRecord, now: Time) -> bool {
    record.standing.is_signed_by_both()
        && record.state(now) == AgreementState::Ended
        && matches!(record.standing.end, None | Some(End::Expired { .. }))
}

/// The other versions, as they stand once both have signed `record`: the one in force ends when it begins, and what was on
/// its way there at once.
pub(super) fn followed(record: &AgreementRecord, held: &[AgreementRecord]) -> Vec<AgreementRecord> {
    let now = record.changed_at;
    let begins = record.agreement.from.start().max(now);
    let others = held.iter().filter(|r| {
        r.agreement.series == record.agreement.series
            && r.partner == record.partner
            && r.id != record.id
            && r.state(now) != AgreementState::Ended
    });
    let followed = others.map(|r| {
        let mut next = AgreementRecord { changed_at: now, ..r.clone() };
        next.standing.follow(record.id, if r.standing.is_signed_by_both() { begins } else { now });
        next
    });
    followed.collect()
}
