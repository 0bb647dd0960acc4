//! The agreements and exceptions that end, with the time at which each does.

use crate::{
    domain::{
        agreement::AgreementState,
        ending::{Ending, EndingKind},
        fault::Fault,
        request::RequestState,
        statement::StatementKind,
        time::Time,
    },
    node::{agreements::succession::has_run_out, monitor::Monitor},
    store::AgreementRecord,
    wire,
};

/// For how many seconds an agreement that has run out is still listed. By then everybody has noticed.
const TOLD_AFTER_END: i64 = 30 * 86_400;

/// How many of the newest requests are searched for exceptions in force.
const REQUESTS: u32 = 100;

impl Monitor {
    /// The agreements in force and those that have run out lately, without those that another one follows.
    pub(in crate::node) async fn agreements_that_end(&self) -> Result<Vec<Ending>, Fault> {
        Ok(of_agreements(&self.store.agreements().await?, self.clock.now()))
    }

    /// The exceptions that were given here or by partners, as far as the newest requests tell.
    pub(in crate::node) async fn exceptions_that_end(&self) -> Result<Vec<Ending>, Fault> {
        let now = self.clock.now();
        let mut all = vec![];
        for request in self.store.requests(false, None, REQUESTS).await? {
            if request.state != RequestState::Released {
                continue;
            }
            let Some(held) = self.store.by_manifest(&request.manifest_id, false).await? else { continue };
            let exceptions = held.attached.iter().filter_map(|statement| {
                let envelope = wire::envelope::decode(&statement.envelope).ok()?;
                (envelope.kind == StatementKind::Exception).then_some(())?;
                wire::request::decode_exception(&envelope.payload).ok()
            });
            let in_force = exceptions.filter(|e| e.request == request.id && e.until > now);
            all.extend(in_force.map(|exception| {
                let id = request.id.to_string();
                let short = id.get(..8).unwrap_or_default();
                let (direction, fix) = if request.outgoing {
                    ("by", "read what it gives before; `watchfire assess request` asks for more")
                } else {
                    ("for", "nothing, unless it is to be given for longer: then the partner asks again")
                };
                Ending {
                    kind: EndingKind::Exception,
                    domain: request.partner.clone(),
                    name: format!("exception {direction} {} on request {short}", request.partner),
                    usage: "",
                    starts_at: exception.from,
                    ends_at: exception.until,
                    act_from: exception.until,
                    fix: fix.to_owned(),
                    subject: id.clone(),
                    is_revoked: false,
                }
            }));
        }
        Ok(all)
    }
}

fn of_agreements(held: &[AgreementRecord], now: Time) -> Vec<Ending> {
    let told = held.iter().filter(|r| is_told(r, now) && !held.iter().any(|next| follows(next, r, now)));
    told.map(of_agreement).collect()
}

/// Whether it is listed: it is in force or suspended, or has run out lately. An agreement that somebody ended early is not, because that
/// day was not known beforehand.
fn is_told(record: &AgreementRecord, now: Time) -> bool {
    match record.state(now) {
        AgreementState::Agreed | AgreementState::InForce | AgreementState::Suspended => true,
        _ => has_run_out(record, now) && now < record.agreement.until.end().plus_seconds(TOLD_AFTER_END),
    }
}

/// Whether both have signed what takes its place without a gap from now on. That is a later version or, if it was left to run out,
/// another agreement with the same partner that begins after it.
fn follows(next: &AgreementRecord, record: &AgreementRecord, now: Time) -> bool {
    let (new, old) = (&next.agreement, &record.agreement);
    let is_next = match new.series == old.series {
        true => new.version > old.version,
        false => next.partner == record.partner && new.from > old.until,
    };
    is_next
        && (next.state(now).counts() || next.state(now) == AgreementState::Suspended)
        && new.from.start() <= old.until.end().max(now)
}

