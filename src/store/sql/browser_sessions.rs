//! Sessions in a browser, and the one-time links that open them. Persons are keyed hashes.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    damages::sorted,
    driver::Driver,
    query::{Queries, exists, params, query_optional},
    store::SqlStore,
    transaction::{Rows, values},
    value::{SqlRow, id},
};
use crate::{
    domain::{
        browser_session::{BrowserSession, SignInLink},
        event::Event,
        ids::{Sha256, SpiffeId},
    },
    store::{
        Result, StoreError,
        browser_sessions::{BrowserSessionStore, StoredSession},
        damage::Damage,
        vault::{LedgerLeaf, SealedRow, Vault},
    },
};

const LINK: &str = "SELECT sealed FROM sign_in_link WHERE token = ?1";
const SESSION: &str = "SELECT sealed FROM browser_session WHERE token = ?1";
const IS_SESSION: &str = "SELECT 1 FROM browser_session WHERE token = ?1";

fn seal<T: Serialize>(vault: &Vault, row: SealedRow<'_>, value: &T) -> Result<Vec<u8>> {
    let plain = serde_json::to_vec(value).map_err(|e| StoreError::Failed(e.to_string()))?;
    vault.seal(row, &plain)
}

fn open<T: DeserializeOwned>(vault: &Vault, row: SealedRow<'_>, sealed: &[u8]) -> Result<T> {
    let plain = vault.open(row, sealed)?;
    serde_json::from_slice(&plain).map_err(|_| StoreError::Damaged(Damage::Row))
}

fn person_of(vault: &Vault, who: &SpiffeId) -> [u8; 32] {
    vault.pseudonym(&[&who.to_string()])
}

fn sealed(conn: &dyn Queries, sql: &'static str, token: &Sha256) -> Result<Option<Vec<u8>>> {
    query_optional(conn, sql, params![token.as_bytes()], |row| row.get(0))
}

#[async_trait]
impl<D: Driver> BrowserSessionStore for SqlStore<D> {
    async fn keep_link(&self, token: &Sha256, link: SignInLink, event: Event) -> Result<()> {
        const EARLIER: &str = "DELETE FROM sign_in_link WHERE person = ?1";
        const SQL: &str = "INSERT INTO sign_in_link (token, person, sealed) VALUES (?1, ?2, ?3)";
        let (token, leaves) = (*token, LedgerLeaf::all(&[event])?);
        self.transact([], move |_, vault, changes| {
            let person = person_of(vault, &link.who);
            let sealed = seal(vault, SealedRow::SignInLink(&token), &link)?;
            changes.write(EARLIER, values![person], Rows::Any);
            changes.write(SQL, values![token.as_bytes(), person, sealed], Rows::One);
            changes.record(leaves);
            Ok(())
        })
        .await
    }

    async fn link(&self, token: &Sha256) -> Result<Option<SignInLink>> {
        let token = *token;
        self.read_sealed(move |conn, vault| {
            let found = sealed(conn, LINK, &token)?;
            found.map(|sealed| open(vault, SealedRow::SignInLink(&token), &sealed)).transpose()
        })
        .await
    }

    async fn open_session(&self, link: &Sha256, opened: StoredSession, event: Event) -> Result<bool> {
        const USE_UP: &str = "DELETE FROM sign_in_link WHERE token = ?1";
        const SQL: &str = "INSERT INTO browser_session (token, person, sealed) VALUES (?1, ?2, ?3)";
        let (link, leaves) = (*link, LedgerLeaf::all(&[event])?);
        self.transact([], move |conn, vault, changes| {
            if sealed(conn, LINK, &link)?.is_none() {
                return Ok(false);
            }
            let StoredSession { token, session } = opened;
            let sealed = seal(vault, SealedRow::BrowserSession(&token), &session)?;
            changes.write(USE_UP, values![link.as_bytes()], Rows::One);
            let person = person_of(vault, &session.who);
            changes.write(SQL, values![token.as_bytes(), person, sealed], Rows::One);
            changes.record(leaves);
            Ok(true)
        })
        .await
    }

    async fn session(&self, token: &Sha256) -> Result<Option<BrowserSession>> {
        let token = *token;
        self.read_sealed(move |conn, vault| {
            let found = sealed(conn, SESSION, &token)?;
            found.map(|sealed| open(vault, SealedRow::BrowserSession(&token), &sealed)).transpose()
        })
        .await
    }

    async fn change_session(&self, changed: StoredSession) -> Result<()> {
        const SQL: &str = "UPDATE browser_session SET sealed = ?2 WHERE token = ?1";
        self.transact([], move |_, vault, changes| {
            let StoredSession { token, session } = changed;
            let sealed = seal(vault, SealedRow::BrowserSession(&token), &session)?;
            changes.write(SQL, values![token.as_bytes(), sealed], Rows::AtMostOne);
            Ok(())
        })
        .await
    }

    async fn sessions(&self, of: Option<&SpiffeId>) -> Result<Vec<StoredSession>> {
        const ALL: &str = "SELECT token, sealed FROM browser_session ORDER BY token";
        const OF_ONE: &str = "SELECT token, sealed FROM browser_session WHERE person = ?1 ORDER BY token";
        let (of, damages) = (of.cloned(), Arc::clone(self.damages()));
        self.read_sealed(move |conn, vault| {
            let read = |row: &SqlRow<'_>| {
                let token: Sha256 = id(row, 0)?;
                let session = open(vault, SealedRow::BrowserSession(&token), &row.get::<Vec<u8>>(1)?)?;
                Ok(StoredSession { token, session })
            };
            let found = match of {
                Some(who) => sorted(conn, OF_ONE, params![person_of(vault, &who)], |_| Ok(Damage::Row), read)?,
                None => sorted(conn, ALL, params![], |_| Ok(Damage::Row), read)?,
            };
            let mut all: Vec<StoredSession> = found.noted(&damages);
            all.sort_by_key(|stored| std::cmp::Reverse(stored.session.seen_at));
            Ok(all)
        })
        .await
    }

    async fn end_session(&self, token: &Sha256, event: Event) -> Result<bool> {
        const SQL: &str = "DELETE FROM browser_session WHERE token = ?1";
        let (token, leaves) = (*token, LedgerLeaf::all(&[event])?);
        self.transact([], move |conn, _, changes| {
            let is_here = exists(conn, IS_SESSION, params![token.as_bytes()])?;
            if is_here {
                changes.write(SQL, values![token.as_bytes()], Rows::One);
                changes.record(leaves);
            }
            Ok(is_here)
        })
        .await
    }
}
