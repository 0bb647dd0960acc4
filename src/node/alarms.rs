//! Alarms. Each is kept with its evidence, recorded in the ledger and logged. An alarm stops nothing, because warnings must flow.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        time::{Clock, Time},
    },
    ledger::heads::AlarmKind,
    node::own_identity::OwnIdentity,
    seal::hash::sha256,
    store::{
        Store, StoreError,
        ledger::{LedgerRecord, LedgerRecordKind, NewAlarm},
    },
};

/// The most alarms of one kind about one partner that are kept. A partner that raises more is known well enough. Each kind has its own
/// room, so a fork is kept however often a partner did not answer before.
const MOST_OF_A_KIND: usize = 64;

/// The most alarms about one partner that are read. There can't be more of all kinds together.
const MOST: u32 = 2048;

/// How often an alarm is decided again if another process stores one at the same time.
const TURNS: usize = 5;

/// A finding that something is wrong with a ledger, or with what an organisation has signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Whose ledger or statements it is about.
    pub partner: TrustDomain,
    /// What is wrong.
    pub kind: AlarmKind,
    /// The same in words.
    pub what: String,
    /// When it was found.
    pub at: Time,
    /// The evidence: signed notes as they are, signed statements as hexadecimal envelopes, and of an equivocation the statements' ids.
    pub evidence: Vec<String>,
}

/// Whether an alarm is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::node) enum Alarmed {
    New,
    Known,
}

/// Raises alarms and stores them with their evidence.
pub struct Alarms {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) identity: Arc<OwnIdentity>,
    /// Held while an alarm is decided, which saves retries. Between processes the store decides.
    pub(crate) alarming: tokio::sync::Mutex<()>,
}