fn of_agreement(record: &AgreementRecord) -> Ending {
    let (id, ends_at) = (record.id.to_string(), record.agreement.until.end());
    let short = id.get(..8).unwrap_or_default();
    Ending {
        kind: EndingKind::Agreement,
        name: format!("agreement {short} with {}", record.partner),
        domain: record.partner.clone(),
        usage: "",
        starts_at: record.agreement.from.start(),
        ends_at,
        act_from: ends_at.plus_seconds(-i64::from(record.agreement.notice_days) * 86_400),
        fix: format!(
            "`watchfire agreement draft --amends {short} --out FILE`, then `watchfire agreement propose FILE --amends {short}`"
        ),
        subject: id,
        is_revoked: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        agreement::{Agreement, Duties, End, Side, Standing},
        ids::{AssessmentId, StatementId},
        time::Day,
    };

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    /// An agreement that both have signed, with its series, version and days.
    fn agreed((series, version): (u8, u32), from: &str, until: &str) -> AgreementRecord {
        let agreement = Agreement {
            triggers: vec![],
            series: AssessmentId([series; 16]),
            version,
            previous: None,
            parties: ["gb.example".parse().unwrap(), "no.example".parse().unwrap()],
            from: day(from),
            until: day(until),
            purpose: "tests".to_owned(),
            notice_days: 30,
            groups: vec![],
            grants: vec![],
            duties: Duties::default(),
        };
        let at = day(from).start();
        AgreementRecord {
            id: StatementId([series * 16 + u8::try_from(version).unwrap(); 32]),
            partner: "no.example".parse().unwrap(),
            agreement,
            envelope: vec![],
            standing: Standing { signed_here: Some(at), ..Standing::proposed_there(at) },
            changed_at: at,
        }
    }

    fn names(held: &[AgreementRecord], on: &str) -> Vec<String> {
        of_agreements(held, day(on).start()).iter().map(|e| e.words(day(on).start())).collect()
    }

    fn first() -> AgreementRecord {
        agreed((1, 1), "2026-01-01", "2026-12-20")
    }

    #[test]
    fn an_agreement_is_told_of_by_its_last_day_and_for_thirty_days_after_it() {
        let short = "agreement 11111111 with no.example";
        for (on, words) in [
            ("2026-12-10", "ends in 10 days, on 2026-12-20"),
            ("2026-12-19", "ends in 1 day, on 2026-12-20"),
            ("2026-12-20", "ends today, at the end of 2026-12-20 (UTC)"),
            ("2026-12-21", "has ended on 2026-12-20"),
            ("2027-01-19", "has ended on 2026-12-20"),
        ] {
            assert_eq!(names(&[first()], on), [format!("{short} {words}")], "{on}");
        }
        assert!(names(&[first()], "2027-01-20").is_empty());
        let mut written_down = first();
        written_down.standing.expire(day("2026-12-20").end());
        assert_eq!(names(&[written_down], "2026-12-21").len(), 1);
    }

    #[test]
    fn one_that_another_follows_is_told_of_no_more() {
        let next = agreed((1, 2), "2026-12-21", "2027-12-20");
        for on in ["2026-12-10", "2026-12-25"] {
            let told = names(&[first(), next.clone()], on);
            assert!(told.len() == 1 && told[0].contains("2027-12-20"), "{on}: {told:?}");
        }
        // Nor is it listed where a new agreement was made instead of a next version.
        assert_eq!(names(&[first(), agreed((2, 1), "2027-01-03", "2027-12-20")], "2027-01-04").len(), 1);
        // An agreement that stands beside it does not follow it. Neither does one that leaves a gap or is not signed by both.
        assert_eq!(names(&[first(), agreed((2, 1), "2026-02-01", "2027-12-20")], "2026-12-25").len(), 2);
        let later = agreed((1, 2), "2027-01-05", "2027-12-20");
        assert_eq!(names(&[first(), later], "2026-12-25").len(), 2);
        let mut unsigned = next;
        unsigned.standing.signed_there = None;
        assert_eq!(names(&[first(), unsigned], "2026-12-25").len(), 1);
    }

    #[test]
    fn what_was_ended_or_never_in_force_did_not_run_out() {
        let mut terminated = first();
        terminated.standing.end = Some(End::Terminated { side: Side::Here, at: day("2026-06-01").start() });
        let mut proposal = first();
        proposal.standing.signed_here = None;
        assert!(names(&[terminated, proposal], "2026-12-25").is_empty());
    }
}
