//! The damage that was found since the start. The writer and the readers share it.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    query::{END, NEXT, Params, Queries},
    value::SqlRow,
};
use crate::store::{Result, StoreError, damage::Damage};

/// How many damaged things are remembered, besides those that stop a partner's exchange. With more of them a backup is restored
/// anyway.
const MOST: usize = 4096;

/// The damaged things, each once. A second process would have its own, of what it has read itself. The ledger's alarm about a damage is in the
/// store.
#[derive(Default)]
pub(super) struct DamageRegistry(Mutex<BTreeSet<Damage>>);

impl DamageRegistry {
    fn all(&self) -> MutexGuard<'_, BTreeSet<Damage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All damaged things.
    pub(super) fn known(&self) -> Vec<Damage> {
        self.all().iter().cloned().collect()
    }

    /// Records that a thing can't be read.
    pub(super) fn note(&self, damage: Damage) {
        let mut all = self.all();
        let decides = damage.closes().is_some() || matches!(damage, Damage::Person(_) | Damage::Rules(_));
        if (decides || all.len() < MOST) && !all.contains(&damage) {
            let way_out = damage.way_out();
            tracing::error!(%damage, %way_out, "this can't be read any more and is out of service; all else goes on");
            all.insert(damage);
        }
    }

    /// Records the damage that a read or a change has met.
    pub(super) fn of<T>(&self, outcome: &Result<T>) {
        if let Err(StoreError::Damaged(damage)) = outcome {
            self.note(damage.clone());
        }
    }

    /// Removes a thing that was repaired.
    pub(super) fn forget(&self, damage: &Damage) {
        self.all().remove(damage);
    }

    /// Replaces the damage of one kind, after everything of that kind was read.
    pub(super) fn replace(&self, is_of_kind: impl Fn(&Damage) -> bool, found: Vec<Damage>) {
        self.all().retain(|known| !is_of_kind(known) || found.contains(known));
        found.into_iter().for_each(|damage| self.note(damage));
    }
}

/// The readable rows of a query, and the damage in the others.
pub(super) struct Sorted<T> {
    pub whole: Vec<T>,
    pub torn: Vec<Damage>,
}

/// Reads all rows of a query. An unreadable row does not affect the others; `named` identifies it by its first columns.
///
/// # Errors
/// If more than a row is unreadable.
pub(super) fn sorted<T>(
    conn: &dyn Queries,
    sql: &str,
    params: Params<'_>,
    named: impl Fn(&SqlRow<'_>) -> Result<Damage>,
    mut read: impl FnMut(&SqlRow<'_>) -> Result<T>,
) -> Result<Sorted<T>> {
    let mut sorted = Sorted { whole: vec![], torn: vec![] };
    conn.query(sql, params, &mut |row| {
        match read(row) {
            Ok(item) => sorted.whole.push(item),
            Err(StoreError::Damaged(_)) => sorted.torn.push(named(row).unwrap_or(Damage::Row)),
            Err(other) => return Err(other),
        }
        NEXT
    })?;
    Ok(sorted)
}

/// As [`sorted`], but reads at most `limit` readable rows, and fewer if they take more than `room` bytes, but at least one.
/// `read` returns each row with its size.
///
/// # Errors
/// As [`sorted`].
pub(super) fn sorted_within<T>(
    conn: &dyn Queries,
    sql: &str,
    params: Params<'_>,
    limit: u32,
    room: u64,
    named: impl Fn(&SqlRow<'_>) -> Result<Damage>,
    mut read: impl FnMut(&SqlRow<'_>) -> Result<(T, u64)>,
) -> Result<Sorted<T>> {
    let (mut sorted, mut left, mut most) = (Sorted { whole: vec![], torn: vec![] }, room, limit);
    conn.query(sql, params, &mut |row| {
        if most == 0 {
            return END;
        }
        match read(row) {
            Ok((_, bytes)) if bytes > left && !sorted.whole.is_empty() => return END,
            Ok((item, bytes)) => {
                sorted.whole.push(item);
                left = left.saturating_sub(bytes);
                most -= 1;
            }
            Err(StoreError::Damaged(_)) => sorted.torn.push(named(row).unwrap_or(Damage::Row)),
            Err(other) => return Err(other),
        }
        NEXT
    })?;
    Ok(sorted)
}

/// The readable ones of these items. Damage in the others is recorded.
///
/// # Errors
/// As [`sorted`].
pub(super) fn readable<T>(all: impl Iterator<Item = Result<T>>, damages: &DamageRegistry) -> Result<Vec<T>> {
    let mut whole = vec![];
    for one in all {
        damages.of(&one);
        match one {
            Ok(item) => whole.push(item),
            Err(StoreError::Damaged(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(whole)
}

impl<T> Sorted<T> {
    /// The readable rows. Damage in the others is recorded.
    pub(super) fn noted(self, damages: &DamageRegistry) -> Vec<T> {
        self.torn.into_iter().for_each(|damage| damages.note(damage));
        self.whole
    }
}
