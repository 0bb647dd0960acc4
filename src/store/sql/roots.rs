//! Root certificates of organisations, in use and retired. Retired roots verify nothing new; they tell under which roots
//! earlier statements were verified.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    catalogue,
    damages::sorted,
    dialect,
    driver::Driver,
    lock::Lock,
    peers,
    query::{Connection, Queries, execute, params, query_all, query_optional},
    store::SqlStore,
    value::{SqlRow, id, text, text_optional, time},
};
use crate::{
    domain::{
        bundle::Compromised,
        ids::{Sha256, TrustDomain},
        time::Time,
    },
    seal::hash::sha256,
    store::{Result, RetiredRoot, StoreError, catalogue::CatalogueMove, damage::Damage},
};

/// Sets an organisation's roots. `by_words` means that no bundle of its administrators says so. For the writer.
pub(super) fn note(conn: &dyn Connection, peer: i64, roots: &[Vec<u8>], at: Time, by_words: bool) -> Result<()> {
    const ADD: &str = "INSERT INTO root (peer, sha256, der, since) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT (peer, sha256) DO UPDATE SET retired_at = NULL";
    const RETIRE: &str = "UPDATE root SET retired_at = ?3, by_words = ?4 WHERE peer = ?1 AND sha256 = ?2";
    let names: Vec<Sha256> = roots.iter().map(|der| Sha256(sha256(&[der]))).collect();
    for before in in_use(conn, peer)? {
        if !names.contains(&before) {
            execute(conn, RETIRE, params![peer, before.as_bytes(), at.unix_nanos(), by_words])?;
        }
    }
    for (name, der) in names.iter().zip(roots) {
        execute(conn, ADD, params![peer, name.as_bytes(), der, at.unix_nanos()])?;
    }
    Ok(())
}

/// The roots that are not retired.
fn in_use(conn: &dyn Queries, peer: i64) -> Result<Vec<Sha256>> {
    const SQL: &str = "SELECT sha256 FROM root WHERE peer = ?1 AND retired_at IS NULL";
    query_all(conn, SQL, params![peer], |r| id(r, 0))
}

/// Records that somebody else may have the key of a root. The earlier day counts. For the writer.
pub(super) fn compromised(conn: &dyn Connection, of: &TrustDomain, root: &Compromised) -> Result<()> {
    const SQL: &str = concat!(
        "UPDATE root SET compromised_since = ",
        dialect::smaller!("coalesce(compromised_since, ?3)", "?3"),
        " WHERE peer = ?1 AND sha256 = ?2"
    );
    let peer = peers::number_of(conn, of)?;
    execute(conn, SQL, params![peer, root.root.as_bytes(), root.since.to_string()]).map(drop)
}

/// Records that these roots no longer verify the organisation's statements. For the writer.
pub(super) fn disown(conn: &dyn Connection, of: &TrustDomain, fingerprint: &Sha256) -> Result<()> {
    const SQL: &str = "INSERT INTO disowned (peer, fingerprint) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    execute(conn, SQL, params![peers::number_of(conn, of)?, fingerprint.as_bytes()]).map(drop)
}

/// Records that these roots count again. For the writer.
pub(super) fn hold(conn: &dyn Connection, peer: i64, fingerprint: &Sha256) -> Result<()> {
    const SQL: &str = "DELETE FROM disowned WHERE peer = ?1 AND fingerprint = ?2";
    execute(conn, SQL, params![peer, fingerprint.as_bytes()]).map(drop)
}

/// Whether any of these roots no longer counts for the organisation.
pub(super) fn are_disowned(conn: &dyn Queries, peer: i64, fingerprints: &[Sha256]) -> Result<bool> {
    const SQL: &str = "SELECT 1 FROM disowned WHERE peer = ?1 AND fingerprint = ?2";
    for fingerprint in fingerprints {
        if query_optional(conn, SQL, params![peer, fingerprint.as_bytes()], |_| Ok(()))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Records that a comparison of words has settled which roots the organisation has. Earlier roots no longer count as its own.
/// For the writer.
pub(super) fn settle_by_words(conn: &dyn Connection, of: &TrustDomain) -> Result<()> {
    const SQL: &str = "UPDATE root SET by_words = TRUE WHERE peer = ?1";
    execute(conn, SQL, params![peers::number_of(conn, of)?]).map(drop)
}

/// Clears the settlement by words for all roots of the organisation. For the writer.
pub(super) fn clear_compromised(conn: &dyn Connection, of: &TrustDomain) -> Result<()> {
    const SQL: &str = "UPDATE root SET compromised_since = NULL WHERE peer = ?1";
    execute(conn, SQL, params![peers::number_of(conn, of)?]).map(drop)
}

pub(super) async fn note_of(
    store: &SqlStore<impl Driver>,
    read: Option<u64>,
    of: TrustDomain,
    roots: Vec<Vec<u8>>,
    at: Time,
) -> Result<CatalogueMove> {
    store
        .interleave([Lock::catalogue()], move |conn, _, changes| {
            let peer = peers::number_of(conn, &of)?;
            let wanted: BTreeSet<Sha256> = roots.iter().map(|der| Sha256(sha256(&[der]))).collect();
            // A start finds mostly the roots of before. Then no other process has anything to read anew.
            if in_use(conn, peer)?.into_iter().collect::<BTreeSet<_>>() == wanted {
                return catalogue::stay(conn, read);
            }
            let moved = catalogue::move_on(conn, changes, read)?;
            note(conn, peer, &roots, at, true)?;
            Ok(moved)
        })
        .await
}

pub(super) async fn retired(store: &SqlStore<impl Driver>) -> Result<Vec<RetiredRoot>> {
    const SQL: &str = "SELECT d.domain, r.der, r.retired_at, r.compromised_since, r.by_words FROM root r JOIN peer d ON d.number = r.peer \
        WHERE r.retired_at IS NOT NULL ORDER BY d.domain, r.retired_at";
    let read = |r: &SqlRow<'_>| {
        Ok::<_, StoreError>(RetiredRoot {
            of: text(r, 0)?,
            der: r.get(1)?,
            retired_at: time(r, 2)?,
            compromised_since: text_optional(r, 3)?,
            by_words: r.get(4)?,
        })
    };
    let damages = Arc::clone(store.damages());
    // An unreadable root has verified nothing, and no other root depends on it.
    store
        .read(move |conn| Ok(sorted(conn, SQL, params![], |r| Ok(Damage::Root(text(r, 0)?)), read)?.noted(&damages)))
        .await
}
