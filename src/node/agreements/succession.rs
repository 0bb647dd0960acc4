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

/// Checks that a version may follow. The version before must be the one that it names, with the number before its own, and must be in
/// force, suspended or run out. No version of the same number or a later one may be signed by both. What somebody ended stays ended.
pub(in crate::node) fn check(
    id: &StatementId,
    agreement: &Agreement,
    held: &[AgreementRecord],
    now: Time,
) -> Result<(), Fault> {
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
            && ((r.state(now).counts() || r.state(now) == AgreementState::Suspended)
                || has_run_out(r, now)
                || was_followed_by(r, id))
    });
    if !follows {
        return Err(Fault::at(Reason::Conflict, "previous", "the version does not follow one that is held here"));
    }
    let mut beside = of_series().filter(|r| r.agreement.version >= agreement.version);
    if beside.clone().any(|r| r.standing.is_signed_by_both()) {
        let what = "a version of that number or a later one was signed by both before";
        return Err(Fault::at(Reason::Conflict, "version", what));
    }
    // Without this, both sides could sign different versions at the same time.
    match beside.find(|r| r.state(now) == AgreementState::SignedHere) {
        Some(ours) => {
            let what = format!("`{}` was proposed as this version; withdraw it first: agreement terminate", ours.id);
            Err(Fault::at(Reason::Conflict, "version", what))
        }
        None => Ok(()),
    }
}

/// Refuses a second agreement with a partner, unless somebody says with `beside` that it is meant. The agreements of a pair add up: what
/// either grants is given. The next version of an agreement that stands takes its place and adds nothing to the others.
pub(in crate::node) fn alone(
    agreement: &Agreement,
    held: &[AgreementRecord],
    now: Time,
    beside: bool,
) -> Result<(), Fault> {
    let of_series = |r: &AgreementRecord| r.agreement.series == agreement.series;
    let stands = |r: &AgreementRecord| r.state(now).counts() || r.state(now) == AgreementState::Suspended;
    if beside || held.iter().any(|r| of_series(r) && stands(r)) {
        return Ok(());
    }
    // An agreement that this node has not signed decides nothing yet. The question comes up when the node would sign it.
    let may_count = |r: &AgreementRecord| stands(r) || r.state(now) == AgreementState::SignedHere;
    let is_another = |r: &&AgreementRecord| !of_series(r) && r.agreement.parties == agreement.parties && may_count(r);
    let Some(other) = held.iter().find(is_another) else { return Ok(()) };
    let what = format!(
        "agreement `{}` with this partner is {}; amend that one (propose --amends), end it, or say with --beside that both count",
        other.id,
        other.state(now)
    );
    Err(Fault::new(Reason::Conflict, what))
}

/// Whether this same version has taken the record's place before. It was lost here since, and now comes again.
fn was_followed_by(record: &AgreementRecord, id: &StatementId) -> bool {
    matches!(&record.standing.end, Some(End::Followed { by, .. }) if by == id)
}

/// Whether its last day is over and nobody ended it before. The calendar may not have recorded that yet.
pub(in crate::node) fn has_run_out(record: &AgreementRecord, now: Time) -> bool {
    record.standing.is_signed_by_both()
        && record.state(now) == AgreementState::Ended
        && matches!(record.standing.end, None | Some(End::Expired { .. }))
}

/// The other versions, as they stand once both have signed `record`. The version in force ends when `record` begins. The versions on
/// their way there end at once.
pub(in crate::node) fn followed(record: &AgreementRecord, held: &[AgreementRecord]) -> Vec<AgreementRecord> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        agreement::{Duties, Side, Standing},
        ids::AssessmentId,
        time::Day,
    };

    fn version(version: u32, until: Day) -> AgreementRecord {
        let from: Day = "2026-01-01".parse().unwrap();
        let agreement = Agreement {
            triggers: vec![],
            series: AssessmentId([1; 16]),
            version,
            previous: (version > 1).then_some(StatementId([1; 32])),
            parties: ["gb.example".parse().unwrap(), "no.example".parse().unwrap()],
            from,
            until,
            purpose: "tests".to_owned(),
            notice_days: 0,
            groups: vec![],
            grants: vec![],
            duties: Duties::default(),
        };
        let id = StatementId([u8::try_from(version).unwrap(); 32]);
        let standing = Standing { signed_here: Some(from.start()), ..Standing::proposed_there(from.start()) };
        let partner = "no.example".parse().unwrap();
        AgreementRecord { id, partner, agreement, envelope: vec![], standing, changed_at: from.start() }
    }

    #[test]
    fn a_second_agreement_of_a_pair_is_signed_only_where_that_is_said() {
        let last: Day = "2026-12-20".parse().unwrap();
        let now = last.before().start();
        let mut second = version(1, last).agreement;
        second.series = AssessmentId([2; 16]);
        let refuses = |standing: &dyn Fn(&mut Standing), beside| {
            let mut first = version(1, last);
            standing(&mut first.standing);
            let refused = alone(&second, std::slice::from_ref(&first), now, beside).map_err(|f| f.reason);
            assert!(alone(&first.agreement, &[first.clone()], now, false).is_ok(), "it is no other than itself");
            refused == Err(Reason::Conflict)
        };
        assert!(refuses(&|_| {}, false), "in force");
        assert!(refuses(&|s| s.signed_there = None, false), "the partner may sign it at any time");
        assert!(
            !refuses(&|s| (s.signed_here, s.signed_there) = (None, None), false),
            "a draft waits for a second person"
        );
        assert!(refuses(&|s| s.suspended_there = Some(now), false), "it may be resumed");
        assert!(!refuses(&|_| {}, true));
        assert!(!refuses(&|s| s.signed_here = None, false), "the partner's proposal alone decides nothing");
        assert!(!refuses(&|s| s.terminate(Side::There, now), false));
        // The next version of an agreement that stands beside the other already.
        let mut stands = version(1, last);
        stands.agreement.series = second.series;
        assert!(alone(&second, &[version(1, last), stands.clone()], now, false).is_ok());
        stands.standing.expire(now);
        assert!(alone(&second, &[version(1, last), stands], now, false).is_err(), "it begins anew");
        let mut elsewhere = second.clone();
        elsewhere.parties[1] = "fr.example".parse().unwrap();
        assert!(alone(&elsewhere, &[version(1, last)], now, false).is_ok());
    }

    #[test]
    fn a_version_may_follow_one_that_has_run_out_and_none_that_somebody_ended() {
        let last: Day = "2026-12-20".parse().unwrap();
        let (now, next) = (last.plus_days(2).start(), version(2, last.plus_days(300)));
        let may_follow = |standing: &dyn Fn(&mut Standing)| {
            let mut before = version(1, last);
            standing(&mut before.standing);
            check(&next.id, &next.agreement, &[before], now).is_ok()
        };
        assert!(may_follow(&|_| {}), "the calendar has not written it down yet");
        assert!(may_follow(&|s| s.expire(last.end())));
        assert!(!may_follow(&|s| s.terminate(Side::There, last.start())));
        assert!(!may_follow(&|s| s.follow(StatementId([7; 32]), last.start())));
        assert!(!may_follow(&|s| s.signed_there = None), "it was never in force");
    }
}
