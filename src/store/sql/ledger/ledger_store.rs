//! The implementation of `LedgerStore`.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    super::{
        catalogue,
        driver::Driver,
        lock::Lock,
        peers,
        query::{Connection, Queries, execute, params, query_optional},
        store::SqlStore,
        value::number,
    },
    append::{append, put},
    entries::{Sealed, page},
    nodes::StoredNodes,
    records,
    state::StoredLedgerState,
    verify,
};
use crate::{
    domain::{
        event::{Deed, Event},
        ids::{StatementId, TrustDomain},
        time::Time,
    },
    ledger::tree::{self, Hash},
    store::{
        Result, StoreError,
        ledger::{
            LedgerChange, LedgerEntry, LedgerRecord, LedgerRecordKind, LedgerState, LedgerStore, LedgerVerification,
            NewAlarm, OnProgress, Sign, head_number,
        },
        vault::{LedgerLeaf, Vault},
    },
};

/// The lock of the ledger's state, which comes with each transaction that has entries, is enough for these.
const STATE: [Lock; 0] = [];

#[async_trait]
impl<D: Driver> LedgerStore for SqlStore<D> {
    async fn ledger(&self) -> Result<LedgerState> {
        self.read_sealed(|conn, vault| Ok(StoredLedgerState::read(conn, vault)?.summary())).await
    }

    async fn ledger_root(&self, size: u64) -> Result<Option<Hash>> {
        let root = move |conn: &dyn Queries, vault: &Vault| {
            let frontier = StoredLedgerState::read(conn, vault)?.frontier;
            if size >= frontier.size() {
                return Ok((size == frontier.size()).then(|| frontier.root()));
            }
            tree::root(&StoredNodes(conn), size).map(Some)
        };
        self.read_sealed(root).await
    }

    async fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Hash>> {
        self.read_sealed(move |conn, vault| {
            has(conn, vault, size)?;
            if index >= size {
                return Err(StoreError::Conflict);
            }
            tree::inclusion(&StoredNodes(conn), index, size)
        })
        .await
    }

    async fn consistency(&self, first: u64, second: u64) -> Result<Vec<Hash>> {
        self.read_sealed(move |conn, vault| {
            has(conn, vault, first.max(second))?;
            tree::consistency(&StoredNodes(conn), first, second)
        })
        .await
    }

    async fn ledger_entries(&self, from: u64, limit: u32) -> Result<Vec<LedgerEntry>> {
        self.read_sealed(move |conn, vault| {
            let open = |(index, leaf, sealed): Sealed| {
                Ok(LedgerEntry { index, plain: vault.open_plain_leaf(index, &leaf, &sealed)? })
            };
            page(conn, from, limit)?.into_iter().map(open).collect()
        })
        .await
    }

    async fn checkpoint(&self, quantum: u64, at: Time, sign: Sign) -> Result<Vec<u8>> {
        self.interleave(STATE, move |conn, vault, _| checkpoint(conn, vault, quantum, at, sign)).await
    }

    async fn ledger_records(
        &self,
        kind: LedgerRecordKind,
        of: Option<&TrustDomain>,
        limit: u32,
    ) -> Result<Vec<LedgerRecord>> {
        let (of, damages) = (of.cloned(), Arc::clone(self.damages()));
        self.read_sealed(move |conn, vault| records::newest(conn, vault, &damages, kind, of.as_ref(), limit)).await
    }

    async fn put_ledger_records(&self, records: Vec<LedgerRecord>, events: Vec<Event>) -> Result<usize> {
        let leaves = LedgerLeaf::all(&events)?;
        self.interleave(STATE, move |conn, vault, _| {
            let mut state = StoredLedgerState::read(conn, vault)?;
            let mut new = 0;
            for record in &records {
                new += usize::from(records::keep(conn, vault, &mut state, record)?);
            }
            put(conn, vault, &mut state, &leaves)?;
            state.write(conn, vault)?;
            Ok(new)
        })
        .await
    }

    async fn put_head(&self, head: LedgerRecord, judged_against: Option<LedgerRecord>) -> Result<()> {
        let damages = Arc::clone(self.damages());
        self.interleave(STATE, move |conn, vault, _| {
            let newest = records::newest(conn, vault, &damages, LedgerRecordKind::Head, head.of.as_ref(), 1)?.pop();
            if newest != judged_against {
                return Err(StoreError::Conflict);
            }
            let mut state = StoredLedgerState::read(conn, vault)?;
            records::keep(conn, vault, &mut state, &head)?;
            state.write(conn, vault)
        })
        .await
    }

    async fn put_alarm(&self, alarm: NewAlarm) -> Result<u64> {
        let damages = Arc::clone(self.damages());
        let NewAlarm { of, value, newest_read, event } = alarm;
        let leaves = LedgerLeaf::all(&[event])?;
        self.interleave(STATE, move |conn, vault, _| {
            let kind = LedgerRecordKind::Alarm;
            let newest = records::newest(conn, vault, &damages, kind, of.as_ref(), 1)?.pop();
            if newest.map(|newest| newest.number) != newest_read {
                return Err(StoreError::Conflict);
            }
            let number = records::next_number(conn, kind, of.as_ref())?;
            let mut state = StoredLedgerState::read(conn, vault)?;
            records::keep(conn, vault, &mut state, &LedgerRecord { kind, of, number, value })?;
            put(conn, vault, &mut state, &leaves)?;
            state.write(conn, vault)?;
            Ok(number)
        })
        .await
    }