impl Alarms {
    /// Raises an alarm about a partner's ledger, or (`None`) about this node's own. The same evidence raises it once.
    pub(in crate::node) async fn alarm(
        &self,
        partner: Option<&TrustDomain>,
        kind: AlarmKind,
        what: String,
        evidence: Vec<Vec<u8>>,
    ) -> Result<Alarmed, Fault> {
        // Within this process one alarm at a time is decided, which saves retries. Between processes the store decides.
        let _alarming = self.alarming.lock().await;
        let about =
            if kind == AlarmKind::Behind { self.identity.domain() } else { partner.unwrap_or(self.identity.domain()) };
        let of = Some(about).filter(|d| *d != self.identity.domain());
        let digests: Vec<Sha256> = evidence.iter().map(|e| Sha256(sha256(&[e]))).collect();
        let evidence: Vec<String> = evidence.into_iter().map(text_of).collect();
        let at = self.clock.now();
        let alarm = Alarm { partner: about.clone(), kind, what: what.clone(), at, evidence };
        let value = serde_json::to_vec(&alarm).map_err(|e| Fault::new(Reason::Internal, e.to_string()))?;
        let deed = Deed::LedgerAlarm { partner: about.clone(), kind: kind.to_string(), what, evidence: digests };
        let event = Event::of_node(at, deed);
        for turn in 0..TURNS {
            let records = self.store.ledger_records(LedgerRecordKind::Alarm, of, MOST).await?;
            let known = parsed(&records)?;
            if is_known(&known, kind, &alarm.evidence, at) || !has_room(&known, kind) {
                return Ok(Alarmed::Known);
            }
            if turn == 0 {
                tracing::error!(partner = %about, kind = %kind, "ALARM: {}; see `watchfire ledger alarms`", alarm.what);
            }
            let newest_read = records.first().map(|newest| newest.number);
            let alarm = NewAlarm { of: of.cloned(), value: value.clone(), newest_read, event: event.clone() };
            match self.store.put_alarm(alarm).await {
                // Another process has stored an alarm, which may be the same one.
                Err(StoreError::Conflict) => {}
                stored => return stored.map(|_| Alarmed::New).map_err(Fault::from),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// Whether there is an alarm of that kind whose evidence begins with this.
    pub(in crate::node) async fn is_alarmed(
        &self,
        of: &TrustDomain,
        kind: AlarmKind,
        first: &[u8],
    ) -> Result<bool, Fault> {
        let first = text_of(first.to_vec());
        let known = self.alarms_about(Some(of)).await?;
        Ok(known.iter().any(|a| a.kind == kind && a.evidence.first() == Some(&first)))
    }

    pub(in crate::node) async fn alarms_about(&self, of: Option<&TrustDomain>) -> Result<Vec<Alarm>, Fault> {
        parsed(&self.store.ledger_records(LedgerRecordKind::Alarm, of, MOST).await?)
    }
}

fn parsed(records: &[LedgerRecord]) -> Result<Vec<Alarm>, Fault> {
    let torn = |_| Fault::new(Reason::StoreCorrupt, "an alarm can't be read; restore a backup");
    records.iter().map(|r| serde_json::from_slice(&r.value).map_err(torn)).collect()
}

/// Evidence as text. Notes are text already; statements become hexadecimal.
fn text_of(evidence: Vec<u8>) -> String {
    String::from_utf8(evidence).unwrap_or_else(|e| hex::encode(e.into_bytes()))
}

/// Whether this was reported already. The same evidence is reported once. Two kinds are reported once a day: that a partner does not
/// answer, which proves nothing, and a recovery, whose time is only the partner's word.
fn is_known(known: &[Alarm], kind: AlarmKind, evidence: &[String], at: Time) -> bool {
    let is_same = |a: &Alarm| match kind {
        AlarmKind::NoAnswer => a.at.day() == at.day(),
        AlarmKind::Recovered => a.evidence == evidence || a.at.day() == at.day(),
        _ => a.evidence == evidence,
    };
    known.iter().any(|a| a.kind == kind && is_same(a))
}

fn has_room(known: &[Alarm], kind: AlarmKind) -> bool {
    known.iter().filter(|a| a.kind == kind).count() < MOST_OF_A_KIND
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(kind: AlarmKind, evidence: &str, at: Time) -> Alarm {
        let partner = "x.example".parse().unwrap();
        Alarm { partner, kind, what: String::new(), at, evidence: vec![evidence.to_owned()] }
    }

    #[test]
    fn no_answer_is_kept_once_a_day_and_anything_else_once_for_its_evidence() {
        let at = Time::from_unix_nanos(0);
        let known = [alarm(AlarmKind::NoAnswer, "a", at), alarm(AlarmKind::Fork, "a", at)];
        let is_known = |kind, evidence: &str, at| is_known(&known, kind, &[evidence.to_owned()], at);
        assert!(is_known(AlarmKind::NoAnswer, "b", at.plus_seconds(3600)));
        assert!(!is_known(AlarmKind::NoAnswer, "a", at.plus_seconds(86_400)));
        assert!(is_known(AlarmKind::Fork, "a", at.plus_seconds(86_400)) && !is_known(AlarmKind::Fork, "b", at));
        assert!(!is_known(AlarmKind::SplitView, "a", at));
        let recovered = [alarm(AlarmKind::Recovered, "a", at)];
        let is_known =
            |evidence: &str, at| super::is_known(&recovered, AlarmKind::Recovered, &[evidence.to_owned()], at);
        let later = at.plus_seconds(2 * 86_400);
        assert!(is_known("b", at) && is_known("a", later) && !is_known("b", later));
    }

    #[test]
    fn no_flood_of_one_kind_takes_the_room_of_another() {
        let at = Time::from_unix_nanos(0);
        let flood = |kind| (0..MOST_OF_A_KIND).map(move |n| alarm(kind, &n.to_string(), at));
        let mut known: Vec<Alarm> = [AlarmKind::NoAnswer, AlarmKind::NewEpoch].into_iter().flat_map(flood).collect();
        assert!(!has_room(&known, AlarmKind::NoAnswer) && !has_room(&known, AlarmKind::NewEpoch));
        for kind in [AlarmKind::Fork, AlarmKind::Rollback, AlarmKind::SplitView] {
            assert!(has_room(&known, kind));
        }
        known.extend(flood(AlarmKind::Fork));
        assert!(!has_room(&known, AlarmKind::Fork) && has_room(&known, AlarmKind::SplitView));
    }

    #[test]
    fn all_alarms_that_can_be_kept_are_read() {
        assert!(AlarmKind::ALL.len() * MOST_OF_A_KIND + 256 <= MOST as usize, "with the 256 that were kept once");
    }
}
