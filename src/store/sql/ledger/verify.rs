//! Verifies every row of the ledger's tables against the leaves and the encrypted state.

use std::collections::HashMap;

use super::{
    super::{
        query::{END, NEXT, Queries, params, query_all, query_optional},
        value::{SqlRow, count, number},
    },
    state::{StoredLedgerState, record_digest},
};
use crate::{
    domain::ids::TrustDomain,
    ledger::{
        note::Note,
        tree::{Frontier, Hash},
    },
    store::{
        Result, StoreError,
        damage::Damage,
        ledger::{LedgerFault, LedgerRecordKind, LedgerVerification, OnProgress},
        vault::{SealedRow, Vault, decided},
    },
};

/// How many entries are verified between two reports of progress.
const STEP: u64 = 4096;

/// Why a verification stops: the ledger has a fault, or it can't be read.
enum Stop {
    Fault(LedgerFault),
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt(what) => Self::Fault(LedgerFault { index: None, what }),
            StoreError::Damaged(_) => {
                Self::Fault(LedgerFault { index: None, what: "a row of the ledger's tables is torn".to_owned() })
            }
            other => Self::Store(other),
        }
    }
}

fn fault<T>(index: Option<u64>, what: impl Into<String>) -> std::result::Result<T, Stop> {
    Err(Stop::Fault(LedgerFault { index, what: what.into() }))
}

/// A running verification.
struct Walk<'a> {
    conn: &'a dyn Queries,
    vault: &'a Vault,
    frontier: Frontier,
    subtrees: u64,
    manifests: u64,
    /// The partner whose records are damaged, if that is the fault.
    torn: Option<TrustDomain>,
}

/// Verifies the ledger. Returns the damage if only a partner's records are affected.
pub(super) fn verify(
    conn: &dyn Queries,
    vault: &Vault,
    progress: OnProgress,
) -> Result<(LedgerVerification, Option<Damage>)> {
    let mut walk = Walk { conn, vault, frontier: Frontier::default(), subtrees: 0, manifests: 0, torn: None };
    let outcome = walk.all(progress);
    let (size, root) = (walk.frontier.size(), walk.frontier.root());
    match outcome {
        Ok(()) => Ok((LedgerVerification { size, root, fault: None }, None)),
        Err(Stop::Fault(fault)) => {
            Ok((LedgerVerification { size, root, fault: Some(fault) }, walk.torn.map(Damage::Witnessed)))
        }
        Err(Stop::Store(error)) => Err(error),
    }
}