    async fn change_ledger(
        &self,
        read: &LedgerState,
        change: LedgerChange,
        catalogue: Option<u64>,
        events: Vec<Event>,
    ) -> Result<LedgerState> {
        let (leaves, read) = (LedgerLeaf::all(&events)?, read.clone());
        self.interleave([Lock::catalogue()], move |conn, vault, changes| {
            match change {
                LedgerChange::Settling(_) => catalogue::require(conn, catalogue)?,
                LedgerChange::Behind(_) | LedgerChange::Settled { .. } => {
                    catalogue::move_on(conn, changes, catalogue)?;
                }
            }
            let mut state = StoredLedgerState::read(conn, vault)?;
            if (state.epoch, &state.behind, &state.settling) != (read.epoch, &read.behind, &read.settling) {
                return Err(StoreError::Conflict);
            }
            match change {
                LedgerChange::Behind(note) => state.behind = note,
                LedgerChange::Settling(settling) => state.settling = settling,
                LedgerChange::Settled { epoch, key } => {
                    if let Some(key) = key {
                        records::keep(conn, vault, &mut state, &key)?;
                    }
                    state.epoch = epoch;
                    state.checkpointed = state.frontier.size();
                    state.behind.clear();
                    state.settling.clear();
                }
            }
            put(conn, vault, &mut state, &leaves)?;
            state.write(conn, vault)?;
            Ok(state.summary())
        })
        .await
    }

    async fn adopt_position(
        &self,
        partner: &TrustDomain,
        sequence: u64,
        release: &StatementId,
        event: Event,
    ) -> Result<bool> {
        let (partner, release, leaves) = (partner.clone(), *release, LedgerLeaf::all(&[event])?);
        self.interleave([Lock::peer_out(&partner)], move |conn, vault, _| {
            let epoch = StoredLedgerState::read(conn, vault)?.epoch;
            let is_adopted = adopt(conn, &partner, sequence, &release, epoch)?;
            if is_adopted {
                append(conn, vault, &leaves)?;
            }
            Ok(is_adopted)
        })
        .await
    }

    async fn verify_ledger(&self, progress: OnProgress) -> Result<LedgerVerification> {
        let (check, torn) = self.read_sealed(move |conn, vault| verify::verify(conn, vault, progress)).await?;
        match (&check.fault, torn) {
            (Some(_), Some(damage)) => self.damages().note(damage),
            (Some(fault), None) => self.driver().report_failure(StoreError::Corrupt(fault.what.clone())),
            (None, _) => {}
        }
        Ok(check)
    }
}

fn has(conn: &dyn Queries, vault: &Vault, size: u64) -> Result<()> {
    if size > StoredLedgerState::read(conn, vault)?.frontier.size() { Err(StoreError::Conflict) } else { Ok(()) }
}

fn checkpoint(conn: &dyn Connection, vault: &Vault, quantum: u64, at: Time, sign: Sign) -> Result<Vec<u8>> {
    let mut state = StoredLedgerState::read(conn, vault)?;
    if !state.behind.is_empty() {
        return Err(StoreError::Conflict);
    }
    let quantum = quantum.max(1);
    let grown = state.frontier.size().saturating_sub(state.checkpointed);
    let padding = if grown == 0 { quantum } else { grown.next_multiple_of(quantum) - grown };
    for _ in 0..padding {
        let leaf = LedgerLeaf::of(&Event::of_node(at, Deed::Padding))?;
        put(conn, vault, &mut state, &[leaf])?;
    }
    let size = state.frontier.size();
    let note = sign(state.epoch, size, &state.frontier.root()).ok_or(StoreError::Conflict)?;
    let number = head_number(state.epoch, size)?;
    let record = LedgerRecord { kind: LedgerRecordKind::Checkpoint, of: None, number, value: note };
    records::keep(conn, vault, &mut state, &record)?;
    state.checkpointed = size;
    state.write(conn, vault)?;
    Ok(record.value)
}

fn adopt(
    conn: &dyn Connection,
    partner: &TrustDomain,
    sequence: u64,
    release: &StatementId,
    epoch: u32,
) -> Result<bool> {
    const FIND: &str = "SELECT sequence, adopted FROM feed_out WHERE peer = ?1";
    const PUT: &str = "INSERT INTO feed_out (peer, sequence, release, acknowledged, adopted) VALUES (?1, ?2, ?3, ?2, ?4) \
        ON CONFLICT (peer) DO UPDATE SET sequence = excluded.sequence, release = excluded.release, \
        acknowledged = excluded.acknowledged, adopted = excluded.adopted";
    let peer = peers::number_of(conn, partner)?;
    let before = query_optional(conn, FIND, params![peer], |r| Ok((r.get::<i64>(0)?, r.get::<u32>(1)?)))?;
    let (last, adopted) = before.unwrap_or((0, 1));
    if adopted >= epoch || number(sequence)? <= last {
        return Ok(false);
    }
    execute(conn, PUT, params![peer, number(sequence)?, release.as_bytes(), epoch])?;
    Ok(true)
}
