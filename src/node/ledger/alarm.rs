//! Alarms: kept with their evidence, recorded in the ledger, told in the log. Nothing is stopped by one: warnings must flow.

use serde::{Deserialize, Serialize};

use super::super::Node;
use crate::{
    domain::{
        event::{Deed, Event},
        fault::{Fault, Reason},
        ids::{Sha256, TrustDomain},
        time::Time,
    },
    ledger::heads::AlarmKind,
    seal::hash::sha256,
    store::ledger::{Kept, KeptRecord},
};

/// The most alarms about one partner that are kept; who raises more of them is known well enough.
const MOST: u32 = 256;

/// Something is wrong with a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Whose ledger.
    pub partner: TrustDomain,
    /// What is wrong.
    pub kind: AlarmKind,
    /// The same in words.
    pub what: String,
    /// When it was found.
    pub at: Time,
    /// Signed notes as they are, signed statements as hexadecimal envelopes.
    pub evidence: Vec<String>,
}

/// Whether an alarm is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alarmed {
    New,
    Known,
}

impl Node {
    /// Raises an alarm about a partner's ledger, or (`None`) about this node's own; once for the same evidence.
    pub(super) async fn alarm(
        &self,
        partner: Option<&TrustDomain>,
        kind: AlarmKind,
        what: String,
        evidence: Vec<Vec<u8>>,
    ) -> Result<Alarmed, Fault> {
        let _alarming = self.ledger.alarming.lock().await;
        let about = if kind == AlarmKind::Behind { self.domain() } else { partner.unwrap_or(self.domain()) };
        let of = Some(about).filter(|d| *d != self.domain());
        let digests = evidence.iter().map(|e| Sha256(sha256(&[e]))).collect();
        let evidence: Vec<String> = evidence
            .into_iter()
            .map(|e| String::from_utf8(e).unwrap_or_else(|e| hex::encode(e.into_bytes())))
            .collect();
        let known = self.alarms_about(of).await?;
        if known.iter().any(|a| a.kind == kind && a.evidence == evidence && kind != AlarmKind::NoAnswer) {
            return Ok(Alarmed::Known);
        }
        tracing::error!(partner = %about, kind = %kind, "ALARM about a ledger: {what}; see `watchfire ledger alarms`");
        if known.len() >= MOST as usize {
            return Ok(Alarmed::Known);
        }
        let at = self.now();
        let alarm = Alarm { partner: about.clone(), kind, what: what.clone(), at, evidence };
        let value = serde_json::to_vec(&alarm).map_err(|e| Fault::new(Reason::Internal, e.to_string()))?;
        let number = known.len() as u64 + 1;
        let record = KeptRecord { kind: Kept::Alarm, of: of.cloned(), number, value };
        let deed = Deed::LedgerAlarm { partner: about.clone(), kind: kind.to_string(), what, evidence: digests };
        self.store.keep(vec![record], vec![Event { at, by: None, deed }]).await?;
        Ok(Alarmed::New)
    }

    async fn alarms_about(&self, of: Option<&TrustDomain>) -> Result<Vec<Alarm>, Fault> {
        let torn = |_| Fault::new(Reason::StoreCorrupt, "an alarm can't be read; restore a backup");
        let records = self.store.kept(Kept::Alarm, of, MOST).await?;
        records.iter().map(|r| serde_json::from_slice(&r.value).map_err(torn)).collect()
    }

    /// Whether an alarm has not passed: what was signed stays so, the others end.
    pub fn is_open(&self, alarm: &Alarm) -> bool {
        match alarm.kind {
            AlarmKind::Behind => self.is_behind(),
            AlarmKind::NoAnswer => self.ledger.watch.is_missing(&alarm.partner),
            _ => true,
        }
    }

    /// All alarms, the newest first.
    ///
    /// # Errors
    /// Store faults.
    pub async fn alarms(&self) -> Result<Vec<Alarm>, Fault> {
        let mut all = self.alarms_about(None).await?;
        for partner in self.directory().all() {
            all.extend(self.alarms_about(Some(&partner.record.organisation.domain)).await?);
        }
        all.sort_by_key(|a| std::cmp::Reverse(a.at));
        Ok(all)
    }
}
