//! Versions of an agreement: which may follow which, and what ends when the next one is in force.

use crate::{
    domain::{
        agreement::{Agreement, AgreementState},
        fault::{Fault, Reason},
        ids::StatementId,
        time::Time,
    },
    store::AgreementRecord,
};

/// A later version follows the one that is in force or suspended, by name and number, and nothing has overtaken it.
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
            && matches!(r.state(now), AgreementState::InForce | AgreementState::Suspended)
    });
    let is_overtaken = of_series().any(|r| {
        r.agreement.version >= agreement.version
            && !matches!(r.state(now), AgreementState::Proposed | AgreementState::AwaitingApproval)
    });
    if follows && !is_overtaken {
        Ok(())
    } else {
        Err(Fault::at(Reason::Conflict, "previous", "the version does not follow one that is held here"))
    }
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
