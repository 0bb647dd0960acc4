//! Agreements and exceptions by when they end.

use super::super::{Node, agree::succession::has_run_out};
use crate::{
    domain::{
        agreement::AgreementState,
        ending::{Ending, EndingKind},
        fault::Fault,
        request::RequestState,
        statement::StatementKind,
        time::Time,
    },
    store::AgreementRecord,
    wire,
};

/// For how long an agreement that has run out is still told of; seconds. After that nobody has missed it.
const TOLD_AFTER_END: i64 = 30 * 86_400;
/// The newest requests among which exceptions in force are looked for.
const REQUESTS: u32 = 100;

impl Node {
    /// Those in force, and those that have run out lately; without those that another one follows.
    pub(super) async fn agreements_that_end(&self) -> Result<Vec<Ending>, Fault> {
        Ok(of_agreements(&self.store.agreements().await?, self.now()))
    }

    /// Those that were given here or by partners, as far as the newest requests tell.
    pub(super) async fn exceptions_that_end(&self) -> Result<Vec<Ending>, Fault> {
        let now = self.now();
        let mut all = vec![];
        for request in self.store.requests(false, REQUESTS).await? {
            if request.state != RequestState::Released {
                continue;
            }
            let Some(held) = self.store.by_manifest(&request.manifest_id, false).await? else { continue };
            let exceptions = held.beside.iter().filter_map(|statement| {
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

/// In force or suspended, or run out lately. What somebody ended before its day ends on no day known beforehand.
fn is_told(record: &AgreementRecord, now: Time) -> bool {
    match record.state(now) {
        AgreementState::InForce | AgreementState::Suspended => true,
        _ => has_run_out(record, now) && now < record.agreement.until.end().plus_seconds(TOLD_AFTER_END),
    }
}

/// Whether both have signed what takes its place without a gap from now on: a later version, or where it was left to run out another
/// agreement with the same partner that begins after it.
fn follows(next: &AgreementRecord, record: &AgreementRecord, now: Time) -> bool {
    let (new, old) = (&next.agreement, &record.agreement);
    let is_next = match new.series == old.series {
        true => new.version > old.version,
        false => next.partner == record.partner && new.from > old.until,
    };
    is_next
        && matches!(next.state(now), AgreementState::InForce | AgreementState::Suspended)
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
