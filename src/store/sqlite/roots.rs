//! Root certificates that organisations have or had. Those that are retired prove nothing new; they tell under what statements were
//! verified once.

use rusqlite::{Connection, params};

use super::{
    SqliteStore,
    column::{change, id, rows, time, word},
    partners,
};
use crate::{
    domain::{
        ids::{Sha256, TrustDomain},
        time::Time,
    },
    seal::hash::sha256,
    store::{Result, RetiredRoot},
};

/// These are the roots of an organisation from now on. For the writer.
pub(super) fn note(conn: &Connection, peer: i64, roots: &[Vec<u8>], at: Time) -> Result<()> {
    const ADD: &str = "INSERT INTO root (peer, sha256, der, since) VALUES (?1, ?2, ?3, ?4) \
        ON CONFLICT (peer, sha256) DO UPDATE SET retired_at = NULL";
    const IN_USE: &str = "SELECT sha256 FROM root WHERE peer = ?1 AND retired_at IS NULL";
    const RETIRE: &str = "UPDATE root SET retired_at = ?3 WHERE peer = ?1 AND sha256 = ?2";
    let names: Vec<Sha256> = roots.iter().map(|der| Sha256(sha256(&[der]))).collect();
    for before in rows(conn, IN_USE, [peer], |r| id::<Sha256>(r, 0))? {
        if !names.contains(&before) {
            change(conn, RETIRE, params![peer, before.as_bytes(), at.unix_nanos()])?;
        }
    }
    for (name, der) in names.iter().zip(roots) {
        change(conn, ADD, params![peer, name.as_bytes(), der, at.unix_nanos()])?;
    }
    Ok(())
}

pub(super) async fn note_of(store: &SqliteStore, of: &TrustDomain, roots: Vec<Vec<u8>>, at: Time) -> Result<()> {
    let of = of.clone();
    store
        .write(move |conn, _| {
            let peer = partners::number_of(conn, &of)?;
            note(conn, peer, &roots, at)
        })
        .await
}

pub(super) async fn retired(store: &SqliteStore) -> Result<Vec<RetiredRoot>> {
    const SQL: &str = "SELECT d.domain, r.der, r.retired_at FROM root r JOIN peer d ON d.number = r.peer \
        WHERE r.retired_at IS NOT NULL ORDER BY d.domain, r.retired_at";
    let read = |r: &rusqlite::Row<'_>| Ok(RetiredRoot { of: word(r, 0)?, der: r.get(1)?, retired_at: time(r, 2)? });
    store.read(move |conn| rows(conn, SQL, [], read)).await
}