impl Walk<'_> {
    fn all(&mut self, mut progress: OnProgress) -> std::result::Result<(), Stop> {
        let roots = self.checkpoints()?;
        self.entries(&roots, &mut progress)?;
        let state = self.state()?;
        let (here, size) = (self.frontier.size(), state.frontier.size());
        if here != size {
            return fault(Some(here.min(size)), format!("{here} entries are here, and {size} were written"));
        }
        if self.frontier != state.frontier {
            return fault(None, "the entries are not those that were written: some were put in the place of others");
        }
        if self.count("ledger_subtree")? != self.subtrees {
            return fault(None, "the table of subtrees has rows that belong to no entry");
        }
        if self.count("ledger_manifest")? != self.manifests {
            return fault(None, "the index of manifests has rows that belong to no entry");
        }
        self.kept(&state)
    }

    fn state(&self) -> std::result::Result<StoredLedgerState, Stop> {
        if self.count("ledger_state")? != 1 {
            return fault(None, "the ledger's state is missing");
        }
        StoredLedgerState::read(self.conn, self.vault).or_else(|error| match error {
            StoreError::Corrupt(what) => fault(None, format!("the ledger's state was changed: {what}")),
            other => Err(other.into()),
        })
    }

    fn count(&self, table: &str) -> std::result::Result<u64, Stop> {
        let sql = format!("SELECT count(*) FROM {table}");
        Ok(query_optional(self.conn, &sql, params![], |r| count(r, 0))?.unwrap_or_default())
    }

    /// The roots of this node's checkpoints, by size.
    fn checkpoints(&self) -> std::result::Result<HashMap<u64, Hash>, Stop> {
        let mut roots = HashMap::new();
        for record in super::records::all(self.conn, self.vault, LedgerRecordKind::Checkpoint, None, u32::MAX)
            .or_else(|e| fault(None, format!("a checkpoint was changed: {e}")))?
        {
            let note = Note::parse(&record.value).or_else(|f| fault(None, format!("a checkpoint was changed: {f}")))?;
            roots.insert(note.checkpoint.size, note.checkpoint.root);
        }
        Ok(roots)
    }

    fn entries(&mut self, roots: &HashMap<u64, Hash>, progress: &mut OnProgress) -> std::result::Result<(), Stop> {
        const SQL: &str = "SELECT number, leaf, sealed FROM ledger ORDER BY number";
        let mut stopped = Ok(());
        self.conn.query(SQL, params![], &mut |entry| {
            stopped = self.next_entry(entry, roots);
            let size = self.frontier.size();
            if stopped.is_ok() && size.is_multiple_of(STEP) {
                progress(size);
            }
            if stopped.is_ok() { NEXT } else { END }
        })?;
        stopped
    }

    fn next_entry(&mut self, entry: &SqlRow<'_>, roots: &HashMap<u64, Hash>) -> std::result::Result<(), Stop> {
        let expected = self.frontier.size();
        if entry.get::<i64>(0)? != number(expected)? {
            return fault(Some(expected), format!("entry {expected} is missing"));
        }
        let (leaf, sealed): (Vec<u8>, Vec<u8>) = (entry.get(1)?, entry.get(2)?);
        self.entry(expected, &leaf, &sealed)?;
        let size = self.frontier.size();
        if roots.get(&size).is_some_and(|root| *root != self.frontier.root()) {
            let what = format!("a checkpoint of {size} entries was signed over others than are here");
            return fault(Some(expected), what);
        }
        Ok(())
    }

    fn entry(&mut self, index: u64, leaf: &[u8], sealed: &[u8]) -> std::result::Result<(), Stop> {
        let opened = self.vault.open_leaf(index, leaf, sealed);
        let event = opened.or_else(|_| fault(Some(index), format!("entry {index} was changed or moved")))?;
        for manifest in decided(&event.deed) {
            self.manifests += 1;
            let sql = "SELECT count(*) FROM ledger_manifest WHERE manifest = ?1 AND number = ?2";
            let there = query_optional(self.conn, sql, params![manifest.as_bytes(), number(index)?], |r| count(r, 0))?;
            if there != Some(1) {
                return fault(Some(index), format!("the index of manifests does not name entry {index}"));
            }
        }
        let (conn, subtrees) = (self.conn, &mut self.subtrees);
        self.frontier.push(leaf, |level, place, hash| {
            *subtrees += 1;
            let sql = "SELECT hash FROM ledger_subtree WHERE level = ?1 AND place = ?2";
            let there = query_optional(conn, sql, params![level, number(place)?], |r| r.get::<Vec<u8>>(0))?;
            if there.as_deref() == Some(hash.as_slice()) {
                return Ok(());
            }
            fault(Some(index), format!("the root of the subtree that ends with entry {index} was changed"))
        })
    }

    fn kept(&mut self, state: &StoredLedgerState) -> std::result::Result<(), Stop> {
        const SQL: &str = "SELECT k.kind, k.number, k.sealed, k.peer, d.domain FROM ledger_kept k \
            LEFT JOIN peer d ON d.number = k.peer";
        type SealedRecord = (String, u64, Vec<u8>, i64, Option<String>);
        let read = |r: &SqlRow<'_>| Ok((r.get(0)?, count(r, 1)?, r.get(2)?, r.get(3)?, r.get(4)?));
        let found: Vec<SealedRecord> = query_all(self.conn, SQL, params![], read)?;
        let mut seen = StoredLedgerState::default();
        for (kind, at, sealed, peer, domain) in found {
            let of = domain.unwrap_or_default();
            let whose = if of.is_empty() { "this node" } else { &of };
            let is_known = (peer == 0) == of.is_empty();
            let is_good = self.vault.open(SealedRow::LedgerKept(&kind, at, &of), &sealed).is_ok();
            if !is_known || !is_good {
                self.torn = of.parse().ok().filter(|_| is_known);
                return fault(None, format!("a record of the kind `{kind}` of {whose} was changed or moved"));
            }
            seen.add_record(&record_digest(&kind, at, &of, &sealed));
        }
        if seen.kept != state.kept {
            let what = "checkpoints, heads, cosignatures, keys and alarms";
            return fault(None, format!("{} {what} are here, and {} were written", seen.kept, state.kept));
        }
        if seen.digest != state.digest {
            return fault(None, "a checkpoint, head, cosignature, key or alarm was put in the place of another");
        }
        Ok(())
    }
}
